"""Evidence mean: rows of numbers, or a smooth function of their columns' means."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from . import betting, mixture
from .errors import BadSamples
from .estimate import POWER_QUANTILE, Level, Pair, Region, undecided
from .samples import Samples, first
from .studentised import Studentised

FEW_VALUES, ATOM, DOMINATED = 10, 0.8, 0.5
GLANCE = 128  # rows that usually show enough distinct values
BOOTSTRAP, RESAMPLED = 400, 0.05
SMALL_N, SKEWED = 128, 0.1
TILTED = 0.5  # Hall's cubic at the boundary: measured power falls below 0.85 beyond


@dataclass(kw_only=True)
class Mean(Studentised):
    """Means of independent rows: t-mixture with Hall's correction."""

    values: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))

    def margins(self, level: Level) -> Pair:
        """Normal formula, or the bootstrap of the interval's ends for skewed rows."""
        skewed, c = self._tilt > RESAMPLED, self.multiplier(level)
        lo, hi = Studentised.interval(self, level)
        slack = POWER_QUANTILE * self.se
        down, up = hi - self.estimate + slack, self.estimate - lo + slack
        if skewed.any() and np.isfinite(c):
            ends = lo[skewed], hi[skewed]
            down[skewed], up[skewed] = self._bootstrap(skewed, ends, c)
        return down, up

    def notes(self, level: Level) -> tuple[str, ...]:
        """`approximate` where the resolution of skewed rows may be too small."""
        limit = SKEWED if self.n < SMALL_N else TILTED / self.multiplier(level)
        return ("approximate",) if (self._tilt > limit).any() else ()

    @property
    def _tilt(self) -> np.ndarray:
        """Skewness of the mean, on which the normal formula and Hall's cubic depend."""
        return np.abs(self.skew) / np.sqrt(self.n)

    def _bootstrap(self, points: np.ndarray, ends: Pair, c: float) -> Pair:
        """Distances that another run's ends keep from the truth in 9 of 10 runs.

        A run at the truth θ has its lower end within D of θ with probability 0.9, where
        D = (estimate − lo) + the 0.9 quantile of [(θ − lo of the other run) − (estimate
        − lo of this one)]: two independent runs, hence two resamples.
        """
        n, estimate = self.n, self.estimate[points]
        counts = resample_counts(n, BOOTSTRAP)
        center, sd, skew = moments_of_counts(self.values[:, points], counts)
        wide = []
        for u, seen in ((-c, ends[1]), (c, ends[0])):
            end = center - mixture.hall_inverse(u, skew, n) * sd / np.sqrt(n)
            sign = -np.sign(u)
            other, this = sign * (end - estimate), sign * (end - center)
            gap = np.quantile(other - np.roll(this, 1, axis=0), 0.9, axis=0)
            wide.append(sign * (seen - estimate) + gap)
        return wide[0], wide[1]


