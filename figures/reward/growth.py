"""Figures on weak recovery: how many samples find the direction."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from xarray import Dataset

from ...checks.reward.common import center_of, number, sweep
from ...checks.reward.growth import Case
from ...sims import reward as sims
from ...sims.sweep import Sweep
from ...theory import reward as theory
from .. import style
from ..figure import Data, Figure
from .curves import ecdf, lanes_of, median_and_error

HARD, HIDDEN = Case("sin3", "plain", 3), Case("gen4", "exp", 4)
SHOWN = {  # name of the sweep to case, colour, label
    "gen4": (HIDDEN, 0, "gen4, tilted ($d^3$)"),
    "cos4": (Case("cos4", "plain", 4), 4, "cos4, plain ($d^3$)"),
    "sin3": (HARD, 1, "sin3, plain ($d^2$)"),
    "cos4 tilted": (Case("cos4", "exp", 2), 3, r"cos4, tilted ($d \log d$)"),
}
LARGEST = {4: 96, 3: 512, 2: 1024}  # dimensions up to which curves are drawn
LATEST = {3: 14.0, 4: 5.0}  # scaled times up to which laws are drawn
EASY = {"link": "sin3", "transform": "exp"}  # RW-11c: β = 0.5, b = 0.3
UNIT = np.linspace(0, 1, 2001)  # as many times as in RW-11a: the same program
SPAN, POINTS = 12, 96  # of the paths: scaled time, and how often it is looked at


def search(case: Case, dims: tuple[int, ...], cap: int) -> Sweep:
    """First passages in several dimensions, one a lane."""
    start = case.first_step()
    return sweep(
        sims.lumped_hit,
        case.labels | {"max_steps": cap},
        {"dim": [float(d) for d in dims], "temperature": [1.0], "noise": [0.0]},
        step=lambda dim, **_: start * dim ** (1 - case.order / 2),
        hit=lambda dim, **_: case.hit(dim),
        center=0.0 if case.transform == "plain" else center_of(**case.labels),
        phase=case.phase,
    )


def searches(**sizes: tuple[tuple[int, ...], int]) -> Mapping[str, Sweep]:
    """The cases that are named, with their dimensions and largest numbers of steps."""
    named = {name.replace("_", " "): size for name, size in sizes.items()}
    return {name: search(SHOWN[name][0], *size) for name, size in named.items()}


def medians(dims: np.ndarray, **cell: Any) -> np.ndarray:
    """Median numbers of steps by the Kolmogorov equation.

    Args:
        dims: Dimensions.
        cell: What `hitting_cdf` needs besides: step and hit as functions of dimension.
    """
    step, hit = cell.pop("step"), cell.pop("hit")
    rest = (cell.pop("temperature"), 0.0, cell.pop("phase"))

    def at(dim: float) -> float:
        args = (dim, step(dim), hit(dim), *rest)
        times = 3 * number(theory.hitting_mean(*args, **cell)) * UNIT
        law = np.asarray(theory.hitting_cdf(times, *args, **cell))
        return dim * float(np.interp(0.5, law, times))

    return np.array([at(dim) for dim in dims.tolist()])


def medians_of(case: Case, dims: np.ndarray) -> np.ndarray:
    """The same of a case."""
    start = case.first_step()
    return medians(
        dims,
        step=lambda dim: start * dim ** (1 - case.order / 2),
        hit=case.hit,
        temperature=1.0,
        phase=case.phase,
        **case.labels,
    )


def easy_medians(dims: np.ndarray) -> np.ndarray:
    """The same of RW-11c: tilted sin3."""
    signal = number(theory.hermite_coefs(0.5, order=1, **EASY)[1])
    student = number(theory.student_coefs(0.3, order=1)[1])
    step = 0.4 * signal * student
    step /= number(theory.noise_terms(0.0, 0.5, 0.0, 0.3, **EASY)[0])
    options = {"temperature": 0.5, "phase": 0.3, **EASY}
    return medians(dims, step=lambda _: step, hit=lambda _: 0.3, **options)


def growth(data: Data) -> Canvas:
    """Samples to weak recovery against the dimension."""
    figure, axes = style.canvas(width=5.0)
    panel = axes[0, 0]
    for name, (case, colour, label) in SHOWN.items():
        low = {4: 8, 3: 12}.get(case.order, 24)
        dims = np.geomspace(low, LARGEST[case.order], 7)
        style.theory(panel, dims, medians_of(case, dims), label, colour)
        if name in data.sweeps:
            draw_medians(panel, data.sweeps[name], colour)
    dims = np.geomspace(48, 2048, 7)
    style.theory(panel, dims, easy_medians(dims), "sin3, tilted ($d$)", 2)
    draw_medians(panel, data["RW-11c"]["search"], 2)
    panel.set(xscale="log", yscale="log")
    panel.set_xlabel("dimension $d$")
    panel.set_ylabel("samples to weak recovery")
    panel.legend(fontsize=6, loc="upper left")
    return figure


def draw_medians(panel: Axes, found: Dataset, colour: int) -> None:
    """Medians of runs in every dimension in which half of the runs have ended."""
    for dim in found["dim"].values:
        here = found.sel(dim=dim)
        if float(here.censored.mean()) < 0.4:
            middle, error = median_and_error(lanes_of(here.num_steps))
            style.points(panel, [dim], [middle], [error], "", colour)


def paths(dim: int, power: int) -> Sweep:
    """Paths of the scaled overlap of plain sin3, over scaled time."""
    record = tuple(SPAN * dim**power * (k + 1) // POINTS for k in range(POINTS))
    return sweep(
        sims.lumped_chain,
        HARD.labels | {"record": record},
        {"dim": [float(dim)], "temperature": [1.0], "noise": [0.0]},
        step=HARD.first_step() * dim ** (1 - HARD.order / 2),
        center=0.0,
        phase=HARD.phase,
        start=2.0,
    )


def passages(*, dim: int, **sizes: tuple[tuple[int, ...], int]) -> Mapping[str, Sweep]:
    """Paths in one dimension, and first passages in several."""
    return {"paths": paths(dim, 2)} | dict(searches(**sizes))


def collapse(data: Data) -> Canvas:
    """Paths of the scaled overlap, and laws of the scaled time of weak recovery."""
    figure, axes = style.canvas(3, 1)
    figure.set_figheight(2.3)
    draw_paths(axes[0, 0], data.sweeps["paths"])
    for panel, name in zip(axes[0, 1:], ("sin3", "gen4"), strict=True):
        draw_laws(panel, SHOWN[name][0], data.sweeps[name])
    axes[0, 1].set_ylabel("distribution function")
    return figure


def draw_paths(panel: Axes, found: Dataset) -> None:
    """Scaled overlaps of a few runs, with the threshold."""
    dim = float(np.ravel(found["dim"].values)[0])
    scaled = dim**0.5 * found.overlap.transpose("seed", "time", ...).values
    times = SPAN * np.arange(1, POINTS + 1) / POINTS
    for colour, path in enumerate(scaled.reshape(-1, POINTS)[:6]):
        panel.plot(times, path, color=style.COLOURS[colour], linewidth=0.7)
    for end in (-3, 3):
        panel.axhline(end, color="black", linestyle="-.", linewidth=0.8)
    panel.set(xlim=(0, SPAN), ylabel=r"$\sqrt{d}\,m$", xlabel="steps$/d^2$")
    panel.set_title(f"paths: sin3, plain, $d = {dim:.0f}$", fontsize=8)


def draw_laws(panel: Axes, case: Case, found: Dataset) -> None:
    """One panel: limit law, laws at finite dimension, simulated laws."""
    k, args = case.order, (1.0, 0.0, case.phase)
    times = LATEST[k] * UNIT
    start, end = case.first_step(), case.hit(1.0)
    limit = theory.hitting_limit_cdf(times, start, end, *args, **case.labels, order=k)
    style.theory(panel, times, np.asarray(limit), r"limit $d \to \infty$", 6)
    for colour, dim in enumerate(found["dim"].values[-3:]):
        size = (dim, start * dim ** (1 - k / 2), case.hit(dim))
        law = theory.hitting_cdf(times * dim ** (k - 2), *size, *args, **case.labels)
        style.theory(panel, times, np.asarray(law), "", colour)
        here = found.sel(dim=dim)
        x, y, error = ecdf(lanes_of(here.num_steps) / dim ** (k - 1), 20)
        cap = float(np.ravel(found["max_steps"].values)[0]) / dim ** (k - 1)
        seen = (x < min(LATEST[k], cap)) & (x > 0)
        label = f"$d = {dim:.0f}$"
        style.points(panel, x[seen], y[seen], error[seen], label, colour)
    panel.set_title(f"{case.link}, {case.transform}", fontsize=8)
    panel.set(xlim=(0, LATEST[k]), ylim=(0, 1))
    panel.set_xlabel(rf"steps$/d^{k - 1}$")
    panel.legend(fontsize=5.5, loc="lower right")


FEW = {"sin3": ((12, 16, 24), 8192), "gen4": ((8, 12, 16), 8192)}
MANY = {
    "sin3": ((16, 32, 64, 128, 256), 2**23),
    "gen4": ((12, 16, 24, 32, 48), 2**22),
}
FIGURES = (
    Figure(
        name="weak-recovery",
        caption="Median samples to weak recovery against the dimension (the heart of "
        "the system): Kolmogorov equation (lines) and chain (circles, bars: one "
        "standard error). sin3 and cos4 are hard for plain labels and easy after "
        "tilting; gen4 is hard for every transform (shown: tilted). Threshold "
        r"$\sqrt d|m| \ge 3$ for plain sin3, 2.5 for gen4 and plain cos4, "
        r"$|m| \ge 0.3$ otherwise; $\beta_1 = 1$, for sin3 0.5. Preset quick: fewer "
        "dimensions, no runs of cos4.",
        claims=("RW-11c",),
        draw=growth,
        sweeps=searches,
        sizes={
            "quick": {"seeds": 256, **FEW},
            "paper": {"seeds": 512, **MANY}
            | {"cos4": ((12, 24, 48, 96), 2**22)}
            | {"cos4_tilted": ((32, 64, 128, 256, 512), 2**20)},
        },
    ),
    Figure(
        name="first-passage",
        caption=r"Left: paths of $\sqrt d\,m$ and the threshold 3. Middle and right: "
        r"law of the time of weak recovery over $d^{k-1}$; at finite dimension "
        "(coloured lines; circles: chain, bars: one standard error) it collapses on a "
        "limit (black) that does not depend on it.",
        claims=("RW-11a", "RW-11b"),
        draw=collapse,
        sweeps=passages,
        sizes={
            "quick": {"seeds": 256, "dim": 24, **FEW},
            "paper": {"seeds": 512, "dim": 64, **MANY},
        },
    ),
)
