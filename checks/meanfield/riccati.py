"""Claim MF-6: second-Hermite neurons, an exact nonlinear mean field."""

import numpy as np
from scipy import integrate

from ...sims import meanfield as sims
from ...sims.sweep import Sweep
from ...theory import meanfield as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from .common import claiming, computed, fixed, instead, number

LAM, TAU, Q0 = 0.3, 0.1, 0.2
EIGENVALUES = (0.1, 0.3, 1.0)  # below, at and above the threshold
M0 = np.array([[0.4, 0.1], [0.1, 0.2]])
M_STAR = np.array([[1.0, 0.3], [0.3, 0.1]])


def flow(*, time: float = 2.0) -> Design:
    """MF-6q: closed forms against an adaptive solution of the equations."""
    mu, identity = np.array(EIGENVALUES), np.eye(2)

    def slope(_: float, state: np.ndarray) -> np.ndarray:
        q, M = state[:3], state[6:].reshape(2, 2)
        gap, A = mu - LAM - q, M - M_STAR + LAM * identity
        matrix = -(A @ M + M @ A) + 2 * TAU * identity
        return np.concatenate([2 * gap * q + 2 * TAU, gap, matrix.ravel()])

    start = np.concatenate([np.full(3, Q0), np.zeros(3), M0.ravel()])
    solution = integrate.solve_ivp(
        slope, (0.0, time), start, method="DOP853", rtol=1e-12, atol=1e-13
    )
    q, log_flow, matrix = np.split(solution.y[:, -1], [3, 6])
    found = np.concatenate([q, np.exp(log_flow), matrix])
    names = ["moment"] * 3 + ["flow"] * 3 + ["matrix"] * 4
    return computed(
        found,
        closed_forms(time),
        1e-9,
        "tolerance of the solver",
        error=1e-11,
        at={"quantity": names},
    )


def closed_forms(time: float = 2.0, *, tau: float = TAU) -> np.ndarray:
    """q(t), P_t and M(t) of `flow`, in its order."""
    mu = np.array(EIGENVALUES)
    args = (time, mu, LAM, tau, Q0)
    matrix = number(theory.riccati_matrix, time, M0, M_STAR, LAM, tau)
    return np.concatenate(
        [
            number(theory.riccati_moment, *args),
            number(theory.riccati_flow, *args),
            matrix.ravel(),
        ]
    )


def finite_width(*, width: int, horizon: float = 120.0, step: float = 0.05) -> Design:
    """MF-6e: stationary mean of q_N at d = 1."""
    exact, _ = theory.riccati_finite_width(1.0, LAM, TAU, width)  # pyright: ignore[reportArgumentType]  # promoted
    upper = number(theory.riccati_roots, 1.0, LAM, TAU)[0]
    sweep = Sweep(
        sim=sims.riccati_particles,
        static={
            "width": [width],
            "num_steps": [round(horizon / step)],
            "burn_steps": [round(30 / step)],
            "sample_every": [20],
        },
        derive=fixed(
            M_star=np.eye(1),
            M_reference=upper * np.eye(1),
            lam=LAM,
            tau=TAU,
            step=step,
            init_var=float(upper),
        ),
    )
    return Design(
        sweeps={"particles": sweep},
        observe=lambda data: rows(data["particles"].moment),
        claimed=np.asarray(exact).reshape(1),
        tol=Tolerance(0.004, "step size squared and time average"),
    )


SPECTRUM, LOW_TAU = np.array([1.2, 0.5, 0.1]), 0.02


def fluctuation(
    *, width: int, scheme: str = "lm", horizon: float = 250.0, step: float = 0.1
) -> Design:
    """MF-6d: N‖M_N − M‖² in three dimensions over its constant."""
    upper = number(theory.riccati_roots, SPECTRUM, LAM, LOW_TAU)[0]
    constant = number(theory.riccati_fluctuation, SPECTRUM, LAM, LOW_TAU)
    sweep = Sweep(
        sim=sims.riccati_particles,
        static={
            "width": [width],
            "num_steps": [round(horizon / step)],
            "burn_steps": [round(60 / step)],
            "sample_every": [20],
            "scheme": [scheme],
        },
        derive=fixed(
            M_star=np.diag(SPECTRUM),
            M_reference=np.diag(upper),
            lam=LAM,
            tau=LOW_TAU,
            step=step,
            init_var=0.3,
        ),
    )
    return Design(
        sweeps={"particles": sweep},
        observe=lambda data: rows(data["particles"].fluctuation / float(constant)),
        claimed=np.ones(1),
        tol=Tolerance(0.03, "terms of order 1/N and step size squared"),
    )


def _diagonal_only() -> np.ndarray:
    """The constant without the pairs i ≠ j."""
    upper, _, root = number(theory.riccati_roots, SPECTRUM, LAM, LOW_TAU)
    alone = 2 * LOW_TAU * np.sum(upper / root)
    return alone / number(theory.riccati_fluctuation, SPECTRUM, LAM, LOW_TAU)


