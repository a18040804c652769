"""Claims on rates and on the covariance density in closed form: HK-1 and HK-2."""

from dataclasses import replace

import numpy as np
from scipy import linalg
from xarray import DataArray

from ...sims import hawkes as sims
from ...sims.sweep import Sweep
from ...theory import hawkes as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds
from .networks import (
    BETA,
    Data,
    circulant,
    claimed,
    complete,
    decayed,
    evaluated,
    seeds_first,
    swept,
    table,
)

TWENTY = circulant(20, (1, 4), 0.3)
SKEW = circulant(12, (1, 4), 0.25) + 0.1 * np.eye(12, k=3)


def counts_sweep(T: float, burn_in: float, replicas: int) -> Sweep:
    """Mean counts of 20 nodes, s=2, w=.3, rate 1; arrays for T=70 or for T=1."""
    window = 70.0 if T > 1 else 1.0
    return Sweep(
        sim=sims.mean_count,
        static={"stages": [sims.plan_stages(20 * 0.4 * window, 0.6)]},
        dynamic={"T": [T], "burn_in": [burn_in], "beta": [BETA]},
        shared={"mu": lambda **_: np.full(20, 0.4), "weights": lambda **_: TWENTY},
        replicas=replicas,
    )


def _mean_rate(data: Data) -> DataArray:
    rates = seeds_first(complete(data["counts"]).mean_count) / float(
        data["counts"].T[0]
    )
    return table(rates[:, None])


def stationary(*, replicas: int) -> Design:
    """HK-1: the rate of a stationary window of length 40."""
    return Design(
        sweeps={"counts": counts_sweep(40.0, 30.0, replicas)},
        observe=_mean_rate,
        claimed=float(
            evaluated(theory.stationary_rates, np.full(20, 0.4), TWENTY).mean()
        ),
        tol=Tolerance(0.015, "sampling: sd .085 a path; weakest mutant shifted .0375"),
    )


HK_1 = Claim(
    id="HK-1",
    title="Stationary rates",
    statement=r"$\mathbb{E}\,N_i[0,T)/T = \Lambda_i$, $\Lambda = (I - W)^{-1}\mu$",
    provenance=Provenance("classical", "Hawkes 1971, eq. 2; exact identity"),
    kind=kinds.value(),
    design=stationary,
    sizes={
        "quick": {"seeds": 256, "replicas": 8},
        "paper": {"seeds": 1024, "replicas": 8},
    },
    mutants=(
        Mutant(
            "no burn-in",
            lambda d: swept(d, counts=counts_sweep(40.0, 0.0, 8)),
            shift=-0.0375,
        ),
        Mutant("rate mu (1 + rho)", lambda d: claimed(d, 0.4 * 1.6)),
    ),
)


def _count_from_empty(decay: np.ndarray | None = None) -> float:
    """Mean count on [0, 1] from an empty past; `decay` replaces G (a mutant)."""
    nodes, rule = np.polynomial.legendre.leggauss(20)
    mu = np.full(20, 0.4)
    if decay is not None:
        lost = 0.6 * rule @ np.exp(-BETA * decay * (nodes + 1) / 2) / 2
        return float(1 - lost)
    rates = [
        evaluated(theory.transient_rates, mu, TWENTY, BETA, (node + 1) / 2).mean()
        for node in nodes
    ]
    return float(rule @ rates / 2)


def transient(*, replicas: int) -> Design:
    """HK-1t: the mean count on [0, 1] from an empty past."""
    return Design(
        sweeps={"counts": counts_sweep(1.0, 0.0, replicas)},
        observe=_mean_rate,
        claimed=_count_from_empty(),
        tol=Tolerance(0.005, "1 % of the count, a twentieth of the weakest mutant"),
    )


HK_1T = Claim(
    id="HK-1t",
    title="Transient after an empty past",
    statement=r"$\mathbb{E}\lambda(t) = \Lambda - e^{-\beta G t}(\Lambda - \mu)$",
    provenance=Provenance("classical", "Hawkes 1971; exact identity"),
    kind=kinds.value(),
    design=transient,
    sizes={
        "quick": {"seeds": 256, "replicas": 320},
        "paper": {"seeds": 1024, "replicas": 256},
    },
    mutants=(
        Mutant("no transient", lambda d: claimed(d, 1.0)),
        Mutant(
            "decay e^{-beta t}", lambda d: claimed(d, _count_from_empty(np.ones(1)))
        ),
    ),
)


