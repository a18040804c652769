"""What can be done with a store from outside: look, verify, repair, export."""

import collections
import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from .block import Block, read_block, read_header
from .canonical import canonical
from .errors import CorruptBlock, SpecificationError, StoreError
from .keep import Store, check_format
from .locks import STALE_SECONDS

STALE_TEMPORARY = 3600.0
PUT_AWAY = {"quarantine", "locks", "inputs"}


@dataclass
class Status:
    """What is in a store, from the headers alone.

    Attributes:
        groups: One entry per group: simulator, static values, cells, lanes, blocks.
        blocks: Number of blocks.
        size: Their bytes.
        locks: Jobs that are locked.
        quarantined: Damaged files that were put away.
        unreadable: Files whose header cannot be read.
    """

    groups: list[dict[str, Any]] = field(default_factory=list)
    blocks: int = 0
    size: int = 0
    locks: int = 0
    quarantined: int = 0
    unreadable: list[str] = field(default_factory=list)


@dataclass
class Verification:
    """The outcome of reading every block.

    Attributes:
        sound: Number of blocks whose checksum holds.
        corrupt: One message per damaged block.
        removed: Stale temporary files and locks that were removed.
    """

    sound: int = 0
    corrupt: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def status(root: str | os.PathLike[str]) -> Status:
    """Summarise a store.

    Raises:
        StoreError: If there is no store at `root`.
    """
    base, found = opened(root), Status()
    groups: dict[str, list[dict[str, Any]]] = collections.defaultdict(list)
    for path in blocks(base):
        try:
            header = read_header(path)
        except CorruptBlock as error:
            found.unreadable.append(str(error))
            continue
        groups[header["group"]].append(header)
        found.blocks += 1
        found.size += path.stat().st_size
    for address, headers in groups.items():
        first = headers[0]
        width = first["quantum"] * first["replicas"]
        found.groups.append(
            {
                "group": address,
                "simulator": first.get("simulator"),
                "static": first.get("recipe", first).get("static"),
                "cells": len({key for h in headers for key in h["cells"]}),
                "lanes": sum(len(h["quanta"]) for h in headers) * width,
                "blocks": len(headers),
            }
        )
    found.locks, found.quarantined = (
        len(list((base / folder).glob("*"))) for folder in ("locks", "quarantine")
    )
    return found


def verify(root: str | os.PathLike[str], repair: bool = False) -> Verification:
    """Read every block and check every bit; remove what dead processes left.

    Args:
        root: The store.
        repair: Put damaged blocks into quarantine; the next run computes them again.

    Returns:
        What was found.

    Raises:
        StoreError: If there is no store at `root`, or it cannot be changed.
    """
    base, found = opened(root), Verification()
    store = Store(base)
    for path in blocks(base):
        try:
            header = read_block(path).header
            if header["group"] != path.parent.name or header["address"] != path.stem:
                raise CorruptBlock(f"{path} holds block {header['address']}.")
            found.sound += 1
        except (CorruptBlock, ValueError, OSError) as error:
            found.corrupt.append(str(error))
            if repair:
                store.quarantine(path, str(error))
    left = [(path, STALE_TEMPORARY) for path in base.rglob(".tmp-*")]
    left += [(path, STALE_SECONDS) for path in (base / "locks").glob("*")]
    for path, after in left:
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > after:
                path.unlink()
                found.removed.append(str(path))
    return found