@dataclass(kw_only=True)
class Bets(Mean):
    """Means of nonnegative rows under an upper bound: exclusion by bets, exactly."""

    wealths: dict[tuple[float, bytes], Pair] = field(default_factory=dict)
    limits: dict[float, np.ndarray] = field(default_factory=dict)

    def interval(self, level: Level) -> Pair:
        """Lower end by bets, upper end by the t-mixture."""
        return self._limit(level), self.inner(level)[1]

    def inner(self, level: Level) -> Pair:
        """Consistency is judged by the t-mixture."""
        return Mean.interval(self, level)

    def excludes(self, region: Region, level: Level) -> np.ndarray:
        """Whether the wealth against the region's end ever reached 1/alpha."""
        return self._wealth(region, level)[1] >= -np.log(level.alpha)

    def log_e(self, region: Region, level: Level) -> np.ndarray:
        """Logarithm of the wealth after the last row."""
        return self._wealth(region, level)[0]

    def p(self, region: Region, level: Level) -> np.ndarray:
        """One over the largest wealth so far."""
        return np.minimum(1.0, np.exp(-self._wealth(region, level)[1]))

    def margins(self, level: Level) -> Pair:
        """Those of the t-mixture, with the bets' own end where it is wider."""
        down, up = Mean.margins(self, level)
        lo, hi = self.interval(level)
        slack = POWER_QUANTILE * self.se
        return (
            np.maximum(down, hi - self.estimate + slack),
            np.maximum(up, self.estimate - lo + slack),
        )

    def notes(self, level: Level) -> tuple[str, ...]:
        """Few rows are `approximate` whatever their skewness."""
        return ("approximate",) if self.n < SMALL_N else Mean.notes(self, level)

    @cached_property
    def pasts(self) -> list[betting.Past]:
        """What is bet on at every point."""
        return [betting.Past.of(column) for column in self.values.T]

    def _stakes(self, region: Region) -> np.ndarray:
        """The bound against which is bet."""
        return region.hi

    def _limit(self, level: Level) -> np.ndarray:
        """Smallest mean of what is bet on that is not excluded."""
        alpha = level.alpha
        if alpha not in self.limits:
            limits = [past.lower_limit(alpha) for past in self.pasts]
            self.limits[alpha] = np.array(limits)
        return self.limits[alpha]

    def _wealth(self, region: Region, level: Level) -> Pair:
        """Log wealth after the last row, and at its largest; once per bound."""
        bound = self._stakes(region)
        key = (level.alpha, bound.tobytes())
        if key not in self.wealths:
            pairs = zip(self.pasts, bound, strict=True)
            paths = [past.log_wealth(b, level.alpha) for past, b in pairs]
            ends = np.array([(path[-1], path.max()) for path in paths])
            self.wealths[key] = (ends[:, 0], ends[:, 1])
        return self.wealths[key]


@dataclass(kw_only=True)
class CappedBets(Bets):
    """Means of rows with a known cap, under a lower bound: bets on cap − row."""

    cap: float = np.inf

    def interval(self, level: Level) -> Pair:
        """Upper end by bets, lower end by the t-mixture."""
        return self.inner(level)[0], self.cap - self._limit(level)

    @cached_property
    def pasts(self) -> list[betting.Past]:
        """What is bet on at every point."""
        return [betting.Past.of(self.cap - column) for column in self.values.T]

    def _stakes(self, region: Region) -> np.ndarray:
        """The bound against which is bet."""
        return self.cap - region.lo


def mean(
    samples: Samples, of: Callable[..., Any] | None, bound: np.ndarray | None
) -> Mean:
    """Means of the rows, or of the leave-one-out pseudo-values of `of`.

    Args:
        samples: Rows (n, point), (n, sample, point) or (n, point, column) with `of`.
        of: Smooth function of the column means.
        bound: Upper end of an upper bound's region: bets are used if it is positive
            and all rows are nonnegative.
    """
    values, diagnostics = _columns(samples, of)
    n, points = values.shape
    center = values.mean(0)
    sd, skew = _spread(values - center)
    zeros = np.zeros(points)
    reasons = undecided(
        (few_values(values), "discrete"), (heavy_tailed(values), "non-normal")
    )
    bets = bound is not None and bool(((values >= 0).all(0) & (bound > 0)).all())
    made: type[Mean] = Bets if bets else Mean
    return made(
        at=samples.at if len(samples.at) == points else ({},) * points,
        n=n,
        estimate=center,
        se=sd / np.sqrt(n),
        skew=skew,
        bias=zeros,
        reasons=reasons,
        diagnostics=diagnostics,
        hall=True,
        values=values,
    )


def capped(samples: Samples, cap: float | int, bound: np.ndarray) -> Mean:
    """Means of rows that cannot exceed `cap`, to be held against a lower bound.

    Raises:
        BadSamples: A row lies above the cap.
    """
    plain = mean(samples, None, None)
    bad = plain.values > cap
    if bad.any():
        where = first(plain.values, bad, samples.at)
        raise BadSamples(f"a row lies above `upper` = {cap}: {where}.")
    if not (bound < cap).all():
        return plain
    return CappedBets(**vars(plain), cap=float(cap))


def pseudo_values(values: np.ndarray, of: Callable[..., Any]) -> np.ndarray:
    """Leave-one-out pseudo-values n g(m) − (n−1) g(m without row i)."""
    n = len(values)
    center = values.mean(0)
    left_out = (n * center - values) / (n - 1)
    whole, parts = np.asarray(of(center)), np.asarray(of(left_out))
    parts = parts.reshape(n, -1)
    return n * whole.reshape(1, -1) - (n - 1) * parts


