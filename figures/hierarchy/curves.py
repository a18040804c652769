"""Rows as curves with standard errors, and theory on fine grids."""

from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, Int
from matplotlib.axes import Axes
from xarray import Dataset

from ...checks.hierarchy.teachers import Teacher, theory
from ...theory.maths.precision import float64

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
        parts = self.law, self.values, self.teacher.scale, self.sides
        return np.array([np.asarray(_overlaps(*parts, float(r))) for r in ratios])

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


@float64
@jax.jit
def _overlaps(
    law: Any,
    values: Float[Array, " grid"],
    scale: Float[Array, ""],
    sides: Int[Array, " kept"],
    ratio: Float[Array, ""],
) -> Float[Array, " kept"]:
    """q_k of every feature at one ratio, one program for all ratios."""

    def of_feature(k: Any, side: Any) -> Any:
        return theory.outlier(law, values, scale, ratio, k, side).overlap

    return jax.vmap(of_feature)(np.arange(sides.size), sides)
