"""Figures on the spectral transition and on the circle of phases."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from ...checks.reward import recovery as checks
from ...checks.reward.common import sweep
from ...sims import reward as sims
from ...sims.sweep import Sweep
from ...theory import reward as theory
from .. import style
from ..figure import Data, Figure
from .curves import mean_and_error, on_grid

EVEN = {"link": "cos4", "transform": "exp"}
BETAS = (0.5, 1.0)
RATIOS = np.geomspace(4, 100, 100)


def ratio_sweeps(*, dim: int, ratios: tuple[int, ...]) -> Mapping[str, Sweep]:
    """The spectral method at several numbers of samples per dimension."""
    axes = {"temperature": list(BETAS)}
    return {
        str(ratio): sweep(
            sims.spectral, EVEN | {"dim": dim, "num_samples": dim * ratio}, axes
        )
        for ratio in ratios
    }


def spectral(data: Data) -> Canvas:
    """Squared overlap of the top eigenvector against the number of samples."""
    figure, axes = style.canvas(width=4.5)
    panel = axes[0, 0]
    for colour, beta in enumerate(BETAS):
        curve = on_grid(
            lambda a, beta=beta: theory.spectral_overlap2(a, beta, **EVEN), RATIOS
        )
        style.theory(panel, RATIOS, curve, rf"$\beta_1 = {beta}$", colour)
        critical = theory.spectral_ratio_threshold(beta, **EVEN)
        panel.axvline(critical, color=style.COLOURS[colour], linewidth=0.6)
        for ratio, found in data.sweeps.items():
            mean, error = mean_and_error(found.overlap2.sel(temperature=[beta]))
            style.points(panel, [float(ratio)], mean, error, "", colour)
    plain = on_grid(
        lambda a: theory.spectral_overlap2(a, 1.0, link="cos4", transform="plain"),
        RATIOS,
    )
    style.theory(panel, RATIOS, plain, "plain labels", 2)
    panel.set(xscale="log", ylim=(-0.02, 1))
    panel.set_xlabel(r"samples per dimension $\alpha$")
    panel.set_ylabel("squared overlap")
    panel.legend(fontsize=6, loc="upper left")
    draw_thresholds(panel.inset_axes((0.11, 0.3, 0.16, 0.34)))
    return figure


def draw_thresholds(inset: Axes) -> None:
    """Critical number of samples against the feature temperature."""
    betas = np.geomspace(0.3, 3, 14)
    critical = [theory.spectral_ratio_threshold(b, **EVEN) for b in betas]
    style.theory(inset, betas, np.array(critical), "", 6)
    inset.set(xscale="log", yscale="log")
    inset.set_xticks([0.3, 1, 3], ["0.3", "1", "3"])
    inset.set_yticks([10, 100], ["10", "100"])
    inset.minorticks_off()
    inset.set_xlabel(r"$\beta_1$", fontsize=6, labelpad=0)
    inset.set_ylabel(r"$\alpha_c$", fontsize=6, labelpad=0)
    inset.tick_params(labelsize=5)


def circle(data: Data) -> Canvas:
    """Final overlap over the circle of phases, and the recovered fraction."""
    figure, axes = style.canvas(2, 1)
    phases = 2 * np.pi * (np.arange(120) + 0.5) / 120
    left, right = axes[0]
    levels = np.linspace(0.05, 0.95, 19)
    for colour, (link, time) in enumerate(checks.TIMES.items()):
        times = np.array([float(time)])
        ends = on_grid(
            lambda b, link=link, times=times: theory.overlap_ode(
                times, 0.0, 0.2, 1.0, 0.0, b, link=link, transform="exp"
            )[0],
            phases,
        )
        style.theory(left, phases, ends, f"{link}, $T = {time}$", colour)
        fraction = [np.mean(np.abs(ends) >= level) for level in levels]
        style.theory(right, levels, fraction, f"{link}, $T = {time}$", colour)
        found = data.sweeps[link].overlap
        mean, error = mean_and_error(found)
        style.points(left, found["phase"].values, mean, error, "", colour)
        shares = [(abs(found) >= x).mean("phase") for x in levels[1::2]]
        mean, error = np.array([mean_and_error(s) for s in shares]).squeeze(-1).T
        style.points(right, levels[1::2], mean, error, "", colour)
    left.set(xlabel="phase $b$ of the neuron", ylabel="overlap $m(T; b)$")
    right.set(xlabel="threshold", ylabel="recovered fraction", ylim=(0, 1.03))
    left.legend(fontsize=6)
    return figure


FIGURES = (
    Figure(
        name="spectral",
        caption=r"Squared overlap of the top eigenvector of $\sum_i T_ix_ix_i^\top$ "
        r"for cos4: limit (lines), $\alpha_c$ (vertical; inset: against $\beta_1$), "
        "runs (bars: one standard error; $d = 128$, at preset gpu 1024), which finite "
        "dimension lifts near $\\alpha_c$. Plain labels are not signal-free here.",
        claims=("RW-8",),
        draw=spectral,
        sweeps=ratio_sweeps,
        sizes={
            "quick": {"seeds": 32, "dim": 128, "ratios": (16, 40)},
            "paper": {"seeds": 64, "dim": 128, "ratios": (6, 9, 12, 16, 24, 40, 64)},
            "gpu": {"seeds": 64, "dim": 1024, "ratios": (6, 9, 12, 16, 24, 40, 64)},
        },
    ),
    Figure(
        name="phases",
        caption="Left: overlap of a neuron with phase $b$ at time $T$, from the ODE "
        r"($\eta = 0.2$, $\beta_1 = 1$) and from the chain (circles, bars: one "
        "standard error; $d = 400$, at preset quick 100). Right: fraction of neurons "
        "above a threshold.",
        draw=circle,
        sweeps=checks.circle,
        sizes={
            "quick": {"seeds": 16, "dim": 100, "phases": 24, "replicas": 1},
            "paper": {"seeds": 64, "dim": 400, "phases": 48, "replicas": 8},
        },
    ),
)
