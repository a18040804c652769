"""Overlaps and eigenvalues of the simulated learner."""

import functools
from dataclasses import replace
from typing import Any

import numpy as np
from xarray import DataArray

from ...sims import hierarchy as sims
from ...sims.sweep import Sweep
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from .teachers import (
    actual,
    curve,
    derived,
    feature_dim,
    given,
    labels,
    predicted,
    sample_counts,
    semicircle,
    standard,
    theory,
    with_static,
)

# Tolerances of q_k at δ = 16 and 32 (rows), largest known bias .017 and .004.
OVERLAP_TOLERANCE = np.array([[0.02, 0.04, 0.05, 0.09], [0.01, 0.025, 0.03, 0.05]])
FINITE_SIZE = "O(1/D) term, known bias at most half of it"
UNIVERSAL = np.array([1.0, -0.7, 0.5])


def overlaps(*, dim: int, ratios: tuple[float, ...]) -> Design:
    """HS-3: mean overlaps of P0."""
    claimed = predicted(standard(), actual(dim, ratios)).overlap
    return Design(
        sweeps={"spectrum": curve(standard(), size=dim, ratios=ratios)},
        observe=lambda data: rows(data["spectrum"].overlap),
        claimed=claimed.ravel(),
        tol=Tolerance(OVERLAP_TOLERANCE.ravel(), FINITE_SIZE),
    )


def eigenvalues(*, dim: int, ratios: tuple[float, ...]) -> Design:
    """HS-3.eigenvalue: mean outlier eigenvalues of Ĉ, P0."""
    claimed = predicted(standard(), actual(dim, ratios)).eigenvalue
    return Design(
        sweeps={"spectrum": curve(standard(), size=dim, ratios=ratios)},
        observe=lambda data: rows(data["spectrum"].eigenvalue),
        claimed=claimed.ravel(),
        tol=Tolerance(0.015, "O(1/D) term, known bias at most .005"),
    )


def doubled(design: Design) -> Design:
    """The eigenvalues of 2Ĉ (the ½ of the second moments forgotten)."""
    return replace(design, observe=lambda data: 2 * design.observe(data))


def faulty(fault: str, *names: str) -> Any:
    """The same sweeps with a fault in the simulator."""

    def change(design: Design) -> Design:
        wrong = {n: with_static(design.sweeps[n], fault=fault) for n in names}
        return replace(design, sweeps={**design.sweeps, **wrong})

    return change


def short_formula(design: Design) -> Design:
    """HS-5 with raw labels in place of HS-3."""
    ratios = _ratios(design)
    return replace(design, claimed=semicircle(standard(), ratios).ravel())


def untilted(design: Design) -> Design:
    """φ_k without the tilt: every feature is predicted invisible."""
    return replace(design, claimed=0 * design.claimed)


def _ratios(design: Design) -> np.ndarray:
    """δ of a curve, read off its sweep."""
    static = design.sweeps["spectrum"].static
    return np.array(static["sample_counts"][0]) / static["size"][0]


def three_features(*, dim: int, ratios: tuple[float, ...]) -> Design:
    """HS-3b: b = (1, −.7, .5)."""
    teacher = given(UNIVERSAL)
    claimed = predicted(teacher, actual(dim, ratios)).overlap
    tolerance = np.full(claimed.shape, 0.03)
    tolerance[0, 2] = 0.06
    return Design(
        sweeps={"spectrum": curve(teacher, size=dim, ratios=ratios)},
        observe=lambda data: rows(data["spectrum"].overlap),
        claimed=claimed.ravel(),
        tol=Tolerance(tolerance.ravel(), "O(1/D); k = 3 is near its threshold 2.96"),
    )


def doubled_thresholds(design: Design) -> Design:
    """Semicircle overlaps with thresholds twice too large."""
    teacher = given(UNIVERSAL)
    law, values = labels(teacher)
    thresholds = [
        float(theory.recovery_threshold(law, values, teacher.scale, k, side))
        for k, side in enumerate((1, -1, 1))
    ]
    ratios = _ratios(design)[:, None]
    wrong = np.maximum(1 - 2 * np.array(thresholds) / ratios, 0)
    return replace(design, claimed=wrong.ravel())


