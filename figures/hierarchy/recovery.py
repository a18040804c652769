"""One feature after the other: overlaps, angles, counts, the spectrum."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure as Canvas

from ...checks.hierarchy.teachers import (
    actual,
    curve,
    derived,
    mean_square,
    power_law,
    semicircle,
    standard,
    theory,
)
from ...sims import hierarchy as sims
from ...sims.sweep import Sweep
from .. import style
from ..figure import Data, Figure
from .curves import Limits, logarithmic, mean_and_error, table

FEATURES, SHOWN = 16, 8
SIZES = {
    "quick": {
        "seeds": 16,
        "dim": 128,
        "ratios": (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0),
    },
    "paper": {
        "seeds": 32,
        "dim": 256,
        "ratios": (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0),
    },
}


def recovery(*, dim: int, ratios: tuple[float, ...]) -> Mapping[str, Sweep]:
    """Overlaps of all features along a curve, γ = 1."""
    return {"recovery": curve(power_law(1.0, FEATURES), size=dim, ratios=ratios)}


def _fine(data: Data) -> np.ndarray:
    ratios = data.sizes["ratios"]
    return np.geomspace(ratios[0], ratios[-1], 30)


def draw_recovery(data: Data) -> Canvas:
    """Overlap of each feature against n/D."""
    teacher = power_law(1.0, FEATURES)
    limits = Limits(teacher)
    at = actual(data.sizes["dim"], data.sizes["ratios"])
    q, error = mean_and_error(table(data.sweeps["recovery"], "overlap"))
    fine = _fine(data)
    thresholds = limits.thresholds()
    exact, short = limits.overlaps(fine), semicircle(teacher, fine)
    figure, panels = style.canvas(2, 1, sharey=True)
    for axes, parity in zip(panels[0], (0, 1), strict=True):
        for place, k in enumerate(range(parity, SHOWN, 2)):
            style.theory(axes, fine, exact[:, k], f"k = {k + 1}", place)
            style.points(axes, at, q[:, k], error[:, k], "", place)
            axes.plot(fine, short[:, k], ":", color=style.COLOURS[place], lw=0.8)
            axes.axvline(thresholds[k], ymax=0.06, color=style.COLOURS[place])
        logarithmic(axes)
        sign = "b_k > 0" if parity == 0 else "b_k < 0"
        axes.set(xlabel="samples per dimension, $n/D$")
        axes.set_title(f"${sign}$")
        axes.legend(loc="upper left")
    panels[0, 0].set_ylabel("squared overlap $q_k$")
    return figure


def draw_angles(data: Data) -> Canvas:
    """1 − cos of the angle to each feature against n/D."""
    teacher = power_law(1.0, FEATURES)
    at = actual(data.sizes["dim"], data.sizes["ratios"])
    rows = 1 - np.sqrt(table(data.sweeps["recovery"], "overlap"))
    mean, error = mean_and_error(rows)
    fine = _fine(data)
    exact = 1 - np.sqrt(Limits(teacher).overlaps(fine))
    law = theory.label_law(teacher.weights)
    values = theory.preprocess(law.grid, teacher.scale)
    threshold = np.asarray(theory.semicircle_threshold(law, values))
    figure, panels = style.canvas(width=4.4)
    axes = panels[0, 0]
    for place, k in enumerate((0, 1, 2, 3, 5)):
        style.theory(axes, fine, exact[:, k], f"k = {k + 1}", place)
        style.points(axes, at, mean[:, k], error[:, k], "", place)
        late = fine[fine > 2 * threshold[k]]
        axes.plot(late, threshold[k] / (2 * late), ":", color=style.COLOURS[place])
    logarithmic(axes, y=True)
    axes.set(
        xlabel="samples per dimension, $n/D$",
        ylabel=r"$1 - \cos\theta_k$",
        ylim=(8e-3, 1.3),
    )
    axes.plot([], [], ":", color="black", label="$n_k/2n$")
    axes.legend(loc="lower left", ncols=2)
    return figure


def draw_count(data: Data) -> Canvas:
    """Recovered fraction against n/D, beside the staircase."""
    teacher = power_law(1.0, FEATURES)
    at = actual(data.sizes["dim"], data.sizes["ratios"])
    fractions = (table(data.sweeps["recovery"], "overlap") > 0.5).mean(axis=2)
    mean, error = mean_and_error(fractions)
    fine = np.geomspace(at[0], at[-1], 160)
    limits = Limits(teacher)
    coarse = _fine(data)
    exact = (limits.overlaps(coarse) > 0.5).mean(axis=1)
    total = np.sum(teacher.weights**2)
    figure, panels = style.canvas(width=4.4)
    axes = panels[0, 0]
    axes.step(coarse, exact, where="mid", color=style.COLOURS[0], label="HS-3")
    style.points(axes, at, mean, error, "simulation")
    steps = [_fraction(ratio, 1.0) for ratio in fine]
    axes.step(fine, steps, where="mid", color="black", label="$m(n)/p$, raw labels")
    naive = np.clip(np.floor(np.sqrt(2 * fine * total / 2)), 0, FEATURES) / FEATURES
    style.mutant(axes, fine, naive, r"$S = 1$ ($\alpha_1 = 2$)")
    logarithmic(axes)
    axes.set(xlabel="samples per dimension, $n/D$", ylabel="recovered fraction")
    axes.legend(loc="upper left")
    return figure


def _fraction(ratio: float, gamma: float) -> float:
    """m(n)/p of HS-6."""
    size = {"num_features": FEATURES, "feature_dim": 1000}
    count = theory.recovered_count(1000 * float(ratio), gamma, **size)
    return int(count) / FEATURES


def spectrum(*, dim: int, ratio: float) -> Mapping[str, Sweep]:
    """The whole spectrum of Ĉ at the standard point."""
    static = {
        "mode": ["gauss"],
        "size": [dim],
        "sample_counts": [(round(ratio * dim),)],
    }
    return {
        "spectrum": Sweep(
            sim=sims.simulate_full_spectrum, static=static, derive=derived(standard())
        )
    }


def draw_spectrum(data: Data) -> Canvas:
    """Histogram of the eigenvalues of Ĉ with outliers and edges."""
    teacher, ratio = standard(), data.sizes["ratio"]
    rows = table(data.sweeps["spectrum"], "spectrum")[:, 0]
    limits = Limits(teacher)
    figure, panels = style.canvas(width=4.8)
    axes = panels[0, 0]
    density, ends = np.histogram(rows, bins=90, density=True)
    axes.stairs(density, ends, fill=True, color="#c6d5e6", label="simulation")
    for k in range(4):
        found = limits.outlier(ratio, k)
        top, edge = (
            float(theory.learner_eigenvalue(limits.law, limits.values, value))
            for value in (found.eigenvalue, found.edge)
        )
        label = "outliers" if k == 0 else None
        axes.axvline(top, ymax=0.8, ls="--", color=style.COLOURS[1], label=label)
        axes.annotate(f"k = {k + 1}", (top, 0.12), rotation=90, ha="right", fontsize=7)
        if k < 2:
            label = "edges" if k == 0 else None
            axes.axvline(edge, ymax=0.8, color="black", label=label)
    radius = np.sqrt(mean_square(teacher) / ratio)
    x = np.linspace(-radius, radius, 200)
    height = 2 / (np.pi * radius**2) * np.sqrt(np.maximum(radius**2 - x**2, 0))
    style.mutant(axes, x, height, "semicircle, HS-5")
    axes.set_yscale("log")
    axes.set(xlabel=r"eigenvalue of $\hat C$", ylabel="density", ylim=(0.01, 40))
    axes.legend(loc="upper center", ncols=2)
    return figure


FIGURES = (
    Figure(
        name="sequential-recovery",
        caption="Squared overlap of each learned eigenvector with its feature "
        r"($\gamma = 1$, $p = 16$, mode gauss, $c = \sqrt{2S}$). Points: simulation "
        "with standard errors; lines: exact limit (HS-3); dotted: semicircle formula"
        " for raw labels (HS-5); ticks: sharp thresholds (HS-4).",
        sweeps=recovery,
        sizes=SIZES,
        draw=draw_recovery,
    ),
    Figure(
        name="angles",
        caption="One minus the cosine of the angle to feature $k$, same runs. Dotted: "
        "$n_k/2n$, the 1/n rate above each threshold, reached by weak features.",
        sweeps=recovery,
        sizes=SIZES,
        draw=draw_angles,
    ),
    Figure(
        name="recovered-fraction",
        caption="Share of features with $q_k > 1/2$, same runs; black: the count "
        r"$m(n)/p = \#\{n_k < n\}/p$ for raw labels; grey: the same without the "
        "factor $S$. In the limit of many samples $q_k = 1/2$ at twice the "
        "threshold.",
        sweeps=recovery,
        sizes=SIZES,
        draw=draw_count,
    ),
    Figure(
        name="spectrum",
        caption=r"Eigenvalues of $\hat C$ at the standard point $b = (1, -1/2, 1/3, "
        "-1/4)$, $n/D = 16$, with the predicted edges and outliers (HS-3). "
        "Grey: the semicircle of HS-5 with the same second moment.",
        sweeps=spectrum,
        sizes={
            "quick": {"seeds": 16, "dim": 256, "ratio": 16.0},
            "paper": {"seeds": 32, "dim": 512, "ratio": 16.0},
        },
        draw=draw_spectrum,
    ),
)
