r"""Concentration from the cluster representation, and a sufficient time for screening.

A Hawkes network is a function of a Poisson measure of clusters; the modified
logarithmic Sobolev inequality of that measure bounds the tails of every functional that
one cluster changes by at most a multiple of its events. Claims HK-6 and HK-15.
"""

import functools
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import optimize

from ..maths.precision import float64
from ._checks import fraction, members_mask, network, positive

ITERATIONS = 2_000
DIVERGED = 1e6
REFINEMENTS = 9
SLACK_GRID = np.geomspace(0.005, 0.9, 25)  # of eta over its largest value


@float64
def cluster_mgf(
    u: Float[Array, ""], weights: Float[Array, "d d"], members: Float[Array, " d"]
) -> Float[Array, " d"]:
    r"""Moment generating function of the events of a cluster at the nodes of a set $J$.

    The smallest solution of
    $f_m = \exp(u 1[m \in J] + \sum_k W_{km} (f_k - 1))$, iterated from 1.

    Args:
        u: Argument, of either sign.
        weights: Weights `[child, parent]`.
        members: Mask of $J$, entries 0 or 1.

    Returns:
        $\mathbb{E}_m e^{u S_J}$ for a cluster that starts at node $m$; $+\infty$
        everywhere if `u` is beyond the critical value.

    Raises:
        DomainError: If `weights` is not the matrix of a stationary network or `members`
            not a mask.

    Claim:
        HK-6, upper bound [derived].
    """
    mask, weights_ = _members(weights, members)
    return jnp.asarray(_cluster_mgf(np.array([float(u)]), weights_, mask)[0])


@float64
def cumulant_upper_bound(
    u: Float[Array, ""],
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    members: Float[Array, " d"],
) -> Float[Array, ""]:
    r"""The rate $\psi_J(u) = \sum_m \mu_m (f_m(u) - 1 - u g_m)$ of the cumulant bound.

    $g = (I - W^\top)^{-1} 1_J$ is the mean number of events in $J$ of a cluster. If one
    cluster changes $F$ by at most $a S_J$, then
    $\log \mathbb{E} e^{\pm\theta(F - \mathbb{E}F)} \le T \psi_J(a\theta)$.

    Args:
        u: Argument $a\theta \ge 0$.
        mu: Baseline rates.
        weights: Weights `[child, parent]`.
        members: Mask of $J$.

    Returns:
        $\psi_J(u)$, in 1/time.

    Raises:
        DomainError: As `cluster_mgf`.

    Claim:
        HK-6, upper bound [derived].
    """
    mu_, weights_ = network(mu, weights)
    mask = members_mask(members, len(mu_))
    return jnp.asarray(_cumulant(mu_, weights_, mask)(np.array([float(u)]))[0])


@float64
def concentration_rate(
    deviation: Float[Array, ""],
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    members: Float[Array, " d"],
    cost: Float[Array, ""],
) -> Float[Array, ""]:
    r"""The rate $I_J(t; a) = \sup_\theta [\theta t - \psi_J(a\theta)]$ of tails.

    $P(\pm(F - \mathbb{E}F) \ge tT) \le e^{-T I_J(t; a)}$.

    Args:
        deviation: $t > 0$, per unit time.
        mu: Baseline rates.
        weights: Weights `[child, parent]`.
        members: Mask of $J$.
        cost: $a > 0$, largest change of $F$ per event of a cluster in $J$.

    Returns:
        $I_J$, in 1/time.

    Raises:
        DomainError: As `cluster_mgf`, or if a scalar is not positive.

    Claim:
        HK-6, upper bound [derived].
    """
    (deviation_, cost_) = positive(deviation=deviation, cost=cost)
    mu_, weights_ = network(mu, weights)
    cumulant = _cumulant(mu_, weights_, members_mask(members, len(mu_)))
    return jnp.asarray(_legendre(cumulant, np.array([deviation_ / cost_]))[0])


