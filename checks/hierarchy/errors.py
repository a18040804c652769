"""Test error of the learner: the cascade, and second layers on the same data."""

from dataclasses import replace
from typing import Any

import numpy as np
from xarray import DataArray

from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from .overlaps import faulty
from .teachers import (
    Teacher,
    actual,
    curve,
    mean_square,
    population_nmse,
    power_law,
    predicted,
    semicircle,
    standard,
    theory,
)

FINITE_SIZE = "O(D^(-1/3)) at the features near threshold"


def cascade(
    *,
    gamma: float,
    num_features: int,
    dim: int,
    ratios: tuple[float, ...],
    tol: Any,
    relative: bool = False,
) -> Design:
    """HS-7b and HS-7d: mean population error along a curve."""
    teacher = power_law(gamma, num_features)
    claimed = _error(teacher, actual(dim, ratios))
    tolerance = np.asarray(tol) * (claimed if relative else np.ones_like(claimed))
    return Design(
        sweeps={"spectrum": curve(teacher, size=dim, ratios=ratios)},
        observe=lambda data: rows(data["spectrum"].nmse_population),
        claimed=claimed,
        tol=Tolerance(tolerance, FINITE_SIZE),
    )


def _error(teacher: Teacher, ratios: Any) -> np.ndarray:
    """HS-7's sum with the overlaps of HS-3."""
    return population_nmse(teacher, predicted(teacher, ratios).overlap)


def _curve(design: Design) -> tuple[np.ndarray, int]:
    """Sample sizes and D of a design's sweep."""
    static = design.sweeps["spectrum"].static
    return np.array(static["sample_counts"][0]), static["size"][0]


def staircase(design: Design) -> Design:
    """The naive count of what is not yet recovered, γ = 1."""
    counts, dim = _curve(design)
    size = {"num_features": 8, "feature_dim": dim}
    wrong = [float(theory.staircase_nmse(float(n), 1.0, **size)) for n in counts]
    return replace(design, claimed=np.array(wrong))


def short_formula(design: Design) -> Design:
    """HS-5 with raw labels in place of HS-3, γ = 1/4, p = 16."""
    counts, dim = _curve(design)
    teacher = power_law(0.25, 16)
    overlaps = semicircle(teacher, counts / dim)
    return replace(design, claimed=population_nmse(teacher, overlaps))


def local_slope(*, dim: int, ratios: tuple[float, ...]) -> Design:
    """HS-7c: slope of log error on log δ, fitted per seed and in theory."""
    teacher = power_law(1.0, 40)
    log_ratio = np.log(actual(dim, ratios))

    def observe(data: Any) -> DataArray:
        errors = rows(data["spectrum"].nmse_population)
        slopes = np.polyfit(log_ratio, np.log(errors.values.T), 1)[0]
        return DataArray(slopes[:, None], dims=("seed", "point"))

    return Design(
        sweeps={"spectrum": curve(teacher, size=dim, ratios=ratios)},
        observe=observe,
        claimed=_slope(1.0, actual(dim, ratios)),
        tol=Tolerance(0.04, "finite D"),
    )


def _slope(gamma: float, ratios: np.ndarray) -> float:
    """The same fit of the theory curve, p = 40."""
    errors = _error(power_law(gamma, 40), ratios)
    return float(np.polyfit(np.log(ratios), np.log(errors), 1)[0])


def steeper(design: Design) -> Design:
    """The slope of γ = 3/2."""
    counts, dim = _curve(design)
    return replace(design, claimed=_slope(1.5, counts / dim))


def same_data(*, dim: int, ratios: tuple[float, ...]) -> Design:
    """HS-9b: raw and shrunk second layers at δ = 32, on the samples of HS-3."""
    claimed = _readouts(standard(), actual(dim, ratios)[-1])
    return Design(
        sweeps={"spectrum": curve(standard(), size=dim, ratios=ratios)},
        observe=_observe_readouts,
        claimed=claimed,
        tol=Tolerance(0.01, "O(1/D)"),
    )


def _observe_readouts(data: Any) -> DataArray:
    last = data["spectrum"].isel(count=-1)
    pair = [rows(last[name]).values[:, 0] for name in ("nmse_raw", "nmse_shrink")]
    return DataArray(np.stack(pair, axis=1), dims=("seed", "point"))


def _readouts(teacher: Teacher, ratio: float, power: int = 1) -> np.ndarray:
    """HS-9b with HS-3's limits; `power` of the overlap is 1."""
    overlap, top = (part[0] for part in predicted(teacher, (ratio,)))
    noise = np.array([mean_square(teacher) / (4 * ratio)])
    small = np.asarray(theory.shrink_eigenvalue(top, noise))
    errors = [
        theory.readout_nmse(teacher.weights, coefs, overlap**power)
        for coefs in (top, small)
    ]
    return np.array([float(e) for e in errors])


