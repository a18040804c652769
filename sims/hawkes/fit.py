"""The user's own data: recover a network from a list of events (NumPy, float64)."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike
from scipy import stats

from . import contrast as least_squares
from .contrast import Sums, event_sums
from .events import check_events

RIDGE = 1e-9
GRID = np.geomspace(0.25, 256.0, 21)
GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class HawkesFit:
    """A recovered network; matrices are `[child, parent]`.

    Attributes:
        adjacency: The edges.
        weights: Least-squares weights of the candidates, zero elsewhere.
        standard_errors: Their standard errors, NaN outside the candidates.
        baseline: Baseline rate of each node.
        scores: Covariances of events and states, by which candidates were chosen.
        candidates: Candidate parents of each node, best first.
        threshold: The weight above which an edge is reported, NaN outside the
            candidates.
        beta: Decay of the kernel, given or fitted.
        rates: Observed rates.
        branching_ratio: Spectral radius of the weights on the edges.
        contrast: Explained part of the least-squares contrast, per unit time.
        T: Length of the observation.
        num_events: Number of events.
        method: How the weights were fitted.
        warnings: What a reader should know.
    """

    adjacency: Bool[np.ndarray, "d d"]
    weights: Float[np.ndarray, "d d"]
    standard_errors: Float[np.ndarray, "d d"]
    baseline: Float[np.ndarray, " d"]
    scores: Float[np.ndarray, "d d"]
    candidates: Int[np.ndarray, "d m"]
    threshold: Float[np.ndarray, "d d"]
    beta: float
    rates: Float[np.ndarray, " d"]
    branching_ratio: float
    contrast: float
    T: float
    num_events: int
    method: str
    warnings: tuple[str, ...]

    def __str__(self) -> str:
        d = len(self.rates)
        lines = [
            f"Hawkes network of {d} nodes from {self.num_events} events on "
            f"[0, {self.T:g}), method {self.method}",
            f"  edges            {int(self.adjacency.sum())}",
            f"  beta             {self.beta:.4g}",
            f"  branching ratio  {self.branching_ratio:.3f}",
        ]
        for child, parent in list(np.argwhere(self.adjacency))[:20]:
            weight = self.weights[child, parent]
            error = self.standard_errors[child, parent]
            lines.append(f"  {parent} -> {child}  {weight:.3f} ± {error:.3f}")
        return "\n".join([*lines, *(f"  warning: {text}" for text in self.warnings)])


def fit(
    times: ArrayLike,
    nodes: ArrayLike,
    T: float,
    *,
    num_nodes: int | None = None,
    beta: float | None = None,
    method: str = "two_stage",
    screen: str = "filtered",
    num_candidates: int | None = None,
    level: float = 0.05,
    threshold: float | None = None,
    start: float = 0.0,
    allow_silent: bool = False,
) -> HawkesFit:
    r"""Recover the directed network behind a list of events.

    Screening keeps a few candidate parents per node; least squares on them gives
    weights and standard errors; an edge is reported where the weight exceeds
    $\Phi^{-1}(1 - \mathrm{level}/d(d-1))$ standard errors, so that `level` bounds
    (approximately: Gaussian tails) the chance of any false edge. Everything is computed
    from the exact times of events with equal times not exciting each other; the past
    before `start` is unseen and taken as empty.

    A known `beta` is better: the fitted one is biased upward at short observations
    (1.11 for 1 at 32 nodes and T = 400), which shrinks the edges, though rarely their
    support.

    Args:
        times: Sorted times of the events.
        nodes: Node of each event, 0-based integers.
        T: End of the observation.
        num_nodes: d; one more than the largest node by default.
        beta: Decay of the kernel; fitted by the contrast if None.
        method: `two_stage`; `full`: all nodes are candidates, the node itself too;
            `lasso` and `mle`: the baselines on bins of 0.1/beta, with `threshold`.
        screen: `filtered` (event-level covariance) or `lag1` (binned counts).
        num_candidates: m; by default min(max(12, d/10), d - 1, 60).
        level: Chance of any false edge, in (0, 1).
        threshold: A fixed weight above which an edge is reported, instead of `level`.
        start: Beginning of the observation.
        allow_silent: Give nodes without any event empty rows and columns instead of
            raising.

    Returns:
        The fit; `print` it for a summary.

    Raises:
        ValueError: If events or options are not usable; the message names the first
            offender.
    """
    times_, nodes_, d = check_events(
        times, nodes, T, num_nodes=num_nodes, start=start, allow_silent=allow_silent
    )
    m = _check_options(d, beta, method, screen, num_candidates, level, threshold)
    span = float(T) - float(start)
    times_ = times_ - start
    if beta is None:
        beta = _profile_beta(times_, nodes_, span, d, m, method)
    sums = event_sums(times_, nodes_, span, d, beta)
    if method in ("lasso", "mle"):
        from .baselines import fit_binned

        weights = fit_binned(times_, nodes_, span, d, beta, method)
        candidates, errors = sums.top(d - 1), np.full((d, d), np.nan)
        baseline = np.maximum(sums.counts - weights @ sums.integral, 0) / span
    else:
        candidates = _candidates(sums, times_, nodes_, m, method, screen)
        weights, errors, baseline = least_squares.refine(sums, candidates, RIDGE)
    limit = _threshold(errors, d, level, threshold)
    adjacency = (weights > limit) & ~np.eye(d, dtype=bool)
    kept = np.where(adjacency, np.maximum(weights, 0), 0)
    radius = float(abs(np.linalg.eigvals(kept)).max())
    return HawkesFit(
        adjacency=adjacency,
        weights=weights,
        standard_errors=errors,
        baseline=baseline,
        scores=sums.cross / span,
        candidates=candidates,
        threshold=limit,
        beta=float(beta),
        rates=sums.counts / span,
        branching_ratio=radius,
        contrast=float((sums.cross * weights).sum() / span),
        T=span,
        num_events=len(times_),
        method=method,
        warnings=_warnings(sums, times_, weights, errors, radius, m),
    )


def _check_options(
    d: int,
    beta: float | None,
    method: str,
    screen: str,
    num_candidates: int | None,
    level: float,
    threshold: float | None,
) -> int:
    """Refuse unusable options; the number of candidates."""
    m = num_candidates
    if m is None:
        m = min(max(12, math.ceil(d / 10)), d - 1, 60)
    refused = {
        f"`beta` must be positive. Got {beta}.": beta is not None and not beta > 0,
        f"`level` must lie in (0, 1). Got {level}.": not 0 < level < 1,
        f"`num_candidates` must lie in 1…{d - 1}. Got {m}.": not 1 <= m <= d - 1,
        f"`method` {method!r} is unknown: two_stage, full, lasso or mle.": method
        not in ("two_stage", "full", "lasso", "mle"),
        f"`screen` {screen!r} is unknown: filtered or lag1.": screen
        not in ("filtered", "lag1"),
        f"`threshold` is required by method {method!r}.": method in ("lasso", "mle")
        and threshold is None,
    }
    for message, wrong in refused.items():
        if wrong:
            raise ValueError(message)
    return m


def _candidates(
    sums: Sums,
    times: np.ndarray,
    nodes: np.ndarray,
    m: int,
    method: str,
    screen: str,
) -> np.ndarray:
    """Candidate parents of every node."""
    d = len(sums.counts)
    if method == "full":
        return np.broadcast_to(np.arange(d), (d, d)).copy()
    if screen == "filtered":
        return sums.top(m)
    scores = least_squares.lagged_scores(times, nodes, sums)
    return least_squares.best(scores, m)


def _threshold(
    errors: np.ndarray, d: int, level: float, threshold: float | None
) -> np.ndarray:
    """The weight above which an edge is reported, for every pair."""
    if threshold is not None:
        return np.full((d, d), float(threshold))
    z = stats.norm.isf(level / (d * (d - 1)))
    return z * errors


def _profile_beta(
    times: np.ndarray, nodes: np.ndarray, span: float, d: int, m: int, method: str
) -> float:
    """The decay with the largest contrast: a grid, then golden sections."""

    def contrast(beta: float) -> float:
        sums = event_sums(times, nodes, span, d, beta)
        candidates = _candidates(sums, times, nodes, m, method, "filtered")
        weights, _, _ = least_squares.refine(sums, candidates, RIDGE)
        return float((sums.cross * weights).sum())

    grid = GRID * len(times) / (d * span)
    values = np.array([contrast(beta) for beta in grid])
    for _ in range(2):
        peak = int(values.argmax())
        if 0 < peak < len(grid) - 1:
            break
        grid = grid * (16.0 if peak else 1 / 16)
        values = np.array([contrast(beta) for beta in grid])
    peak = int(values.argmax())
    if not 0 < peak < len(grid) - 1:
        raise ValueError(
            f"No `beta` between {grid[0]:.3g} and {grid[-1]:.3g} maximises the "
            "contrast: the events show no decay; give `beta`."
        )
    low, high = np.log(grid[peak - 1]), np.log(grid[peak + 1])
    for _ in range(20):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        if contrast(np.exp(left)) > contrast(np.exp(right)):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def _warnings(
    sums: Sums,
    times: np.ndarray,
    weights: np.ndarray,
    errors: np.ndarray,
    radius: float,
    m: int,
) -> tuple[str, ...]:
    """What a reader of the fit should know."""
    few = np.flatnonzero(sums.counts < 30)
    tied = float(np.mean(np.diff(times) == 0)) if len(times) > 1 else 0.0
    with np.errstate(invalid="ignore"):
        crowded = np.flatnonzero((sums.z_scores() > 3).sum(axis=1) > m)
    found = {
        f"the branching ratio {radius:.3f} is not below 1": radius >= 1,
        f"fewer than 30 events at nodes {few.tolist()}": few.size,
        f"{tied:.1%} of the times are tied": tied > 0.01,
        f"more than {m} parents score above 3 at nodes {crowded.tolist()}; "
        "raise `num_candidates`": crowded.size,
    }
    return tuple(text for text, holds in found.items() if holds)
