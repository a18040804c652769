r"""Event-level least squares on the host: exact sums, screening, refinement.

$R_{ik} = \sum_{t \in N_i} x_k(t-)$, counts and the final state determine all
regressions: $\int x x^\top dt = (R + R^\top)/2 + \frac\beta2 \mathrm{diag}(N) -
x(T) x(T)^\top / 2\beta$.
"""

from dataclasses import dataclass

import numpy as np
from scipy import signal

SCREENING_BIN = 0.5  # width of the bins of the lag-one screening, in units of 1/beta


@dataclass(frozen=True)
class Sums:
    """Centred sums of one observation; matrices are `[child, parent]`.

    Attributes:
        gram: Centred products of states, integrated over time.
        cross: Centred products of events and states.
        counts: Events per node.
        integral: Integrals of the states.
        beta: Decay of the kernel.
        T: Length of the observation.
    """

    gram: np.ndarray
    cross: np.ndarray
    counts: np.ndarray
    integral: np.ndarray
    beta: float
    T: float

    def top(self, m: int) -> np.ndarray:
        """The m parents with the largest covariances, for every node."""
        return best(self.cross, m)

    def z_scores(self) -> np.ndarray:
        """Covariances over their standard errors without an edge; no diagonal."""
        spread = np.sqrt(np.outer(self.counts / self.T, np.diag(self.gram)))
        z = np.divide(self.cross, spread, np.zeros_like(spread), where=spread > 0)
        np.fill_diagonal(z, -np.inf)
        return z


def event_sums(
    times: np.ndarray, nodes: np.ndarray, T: float, d: int, beta: float
) -> Sums:
    """All sums from sorted events on [0, T], without a loop over events.

    States at bin starts come from one recursion over bins, pairs inside a bin from one
    pass per distance in the list. The result does not depend on the width of the bins,
    which only bounds the memory.
    """
    width = max(0.25 / beta, T * d / (8 * max(len(times), 1)))
    num_bins = max(int(np.ceil(T / width)), 1)
    place = np.minimum((times / width).astype(np.int64), num_bins - 1)
    since, until = times - place * width, (place + 1) * width - times
    flat = place * d + nodes

    def scatter(values: np.ndarray) -> np.ndarray:
        return np.bincount(flat, values, num_bins * d).reshape(num_bins, d)

    traces = scatter(beta * np.exp(-beta * until))
    after = signal.lfilter([1.0], [1.0, -np.exp(-beta * width)], traces, axis=0)
    states = np.concatenate([np.zeros((1, d)), after[:-1]])
    end_state = after[-1] * np.exp(beta * (num_bins * width - T))
    cross = scatter(np.exp(-beta * since)).T @ states
    cross += _pairs_within_bins(times, nodes, place, d, beta)
    counts = np.bincount(nodes, minlength=d).astype(float)
    integral = counts - end_state / beta
    gram = (cross + cross.T) / 2 + beta / 2 * np.diag(counts)
    gram -= np.outer(end_state, end_state) / (2 * beta)
    gram -= np.outer(integral, integral) / T
    cross = cross - np.outer(counts, integral) / T
    return Sums(gram, cross, counts, integral, beta, T)


def best(scores: np.ndarray, m: int) -> np.ndarray:
    """Columns of the m largest scores of every row, the diagonal excluded."""
    scores = scores.copy()
    np.fill_diagonal(scores, -np.inf)
    return np.argsort(-scores, axis=1, kind="stable")[:, :m]


def refine(
    sums: Sums, candidates: np.ndarray, ridge: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Least squares of every node on its candidates.

    Args:
        sums: Sums of the observation.
        candidates: Candidate parents, (d, m).
        ridge: Added to the diagonal, relative to its mean.

    Returns:
        `(weights, standard errors, baselines)`; errors are NaN off the candidates.
    """
    d, m = candidates.shape
    rows = np.arange(d)[:, None]
    gram = sums.gram[candidates[:, :, None], candidates[:, None, :]]
    scale = np.trace(gram, axis1=1, axis2=2)[:, None, None] / m
    scale = np.where(scale > 0, scale, 1.0)
    inverse = np.linalg.inv(gram + ridge * scale * np.eye(m))
    fitted = np.einsum("dij,dj->di", inverse, sums.cross[rows, candidates])
    spread = np.diagonal(inverse, axis1=1, axis2=2) * sums.counts[:, None] / sums.T
    weights, errors = np.zeros((d, d)), np.full((d, d), np.nan)
    weights[rows, candidates] = fitted
    silent = (sums.counts[candidates] == 0) | (sums.counts[:, None] == 0)
    errors[rows, candidates] = np.where(silent, np.nan, np.sqrt(np.maximum(spread, 0)))
    return weights, errors, (sums.counts - weights @ sums.integral) / sums.T


def lagged_scores(times: np.ndarray, nodes: np.ndarray, sums: Sums) -> np.ndarray:
    """Covariances of counts, clipped at 1, in consecutive bins."""
    d, width = len(sums.counts), SCREENING_BIN / sums.beta
    num_bins = max(int(sums.T / width), 2)
    clipped = np.zeros((num_bins, d))
    place = (times / width).astype(np.int64)
    inside = place < num_bins
    clipped[place[inside], nodes[inside]] = 1.0
    later, earlier = clipped[1:], clipped[:-1]
    means = np.outer(later.mean(axis=0), earlier.mean(axis=0))
    return later.T @ earlier / (num_bins - 1) - means


def _pairs_within_bins(
    times: np.ndarray, nodes: np.ndarray, place: np.ndarray, d: int, beta: float
) -> np.ndarray:
    """Products of events with the traces of earlier events of the same bin."""
    cross, lag = np.zeros(d * d), 1
    same = np.flatnonzero(place[lag:] == place[:-lag]) + lag
    while same.size:
        apart = times[same] - times[same - lag]
        weight = np.where(apart > 0, beta * np.exp(-beta * apart), 0)
        cross += np.bincount(nodes[same] * d + nodes[same - lag], weight, d * d)
        lag += 1
        same = same[same >= lag]
        same = same[place[same] == place[same - lag]]
    return cross.reshape(d, d)
