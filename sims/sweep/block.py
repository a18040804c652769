"""Blocks: whole quanta of one group in one file that proves its own integrity.

File: magic, length of the header, header (canonical JSON), payload (`numpy.savez`),
and the blake2b of all that. It appears under its name complete or not at all.
"""

import contextlib
import hashlib
import io
import os
import secrets
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .canonical import array_digest, canonical, digest, restore
from .errors import CorruptBlock, StoreError

MAGIC = b"LIMENBLK"
DIGEST = 16
LENGTH = struct.Struct("<Q")
HEADER = {"quanta", "cells", "group", "address", "quantum", "replicas"}
CELL = {"values", "words"}
Arrays = dict[str, np.ndarray]


@dataclass
class Block:
    """Quanta of one group, with their header; the arrays are read when asked for.

    Attributes:
        path: Its file; None if it lives in memory only.
        header: What it says about itself.
        arrays: Output name to array (quantum, lane, …), once read and verified.
    """

    path: Path | None
    header: dict[str, Any]
    arrays: Arrays | None = None

    @property
    def quanta(self) -> list[tuple[str, int]]:
        """Cell and number of each quantum, in the order of the arrays."""
        return [(key, index) for key, index, _ in self.header["quanta"]]

    @property
    def outputs(self) -> Arrays:
        """The outputs among the arrays; the others are inputs of the cells."""
        return {
            k: a for k, a in (self.arrays or {}).items() if k.partition(":")[1] == ""
        }


def quantum_digests(arrays: Arrays, count: int) -> list[str]:
    """One digest per quantum over the bits of all outputs."""
    names = sorted(arrays)
    return [digest([array_digest(arrays[n][i]) for n in names]) for i in range(count)]


def read_header(path: Path) -> dict[str, Any]:
    """What a block says about itself; the payload is neither read nor verified.

    Raises:
        CorruptBlock: If this is no block or its beginning is damaged.
    """
    with path.open("rb") as file:
        start = file.read(len(MAGIC) + LENGTH.size)
        if len(start) < len(MAGIC) + LENGTH.size or not start.startswith(MAGIC):
            raise CorruptBlock(f"{path} is no block of limen (or is cut short).")
        (length,) = LENGTH.unpack(start[len(MAGIC) :])
        if length > path.stat().st_size:
            raise CorruptBlock(f"{path}: the header is damaged.")
        return _header(path, file.read(length))


def read_block(path: Path) -> Block:
    """Read a block and verify its checksum.

    Raises:
        CorruptBlock: If a single bit is wrong; the message names the lost cells where
            the header can still be read.
    """
    content = path.read_bytes()
    body, expected = content[:-DIGEST], content[-DIGEST:]
    found = hashlib.blake2b(body, digest_size=DIGEST).digest()
    if found != expected or not body.startswith(MAGIC):
        raise CorruptBlock(
            f"{path}: expected checksum {expected.hex()}, found {found.hex()}; "
            f"{_lost(path)}. Run `limen store verify --repair` and the sweep again."
        )
    start = len(MAGIC) + LENGTH.size
    (length,) = LENGTH.unpack(body[len(MAGIC) : start])
    header = _header(path, body[start : start + length])
    with np.load(io.BytesIO(body[start + length :]), allow_pickle=False) as payload:
        return Block(path, header, {name: payload[name] for name in payload.files})


def encode(header: dict[str, Any], arrays: Arrays) -> bytes:
    """A block as bytes."""
    text = canonical(header).encode()
    payload = io.BytesIO()
    np.savez(payload, **arrays)  # pyright: ignore[reportArgumentType]  # only names and arrays
    body = MAGIC + LENGTH.pack(len(text)) + text + payload.getvalue()
    return body + hashlib.blake2b(body, digest_size=DIGEST).digest()


def write_durably(path: Path, content: bytes) -> None:
    """Put a file under its name, complete or not at all, even if the power fails.

    Raises:
        StoreError: If it cannot be written; nothing is left behind.
    """
    host = socket.gethostname()
    name = f".tmp-{host}-{os.getpid()}-{secrets.token_hex(4)}"
    temporary = path.parent / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            _write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise StoreError(
            f"Cannot write {path}: {error.strerror or error} ({len(content):,} B "
            f"needed, {_free(path.parent)} free). Finished blocks are safe; "
            "run again to go on."
        ) from error


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _free(folder: Path) -> str:
    try:
        stats = os.statvfs(folder)
    except OSError:
        return "unknown"
    return f"{stats.f_bavail * stats.f_frsize:,} B"


def _header(path: Path, text: bytes) -> dict[str, Any]:
    try:
        header = restore(text)
        missing = HEADER - header.keys()
        for cell in header.get("cells", {}).values():
            missing |= CELL - cell.keys()
    except (ValueError, AttributeError, TypeError, IndexError) as error:
        raise CorruptBlock(f"{path}: the header is damaged.") from error
    if missing:
        raise CorruptBlock(f"{path}: the header lacks {sorted(missing)}.")
    return header


def _lost(path: Path) -> str:
    """Which cells a damaged block held, as far as it can still be read."""
    try:
        cells = read_header(path)["cells"].values()
    except (CorruptBlock, OSError):
        return "its cells are unknown"
    return "lost: " + "; ".join(str(cell["values"]) for cell in list(cells)[:5])
