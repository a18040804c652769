"""Lanes that try to recover the network: all estimators on the same events."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int, Key

from ..sweep import simulator
from . import clusters, graphs
from .binning import Binned, bin_events
from .estimators import (
    RecoveryStats,
    chunk_stats,
    full_least_squares,
    lasso,
    margins,
    poisson_mle,
    recovery_stats,
    screen_scores,
    two_stage,
)
from .fit import fit

BURN_IN = 12.0  # over beta (1 - rho): relative rate deficit 6e-6
ESTIMATORS = (
    "filtered", "lag1", "full", "screen_filtered", "screen_lag1", "lasso", "mle"
)  # fmt: skip
LASSO_PENALTY, MLE_STEPS = 1.0, 300
Unit = tuple[Float[Array, ""], Float[Array, ""]]  # beta, width of the bins
# rate, edge weight, offsets, number of nodes
Network = tuple[Float[Array, ""], Float[Array, ""], tuple[int, ...], int]


def _check_recovery(
    num_nodes: int,
    offsets: tuple[int, ...],
    estimators: tuple[str, ...],
    edge_weight: float,
    rate: float,
    beta: float,
    y: float,
    clip: float,
    num_candidates: int,
    num_bins: int,
    num_chunks: int,
    merge: int,
) -> str | None:
    """What is wrong with a cell of `recovery`, if anything."""
    degree, ratio = len(offsets), len(offsets) * edge_weight
    in_range = all(0 < offset < num_nodes for offset in offsets)
    unknown = [name for name in estimators if name not in ESTIMATORS]
    problems = {
        "`num_nodes` must be at least 2": num_nodes < 2,
        f"`offsets` {offsets} must be distinct and in 1…d-1": not in_range
        or not 0 < len(set(offsets)) == degree,
        f"`estimators` {unknown} are unknown": unknown,
        "`edge_weight`, `rate`, `beta`, `y` must be positive": not min(
            edge_weight, rate, beta, y
        )
        > 0,
        f"`edge_weight` times degree must be below 1, not {ratio}": not ratio < 1,
        f"`clip` must be at least 1, not {clip}": not clip >= 1,
        f"`num_candidates` must lie in {degree}…{num_nodes - 1}": not degree
        <= num_candidates
        < num_nodes,
        f"`num_bins` must be a multiple of {num_chunks * merge}": num_bins
        % (num_chunks * merge),
    }
    return "; ".join(text for text, wrong in problems.items() if wrong) or None


@simulator(
    outputs={
        "margin_edge": ("estimator", "chunk"),
        "margin_null": ("estimator", "chunk"),
        "mean_rate": (),
        "num_events": (),
        "overflow": (),
    },
    check=_check_recovery,
    tile=8,
)
def recovery(
    key: Key[Array, ""],
    edge_weight: Float[Array, ""],
    rate: Float[Array, ""],
    beta: Float[Array, ""],
    y: Float[Array, ""],
    clip: Float[Array, ""],
    *,
    num_nodes: int,
    offsets: tuple[int, ...],
    num_bins: int,
    num_chunks: int,
    merge: int,
    num_candidates: int,
    estimators: tuple[str, ...],
    stages: clusters.Stages,
) -> dict[str, Array]:
    """Margins of the estimators on the same events, at several observation times.

    One random relabelling of the regular ensemble per seed; entry k of a margin is for
    the observation time `(k + 1) num_bins y / (num_chunks beta)`. A threshold between
    `margin_null` and `margin_edge` recovers the network exactly.

    Args:
        key: Random key.
        edge_weight: Common weight of the edges.
        rate: Common stationary rate.
        beta: Decay of the kernel.
        y: Width of a bin, in units of 1/beta.
        clip: Largest count of a screening bin.
        num_nodes: d.
        offsets: Of the regular ensemble.
        num_bins: Bins of the longest observation.
        num_chunks: Number of observation times.
        merge: Bins merged for screening.
        num_candidates: Candidates kept per node.
        estimators: Any of `ESTIMATORS`.
        stages: From `plan_stages`, for the largest cell of the sweep.

    Returns:
        `margin_edge` and `margin_null` per estimator and time, `mean_rate`,
        `num_events`, `overflow`.
    """
    unit, network = (beta, y / beta), (rate, edge_weight, offsets, num_nodes)
    binned, adjacency, overflow = _watched(key, network, unit, num_bins, stages)
    edge, null = _margins_by_time(
        binned, rate, adjacency, num_chunks=num_chunks, merge=merge, clip=clip,
        num_candidates=num_candidates, estimators=estimators, unit=unit,
    )  # fmt: skip
    number = binned.counts.sum()
    return {
        "margin_edge": edge,
        "margin_null": null,
        "mean_rate": number / (num_nodes * num_bins * unit[1]),
        "num_events": number,
        "overflow": overflow,
    }


@simulator(outputs={"edge_mean": (), "null_sd": (), "overflow": ()}, tile=2)
def screening_score(
    key: Key[Array, ""],
    edge_weight: Float[Array, ""],
    rate: Float[Array, ""],
    beta: Float[Array, ""],
    y: Float[Array, ""],
    clip: Float[Array, ""],
    *,
    num_nodes: int,
    num_bins: int,
    stages: clusters.Stages,
) -> dict[str, Array]:
    """Lag-one covariances on a relabelled ring, on the edges and off them (HK-8).

    Args:
        key: Random key.
        edge_weight: Weight of the edges.
        rate: Common stationary rate.
        beta: Decay of the kernel.
        y: Width of a bin, in units of 1/beta.
        clip: Largest count of a bin; inf for none.
        num_nodes: d.
        num_bins: Bins of the observation.
        stages: From `plan_stages`.

    Returns:
        `edge_mean`, the mean score of the edges, `null_sd`, the standard deviation of
        the others, and `overflow`.
    """
    unit, network = (beta, y / beta), (rate, edge_weight, (1,), num_nodes)
    binned, adjacency, overflow = _watched(key, network, unit, num_bins, stages)
    rates = jnp.full(num_nodes, rate)
    stats = recovery_stats(binned, rates, num_chunks=1, merge=1, clip=clip)
    scores = screen_scores(jax.tree.map(lambda part: part[0], stats), screen="lag1")
    off = ~(adjacency | jnp.eye(num_nodes, dtype=bool))
    return {
        "edge_mean": jnp.mean(scores, where=adjacency),
        "null_sd": jnp.std(scores, where=off),
        "overflow": overflow,
    }


@simulator(
    outputs=dict.fromkeys(("weights", "z", "truth"), ("child", "parent"))
    | {"num_events": (), "overflow": ()},
    tile=16,
)
def fit_outcome(
    key: Key[Array, ""],
    edge_weight: Float[Array, ""],
    rate: Float[Array, ""],
    beta: Float[Array, ""],
    T: Float[Array, ""],
    *,
    num_nodes: int,
    num_candidates: int,
    stages: clusters.Stages,
) -> dict[str, Array]:
    """What the host's `fit` makes of a relabelled ring (HK-F).

    Args:
        key: Random key.
        edge_weight: Weight of the edges.
        rate: Common stationary rate.
        beta: Decay of the kernel, known to the fit.
        T: Observation time.
        num_nodes: d.
        num_candidates: Candidates kept per node.
        stages: From `plan_stages`.

    Returns:
        `weights` of the fit, `z`: weights over their standard errors (0 off the
        candidates), `truth`: the edges, `num_events`, `overflow`.
    """
    network = rate, edge_weight, (1,), num_nodes
    events, adjacency = _stationary_path(key, network, beta, T, stages)
    weights, z = jax.pure_callback(
        functools.partial(_fit_path, num_nodes, num_candidates),
        jax.ShapeDtypeStruct((2, num_nodes, num_nodes), jnp.float32),
        events.times,
        events.nodes,
        beta,
        T,
        vmap_method="sequential",
    )
    return {
        "weights": weights,
        "z": z,
        "truth": adjacency,
        "num_events": jnp.isfinite(events.times).sum(),
        "overflow": events.overflow,
    }


def _fit_path(
    num_nodes: int,
    num_candidates: int,
    times: ArrayLike,
    nodes: ArrayLike,
    beta: ArrayLike,
    T: ArrayLike,
) -> np.ndarray:
    """The fit of one path on the host: weights, and weights over standard errors."""
    times_, nodes_ = np.asarray(times), np.asarray(nodes)
    used = np.argsort(times_)[: np.isfinite(times_).sum()]
    found = fit(
        times_[used],
        nodes_[used],
        np.asarray(T).item(),
        num_nodes=num_nodes,
        beta=np.asarray(beta).item(),
        num_candidates=num_candidates,
    )
    z = np.nan_to_num(found.weights / found.standard_errors)
    return np.stack([found.weights, z]).astype(np.float32)


def _stationary_path(
    key: Key[Array, ""],
    network: Network,
    beta: Float[Array, ""],
    T: Float[Array, ""],
    stages: clusters.Stages,
) -> tuple[clusters.Events, Bool[Array, "d d"]]:
    """A stationary path of a relabelled network of the regular ensemble; its edges."""
    rate, edge_weight, offsets, num_nodes = network
    key_graph, key_events = jax.random.split(key)
    parents = graphs.regular_graph(key_graph, offsets, num_nodes=num_nodes)
    adjacency = graphs.weight_matrix(parents, edge_weight) > 0
    children = jax.lax.top_k(adjacency.T.astype(edge_weight.dtype), len(offsets))[1]
    ratio = len(offsets) * edge_weight
    past = BURN_IN / (beta * (1 - ratio))
    events = clusters.simulate_regular(
        key_events, children, rate, ratio, beta, T, past, stages=stages
    )
    return events, adjacency


def _watched(
    key: Key[Array, ""],
    network: Network,
    unit: Unit,
    num_bins: int,
    stages: clusters.Stages,
) -> tuple[Binned, Bool[Array, "d d"], Bool[Array, ""]]:
    """A stationary path in bins, the edges, and the overflow."""
    beta, bin_width = unit
    T = num_bins * bin_width
    events, adjacency = _stationary_path(key, network, beta, T, stages)
    binned = bin_events(
        events.times, events.nodes, *unit, num_nodes=network[3], num_bins=num_bins
    )
    return binned, adjacency, events.overflow


def _margins_by_time(
    binned: Binned,
    rate: Float[Array, ""],
    adjacency: Bool[Array, "d d"],
    *,
    num_chunks: int,
    merge: int,
    clip: Float[Array, ""],
    num_candidates: int,
    estimators: tuple[str, ...],
    unit: Unit,
) -> tuple[Float[Array, "e k"], Float[Array, "e k"]]:
    """Margins of all estimators, one observation time after the other.

    Only the sums of one window are held: memory of order d^2, whatever the number of
    times.
    """
    d = adjacency.shape[0]
    counts = binned.counts.reshape(num_chunks, -1, d)
    states = binned.states.reshape(num_chunks, -1, d) - rate
    ends = counts.shape[1] * jnp.arange(1, num_chunks + 1)

    def step(stats, chunk):
        counts, states, end = chunk
        gained = chunk_stats(counts, states, merge=merge, clip=clip)
        stats = jax.tree.map(jnp.add, stats, gained)
        judged = [
            margins(
                _estimate(name, stats, binned, end, unit, num_candidates), adjacency
            )
            for name in estimators
        ]
        return stats, jax.tree.map(lambda *parts: jnp.stack(parts), *judged)

    sums = jax.eval_shape(
        functools.partial(chunk_stats, merge=merge, clip=clip), counts[0], states[0]
    )
    start = jax.tree.map(lambda part: jnp.zeros(part.shape, part.dtype), sums)
    edge, null = jax.lax.scan(step, start, (counts, states, ends))[1]
    return edge.T, null.T


def _estimate(
    name: str,
    stats: RecoveryStats,
    binned: Binned,
    end: Int[Array, ""],
    unit: Unit,
    num_candidates: int,
) -> Float[Array, "d d"]:
    """The estimate of one method from the bins before `end`."""
    if name == "mle":
        seen = (jnp.arange(binned.counts.shape[0]) < end).astype(binned.counts.dtype)
        return poisson_mle(binned, *unit, num_steps=MLE_STEPS, seen=seen)[1]
    if name == "full":
        return full_least_squares(stats, *unit)
    if name == "lasso":
        return lasso(stats, *unit, jnp.asarray(LASSO_PENALTY, stats.gram.dtype))
    if name.startswith("screen_"):
        return screen_scores(stats, screen=name.removeprefix("screen_"))
    return two_stage(stats, *unit, num_candidates=num_candidates, screen=name)
