"""Theory on grids, and rows as means with standard errors."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from xarray import DataArray

TURN = -np.pi / 2


def on_grid(function: Callable[[Any], Any], grid: np.ndarray) -> Any:
    """A theory function of one number on a grid, in double precision.

    Returns:
        An array, or what the function returns with arrays in its leaves.
    """
    with jax.enable_x64(True):
        found = jax.vmap(function)(jnp.asarray(grid, jnp.float64))
        return jax.tree.map(np.asarray, found)


def mean_and_error(array: DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over seeds (and replicas) and its standard error, flattened."""
    if "replica" in array.dims:
        array = array.mean("replica")
    values = array.transpose("seed", ...).values.reshape(array.sizes["seed"], -1)
    values = values.astype(float)
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return np.asarray(values.mean(axis=0)), np.asarray(error)


def lanes_of(array: DataArray) -> np.ndarray:
    """All runs of one cell, sorted."""
    return np.sort(np.asarray(array.values, dtype=float).ravel())


def ecdf(runs: np.ndarray, points: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Empirical distribution function at a few of its steps, with standard errors."""
    picked = np.linspace(0, len(runs) - 1, points).astype(int)
    share = (picked + 1) / len(runs)
    return runs[picked], share, np.sqrt(share * (1 - share) / len(runs))


def median_and_error(runs: np.ndarray) -> tuple[float, float]:
    """Median of sorted runs; its error from the runs one binomial deviation away."""
    away = 0.5 * len(runs) ** 0.5
    places = np.clip(len(runs) / 2 + np.array([-away, away]), 0, len(runs) - 1)
    low, high = runs[places.astype(int)]
    return float(np.median(runs)), float(high - low) / 2
