"""Targets of the claims, what theory says about them, and their sweeps."""

import functools
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ...sims import hierarchy as sims
from ...sims.sweep import Sweep
from ...theory import hierarchy
from ...theory.hierarchy import LabelLaw

# Theory promotes plain numbers and NumPy arrays (`@float64`); types cannot say so.
theory: Any = hierarchy


class Teacher(NamedTuple):
    r"""A target and the label preprocessing of the learner.

    Attributes:
        weights: $b_k$.
        scale: $c$ of the preprocessing $c\tanh(s/c)$.
        noise: Label noise.
        preprocessing: `tanh`, or `id` for raw labels.
    """

    weights: np.ndarray
    scale: float
    noise: float = 0.0
    preprocessing: str = "tanh"


class Prediction(NamedTuple):
    """Limits of HS-3 along a curve: (ratios, features)."""

    overlap: np.ndarray
    eigenvalue: np.ndarray


def standard() -> Teacher:
    """The standard point P0: b = (1, −1/2, 1/3, −1/4)."""
    return power_law(1.0, 4)


def power_law(gamma: float, num_features: int, preprocessing: str = "tanh") -> Teacher:
    r"""Alternating power-law weights and the scale $c = \sqrt{2S}$."""
    weights = np.asarray(theory.power_law_weights(gamma, num_features=num_features))
    return given(weights, preprocessing=preprocessing)


def given(weights: Any, noise: float = 0.0, preprocessing: str = "tanh") -> Teacher:
    r"""Given weights and the scale $c = \sqrt{2S + \tau^2}$."""
    weights = np.asarray(weights, dtype=float)
    scale = float(np.sqrt(2 * np.sum(weights**2) + noise**2))
    return Teacher(weights, scale, noise, preprocessing)


def labels(teacher: Teacher) -> tuple[LabelLaw, Any]:
    """Label law of a teacher and F on its grid."""
    return _labels(tuple(teacher.weights), *teacher[1:])


@functools.cache
def _labels(
    weights: tuple[float, ...], scale: float, noise: float, preprocessing: str
) -> tuple[LabelLaw, Any]:
    law = theory.label_law(np.array(weights), noise)
    return law, theory.preprocess(law.grid, scale, preprocessing=preprocessing)


def predicted(teacher: Teacher, ratios: Any) -> Prediction:
    """Overlaps and eigenvalues of Ĉ by HS-3 at every ratio, bounded labels."""
    key = tuple(teacher.weights), *teacher[1:]
    found = np.array([_limits(key, float(ratio)) for ratio in ratios])
    return Prediction(found[:, 0], found[:, 1])


@functools.cache
def _limits(teacher: tuple[Any, ...], ratio: float) -> np.ndarray:
    """Overlaps and eigenvalues of all features at one ratio."""
    weights, scale, _, _ = teacher
    law, values = _labels(*teacher)
    found = [
        theory.outlier(law, values, scale, ratio, k, int(np.sign(b)))
        for k, b in enumerate(weights)
    ]
    tops = [theory.learner_eigenvalue(law, values, part.eigenvalue) for part in found]
    return np.array([[float(p.overlap) for p in found], [float(t) for t in tops]])


def semicircle(teacher: Teacher, ratios: Any) -> np.ndarray:
    """Overlaps of HS-5 with raw labels: the short formula (ratios, features)."""
    threshold = np.sum(teacher.weights**2) / (2 * teacher.weights**2)
    ratios = np.asarray(ratios, dtype=float)[:, None]
    return np.asarray(theory.semicircle_overlap(ratios, threshold[None]))


def population_nmse(teacher: Teacher, overlaps: np.ndarray) -> np.ndarray:
    """HS-7 at every row of overlaps."""
    errors = [theory.population_nmse(teacher.weights, q) for q in overlaps]
    return np.array([float(e) for e in errors])


def mean_square(teacher: Teacher) -> float:
    """E F²."""
    law, values = labels(teacher)
    density = np.asarray(law.density) * float(law.spacing)
    return float(density @ np.asarray(values) ** 2)


def curve(
    teacher: Teacher, *, size: int, ratios: Any, mode: str = "gauss", **static: Any
) -> Sweep:
    """Sweep of `simulate_spectrum` along n = ratio · D (rounded).

    All counts but the last are made multiples of the chunk.
    """
    counts = sample_counts(size, ratios, mode)
    options = {"chunk": chunk_of(counts), "preprocessing": teacher.preprocessing}
    choices = {"mode": mode, "size": size, "sample_counts": counts}
    return Sweep(
        sim=sims.simulate_spectrum,
        static={k: [v] for k, v in (choices | options | static).items()},
        derive=derived(teacher),
    )


def derived(teacher: Teacher) -> dict[str, Any]:
    """The dynamic inputs of a teacher."""
    return {
        "weights": lambda **_: teacher.weights,
        "scale": lambda **_: teacher.scale,
        "noise": lambda **_: teacher.noise,
    }


def feature_dim(size: int, mode: str = "gauss") -> int:
    """D of a mode at a size."""
    if mode == "gauss":
        return size
    return size * (size + 1) // 2 - (mode == "sphere")


def sample_counts(size: int, ratios: Any, mode: str = "gauss") -> tuple[int, ...]:
    """N = ratio · D, rounded."""
    return tuple(round(float(r) * feature_dim(size, mode)) for r in ratios)


def chunk_of(counts: tuple[int, ...]) -> int:
    """Largest chunk up to 2048 that divides all counts but the last."""
    common = int(np.gcd.reduce(counts[:-1] or counts))
    divisors = [k for k in range(1, min(common, 2048) + 1) if common % k == 0]
    return divisors[-1]


def actual(size: int, ratios: Any, mode: str = "gauss") -> np.ndarray:
    """The ratios that are really simulated."""
    return np.array(sample_counts(size, ratios, mode)) / feature_dim(size, mode)


def with_static(sweep: Sweep, **static: Any) -> Sweep:
    """The same sweep at other static values."""
    return replace(
        sweep, static={**sweep.static, **{k: [v] for k, v in static.items()}}
    )
