"""Exact identities: theory against brute force (HS-1, HS-2)."""

from dataclasses import replace
from typing import Any

import numpy as np

from ...theory.hierarchy import LabelLaw
from ..harness import Claim, Design, Mutant, Provenance, kinds
from .exact import always, exactly, observing
from .moments import Points, label_expectations, random_features
from .teachers import labels, standard, theory

PAIR = np.array([1.0, -0.7])


def signals(**_: Any) -> Design:
    """HS-1: θ_k of P0 for F = s, s² and c·tanh(s/c) against independent routes."""
    teacher = standard()
    law, values = labels(teacher)
    b, c = teacher.weights, teacher.scale
    found = [theory.signal_strength(law, f) for f in (law.grid, law.grid**2, values)]
    plain, tilted = label_expectations(lambda s: c * np.tanh(s / c), b)
    variance = 2 * np.sum(b**2)
    moments = np.asarray(law.density) @ np.asarray(law.grid) ** 2 * float(law.spacing)
    masses = np.sum(np.asarray(law.tilted), axis=1) * float(law.spacing)
    return exactly(
        np.concatenate([*map(np.asarray, found), masses, [moments]]),
        np.concatenate([2 * b, 8 * b**2, tilted - plain, np.ones(4), [variance]]),
        np.concatenate([np.full(8, 1e-8), np.full(4, 1e-5), np.full(5, 1e-8)]),
        "rounding of the transform; poles of tanh limit the tensor quadrature",
        1e-9,
    )


def half_tilt(design: Design) -> Design:
    """Exponent −1 instead of −3/2 on factor k: half the tilt."""
    teacher = standard()
    law, _ = labels(teacher)
    twice = [theory.label_law(np.append(teacher.weights, b)) for b in teacher.weights]
    wrong = []
    for function in (lambda s: s, lambda s: s**2, lambda s: _tanh(s, teacher.scale)):
        plain = _mean(law, function(np.asarray(law.grid)))
        for b, more in zip(teacher.weights, twice, strict=True):
            wrong.append(_mean(more, function(np.asarray(more.grid) + b)) - plain)
    values = design.observe({}).values
    return observing(design, np.concatenate([wrong, values[12:]]))


def _mean(law: LabelLaw, values: np.ndarray) -> float:
    return float(np.asarray(law.density) @ values) * float(law.spacing)


def _tanh(s: np.ndarray, c: float) -> np.ndarray:
    return c * np.tanh(s / c)


def _quadratic(dim: int) -> tuple[Points, np.ndarray, np.ndarray, np.ndarray]:
    """Points, random features, the score on the points, two test matrices."""
    rng = np.random.default_rng(dim)
    features = random_features(rng, dim, 2)
    tests = random_features(rng, dim, 2)
    points = Points(dim)
    squares = np.array([points.form(A) ** 2 - 1 for A in features])
    return points, features, PAIR @ squares, tests


