"""Figures on the Riccati anchor, initial tails and the error decomposition."""

import numpy as np
from matplotlib.figure import Figure as Canvas

from ...checks.meanfield import riccati
from ...checks.meanfield import tails as tail_checks
from ...checks.meanfield.common import fixed, number, promoted
from ...checks.meanfield.decomposition import SIGMA, SIGMA_HAT
from ...sims import meanfield as sims
from ...sims.sweep import Sweep
from ...theory import meanfield as theory
from .. import style
from ..figure import Data, Figure
from .common import clean, moments, times


def phase(data: Data) -> Canvas:
    """Second moment against time, and the stationary value against μ."""
    figure, axes = style.canvas(2, 1)
    axis = axes[0, 0]
    found = clean(data.sweeps["particles"])
    time, fine = times(found, 0.5), np.linspace(0, 8, 100)
    for colour, mu in enumerate(found.mu.values):
        mean, error = moments(found.moment.sel(mu=mu))
        style.points(axis, time, mean, error, rf"$\mu={mu:g}$", colour, "os^"[colour])
        args = (fine, mu, riccati.LAM, riccati.TAU, riccati.Q0)
        style.theory(axis, fine, number(theory.riccati_moment, *args), "_", colour)
    axis.set(xlabel="time $t$", ylabel="second moment $q(t)$")
    axis.set_title(r"$\lambda=0.3$, $\tau=0.1$, $N=512$")
    axis.legend()
    axis = axes[0, 1]
    mu = np.linspace(-0.2, 1.2, 141)
    for colour, tau in enumerate((1e-1, 1e-2, 1e-3)):
        upper = number(theory.riccati_roots, mu, riccati.LAM, tau)[0]
        style.theory(axis, mu, upper, rf"$\tau=10^{{{round(np.log10(tau))}}}$", colour)
    soft = np.maximum(mu - riccati.LAM, 0)
    style.bound(axis, mu, soft, r"$(\mu-\lambda)_+$")
    axis.set(xlabel=r"eigenvalue $\mu$ of the target", ylabel="stationary $q_+$")
    axis.legend()
    return figure


def phase_sweep(*, width: int) -> dict[str, Sweep]:
    """Second moments below, at and above the threshold."""
    sweep = Sweep(
        sim=sims.riccati_path,
        static={"width": [width], "num_steps": [400], "save_every": [25]},
        dynamic={"mu": riccati.EIGENVALUES},
        derive=fixed(lam=riccati.LAM, tau=riccati.TAU, step=0.02, init_var=riccati.Q0),
    )
    return {"particles": sweep}


def mean_excess(data: Data) -> Canvas:
    """Mean excess over a high quantile against time, two dynamics."""
    figure, axes = style.canvas()
    axis = axes[0, 0]
    time, fine = np.array([0.0, 0.5, 1.0]), np.linspace(0, 1.1, 60)
    weight = number(theory.admissible_weight, fine, 1.0, tail_checks.LAM)
    scale = tail_checks.SCALES[1]
    args = (fine, 1 / scale, *tail_checks.RICCATI.values(), 2 * scale**2)
    anchor = number(theory.admissible_weight_riccati, *args)
    curves = {
        "network": (1 / weight, r"tanh network, $e^{-\lambda t}/w^*_0$"),
        "riccati": (1 / anchor, r"Riccati anchor, $P_t/w^*_0$"),
    }
    for colour, (name, (curve, label)) in enumerate(curves.items()):
        mean, error = moments(clean(data["MF-10"][name]).mean_excess)
        style.points(axis, time, mean, error, name, colour, "os"[colour])
        style.theory(axis, fine, curve, label, colour)
        style.mutant(axis, fine, np.full(60, curve[0]), "unchanged" if colour else "_")
    axis.set(xlabel="time $t$", ylabel=r"mean excess of $|\theta|$", ylim=(0.2, 1.45))
    axis.legend()
    return figure


def decomposition(_: Data) -> Canvas:
    """The terms of the error as stacked areas against N, n, t and λ."""
    figure, axes = style.canvas(4, 1, sharey=True)
    figure.set_figheight(2.0)
    panels = {
        "width $N$": ("width", np.geomspace(4, 4096, 30)),
        "samples $n$": ("samples", np.geomspace(30, 30000, 30)),
        "time $t$": ("time", np.geomspace(0.2, 30, 30)),
        r"ridge $\lambda$": ("lam", np.geomspace(0.01, 3, 30)),
    }
    for axis, (label, (name, grid)) in zip(axes[0], panels.items(), strict=True):
        terms = [_terms(**{name: float(value)}) for value in grid]
        stack = np.array([list(term.values()) for term in terms]).T
        axis.stackplot(
            grid,
            stack[:4],
            labels=list(terms[0])[:4],
            colors=style.COLOURS[:4],
            alpha=0.6,
        )
        axis.plot(grid, stack[4], "k-", label="total")
        axis.set(xscale="log", xlabel=label)
    axes[0, 0].set_ylabel("error")
    named = axes[0, 0].get_legend_handles_labels()
    figure.legend(*named, loc="outside lower center", ncols=5)
    return figure


def _terms(
    *, width: float = 64, samples: float = 400, time: float = 4.0, lam: float = 0.1
) -> dict[str, float]:
    """Terms at one setting; the empirical covariance nears Σ as n grows."""
    beta, shrink = np.array([1.0, -0.5]), np.sqrt(100 / samples)
    covariance = np.diag(SIGMA) + shrink * (SIGMA_HAT - np.diag(SIGMA))
    target = covariance @ beta + shrink * np.array([0.1, -0.1])
    args = promoted(
        covariance, target, SIGMA, beta, 0.2, lam, 0.1, 1.0, np.zeros(2), time, width
    )
    found = {k: float(v) for k, v in theory.decomposition_terms(*args).items()}
    return {
        "chaos": found["chaos"],
        "optimization": found["optimization"],
        "statistical": found["statistical"],
        "bias and tail": float(np.hypot(found["bias"], found["tail"])),
        "total": found["total"],
    }


FIGURES = (
    Figure(
        name="riccati",
        caption=r"Second-Hermite neurons: simulated second moment against the "
        r"closed form "
        r"below, at and above the threshold $\mu=\lambda$ (left); stationary value "
        r"against $\mu$, a soft threshold as $\tau\to0$ (right).",
        draw=phase,
        sweeps=phase_sweep,
        sizes={
            "quick": {"seeds": 32, "width": 512},
            "paper": {"seeds": 256, "width": 4096},
        },
    ),
    Figure(
        name="mean-excess",
        caption=r"Mean excess of $|\theta|$ over its 0.995 quantile, Laplace "
        r"start: tails "
        r"shrink with the ridge in a tanh network and grow while features grow in the "
        r"Riccati anchor.",
        claims=("MF-10",),
        draw=mean_excess,
    ),
    Figure(
        name="decomposition",
        caption=r"Error of a linear network split into chaos, optimization, "
        r"statistical, "
        r"and bias with tail; the total (line) stays below the sum (theory).",
        draw=decomposition,
    ),
)
