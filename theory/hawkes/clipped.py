r"""Clipped counts: exact moments from void probabilities.

A window that holds no event is a statement about the generating functional of the
clusters, which solves an ordinary differential equation backwards in time. Claim HK-7.
"""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from scipy import integrate

from ..maths.domain import DomainError, require
from ..maths.precision import float64
from ._checks import network, positive

MEMORY = 40.0  # kernel decay times followed before the first window
TOLERANCE = 1e-12


@float64
def log_void_probability(
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    beta: Float[Array, ""],
    nodes: Int[Array, " windows"] | np.ndarray | list[int],
    starts: Float[Array, " windows"],
    ends: Float[Array, " windows"],
) -> Float[Array, ""]:
    r"""Log probability that none of the windows holds an event, for a stationary past.

    $\log P = -\int \mu\cdot(1 - u(t))\,dt$ with
    $\dot v = \beta(v - 1 + u)$, $v = 0$ after the last window, and
    $u_m(t) = 1[(m,t) \notin A]\, \exp(-\sum_k W_{km} v_k(t))$.

    Args:
        mu: Baseline rates.
        weights: Weights `[child, parent]`.
        beta: Decay of the kernel.
        nodes: Node of each window, 0-based.
        starts: Start of each window.
        ends: End of each window, after its start; windows are half-open.

    Returns:
        The logarithm of the probability.

    Raises:
        DomainError: If the network is not stationary, a node is out of range or a
            window is empty.

    Claim:
        HK-7, exact identity [derived].
    """
    mu_, weights_ = network(mu, weights)
    (beta_,) = positive(beta=beta)
    where, begin, end = np.asarray(nodes), np.asarray(starts), np.asarray(ends)
    inside = (where >= 0) & (where < len(mu_))
    require(where, inside, f"`nodes` must lie in 0…{len(mu_) - 1}.")
    require(end, end > begin, "`ends` must exceed `starts`.")
    edges = np.unique(np.concatenate([begin, end]))
    edges = np.concatenate([edges[:1] - MEMORY / beta_, edges])
    state = np.zeros(len(mu_) + 1)
    for low, high in zip(edges[-2::-1], edges[:0:-1], strict=True):
        middle = (low + high) / 2
        closed = np.zeros(len(mu_), dtype=bool)
        closed[where[(begin < middle) & (middle < end)]] = True
        flow = _backward_flow(mu_, weights_, beta_, closed)
        state = _integrate(flow, state, high - low)
    return jnp.asarray(-state[-1])


@float64
def clipped_moments(
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    beta: Float[Array, ""],
    bin_width: Float[Array, ""],
    *,
    child: int,
    parent: int,
) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
    r"""Moments of the clipped counts $X = \min(Y, 1)$ in consecutive bins.

    $\mathbb{E} X_i = 1 - P_i$ and
    $\mathrm{Cov}(X_i(k+1), X_j(k)) = P_{ij} - P_i P_j$ from void probabilities.

    Args:
        mu: Baseline rates.
        weights: Weights `[child, parent]`.
        beta: Decay of the kernel.
        bin_width: Width $\delta$ of the bins.
        child: Node $i$ of the later bin.
        parent: Node $j$ of the earlier bin.

    Returns:
        `(mean of the child, mean of the parent, lag-one covariance)`.

    Raises:
        DomainError: As `log_void_probability`, or if `bin_width` is not positive.

    Claim:
        HK-7, exact identity [derived].
    """
    (delta,) = positive(bin_width=bin_width)
    if not {child, parent} <= set(range(len(mu))):
        raise DomainError(f"`child` and `parent` must lie in 0…{len(mu) - 1}.")

    def empty(nodes: list[int], starts: list[float]) -> float:
        begin = jnp.asarray(starts)
        return np.exp(
            float(log_void_probability(mu, weights, beta, nodes, begin, begin + delta))
        )

    child_empty, parent_empty = empty([child], [0.0]), empty([parent], [0.0])
    both_empty = empty([child, parent], [delta, 0.0])
    covariance = both_empty - child_empty * parent_empty
    moments = (1 - child_empty, 1 - parent_empty, covariance)
    child_mean, parent_mean, lagged = (jnp.asarray(moment) for moment in moments)
    return child_mean, parent_mean, lagged


def _backward_flow(
    mu: np.ndarray, weights: np.ndarray, beta: float, closed: np.ndarray
) -> Callable[[float, np.ndarray], np.ndarray]:
    """Right side in reversed time of (v, accumulated hazard)."""

    def flow(_: float, state: np.ndarray) -> np.ndarray:
        v = state[:-1]
        missing = np.where(closed, 1.0, -np.expm1(-v @ weights))
        return np.append(beta * (missing - v), mu @ missing)

    return flow


def _integrate(
    flow: Callable[[float, np.ndarray], np.ndarray], state: np.ndarray, span: float
) -> np.ndarray:
    solution = integrate.solve_ivp(
        flow, (0, span), state, method="DOP853", rtol=TOLERANCE, atol=1e-15
    )
    if not solution.success:
        raise RuntimeError(f"void probability: {solution.message}")
    return solution.y[:, -1]
