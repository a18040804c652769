"""Claims MF-8 and MF-9: free energy, its decay, and stationary fluctuations."""

import functools

import numpy as np
from xarray import DataArray

from ...sims import meanfield as sims
from ...sims.sweep import Sweep
from ...theory import meanfield as theory
from ...theory.meanfield import linearised
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from .common import (
    Data,
    claiming,
    computed,
    fixed,
    instead,
    line_data,
    number,
    plane_data,
    promoted,
)

LINE = {"lam": 0.5, "tau": 0.1, "amplitude": 1.0}
PLANE = {"lam": 0.2, "tau": 0.05, "amplitude": 1.0}
GRID = {"half_width": 5.0, "num_cells": 200}
STEP, HORIZON, EVERY = 0.005, 16.0, 40


def duality(*, draws: int, sign: float = 1.0) -> Design:
    """MF-8a: P(p_g) − D(g) minus half the mean squared residual, random g."""
    X, y = plane_data()
    rng = np.random.default_rng(8)
    gaps = []
    for g in rng.standard_normal((draws, len(y))):
        args = (X, y, *PLANE.values())
        gap = number(theory.primal_value, g, *args) - number(
            theory.dual_value, g, X, sign * y, *PLANE.values()
        )
        field = theory.gibbs_state(*promoted(g, X, *PLANE.values()))["field"]
        gaps.append(gap - np.mean((np.asarray(field) - y - g) ** 2) / 2)
    return computed(gaps, 0.0, 1e-10)


def fokker_planck() -> Sweep:
    """The mean-field limit on D1 up to t = 16."""
    X, y = line_data()
    return Sweep(
        sim=sims.fokker_planck_1d,
        static={
            "num_cells": [GRID["num_cells"]],
            "half_width": [GRID["half_width"]],
            "num_steps": [round(HORIZON / STEP)],
            "save_every": [EVERY],
        },
        derive=fixed(step=STEP, init_var=1.0, **LINE),
        shared=fixed(X=X, y=y),
    )


def long_run(*, is_free: bool = False) -> Design:
    """MF-8c: the limit of the flow, monotone decay, and a bound on its rate."""
    X, y = line_data()
    fixed_point = theory.fixed_point(*promoted(X, y, *LINE.values()))
    target = np.asarray(fixed_point["field"])
    if is_free:
        args = promoted(0 * y, X, *LINE.values())
        target = np.asarray(theory.gibbs_state(*args)["field"])
    bound = LINE["lam"] * np.exp(-2 * (1.0 + np.max(np.abs(y))) / LINE["tau"])

    def observe(data: Data) -> DataArray:
        found = data["flow"].squeeze(drop=True)
        energy = found.free_energy.values
        error = np.max(np.abs(found.field.values[-1] - target))
        values = [error, np.max(np.diff(energy)), 2 * bound - late_rate(energy)]
        names = ["field − dual", "largest increase", "bound − rate"]
        return DataArray(
            np.maximum(values, 0.0),
            dims="point",
            coords={"quantity": ("point", names)},
            attrs={"error": 0.0},
        )

    return Design(
        sweeps={"flow": fokker_planck()},
        observe=observe,
        claimed=np.zeros(3),
        tol=Tolerance(np.array([1e-6, 1e-12, 1e-12]), "horizon; rounding"),
    )


