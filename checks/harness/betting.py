r"""Bets against an upper bound on the mean of nonnegative rows: exact, always.

Under $\mathbb{E}[X_t \mid \text{past}] \le b$ with $X_t \ge 0$ the wealth
$W_t = \prod_i (1 + \lambda_i (X_i - b))$ with predictable
$\lambda_i \in [0, 1/(2b)]$ is a nonnegative supermartingale, whatever the variance and
the tail (Waudby-Smith and Ramdas, arXiv 2010.09686), so that it ever reaches $1/a$ with
probability at most $a$.
"""

import numpy as np

from .numbers import Numbers

_STEPS = 40


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
    growth = edge / (variance + edge**2)
    steady = np.sqrt(-2 * np.log(alpha) / (t * np.log1p(t) * variance))
    stakes = np.minimum(np.stack([growth, steady]), 0.5 / b)
    logs = np.cumsum(np.log1p(stakes * (samples - b)), axis=1)
    return np.logaddexp(logs[0], logs[1]) - np.log(2.0)


def lower_limit(samples: np.ndarray, alpha: Numbers) -> np.ndarray:
    """The smallest mean that the gamblers have not excluded, by bisection."""
    bar = -np.log(np.broadcast_to(alpha, samples.shape[1:]))
    outside, inside = np.zeros(samples.shape[1]), samples.mean(0) + 1e-300
    for _ in range(_STEPS):
        middle = 0.5 * (outside + inside)
        excluded = log_wealth(samples, middle, alpha).max(0) >= bar
        outside = np.where(excluded, middle, outside)
        inside = np.where(excluded, inside, middle)
    return outside


def _before(samples: np.ndarray) -> np.ndarray:
    """Sums of the rows before each row."""
    return np.concatenate([np.zeros_like(samples[:1]), np.cumsum(samples, 0)[:-1]])
