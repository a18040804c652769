"""Rows as a labelled dataset."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from .grid import Axis, describe
from .keep import Store
from .plan import Arrays, Cell, Group, Request
from .reduction import Reduction
from .signature import attributes


def assemble(request: Request, store: Store, attrs: Mapping[str, Any]) -> xr.Dataset:
    """The dataset of one request: dims (*axes, seed, [replica], *output dimensions).

    Missing cells and failed lanes are NaN in floating outputs, and False in `valid`;
    integer outputs keep their dtype. An output dimension whose size differs between
    cells is padded likewise, its true size stands in `<dimension>_size`.
    """
    sweep, places = request.sweep, request.places
    replicas = 1 if sweep.reduce is not None else sweep.replicas
    grid = {axis.names[0]: len(axis.values) for axis in sweep.axes}
    lanes = {"seed": request.rows} | ({"replica": replicas} if replicas > 1 else {})
    groups = {group.address: group for group, _ in places}.values()
    sizes = {dim: max(g.sizes[dim] for g in groups) for g in groups for dim in g.sizes}
    data: dict[str, tuple[tuple[str, ...], np.ndarray]] = {}
    for group in list(groups)[:1]:
        for name, shape in group.shapes.items():
            own = {dim: sizes[dim] for dim in group.recipe.dims(name)}
            data[name] = _empty(grid | lanes | own, shape.dtype)
    data["valid"], trouble = _empty(grid | lanes, np.dtype(bool)), Trouble()
    ragged = {dim for dim in sizes if len({g.sizes[dim] for g in groups}) > 1}
    data |= {f"{dim}_size": _empty(grid, np.dtype(int)) for dim in sorted(ragged)}
    for (index, _), (group, cell) in zip(sweep.kept, places, strict=True):
        found = _cell_rows(store, group, cell, request.rows)
        ok = trouble.note(store, group, cell, found)
        data["valid"][1][index] = ok.reshape(*lanes.values())
        for name, values in found.items():
            if values.dtype.kind in "fc":
                values[~ok] = np.nan
            part = tuple(slice(n) for n in (*lanes.values(), *values.shape[1:]))
            shaped = values.reshape(*lanes.values(), *values.shape[1:])
            data[name][1][(*index, *part)] = shaped
        for dim in ragged:
            data[f"{dim}_size"][1][index] = group.sizes[dim]
    coords = _coords(sweep.axes, lanes) | _kept(request, sizes)
    where = " ".join(group.address for group in groups)
    attrs = {**attrs, **vars(trouble), "simulator": sweep.sim.name, "group": where}
    made = xr.Dataset(data, coords, attributes(attrs))
    return made if sweep.reduce is None else _merged(made, sweep.reduce)


class Trouble:
    """Lanes that failed, or that report success and are not finite.

    Attributes:
        failed: Number of the first sort.
        nonfinite: Number of the second.
        trouble: How to run the first of them again.
    """

    def __init__(self) -> None:
        self.failed = self.nonfinite = 0
        self.trouble = ""

    def note(
        self, store: Store, group: Group, cell: Cell, rows: Arrays, first: int = 0
    ) -> np.ndarray:
        """Count a cell's lanes, of which `first` is the first; return which are ok."""
        count = len(next(iter(rows.values())))
        ok = rows["status"] == 0 if "status" in rows else np.ones(count, bool)
        finite = np.ones(count, bool)
        for values in rows.values():
            if values.dtype.kind in "fc":
                finite &= np.isfinite(values).reshape(count, -1).all(axis=1)
        bad = np.flatnonzero(~ok | ~finite)
        self.failed += int((~ok).sum())
        self.nonfinite += int((ok & ~finite).sum())
        if len(bad) and not self.trouble:
            lane = first + int(bad[0])
            number, within = divmod(lane, group.width)
            address, position = store.locate(group, (cell.key, number), within)
            what = "is not finite" if ok[bad[0]] else "failed"
            self.trouble = (
                f"{group.sim.name} at {describe(cell.values)}, "
                f"seed {lane // group.replicas} {what}: limen lane {address} {position}"
            )
        return ok


def _merged(rows: xr.Dataset, reduction: Reduction) -> xr.Dataset:
    """One reduced entry per cell, from those of its quanta."""
    made = rows.drop_dims("seed").assign_coords({reduction.dim: reduction.labels})
    for name, array in rows.data_vars.items():
        if "seed" in array.dims:
            first = array.transpose("seed", reduction.dim, ..., missing_dims="ignore")
            merged = (
                first.values.any(0)
                if name == "valid"
                else reduction.merged(first.values)
            )
            made[name] = first.dims[1:], merged
    order = (*rows["valid"].dims[:-1], reduction.dim, ...)
    return made.transpose(*order).assign_attrs(rows.attrs)


def _cell_rows(store: Store, group: Group, cell: Cell, rows: int) -> Arrays:
    """Outputs of the first seeds of a cell: (lane, …)."""
    count = -(-rows // group.quantum)
    quanta = [store.rows(group, (cell.key, i)) for i in range(count)]
    lanes = rows * group.replicas
    return {
        name: np.concatenate([q[name] for q in quanta])[:lanes]
        if quanta
        else np.empty((0, *shape.shape), shape.dtype)
        for name, shape in group.shapes.items()
    }


def _empty(
    sizes: Mapping[str, int], dtype: np.dtype
) -> tuple[tuple[str, ...], np.ndarray]:
    """Dimensions, and an array in which everything is missing."""
    fill = np.nan if dtype.kind in "fc" else 0
    return tuple(sizes), np.full(tuple(sizes.values()), fill, dtype)


def _coords(axes: list[Axis], lanes: Mapping[str, int]) -> dict[str, Any]:
    """Axis values (tuples and None as text), numbers of seeds and replicas."""
    coords: dict[str, Any] = {name: np.arange(size) for name, size in lanes.items()}
    for axis in axes:
        for name, values in zip(
            axis.names, zip(*axis.values, strict=True), strict=True
        ):
            texts = isinstance(values[0], tuple) or values[0] is None
            labels = np.asarray([str(v) for v in values] if texts else values)
            coords[name] = axis.names[0], labels
    return coords


def _kept(request: Request, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Positions that were kept, as coordinates of thinned dimensions."""
    coords: dict[str, Any] = {}
    for name, out in request.sweep.outputs.items():
        dim, keep = (*request.sweep.sim.outputs[name], None)[0], out.keep
        if isinstance(keep, slice) and not out.drop:
            start, step = keep.start or 0, keep.step or 1
            coords[str(dim)] = start + step * np.arange(sizes[str(dim)])
        elif keep is not None and not out.drop:
            coords[str(dim)] = np.asarray(keep)
    return coords
