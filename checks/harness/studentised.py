"""Estimates with a standard error: the hull of intervals over all kept fits."""

from dataclasses import dataclass, field

import numpy as np

from . import mixture
from .estimate import Estimate, Level, Pair, Region


@dataclass(kw_only=True)
class Studentised(Estimate):
    """Estimates that are nearly normal around the truth.

    Attributes:
        fits: Estimates, standard errors and systematic budgets of every admissible
            model, each (model, point); one model for a plain mean.
        kept: Which models the data did not reject, (model, point).
        hall: Whether the skewness of the rows is corrected for.
    """

    fits: tuple[np.ndarray, np.ndarray, np.ndarray] = field(default_factory=tuple)  # pyright: ignore[reportAssignmentType] (filled below)
    kept: np.ndarray = field(default_factory=lambda: np.ones((1, 1), bool))
    hall: bool = False

    def __post_init__(self) -> None:
        if not self.fits:
            self.fits = (self.estimate[None], self.se[None], self.bias[None])
            self.kept = np.ones_like(self.fits[0], dtype=bool)
        rejected = (~self.kept).all(0) & (self.reasons == "")
        self.reasons = np.where(rejected, "model-rejected", self.reasons)

    def multiplier(self, level: Level) -> float:
        """The c of the t-mixture at this number of rows."""
        phi = mixture.prior_size(level.budget, level.two_sided)
        return float(mixture.multiplier(self.n, level.two_sided, phi))

    def interval(self, level: Level) -> Pair:
        """Hull of [estimate − c se − bias, estimate + c se + bias] over kept fits."""
        c = self.multiplier(level)
        center, se, bias = self.fits
        if not np.isfinite(c):
            everywhere = np.full_like(self.estimate, np.inf)
            return -everywhere, everywhere
        left, right = self._t(c), self._t(-c)
        lo, hi = center - left * se - bias, center - right * se + bias
        return (
            np.where(self.kept, lo, np.inf).min(0),
            np.where(self.kept, hi, -np.inf).max(0),
        )

    def log_e(self, region: Region, level: Level) -> np.ndarray:
        """Smallest e-value over kept fits against the nearest point of the region."""
        center, se, bias = self.fits
        gap = center - region.nearest(center)
        gap = np.sign(gap) * np.maximum(np.abs(gap) - bias, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(gap == 0, 0.0, gap / se)
        if self.hall:
            finite = np.isfinite(t)
            corrected = mixture.hall(np.where(finite, t, 0.0), self.skew, self.n)
            t = np.where(finite, corrected, t)
        phi = mixture.prior_size(level.budget, level.two_sided)
        values = mixture.log_e(t, self.n, phi)
        return np.where(self.kept, values, np.inf).min(0)

    def p(self, region: Region, level: Level) -> np.ndarray:
        """1/e, halved where the region has one end only."""
        log_e = self.log_e(region, level)
        log_e = np.where((~self.kept).all(0), 0.0, log_e)
        sides = 1.0 if level.side == "two" else 0.5
        outside = region.nearest(self.estimate) != self.estimate
        return np.where(outside, np.minimum(1.0, sides * np.exp(-log_e)), 1.0)

    def _t(self, c: float) -> np.ndarray:
        """The t statistic at which the (corrected) boundary lies."""
        if not self.hall:
            return np.full_like(self.estimate, c)
        return np.asarray(mixture.hall_inverse(c, self.skew, self.n))
