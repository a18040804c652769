"""From the dimensions of a sweep to rows: (seed, point)."""

import numpy as np
import xarray as xr
from xarray import DataArray


def rows(array: DataArray) -> DataArray:
    """Rows (seed, point): replicas averaged, the other axes flattened in their order.

    Coordinates of the flattened axes stay as coordinates along `point`. Without a
    seed dimension (deterministic results) the result is (point,).

    Args:
        array: A variable of a dataset: (*axes, seed, [replica], *output dimensions).
    """
    array = array.astype(np.float64)
    if "replica" in array.dims:
        mean = array.mean("replica", keep_attrs=True)
        if "valid" in array.coords:
            mean = mean.assign_coords(valid=array.valid.any("replica"))
        array = mean
    return _flatten(array)


def lanes(array: DataArray) -> DataArray:
    """Like `rows`, with every replica as a row of its own (frequency and law)."""
    array = array.astype(np.float64)
    if "replica" in array.dims:
        stacked = array.drop_vars(["seed", "replica"], errors="ignore")
        array = stacked.stack(row=("seed", "replica"), create_index=False).rename(
            row="seed"
        )
    return _flatten(array)


def two_samples(first: DataArray, second: DataArray) -> DataArray:
    """Rows (seed, sample, point) of two sets of rows, cut to the same number."""
    n = min(first.sizes["seed"], second.sizes["seed"])
    pair = [part.isel(seed=slice(n)) for part in (first, second)]
    second = pair[1].assign_coords(pair[0].coords)
    return xr.concat([pair[0], second], dim="sample").transpose("seed", "sample", ...)


def _flatten(array: DataArray) -> DataArray:
    """All dimensions but seed, column and sample stacked into `point`."""
    kept = [d for d in ("seed", "sample", "column") if d in array.dims]
    others = [d for d in array.dims if d not in kept and d != "point"]
    if others:
        array = array.stack(point=others + ["point"] * ("point" in array.dims))
        array = array.reset_index("point")
    elif "point" not in array.dims:
        array = array.expand_dims("point")
    order = [d for d in ("seed", "sample", "point", "column") if d in array.dims]
    return _existing(array.transpose(*order))


def _existing(array: DataArray) -> DataArray:
    """Without the cells that a sweep's `where` left out (coordinate `valid`)."""
    if "valid" not in array.coords:
        return array
    others = [d for d in array.valid.dims if d != "point"]
    exists = array.valid.any(others)
    array = array.drop_vars("valid")
    return array.isel(point=exists.values) if "point" in exists.dims else array
