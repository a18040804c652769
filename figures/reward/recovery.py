"""Figures on weak recovery: how many samples find the direction."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from ...theory import reward as theory
from .. import style
from ..figure import Data, Figure
from .curves import TURN, ecdf, lanes_of, mean_and_error, on_grid

DIMS = np.array([16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024, 2048])
EVEN = {"link": "cos4", "transform": "exp"}
CASES = {  # link, transform, order, η0, X_hit, phase
    "RW-11a": ("sin3", "plain", 3, 1.0, 3.0, np.pi),
    "RW-11b": ("gen4", "exp", 4, 2.0, 2.5, TURN),
}


def median(times: np.ndarray, cdf: np.ndarray) -> float:
    """Where a distribution function crosses one half."""
    return float(np.interp(0.5, np.asarray(cdf), times))


def scaled_median(name: str, dim: int) -> float:
    """Median number of steps of the scaled cases, k = 3 and 4."""
    link, transform, k, start, end, phase = CASES[name]
    times = np.linspace(0, 30, 1201)
    cdf = theory.hitting_cdf(
        times * dim ** (k - 2),
        float(dim),
        start * dim ** (-(k - 2) / 2),
        end / dim**0.5,
        *(1.0, 0.0, phase),
        link=link,
        transform=transform,
    )
    return median(times, np.asarray(cdf)) * dim ** (k - 1)


def easy_median(link: str, dim: int) -> float:
    """Median number of steps of the tilted cases with fixed threshold 0.3."""
    if link == "sin3":
        beta, phase, step = 0.5, 0.3, sin3_step()
    else:
        beta, phase = 0.6, TURN
        critical = theory.critical_step(beta, 0.0, phase, link=link, transform="exp")
        step = float(critical) / 2
    times = np.linspace(0, 150, 1501)
    cdf = theory.hitting_cdf(
        times, float(dim), step, 0.3, beta, 0.0, phase, link=link, transform="exp"
    )
    return median(times, np.asarray(cdf)) * dim


def sin3_step() -> float:
    """The step of RW-11c."""
    options = {"link": "sin3", "transform": "exp"}
    signal = float(theory.hermite_coefs(0.5, order=1, **options)[1])
    student = float(theory.student_coefs(0.3, order=1)[1])
    power = float(theory.noise_terms(0.0, 0.5, 0.0, 0.3, **options)[0])
    return 0.4 * signal * student / power


def growth(data: Data) -> Canvas:
    """Samples to weak recovery against the dimension."""
    figure, axes = style.canvas(width=5.0)
    panel = axes[0, 0]
    few = DIMS[DIMS <= 512]
    for colour, (name, dims, label) in enumerate(
        (
            ("RW-11b", DIMS[DIMS <= 96], "gen4, every tilt ($d^3$)"),
            ("RW-11a", few, "sin3, plain labels ($d^2$)"),
        )
    ):
        steps = [scaled_median(name, d) for d in dims]
        style.theory(panel, dims, steps, label, colour)
        found = data[name]["search"]
        dim = float(np.ravel(_dim(name, data))[0])
        style.points(
            panel, [dim], [np.median(found.num_steps)], None, "", colour, marker="s"
        )
    cos4 = [easy_median("cos4", d) for d in few]
    style.theory(panel, few, cos4, r"cos4, tilted ($d \log d$)", 3)
    large = DIMS[DIMS >= 32]
    sin3 = [easy_median("sin3", d) for d in large]
    style.theory(panel, large, sin3, "sin3, tilted ($d$)", 2)
    found = data["RW-11c"]["search"].num_steps
    mean, error = mean_and_error(found)
    style.points(panel, found["dim"].values, mean, error, "simulation", 2)
    panel.set(xscale="log", yscale="log")
    panel.set_xlabel("dimension $d$")
    panel.set_ylabel("samples to weak recovery")
    panel.legend(fontsize=6)
    return figure


def _dim(name: str, data: Data) -> float:
    """Dimension of the judged search, from its largest number of steps."""
    k = CASES[name][2]
    sizes = {3: {8192: 24, 131072: 64, 2097152: 256}, 4: {8192: 16, 262144: 32}}
    cap = int(np.ravel(data[name]["search"]["max_steps"].values)[0])
    return sizes[k].get(cap, 64)


def collapse(data: Data) -> Canvas:
    """Law of the scaled time of weak recovery."""
    figure, axes = style.canvas(2, 1, sharey=True)
    for panel, name in zip(axes[0], CASES, strict=True):
        draw_law(panel, name, data)
    axes[0, 0].set_ylabel("distribution function")
    return figure


def draw_law(panel: Axes, name: str, data: Data) -> None:
    """One panel: limit law, laws at finite dimension, simulated law."""
    link, transform, k, start, end, phase = CASES[name]
    last = 14.0 if k == 3 else 4.0
    times = np.linspace(0, last, 400)
    limit = theory.hitting_limit_cdf(
        times,
        *(start, end, 1.0, 0.0, phase),
        link=link,
        transform=transform,
        order=k,
    )
    style.theory(panel, times, np.asarray(limit), r"limit $d \to \infty$", 6)
    for colour, dim in enumerate((16, 24, 64) if k == 3 else (12, 16, 32)):
        cdf = theory.hitting_cdf(
            times * dim ** (k - 2),
            float(dim),
            start * dim ** (-(k - 2) / 2),
            end / dim**0.5,
            *(1.0, 0.0, phase),
            link=link,
            transform=transform,
        )
        style.theory(panel, times, np.asarray(cdf), f"$d = {dim}$", colour)
    dim = _dim(name, data)
    runs = lanes_of(data[name]["search"].num_steps) / dim ** (k - 1)
    x, y = ecdf(runs, 40)
    seen = x < min(last, runs[-1])
    style.points(panel, x[seen], y[seen], None, f"chain, $d = {dim:.0f}$", 1)
    panel.set_title(f"{link}, {transform}", fontsize=8)
    panel.set(xlim=(0, last), ylim=(0, 1))
    panel.set_xlabel(rf"steps$/d^{k - 1}$")
    panel.legend(fontsize=6, loc="lower right")


def spectral(data: Data) -> Canvas:
    """Squared overlap of the top eigenvector against the number of samples."""
    figure, axes = style.canvas(width=4.5)
    panel = axes[0, 0]
    ratios = np.geomspace(4, 100, 120)
    for colour, (beta, name, ratio) in enumerate(
        ((0.5, "exp 16", 16), (1.0, "exp 40", 40))
    ):
        curve = on_grid(
            lambda a, beta=beta: theory.spectral_overlap2(a, beta, **EVEN), ratios
        )
        style.theory(panel, ratios, curve, rf"$\beta = {beta}$", colour)
        critical = theory.spectral_ratio_threshold(beta, **EVEN)
        panel.axvline(critical, color=style.COLOURS[colour], linewidth=0.6)
        mean, error = mean_and_error(data["RW-8"][name].overlap2)
        style.points(panel, [ratio], mean, error, "", colour)
    plain = on_grid(
        lambda a: theory.spectral_overlap2(a, 1.0, link="cos4", transform="plain"),
        ratios,
    )
    style.theory(panel, ratios, plain, "plain labels", 2)
    panel.set(xscale="log", ylim=(-0.02, 1))
    panel.set_xlabel(r"samples per dimension $\alpha$")
    panel.set_ylabel(r"squared overlap")
    panel.legend(fontsize=6, loc="upper left")
    return figure


def circle(_: Data) -> Canvas:
    """Final overlap over the circle of phases, and the recovered fraction."""
    figure, axes = style.canvas(2, 1)
    phases = 2 * np.pi * (np.arange(120) + 0.5) / 120
    left, right = axes[0]
    levels = np.linspace(0.05, 0.95, 19)
    for colour, (link, time) in enumerate((("sin3", 60.0), ("tanh", 30.0))):
        times = np.array([time])
        ends = on_grid(
            lambda b, link=link, times=times: theory.overlap_ode(
                times, 0.0, 0.2, 1.0, 0.0, b, link=link, transform="exp"
            )[0],
            phases,
        )
        label = f"{link}, $T = {time:.0f}$"
        style.theory(left, phases, ends, label, colour)
        fraction = [np.mean(np.abs(ends) >= level) for level in levels]
        style.theory(right, levels, fraction, label, colour)
    left.set(xlabel="phase $b$ of the neuron", ylabel="overlap $m(T; b)$")
    right.set(xlabel="threshold", ylabel="recovered fraction", ylim=(0, 1))
    left.legend(fontsize=6)
    return figure


FIGURES = (
    Figure(
        name="weak-recovery",
        caption="Samples to weak recovery against the dimension (the heart of the "
        "system): medians of the exact law (lines), means of the chain for tilted sin3 "
        "(circles, bars: one standard error) and medians of the judged runs (squares). "
        "sin3 and cos4 are hard for plain labels and easy after tilting; gen4 is hard "
        r"for every transform. Threshold $\sqrt d|m| \ge 3$ (sin3 plain), 2.5 (gen4), "
        r"$|m| \ge 0.3$ otherwise.",
        claims=("RW-11a", "RW-11b", "RW-11c"),
        draw=growth,
    ),
    Figure(
        name="first-passage",
        caption=r"Law of the time of weak recovery over $d^{k-1}$: the laws at finite "
        "dimension collapse on a limit that does not depend on it; circles: the chain.",
        claims=("RW-11a", "RW-11b"),
        draw=collapse,
    ),
    Figure(
        name="spectral",
        caption=r"Squared overlap of the top eigenvector of $\sum_i T_ix_ix_i^\top$ "
        r"for cos4: limit (lines), $\alpha_c$ (vertical), simulation at $d = 128$ "
        "(quick; bars: one standard error). Plain labels are not signal-free here.",
        claims=("RW-8",),
        draw=spectral,
    ),
    Figure(
        name="phases",
        caption="Left: overlap of a neuron with phase $b$ at time $T$, from the ODE "
        r"($\eta = 0.2$, $\beta_1 = 1$). Right: fraction of neurons above a threshold.",
        draw=circle,
    ),
)
