"""Exact evidence: no seeds, or a statement that must hold in every row."""

from dataclasses import dataclass, field

import numpy as np

from .errors import BadClaim
from .estimate import Estimate, Level, Pair, Region
from .numbers import Numbers
from .samples import Samples


@dataclass(kw_only=True)
class Entries(Estimate):
    """Smallest and largest entry, with the numerical error; no level is spent."""

    smallest: np.ndarray = field(default_factory=lambda: np.empty(0))
    largest: np.ndarray = field(default_factory=lambda: np.empty(0))
    error: np.ndarray = field(default_factory=lambda: np.empty(0))

    def interval(self, level: Level) -> Pair:
        """[smallest entry − error, largest entry + error]."""
        return self.smallest - self.error, self.largest + self.error

    def excludes(self, region: Region, level: Level) -> np.ndarray:
        """One entry beyond region and error is enough."""
        above = self.largest - self.error > region.hi
        return above | (self.smallest + self.error < region.lo)

    def log_e(self, region: Region, level: Level) -> np.ndarray:
        """There is none."""
        return np.full_like(self.estimate, np.nan)

    def p(self, region: Region, level: Level) -> np.ndarray:
        """There is none."""
        return np.full_like(self.estimate, np.nan)

    def margins(self, level: Level) -> Pair:
        """Only the numerical error hides a deviation."""
        return self.error, self.error


def entries(samples: Samples, claimed: np.ndarray) -> Entries:
    """Extremes of the entries of every point.

    Shown beside them: the largest deviation from the claimed numbers in units of the
    numerical error, and the share of exceptions that clean rows leave possible.
    """
    values, error = samples.values, samples.error
    off = np.abs(values - claimed).max(0) / np.where(error > 0, error, np.inf)
    smallest, largest = values.min(0), values.max(0)
    worst = np.where(np.abs(smallest) > np.abs(largest), smallest, largest)
    shown = [{"deviation_over_error": float(d)} for d in off]
    if samples.n > 1:
        clean = {"largest_share_of_exceptions": 1.0 - 0.01 ** (1.0 / samples.n)}
        shown = [part | clean for part in shown]
    return Entries(
        at=samples.at,
        n=samples.n,
        estimate=values[0] if samples.n == 1 else worst,
        se=np.full(len(smallest), np.nan),
        skew=np.full(len(smallest), np.nan),
        bias=np.zeros(len(smallest)),
        reasons=np.full(len(smallest), "", dtype=object),
        diagnostics=tuple(shown),
        smallest=smallest,
        largest=largest,
        error=error,
    )


def rounding_error(
    terms: Numbers, dtype: str = "float64", units: float | int = 4.0
) -> Numbers:
    r"""Numerical error K ε κ of a sum with absolute terms κ, for `attrs["error"]`.

    Args:
        terms: κ, the sum of the absolute terms (not the result).
        dtype: Precision in which the sum was computed.
        units: K; the worst of 400 dot products measured was 0.5.
    """
    if units <= 0:
        raise BadClaim("`units` must be positive.")
    return units * float(np.finfo(dtype).eps) * np.asarray(terms, dtype=np.float64)
