"""Figures on the Riccati anchor, initial tails and the error decomposition."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas
from xarray import DataArray

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


BETA, TAIL = np.array([1.0, -0.5]), 0.2
USUAL = {"width": 16.0, "samples": 400.0, "time": 1.2, "lam": 0.1}
RIDGES, SAMPLES = (0.03, 0.1, 0.3, 1.0), (100.0, 400.0, 4000.0)


def decomposition(data: Data) -> Canvas:
    """The terms of the error as stacked areas against N, n, t and λ."""
    figure, axes = style.canvas(4, 1, sharey=True)
    figure.set_figheight(2.0)
    panels = {
        "width $N$": ("width", np.geomspace(2, 1024, 30)),
        "samples $n$": ("samples", np.geomspace(30, 30000, 30)),
        "time $t$": ("time", np.geomspace(0.2, 10, 30)),
        r"ridge $\lambda$": ("lam", np.geomspace(0.01, 3, 30)),
    }
    mean, error = total_error(clean(data.sweeps["particles"]))
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
        others = {k: v for k, v in USUAL.items() if k != name}
        one, bar = mean.sel(others), error.sel(others)
        style.points(axis, one[name], one, bar, "total, simulated", 6)
        axis.set(xscale="log", xlabel=label)
    axes[0, 0].set_ylabel("error")
    named = axes[0, 0].get_legend_handles_labels()
    figure.legend(*named, loc="outside lower center", ncols=6)
    return figure


def decomposition_sweep() -> dict[str, Sweep]:
    """Linear particles on estimated moments: the programs of MF-5a, other values."""
    zero = np.zeros(2)
    sweep = Sweep(
        sim=sims.linear_coupled,
        static={"width": [4, 16], "num_steps": [12], "save_every": [4]},
        dynamic={"lam": RIDGES, "samples": SAMPLES},
        derive={
            "curvature": lambda samples, **_: np.linalg.eigh(_sample(samples)[0])[0],
            "target": lambda samples, **_: _rotated_target(samples),
            **fixed(tau=0.1, step=0.1, init_mean=zero, init_var=1.0),
        },
        replicas=16,
    )
    return {"particles": sweep}


def total_error(found: Any) -> tuple[DataArray, DataArray]:
    """Root mean square error of the trained particles, with its standard error."""
    bases = np.stack([np.linalg.eigh(_sample(n)[0])[1] for n in found.samples.values])
    basis = DataArray(bases, dims=("samples", "axis", "direction"))
    learned = (basis * found["mean"]).sum("direction")
    gap = learned - DataArray(BETA, dims="axis")
    square = (DataArray(SIGMA, dims="axis") * gap**2).sum("axis") + TAIL**2
    square = square.assign_coords(checkpoint=[0.4, 0.8, 1.2])
    mean, error = moments(square.rename(checkpoint="time"))
    root = mean**0.5
    return root, error / (2 * root)


def _sample(samples: float) -> tuple[np.ndarray, np.ndarray]:
    """Estimated moments: a fixed deviation that shrinks like n^(-1/2)."""
    shrink = np.sqrt(100 / samples)
    covariance = np.diag(SIGMA) + shrink * (SIGMA_HAT - np.diag(SIGMA))
    return covariance, covariance @ BETA + shrink * np.array([0.1, -0.1])


def _rotated_target(samples: float) -> np.ndarray:
    covariance, target = _sample(samples)
    return np.linalg.eigh(covariance)[1].T @ target


def _terms(**changes: float) -> dict[str, float]:
    """Terms at one setting, the usual one but for `changes`."""
    now = USUAL | changes
    covariance, target = _sample(now["samples"])
    start, rest = np.zeros(2), (now["time"], now["width"])
    args = (covariance, target, SIGMA, BETA, TAIL, now["lam"], 0.1, 1.0, start, *rest)
    terms = theory.decomposition_terms(*promoted(*args))
    found = {k: float(v) for k, v in terms.items()}
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
        r"statistical, and bias with tail; the total (line; points: particles, Euler "
        r"step 0.1) stays below the sum.",
        draw=decomposition,
        sweeps=decomposition_sweep,
        sizes={"quick": {"seeds": 32}, "paper": {"seeds": 256}},
    ),
)