def same_learner(*, modes: tuple[str, ...], dim: int, ratio: float) -> Design:
    """HS-3c: the matrix-free learner against the dense one on the same samples."""
    sweeps = {}
    relative = ratio / float(_thresholds().max())
    for mode in modes:
        (count,) = sample_counts(dim, (ratio,), mode)
        D = feature_dim(dim, mode)
        applications = theory.krylov_applications(relative, feature_dim=D)
        sweeps[f"dense {mode}"] = _shared(
            sims.simulate_spectrum, mode, size=dim, sample_counts=(count,), chunk=1024
        )
        sweeps[f"operator {mode}"] = _shared(
            sims.simulate_operator,
            mode,
            dim=dim,
            num_samples=count,
            applications=applications,
            chunk=1024,
        )

    def observe(data: Any) -> DataArray:
        parts = []
        for mode in modes:
            dense, operator = data[f"dense {mode}"], data[f"operator {mode}"]
            parts.append(_difference(operator.overlap, dense.overlap))
            parts.append(_difference(operator.eigenvalue, dense.eigenvalue))
        stacked = np.concatenate(parts, axis=1)
        return DataArray(stacked, dims=("seed", "point"), attrs={"error": 1e-6})

    tolerance = np.tile(np.repeat([1e-3, 1e-4], 4), len(modes))
    origin = "float32 and the Krylov error 4(D/K)(n_k/n)^m"
    return Design(
        sweeps=sweeps, observe=observe, claimed=0.0, tol=Tolerance(tolerance, origin)
    )


def _shared(sim: Any, mode: str, **static: Any) -> Sweep:
    """A sweep of P0 whose seeds have the same keys in both simulators."""
    return Sweep(
        sim=sim,
        static={"mode": [mode], **{k: [v] for k, v in static.items()}},
        derive=derived(standard()),
        crn=True,
        crn_group="HS-3c",
    )


def _difference(one: DataArray, other: DataArray) -> np.ndarray:
    """Rows of a difference, cut to the seeds that both have."""
    n = min(one.sizes["seed"], other.sizes["seed"])
    return rows(one).values[:n] - rows(other).values[:n]


def few_applications(design: Design) -> Design:
    """Three applications: the Krylov space has not converged."""
    wrong = {
        name: with_static(sweep, applications=3)
        for name, sweep in design.sweeps.items()
        if name.startswith("operator")
    }
    return replace(design, sweeps={**design.sweeps, **wrong})


def doubled_operator(design: Design) -> Design:
    """The operator without its ½: the eigenvalues of 2Ĉ, the same vectors."""

    def observe(data: Any) -> DataArray:
        wrong = dict(data)
        for name in filter(lambda name: name.startswith("operator"), data):
            wrong[name] = data[name].assign(eigenvalue=2 * data[name].eigenvalue)
        return design.observe(wrong)

    return replace(design, observe=observe)


@functools.cache
def _thresholds() -> np.ndarray:
    """δ_k of P0."""
    law, values = labels(standard())
    return np.array(
        [
            float(theory.recovery_threshold(law, values, standard().scale, k, side))
            for k, side in enumerate((1, -1, 1, -1))
        ]
    )


def around_threshold(*, dim: int, relative: float) -> tuple[dict[str, Sweep], Any]:
    """Sweeps at `relative` times each threshold, and their matched overlaps."""
    ratios = relative * _thresholds()
    sweeps = {
        f"feature {k}": curve(standard(), size=dim, ratios=(ratio,))
        for k, ratio in enumerate(ratios)
    }

    def observe(data: Any) -> DataArray:
        parts = [
            rows(data[f"feature {k}"].overlap).values[:, k] for k in range(len(ratios))
        ]
        n = min(map(len, parts))
        table = np.stack([part[:n] for part in parts], axis=1)
        return DataArray(
            table, dims=("seed", "point"), coords={"k": ("point", range(1, 5))}
        )

    return sweeps, observe


