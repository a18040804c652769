"""Pictures of theory alone: the phase diagram and the preprocessings."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from ...checks.hierarchy.teachers import power_law, theory
from .. import style
from ..figure import Data, Figure
from .curves import GRID, Limits

WIDTH, DIM = 0.5, 10**4  # ε and d of the phase diagram
ALWAYS: dict[str, dict[str, object]] = {"quick": {}, "paper": {}, "gpu": {}}


def draw_phases(data: Data) -> Canvas:
    """Number of recovered features over (γ, log n / log d)."""
    p = round(DIM**WIDTH)
    gamma = np.linspace(0.02, 1.6, 80)
    alpha = np.linspace(1.8, 4.2, 90)
    feature_dim = DIM * (DIM + 1) // 2
    share = np.array([_recovered(DIM**alpha, g, p, feature_dim) for g in gamma]).T
    figure, panels = style.canvas(width=4.6)
    axes = panels[0, 0]
    picture = axes.pcolormesh(gamma, alpha, share, cmap="Blues", shading="nearest")
    figure.colorbar(picture, ax=axes, label="recovered fraction $m(n)/p$")
    fine = np.linspace(0.0, 1.6, 200)
    for index, label, colour in ((1.0, r"$\alpha_1$", 1), (float(p), r"$\alpha_p$", 2)):
        line = theory.threshold_exponent(fine, WIDTH, index, float(DIM))
        style.theory(axes, fine, np.asarray(line), label, colour)
    for x, y, text, colour in (
        (1.0, 1.87, "plateau", "black"),
        (1.2, 2.5, "power law", "black"),
        (0.5, 3.5, "rate $1/n$", "white"),
    ):
        axes.annotate(text, (x, y), ha="center", color=colour)
    axes.set(
        xlabel=r"decay exponent $\gamma$", ylabel=r"$\log n/\log d$", ylim=(1.8, 4.2)
    )
    axes.legend(loc="lower left")
    return figure


def _recovered(n: np.ndarray, gamma: float, p: int, feature_dim: int) -> np.ndarray:
    """m(n)/p of HS-6 in plain NumPy: thousands of cells."""
    squares = np.arange(1, p + 1.0) ** (-2 * gamma)
    thresholds = feature_dim / 2 * squares.sum() / squares
    return (thresholds < n[:, None]).mean(axis=1)


def draw_preprocessing(data: Data) -> Canvas:
    """Thresholds under several preprocessings, and the gain over raw labels."""
    figure, panels = style.canvas(2, 1)
    _draw_thresholds(panels[0, 0])
    _draw_gain(panels[0, 1])
    return figure


def _draw_thresholds(axes: Axes) -> None:
    teacher = power_law(1.0, 8)
    limits = Limits(teacher)
    rank = np.arange(1, 9)
    raw = np.sum(teacher.weights**2) / (2 * teacher.weights**2)
    law = limits.law
    bound = [float(theory.recovery_threshold_lower_bound(law, k)) for k in range(8)]
    best = [
        float(
            theory.recovery_threshold(
                law, theory.optimal_preprocessing(law, k), 0.99, k, 1
            )
        )
        for k in range(8)
    ]
    style.mutant(axes, rank, raw, "raw labels, HS-5")
    style.theory(axes, rank, limits.thresholds(), r"$c\,\tanh(y/c)$", 0)
    axes.plot(rank, best, "o", mfc="white", color=style.COLOURS[2], label="$T^*_k$")
    style.bound(axes, rank, bound, r"$1/\mathbb{E}\eta_k^2$", 6)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks([1, 2, 4, 8], ["1", "2", "4", "8"])
    axes.minorticks_off()
    axes.set(
        xlabel="feature $k$", ylabel=r"threshold $\delta_k$", title=r"$\gamma=1$, $p=8$"
    )
    axes.legend(loc="upper left")


def _draw_gain(axes: Axes) -> None:
    gammas = np.linspace(0.1, 1.5, 9)
    for place, p in enumerate((8, 32, 128)):
        gain = []
        for gamma in gammas:
            law = theory.label_law(
                power_law(float(gamma), p).weights, features=(0,), num_grid=GRID
            )
            information = float(theory.fisher_information(law))
            gain.append(information * float(law.variance))
        style.theory(axes, gammas, gain, f"$p = {p}$", place)
    style.bound(axes, gammas, np.ones_like(gammas), "Cramér–Rao", 6)
    axes.set(
        xlabel=r"decay exponent $\gamma$",
        ylabel=r"gain $\mathrm{Var}(s)\,I$",
        ylim=(0.9, 3),
    )
    axes.legend(loc="upper left")


FIGURES = (
    Figure(
        name="phase-diagram",
        caption="Recovered fraction $m(n)/p$ for $d = 10^4$, $p = d^{1/2}$ (HS-6), with"
        r" the exponents $\alpha_1$ and $\alpha_p$ of the first and last "
        "feature: plateau, power law, 1/n. The exponents leave out the constants "
        "1/2 and S of HS-5, which at this d lower the colours by up to 0.15.",
        sizes=ALWAYS,
        draw=draw_phases,
    ),
    Figure(
        name="preprocessing",
        caption="Left: thresholds for raw labels (HS-5), the bounded preprocessing, the"
        " best one for each feature, and the lower bound over all of them "
        "(HS-4). Right: gain of the best preprocessing over raw labels for weak"
        " features (HS-12).",
        sizes=ALWAYS,
        draw=draw_preprocessing,
    ),
)
