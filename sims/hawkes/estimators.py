r"""Recovering the network: screening, refinement and their rivals, from the same sums.

All estimators read `RecoveryStats`, sums over the first $k$ of equal chunks of time, so
that one simulation gives the success curve at several observation times.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from .binning import Binned

EXACT = jax.lax.Precision.HIGHEST
RIDGE = 1e-6
LASSO_STEPS, POWER_STEPS = 300, 30
LASSO_CHANGE = 1e-6  # no weight moves by more: the iteration has converged


class RecoveryStats(NamedTuple):
    """Sums over the bins of an observation window.

    Attributes:
        gram: Products of states, centred by their known means.
        cross: Products of counts (child) and states (parent) of the same bin.
        state_sum: Sum of the centred states.
        count_sum: Sum of the counts.
        lagged: Products of clipped counts of consecutive screening bins.
        later_sum: Sum of the clipped counts over the later bins of the pairs.
        earlier_sum: The same over the earlier bins.
        num_bins: Number of bins.
        num_pairs: Number of pairs of screening bins.
    """

    gram: Float[Array, "*k d d"]
    cross: Float[Array, "*k d d"]
    state_sum: Float[Array, "*k d"]
    count_sum: Float[Array, "*k d"]
    lagged: Float[Array, "*k d d"]
    later_sum: Float[Array, "*k d"]
    earlier_sum: Float[Array, "*k d"]
    num_bins: Float[Array, "*k"]
    num_pairs: Float[Array, "*k"]


def recovery_stats(
    binned: Binned,
    rates: Float[Array, " d"],
    *,
    num_chunks: int,
    merge: int,
    clip: Float[Array, ""],
) -> RecoveryStats:
    """Cumulative sums over equal chunks of time.

    Args:
        binned: Counts and states; the number of bins is a multiple of
            `num_chunks * merge`.
        rates: Centres of the states, to save digits; removed exactly later.
        num_chunks: K, number of observation times.
        merge: Bins merged for screening; pairs do not straddle chunks.
        clip: Largest count of a screening bin; inf for none.

    Returns:
        Sums with leading axis `num_chunks`: entry k covers the chunks up to k.

    Raises:
        ValueError: If the bins do not divide.
    """
    n, d = binned.counts.shape
    if n % (num_chunks * merge):
        raise ValueError(
            f"`num_bins` must be a multiple of {num_chunks * merge}. Got {n}."
        )
    counts = binned.counts.reshape(num_chunks, -1, d)
    states = binned.states.reshape(num_chunks, -1, d) - rates[None, None, :]
    chunks = jax.vmap(lambda *part: chunk_stats(*part, merge=merge, clip=clip))(
        counts, states
    )
    return jax.tree.map(lambda part: jnp.cumsum(part, axis=0), chunks)


def chunk_stats(
    counts: Float[Array, "n d"],
    states: Float[Array, "n d"],
    *,
    merge: int,
    clip: Float[Array, ""],
) -> RecoveryStats:
    """Sums over one chunk of time; those of several chunks add up.

    Args:
        counts: Events per bin and node; the number of bins is a multiple of `merge`.
        states: States at bin starts, centred by their known means.
        merge: Bins merged for screening.
        clip: Largest count of a screening bin.

    Returns:
        Sums without a leading axis.
    """
    n, d = counts.shape
    screened = jnp.minimum(counts.reshape(-1, merge, d).sum(axis=1), clip)
    later, earlier = screened[1:], screened[:-1]
    return RecoveryStats(
        _product(states, states),
        _product(counts, states),
        states.sum(axis=0),
        counts.sum(axis=0),
        _product(later, earlier),
        later.sum(axis=0),
        earlier.sum(axis=0),
        jnp.asarray(n, counts.dtype),
        jnp.asarray(later.shape[0], counts.dtype),
    )


def screen_scores(stats: RecoveryStats, *, screen: str) -> Float[Array, "d d"]:
    """Scores of all ordered pairs `[child, parent]`, -inf on the diagonal.

    Args:
        stats: Sums of one window.
        screen: `lag1`: covariance of clipped counts in consecutive screening bins;
            `filtered`: covariance of the count with the state at the start of its bin.

    Returns:
        Covariances.

    Raises:
        ValueError: If `screen` is unknown.
    """
    if screen == "lag1":
        means = _outer(stats.later_sum, stats.earlier_sum) / stats.num_pairs
        scores = (stats.lagged - means) / stats.num_pairs
    elif screen == "filtered":
        scores = _cross_covariance(stats)
    else:
        raise ValueError(f"`screen` must be 'lag1' or 'filtered'. Got {screen!r}.")
    return jnp.where(jnp.eye(scores.shape[0], dtype=bool), -jnp.inf, scores)


def two_stage(
    stats: RecoveryStats,
    beta: Float[Array, ""],
    bin_width: Float[Array, ""],
    *,
    num_candidates: int,
    screen: str,
) -> Float[Array, "d d"]:
    """Weights from screening and least squares on the candidates that it keeps.

    Args:
        stats: Sums of one window.
        beta: Decay of the kernel.
        bin_width: Width of the bins.
        num_candidates: m, in 1…d-1.
        screen: As in `screen_scores`.

    Returns:
        Weights `[child, parent]`, zero outside the candidates.

    Raises:
        ValueError: If `num_candidates` is out of range or `screen` unknown.
    """
    d = stats.gram.shape[-1]
    if not 1 <= num_candidates <= d - 1:
        raise ValueError(
            f"`num_candidates` must lie in 1…{d - 1}. Got {num_candidates}."
        )
    scores = screen_scores(stats, screen=screen)
    _, candidates = jax.lax.top_k(scores, num_candidates)
    gram, cross = _state_covariance(stats), _cross_covariance(stats)
    sub = gram[candidates[:, :, None], candidates[:, None, :]]
    ridge = RIDGE * jnp.trace(gram) / d * jnp.eye(num_candidates, dtype=gram.dtype)
    sub = sub + ridge[None]
    right = jnp.take_along_axis(cross, candidates, axis=1)
    fitted = _solve_positive(sub, right) / _unit(beta, bin_width)
    rows = jnp.arange(d)[:, None]
    return jnp.zeros_like(cross).at[rows, candidates].set(fitted)


def full_least_squares(
    stats: RecoveryStats, beta: Float[Array, ""], bin_width: Float[Array, ""]
) -> Float[Array, "d d"]:
    """Weights from least squares on all nodes, the node itself included.

    Args:
        stats: Sums of one window.
        beta: Decay of the kernel.
        bin_width: Width of the bins.

    Returns:
        Weights `[child, parent]`; not finite if the window is too short.
    """
    gram, cross = _state_covariance(stats), _cross_covariance(stats)
    d = gram.shape[0]
    gram = gram + RIDGE * jnp.trace(gram) / d * jnp.eye(d, dtype=gram.dtype)
    factor = jax.scipy.linalg.cho_factor(gram, lower=True)
    return jax.scipy.linalg.cho_solve(factor, cross.T).T / _unit(beta, bin_width)


def lasso(
    stats: RecoveryStats,
    beta: Float[Array, ""],
    bin_width: Float[Array, ""],
    penalty: Float[Array, ""],
) -> Float[Array, "d d"]:
    r"""Weights from least squares with a penalty on absolute values, by FISTA.

    Row i minimises $v^\top G v/2 - b^\top v + \sum_j p_{ij} |v_j|$ with
    $p_{ij} = c\,\delta \sqrt{\hat\Lambda_i G_{jj} \log d / T}$; the self coefficient is
    fixed to zero.

    Args:
        stats: Sums of one window.
        beta: Decay of the kernel.
        bin_width: Width of the bins.
        penalty: c.

    Returns:
        Weights `[child, parent]`, shrunk: threshold them below half an edge.
    """
    gram, cross = _state_covariance(stats), _cross_covariance(stats)
    d = gram.shape[0]
    time = stats.num_bins * bin_width
    rates = stats.count_sum / time
    level = penalty * bin_width * jnp.sqrt(jnp.log(float(d)) / time)
    cost = level * jnp.sqrt(_outer(rates, jnp.diag(gram)))
    cost = jnp.where(jnp.eye(d, dtype=bool), jnp.inf, cost)
    step, unit = 1 / (1.05 * _largest_eigenvalue(gram)), _unit(beta, bin_width)

    def moves(carry):
        number, change, *_ = carry
        return (number < LASSO_STEPS) & (change > LASSO_CHANGE * unit)

    def move(carry):
        number, _, weights, ahead, momentum = carry
        slope = jnp.matmul(ahead, gram, precision=EXACT) - cross
        target = ahead - step * slope
        shrunk = jnp.maximum(jnp.abs(target) - step * cost, 0) * jnp.sign(target)
        faster = (1 + jnp.sqrt(1 + 4 * momentum**2)) / 2
        ahead = shrunk + (momentum - 1) / faster * (shrunk - weights)
        change = jnp.max(jnp.abs(shrunk - weights))
        return number + 1, change, shrunk, ahead, faster

    zeros, one = jnp.zeros_like(gram), jnp.ones((), gram.dtype)
    start = (jnp.zeros((), jnp.int32), jnp.inf * one, zeros, zeros, one)
    return jax.lax.while_loop(moves, move, start)[2] / unit


def poisson_mle(
    binned: Binned,
    beta: Float[Array, ""],
    bin_width: Float[Array, ""],
    *,
    num_steps: int,
    seen: Float[Array, " n"] | None = None,
) -> tuple[Float[Array, " d"], Float[Array, "d d"]]:
    r"""Baselines and weights that maximise the binned Poisson likelihood.

    Multiplicative updates $\theta \leftarrow \theta\,
    \frac{(Y/\lambda)^\top F}{\sum F}$ with $\lambda = F\theta^\top$ and features
    $F = [\delta, \frac{1 - e^{-y}}{\beta} X]$; parameters stay positive.

    Args:
        binned: Counts and states.
        beta: Decay of the kernel.
        bin_width: Width of the bins.
        num_steps: Updates; 300 are enough for the support.
        seen: 1 for the bins that count, 0 for the others; all by default.

    Returns:
        `(baseline, weights)`.
    """
    n, d = binned.counts.shape
    used = jnp.ones((n, 1), binned.counts.dtype) if seen is None else seen[:, None]
    counts, states = used * binned.counts, used * binned.states
    constant = used * bin_width
    features = jnp.concatenate([constant, _unit(beta, bin_width) * states], axis=1)
    total = jnp.maximum(features.sum(axis=0), jnp.finfo(counts.dtype).tiny)
    rates = counts.sum(axis=0) / (used.sum() * bin_width)
    start = jnp.concatenate([rates[:, None] / 2, jnp.full((d, d), 0.5 / d)], axis=1)

    def update(_, theta):
        mean = jnp.matmul(features, theta.T, precision=EXACT)
        ratio = counts / jnp.maximum(mean, jnp.finfo(counts.dtype).tiny)
        return theta * jnp.matmul(ratio.T, features, precision=EXACT) / total[None, :]

    theta = jax.lax.fori_loop(0, num_steps, update, start.astype(counts.dtype))
    return theta[:, 0], theta[:, 1:]


def margins(
    estimate: Float[Array, "d d"], adjacency: Bool[Array, "d d"]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """The smallest entry on an edge and the largest off the edges.

    A threshold between the two recovers the network exactly. The diagonal does not
    count.

    Args:
        estimate: Weights or scores `[child, parent]`.
        adjacency: The true edges.

    Returns:
        `(margin_edge, margin_null)`; (-inf, +inf) if the estimate is not finite.
    """
    d = estimate.shape[0]
    off = ~jnp.eye(d, dtype=bool)
    finite = jnp.all(jnp.isfinite(estimate) | ~off)
    edge = jnp.min(jnp.where(adjacency & off, estimate, jnp.inf))
    null = jnp.max(jnp.where(~adjacency & off, estimate, -jnp.inf))
    return jnp.where(finite, edge, -jnp.inf), jnp.where(finite, null, jnp.inf)


def _product(
    left: Float[Array, "n d"], right: Float[Array, "n d"]
) -> Float[Array, "d d"]:
    return jnp.matmul(left.T, right, precision=EXACT)


def _outer(left: Float[Array, " d"], right: Float[Array, " d"]) -> Float[Array, "d d"]:
    return left[:, None] * right[None, :]


def _state_covariance(stats: RecoveryStats) -> Float[Array, "d d"]:
    mean = _outer(stats.state_sum, stats.state_sum) / stats.num_bins
    return (stats.gram - mean) / stats.num_bins


def _cross_covariance(stats: RecoveryStats) -> Float[Array, "d d"]:
    mean = _outer(stats.count_sum, stats.state_sum) / stats.num_bins
    return (stats.cross - mean) / stats.num_bins


def _unit(beta: Float[Array, ""], bin_width: Float[Array, ""]) -> Float[Array, ""]:
    """The factor that turns binned coefficients into weights."""
    return -jnp.expm1(-beta * bin_width) / beta


def _largest_eigenvalue(gram: Float[Array, "d d"]) -> Float[Array, ""]:
    def power(_, vector):
        vector = jnp.matmul(gram, vector, precision=EXACT)
        return vector / jnp.linalg.norm(vector)

    start = jnp.ones(gram.shape[0], gram.dtype)
    vector = jax.lax.fori_loop(0, POWER_STEPS, power, start)
    return jnp.linalg.norm(jnp.matmul(gram, vector, precision=EXACT))


def _solve_positive(
    matrices: Float[Array, "d m m"], right: Float[Array, "d m"]
) -> Float[Array, "d m"]:
    """Solve many small positive definite systems by Gauss and Jordan, no library call.

    Batched Cholesky calls on a small pool of threads can hang (design.md §9), and are
    slower at this size.
    """
    augmented = jnp.concatenate([matrices, right[:, :, None]], axis=2)

    def eliminate(k, augmented):
        row = augmented[:, k] / augmented[:, k, k][:, None]
        column = augmented[:, :, k].at[:, k].set(0)
        return (augmented - column[:, :, None] * row[:, None, :]).at[:, k].set(row)

    solved = jax.lax.fori_loop(0, matrices.shape[1], eliminate, augmented)
    return solved[:, :, -1]