def late_rate(energy: np.ndarray) -> float:
    """Decay rate of the free energy between t = 10 and t = 14."""
    X, y = line_data()
    limit = number(
        linearised.discrete_free_energy, X, y, *LINE.values(), *GRID.values()
    )
    first, last = (energy[round(t / STEP) // EVERY] - limit for t in (10.0, 14.0))
    return float(np.log(first / last) / 4.0)


def decay() -> Design:
    """MF-8d: the late rate over the spectral prediction."""

    def observe(data: Data) -> DataArray:
        energy = data["flow"].squeeze(drop=True).free_energy.values
        value = late_rate(energy)
        return DataArray([value], dims="point", attrs={"error": 1e-3})

    rate = predicted_rate(1.0)
    return Design(
        sweeps={"flow": fokker_planck()},
        observe=observe,
        claimed=np.array([rate]),
        tol=Tolerance(0.01 * rate, "fit window"),
    )


@functools.cache
def predicted_rate(interaction: float) -> float:
    """−2 log(1 − hγ)/h with the interaction multiplied by a factor."""
    X, y = line_data()
    args = (X, y, *LINE.values(), interaction, *GRID.values())
    gap = float(number(linearised.gap_with_interaction, *args))
    return -2 * np.log1p(-STEP * gap) / STEP


def fluctuation(
    *, width: int, horizon: float = 230.0, step: float = 0.4, scheme: str = "lm"
) -> Design:
    """MF-9c: N·E mean(f_N − f_*)² over its constant."""
    X, y = plane_data()
    exact = _stationary()
    field = np.asarray(theory.fixed_point(*promoted(X, y, *PLANE.values()))["field"])
    sweep = Sweep(
        sim=sims.stationary,
        static={
            "width": [width],
            "num_steps": [round(horizon / step)],
            "burn_steps": [round(30 / step)],
            "sample_every": [4],
            "scheme": [scheme],
        },
        derive=fixed(step=step, field=field, **PLANE),
        shared=fixed(X=X, y=y),
    )
    return Design(
        sweeps={"networks": sweep},
        observe=lambda data: rows(data["networks"].fluctuation / exact["fluctuation"]),
        claimed=np.ones(1),
        tol=Tolerance(0.02, "step size squared and terms of order 1/N"),
    )


@functools.cache
def _stationary() -> dict[str, float]:
    X, y = plane_data()
    found = theory.stationary_fluctuation(*promoted(X, y, *PLANE.values()))
    return {name: float(value) for name, value in found.items()}


def linear_neuron() -> Design:
    """MF-9ab: the constants of linear neurons, Z = s/λ."""
    x, lam, tau = np.array([0.5, 1.0, -0.7, 0.2]), 0.4, 0.2
    s = np.mean(x**2)
    covariance = tau / lam * np.outer(x, x)
    found = theory.stationary_constants(*promoted(covariance, tau))
    values = [float(found[k]) for k in ("free_energy_gap", "relative_entropy")]
    claimed = [
        number(theory.linear_free_energy_gap, s, lam, tau),
        number(theory.linear_relative_entropy, s, lam),
    ]
    return computed(values, claimed, 1e-10)


def _trace_for_logdet() -> np.ndarray:
    z = np.mean(np.array([0.5, 1.0, -0.7, 0.2]) ** 2) / 0.4
    return np.array([0.2 / 2 * z, (z - z / (1 + z)) / 2])


CLAIMS = (
    Claim(
        id="MF-8a",
        title="Duality gap is the residual",
        statement=r"$P(p_g)-D(g)=\frac1{2n}|f_{p_g}-y-g|^2$ for every $g$.",
        provenance=Provenance("derived", "expansion of KL(p_g|ν)"),
        kind=kinds.identity(),
        design=duality,
        sizes={"quick": {"draws": 20}, "paper": {"draws": 200}},
        mutants=(
            Mutant(
                "D with + g·y",
                lambda d: instead(duality, draws=d.claimed.size, sign=-1.0)(d),
                0.1,
            ),
        ),
    ),
    Claim(
        id="MF-8c",
        title="The flow reaches the dual optimum",
        statement=r"$f_{m_t}\to f_*$, $\mathcal F$ decreases, not slower than "
        r"$2\alpha\tau$ of Holley and Stroock.",
        provenance=Provenance("classical", "Nitanda, Wu and Suzuki 2022; Chizat 2022"),
        kind=kinds.identity(),
        design=long_run,
        sizes={"quick": {}, "paper": {}},
        mutants=(
            Mutant("V without the residual", instead(long_run, is_free=True), 0.1),
        ),
    ),
    Claim(
        id="MF-8d",
        title="Late rate of the free energy",
        statement=r"$\mathcal F(m_t)-\mathcal F_*\sim e^{-2\gamma t}$, $\gamma$ the "
        r"gap of the linearised operator with its interaction.",
        provenance=Provenance("derived", "linearised Fokker–Planck operator"),
        kind=kinds.identity(),
        design=decay,
        sizes={"quick": {}, "paper": {}},
        mutants=(
            Mutant("without interaction", claiming(lambda: [predicted_rate(0.0)])),
            Mutant(
                "interaction of the wrong sign",
                claiming(lambda: [predicted_rate(-1.0)]),
            ),
        ),
    ),
    Claim(
        id="MF-9c",
        title="Stationary fluctuation of a tanh network",
        statement=r"$N\,\mathbb{E}\,\mathrm{mean}_j(f_N-f_*)^2\to\frac1n\mathrm{tr}"
        r"[C(I+Z)^{-1}]$, $Z=C/(n\tau)$.",
        provenance=Provenance("derived", "the N-particle law is Gibbs exactly"),
        kind=kinds.value(),
        design=fluctuation,
        sizes={
            "quick": {"seeds": 2048, "width": 32},
            "paper": {"seeds": 4096, "width": 128},
        },
        mutants=(
            Mutant(
                "independent neurons",
                claiming(lambda: [_stationary()["iid"] / _stationary()["fluctuation"]]),
            ),
            Mutant(
                "Euler's scheme", instead(fluctuation, width=32, scheme="euler"), 0.22
            ),
        ),
        weight=2.0,
    ),
    Claim(
        id="MF-9ab",
        title="Stationary constants of linear neurons",
        statement=r"$\frac\tau2\log\det(I+Z)$ and the relative entropy reduce to "
        r"$\frac\tau2\log(1+s/\lambda)$ and its entropy.",
        provenance=Provenance("derived", "rank-one covariance"),
        kind=kinds.identity(),
        design=linear_neuron,
        sizes={"quick": {}, "paper": {}},
        mutants=(Mutant("trace in place of log det", claiming(_trace_for_logdet)),),
    ),
)
