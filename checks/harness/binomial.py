r"""Probabilities: the beta-binomial mixture, exact at every number of lanes.

$\log e_n(p) = \log B(S+\tfrac12, n-S+\tfrac12) - \log B(\tfrac12,\tfrac12)
- S\log p - (n-S)\log(1-p)$ for $S$ successes of $n$ (Robbins 1970).
"""

import numpy as np
from scipy import special

from .numbers import Numbers

_PRIOR = 0.5
_STEPS, _TINY = 60, 1e-300


def log_e(p: Numbers, successes: Numbers, n: Numbers) -> Numbers:
    """Logarithm of the e-value against success probability `p`."""
    p, successes = np.asarray(p, float), np.asarray(successes, float)
    failures = np.asarray(n) - successes
    mixed = special.betaln(successes + _PRIOR, failures + _PRIOR)
    exact = special.xlogy(successes, p) + special.xlog1py(failures, -p)
    return mixed - special.betaln(_PRIOR, _PRIOR) - exact


def limits(successes: Numbers, n: int, alpha: Numbers) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the set of probabilities with e-value below 1/alpha, by bisection."""
    successes, alpha = np.broadcast_arrays(
        np.asarray(successes, float), np.asarray(alpha, float)
    )
    share, bar = successes / n, -np.log(alpha)
    outside, inside = np.zeros_like(share), share.copy()
    lower = _bisect(outside, inside, successes, n, bar)
    upper = _bisect(np.ones_like(share), inside, successes, n, bar)
    return np.where(successes == 0, 0.0, lower), np.where(successes == n, 1.0, upper)


def _bisect(
    outside: Numbers,
    inside: Numbers,
    successes: Numbers,
    n: Numbers,
    bar: Numbers,
) -> Numbers:
    """The point between `outside` and `inside` where the e-value reaches the bar."""
    for _ in range(_STEPS):
        middle = 0.5 * (outside + inside)
        excluded = log_e(middle, successes, n) >= bar
        outside = np.where(excluded, middle, outside)
        inside = np.where(excluded, inside, middle)
    return outside


def resolution_above(edge: float, n: int, alpha: float, power: float = 0.9) -> float:
    """The probability above `edge` that would be excluded from it with this power.

    Smallest count S whose lower limit exceeds `edge`, then the probability p with
    P(Bin(n, p) ≥ S) = I_p(S, n−S+1) = `power`; infinite if no count is enough.
    """
    if not 0 <= edge < 1:
        return float("inf")
    bar, below, least = -np.log(alpha), int(np.floor(edge * n)), n
    if log_e(max(edge, _TINY), n, n) < bar:
        return float("inf")
    while least - below > 1:  # the e-value grows with the count above the edge
        middle = (below + least) // 2
        if log_e(max(edge, _TINY), middle, n) >= bar:
            least = middle
        else:
            below = middle
    return float(special.betaincinv(least, n - least + 1, power))


def resolution_below(edge: float, n: int, alpha: float, power: float = 0.9) -> float:
    """The probability below `edge` that would be excluded; minus infinity if none."""
    return 1.0 - resolution_above(1.0 - edge, n, alpha, power)