def few_values(values: np.ndarray) -> np.ndarray:
    """Fewer than 10 distinct values, or more than 80 % of the rows at one value.

    A value that more than half of the rows share is their median, and stands in two
    rows in succession.
    """
    few = _distinct(values[:GLANCE]) < FEW_VALUES
    if few.any():
        few[few] = _distinct(values[:, few]) < FEW_VALUES
    again = (values[1:] == values[:-1]).any(0) & ~few
    if again.any():
        middle = np.sort(values[:, again], axis=0)[len(values) // 2]
        few[again] = (values[:, again] == middle).mean(0) > ATOM
    return few


def _distinct(values: np.ndarray) -> np.ndarray:
    """Number of distinct values in every column."""
    ordered = np.sort(values, axis=0)
    return 1 + (ordered[1:] != ordered[:-1]).sum(0)


def heavy_tailed(values: np.ndarray) -> np.ndarray:
    """Whether the variance looks infinite: two signs together.

    Hill's tail index of the distances from the median (the largest 10 %, at most 2 √n,
    at least ten) is below 2 by two of its standard errors, *and* five rows make up more
    than half of the sum of squares. The index alone would condemn laws with all moments
    (squares of exponentials) at every affordable number of rows.
    """
    n = len(values)
    top = int(min(n / 10, 2 * np.sqrt(n)))
    squares = (values - values.mean(0)) ** 2
    if top < 10 or (5 * squares.max(0) <= DOMINATED * squares.sum(0)).all():
        return np.zeros(values.shape[1], dtype=bool)
    far = np.partition(np.abs(values - np.median(values, 0)), n - top - 1, axis=0)
    edge, tail = far[n - top - 1], np.sort(far[n - top :], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.log(tail / edge).mean(0)
        few = (tail[-5:] ** 2).sum(0) / (far**2).sum(0) > DOMINATED
    return np.where(edge > 0, ((1 + 2 / np.sqrt(top)) < 2 * excess) & few, False)


def resample_counts(n: int, times: int, seed: int = 0) -> np.ndarray:
    """How often each row appears in each bootstrap resample, (times, n)."""
    rng = np.random.default_rng([seed, n])
    draws = rng.integers(0, n, size=(times, n)) + n * np.arange(times)[:, None]
    counts = np.bincount(draws.ravel(), minlength=times * n)
    return counts.reshape(times, n).astype(np.float64)


def moments_of_counts(
    values: np.ndarray, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, standard deviation and skewness of every resample."""
    n = len(values)
    shift = values.mean(0)
    centered = values - shift
    first, second, third = (counts @ centered**k / n for k in (1, 2, 3))
    variance = np.maximum(second - first**2, 0.0)
    third = third - 3 * first * second + 2 * first**3
    with np.errstate(divide="ignore", invalid="ignore"):
        skew = np.where(variance > 0, third / variance**1.5, 0.0)
    return shift + first, np.sqrt(variance * n / (n - 1)), skew


def _spread(centered: np.ndarray) -> Pair:
    """Standard deviation (ddof 1) and moment skewness of centred columns."""
    n = len(centered)
    squares = centered * centered
    variance, third = squares.mean(0), (squares * centered).mean(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        skew = np.where(variance > 0, third / variance**1.5, 0.0)
    return np.sqrt(variance * n / (n - 1)), skew


def _columns(
    samples: Samples, of: Callable[..., Any] | None
) -> tuple[np.ndarray, tuple[dict[str, Any], ...]]:
    """Rows (n, point) and what pairs of samples tell about common random numbers."""
    values = samples.values
    if of is not None:
        return pseudo_values(values, of), ()
    if samples.paired:
        values = values[:, 0] - values[:, 1]
        apart = samples.values.var(0, ddof=1).sum(0)
        with np.errstate(divide="ignore", invalid="ignore"):
            gain = apart / values.var(0, ddof=1)
        return values, tuple({"variance_ratio": float(g)} for g in gain)
    if values.ndim != 2:
        raise BadSamples("rows with a dimension `column` need `of`.")
    return values, ()
