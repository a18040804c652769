"""Lanes that measure moments and residuals of small networks.

The network enters as dense weights (`derive` of a sweep).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ..sweep import simulator
from . import clusters
from .binning import bin_events
from .recursion import simulate_inar
from .residuals import compensated_gaps, filtered_residual

PAIRWISE = ("lag0", "lag1", "lag2", "clipped_lag1", "gram", "cross")


@simulator(outputs={"mean_count": (), "overflow": ()}, tile=64)
def mean_count(
    key: Key[Array, ""],
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    beta: Float[Array, ""],
    T: Float[Array, ""],
    burn_in: Float[Array, ""],
    *,
    stages: clusters.Stages,
) -> dict[str, Array]:
    """Events per node on [0, T), averaged over nodes (HK-1).

    Args:
        key: Random key.
        mu: Baseline rates.
        weights: Weights `[child, parent]`, column sums below 1.
        beta: Decay of the kernel.
        T: Observation time.
        burn_in: Time simulated before 0; 0 starts from an empty past.
        stages: From `plan_stages`, for the largest window.

    Returns:
        `mean_count` and `overflow`.
    """
    table = clusters.dense_table(weights)
    events = clusters.simulate_clusters(key, table, mu, beta, T, burn_in, stages=stages)
    number = jnp.isfinite(events.times).sum().astype(mu.dtype)
    return {"mean_count": number / mu.shape[0], "overflow": events.overflow}


@simulator(
    outputs=dict.fromkeys(PAIRWISE, ("child", "parent"))
    | dict.fromkeys(("mean_count", "mean_clipped", "mean_state", "total"), ("node",))
    | {"overflow": ()},
    tile=16,
)
def binned_moments(
    key: Key[Array, ""],
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    beta: Float[Array, ""],
    bin_width: Float[Array, ""],
    T: Float[Array, ""],
    burn_in: Float[Array, ""],
    clip: Float[Array, ""],
    delay_shape: Float[Array, ""],
    *,
    num_bins: int,
    stages: clusters.Stages,
) -> dict[str, Array]:
    r"""Raw second moments of counts, clipped counts and states over bins (HK-2 … 7).

    All are means over the bins (pairs of bins) of the window: products, not yet
    covariances, so that means over rows stay unbiased; subtract products of the known
    means. Bins beyond T are empty and do not count.

    Args:
        key: Random key.
        mu: Baseline rates.
        weights: Weights `[child, parent]`, column sums below 1.
        beta: Decay of the kernel.
        bin_width: Width of the bins.
        T: Observation time, a multiple of `bin_width`.
        burn_in: Time simulated before 0.
        clip: Largest clipped count.
        delay_shape: 1, or 2 for Gamma delays (a wrong kernel).
        num_bins: Bins that fit.
        stages: From `plan_stages`, for the largest window.

    Returns:
        `lag0`, `lag1`, `lag2` (rows: later bin), `clipped_lag1`, `gram` and `cross` of
        the states at bin starts, means, total counts and `overflow`.
    """
    table = clusters.dense_table(weights)
    events = clusters.simulate_clusters(
        key, table, mu, beta, T, burn_in, stages=stages, delay_shape=delay_shape
    )
    binned = bin_events(
        events.times,
        events.nodes,
        beta,
        bin_width,
        num_nodes=mu.shape[0],
        num_bins=num_bins,
    )
    bins = jnp.round(T / bin_width)
    counts = binned.counts
    used = (jnp.arange(num_bins, dtype=mu.dtype) < bins).astype(mu.dtype)
    states = binned.states * used[:, None]
    clipped = jnp.minimum(counts, clip)
    return {
        "lag0": _mean_products(counts, counts, bins),
        "lag1": _mean_products(counts[1:], counts[:-1], bins - 1),
        "lag2": _mean_products(counts[2:], counts[:-2], bins - 2),
        "clipped_lag1": _mean_products(clipped[1:], clipped[:-1], bins - 1),
        "gram": _mean_products(states, states, bins),
        "cross": _mean_products(counts, states, bins),
        "mean_count": counts.sum(axis=0) / bins,
        "mean_clipped": clipped.sum(axis=0) / bins,
        "mean_state": states.sum(axis=0) / bins,
        "total": counts.sum(axis=0),
        "overflow": events.overflow,
    }


@simulator(
    outputs=dict.fromkeys(("lag0", "lag1"), ("child", "parent"))
    | {"mean_count": ("node",)},
    tile=64,
)
def inar_moments(
    key: Key[Array, ""],
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    beta: Float[Array, ""],
    bin_width: Float[Array, ""],
    *,
    num_bins: int,
    burn_in_bins: int,
) -> dict[str, Array]:
    """Raw second moments of the binned approximation (HK-14).

    Args:
        key: Random key.
        mu: Baseline rates.
        weights: Weights `[child, parent]`.
        beta: Decay of the kernel.
        bin_width: Width of the bins.
        num_bins: Bins used.
        burn_in_bins: Bins simulated before them.

    Returns:
        Mean products of counts, `lag0` and `lag1` (rows: later bin), and `mean_count`.
    """
    counts = simulate_inar(
        key, mu, weights, beta, bin_width, num_bins=num_bins, burn_in_bins=burn_in_bins
    )
    bins = jnp.asarray(num_bins, mu.dtype)
    return {
        "lag0": _mean_products(counts, counts, bins),
        "lag1": _mean_products(counts[1:], counts[:-1], bins - 1),
        "mean_count": counts.mean(axis=0),
    }


@simulator(
    outputs={"gaps": ("event",), "counted": ("event",), "residual": (), "overflow": ()},
    tile=16,
)
def rescaled_gaps(
    key: Key[Array, ""],
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    beta: Float[Array, ""],
    T: Float[Array, ""],
    closing: Float[Array, ""],
    model_mu: Float[Array, " d"],
    model_weights: Float[Array, "d d"],
    delay_shape: Float[Array, ""],
    *,
    stages: clusters.Stages,
    num_events: int,
) -> dict[str, Array]:
    """Compensated gaps and filtered residual under a model of the events (HK-4).

    The past is empty at 0. `overflow` also says that the path has more than
    `num_events` events.

    Args:
        key: Random key.
        mu: Baseline rates of the events.
        weights: Weights of the events.
        beta: Decay of the kernel.
        T: End of the window in which gaps start.
        closing: Time simulated beyond T, to close the last gaps.
        model_mu: Baseline rates of the model.
        model_weights: Weights of the model; the residual sums over the true edges.
        delay_shape: 1, or 2 for Gamma delays (a wrong kernel).
        stages: From `plan_stages`, for `T + closing`.
        num_events: Events that fit.

    Returns:
        `gaps` and `counted` (it starts before T) per event, `residual`, `overflow`.
    """
    table = clusters.dense_table(weights)
    start = jnp.zeros((), mu.dtype)
    events = clusters.simulate_clusters(
        key,
        table,
        mu,
        beta,
        T + closing,
        start,
        stages=stages,
        delay_shape=delay_shape,
    )
    order = jnp.argsort(events.times)[:num_events]
    times, nodes = events.times[order], events.nodes[order]
    number = jnp.isfinite(events.times).sum()
    model = (model_mu, model_weights, beta, T)
    gaps, counted = compensated_gaps(times, nodes, *model, num_nodes=mu.shape[0])
    residual = filtered_residual(
        times, nodes, *model, weights > 0, num_nodes=mu.shape[0]
    )
    overflow = events.overflow | (number > num_events)
    return {
        "gaps": gaps,
        "counted": counted,
        "residual": residual,
        "overflow": overflow,
    }


def _mean_products(
    later: Float[Array, "n d"], earlier: Float[Array, "n d"], number: Float[Array, ""]
) -> Float[Array, "d d"]:
    exact = jax.lax.Precision.HIGHEST
    return jnp.matmul(later.T, earlier, precision=exact) / number
