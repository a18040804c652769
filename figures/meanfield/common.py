"""From stored rows to means with standard errors."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from xarray import DataArray, Dataset

OUTER = ("seed", "replica")


def clean(data: Any) -> Any:
    """A dataset or array without its axes of length one (seeds stay)."""
    single = [d for d, n in data.sizes.items() if n == 1 and d not in OUTER]
    return data.squeeze(single, drop=True)


def legend_below(axis: Axes, columns: int = 1) -> None:
    """The legend under the axis, where it covers no data."""
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.28), ncols=columns)


def moments(array: DataArray) -> tuple[DataArray, DataArray]:
    """Mean over seeds and replicas, and its standard error over seeds."""
    if "replica" in array.dims:
        array = array.mean("replica")
    error = array.std("seed", ddof=1) / np.sqrt(array.sizes["seed"])
    return array.mean("seed"), error


def times(data: Dataset, every: float, *, has_start: bool = False) -> np.ndarray:
    """Times of the checkpoints, `every` apart."""
    count = data.sizes["checkpoint"]
    return every * (np.arange(count) + (0 if has_start else 1))
