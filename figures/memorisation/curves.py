"""Means with errors, and theory curves, on the axes of the figures."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
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


def curve(function: Callable[..., Any], *arguments: Any) -> np.ndarray:
    """A theory function of scalars along arrays that broadcast."""
    arrays = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in arguments))
    with jax.enable_x64(True):
        batched = jax.jit(jax.vmap(function))
        found = np.asarray(batched(*(a.ravel() for a in arrays)))
    return found.reshape(arrays[0].shape)


def along_samples(
    function: Callable[..., Any],
    variances: np.ndarray,
    counts: np.ndarray,
    num_samples: np.ndarray,
    *,
    corrected: bool = False,
) -> np.ndarray:
    """A theory function of (variances, counts, num_samples) along the last."""
    with jax.enable_x64(True):
        return np.asarray(
            _batched(function, corrected)(variances, counts, np.asarray(num_samples))
        )


@functools.cache
def _batched(function, corrected):
    """One program per function, shared by all spectra of a shape."""
    chosen = functools.partial(function, corrected=True) if corrected else function
    return jax.jit(jax.vmap(chosen, in_axes=(None, None, 0)))
