r"""Evidence table: any function of the whole table of rows.

Its standard error is the larger of two: the bootstrap over whole rows, and the
jackknife. The jackknife's influence values also tell the skewness, for Hall's
correction, so that the t-mixture of `mixture` applies as for a mean.

The percentile bootstrap with spent levels is *not* used: at the levels that a claim has
($10^{-4}$ and below) it cannot be read off a thousand resamples, and continued by a
normal or Student tail it was measured to exclude a true standard deviation in 10 % of
all runs at nominal 0.005 % (16 exponential rows); see CALIBRATION.md.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .estimate import undecided
from .samples import Samples
from .studentised import Studentised

RESAMPLES, QUARTERS, BLOCKS = 400, 1000, 256
LEAST_QUARTER = 16


def table(samples: Samples, of: Callable[..., Any]) -> Studentised:
    """Estimate a function of the whole table, with standard error and skewness.

    A statistic that no resample moves (an index, a count) is trusted only if it does
    not move in resamples of a quarter of the rows either: fluctuations are twice as
    large there, so that what 3 standard deviations do not do there, 6 do not do here.

    Args:
        samples: Rows, seed first.
        of: Called with the array of rows; returns one number per point.
    """
    values, n = samples.values, samples.n
    estimate = _call(of, values)
    moved = resampled(values, of, n, RESAMPLES)
    influence = jackknife(values, of)
    bootstrap = moved.std(0, ddof=1) * np.sqrt(n / (n - 1))
    blockwise = influence.std(0, ddof=1) / np.sqrt(len(influence))
    se = np.maximum(bootstrap, blockwise)
    stiff = se == 0
    points = len(estimate)
    return Studentised(
        at=samples.at if len(samples.at) == points else ({},) * points,
        n=n,
        estimate=estimate,
        se=se,
        skew=_skew(influence) * np.sqrt(n / len(influence)),
        bias=np.zeros(points),
        reasons=undecided((stiff & ~_unmoved(values, of, stiff), "discrete")),
        hall=True,
    )


def resampled(
    values: np.ndarray, of: Callable[..., Any], size: int, times: int
) -> np.ndarray:
    """The function at resamples of `size` whole rows, (resample, point)."""
    rng = np.random.default_rng([1, len(values), size])
    draws = rng.integers(0, len(values), size=(times, size))
    return np.stack([_call(of, values[rows]) for rows in draws])


def jackknife(values: np.ndarray, of: Callable[..., Any]) -> np.ndarray:
    """Influence of every row, or of every one of 256 blocks of rows, (block, point).

    (G−1) times what the function loses without the block: the standard deviation over
    √G is the standard error, and the skewness over √G is what Hall's correction needs.
    """
    blocks = min(len(values), BLOCKS)
    block = np.arange(len(values)) % blocks
    without = np.stack([_call(of, values[block != k]) for k in range(blocks)])
    return (blocks - 1) * (without.mean(0) - without)


def _unmoved(
    values: np.ndarray, of: Callable[..., Any], stiff: np.ndarray
) -> np.ndarray:
    """Whether stiff statistics do not move in resamples of a quarter of the rows."""
    quarter = len(values) // 4
    if not stiff.any() or quarter < LEAST_QUARTER:
        return np.zeros_like(stiff)
    return np.ptp(resampled(values, of, quarter, QUARTERS), axis=0) == 0


def _skew(influence: np.ndarray) -> np.ndarray:
    centered = influence - influence.mean(0)
    scale = centered.std(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(scale > 0, (centered**3).mean(0) / scale**3, 0.0)


def _call(of: Callable[..., Any], values: np.ndarray) -> np.ndarray:
    return np.asarray(of(values), dtype=np.float64).reshape(-1)