def raw_label_formula(design: Design) -> Design:
    """HS-9 for raw labels in place of HS-3's eigenvalues and overlaps."""
    counts, dim = _curve(design)
    teacher, ratio = standard(), counts[-1] / dim
    raw = float(theory.raw_semicircle_nmse(teacher.weights, ratio))
    shrunk = population_nmse(teacher, semicircle(teacher, (ratio,)))[0]
    return replace(design, claimed=np.array([raw, shrunk]))


def squared_overlap(design: Design) -> Design:
    """q² in place of q."""
    counts, dim = _curve(design)
    return replace(design, claimed=_readouts(standard(), counts[-1] / dim, 2))


def shrinkage_helps(*, dim: int, ratio: float) -> Design:
    """HS-9: with raw labels the shrunk second layer is better, seed by seed."""
    teacher = power_law(0.25, 24, preprocessing="id")

    def observe(data: Any) -> DataArray:
        spectrum = data["spectrum"]
        return rows(spectrum.nmse_shrink - spectrum.nmse_raw)

    return Design(
        sweeps={"spectrum": curve(teacher, size=dim, ratios=(ratio,))},
        observe=observe,
        claimed=0.0,
        tol=Tolerance(0.0, "ordering: nothing is allowed"),
    )


def bounded_labels(design: Design) -> Design:
    """Bounded labels at P0, where the ordering is the other way round."""
    wrong = curve(standard(), size=128, ratios=(32.0,))
    return replace(design, sweeps={"spectrum": wrong})


CASCADE = {"gamma": 1.0, "num_features": 8, "ratios": (2.0, 8.0, 32.0)}
CLAIMS = (
    Claim(
        id="HS-7b",
        title="Test error of the cascade",
        statement=r"$\mathrm{NMSE}(n) = \sum_k b_k^2 (1 - q_k^2)/S$ with $q_k$ of HS-3",
        provenance=Provenance("derived", "population-optimal second layer"),
        kind=kinds.value(),
        design=cascade,
        sizes={
            "quick": {"seeds": 128, "dim": 128, "tol": (0.04, 0.03, 0.01), **CASCADE},
            "paper": {"seeds": 64, "dim": 400, "tol": (0.04, 0.03, 0.01), **CASCADE},
            "gpu": {"seeds": 64, "dim": 1024, "tol": (0.04, 0.03, 0.01), **CASCADE},
        },
        mutants=(
            Mutant("naive staircase", staircase),
            Mutant(
                "labels shifted by one row", faulty("shift_labels", "spectrum"), 0.4
            ),
        ),
    ),
    Claim(
        id="HS-7c",
        title="Local slope of the scaling law",
        statement=r"slope of $\log\mathrm{NMSE}$ in $\log\delta$ at $\gamma = 1$, "
        r"$p = 40$",
        provenance=Provenance("derived", "HS-7 with HS-3"),
        kind=kinds.value(),
        design=local_slope,
        sizes={
            "paper": {
                "seeds": 32,
                "dim": 400,
                "ratios": (8.0, 16.0, 32.0, 64.0, 128.0),
            },
            "gpu": {"seeds": 64, "dim": 4096, "ratios": (8.0, 16.0, 32.0, 64.0, 128.0)},
        },
        mutants=(Mutant("slope of γ = 3/2", steeper),),
    ),
    Claim(
        id="HS-7d",
        title="Test error for slowly decaying features",
        statement=r"the same for $\gamma = 1/4$, $p = 16$",
        provenance=Provenance("derived", "HS-7 with HS-3"),
        kind=kinds.value(),
        design=cascade,
        sizes={
            "paper": {
                "seeds": 32,
                "gamma": 0.25,
                "num_features": 16,
                "dim": 400,
                "ratios": (16.0, 32.0, 64.0),
                "tol": 0.04,
                "relative": True,
            },
        },
        mutants=(Mutant("HS-5 with raw labels", short_formula),),
    ),
    Claim(
        id="HS-9",
        title="Shrinkage helps with raw labels",
        statement=r"$\mathrm{NMSE}_{\mathrm{shrink}} < \mathrm{NMSE}_{\mathrm{raw}}$",
        provenance=Provenance("derived", "spiked-Wigner shrinkage"),
        kind=kinds.ordering(),
        design=shrinkage_helps,
        sizes={"paper": {"seeds": 64, "dim": 300, "ratio": 60.0}},
        mutants=(Mutant("bounded labels", bounded_labels, 0.03),),
    ),
    Claim(
        id="HS-9b",
        title="Second layers on the same data",
        statement=r"$\mathrm{NMSE} = \sum_k (b_k^2 + c_k^2 - 2 b_k c_k q_k)/S$ for the "
        r"raw and the shrunk eigenvalues",
        provenance=Provenance("derived", "HS-3's limits"),
        kind=kinds.value(),
        design=same_data,
        sizes={
            "quick": {"seeds": 128, "dim": 128, "ratios": (16.0, 32.0)},
            "paper": {"seeds": 256, "dim": 256, "ratios": (16.0, 32.0)},
            "gpu": {"seeds": 256, "dim": 1024, "ratios": (16.0, 32.0)},
        },
        mutants=(
            Mutant("formula for raw labels", raw_label_formula),
            Mutant("squared overlap", squared_overlap),
        ),
    ),
)
