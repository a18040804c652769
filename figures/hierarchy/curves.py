"""Rows as curves with standard errors, and theory on fine grids."""

import functools
from typing import Any

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
    def branches(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Ratio and overlap of every feature along λ, from its threshold upwards."""
        lam = self.teacher.scale * (1 + DISTANCES)
        sides = {
            side: theory.outlier_branches(self.law, self.values, lam, side)
            for side in (-1, 1)
        }
        return [
            _shown(*(np.asarray(part[k]) for part in sides[side]))
            for k, side in enumerate(self.sides.tolist())
        ]

    def overlaps(self, ratios: np.ndarray) -> np.ndarray:
        """q_k at every ratio: (ratios, features)."""
        found = [np.interp(ratios, *branch) for branch in self.branches]
        return np.maximum(np.stack(found, axis=1), 0.0)

    def thresholds(self) -> np.ndarray:
        """δ_k."""
        return np.array([np.interp(0.0, q, ratio) for ratio, q in self.branches])

    def errors(self, ratios: np.ndarray) -> np.ndarray:
        """HS-7's sum at every ratio."""
        weights = self.teacher.weights
        found = [theory.population_nmse(weights, q) for q in self.overlaps(ratios)]
        return np.array([float(error) for error in found])


def _shown(ratio: np.ndarray, overlap: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A branch from its last point with a negative overlap on."""
    start = np.flatnonzero(overlap < 0)[-1:].sum()
    return ratio[start:], overlap[start:]