@float64
def screening_time_upper_bound(
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    beta: Float[Array, ""],
    bin_width: Float[Array, ""],
    gap: Float[Array, ""],
    error: Float[Array, ""],
    num_nodes: Float[Array, ""],
    *,
    pair: tuple[int, int],
) -> Float[Array, ""]:
    r"""A time that suffices for screening alone to recover the whole network.

    With clip level 1 and $\eta \in (0, \sqrt{\Delta/2})$,
    $$P(\text{any error}) \le 2d^2 e^{-T I_{\mathrm{pair}}((\Delta/2 - \eta^2)/\delta)}
    + 2d\, e^{-T I_{\mathrm{one}}(\eta/\delta)};$$
    the smallest $T$ over a geometric grid of $\eta$ is returned.

    Args:
        mu: Baseline rates of a network with the local structure of the large one.
        weights: Its weights `[child, parent]`.
        beta: Decay of the kernel; only checked, since bins and rates set the bound.
        bin_width: $\delta$, width of the screening bins.
        gap: $\Delta > 0$, smallest edge minus largest non-edge clipped covariance.
        error: Admitted error probability, in (0, 1).
        num_nodes: $d$ of the union bound, a float as large as one likes.
        pair: The ordered pair of nodes with the smallest rate.

    Returns:
        $T$, in time.

    Raises:
        DomainError: As `concentration_rate`, or if a parameter is out of its range.

    Claim:
        HK-15, upper bound [derived].
    """
    _, delta, gap_ = positive(beta=beta, bin_width=bin_width, gap=gap)
    (error_,) = fraction(error=error)
    mu_, weights_ = network(mu, weights)
    network_ = tuple(mu_.tolist()), tuple(map(tuple, weights_.tolist()))
    pair_rates, node_rates = _slack_rates(*network_, delta, gap_, tuple(pair))
    times = [
        _union_time(pair_rate, node_rate, float(num_nodes), error_)
        for pair_rate, node_rate in zip(pair_rates, node_rates, strict=True)
    ]
    return jnp.asarray(min(times))


@functools.lru_cache(maxsize=16)
def _slack_rates(
    mu: tuple[float, ...],
    weights: tuple[tuple[float, ...], ...],
    delta: float,
    gap: float,
    pair: tuple[int, int],
) -> tuple[np.ndarray, np.ndarray]:
    """Rates of the pair and of the worst node on the grid of slacks, for any d."""
    mu_, weights_ = np.array(mu), np.array(weights)
    slacks = SLACK_GRID * np.sqrt(gap / 2)
    both = np.isin(np.arange(len(mu)), pair).astype(float)
    pair_rates = _legendre(
        _cumulant(mu_, weights_, both), (gap / 2 - slacks**2) / delta
    )
    by_node = [
        _legendre(_cumulant(mu_, weights_, mask), slacks / delta)
        for mask in np.eye(len(mu))
    ]
    return pair_rates, np.min(by_node, axis=0)


def _union_time(
    pair_rate: float, single_rate: float, num_nodes: float, error: float
) -> float:
    """Time at which the union bound over pairs and nodes falls to `error`."""

    def excess(log_time: float) -> float:
        time = np.exp(log_time)
        pairs = np.log(2) + 2 * np.log(num_nodes) - time * pair_rate
        nodes = np.log(2 * num_nodes) - time * single_rate
        return float(np.logaddexp(pairs, nodes) - np.log(error))

    root = optimize.root_scalar(excess, bracket=(-20, 80), xtol=1e-13)
    return float(np.exp(root.root))


def _members(
    weights: Float[Array, "d d"], members: Float[Array, " d"]
) -> tuple[np.ndarray, np.ndarray]:
    _, weights_ = network(jnp.ones(len(weights)), weights)
    return members_mask(members, len(weights_)), weights_


def _cluster_mgf(u: np.ndarray, weights: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The function f at a vector of arguments, (arguments, nodes)."""
    values = np.ones((len(u), len(mask)))
    marks = np.outer(u, mask)
    active = np.arange(len(u))
    for _ in range(ITERATIONS):
        old = values[active]
        exponent = marks[active] + (old - 1) @ weights
        values[active] = np.exp(np.minimum(exponent, np.log(DIVERGED) + 1))
        moved = np.abs(values[active] - old) > 1e-15 * old
        active = active[moved.any(axis=1)]
        if not active.size:
            break
    diverged = np.any(values > DIVERGED, axis=1, keepdims=True)
    return np.where(diverged, np.inf, values)


def _cumulant(
    mu: np.ndarray, weights: np.ndarray, mask: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """The function psi_J, vectorised over its argument."""
    mean = np.linalg.solve(np.eye(len(mu)) - weights.T, mask)

    def cumulant(u: np.ndarray) -> np.ndarray:
        return (_cluster_mgf(u, weights, mask) - 1 - np.outer(u, mean)) @ mu

    return cumulant


def _legendre(
    cumulant: Callable[[np.ndarray], np.ndarray], slopes: np.ndarray
) -> np.ndarray:
    """Supremum over u > 0 of `u * slope - cumulant(u)`: a grid, then refinements."""
    grid = np.broadcast_to(np.geomspace(1e-8, 20.0, 120), (len(slopes), 120))
    on_grid = np.broadcast_to(cumulant(grid[0]), grid.shape)
    best = np.zeros(len(slopes))
    for _ in range(REFINEMENTS):
        values = grid * slopes[:, None] - on_grid
        best = np.maximum(best, values.max(axis=1))
        peak = values.argmax(axis=1)[:, None]
        low = np.take_along_axis(grid, np.maximum(peak - 1, 0), axis=1)
        high = np.take_along_axis(grid, np.minimum(peak + 1, grid.shape[1] - 1), axis=1)
        grid = low + (high - low) * np.linspace(0, 1, 16)
        on_grid = cumulant(grid.ravel()).reshape(grid.shape)
    return best