def _spectral_gap(kernel: np.ndarray, lyapunov: np.ndarray | None = None) -> DataArray:
    """Relative deviations of S(0) and of the quadrature, for a kernel K at lag 0."""
    mu = np.linspace(0.3, 0.7, 12)
    identity = np.eye(12)
    drift = BETA * (identity - SKEW)
    sigma = np.diag(evaluated(theory.stationary_rates, mu, SKEW))
    spectrum = np.real(evaluated(theory.bartlett_spectrum, mu, SKEW, BETA, 0.0))
    tail = np.linalg.solve(drift, kernel)
    direct = _density_by_quadrature(mu, 0.7)
    density = decayed(drift, 0.7) @ kernel
    gaps = [
        abs(sigma + tail + tail.T - spectrum).max() / abs(spectrum).max(),
        abs(density - direct).max() / abs(direct).max(),
    ]
    rows = table(np.array(gaps), ("point",), route=["spectrum at 0", "quadrature"])
    rows.attrs["error"] = 1e-12
    return rows


def _density_by_quadrature(mu: np.ndarray, lag: float) -> np.ndarray:
    """c(lag) = Psi(lag) Sigma + integral of Psi(lag + s) Sigma Psi(s)'."""
    drift = BETA * (np.eye(12) - SKEW)
    sigma = np.diag(evaluated(theory.stationary_rates, mu, SKEW))
    nodes, rule = np.polynomial.legendre.leggauss(80)
    unit = (nodes + 1) / 2
    times, rule = 90 * unit**3, rule * 135 * unit**2
    total = BETA * SKEW @ decayed(drift, lag) @ sigma
    for time, weight in zip(times, rule, strict=True):
        here = BETA * SKEW @ decayed(drift, time)
        later = BETA * SKEW @ decayed(drift, lag + time)
        total = total + weight * later @ sigma @ here.T
    return total


def _kernel(which: str) -> np.ndarray:
    """Wrong kernels of the covariance density at lag 0."""
    rates = evaluated(theory.stationary_rates, np.linspace(0.3, 0.7, 12), SKEW)
    if which == "no second order":
        return BETA * SKEW * rates[None, :]
    identity = np.eye(12)
    q = linalg.solve_continuous_lyapunov((identity - SKEW).T, np.diag(rates))
    return BETA * SKEW @ (2 * identity - SKEW) @ q


def closed_form() -> Design:
    """HK-2s: the closed form against the spectrum and a direct quadrature."""
    return Design(
        observe=lambda _: _spectral_gap(
            np.asarray(
                evaluated(
                    theory.covariance_density,
                    np.linspace(0.3, 0.7, 12),
                    SKEW,
                    BETA,
                    0.0,
                )
            )
        ),
        claimed=0.0,
        tol=Tolerance(1e-9, "relative accuracy that the theory promises"),
    )


HK_2S = Claim(
    id="HK-2s",
    title="Covariance density in closed form",
    statement=r"$S(0) = \Sigma + (\beta G)^{-1}K + K^\top(\beta G)^{-\top}$ with "
    r"$K = \beta W(2I - W)Q$, and $c(\tau) = e^{-\beta G\tau}K$",
    provenance=Provenance("derived", "resolvent and Lyapunov equation; Hawkes 1971"),
    kind=kinds.identity(),
    design=closed_form,
    sizes={"quick": {}, "paper": {}, "gpu": {}},
    mutants=(
        Mutant(
            "K = beta W Sigma",
            lambda d: replace(
                d, observe=lambda _: _spectral_gap(_kernel("no second order"))
            ),
            shift=0.1,
        ),
        Mutant(
            "Q solved with the transposed G",
            lambda d: replace(
                d, observe=lambda _: _spectral_gap(_kernel("transposed"))
            ),
            shift=0.1,
        ),
    ),
)

CLAIMS = (HK_1, HK_1T, HK_2S)
