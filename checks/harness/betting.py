r"""Bets against an upper bound on the mean of nonnegative rows: exact, always.

Under $\mathbb{E}[X_t \mid \text{past}] \le b$ with $X_t \ge 0$ the wealth
$W_t = \prod_i (1 + \lambda_i (X_i - b))$ with predictable
$\lambda_i \in [0, 1/(2b)]$ is a nonnegative supermartingale, whatever the variance and
the tail (Waudby-Smith and Ramdas, arXiv 2010.09686), so that it ever reaches $1/a$ with
probability at most $a$.
"""

import numpy as np

from .numbers import Numbers

_STEPS = 14


def log_wealth(samples: np.ndarray, bound: Numbers, alpha: Numbers) -> np.ndarray:
    """Logarithm of the average wealth of two gamblers after every row.

    Args:
        samples: Nonnegative rows (n, points), in the order in which they were drawn.
        bound: Positive upper bound on the mean, one per point.
        alpha: Level for which the second gambler's stakes are tuned.

    Returns:
        Array (n, points).
    """
    b = np.asarray(bound, float)
    t = np.arange(1, len(samples) + 1)[:, None]
    mean = (b / 2 + _before(samples)) / t
    square = (b**2 / 2 + _before(samples**2)) / t
    variance = np.maximum(square - mean**2, 1e-12 * b**2)
    edge = np.maximum(mean - b, 0.0)
    gain, most = samples - b, 0.5 / b
    growth = np.minimum(edge / (variance + edge**2), most)
    scale = -2 * np.log(alpha) / (t * np.log1p(t))
    steady = np.minimum(np.sqrt(scale / variance), most)
    first, second = (np.cumsum(np.log1p(s * gain), axis=0) for s in (growth, steady))
    return np.logaddexp(first, second) - np.log(2.0)


def lower_limit(samples: np.ndarray, alpha: Numbers) -> np.ndarray:
    """The smallest mean that the gamblers have not excluded.

    By bisection between zero and the mean, steepened by interpolation (Illinois).
    """
    bar = -np.log(np.broadcast_to(alpha, samples.shape[1:]))

    def excess(bound: np.ndarray) -> np.ndarray:
        return log_wealth(samples, bound, alpha).max(0) - bar

    inside = samples.mean(0) + 1e-300
    outside = inside * 1e-6
    high, low = excess(outside), excess(inside)
    for _ in range(_STEPS):
        share = np.clip(high / np.where(high > low, high - low, 1.0), 0.05, 0.95)
        middle = outside + share * (inside - outside)
        value = excess(middle)
        excluded = value >= 0
        high, low = (
            np.where(excluded, value, 0.5 * high),
            np.where(excluded, 0.5 * low, value),
        )
        outside = np.where(excluded, middle, outside)
        inside = np.where(excluded, inside, middle)
    return outside


def _before(samples: np.ndarray) -> np.ndarray:
    """Sums of the rows before each row."""
    return np.concatenate([np.zeros_like(samples[:1]), np.cumsum(samples, 0)[:-1]])
