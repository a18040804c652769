"""Rows on the host, checked: finite, distinct, enough, with their coordinates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
from xarray import DataArray

from .errors import BadSamples, DuplicateRows

DUPLICATE_RISK = 1e-12


@dataclass(frozen=True)
class Samples:
    """Rows of one claim.

    Attributes:
        values: (n, point) float64; or (n, point, column), or (n, sample, point). One
            row without seeds.
        at: Coordinates of every point.
        error: Numerical error of exact values, one per point.
        has_seeds: Whether rows are independent draws.
        paired: Whether the second dimension is `sample`.
    """

    values: np.ndarray
    at: tuple[Mapping[str, Any], ...]
    error: np.ndarray
    has_seeds: bool
    paired: bool = False

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.values)


def checked(claim: str, array: Any, least: int = 2) -> Samples:
    """Rows as they come from `observe`, refused if they must not be judged.

    Args:
        claim: Who asks, for the error messages.
        array: (seed, point) or (point,), with `column` or `sample` if need be.
        least: The fewest rows that can be judged.

    Raises:
        BadSamples: Wrong dimensions, a value that is not finite, fewer than two rows,
            duplicated rows; names claim, point and seed.
    """
    if not isinstance(array, DataArray):
        raise BadSamples(f"{claim}: `observe` must return a DataArray (seed, point).")
    has_seeds = "seed" in array.dims
    if not has_seeds:
        array = array.expand_dims("seed")
    if "point" not in array.dims:
        array = array.expand_dims("point")
    order = [d for d in ("seed", "sample", "point", "column") if d in array.dims]
    strange = set(array.dims) - set(order)
    if strange:
        raise BadSamples(
            f"{claim}: `observe` returned dimensions {sorted(map(str, strange))}."
        )
    array = array.transpose(*order)
    values = np.ascontiguousarray(array.values, dtype=np.float64)
    at = _coordinates(array)
    _finite(claim, values, at, order.index("point"))
    if has_seeds and len(values) < least:
        raise BadSamples(f"{claim}: fewer than {least} rows.")
    error = np.broadcast_to(
        np.asarray(array.attrs.get("error", 0.0), dtype=float).reshape(-1), len(at)
    )
    samples = Samples(values, at, error, has_seeds, "sample" in order)
    if has_seeds:
        refuse_duplicates(claim, samples)
    return samples


def refuse_duplicates(claim: str, samples: Samples) -> None:
    """Raise if rows repeat at a fixed distance more often than chance allows.

    Rows are hashed; two independent rows coincide with the collision rate of the hashes
    (large for counts and outcomes 0/1, nil for real numbers), so that the number of
    coincidences at any one distance is binomial with this rate.
    """
    n = samples.n
    flat = np.ascontiguousarray(samples.values.reshape(n, -1)) + 0.0  # one zero
    void = flat.view(np.dtype((np.void, flat.dtype.itemsize * flat.shape[1]))).ravel()
    _, codes, counts = np.unique(void, return_inverse=True, return_counts=True)
    if len(counts) == n:
        return
    rate = float((counts * (counts - 1.0)).sum() / (n * (n - 1.0)))
    lags = (
        np.arange(1, n) if n <= 512 else np.unique([2**k for k in range(20)] + [n // 2])
    )
    risk, lags = DUPLICATE_RISK / len(lags), lags[lags < n]
    repeats = [codes[lag:] == codes[:-lag] for lag in lags]
    same = np.array([repeat.sum() for repeat in repeats])
    found = np.flatnonzero(stats.binom.sf(same - 1, n - lags, rate) < risk)
    if found.size:
        lag, seed = lags[found[0]], int(np.argmax(repeats[found[0]]))
        raise DuplicateRows(
            f"{claim}: rows are duplicated: seed {seed + lag} repeats seed {seed}"
            f" (and {int(same[found[0]]) - 1} more at the same distance)."
        )


def first(values: np.ndarray, bad: np.ndarray, at: Sequence, axis: int = 1) -> str:
    """The first bad value with its seed and point, for a message.

    Args:
        values: Rows, seed first.
        bad: Which of them must be refused; at least one.
        at: Coordinates of the points.
        axis: The dimension `point`.
    """
    place = np.argwhere(bad)[0]
    point = dict(at[place[axis]])
    return f"{values[tuple(place)]} at seed {place[0]}, point {point}"


def _finite(claim: str, values: np.ndarray, at: tuple, axis: int) -> None:
    """Raise at the first value that is not finite, by seed and point."""
    bad = ~np.isfinite(values)
    if bad.any():
        raise BadSamples(
            f"{claim}: {first(values, bad, at, axis)} ({bad.sum()} values are not "
            "finite); declare such runs as an outcome."
        )


def _coordinates(array: DataArray) -> tuple[Mapping[str, Any], ...]:
    """Coordinates of every point as plain Python values."""
    along = {
        str(name): coord.values
        for name, coord in array.coords.items()
        if coord.dims == ("point",) and name not in ("point", "valid")
    }
    return tuple(
        {name: values[k].item() for name, values in along.items()}
        for k in range(array.sizes["point"])
    )
