"""Means with errors, and theory curves, on the axes of the figures."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axis import Axis
from xarray import DataArray

LOADS = (0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
SPIKE_LOADS = (*LOADS, 8.0, 16.0)  # the sampler of single models has no bound
SPIKES = (0.5, 1.5, 3.0)


def mean(array: DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over seeds and its standard error, one per cell in the order of the grid."""
    values = array.transpose("seed", ...).values
    values = values.reshape(len(values), -1).astype(np.float64)
    error = values.std(0, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return values.mean(0), np.broadcast_to(error, values.shape[1:])


def plain_ticks(axis: Axis, values: Sequence[float]) -> None:
    """Ticks at the given values of a logarithmic axis, written as plain numbers."""
    axis.set_ticks(list(values), [f"{value:g}" for value in values])
    axis.set_ticks([], minor=True)


def along_samples(
    function: Callable[..., Any],
    variances: np.ndarray,
    counts: np.ndarray,
    num_samples: np.ndarray,
    **options: Any,
) -> np.ndarray:
    """A theory function of (variances, counts, num_samples) along the last.

    Point by point: the programs are those that the claims have compiled already.
    """
    return np.array(
        [float(function(variances, counts, n, **options)) for n in num_samples]
    )
