"""A quick look at a sweep: one output against one axis, one colour per value."""

import numpy as np
from matplotlib.figure import Figure as Canvas
from xarray import DataArray, Dataset

from . import style

AVERAGED = ("seed", "replica")


def plot(
    dataset: Dataset,
    x: str,
    y: str,
    hue: str | None = None,
    *,
    logx: bool = False,
    logy: bool = False,
) -> Canvas:
    """Mean over seeds with standard errors.

    Args:
        dataset: A sweep's result.
        x: Axis (or output dimension) along the abscissa.
        y: Output whose mean is drawn.
        hue: Axis that is told apart by colour; at most seven values.
        logx: Logarithmic abscissa.
        logy: Logarithmic ordinate.

    Returns:
        The figure.

    Raises:
        ValueError: If a name is unknown, or an axis is neither drawn nor averaged.
    """
    array = _output(dataset, y)
    _check_axes(array, x, hue)
    figure, panels = style.canvas()
    axes = panels[0, 0]
    levels = [None] if hue is None else list(array[hue].values)
    for colour, level in enumerate(levels):
        part = array if level is None else array.sel({hue: level})
        label = y if level is None else f"{hue} = {level}"
        mean, error = _moments(part)
        style.points(axes, _abscissa(part, x), mean, error, label, colour)
    axes.set(xlabel=x, ylabel=y)
    axes.set_xscale("log" if logx else "linear")
    axes.set_yscale("log" if logy else "linear")
    if hue is not None:
        axes.legend()
    return figure


def _output(dataset: Dataset, name: str) -> DataArray:
    if name not in dataset.data_vars:
        known = ", ".join(str(v) for v in dataset.data_vars)
        raise ValueError(f"There is no output `{name}`; there are {known}.")
    array = dataset[name].astype(float)
    return array.where(dataset["valid"]) if "valid" in dataset else array


def _check_axes(array: DataArray, x: str, hue: str | None) -> None:
    drawn = [name for name in (x, hue) if name is not None]
    for name in drawn:
        if name not in array.dims:
            known = ", ".join(str(d) for d in array.dims if d not in AVERAGED)
            raise ValueError(f"`{array.name}` has no axis `{name}`; it has {known}.")
    left = [
        d for d in array.dims if d not in (*drawn, *AVERAGED) and array.sizes[d] > 1
    ]
    if left:
        raise ValueError(
            f"Axis `{left[0]}` has {array.sizes[left[0]]} values: draw it with "
            "`--hue`, or sweep one value."
        )
    if hue is not None and array.sizes[hue] > len(style.COLOURS):
        raise ValueError(f"`{hue}` has more than {len(style.COLOURS)} values.")


def _moments(part: DataArray) -> tuple[np.ndarray, np.ndarray | None]:
    """Mean over seeds and replicas, and its standard error over seeds."""
    if "replica" in part.dims:
        part = part.mean("replica")
    if "seed" not in part.dims:
        return part.squeeze().values, None
    count = part.notnull().sum("seed")
    error = part.std("seed", ddof=1) / np.sqrt(count)
    return part.mean("seed").squeeze().values, error.squeeze().values


def _abscissa(part: DataArray, x: str) -> np.ndarray:
    return part[x].values if x in part.coords else np.arange(part.sizes[x])
