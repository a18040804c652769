"""Evidence frequency: rows that are 0 or 1, one per lane."""

from dataclasses import dataclass, field

import numpy as np

from . import binomial
from .errors import BadSamples
from .estimate import Estimate, Level, Pair, Region
from .samples import Samples, first


@dataclass(kw_only=True)
class Proportion(Estimate):
    """Shares of successes: beta-binomial mixture, exact at every number of lanes.

    The mixture is not symmetric between its sides, so that a one-sided region is
    judged at the two-sided level.
    """

    successes: np.ndarray = field(default_factory=lambda: np.empty(0))

    def interval(self, level: Level) -> Pair:
        """Probabilities whose e-value is below 1/alpha."""
        return binomial.limits(self.successes, self.n, level.alpha)

    def excludes(self, region: Region, level: Level) -> np.ndarray:
        """By the e-value at the nearest end of the region."""
        return self.log_e(region, level) >= -np.log(level.alpha)

    def log_e(self, region: Region, level: Level) -> np.ndarray:
        """e-value against the nearest probability of the region."""
        nearest = region.nearest(self.estimate)
        with np.errstate(invalid="ignore"):
            value = binomial.log_e(np.clip(nearest, 0, 1), self.successes, self.n)
        return np.where(nearest == self.estimate, np.minimum(value, 0), value)

    def p(self, region: Region, level: Level) -> np.ndarray:
        """One over the e-value."""
        return np.minimum(1.0, np.exp(-self.log_e(region, level)))

    def resolution(self, region: Region, level: Level) -> Pair:
        """By the binomial law itself."""
        down = binomial.resolution_below(region.lo, self.n, level.alpha)
        up = binomial.resolution_above(region.hi, self.n, level.alpha)
        return region.claimed - down, up - region.claimed


@dataclass(kw_only=True)
class Quantile(Proportion):
    """Share of rows below a claimed quantile; claimed region in units of the share."""

    q: float = 0.5

    def region(self, region: Region) -> Region:
        """At least a share q must lie below the claimed quantile."""
        share = np.full_like(region.claimed, self.q)
        return Region(share, share, np.full_like(share, np.inf))


def proportion(samples: Samples) -> Proportion:
    """Shares of ones.

    Raises:
        BadSamples: A row is neither 0 nor 1.
    """
    values = samples.values
    bad = (values != 0) & (values != 1)
    if bad.any():
        raise BadSamples(
            f"rows for frequencies must be 0 or 1, got {first(values, bad, samples.at)}"
            "; use `lanes` instead of `rows`."
        )
    return _proportion(samples, values)


def tail(samples: Samples, level: float | np.ndarray) -> Proportion:
    """Shares of rows above `level`."""
    return _proportion(samples, samples.values > level)


def quantile(samples: Samples, limit: np.ndarray, q: float) -> Quantile:
    """Shares of rows up to `limit` (claimed quantile, tolerance included)."""
    shares = _proportion(samples, samples.values <= limit)
    return Quantile(**vars(shares), q=q)


def _proportion(samples: Samples, hits: np.ndarray) -> Proportion:
    n, points = hits.shape
    successes = hits.sum(0).astype(float)
    share = successes / n
    return Proportion(
        at=samples.at,
        n=n,
        estimate=share,
        se=np.sqrt(share * (1 - share) / n),
        skew=np.full(points, np.nan),
        bias=np.zeros(points),
        reasons=np.full(points, "", dtype=object),
        successes=successes,
    )
