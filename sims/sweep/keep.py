"""The store: a folder of blocks, shared by all sweeps and papers."""

import contextlib
import io
import json
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .block import (
    Arrays,
    Block,
    encode,
    quantum_digests,
    read_block,
    read_header,
    write_durably,
)
from .canonical import array_digest, digest
from .errors import CorruptBlock, NonDeterministic, StoreError
from .locks import Lock
from .plan import Cell, Group, Quantum
from .signature import SCHEMA, provenance
from .source import source_hash

IN_MEMORY = 2 * 2**30


class Store:
    """Finished quanta, on disk or (without a folder) in memory.

    Attributes:
        root: The folder; None for memory only.
    """

    def __init__(self, root: str | os.PathLike[str] | None = None):
        self.root = None if root is None else Path(root)
        self._index: dict[str, dict[Quantum, tuple[Block, int]]] = {}
        self._seen: dict[str, dict[str, Block | None]] = {}
        self._read: dict[int, Block] = {}
        self._bytes = 0
        self._mutex = threading.RLock()
        self.ensure()

    def ensure(self) -> None:
        """Make the folder, or refuse one of another format.

        Raises:
            StoreError: If it is not a store of this schema, or cannot be used.
        """
        if self.root is not None:
            check_format(self.root)

    def folder(self, group: Group) -> Path:
        """The folder of a group."""
        if self.root is None:
            raise StoreError("A store in memory has no folders.")
        return self.root / _safe(group.sim.name) / group.address

    def refresh(self, group: Group) -> None:
        """Read the headers of new blocks, forget those that were taken away."""
        if self.root is None:
            return
        seen = self._seen.setdefault(group.address, {})
        here = {path.name: path for path in self.folder(group).glob("*.blk")}
        for name in seen.keys() - here.keys():
            self._forget(group.address, seen.pop(name))
        for name in sorted(here.keys() - seen.keys()):
            seen[name] = self._admit(group, here[name])

    def missing(self, group: Group, need: Iterable[Quantum]) -> list[Quantum]:
        """The quanta that are not here; what is here is read and verified."""
        index = self._index.setdefault(group.address, {})
        return [
            q for q in need if q not in index or not self._verified(group, index[q][0])
        ]

    def rows(self, group: Group, quantum: Quantum) -> Arrays:
        """Outputs of one quantum: (lane, …).

        Raises:
            CorruptBlock: If its block was damaged since it was written.
            KeyError: If it is not here.
        """
        block, position = self._index[group.address][quantum]
        arrays = block.arrays or self._load(block)
        return {name: arrays[name][position] for name in group.shapes}

    def locate(self, group: Group, quantum: Quantum, lane: int) -> tuple[str, int]:
        """Address of the block, and number in it, of a lane: as `rerun_lane` takes."""
        block, position = self._index[group.address][quantum]
        return block.header["address"], position * group.width + lane

    def put(
        self,
        group: Group,
        cells: Sequence[Cell],
        quanta: Sequence[Quantum],
        arrays: Arrays,
        run: dict[str, Any],
    ) -> str:
        """Store finished quanta as one block.

        Args:
            group: Their group.
            cells: The cells they belong to.
            quanta: Cell key and number of each.
            arrays: Output name to array (quantum, lane, …).
            run: Facts about the run, for the header.

        Returns:
            The block's address.

        Raises:
            NonDeterministic: If other bits are here already under one of them.
            StoreError: If it cannot be written.
        """
        digests = quantum_digests(arrays, len(quanta))
        header = _header(group, cells, list(zip(quanta, digests, strict=True)), run)
        block = Block(None, header, arrays)
        if self.root is not None:
            self._write(self.root, group, cells, block)
        self._enter(group.address, block)
        return header["address"]

    @contextlib.contextmanager
    def claimed(self, address: str) -> Iterator[bool]:
        """Hold the lock of a job, if nobody else does; yields whether it is held."""
        if self.root is None:
            yield True
            return
        lock = Lock(self.root / "locks" / address)
        held = lock.acquire()
        try:
            yield held
        finally:
            if held:
                lock.release()

    def log(self, event: str, **facts: Any) -> None:
        """Append a line to `log.jsonl`; advisory, hence silent where it cannot."""
        if self.root is None:
            return
        line = json.dumps({"time": time.time(), "event": event, **facts}) + "\n"
        with contextlib.suppress(OSError), (self.root / "log.jsonl").open("a") as file:
            file.write(line)

    def _write(
        self, root: Path, group: Group, cells: Sequence[Cell], block: Block
    ) -> None:
        if not root.is_dir():
            raise StoreError(f"{root} is gone.")
        _write_shared(root, group)
        path = self.folder(group) / f"{block.header['address']}.blk"
        inputs = {
            f"input:{name}": np.stack([cell.inputs[name] for cell in cells])
            for name in group.recipe.inputs
        }
        write_durably(path, encode(block.header, {**(block.arrays or {}), **inputs}))
        block.path = path
        self._seen.setdefault(group.address, {})[path.name] = block
        self._hold(block)

    def _admit(self, group: Group, path: Path) -> Block | None:
        try:
            header = read_header(path)
            if header["group"] != group.address:
                raise CorruptBlock(
                    f"{path} belongs to group {header['group']}, not {group.address}."
                )
        except CorruptBlock as error:
            quarantine(self, path, str(error))
            return None
        block = Block(path, header)
        self._enter(group.address, block)
        return block

    def _enter(self, group: str, block: Block) -> None:
        """Index a block; the same seeds computed twice must have the same bits."""
        index = self._index.setdefault(group, {})
        for i, (key, number, bits) in enumerate(block.header["quanta"]):
            there, j = index.setdefault((key, number), (block, i))
            if there.header["quanta"][j][2] != bits:
                raise NonDeterministic(
                    f"Quantum {number} of {block.header['cells'][key]['values']}: "
                    f"unequal bits in {there.path} and {block.path}, though the "
                    "numerics signature is one."
                )

    def _forget(self, group: str, block: Block | None) -> None:
        index = self._index.get(group, {})
        for quantum in [q for q, (b, _) in index.items() if b is block]:
            del index[quantum]

    def _verified(self, group: Group, block: Block) -> bool:
        """Whether a block is sound; a damaged one is put away and forgotten."""
        if block.arrays is not None:
            return True
        try:
            self._load(block)
        except (CorruptBlock, FileNotFoundError) as error:
            self._forget(group.address, block)
            if block.path is not None:
                self._seen[group.address].pop(block.path.name, None)
                quarantine(self, block.path, str(error))
                self.refresh(group)
            return False
        return True

    def _load(self, block: Block) -> Arrays:
        """Read a block's arrays, verifying them."""
        if block.path is None:
            raise CorruptBlock("A block in memory lost its arrays.")
        block.arrays = read_block(block.path).arrays or {}
        self._hold(block)
        return block.arrays

    def _hold(self, block: Block) -> None:
        """Keep a block's arrays; the oldest ones are let go beyond `IN_MEMORY`."""
        with self._mutex:
            self._read[id(block)] = block
            self._bytes += _size(block)
            while len(self._read) > 1 and self._bytes > IN_MEMORY:
                oldest = self._read.pop(next(iter(self._read)))
                self._bytes -= _size(oldest)
                oldest.arrays = None


