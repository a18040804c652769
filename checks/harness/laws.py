r"""Evidence law: the sup-distance between distribution functions, with DKW's radius.

$\Pr(\sup_x |F_n - F| > e) \le 2 e^{-2ne^2}$ for every law (Dvoretzky, Kiefer and
Wolfowitz 1956; Massart 1990); looks share the level by spending. Two samples: the sum
of both radii at half the level each, however the samples depend on each other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import BadClaim
from .estimate import Estimate, Level, Pair, Region
from .samples import Samples
from .spending import spent, unspent

ROUGHNESS = 0.5  # largest standard deviation of √n (F_n − F) anywhere


@dataclass(kw_only=True)
class Distance(Estimate):
    """Sup-distances with a distribution-free radius."""

    samples: int = 1

    def interval(self, level: Level) -> Pair:
        """Distance ± radius, not below zero."""
        radius = self._radius(spent(level.alpha, level.look))
        return np.maximum(self.estimate - radius, 0.0), self.estimate + radius

    def excludes(self, region: Region, level: Level) -> np.ndarray:
        """Whether the distance exceeds tolerance and radius."""
        return self.interval(level)[0] > region.hi

    def log_e(self, region: Region, level: Level) -> np.ndarray:
        """There is no e-value."""
        return np.full_like(self.estimate, np.nan)

    def p(self, region: Region, level: Level) -> np.ndarray:
        """The level at which the distance would just exceed tolerance and radius."""
        excess = np.maximum(self.estimate - region.hi, 0.0) / self.samples
        one = 2 * self.samples * np.exp(-2 * self.n * excess**2)
        return np.minimum(1.0, unspent(one, level.look))

    def _radius(self, alpha: float) -> float:
        one = np.sqrt(np.log(2 * self.samples / alpha) / (2 * self.n))
        return float(self.samples * one)


def law(samples: Samples, law: Any, left: Callable[..., Any] | None) -> Distance:
    """Distances of the rows from a known law, or of two samples from each other.

    Args:
        samples: Rows (n, point), or pairs (n, sample, point).
        law: Distribution function, or one per point; None for two samples.
        left: F(x−) of a claimed law of discretised rows: then the rows are spread by
            u F(x) + (1−u) F(x−) and held against the uniform law.
    """
    if (law is None) != samples.paired:
        raise BadClaim("a law claim needs a distribution function or two samples.")
    if samples.paired:
        first, second = samples.values[:, 0], samples.values[:, 1]
        distance = two_sample_distance(first, second)
    elif left is None:
        distance = one_sample_distance(samples.values, law)
    else:
        distance = one_sample_distance(spread(samples.values, law, left), uniform)
    parts = 2 if samples.paired else 1
    nothing = np.full(len(distance), np.nan)
    return Distance(
        at=samples.at,
        n=samples.n,
        estimate=distance,
        se=np.full(len(distance), ROUGHNESS * np.sqrt(parts / samples.n)),
        skew=nothing,
        bias=np.zeros(len(distance)),
        reasons=np.full(len(distance), "", dtype=object),
        samples=parts,
    )


def one_sample_distance(values: np.ndarray, law: Any) -> np.ndarray:
    """Largest |F_n − F|, atoms included: F(x−) is F at the next number below x."""
    ordered = np.sort(values, axis=0)
    n, points = ordered.shape
    at, before = evaluate(law, ordered), evaluate(law, np.nextafter(ordered, -np.inf))
    columns = [(ordered[:, k], at[:, k], before[:, k]) for k in range(points)]
    return np.array([_sup(x, f, g, n) for x, f, g in columns])


def two_sample_distance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Largest |F_n − G_n| of two samples, column by column."""
    return np.array(
        [
            _between(np.sort(a), np.sort(b))
            for a, b in zip(first.T, second.T, strict=True)
        ]
    )


def spread(values: np.ndarray, law: Any, left: Callable[..., Any]) -> np.ndarray:
    """Randomised probability transform; the same u for a row at every look."""
    u = np.random.default_rng(0).random(values.shape)
    return u * evaluate(law, values) + (1 - u) * evaluate(left, values)


def evaluate(law: Any, values: np.ndarray) -> np.ndarray:
    """Distribution functions of all points at (n, point) values."""
    if callable(law):
        return np.broadcast_to(np.asarray(law(values), dtype=np.float64), values.shape)
    columns = [np.asarray(f(values[:, k]), float) for k, f in enumerate(law)]
    return np.stack(columns, axis=1)


def uniform(x: np.ndarray) -> np.ndarray:
    """Distribution function of the uniform law on [0, 1]."""
    return np.clip(x, 0.0, 1.0)


def _sup(x: np.ndarray, at: np.ndarray, before: np.ndarray, n: int) -> float:
    up_to = np.searchsorted(x, x, side="right") / n
    below = np.searchsorted(x, x, side="left") / n
    return float(max(np.abs(up_to - at).max(), np.abs(below - before).max()))


def _between(first: np.ndarray, second: np.ndarray) -> float:
    x = np.concatenate([first, second])
    f = np.searchsorted(first, x, side="right") / len(first)
    g = np.searchsorted(second, x, side="right") / len(second)
    return float(np.abs(f - g).max())
