"""The store: a folder of blocks, shared by all sweeps and papers."""

import contextlib
import io
import json
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .block import (
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
from .plan import Arrays, Cell, Group, Quantum
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
        self._seen: dict[str, dict[str, Block]] = {}
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
        name = "".join(c if c.isalnum() or c in "._-" else "_" for c in group.sim.name)
        return self.root / name / group.address

    def missing(self, group: Group, need: Iterable[Quantum]) -> list[Quantum]:
        """The quanta that are not here; what is here is read and verified."""
        self._refresh(group)
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
        run: Mapping[str, Any],
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
        bits = quantum_digests(arrays, len(quanta))
        block = Block(None, _header(group, cells, quanta, bits, run), arrays)
        if self.root is not None:
            self._write(self.root, group, cells, block)
        self._enter(group.address, block)
        return block.header["address"]

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

    def quarantine(self, path: Path, reason: str) -> None:
        """Move a damaged file out of the way.

        Raises:
            StoreError: If it cannot be moved.
        """
        target = path.parents[2] / "quarantine" / f"{path.parent.name}-{path.name}"
        try:
            target.parent.mkdir(exist_ok=True)
            os.replace(path, target)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"Cannot put {path} away ({reason}): {error}.") from error
        self.log("quarantine", path=str(path), reason=reason)

    def _write(
        self, root: Path, group: Group, cells: Sequence[Cell], block: Block
    ) -> None:
        if not root.is_dir():
            raise StoreError(f"{root} is gone.")
        for array in group.shared.values():
            shared = shared_file(root, array_digest(array))
            if not shared.exists():
                content = io.BytesIO()
                np.save(content, array)
                write_durably(shared, content.getvalue())
        path = self.folder(group) / f"{block.header['address']}.blk"
        inputs = {
            f"input:{name}": np.stack([cell.inputs[name] for cell in cells])
            for name in group.recipe.inputs
        }
        write_durably(path, encode(block.header, {**(block.arrays or {}), **inputs}))
        block.path = path
        self._seen.setdefault(group.address, {})[path.name] = block
        self._hold(block)

    def _refresh(self, group: Group) -> None:
        """Read the headers of new blocks, forget those that were taken away."""
        if self.root is None:
            return
        seen = self._seen.setdefault(group.address, {})
        here = {path.name: path for path in self.folder(group).glob("*.blk")}
        for name in seen.keys() - here.keys():
            self._forget(group.address, seen.pop(name))
        for name in sorted(here.keys() - seen.keys()):
            path = here[name]
            try:
                block = Block(path, read_header(path))
                if block.header["group"] != group.address:
                    raise CorruptBlock(f"{path} does not belong to {group.address}.")
            except CorruptBlock as error:
                self.quarantine(path, str(error))
                continue
            self._enter(group.address, block)
            seen[name] = block

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

    def _forget(self, group: str, block: Block) -> None:
        index = self._index.get(group, {})
        for quantum in [q for q, (b, _) in index.items() if b is block]:
            del index[quantum]

    def _verified(self, group: Group, block: Block) -> bool:
        """Whether a block is sound; a damaged one is put away and forgotten."""
        if block.arrays is not None or block.path is None:
            return True
        try:
            self._load(block)
        except (CorruptBlock, FileNotFoundError) as error:
            self._forget(group.address, block)
            self._seen[group.address].pop(block.path.name, None)
            self.quarantine(block.path, str(error))
            self._refresh(group)
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
            self._bytes += block.size
            while len(self._read) > 1 and self._bytes > IN_MEMORY:
                oldest = self._read.pop(next(iter(self._read)))
                self._bytes -= oldest.size
                oldest.arrays = None


def check_format(root: Path) -> None:
    """Make `root` a store, or refuse it.

    Raises:
        StoreError: If it is something else, of another schema, or cannot be used.
    """
    form, wanted = root / "store.json", {"format": "limen", "schema": SCHEMA}
    try:
        here = [path.name for path in root.iterdir()] if root.is_dir() else []
        strange = [n for n in here if n != "log.jsonl" and not n.startswith(".tmp-")]
        if not form.exists():
            if strange:
                raise StoreError(f"{root} is no store of limen: it has {strange[:3]}.")
            write_durably(form, json.dumps(wanted).encode())
        found = json.loads(form.read_text())
    except StoreError:
        raise
    except (ValueError, OSError) as error:
        raise StoreError(f"{form} cannot be used: {error}.") from error
    if found != wanted:
        raise StoreError(
            f"{root}: `schema` is {found.get('schema')!r}, but this limen has "
            f"{SCHEMA}; choose another folder, or delete this one."
        )


def shared_file(root: Path, name: str) -> Path:
    """File of a shared input, by its digest."""
    return root / "inputs" / f"{name}.npy"


def _header(
    group: Group,
    cells: Sequence[Cell],
    quanta: Sequence[Quantum],
    bits: Sequence[str],
    run: Mapping[str, Any],
) -> dict[str, Any]:
    same = ("replicas", "quantum", "base_seed", "stream", "tile")
    return {
        "address": digest([SCHEMA, group.address, quanta]),
        "group": group.address,
        "simulator": group.sim.name,
        "reference": group.sim.reference,
        "source": source_hash(group.sim),
        "recipe": group.recipe.plain(),
        "shared": {name: array_digest(a) for name, a in group.shared.items()},
        **{name: getattr(group, name) for name in same},
        "cells": {
            cell.key: {"values": cell.values, "stream": cell.stream, "row": row}
            for row, cell in enumerate(cells)
        },
        "quanta": [[*quantum, one] for quantum, one in zip(quanta, bits, strict=True)],
        "run": run,
        "provenance": provenance(),
    }
