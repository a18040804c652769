"""Figures on propagation of chaos, fluctuations and free energy."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import NullFormatter

from ...checks.meanfield import chaos as checks
from ...checks.meanfield import energy, linear
from ...checks.meanfield.common import (
    fixed,
    line_data,
    number,
    plane_data,
    promoted,
)
from ...sims import meanfield as sims
from ...sims.sweep import Sweep
from ...theory import meanfield as theory
from ...theory.meanfield import linearised
from .. import style
from ..figure import Data, Figure
from .common import clean, legend_below, moments, times


def coupling_error(data: Data) -> Canvas:
    """N·E|e|² of tanh and of linear neurons, and the bound."""
    figure, axes = style.canvas(3, 1)
    figure.set_figheight(2.4)
    _network_panel(data, axes[0, 0])
    _linear_panel(data, axes[0, 1])
    bounded = clean(data["MF-7a"]["networks"])
    mean, error = moments(512 * bounded.coupling_error)
    time = times(bounded, 1.0)
    axis = axes[0, 2]
    style.points(axis, time, mean, error, "tanh network, $N=512$")
    X, y = plane_data(0.3)
    bound = float(number(theory.chaos_upper_bound, X, y, 1.0, 0.3, 1))
    style.bound(axis, time, np.full(len(time), bound), "bound (MF-7)")
    axis.set(yscale="log", xlabel="time $t$", ylim=(3e-4, 0.3))
    axis.set_title(r"$R=0.3$, $\lambda=1$: inside $\kappa>0$")
    legend_below(axis)
    return figure


def _network_panel(data: Data, axis: Any) -> None:
    found = clean(data["MF-15"]["networks"])
    time = times(found, 1.0)
    for colour, width in enumerate(found.width.values):
        mean, error = moments(found.coupling_error.sel(width=width) * width)
        style.points(axis, time, mean, error, f"$N={int(width)}$", colour, "os"[colour])
    curves = checks.curves(2**16)
    style.theory(axis, time, curves["coupling"], "Volterra (MF-15)", 2)
    style.mutant(axis, time, curves["iid_coupling"], "no feedback")
    axis.set(xlabel="time $t$", ylabel=r"$N\,\mathbb{E}|e_t|^2$", ylim=(0, 0.6))
    axis.set_title(r"tanh network, $R=1$, $\lambda=0.2$")
    legend_below(axis, 2)


def _linear_panel(data: Data, axis: Any) -> None:
    found = clean(data["MF-5a.rate"]["particles"]).sel(width=16)
    counts = np.arange(0, 13.0)
    for colour, lam in enumerate((linear.LAM, 0.0)):
        mean, error = moments(found.coupling_error.sel(lam=lam) * 16)
        time = times(found, linear.EVERY * linear.STEP)
        label = rf"$\lambda={lam:g}$"
        style.points(axis, time, mean, error, label + ", $N=16$", colour)
        curve = sum(
            number(
                theory.linear_coupling_discrete,
                counts,
                linear.STEP,
                s,
                lam,
                linear.TAU,
                linear.INIT_VAR,
            )
            for s in linear.CURVATURE
        )
        style.theory(axis, counts * linear.STEP, curve, label + ", exact", colour)
    axis.set(xlabel="time $t$")
    axis.set_title(r"linear neurons: $\lambda=0$ is unbounded")
    legend_below(axis, 2)


def three_rates(data: Data) -> Canvas:
    """Joint law, coupling, marginal and empirical measure against the width."""
    figure, axes = style.canvas()
    axis = axes[0, 0]
    width = np.geomspace(2, 256, 20)
    args = (6.0, linear.CURVATURE, linear.LAM, linear.TAU, linear.INIT_VAR)
    joint = number(theory.linear_w2_joint, *args).sum() / width
    marginal = [
        number(theory.linear_w2_marginal, *args, np.full(2, n)).sum() for n in width
    ]
    counts = np.full(2, float(linear.STEPS))
    constant = number(
        theory.linear_coupling_discrete,
        counts,
        linear.STEP,
        linear.CURVATURE,
        linear.LAM,
        linear.TAU,
        linear.INIT_VAR,
    ).sum()
    style.theory(axis, width, constant / width, "coupling, $N^{-1}$", 0)
    style.theory(axis, width, joint, "joint law $W_2^2/N$, $N^{-1}$", 1)
    style.theory(axis, width, marginal, "one particle, $N^{-2}$", 2)
    style.mutant(axis, width, 0.5 * width**-0.25, "empirical measure, $p=8$ (slope)")
    found = clean(data["MF-5a.rate"]["particles"]).sel(lam=linear.LAM)
    mean, error = moments(found.coupling_error.isel(checkpoint=-1))
    style.points(axis, found.width, mean, error, "simulated coupling", 0)
    axis.set(xscale="log", yscale="log", xlabel="width $N$", ylabel="squared distance")
    axis.legend()
    return figure


def fluctuation(data: Data) -> Canvas:
    """Stationary N·Var f_N against the temperature."""
    figure, axes = style.canvas()
    axis = axes[0, 0]
    X, y = plane_data()
    grid = np.geomspace(0.015, 0.6, 15)
    curves = [
        theory.stationary_fluctuation(*promoted(X, y, 0.2, tau, 1.0)) for tau in grid
    ]
    for colour, name in enumerate(("fluctuation", "iid")):
        values = [float(found[name]) for found in curves]
        if name == "iid":
            style.mutant(axis, grid, values, "independent neurons")
        else:
            style.theory(axis, grid, values, r"$\frac{1}{n}$tr $C(I+Z)^{-1}$", colour)
    found = clean(data.sweeps["networks"])
    mean, error = moments(found.fluctuation)
    style.points(axis, found.tau, mean, error, "tanh network, $N=32$", 1)
    axis.set(xscale="log", yscale="log", xlabel=r"temperature $\tau$")
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.set_ylabel(r"$N\,\mathbb{E}\,\mathrm{mean}(f_N-f_*)^2$")
    axis.legend()
    return figure


def fluctuation_sweep(*, temperatures: tuple[float, ...]) -> dict[str, Sweep]:
    """The program of MF-9c at several temperatures."""
    X, y = plane_data()

    def field(tau: float, **_: Any) -> np.ndarray:
        found = theory.fixed_point(*promoted(X, y, 0.2, tau, 1.0))
        return np.asarray(found["field"])

    sweep = Sweep(
        sim=sims.stationary,
        static={
            "width": [32],
            "num_steps": [575],
            "burn_steps": [75],
            "sample_every": [4],
            "scheme": ["lm"],
        },
        dynamic={"tau": temperatures},
        derive={"field": field, **fixed(step=0.4, lam=0.2, amplitude=1.0)},
        shared=fixed(X=X, y=y),
    )
    return {"networks": sweep}


def free_energy(data: Data) -> Canvas:
    """Decay of the free energy with its rates, and the certificate of a run."""
    figure, axes = style.canvas(2, 1)
    axis = axes[0, 0]
    found = clean(data["MF-8c"]["flow"])
    X, y = line_data()
    args = (X, y, *energy.LINE.values(), *energy.GRID.values())
    limit = float(number(linearised.discrete_free_energy, *args))
    excess = np.ravel(found.free_energy.values) - limit
    time = energy.STEP * energy.EVERY * np.arange(len(excess))
    style.points(axis, time[::4], excess[::4], None, "Fokker–Planck solver")
    rate, slow = energy.predicted_rate(1.0), 2 * energy.LINE["lam"]
    style.theory(
        axis,
        time,
        excess[-20] * np.exp(-rate * (time - time[-20])),
        rf"rate $2\gamma={rate:.3f}$",
        1,
    )
    alone = energy.predicted_rate(0.0)
    style.mutant(
        axis,
        time,
        excess[0] * np.exp(-alone * time),
        rf"without interaction, {alone:.2f}",
    )
    style.bound(
        axis, time, excess[0] * np.exp(-slow * time), rf"rate $2\lambda={slow:g}$"
    )
    axis.set(yscale="log", ylim=(1e-15, 3), xlabel="time $t$")
    axis.set_ylabel(r"$\mathcal{F}(m_t)-\mathcal{F}_*$")
    axis.legend()
    _certificate_panel(data, axes[0, 1])
    return figure


def _certificate_panel(data: Data, axis: Any) -> None:
    found = (
        clean(data["MF-8b"]["networks"]).sel(width=64).isel(replica=0, seed=slice(6))
    )
    X, y = plane_data()
    residual = found.field.transpose("seed", "checkpoint", "sample").values - y
    values = np.array(
        [
            [float(number(theory.dual_value, g, X, y, 0.2, 0.05, 1.0)) for g in run]
            for run in residual
        ]
    )
    time = times(found, 1.0)
    for index, run in enumerate(values):
        label = "$D(f_N-y)$, six runs, $N=64$" if index == 0 else "_"
        axis.plot(time, run, "o-", color=style.COLOURS[0], lw=0.6, ms=2.5, label=label)
    value = theory.fixed_point(*promoted(X, y, 0.2, 0.05, 1.0))["value"]
    style.bound(axis, time, np.full(len(time), float(value)), "optimum $P_*$")
    axis.set(xlabel="time $t$", ylabel="certified lower bound", ylim=(-0.03, 0.035))
    axis.legend()


FIGURES = (
    Figure(
        name="coupling-error",
        caption=r"Synchronous coupling error times the width: tanh network against the "
        r"Volterra prediction (left), linear neurons with and without confinement "
        r"(middle), and inside the regime of the bound (right).",
        claims=("MF-15", "MF-5a.rate", "MF-7a"),
        draw=coupling_error,
    ),
    Figure(
        name="three-rates",
        caption=r"Three distances to chaos and a fourth that is none, linear neurons, "
        r"$t=6$: coupling and joint law per particle fall like $1/N$, "
        r"one marginal like "
        r"$1/N^2$, the empirical measure in dimension $p$ like $N^{-2/p}$.",
        claims=("MF-5a.rate",),
        draw=three_rates,
    ),
    Figure(
        name="fluctuation",
        caption=r"Stationary fluctuation of a tanh network of width 32 against the "
        r"temperature; independent neurons would fluctuate up to ten times more.",
        draw=fluctuation,
        sweeps=fluctuation_sweep,
        sizes={
            "quick": {"seeds": 64, "temperatures": (0.02, 0.05, 0.1, 0.2, 0.5)},
            "paper": {
                "seeds": 1024,
                "temperatures": (0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5),
            },
        },
    ),
    Figure(
        name="free-energy",
        caption=r"Excess free energy of the mean-field flow (left) decays at "
        r"the spectral "
        r"rate of the interacting operator; any run of a finite network certifies a "
        r"lower bound of the optimum (right).",
        claims=("MF-8c", "MF-8b"),
        draw=free_energy,
    ),
)
