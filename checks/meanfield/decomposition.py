"""Claim MF-13: how the total error of a trained linear network splits."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from xarray import DataArray

from ...sims import meanfield as sims
from ...sims.sweep import Sweep
from ...theory import meanfield as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from .common import Data, claiming, computed, fixed, instead, number
from .linear import COUNTS, INIT_VAR, LAM, START, STEP, TARGET, TAU, particles

SIGMA = np.array([1.0, 0.4])
SIGMA_HAT = np.array([[1.1, 0.2], [0.2, 0.5]])


def chaos_term(*, width: int) -> Design:
    """MF-13p: ‖f_N − E f_N‖²_Σ over tr(ΣQ)/N, Σ and its estimate not commuting."""
    values, basis = np.linalg.eigh(SIGMA_HAT)
    weight = (SIGMA[:, None] * basis**2).sum(0)
    metric = basis.T @ np.diag(SIGMA) @ basis
    ones = np.ones((len(COUNTS), 2))
    counts = COUNTS[:, None] * ones
    Q = number(
        theory.linear_variance_discrete,
        counts,
        STEP,
        values * ones + LAM,
        TAU,
        INIT_VAR,
    )
    mean = number(
        theory.linear_mean_discrete,
        counts,
        STEP,
        values * ones,
        TARGET * ones,
        LAM,
        START * ones,
    )

    def observe(data: Data) -> DataArray:
        found = data["particles"]["mean"].squeeze(drop=True)
        gap = (found - DataArray(mean, dims=("checkpoint", "direction"))).transpose(
            ..., "direction"
        )
        square = np.einsum("...i,ij,...j->...", gap.values, metric, gap.values)
        total = DataArray((Q * weight).sum(1), dims="checkpoint")
        return rows(width * gap.isel(direction=0, drop=True).copy(data=square) / total)

    return Design(
        sweeps={"particles": particles(widths=(width,), curvature=values)},
        observe=observe,
        claimed=np.ones(len(COUNTS)),
        tol=Tolerance(0.08, "Monte Carlo only: the law is exact"),
    )


def _variance_of_one() -> np.ndarray:
    """C in place of Q in the chaos term."""
    values, basis = np.linalg.eigh(SIGMA_HAT)
    weight = (SIGMA[:, None] * basis**2).sum(0)
    ones = np.ones((len(COUNTS), 2))
    counts = COUNTS[:, None] * ones
    C, Q = (
        number(theory.linear_variance_discrete, counts, STEP, r * ones, TAU, INIT_VAR)
        for r in (LAM + 0 * values, LAM + values)
    )
    return (C * weight).sum(1) / (Q * weight).sum(1)


def ridge(*, num_samples: int) -> Design:
    """MF-13s: n·stat² over its limit."""
    args = ([1.0, 0.4], [1.0, -0.5], 0.3, 0.2, 0.3)
    constant = number(theory.statistical_constant, *args)
    names = ("eigenvalues", "beta", "tail", "noise", "lam")
    values = dict(zip(names, (np.array(a) for a in args), strict=True))
    sweep = Sweep(
        sim=sims.ridge_error,
        static={"num_samples": [num_samples]},
        derive=fixed(**values),
        replicas=32,
    )
    return Design(
        sweeps={"ridge": sweep},
        observe=lambda data: rows(data["ridge"].excess / float(constant)),
        claimed=np.ones(1),
        tol=Tolerance(0.08, "terms of order 1/n"),
    )


def _no_misfit() -> float:
    """V = noise²Σ, the misfit dropped."""
    values = SIGMA
    noise_only = np.sum(values**2 * 0.2**2 / (values + 0.3) ** 2)
    args = ([1.0, 0.4], [1.0, -0.5], 0.3, 0.2, 0.3)
    return float(noise_only / number(theory.statistical_constant, *args))


@functools.cache
def random_terms(draws: int) -> dict[str, np.ndarray]:
    """The terms of the decomposition at random parameters."""
    rng = np.random.default_rng(13)
    root = rng.standard_normal((draws, 2, 2))
    vectors = rng.standard_normal((3, draws, 2))
    scalars = rng.exponential(size=(5, draws)) + 1e-3
    tail = 3 * rng.standard_normal(draws)
    eigenvalues = rng.exponential(size=(draws, 2)) + 0.05
    width = 1.0 + rng.integers(0, 100, draws)
    with jax.enable_x64(True):
        terms: Callable[..., dict[str, Any]] = theory.decomposition_terms
        found = jax.jit(jax.vmap(terms))(
            root @ root.transpose(0, 2, 1),
            vectors[0],
            eigenvalues,
            vectors[1],
            tail,
            scalars[0],
            scalars[1],
            scalars[2],
            vectors[2],
            scalars[3],
            width,
        )
        return {name: np.asarray(value) for name, value in found.items()}


def triangle(*, draws: int, has_tail: bool = True) -> Design:
    """MF-13t: largest excess of the total over the sum of its terms."""
    terms = random_terms(draws)
    residual = np.hypot(terms["bias"], terms["tail"] * has_tail)
    parts = terms["chaos"] + terms["optimization"] + terms["statistical"] + residual
    excess = np.max(terms["total"] - parts)
    return computed([excess], 0.0, 1e-12)


CLAIMS = (
    Claim(
        id="MF-13s",
        title="Statistical error of the trained linear network",
        statement=r"$n\,\mathbb{E}\,\mathrm{stat}^2\to\mathrm{tr}[\Sigma(\Sigma+\lambda)^{-1}"
        r"V(\Sigma+\lambda)^{-1}]$ with the misfit in $V$.",
        provenance=Provenance("derived", "delta method with Wick's formula"),
        kind=kinds.value(),
        design=ridge,
        sizes={
            "quick": {"seeds": 256, "num_samples": 400},
            "paper": {"seeds": 1024, "num_samples": 1600},
        },
        mutants=(Mutant("misfit dropped from V", claiming(_no_misfit)),),
    ),
    Claim(
        id="MF-13p",
        title="Chaos term of the error decomposition",
        statement=r"$\mathbb{E}\|f_N-\mathbb{E}f_N\|_\Sigma^2=\mathrm{tr}"
        r"(\Sigma Q_t)/N$.",
        provenance=Provenance(
            "derived", "linear anchor; mirrors the paper's four terms"
        ),
        kind=kinds.value(),
        design=chaos_term,
        sizes={
            "quick": {"seeds": 512, "width": 4},
            "paper": {"seeds": 4096, "width": 6},
        },
        mutants=(Mutant("C in place of Q", claiming(_variance_of_one)),),
    ),
    Claim(
        id="MF-13t",
        title="The total error is at most the sum of its terms",
        statement="total ≤ chaos + optimization + statistical + √(bias² + tail²).",
        provenance=Provenance("derived", "triangle inequality; exact orthogonality"),
        kind=kinds.ordering(evidence="exact"),
        design=triangle,
        sizes={"quick": {"draws": 1000}, "paper": {"draws": 20000}},
        mutants=(
            Mutant("tail left out", instead(triangle, draws=1000, has_tail=False), 1.0),
        ),
    ),
)