def critical_exponents() -> Design:
    """MF-6a: exponents in τ of q₊ at the threshold and of its correction above."""
    tau = np.logspace(-8, -5, 7)
    at = number(theory.riccati_roots, LAM, LAM, tau)[0]
    above = number(theory.riccati_roots, 1.0, LAM, tau)[0] - (1.0 - LAM)
    below = number(theory.riccati_roots, 0.1, LAM, tau)[0]
    slopes = [
        np.polyfit(np.log(tau), np.log(curve), 1)[0] for curve in (at, above, below)
    ]
    return computed(
        slopes,
        [0.5, 1.0, 1.0],
        0.01,
        "next term of the expansion in τ",
        error=1e-6,
        at={"mu": (LAM, 1.0, 0.1)},
    )


def learned_rank(*, dim: int = 4) -> Design:
    """MF-6: at vanishing temperature the rank is the number of μ above λ."""
    basis = np.linalg.qr(np.random.default_rng(6).standard_normal((dim, dim)))[0]
    mu = np.array([1.0, 0.6, 0.31, 0.29])
    M_star = basis @ np.diag(mu) @ basis.T
    late = number(theory.riccati_matrix, 4e4, np.eye(dim), M_star, LAM, 1e-9)
    found = [np.sum(np.linalg.eigvalsh(late) > 1e-4)]
    return computed(found, [np.sum(mu > LAM)], 0.25, "an integer")


CLAIMS = (
    Claim(
        id="MF-6q",
        title="Riccati flow in closed form",
        statement=r"$q(t)=\frac{q_+-q_-Re^{-2Dt}}{1-Re^{-2Dt}}$, $P_t$ and "
        r"$M'=-(AM+MA)+2\tau I$ for any start.",
        provenance=Provenance("derived", "the drift is linear given M"),
        kind=kinds.identity(),
        design=flow,
        sizes={"quick": {}, "paper": {}},
        mutants=(Mutant("no temperature", claiming(lambda: closed_forms(tau=1e-12))),),
    ),
    Claim(
        id="MF-6a",
        title="Critical exponent at the feature threshold",
        statement=r"$q_+\sim\tau^{1/2}$ at $\mu=\lambda$; off it the correction is of "
        r"order $\tau$.",
        provenance=Provenance("derived", "roots of the stationary equation"),
        kind=kinds.identity(),
        design=critical_exponents,
        sizes={"quick": {}, "paper": {}},
        mutants=(Mutant("exponents exchanged", claiming(lambda: [1.0, 0.5, 0.5])),),
    ),
    Claim(
        id="MF-6.rank",
        title="Learned rank",
        statement=r"As $\tau\to0$ the learned rank is $\#\{j:\mu_j>\lambda\}$.",
        provenance=Provenance("derived", "stationary solution, non-commuting start"),
        kind=kinds.identity(),
        design=learned_rank,
        sizes={"quick": {}, "paper": {}},
        mutants=(Mutant("every positive eigenvalue", claiming(lambda: [4.0])),),
    ),
    Claim(
        id="MF-6e",
        title="Stationary moment at finite width",
        statement=r"At $d=1$ and every $N$ the density of $q_N$ is $\propto q^{N/2-1}"
        r"e^{-\frac N\tau(\frac{q^2}4-\frac{(\mu-\lambda)q}2)}$.",
        provenance=Provenance("derived", "Gibbs measure in polar coordinates"),
        kind=kinds.value(),
        design=finite_width,
        sizes={
            "quick": {"seeds": 400, "width": 16},
            "paper": {"seeds": 2000, "width": 16, "horizon": 400.0},
        },
        mutants=(
            Mutant(
                "the limit N = ∞",
                claiming(lambda: number(theory.riccati_roots, 1.0, LAM, TAU)[0]),
            ),
        ),
    ),
    Claim(
        id="MF-6d",
        title="Fluctuations of the learned matrix",
        statement=r"$N\,\mathbb{E}\|M_N-M\|_F^2\to\tau\sum_{ij}\frac{q_i+q_j}{D_i+D_j}"
        r"+\tau\sum_j\frac{q_j}{D_j}$.",
        provenance=Provenance("derived", "central limit at the stationary state"),
        kind=kinds.value(),
        design=fluctuation,
        sizes={
            "quick": {"seeds": 256, "width": 64},
            "paper": {"seeds": 512, "width": 256},
        },
        mutants=(Mutant("pairs i ≠ j left out", claiming(_diagonal_only)),),
    ),
    Claim(
        id="MF-6d.scheme",
        title="Fluctuations of the learned matrix need a scheme of second order",
        statement=r"The constant of MF-6d, at $N=64$: averaged noise sees it, Euler's "
        r"scheme at the same step does not.",
        provenance=Provenance("derived", "central limit at the stationary state"),
        kind=kinds.value(),
        design=fluctuation,
        sizes={"paper": {"seeds": 512, "width": 64}},
        mutants=(
            Mutant(
                "Euler's scheme", instead(fluctuation, width=64, scheme="euler"), 0.076
            ),
        ),
    ),
)
