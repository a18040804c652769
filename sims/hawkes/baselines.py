"""The binned baselines of `fit`: lasso and maximum likelihood on a user's events."""

import jax
import jax.numpy as jnp
import numpy as np
from scipy import signal

from .binning import Binned
from .estimators import lasso, poisson_mle, recovery_stats

WIDTH = 0.1  # of the bins, in units of 1/beta
MLE_STEPS = 1_500


def fit_binned(
    times: np.ndarray, nodes: np.ndarray, T: float, d: int, beta: float, method: str
) -> np.ndarray:
    """Weights of a baseline from sorted events on [0, T].

    Args:
        times: Times of the events.
        nodes: Their nodes.
        T: Length of the observation.
        d: Number of nodes.
        beta: Decay of the kernel.
        method: `lasso` or `mle`.

    Returns:
        Weights `[child, parent]`.
    """
    width = WIDTH / beta
    num_bins = max(int(T / width), 2)
    place = (times / width).astype(np.int64)
    used = place < num_bins
    flat, age = place * d + nodes, (place + 1) * width - times
    shape = (num_bins, d)
    counts = np.bincount(flat[used], minlength=num_bins * d).reshape(shape)
    traces = np.bincount(
        flat[used], beta * np.exp(-beta * age[used]), num_bins * d
    ).reshape(shape)
    after = signal.lfilter([1.0], [1.0, -np.exp(-beta * width)], traces, axis=0)
    states = np.concatenate([np.zeros((1, d)), after[:-1]])
    with jax.enable_x64(True):
        counts_ = jnp.asarray(counts, jnp.float64)
        binned = Binned(counts_, jnp.asarray(states), jnp.asarray(after[-1]))
        unit = jnp.asarray(beta, jnp.float64), jnp.asarray(width, jnp.float64)
        return np.asarray(_weights(binned, unit, method))


def _weights(binned: Binned, unit: tuple[jax.Array, jax.Array], method: str):
    if method == "mle":
        return poisson_mle(binned, *unit, num_steps=MLE_STEPS)[1]
    rates = binned.states.mean(axis=0)
    clip = jnp.asarray(jnp.inf, jnp.float64)
    stats = recovery_stats(binned, rates, num_chunks=1, merge=1, clip=clip)
    one = jnp.asarray(1.0, jnp.float64)
    return lasso(jax.tree.map(lambda part: part[0], stats), *unit, one)
