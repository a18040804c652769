"""Blocks: whole quanta of one group in one file that proves its own integrity.

File: magic, length of the header, header (canonical JSON), payload (`numpy.savez`),
and the blake2b of all that. It appears under its name complete or not at all.
"""

import contextlib
import hashlib
import io
import os
import secrets
import shutil
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .canonical import array_digest, canonical, digest, restore
from .errors import CorruptBlock, StoreError

MAGIC = b"LIMENBLK"
DIGEST = 16
START = struct.Struct("<8sQ")
HEADER = {"quanta", "cells", "group", "address", "quantum", "replicas"}


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
    arrays: dict[str, np.ndarray] | None = None

    @property
    def quanta(self) -> list[tuple[str, int]]:
        """Cell and number of each quantum, in the order of the arrays."""
        return [(key, index) for key, index, _ in self.header["quanta"]]

    @property
    def outputs(self) -> dict[str, np.ndarray]:
        """The outputs among the arrays; the others are inputs of the cells."""
        return {k: a for k, a in (self.arrays or {}).items() if ":" not in k}

    @property
    def size(self) -> int:
        """Bytes of the arrays."""
        return sum(array.nbytes for array in (self.arrays or {}).values())


def quantum_digests(arrays: Mapping[str, np.ndarray], count: int) -> list[str]:
    """One digest per quantum over the bits of all outputs."""
    names = sorted(arrays)
    return [digest([array_digest(arrays[n][i]) for n in names]) for i in range(count)]


def read_header(path: Path) -> dict[str, Any]:
    """What a block says about itself; the payload is neither read nor verified.

    Raises:
        CorruptBlock: If this is no block or its beginning is damaged.
    """
    with path.open("rb") as file:
        length = _length(path, file.read(START.size))
        return _header(path, file.read(min(length, path.stat().st_size)))


def read_block(path: Path) -> Block:
    """Read a block and verify its checksum.

    Raises:
        CorruptBlock: If a single bit is wrong; the message names the lost cells where
            the header can still be read.
    """
    content = path.read_bytes()
    body, expected = content[:-DIGEST], content[-DIGEST:]
    found = hashlib.blake2b(body, digest_size=DIGEST).digest()
    if found != expected:
        raise CorruptBlock(
            f"{path}: expected checksum {expected.hex()}, found {found.hex()}; "
            f"{_lost(path)}. Run `limen store verify --repair` and the sweep again."
        )
    end = START.size + _length(path, body[: START.size])
    header = _header(path, body[START.size : end])
    with np.load(io.BytesIO(body[end:]), allow_pickle=False) as payload:
        return Block(path, header, {name: payload[name] for name in payload.files})


def encode(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """A block as bytes."""
    text = canonical(header).encode()
    payload = io.BytesIO()
    np.savez(payload, **arrays)  # pyright: ignore[reportArgumentType]  # only names and arrays
    body = START.pack(MAGIC, len(text)) + text + payload.getvalue()
    return body + hashlib.blake2b(body, digest_size=DIGEST).digest()


def write_durably(path: Path, content: bytes) -> None:
    """Put a file under its name, complete or not at all, even if the power fails.

    Raises:
        StoreError: If it cannot be written; nothing is left behind.
    """
    name = f".tmp-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    temporary = path.parent / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _opened(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as descriptor:
            view = memoryview(content)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        os.replace(temporary, path)
        with _opened(path.parent, os.O_RDONLY) as descriptor:
            os.fsync(descriptor)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        free = "unknown"
        with contextlib.suppress(OSError):
            free = f"{shutil.disk_usage(path.parent).free:,} B"
        raise StoreError(
            f"Cannot write {path}: {error.strerror or error} ({len(content):,} B "
            f"needed, {free} free). Finished blocks are safe; run again to go on."
        ) from error


@contextlib.contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _length(path: Path, start: bytes) -> int:
    """Length of the header, from the beginning of a file."""
    if len(start) < START.size or not start.startswith(MAGIC):
        raise CorruptBlock(f"{path} is no block of limen (or is cut short).")
    return START.unpack(start)[1]


def _header(path: Path, text: bytes) -> dict[str, Any]:
    try:
        header = restore(text)
        missing = HEADER - header.keys()
        for cell in header.get("cells", {}).values():
            missing |= {"values"} - cell.keys()
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
