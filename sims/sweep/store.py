"""The store: a folder of blocks, shared by all sweeps and papers."""

import contextlib
import json
import os
import time
from collections.abc import Iterable, Sequence
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
from .canonical import digest
from .errors import CorruptBlock, NonDeterministic, StoreError
from .plan import Cell, Group, Quantum
from .signature import SCHEMA, provenance

IN_MEMORY = 2 * 2**30


class Store:
    """Finished quanta, on disk or (without a folder) in memory.

    Attributes:
        root: The folder; None for memory only.
    """

    def __init__(self, root: str | os.PathLike[str] | None = None):
        self.root = None if root is None else Path(root)
        self._index: dict[str, dict[Quantum, tuple[Block, int]]] = {}
        self._seen: dict[str, set[str]] = {}
        self._read: dict[int, Block] = {}
        self._bytes = 0
        if self.root is not None:
            self._check_format(self.root)

    def folder(self, group: Group) -> Path:
        """The folder of a group."""
        if self.root is None:
            raise StoreError("A store in memory has no folders.")
        return self.root / _safe(group.sim.name) / group.address

    def refresh(self, group: Group) -> None:
        """Read the headers of blocks that appeared since the last look."""
        self._index.setdefault(group.address, {})
        seen = self._seen.setdefault(group.address, set())
        if self.root is None or not self.folder(group).is_dir():
            return
        for path in sorted(self.folder(group).glob("*.blk")):
            if path.name not in seen:
                seen.add(path.name)
                self._admit(group, path)

    def missing(self, group: Group, need: Iterable[Quantum]) -> list[Quantum]:
        """The quanta that are not here; what is here is read and verified."""
        index = self._index.setdefault(group.address, {})
        lacking = []
        for quantum in need:
            if quantum not in index or self._verified(group, index[quantum][0]) is None:
                lacking.append(quantum)
        return lacking

    def rows(self, group: Group, quantum: Quantum) -> Arrays:
        """Outputs of one quantum: (lane, …).

        Raises:
            CorruptBlock: If its block was damaged since it was written.
            KeyError: If it is not here.
        """
        block, position = self._index[group.address][quantum]
        arrays = block.arrays if block.arrays is not None else self._load(block).arrays
        assert arrays is not None
        return {name: arrays[name][position] for name in group.shapes}

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
            block.path = self.folder(group) / f"{header['address']}.blk"
            inputs = {f"input:{n}": a for n, a in _inputs(group, cells).items()}
            write_durably(block.path, encode(header, {**arrays, **inputs}))
            self._seen.setdefault(group.address, set()).add(block.path.name)
            self._keep(block)
        self._enter(group.address, block)
        return header["address"]

    def log(self, event: str, **facts: Any) -> None:
        """Append a line to `log.jsonl`; advisory."""
        if self.root is None:
            return
        line = json.dumps({"time": time.time(), "event": event, **facts}) + "\n"
        with (self.root / "log.jsonl").open("a") as file:
            file.write(line)

    def quarantine(self, path: Path, reason: str) -> None:
        """Move a damaged file out of the way."""
        assert self.root is not None
        target = self.root / "quarantine" / f"{path.parent.name}-{path.name}"
        target.parent.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.replace(path, target)
        self.log("quarantine", path=str(path), reason=reason)

    def _check_format(self, root: Path) -> None:
        """Make the folder, or refuse one of another format."""
        form = root / "store.json"
        if not form.exists():
            foreign = root.is_dir() and any(
                p.name not in ("log.jsonl",) and not p.name.startswith(".tmp-")
                for p in root.iterdir()
            )
            if foreign:
                raise StoreError(f"{root} is no store of limen: it lacks store.json.")
            write_durably(
                form, json.dumps({"format": "limen", "schema": SCHEMA}).encode()
            )
        try:
            found = json.loads(form.read_text())
        except (OSError, ValueError) as error:
            raise StoreError(f"{form} cannot be read: {error}.") from error
        if found.get("schema") != SCHEMA:
            raise StoreError(
                f"{root} has schema {found.get('schema')}, this limen has {SCHEMA}."
            )

    def _admit(self, group: Group, path: Path) -> None:
        try:
            header = read_header(path)
        except CorruptBlock as error:
            self.quarantine(path, str(error))
            return
        if header["group"] != group.address:
            self.quarantine(path, "belongs to another group")
            return
        self._enter(group.address, Block(path, header))

    def _enter(self, group: str, block: Block) -> None:
        index = self._index.setdefault(group, {})
        for i, (key, number, bits) in enumerate(block.header["quanta"]):
            there = index.setdefault((key, number), (block, i))
            other = there[0].header["quanta"][there[1]][2]
            if other != bits:
                raise NonDeterministic(
                    f"Quantum {number} of {block.header['cells'][key]['values']}: "
                    f"unequal bits in {there[0].path} and {block.path}, though the "
                    "numerics signature is one."
                )

    def _verified(self, group: Group, block: Block) -> Block | None:
        """The block with its arrays, or None after it was found damaged and removed."""
        if block.arrays is not None:
            return block
        try:
            return self._load(block)
        except (CorruptBlock, FileNotFoundError) as error:
            index = self._index[group.address]
            for quantum in [q for q, (b, _) in index.items() if b is block]:
                del index[quantum]
            assert block.path is not None
            self._seen[group.address].discard(block.path.name)
            self.quarantine(block.path, str(error))
            return None

    def _load(self, block: Block) -> Block:
        """Read a block's arrays."""
        assert block.path is not None
        block.arrays = read_block(block.path).arrays
        self._keep(block)
        return block

    def _keep(self, block: Block) -> None:
        """Keep a block's arrays; the oldest ones are let go beyond `IN_MEMORY`."""
        self._read[id(block)] = block
        self._bytes += _size(block)
        while len(self._read) > 1 and self._bytes > IN_MEMORY:
            oldest = self._read.pop(next(iter(self._read)))
            self._bytes -= _size(oldest)
            oldest.arrays = None


def _size(block: Block) -> int:
    return sum(a.nbytes for a in (block.arrays or {}).values())


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in name)


def _inputs(group: Group, cells: Sequence[Cell]) -> Arrays:
    """Dynamic inputs of the cells, stacked: they make a lane reproducible alone."""
    return {
        name: np.stack([c.inputs[name] for c in cells]) for name in group.recipe.inputs
    }


def _header(
    group: Group,
    cells: Sequence[Cell],
    quanta: Sequence[tuple[Quantum, str]],
    run: dict[str, Any],
) -> dict[str, Any]:
    policy = group.recipe.policy
    return {
        "address": digest([SCHEMA, group.address, [q for q, _ in quanta]]),
        "group": group.address,
        "simulator": group.sim.name,
        "static": dict(group.recipe.static),
        "replicas": group.replicas,
        "quantum": group.quantum,
        "base_seed": group.base_seed,
        "stream": group.stream,
        "tile": group.tile,
        "policy": {"dtype": policy.dtype, "x64": policy.x64, "matmul": policy.matmul},
        "cells": {c.key: {"values": c.values, "words": c.words} for c in cells},
        "quanta": [[key, index, bits] for (key, index), bits in quanta],
        "run": run,
        "provenance": provenance(),
    }