def quadratic(*, dims: tuple[int, ...], drop: str = "") -> Design:
    """HS-2: operator, variance and degree-two energy against exact quadrature."""
    found, direct = [], []
    for dim in dims:
        points, A, score, (U, V) = _quadratic(dim)
        image = np.asarray(theory.population_operator(A, PAIR, U))
        found.append(np.sum(V * image))
        direct.append(points.mean(score * points.form(U) * points.form(V)))
        found.append(float(theory.label_variance(A, PAIR, mode="gaussian")))
        direct.append(points.mean(score**2))
        found.append(float(theory.degree2_energy(A, PAIR, mode="gaussian")))
        basis = random_features(np.random.default_rng(0), dim, dim * (dim + 1) // 2)
        direct.append(sum(points.mean(score * points.form(B)) ** 2 for B in basis))
        pair = random_features(np.random.default_rng(1), dim, 2, traceless=True)
        found.append(float(theory.square_covariance(*pair, mode="sphere")))
        direct.append(_sphere_covariance(points, *pair))
    return exactly(found, direct, 1e-10, "rounding", 1e-12)


def _sphere_covariance(points: Points, first: np.ndarray, second: np.ndarray) -> float:
    scale = (points.dim + 2) / points.dim
    squares = [scale * points.form(A) ** 2 for A in (first, second)]
    means = [points.sphere_mean(s, 4) for s in squares]
    return points.sphere_mean(squares[0] * squares[1], 8) - means[0] * means[1]


def without_extra_terms(design: Design) -> Design:
    """Drop A² and AUA from the population operator."""
    values = design.observe({}).values.copy()
    for row, dim in ((0, 3), (4, 4)):
        _, A, _, (U, V) = _quadratic(dim)
        inner = np.einsum("kab,ab->k", A, U)
        values[row] = np.sum(2 * PAIR * inner * np.einsum("kab,ab->k", A, V))
    return observing(design, values)


def four_for_eight(design: Design) -> Design:
    """4 tr A²B² in place of 8 tr A²B² in the variance."""
    values = design.observe({}).values.copy()
    for row, dim in ((1, 3), (5, 4)):
        A = _quadratic(dim)[1]
        parallel = np.einsum("iab,ibc,jcd,jda->ij", A, A, A, A)
        values[row] -= 4 * PAIR @ parallel @ PAIR
    return observing(design, values)


def unit_rho(design: Design) -> Design:
    """ρ = 1 on the sphere."""
    values = design.observe({}).values.copy()
    for row, dim in ((3, 3), (7, 4)):
        pair = random_features(np.random.default_rng(1), dim, 2, traceless=True)
        values[row] = float(theory.square_covariance(*pair, mode="gaussian"))
    return observing(design, values)


def vector_readout(**_: Any) -> Design:
    """HS-2v: the best second layer against least squares on quadrature points."""
    points, A, score, V = _quadratic(4)
    columns = [np.ones_like(score), *(points.form(B) ** 2 for B in V)]
    root = np.sqrt(points.weights)
    design = np.stack(columns, axis=1) * root[:, None]
    rest = score * root - design @ np.linalg.lstsq(design, score * root, rcond=None)[0]
    found = theory.vector_readout_nmse(A, PAIR, V, mode="gaussian")
    direct = np.sum(rest**2) / points.mean(score**2)
    return exactly([float(found)], [direct], 1e-10, "rounding", 1e-12)


def diagonal_readout(design: Design) -> Design:
    """The d → ∞ formula Σ b²(1 − q²)/S."""
    _, A, _, V = _quadratic(4)
    overlap = np.einsum("kab,kab->k", A, V) ** 2
    return observing(design, [float(theory.population_nmse(PAIR, overlap))])


CLAIMS = (
    Claim(
        id="HS-1",
        title="Population signal of each feature",
        statement=r"$\theta_k = \mathbb{E}[F(s) h_k^2] - \mathbb{E} F(s)$; $2 b_k$ for "
        r"raw labels and $8 b_k^2$ for squared ones",
        provenance=Provenance("classical", "Stein's identity"),
        kind=kinds.identity(),
        design=signals,
        sizes=always(),
        mutants=(
            Mutant(
                "signal b instead of 2b",
                lambda design: replace(
                    design, claimed=np.append(standard().weights, design.claimed[4:])
                ),
            ),
            Mutant("half the tilt", half_tilt, 0.25),
        ),
    ),
    Claim(
        id="HS-2",
        title="Exact moments of quadratic features",
        statement=r"$C[U] = \sum_k 2b_k\{\langle A_k,U\rangle A_k + 2(A_k^2U+UA_k^2) + "
        r"2A_kUA_k\}$, $\mathrm{Var}\,s$, $F_2$ and $\mathrm{Cov}(h_A^2,h_B^2)$ on the "
        r"sphere equal exact quadrature",
        provenance=Provenance("derived", "joint cumulants of quadratic forms"),
        kind=kinds.identity(),
        design=quadratic,
        sizes=always(dims=(3, 4)),
        mutants=(
            Mutant("without the A² and AUA terms", without_extra_terms, 0.1),
            Mutant("4 for 8 in the variance", four_for_eight, 1.0),
            Mutant("rho = 1 on the sphere", unit_rho, 1.0),
        ),
    ),
    Claim(
        id="HS-2v",
        title="Best second layer for given vectors",
        statement=r"$1 - c^\top G^{-1} c/\mathrm{Var}\,s$ is the least-squares error",
        provenance=Provenance("derived", "normal equations with the moments of HS-2"),
        kind=kinds.identity(),
        design=vector_readout,
        sizes=always(),
        mutants=(Mutant("diagonal formula", diagonal_readout, 0.01),),
    ),
)
