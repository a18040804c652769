"""Exact simulation event by event, for any stationary network."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from ..draws import poisson
from .clusters import Events

UNROLL = 8
LARGEST_MEAN = 63  # of a bin


def simulate_recursion(
    key: Key[Array, ""],
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    beta: Float[Array, ""],
    T: Float[Array, ""],
    burn_in: Float[Array, ""],
    *,
    num_steps: int,
) -> Events:
    r"""Events on [0, T), sorted, by Dassios and Zhao's exact recursion.

    The next event is the first of a baseline event and of an excited one, whose waiting
    time solves $\frac{E}{\beta}(1 - e^{-\beta t}) = -\log U$ for the total excitation
    $E$ (none if there is no solution).

    Args:
        key: Random key.
        mu: Baseline rates.
        weights: Weights `[child, parent]`; column sums may exceed 1.
        beta: Decay of the kernel.
        T: Observation time.
        burn_in: Time simulated before 0.
        num_steps: Events that fit, burn-in included; 1.2 times the expected number.

    Returns:
        Sorted events; times outside [0, T) are +inf, `overflow` says that the last step
        did not reach T.
    """
    num_nodes, total = mu.shape[0], mu.sum()
    draws = jax.random.uniform(key, (3, num_steps), mu.dtype)
    fresh = -jnp.log1p(-draws[0]) / total
    own = jnp.searchsorted(jnp.cumsum(mu), draws[2] * total, side="right")
    columns = _blocked(beta * weights.T)
    depth = columns.shape[-1]

    def step(carry, draw):
        time, excited = carry
        fresh, faded, logs, share, own = draw
        blocks = excited.sum(axis=1)
        total = blocks.sum()
        inner = jnp.where(total > 0, 1 + logs / jnp.where(total > 0, total, 1), 0)
        caused = inner > faded
        wait = jnp.where(caused, -jnp.log(jnp.where(caused, inner, 1)) / beta, fresh)
        block, rest = _first_above(blocks, share * total)
        slot, _ = _first_above(excited[block], rest)
        node = jnp.where(caused, block * depth + slot, own)
        node = jnp.minimum(node, num_nodes - 1)
        time = time + wait
        excited = excited * jnp.maximum(inner, faded) + columns[node]
        return (time, excited), (time, node)

    start = (-burn_in, jnp.zeros_like(columns[0]))
    inputs = (
        fresh,
        jnp.exp(-beta * fresh),
        beta * jnp.log1p(-draws[1]),
        draws[2],
        own.astype(jnp.int32),
    )
    _, (times, nodes) = jax.lax.scan(step, start, inputs, unroll=UNROLL)
    inside = (times >= 0) & (times < T)
    return Events(jnp.where(inside, times, jnp.inf), nodes, times[-1] < T)


def _blocked(columns: Float[Array, "d d"]) -> Float[Array, "d b c"]:
    """Rows of d numbers as about sqrt(d) blocks, padded with zeros."""
    d = columns.shape[0]
    depth = math.isqrt(d - 1) + 1
    number = -(-d // depth)
    padded = jnp.pad(columns, ((0, 0), (0, number * depth - d)))
    return padded.reshape(d, number, depth)


def _first_above(
    parts: Float[Array, " n"], target: Float[Array, ""]
) -> tuple[Int[Array, ""], Float[Array, ""]]:
    """The part in which running sums pass the target, and what is left of it there.

    Sums over a triangle: a scan would be many small kernels in every step.
    """
    index = jnp.arange(parts.shape[0], dtype=jnp.int32)
    before = jnp.where(index[None, :] < index[:, None], parts[None, :], 0).sum(axis=1)
    found = jnp.max(jnp.where((before <= target) & (parts > 0), index, 0))
    return found, target - before[found]


def simulate_inar(
    key: Key[Array, ""],
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    beta: Float[Array, ""],
    bin_width: Float[Array, ""],
    *,
    num_bins: int,
    burn_in_bins: int,
) -> Float[Array, "num_bins d"]:
    r"""Counts of the binned (INAR) approximation: right means, biased covariances.

    $Y_k \sim \mathrm{Poisson}(\delta(\mu + W x_k))$,
    $x_{k+1} = a x_k + \frac{1-a}{\delta} Y_k$, $a = e^{-\beta\delta}$.

    Args:
        key: Random key.
        mu: Baseline rates.
        weights: Weights `[child, parent]`.
        beta: Decay of the kernel.
        bin_width: $\delta$.
        num_bins: Bins returned.
        burn_in_bins: Bins simulated before them, from an empty past.

    Returns:
        Counts per bin and node; NaN from a mean above 63 on.
    """
    decay = jnp.exp(-beta * bin_width)
    gain = -jnp.expm1(-beta * bin_width) / bin_width

    def step(state, index):
        mean = bin_width * (mu + weights @ state)
        drawn = poisson(jax.random.fold_in(key, index), mean, LARGEST_MEAN)
        counts = jnp.where(mean <= LARGEST_MEAN, drawn.astype(mu.dtype), jnp.nan)
        return decay * state + gain * counts, counts

    _, counts = jax.lax.scan(
        step, jnp.zeros_like(mu), jnp.arange(burn_in_bins + num_bins)
    )
    return counts[burn_in_bins:]
