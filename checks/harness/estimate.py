"""From rows to an interval: what every sort of evidence must be able to say."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

POWER_QUANTILE = 1.2815515655446004  # of the normal law, at 0.9
Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Level:
    """How strict, on which side, and at which look.

    Attributes:
        alpha: Probability of a wrong exclusion, per point.
        side: `two`, `upper` or `lower`: where the region ends.
        budget: The most rows the claim may use.
        look: Number of the look, from 1.
    """

    alpha: float
    side: str = "two"
    budget: int = 1024
    look: int = 1

    @property
    def two_sided(self) -> float:
        """Level of the two-sided formula: twice alpha where one side cannot err."""
        return self.alpha if self.side == "two" else 2 * self.alpha


@dataclass(frozen=True)
class Region:
    """Claimed numbers and the closed intervals they stand for, one per point."""

    claimed: np.ndarray
    lo: np.ndarray
    hi: np.ndarray

    def nearest(self, estimate: np.ndarray) -> np.ndarray:
        """The point of the region closest to the estimate."""
        return np.clip(estimate, self.lo, self.hi)

    @property
    def tolerance(self) -> Pair:
        """Distance from the claimed number to both ends; infinite where open."""
        return self.claimed - self.lo, self.hi - self.claimed


@dataclass(kw_only=True)
class Estimate(ABC):
    """Estimates of all points of a claim at one look.

    Attributes:
        at: Coordinates of the points.
        n: Number of rows.
        estimate: The estimates.
        se: Their standard errors.
        skew: Skewness of rows or influence values.
        bias: Systematic budget.
        gof: p-values of goodness of fit.
        reasons: Why a point must stay undecided at this look; empty if it need not.
        flags: What the reader must know.
        diagnostics: Per point, for the report.
    """

    at: tuple[Mapping[str, Any], ...]
    n: int
    estimate: np.ndarray
    se: np.ndarray
    skew: np.ndarray
    bias: np.ndarray
    reasons: np.ndarray
    gof: np.ndarray | None = None
    flags: tuple[str, ...] = ()
    diagnostics: tuple[dict[str, Any], ...] = field(default_factory=tuple)

    @abstractmethod
    def interval(self, level: Level) -> Pair:
        """Both ends of the interval, systematic budget included."""

    @abstractmethod
    def log_e(self, region: Region, level: Level) -> np.ndarray:
        """Logarithm of the e-value against the region; nan if there is none."""

    @abstractmethod
    def p(self, region: Region, level: Level) -> np.ndarray:
        """p-value against the region that stays valid over all looks."""

    def multiplier(self, level: Level) -> float:
        """What replaces 1.96; nan where the interval is not made that way."""
        return float("nan")

    def region(self, region: Region) -> Region:
        """The claimed region in units of the estimate."""
        return region

    def excludes(self, region: Region, level: Level) -> np.ndarray:
        """Whether the interval and the region are disjoint."""
        lo, hi = self.interval(level)
        return (lo > region.hi) | (hi < region.lo)

    def inner(self, level: Level) -> Pair:
        """The interval that must lie inside the region to be `consistent`."""
        return self.interval(level)

    def notes(self, level: Level) -> tuple[str, ...]:
        """What the reader must know about the resolution at this level."""
        return ()

    def within(self, region: Region, level: Level) -> np.ndarray:
        """Whether the interval lies inside the region."""
        lo, hi = self.inner(level)
        return (lo >= region.lo) & (hi <= region.hi)

    def margins(self, level: Level) -> Pair:
        """How far beyond the tolerance a deviation (down, up) is caught: power 0.9."""
        lo, hi = self.interval(level)
        slack = POWER_QUANTILE * self.se
        return hi - self.estimate + slack, self.estimate - lo + slack

    def resolution(self, region: Region, level: Level) -> Pair:
        """Smallest deviation from the claimed number (down, up) that is caught."""
        below, above = region.tolerance
        down, up = self.margins(level)
        return below + down, above + up


def undecided(*rules: tuple[np.ndarray, str]) -> np.ndarray:
    """The first reason that applies at each point, empty where none does."""
    reasons = np.full(rules[0][0].shape, "", dtype=object)
    for applies, reason in reversed(rules):
        reasons[applies] = reason
    return reasons