def check_format(root: Path) -> None:
    """Make `root` a store, or refuse it.

    Raises:
        StoreError: If it is something else, of another schema, or cannot be used.
    """
    form = root / "store.json"
    try:
        strange = sorted(p.name for p in root.iterdir()) if root.is_dir() else []
        strange = [n for n in strange if n != "log.jsonl" and not n.startswith(".tmp-")]
        if not form.exists() and strange:
            raise StoreError(f"{root} is no store of limen: it holds {strange[:3]}.")
        if not form.exists():
            content = json.dumps({"format": "limen", "schema": SCHEMA})
            write_durably(form, content.encode())
        found = json.loads(form.read_text())
    except ValueError as error:
        raise StoreError(f"{form} cannot be read: {error}.") from error
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(f"{root} cannot be used: {error}.") from error
    if found.get("format") != "limen" or found.get("schema") != SCHEMA:
        raise StoreError(
            f"{root}: `schema` is {found.get('schema')!r}, but this limen has {SCHEMA}."
        )


def quarantine(store: Store, path: Path, reason: str) -> None:
    """Move a damaged file out of the way.

    Raises:
        StoreError: If it cannot be moved.
    """
    if store.root is None:
        return
    target = store.root / "quarantine" / f"{path.parent.name}-{path.name}"
    try:
        target.parent.mkdir(exist_ok=True)
        os.replace(path, target)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"Cannot put {path} away ({reason}): {error}.") from error
    store.log("quarantine", path=str(path), reason=reason)


def shared_file(root: Path, name: str) -> Path:
    """File of a shared input, by its digest."""
    return root / "inputs" / f"{name}.npy"


def _write_shared(root: Path, group: Group) -> None:
    """Keep shared inputs once, beside the blocks that used them."""
    for array in group.shared.values():
        path = shared_file(root, array_digest(array))
        if not path.exists():
            content = io.BytesIO()
            np.save(content, array)
            write_durably(path, content.getvalue())


def _size(block: Block) -> int:
    return sum(a.nbytes for a in (block.arrays or {}).values())


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in name)


def _header(
    group: Group,
    cells: Sequence[Cell],
    quanta: Sequence[tuple[Quantum, str]],
    run: dict[str, Any],
) -> dict[str, Any]:
    return {
        "address": digest([SCHEMA, group.address, [q for q, _ in quanta]]),
        "group": group.address,
        "simulator": group.sim.name,
        "reference": group.sim.reference,
        "source": source_hash(group.sim),
        "static": dict(group.recipe.static),
        "shared": {name: array_digest(a) for name, a in group.shared.items()},
        "recipe": group.recipe.plain(),
        "replicas": group.replicas,
        "quantum": group.quantum,
        "base_seed": group.base_seed,
        "stream": group.stream,
        "tile": group.tile,
        "cells": {
            cell.key: {"values": cell.values, "words": cell.words, "row": row}
            for row, cell in enumerate(cells)
        },
        "quanta": [[key, index, bits] for (key, index), bits in quanta],
        "run": run,
        "provenance": provenance(),
    }
