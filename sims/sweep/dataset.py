"""Rows as a labelled dataset."""

from typing import Any

import numpy as np
import xarray as xr

from .block import Arrays
from .grid import Axis, describe
from .keep import Store
from .plan import Cell, Group, Request
from .reduction import Reduction
from .signature import attributes


def assemble(request: Request, store: Store, attrs: dict[str, Any]) -> xr.Dataset:
    """The dataset of one request: dims (*axes, seed, [replica], *output dimensions).

    Missing cells and failed lanes are NaN in floating outputs, and False in `valid`;
    integer outputs keep their dtype. An output dimension whose size differs between
    cells is padded likewise, its true size stands in `<dimension>_size`.
    """
    sweep, rows = request.sweep, request.rows
    axes = sweep.axes
    replicas = 1 if sweep.reduce is not None else sweep.replicas
    grid_shape = tuple(len(axis.values) for axis in axes)
    lanes = (rows,) if replicas == 1 else (rows, replicas)
    sizes = _sizes(request)
    arrays = {
        name: _filled((*grid_shape, *lanes, *(sizes[d] for d in dims)), dtype)
        for name, (dims, dtype) in _outputs(request).items()
    }
    valid = np.zeros((*grid_shape, *lanes), bool)
    trouble = _Trouble()
    for index, (group, cell) in zip(
        sweep.positions, request.layout.places, strict=True
    ):
        found = _cell_rows(store, group, cell, rows)
        ok = (
            found["status"] == 0
            if "status" in found
            else np.ones(rows * replicas, bool)
        )
        valid[index] = ok.reshape(lanes)
        trouble.note(store, group, cell, found, ok)
        for name, values in found.items():
            if values.dtype.kind == "f" and not ok.all():
                values = np.where(_like(ok, values), values, np.nan)
            part = tuple(slice(n) for n in values.shape[1:])
            shaped = values.reshape(*lanes, *values.shape[1:])
            arrays[name][(*index, *map(slice, lanes), *part)] = shaped
    lane_dims = ("seed",) if replicas == 1 else ("seed", "replica")
    dims = (*(axis.names[0] for axis in axes), *lane_dims)
    outputs = _outputs(request)
    data = {n: ((*dims, *outputs[n][0]), array) for n, array in arrays.items()}
    data["valid"] = (dims, valid)
    data |= _true_sizes(request, sizes, dims[: len(axes)], grid_shape)
    coords = _coords(axes, rows, replicas) | _kept(request)
    attrs = attrs | trouble.attrs() | {"simulator": sweep.sim.name}
    made = xr.Dataset(data, coords, attributes(attrs))
    return made if sweep.reduce is None else _merged(made, sweep.reduce)


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


class _Trouble:
    """Lanes that failed, or that report success and are not finite."""

    def __init__(self) -> None:
        self.failed = self.nonfinite = 0
        self.first = ""

    def note(
        self, store: Store, group: Group, cell: Cell, rows: Arrays, ok: np.ndarray
    ) -> None:
        """Count a cell's lanes; remember how to run the first one again."""
        finite = np.ones(len(ok), bool)
        for values in rows.values():
            if values.dtype.kind in "fc":
                finite &= np.isfinite(values).reshape(len(ok), -1).all(axis=1)
        bad = np.flatnonzero(~ok | ~finite)
        self.failed += int((~ok).sum())
        self.nonfinite += int((ok & ~finite).sum())
        if self.first or not len(bad):
            return
        lane = int(bad[0])
        number, within = divmod(lane, group.width)
        address, position = store.locate(group, (cell.key, number), within)
        what = "failed" if not ok[lane] else "is not finite"
        self.first = (
            f"{group.sim.name} at {describe(cell.values)}, "
            f"seed {lane // group.replicas} {what}: limen lane {address} {position}"
        )

    def attrs(self) -> dict[str, Any]:
        """For the dataset."""
        counts = {"failed": self.failed, "nonfinite": self.nonfinite}
        return counts | {"trouble": self.first}


def _cell_rows(store: Store, group: Group, cell: Cell, rows: int) -> dict[str, Any]:
    """Outputs of the first seeds of a cell: (lane, …)."""
    count = -(-rows // group.quantum)
    quanta = [store.rows(group, (cell.key, i)) for i in range(count)]
    lanes = rows * group.replicas
    if not quanta:
        return {n: np.empty((0, *s.shape), s.dtype) for n, s in group.shapes.items()}
    return {n: np.concatenate([q[n] for q in quanta])[:lanes] for n in group.shapes}


def _outputs(request: Request) -> dict[str, tuple[tuple[str, ...], Any]]:
    """Dimensions and dtype of each kept output."""
    if not request.layout.places:
        return {}
    group = request.layout.places[0][0]
    return {n: (group.recipe.dims(n), s.dtype) for n, s in group.shapes.items()}


def _sizes(request: Request) -> dict[str, int]:
    """The largest size of every output dimension."""
    sizes: dict[str, int] = {}
    for group in _groups(request):
        for dim, size in _group_sizes(group).items():
            sizes[dim] = max(size, sizes.get(dim, 0))
    return sizes


def _groups(request: Request) -> list[Group]:
    return list({group.address: group for group, _ in request.layout.places}.values())


def _group_sizes(group: Group) -> dict[str, int]:
    return {
        dim: size
        for name, shape in group.shapes.items()
        for dim, size in zip(group.recipe.dims(name), shape.shape, strict=True)
    }


def _true_sizes(
    request: Request,
    sizes: dict[str, int],
    dims: tuple[str, ...],
    shape: tuple[int, ...],
) -> dict[str, Any]:
    """For dimensions that differ in size between cells: the true size of each cell."""
    true = {dim: np.zeros(shape, np.int64) for dim in sizes}
    for index, (group, _) in zip(
        request.sweep.positions, request.layout.places, strict=True
    ):
        for dim, size in _group_sizes(group).items():
            true[dim][index] = size
    ragged = [
        d for d in sizes if len({_group_sizes(g)[d] for g in _groups(request)}) > 1
    ]
    return {f"{dim}_size": (dims, true[dim]) for dim in ragged}


def _filled(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    return np.full(shape, np.nan if dtype.kind in "fc" else 0, dtype)


def _like(mask: np.ndarray, values: np.ndarray) -> np.ndarray:
    return mask.reshape(-1, *(1,) * (values.ndim - 1))


def _coords(axes: list[Axis], rows: int, replicas: int) -> dict[str, Any]:
    coords: dict[str, Any] = {
        name: (axis.names[0], _labels([row[j] for row in axis.values]))
        for axis in axes
        for j, name in enumerate(axis.names)
    }
    coords["seed"] = np.arange(rows)
    return coords if replicas == 1 else coords | {"replica": np.arange(replicas)}


def _labels(values: list[Any]) -> np.ndarray:
    """Axis values as a coordinate; tuples and None as text."""
    if isinstance(values[0], tuple) or values[0] is None:
        values = [str(value) for value in values]
    return np.asarray(values)


def _kept(request: Request) -> dict[str, Any]:
    """Positions that were kept, as coordinates of thinned dimensions."""
    coords: dict[str, Any] = {}
    sizes = _sizes(request)
    for name, out in request.sweep.outputs.items():
        if out.drop or out.keep is None:
            continue
        dim = request.sweep.sim.outputs[name][0]
        keep = out.keep
        if isinstance(keep, slice):
            start, step = keep.start or 0, keep.step or 1
            keep = tuple(start + step * i for i in range(sizes[dim]))
        coords[dim] = np.asarray(keep)
    return coords
