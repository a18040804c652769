r"""Bets against an upper bound on the mean of nonnegative rows: exact, always.

Under $\mathbb{E}[X_t \mid \text{past}] \le b$ with $X_t \ge 0$ the wealth
$W_t = \prod_i (1 + \lambda_i (X_i - b))$ with predictable
$\lambda_i \in [0, 1/(2b)]$ is a nonnegative supermartingale, whatever the variance and
the tail (Waudby-Smith and Ramdas, arXiv 2010.09686), so that it ever reaches $1/a$ with
probability at most $a$.
"""

from dataclasses import dataclass

import numpy as np

from .numbers import Numbers

STEPS, NEAR = 30, 0.02


@dataclass(frozen=True)
class Past:
    """The rows of one point and what the gamblers know before each of them.

    Attributes:
        rows: Nonnegative rows (n,), in the order in which they were drawn.
        means: Sum of the rows before row t, over t.
        squares: Sum of their squares, over t.
        weight: 1/t of the pseudo-observation before row t.
        pace: t log(1 + t).
    """

    rows: np.ndarray
    means: np.ndarray
    squares: np.ndarray
    weight: np.ndarray
    pace: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray) -> "Past":
        """The past of a column of rows."""
        rows = np.ascontiguousarray(rows)
        t = np.arange(1.0, len(rows) + 1)
        before, squares = _before(rows) / t, _before(rows**2) / t
        return cls(rows, before, squares, 1.0 / t, t * np.log1p(t))

    def log_wealth(self, bound: Numbers, alpha: Numbers) -> np.ndarray:
        """Logarithm of the average wealth of two gamblers after every row.

        One stakes for the growth of the wealth, the other steadily, tuned to reach
        1/alpha; both from running moments with one pseudo-observation (b/2, b²/4).
        """
        return np.logaddexp(*self._gamblers(bound, alpha)) - np.log(2.0)

    def top(self, bound: Numbers, alpha: Numbers) -> float:
        """The largest of `log_wealth`: a gambler's own best is within log 2 of it."""
        first, second = self._gamblers(bound, alpha)
        better = np.maximum(first, second)
        near = better >= better.max() - np.log(2.0)
        return np.logaddexp(first[near], second[near]).max() - np.log(2.0)

    def _gamblers(self, bound: Numbers, alpha: Numbers) -> list[np.ndarray]:
        """Logarithm of each gambler's wealth after every row."""
        mean = self.means + bound / 2 * self.weight
        square = self.squares + bound**2 / 2 * self.weight
        variance = np.maximum(square - mean**2, 1e-12 * bound**2)
        edge = np.maximum(mean - bound, 0.0)
        growth = edge / (variance + edge**2)
        steady = np.sqrt(-2 * np.log(alpha) / (self.pace * variance))
        gain, most = self.rows - bound, 0.5 / bound
        return [
            np.cumsum(np.log1p(np.minimum(stake, most) * gain))
            for stake in (growth, steady)
        ]

    def lower_limit(self, alpha: Numbers) -> float:
        """The smallest mean that is not excluded, from outside, to 2 % of the level.

        The root of the largest log wealth falls nearly linearly in the bound. The
        first step is the normal one, the second corrects it by what the wealth is
        short of it, then secants; bisection where a step leaves the bracket.
        """
        bar, n = -np.log(alpha), len(self.rows)
        center, scale = self.rows.mean(), self.rows.std() / np.sqrt(n)
        outside, inside, aim = 0.0, center, bar + NEAR / 2
        here = center - scale * np.sqrt(2 * aim + np.log(n))
        before: tuple[float, float] | None = None
        for _ in range(STEPS if center > 0 else 0):
            if not outside < here < inside:
                here = 0.5 * (outside + inside)
            height = max(self.top(here, alpha), 0.0)
            outside, inside = (here, inside) if height >= bar else (outside, here)
            if bar <= height < bar + NEAR:
                break
            root = np.sqrt(height)
            if before is None and scale > 0:
                short = 0.5 * ((center - here) / scale) ** 2 - height
                there = center - scale * np.sqrt(max(2 * (aim + short), 0.0))
            elif before is None or root == before[1]:
                there = outside
            else:
                slope = (here - before[0]) / (root - before[1])
                there = here + (np.sqrt(aim) - root) * slope
            here, before = there, (here, root)
        return float(outside)


def log_wealth(samples: np.ndarray, bound: Numbers, alpha: Numbers) -> np.ndarray:
    """Logarithm of the average wealth after every row, at every point.

    Args:
        samples: Nonnegative rows (n, points), in the order in which they were drawn.
        bound: Positive upper bound on the mean, one per point or one for all.
        alpha: Level for which the second gambler's stakes are tuned.

    Returns:
        Array (n, points).
    """
    bounds = np.broadcast_to(np.asarray(bound, float), samples.shape[1:])
    columns = zip(samples.T, bounds, strict=True)
    return np.stack([Past.of(x).log_wealth(b, alpha) for x, b in columns], axis=1)


def lower_limit(samples: np.ndarray, alpha: Numbers) -> np.ndarray:
    """The smallest mean at every point that the gamblers have not excluded."""
    return np.array([Past.of(x).lower_limit(alpha) for x in samples.T])


def _before(rows: np.ndarray) -> np.ndarray:
    """Sums of the rows before each row."""
    sums = np.zeros_like(rows)
    np.cumsum(rows[:-1], out=sums[1:])
    return sums
