r"""Clipped counts: exact moments from void probabilities and generating functions.

The generating functional of the counts in given windows, at 0 the probability that they
hold no event, solves an ordinary differential equation backwards in time. Claim HK-7.
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
MOST = 8  # largest clip level


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
    windows = [(int(m), 0, lo, hi) for m, lo, hi in zip(where, begin, end, strict=True)]
    series = _log_functional((mu_, weights_, beta_), windows, (1, 1))
    return jnp.asarray(series[0, 0])


@float64
def count_probabilities(
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    beta: Float[Array, ""],
    bin_width: Float[Array, ""],
    *,
    number: int,
    child: int,
    parent: int,
) -> tuple[Float[Array, " L"], Float[Array, " L"], Float[Array, "L L"]]:
    r"""Probabilities of the counts 0 … L-1 in two consecutive bins.

    The generating function $\mathbb{E}\, z^{Y_i(k+1)} z'^{Y_j(k)}$ is
    `log_void_probability`'s integral with
    $u_m(t) = z_m(t) \exp(-\sum_k W_{km} v_k(t))$, $z_m(t) = 1$ outside the windows. The
    equation is solved for its Taylor series at 0, whose coefficients are the
    probabilities; for L = 1 that is the void probability.

    Args:
        mu: Baseline rates.
        weights: Weights `[child, parent]`.
        beta: Decay of the kernel.
        bin_width: Width $\delta$ of the bins.
        number: L, in 1…8.
        child: Node $i$ of the later bin.
        parent: Node $j$ of the earlier bin.

    Returns:
        $P(Y_i = a)$, $P(Y_j = b)$ and $P(Y_i(k+1) = a, Y_j(k) = b)$ for a, b < L.

    Raises:
        DomainError: If the network is not stationary, `bin_width` is not positive, a
            node is out of range or `number` outside 1…8.

    Claim:
        HK-7, exact identity [derived].
    """
    mu_, weights_ = network(mu, weights)
    beta_, delta = positive(beta=beta, bin_width=bin_width)
    if not {child, parent} <= set(range(len(mu_))):
        raise DomainError(f"`child` and `parent` must lie in 0…{len(mu_) - 1}.")
    if not 1 <= number <= MOST:
        raise DomainError(f"`number` must lie in 1…{MOST}. Got {number}.")
    process = mu_, weights_, beta_
    later, earlier = (child, 0, delta, 2 * delta), (parent, 1, 0.0, delta)
    series = [
        _exponential(_log_functional(process, windows, shape))
        for windows, shape in (
            ([later], (number, 1)),
            ([earlier], (1, number)),
            ([later, earlier], (number, number)),
        )
    ]
    own, other, joint = map(jnp.asarray, series)
    return own[:, 0], other[0], joint


@float64
def clipped_moments(
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    beta: Float[Array, ""],
    bin_width: Float[Array, ""],
    *,
    child: int,
    parent: int,
    clip: int = 1,
) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
    r"""Moments of the clipped counts $X = \min(Y, L)$ in consecutive bins.

    $L - X = \sum_{a<L} (L - a)\, 1[Y = a]$; for $L = 1$:
    $\mathbb{E} X_i = 1 - P_i$ and
    $\mathrm{Cov}(X_i(k+1), X_j(k)) = P_{ij} - P_i P_j$ from void probabilities.

    Args:
        mu: Baseline rates.
        weights: Weights `[child, parent]`.
        beta: Decay of the kernel.
        bin_width: Width $\delta$ of the bins.
        child: Node $i$ of the later bin.
        parent: Node $j$ of the earlier bin.
        clip: L, in 1…8.

    Returns:
        `(mean of the child, mean of the parent, lag-one covariance)`.

    Raises:
        DomainError: As `count_probabilities`.

    Claim:
        HK-7, exact identity [derived].
    """
    parts = count_probabilities(
        mu, weights, beta, bin_width, number=clip, child=child, parent=parent
    )
    own, other, joint = map(np.asarray, parts)
    missing = clip - np.arange(clip)
    short, other_short = missing @ own, missing @ other
    lagged = missing @ joint @ missing - short * other_short
    moments = clip - short, clip - other_short, lagged
    child_mean, parent_mean, covariance = (jnp.asarray(moment) for moment in moments)
    return child_mean, parent_mean, covariance


def _log_functional(
    process: tuple[np.ndarray, np.ndarray, float],
    windows: list[tuple[int, int, float, float]],
    shape: tuple[int, int],
) -> np.ndarray:
    """Taylor series of the log of E of the product over windows of z_axis^count.

    Windows are (node, axis, start, end), axis 0 or 1 naming the variable; `shape` is
    the number of coefficients along either.
    """
    mu, _, beta = process
    edges = np.unique([edge for *_, low, high in windows for edge in (low, high)])
    edges = np.concatenate([edges[:1] - MEMORY / beta, edges])
    state = np.zeros((*shape, len(mu) + 1))
    for low, high in zip(edges[-2::-1], edges[:0:-1], strict=True):
        middle = (low + high) / 2
        open_ = [(m, axis) for m, axis, lo, hi in windows if lo < middle < hi]
        flow = _backward_flow(process, open_, state.shape)
        state = _integrate(flow, state, high - low)
    return -state[:, :, -1]


def _backward_flow(
    process: tuple[np.ndarray, np.ndarray, float],
    counted: list[tuple[int, int]],
    shape: tuple[int, ...],
) -> Callable[[float, np.ndarray], np.ndarray]:
    """Right side in reversed time of the series of (v, accumulated hazard), flat."""
    mu, weights, beta = process

    def flow(_: float, state: np.ndarray) -> np.ndarray:
        v = state.reshape(shape)[:, :, :-1]
        exponent = -v @ weights
        grown = _exponential(exponent)
        missing = -grown
        missing[0, 0] = -np.expm1(exponent[0, 0])
        for node, axis in counted:
            missing[:, :, node] = -_shifted(grown[:, :, node], axis)
            missing[0, 0, node] = 1
        change = beta * (missing - v)
        return np.concatenate([change, (missing @ mu)[:, :, None]], axis=2).ravel()

    return flow


def _shifted(series: np.ndarray, axis: int) -> np.ndarray:
    """A truncated power series times the variable of an axis."""
    shifted = np.roll(series, 1, axis)
    shifted[(slice(None),) * axis + (0,)] = 0
    return shifted


def _exponential(series: np.ndarray) -> np.ndarray:
    """Exponential of a truncated power series in the first two axes."""
    rest = series.copy()
    rest[0, 0] = 0
    power = np.zeros_like(series)
    power[0, 0] = 1
    total = power.copy()
    for order in range(1, sum(series.shape[:2]) - 1):
        power = _product(power, rest) / order
        total += power
    return np.exp(series[0, 0]) * total


def _product(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Product of two truncated power series in the first two axes."""
    rows, columns = first.shape[:2]
    total = np.zeros_like(first)
    for a in range(rows):
        for b in range(columns):
            total[a:, b:] += first[a, b] * second[: rows - a, : columns - b]
    return total


def _integrate(
    flow: Callable[[float, np.ndarray], np.ndarray], state: np.ndarray, span: float
) -> np.ndarray:
    solution = integrate.solve_ivp(
        flow, (0, span), state.ravel(), method="DOP853", rtol=TOLERANCE, atol=1e-15
    )
    if not solution.success:
        raise RuntimeError(f"generating functional: {solution.message}")
    return solution.y[:, -1].reshape(state.shape)
