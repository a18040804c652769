r"""Probabilities: the beta-binomial mixture, exact at every number of lanes.

$\log e_n(p) = \log B(S+\tfrac12, n-S+\tfrac12) - \log B(\tfrac12,\tfrac12)
- S\log p - (n-S)\log(1-p)$ for $S$ successes of $n$ (Robbins 1970).
"""

import numpy as np
from scipy import special

from .numbers import Numbers

_PRIOR = 0.5
_STEPS, _TINY = 30, 1e-300


def log_e(p: Numbers, successes: Numbers, n: Numbers) -> Numbers:
    """Logarithm of the e-value against success probability `p`."""
    p, successes = np.asarray(p, float), np.asarray(successes, float)
    failures = np.asarray(n) - successes
    mixed = special.betaln(successes + _PRIOR, failures + _PRIOR)
    exact = special.xlogy(successes, p) + special.xlog1py(failures, -p)
    return mixed - special.betaln(_PRIOR, _PRIOR) - exact


def limits(successes: Numbers, n: int, alpha: Numbers) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the set of probabilities with e-value below 1/alpha."""
    successes, alpha = np.broadcast_arrays(
        np.asarray(successes, float), np.asarray(alpha, float)
    )
    bar = -np.log(alpha)
    upper = np.asarray(1.0 - _lower(n - successes, n, bar))
    return _lower(successes, n, bar), upper


def _lower(successes: Numbers, n: int, bar: Numbers) -> np.ndarray:
    """Lower end by Newton's method in the logit, from outside.

    log e is convex there, so that no step passes the end; it starts where the term
    −S logit(p) alone reaches the bar.
    """
    mixed = special.betaln(successes + _PRIOR, n - successes + _PRIOR)
    mixed = mixed - special.betaln(_PRIOR, _PRIOR) - bar
    logit = mixed / np.maximum(successes, _PRIOR)
    for _ in range(_STEPS):
        p = special.expit(logit)
        excess = mixed - successes * logit + n * np.logaddexp(0.0, logit)
        logit = logit + excess / np.where(successes > 0, successes - n * p, np.inf)
    return np.where(successes > 0, special.expit(logit), 0.0)


def resolution_above(
    edge: Numbers, n: int, alpha: float, power: float = 0.9
) -> np.ndarray:
    """The probabilities above `edge` that would be excluded from it with this power.

    Smallest count S whose lower limit exceeds the edge, then the probability p with
    P(Bin(n, p) ≥ S) = I_p(S, n−S+1) = `power`; infinite if no count is enough.
    """
    edge = np.atleast_1d(np.asarray(edge, float))
    inner = np.clip(edge, _TINY, 1.0 - 1e-16)
    bar = -np.log(alpha)
    below, least = np.floor(inner * n), np.full(edge.shape, float(n))
    while (least - below > 1).any():  # the e-value grows with the count above the edge
        middle = np.floor(0.5 * (below + least))
        enough = log_e(inner, middle, n) >= bar
        least, below = np.where(enough, middle, least), np.where(enough, below, middle)
    hopeless = (edge < 0) | (edge >= 1) | (log_e(inner, n, n) < bar)
    found = special.betaincinv(least, n - least + 1, power)
    return np.where(hopeless, np.inf, found)


def resolution_below(
    edge: Numbers, n: int, alpha: float, power: float = 0.9
) -> np.ndarray:
    """The probabilities below `edge` that would be excluded; minus infinity if none."""
    return 1.0 - resolution_above(1.0 - np.asarray(edge, float), n, alpha, power)
