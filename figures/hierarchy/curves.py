"""Rows as curves with standard errors, and theory on fine grids."""

import functools
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from xarray import Dataset

from ...checks.hierarchy.teachers import Teacher, theory

GRID = 2**12  # points of label laws: three digits are enough for a picture
DISTANCES = np.geomspace(1e-4, 1e3, 400)  # of λ from sup F, over sup F


def table(dataset: Dataset, name: str) -> np.ndarray:
    """A variable as (seed, its own dimensions…), static axes dropped."""
    array = dataset[name]
    if "replica" in array.dims:
        array = array.mean("replica")
    kept = {"seed", "count", "feature", "side", "spike", "D"}
    single = [d for d in array.dims if d not in kept and array.sizes[d] == 1]
    array = array.squeeze(single, drop=True)
    return array.transpose("seed", ...).values


def mean_and_error(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over seeds and its standard error."""
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return np.asarray(values.mean(axis=0)), np.asarray(error)


def logarithmic(axes: Axes, *, y: bool = False) -> None:
    """Logarithmic axes."""
    axes.set_xscale("log")
    if y:
        axes.set_yscale("log")


class Branch(NamedTuple):
    """The outlier of one feature along λ, from just below its threshold upwards.

    Attributes:
        ratio: δ at which λ is the outlier, increasing.
        overlap: q_k there; negative below the threshold.
    """

    ratio: np.ndarray
    overlap: np.ndarray


class Limits:
    """HS-3 and HS-4 of a teacher on a coarse label grid, for pictures."""

    def __init__(self, teacher: Teacher) -> None:
        self.teacher = teacher
        self.law = theory.label_law(teacher.weights, teacher.noise, num_grid=GRID)
        self.values = theory.preprocess(self.law.grid, teacher.scale)
        self.sides = np.sign(teacher.weights).astype(np.int32)

    def outlier(self, ratio: float, k: int) -> Any:
        """Edge, eigenvalue and overlap of one feature."""
        side = int(self.sides[k])
        return theory.outlier(self.law, self.values, self.teacher.scale, ratio, k, side)

    @functools.cached_property
    def branches(self) -> list[Branch]:
        """Branches of all features: HS-3 without a search, λ being given."""
        sides = {side: iter(self._along(side)) for side in (-1, 1)}
        return [next(sides[side]) for side in self.sides.tolist()]

    def _along(self, side: int) -> list[Branch]:
        r"""Branches of the features of one side.

        With $w = F/(\lambda - F)$: $1/\delta = \mathbb{E}_k w - \mathbb{E} w$ and
        $q_k = r/(r + \mathbb{E}_k w^2)$, where $r = 1/\delta - \mathbb{E} w^2$.
        """
        law, values = self.law, side * np.asarray(self.values)
        plain = np.asarray(law.density) * float(law.spacing)
        tilted = np.asarray(law.tilted)[self.sides == side] * float(law.spacing)
        lam = self.teacher.scale * (1 + DISTANCES[:, None])
        w = values / (lam - values)
        inverse, square = (tilted - plain) @ w.T, (w**2).T
        rise = inverse - plain @ square
        return list(map(_shown, 1 / inverse, rise / (rise + tilted @ square)))

    def overlaps(self, ratios: np.ndarray) -> np.ndarray:
        """q_k at every ratio: (ratios, features)."""
        found = [np.interp(ratios, b.ratio, b.overlap) for b in self.branches]
        return np.maximum(np.stack(found, axis=1), 0.0)

    def thresholds(self) -> np.ndarray:
        """δ_k."""
        return np.array([np.interp(0.0, b.overlap, b.ratio) for b in self.branches])

    def errors(self, ratios: np.ndarray) -> np.ndarray:
        """HS-7's sum at every ratio."""
        weights = self.teacher.weights
        found = [theory.population_nmse(weights, q) for q in self.overlaps(ratios)]
        return np.array([float(error) for error in found])


def _shown(ratio: np.ndarray, overlap: np.ndarray) -> Branch:
    """A branch from its last point with a negative overlap on."""
    start = np.flatnonzero(overlap < 0)[-1:].sum()
    return Branch(ratio[start:], overlap[start:])
