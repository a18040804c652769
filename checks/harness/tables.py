"""Evidence table: any function of the whole table of rows, by the bootstrap.

Whole rows are resampled; looks share the level by spending. The levels that remain are
far beyond what a thousand resamples show, so that each side's percentile at 2.5 % is
continued with the quantiles of Student's t.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import stats

from .estimate import Estimate, Level, Pair, Region
from .samples import Samples
from .spending import spent, unspent

RESAMPLES, ANCHOR = 1000, 0.025
ANCHOR_Z = float(stats.norm.isf(ANCHOR))
LEAST_QUARTER = 16


@dataclass(kw_only=True)
class Bootstrapped(Estimate):
    """Estimates whose law is known from resamples of whole rows.

    Attributes:
        below: Scale of the lower side: distance to the 2.5 % percentile over 1.96.
        above: Scale of the upper side.
    """

    below: np.ndarray = field(default_factory=lambda: np.empty(0))
    above: np.ndarray = field(default_factory=lambda: np.empty(0))

    def multiplier(self, level: Level) -> float:
        """Student quantile at what the look may spend."""
        alpha = spent(level.two_sided, level.look)
        return float(stats.t.isf(alpha / 2, self.n - 1))

    def interval(self, level: Level) -> Pair:
        """Percentiles on both sides, continued."""
        c = self.multiplier(level)
        return self.estimate - c * self.below, self.estimate + c * self.above

    def log_e(self, region: Region, level: Level) -> np.ndarray:
        """There is no e-value."""
        return np.full_like(self.estimate, np.nan)

    def p(self, region: Region, level: Level) -> np.ndarray:
        """The level at which the interval would just touch the region."""
        gap = self.estimate - region.nearest(self.estimate)
        scale = np.where(gap > 0, self.below, self.above)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(gap == 0, 0.0, np.abs(gap) / scale)
        sides = 2.0 if level.side == "two" else 1.0
        p = sides * stats.t.sf(t, self.n - 1)
        return np.where(gap == 0, 1.0, np.minimum(1.0, unspent(p, level.look)))


def table(samples: Samples, of: Callable[..., Any]) -> Bootstrapped:
    """Bootstrap a function of the whole table.

    A statistic that no resample moves (an index, a count) is trusted only if it does
    not move in resamples of a quarter of the rows either: fluctuations are twice as
    large there, so that what 3 standard deviations do not do there, 6 do not do here.

    Args:
        samples: Rows, seed first.
        of: Called with the array of rows; returns one number per point.
    """
    values, n = samples.values, samples.n
    estimate = _call(of, values)
    moved = resampled(values, of, n)
    lo, hi = np.quantile(moved, [ANCHOR, 1 - ANCHOR], axis=0)
    stiff = np.ptp(moved, axis=0) == 0
    blocked = stiff & ~_unmoved(values, of, stiff)
    points = len(estimate)
    return Bootstrapped(
        at=samples.at if len(samples.at) == points else ({},) * points,
        n=n,
        estimate=estimate,
        se=moved.std(0, ddof=1),
        skew=np.full(points, np.nan),
        bias=np.zeros(points),
        reasons=np.where(blocked, "discrete", "").astype(object),
        below=np.maximum(estimate - lo, 0.0) / ANCHOR_Z,
        above=np.maximum(hi - estimate, 0.0) / ANCHOR_Z,
    )


def resampled(values: np.ndarray, of: Callable[..., Any], size: int) -> np.ndarray:
    """The function at resamples of `size` whole rows, (resample, point)."""
    rng = np.random.default_rng([1, len(values), size])
    draws = rng.integers(0, len(values), size=(RESAMPLES, size))
    return np.stack([_call(of, values[rows]) for rows in draws])


def _unmoved(
    values: np.ndarray, of: Callable[..., Any], stiff: np.ndarray
) -> np.ndarray:
    """Whether stiff statistics do not move in resamples of a quarter of the rows."""
    quarter = len(values) // 4
    if not stiff.any() or quarter < LEAST_QUARTER:
        return np.zeros_like(stiff)
    return np.ptp(resampled(values, of, quarter), axis=0) == 0


def _call(of: Callable[..., Any], values: np.ndarray) -> np.ndarray:
    return np.asarray(of(values), dtype=np.float64).reshape(-1)