def export(root: str | os.PathLike[str], target: str | os.PathLike[str]) -> list[str]:
    """Write all rows of a store as netCDF (`.nc`) or zarr (`.zarr`).

    One group per group of the store, with dimensions (cell, seed, replica, …), the axis
    values as coordinates and NaN where a seed is missing. Needs `limen[export]`.

    Args:
        root: The store.
        target: A new file or folder.

    Returns:
        The names of the groups written.

    Raises:
        SpecificationError: If `target` exists or has another suffix.
        StoreError: If there is no store at `root`.
    """
    path, groups = Path(target), collections.defaultdict(list)
    for block in sound_blocks(root):
        groups[f"{block.header['simulator']}/{block.header['group']}"].append(block)
    if path.exists() or path.suffix not in (".nc", ".zarr"):
        raise SpecificationError(f"`{path}` must be a new file *.nc or folder *.zarr.")
    for name, members in groups.items():
        rows = dataset(members)
        if path.suffix == ".nc":
            rows.to_netcdf(path, mode="a" if path.exists() else "w", group=name)
        else:
            options: Any = {"zarr_format": 3, "consolidated": False}
            rows.to_zarr(path, mode="a", group=name, encoding=_codecs(rows), **options)
    return list(groups)


def dataset(members: list[Block]) -> xr.Dataset:
    """Blocks of one group as one dataset: (cell, seed, replica, …)."""
    header = members[0].header
    cells = {k: c["values"] for b in members for k, c in b.header["cells"].items()}
    order = sorted(cells, key=lambda key: tuple(cells[key].values()))
    quantum, replicas = header["quantum"], header["replicas"]
    seeds = quantum * (1 + max(i for b in members for _, i in b.quanta))
    shape = (len(order), seeds, replicas)
    made = {"valid": np.zeros(shape, bool)}
    for name, array in members[0].outputs.items():
        fill = np.nan if array.dtype.kind == "f" else 0
        made[name] = np.full((*shape, *array.shape[2:]), fill, array.dtype)
    for block in members:
        for j, (key, index) in enumerate(block.quanta):
            place = order.index(key), slice(index * quantum, (index + 1) * quantum)
            made["valid"][place] = True
            for name, array in block.outputs.items():
                made[name][place] = array[j].reshape(
                    quantum, replicas, *array.shape[2:]
                )
    dims = ("cell", "seed", "replica")
    data = {
        name: ((*dims, *(f"{name}_{i}" for i in range(array.ndim - 3))), array)
        for name, array in made.items()
    }
    labels = {
        name: ("cell", [_label(cells[key][name]) for key in order])
        for name in cells[order[0]]
    }
    attrs = {"header": canonical({k: header[k] for k in header if k != "quanta"})}
    return xr.Dataset(data, labels, attrs)


def blocks(base: Path) -> Iterator[Path]:
    """Files of all blocks."""
    paths = sorted(base.glob("*/*/*.blk"))
    return (path for path in paths if path.parts[-3] not in PUT_AWAY)


def sound_blocks(root: str | os.PathLike[str]) -> Iterator[Block]:
    """All blocks whose checksum holds."""
    for path in blocks(opened(root)):
        with contextlib.suppress(CorruptBlock):
            yield read_block(path)


def find_block(base: Path, address: str) -> Path:
    """The file of a block, from the beginning of its address.

    Raises:
        SpecificationError: If none or several fit.
    """
    fits = [path for path in blocks(base) if path.name.startswith(address)]
    if len(fits) != 1:
        raise SpecificationError(
            f"{len(fits)} blocks of {base} begin with {address!r}."
        )
    return fits[0]


def opened(root: str | os.PathLike[str]) -> Path:
    """The folder of a store that exists.

    Raises:
        StoreError: If there is none.
    """
    base = Path(root)
    if not (base / "store.json").is_file():
        raise StoreError(f"{base} is no store of limen: it lacks store.json.")
    check_format(base)
    return base


def _label(value: Any) -> Any:
    return str(value) if isinstance(value, tuple) or value is None else value


def _codecs(rows: xr.Dataset) -> dict[str, Any]:
    """Checksums in every chunk; the default codecs read a flipped byte silently."""
    from zarr.codecs import Crc32cCodec, ZstdCodec

    codecs = {"compressors": [ZstdCodec(), Crc32cCodec()]}
    return {str(name): codecs for name in rows.data_vars}
