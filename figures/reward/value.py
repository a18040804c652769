"""Figures on deployment: what the deployed policy is worth, and when it is safe."""

import functools
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure as Canvas

from ...checks.reward import readouts as checks
from ...sims.sweep import Sweep
from ...theory import reward as theory
from .. import style
from ..figure import Data, Figure
from .curves import mean_and_error

OVERLAPS = np.linspace(0, 1, 41)
NOISES = (0.25, 0.5, 0.75, 1.0)


@functools.cache
def population(kind: str) -> theory.OverlapValue:
    """The population fit of sin3 at temperature one half, over the overlap."""
    return theory.value_at_overlap(OVERLAPS, 0.5, link="sin3", fit=kind)


def direction(_: Data) -> Canvas:
    """Objective and value against the overlap of the direction."""
    figure, axes = style.canvas(2, 1)
    for panel, name in zip(axes[0], ("objective", "value"), strict=True):
        for colour, kind in enumerate(("label", "regress")):
            curve = np.asarray(getattr(population(kind), name))
            style.theory(panel, OVERLAPS, curve, f"{kind} fit", colour)
            if (name, kind) == ("objective", "label"):
                worse = curve < 0
                panel.fill_between(
                    OVERLAPS, curve, 0, where=worse, color="#D55E00", alpha=0.2
                )
        panel.set(xlabel="overlap $m$", ylabel=f"{name}")
    best = float(theory.gibbs(0.5, link="sin3").objective)
    slope = float(theory.direction_slope(0.5, link="sin3"))
    near = OVERLAPS[OVERLAPS > 0.85]
    style.bound(axes[0, 0], near, best - (1 - near) * slope, "tangent, RW-18")
    axes[0, 0].annotate("worse than the\nbase policy", (0.42, -0.08), fontsize=6)
    for panel in axes[0]:
        panel.axhline(0, color="black", linewidth=0.5)
    axes[0, 0].legend(fontsize=6)
    return figure


def landscape(_: Data) -> Canvas:
    """Value after both stages over samples and feature temperature."""
    figure, axes = style.canvas(width=4.2)
    panel = axes[0, 0]
    ratios, betas = np.geomspace(2, 60, 24), np.geomspace(0.2, 3, 24)
    overlap = [
        theory.first_order_overlap(ratios, b, 0.2, link="sin3", transform="exp")
        for b in betas
    ]
    curve = np.asarray(population("regress").value)
    value = np.interp(np.asarray(overlap), OVERLAPS, curve)
    mesh = panel.pcolormesh(ratios, betas, value, shading="gouraud", cmap="viridis")
    figure.colorbar(mesh, ax=panel, label=r"value $V(m_1, \beta_2 = 0.5)$")
    best = float(theory.optimal_temperature(0.2, link="sin3", transform="exp")[0])
    ridge = np.full_like(ratios, best)
    panel.plot(ratios, ridge, "--", color="white", label=r"$\beta_1^*$")
    panel.set(xscale="log", yscale="log")
    panel.minorticks_off()
    panel.set_xlabel(r"samples per dimension $\alpha$")
    panel.set_ylabel(r"feature temperature $\beta_1$")
    panel.legend(fontsize=6, labelcolor="white")
    return figure


def noisy_fits(*, num_samples: int) -> Mapping[str, Sweep]:
    """The readouts of RW-16 at several noises."""
    made = {w: checks.fits(w, num_samples, 3) for w in ("label", "surrogate")}
    return {
        weights: replace(found, dynamic={**found.dynamic, "noise": list(NOISES)})
        for weights, found in made.items()
    }


def inflation(data: Data) -> Canvas:
    """Noise inflation of label weights over a perfect surrogate."""
    figure, axes = style.canvas()
    panel = axes[0, 0]
    ratio = np.linspace(0, 1.2, 60)
    curve = np.exp(ratio**2) * (1 + ratio**2)
    style.theory(panel, ratio, curve, r"$e^{\tau^2/\beta^2}(1 + \tau^2/\beta^2)$")
    style.mutant(panel, ratio, np.exp(ratio**2 / 2), r"$e^{\tau^2/2\beta^2}$")
    parts = [data.sweeps[w].error_variance for w in ("label", "surrogate")]
    (top, top_error), (low, low_error) = (mean_and_error(part) for part in parts)
    found = top / low
    error = found * np.hypot(top_error / top, low_error / low)
    style.points(panel, np.array(NOISES), found, error, "simulation")
    panel.set(xlabel=r"noise over temperature $\tau/\beta$", ylabel="ratio of errors")
    panel.legend(fontsize=6)
    return figure


FIGURES = (
    Figure(
        name="direction",
        caption=r"Regularised objective and value at overlap $m$, sin3, $\beta = .5$: "
        "label-weighted fits before the direction is found are worse than the base "
        r"policy (shaded). Dash-dotted: slope at $m = 1$.",
        draw=direction,
    ),
    Figure(
        name="landscape",
        caption="Value after both stages (sin3, unweighted readout) over samples "
        r"per dimension and feature temperature; dashed: the optimum $\beta_1^*$.",
        draw=landscape,
    ),
    Figure(
        name="inflation",
        caption="Error of label weights over that of a perfect surrogate: the exact "
        "inflation, a wrong one (dashed) and the simulated ratio (sin3, bars: one "
        "standard error; $n = 2000$, at preset paper 16000; large noise needs more).",
        draw=inflation,
        sweeps=noisy_fits,
        sizes={
            "quick": {"seeds": 512, "num_samples": 2000},
            "paper": {"seeds": 2048, "num_samples": 16000},
        },
    ),
)
