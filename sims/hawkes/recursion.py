"""Exact simulation event by event, for any stationary network."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from .clusters import Events


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
    num_nodes = mu.shape[0]
    shares = jnp.cumsum(mu)

    def step(carry, index):
        time, excited = carry
        draws = jax.random.uniform(jax.random.fold_in(key, index), (3,), mu.dtype)
        total = excited.sum()
        fresh = -jnp.log1p(-draws[0]) / shares[-1]
        inner = 1 + beta * jnp.log1p(-draws[1]) / jnp.where(total > 0, total, 1)
        inner = jnp.where(total > 0, inner, 0)
        caused = jnp.where(
            inner > 0, -jnp.log(jnp.where(inner > 0, inner, 1)) / beta, jnp.inf
        )
        wait = jnp.minimum(fresh, caused)
        excited = excited * jnp.exp(-beta * wait)
        levels = jnp.where(fresh <= caused, shares, jnp.cumsum(excited))
        node = jnp.searchsorted(levels, draws[2] * levels[-1], side="right")
        node = jnp.minimum(node, num_nodes - 1).astype(jnp.int32)
        time = time + wait
        return (time, excited + beta * weights[:, node]), (time, node)

    start = (-burn_in, jnp.zeros_like(mu))
    _, (times, nodes) = jax.lax.scan(step, start, jnp.arange(num_steps))
    inside = (times >= 0) & (times < T)
    return Events(jnp.where(inside, times, jnp.inf), nodes, times[-1] < T)


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
        Counts per bin and node.
    """
    decay = jnp.exp(-beta * bin_width)
    gain = -jnp.expm1(-beta * bin_width) / bin_width

    def step(state, index):
        mean = bin_width * (mu + weights @ state)
        counts = jax.random.poisson(jax.random.fold_in(key, index), mean)
        counts = counts.astype(mu.dtype)
        return decay * state + gain * counts, counts

    _, counts = jax.lax.scan(
        step, jnp.zeros_like(mu), jnp.arange(burn_in_bins + num_bins)
    )
    return counts[burn_in_bins:]
