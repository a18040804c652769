"""Rows as curves with standard errors, and theory on fine grids."""

from typing import Any

import jax
import numpy as np
from matplotlib.axes import Axes
from xarray import Dataset

from ...checks.hierarchy.teachers import Teacher, theory

GRID = 2**12  # points of label laws: three digits are enough for a picture


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

    def overlaps(self, ratios: np.ndarray) -> np.ndarray:
        """q_k at every ratio: (ratios, features)."""
        scale = self.teacher.scale

        def of_feature(k: Any, side: Any, ratio: float) -> Any:
            found = theory.outlier(self.law, self.values, scale, ratio, k, side)
            return found.overlap

        over_features = jax.vmap(of_feature, in_axes=(0, 0, None))
        index = np.arange(len(self.sides), dtype=np.int32)
        found = [over_features(index, self.sides, float(r)) for r in ratios]
        return np.array([np.asarray(q) for q in found])

    def thresholds(self) -> np.ndarray:
        """δ_k."""
        scale = self.teacher.scale
        found = [
            theory.recovery_threshold(self.law, self.values, scale, k, int(side))
            for k, side in enumerate(self.sides)
        ]
        return np.array([float(t) for t in found])

    def errors(self, ratios: np.ndarray) -> np.ndarray:
        """HS-7's sum at every ratio."""
        weights = self.teacher.weights
        found = [theory.population_nmse(weights, q) for q in self.overlaps(ratios)]
        return np.array([float(error) for error in found])
