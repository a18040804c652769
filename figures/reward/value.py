"""Figures on deployment: what the deployed policy is worth, and when it is safe."""

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure as Canvas

from ...checks.reward.common import admissible
from ...theory import reward as theory
from .. import style
from ..figure import Data, Figure
from .curves import mean_and_error, on_grid

OVERLAPS = np.linspace(0, 1, 41)
GAIN = 0.3


def direction(_: Data) -> Canvas:
    """Objective and value against the overlap of the direction."""
    figure, axes = style.canvas(2, 1)
    for panel, name in zip(axes[0], ("objective", "value"), strict=True):
        for colour, kind in enumerate(("label", "regress")):
            curve = on_grid(
                lambda m, kind=kind, name=name: getattr(
                    theory.value_at_overlap(m, 0.5, link="sin3", fit=kind), name
                ),
                OVERLAPS,
            )
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


def proxies() -> dict[str, tuple[str, np.ndarray | None]]:
    """Weightings of the figure of safe temperatures, with their proxies."""
    nodes, _ = theory.gauss_grid(breaks=(0.0,))
    with jax.enable_x64(True):
        reward = np.asarray(theory.link_spec("cos4").fn(jnp.asarray(nodes)))
    wave = np.sin(1.5 * nodes)
    return {
        "label": ("label", None),
        r"surrogate, $\kappa = 0$": ("surrogate", reward),
        r"surrogate, $\kappa = 0.5$": ("surrogate", reward + 0.5 * wave),
        r"surrogate, $\kappa = 1$": ("surrogate", reward + wave),
    }


def safe(data: Data) -> Canvas:
    """Margins of the admissible sets, and deployed values with their bound."""
    figure, axes = style.canvas(2, 1)
    left, right = axes[0]
    temperatures = np.array([0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8, 1.0, 1.5, 2.0, 2.5])
    for colour, (label, (weights, proxy)) in enumerate(proxies().items()):
        sets = admissible(
            temperatures,
            *(2000, GAIN, 0.9, 0.7, 1e-3, 2.0, proxy, jax.random.key(8)),
            link="cos4",
            weights=weights,
            num_features=8,
        )
        margin = np.maximum(np.asarray(sets.margin), -1.5)
        style.theory(right, temperatures, margin, label, colour)
        if weights == "label":
            best = on_grid(lambda b: theory.gibbs(b, link="cos4").value, temperatures)
            style.theory(left, temperatures, best, "$V^*$", 6)
            sure = np.asarray(sets.margin) + GAIN
            style.bound(left, temperatures, np.maximum(sure, -0.5), "bound, 0.9")
    found = data["RW-17.safe"]["deployed"].value
    mean, error = mean_and_error(found)
    style.points(left, found["temperature"].values, mean, error, r"$V(\hat\pi)$, label")
    left.axhline(GAIN, color="black", linewidth=0.5)
    left.set(ylabel="value", ylim=(-0.55, 1.3))
    right.axhline(0, color="black", linewidth=0.5)
    right.set(ylabel=r"margin $M(\beta_2)$", ylim=(-1.55, 0.6))
    for panel in axes[0]:
        panel.set(xscale="log", xlabel=r"deployment temperature $\beta_2$")
        panel.legend(fontsize=6, loc="lower right")
    return figure


def landscape(_: Data) -> Canvas:
    """Value after both stages over samples and feature temperature."""
    figure, axes = style.canvas(width=4.2)
    panel = axes[0, 0]
    ratios, betas = np.geomspace(2, 60, 24), np.geomspace(0.2, 3, 24)
    with jax.enable_x64(True):
        overlap = jax.vmap(
            lambda b: jax.vmap(
                lambda a: theory.first_order_overlap(
                    a, b, 0.2, link="sin3", transform="exp"
                )
            )(jnp.asarray(ratios))
        )(jnp.asarray(betas))
    grid = np.linspace(0, 1, 41)
    curve = on_grid(
        lambda m: theory.value_at_overlap(m, 0.5, link="sin3", fit="regress").value,
        grid,
    )
    value = np.interp(np.asarray(overlap), grid, curve)
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


def inflation(data: Data) -> Canvas:
    """Noise inflation of label weights over a perfect surrogate."""
    figure, axes = style.canvas()
    panel = axes[0, 0]
    ratio = np.linspace(0, 1.2, 60)
    curve = np.exp(ratio**2) * (1 + ratio**2)
    style.theory(panel, ratio, curve, r"$e^{\tau^2/\beta^2}(1 + \tau^2/\beta^2)$")
    style.mutant(panel, ratio, np.exp(ratio**2 / 2), r"$e^{\tau^2/2\beta^2}$")
    parts = [data["RW-16"][w].error_variance for w in ("label", "surrogate")]
    (top, top_error), (low, low_error) = (mean_and_error(part) for part in parts)
    found = top / low
    error = found * np.hypot(top_error / top, low_error / low)
    style.points(panel, [0.5], found, error, "simulation")
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
        name="safe-temperatures",
        caption=r"Admissible deployment temperatures, cos4, $\tau = 0.7$, $p = 8$, "
        r"$n = 2000$, $\delta = 0.3$. Left: optimal value, the value that the bound "
        "guarantees with confidence 0.9, and deployed label-weighted fits (bars: one "
        "standard error). Right: margins of the bound; the set is where they are "
        r"positive, and its lower end moves with the proxy's error $\kappa$.",
        claims=("RW-17.safe",),
        draw=safe,
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
        "inflation, a wrong one (dashed) and the simulated ratio (sin3, bar: one "
        "standard error).",
        claims=("RW-16",),
        draw=inflation,
    ),
)