def below(*, dim: int) -> Design:
    """HS-4b.below: half a threshold."""
    sweeps, observe = around_threshold(dim=dim, relative=0.5)
    tol = Tolerance(0.09, "O(D^(-1/3)) at the edge, O(1/D) far from it")
    return Design(sweeps=sweeps, observe=observe, claimed=0.0, tol=tol)


def above(*, dim: int) -> Design:
    """HS-4b.above: two and a half thresholds."""
    sweeps, observe = around_threshold(dim=dim, relative=2.5)
    ratios = [actual(dim, (2.5 * t,))[0] for t in _thresholds()]
    claimed = np.diagonal(predicted(standard(), ratios).overlap)
    return Design(
        sweeps=sweeps,
        observe=observe,
        claimed=claimed,
        tol=Tolerance(0.05, "O(D^(-1/3))"),
    )


def exchanged(design: Design) -> Design:
    """Thresholds of features 1 and 3 exchanged."""
    names = list(design.sweeps)
    swapped = dict(design.sweeps) | {
        names[0]: design.sweeps[names[2]],
        names[2]: design.sweeps[names[0]],
    }
    return replace(design, sweeps=swapped)


def universality(*, dims: tuple[int, ...], ratio: float) -> Design:
    """HS-11: modes and the norm-normalised learner, first feature; trends in d."""
    teacher = given(UNIVERSAL)
    sweeps = {}
    for dim in dims:
        common = {"size": dim, "ratios": (ratio,)}
        sweeps[f"raw {dim}"] = curve(teacher, mode="gaussian", **common)
        sweeps[f"normalised {dim}"] = curve(
            teacher, mode="gaussian", normalise=True, **common
        )
        sweeps[f"sphere {dim}"] = curve(teacher, mode="sphere", **common)
    limit = predicted(teacher, (ratio,)).overlap[0, 0]
    middle = dims[len(dims) // 2]

    def first(data: Any, name: str) -> np.ndarray:
        return rows(data[name].overlap).values[:, 0]

    def observe(data: Any) -> DataArray:
        n = min(data[name].sizes["seed"] for name in sweeps)
        q = {name: first(data, name)[:n] for name in sweeps}
        parts = [
            q[f"normalised {middle}"] - q[f"sphere {middle}"],
            q[f"raw {middle}"] - q[f"normalised {middle}"],
        ]
        parts += [
            (limit - q[f"normalised {dim}"]) - 0.6 * (limit - q[f"raw {dim}"])
            for dim in dims
        ]
        parts += [
            q[f"{learner} {dims[0]}"] - q[f"{learner} {dims[-1]}"]
            for learner in ("raw", "normalised", "sphere")
        ]
        return DataArray(np.stack(parts, axis=1), dims=("seed", "point"))

    tol = Tolerance(0.0, "ordering: nothing is allowed")
    return Design(sweeps=sweeps, observe=observe, claimed=0.0, tol=tol)


def permuted_norms(design: Design) -> Design:
    """Divide by the norms of other rows."""
    names = [name for name in design.sweeps if name.startswith("normalised")]
    return faulty("permuted_norms", *names)(design)


CURVE = {"ratios": (16.0, 32.0)}
CLAIMS = (
    Claim(
        id="HS-3",
        title="Sequential recovery: overlap of each feature",
        statement=r"$q_k \to \psi'(\lambda_k)/(\psi'(\lambda_k) - "
        r"\varphi_k'(\lambda_k))$",
        provenance=Provenance("classical", "Lu & Li; Mondelli & Montanari; Kovačević"),
        kind=kinds.value(),
        design=overlaps,
        sizes={
            "quick": {"seeds": 128, "dim": 128, **CURVE},
            "paper": {"seeds": 256, "dim": 256, **CURVE},
            "gpu": {"seeds": 256, "dim": 1024, **CURVE},
        },
        mutants=(
            Mutant("HS-5 with raw labels", short_formula),
            Mutant("no tilt", untilted),
            Mutant(
                "labels shifted by one row", faulty("shift_labels", "spectrum"), 0.6
            ),
        ),
    ),
    Claim(
        id="HS-3.eigenvalue",
        title="Sequential recovery: outlier eigenvalues",
        statement=r"the eigenvalue of $\hat C$ tends to $(\psi(\lambda_k) - "
        r"\mathbb{E} F)/2$",
        provenance=Provenance("classical", "Lu & Li; Mondelli & Montanari"),
        kind=kinds.value(),
        design=eigenvalues,
        sizes={
            "quick": {"seeds": 128, "dim": 128, **CURVE},
            "paper": {"seeds": 256, "dim": 256, **CURVE},
            "gpu": {"seeds": 256, "dim": 1024, **CURVE},
        },
        mutants=(Mutant("eigenvalues of twice the matrix", doubled, 0.25),),
    ),
    Claim(
        id="HS-3b",
        title="Overlaps of three features",
        statement=r"the same for $b = (1, -0.7, 0.5)$ at $\delta = 6, 12$",
        provenance=Provenance("classical", "Kovačević, Zhang & Mondelli"),
        kind=kinds.value(),
        design=three_features,
        sizes={"paper": {"seeds": 64, "dim": 500, "ratios": (6.0, 12.0)}},
        mutants=(Mutant("thresholds twice as large", doubled_thresholds),),
    ),
    Claim(
        id="HS-3c",
        title="The matrix-free learner is the dense learner",
        statement=r"block Krylov on symmetric matrices finds the eigenvectors of "
        r"$\hat C$",
        provenance=Provenance("derived", "prefactor $1/(4n)$; Chebyshev bound"),
        kind=kinds.identity(),
        design=same_learner,
        sizes={
            "quick": {"seeds": 8, "modes": ("sphere",), "dim": 24, "ratio": 16.0},
            "paper": {
                "seeds": 32,
                "modes": ("gaussian", "sphere"),
                "dim": 24,
                "ratio": 16.0,
            },
        },
        mutants=(
            Mutant("operator without its half", doubled_operator, 0.3),
            Mutant("three applications", few_applications, 0.01),
        ),
    ),
    Claim(
        id="HS-4b.below",
        title="Nothing is seen below a threshold",
        statement=r"$q_k \to 0$ for $\delta < \delta_k$",
        provenance=Provenance("derived", "HS-3 at its threshold"),
        kind=kinds.upper_bound(),
        design=below,
        sizes={"paper": {"seeds": 256, "dim": 256}},
        mutants=(Mutant("thresholds 1 and 3 exchanged", exchanged, 0.7),),
    ),
    Claim(
        id="HS-4b.above",
        title="Each feature is seen above its threshold",
        statement=r"$q_k$ of HS-3 at $\delta = 2.5\,\delta_k$",
        provenance=Provenance("derived", "HS-3 at its threshold"),
        kind=kinds.value(),
        design=above,
        sizes={"paper": {"seeds": 256, "dim": 256}},
        mutants=(Mutant("thresholds 1 and 3 exchanged", exchanged, 0.3),),
    ),
    Claim(
        id="HS-11",
        title="Universality and its remedy",
        statement=r"$q_1$: sphere above normalised above raw Gaussian inputs; "
        r"normalising leaves less than 0.6 of the gap; all three grow with $d$",
        provenance=Provenance(
            "derived", "norm fluctuations; universality is the paper's"
        ),
        kind=kinds.ordering(),
        design=universality,
        sizes={"paper": {"seeds": 64, "dims": (16, 24, 32), "ratio": 12.0}},
        mutants=(Mutant("norms of other rows", permuted_norms, 0.5),),
    ),
)
