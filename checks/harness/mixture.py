r"""The Gaussian-mixture t boundary, with Hall's correction for skewness.

For independent rows with mean $m$ and standard deviation $s$ the likelihood ratio of
the t statistic, mixed over a normal prior of size $\phi$, is a martingale under normal
data of unknown variance (Lai 1976; Lindon et al. 2022) and an asymptotic confidence
sequence otherwise (Waudby-Smith et al., arXiv 2103.06476): it may be looked at as often
as one likes. Hall's cubic (Hall 1992) makes the t statistic of skewed data symmetric.
"""

import numpy as np

from .numbers import Numbers

_NO_SKEW = 1e-8


def prior_size(budget: int, alpha: float) -> float:
    r"""Prior size $\phi = n^* / (q + \log(1+q))$, $q = -2\log a$, $n^* = $ budget/2."""
    q = -2.0 * np.log(alpha)
    return max(budget / 2.0 / (q + np.log1p(q)), 1e-3)


def log_e(t: Numbers, n: int, phi: float) -> Numbers:
    r"""Logarithm of the e-value of a t statistic.

    $\log e = \tfrac12\log r - \tfrac n2[\log(1+rt^2/\nu) - \log(1+t^2/\nu)]$ with
    $r = \phi/(\phi+n)$ and $\nu = n-1$.
    """
    r, square = phi / (phi + n), np.square(np.asarray(t, float)) / (n - 1)
    with np.errstate(over="ignore", invalid="ignore"):
        growth = np.log1p(square) - np.log1p(r * square)
    growth = np.where(np.isfinite(square), growth, -np.log(r))
    return 0.5 * np.log(r) + 0.5 * n * growth


def multiplier(n: int, alpha: Numbers, phi: float) -> Numbers:
    r"""The $c$ with $e_n(c) = 1/a$; infinite while $n$ rows cannot decide anything."""
    alpha = np.asarray(alpha, float)
    r = phi / (phi + n)
    a = (np.square(alpha) * r) ** (-1.0 / n)
    room = 1.0 - a * r
    with np.errstate(divide="ignore", invalid="ignore"):
        c = np.sqrt((n - 1) * (a - 1.0) / np.where(room > 0, room, np.nan))
    return np.where(room > 0, c, np.inf)


def hall(t: Numbers, skew: Numbers, n: int) -> Numbers:
    r"""Hall's cubic $g(t) = t + g_1(t^2/3 + 1/6)/\sqrt n + g_1^2t^3/(27n)$."""
    t, skew = np.asarray(t, float), np.asarray(skew, float)
    quadratic = skew * (t**2 / 3 + 1 / 6) / np.sqrt(n)
    return t + quadratic + skew**2 * t**3 / (27 * n)


def hall_inverse(u: Numbers, skew: Numbers, n: int) -> Numbers:
    """The t with `hall(t) = u`; the identity for rows without skewness."""
    u, skew = np.broadcast_arrays(np.asarray(u, float), np.asarray(skew, float))
    tilt = np.where(np.abs(skew) < _NO_SKEW, 1.0, skew) / np.sqrt(n)
    root = 3.0 / tilt * (np.cbrt(1.0 + tilt * (u - tilt / 6.0)) - 1.0)
    return np.where(np.abs(skew) < _NO_SKEW, u, root)
