"""All estimators on the same events, and where which of them works."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from ...checks.hawkes.networks import (
    BETA,
    observation_times,
    recovery_plan,
    successes,
    window_sweep,
)
from ...sims.sweep import Sweep
from .. import style
from ..figure import Data, Figure
from .recovery import (
    ALL_METHODS,
    MARKERS,
    log_axis,
    method_sweeps,
    predicted_time,
    reaching_time,
)

WEIGHTS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
LONGEST = 1200.0  # observation time of the phase diagram, in 1/beta
COMPARED = ("filtered", "full")
WEAK_LIMIT = 32  # T50 over log(d)/(beta w^2) at threshold w/2, weak edges, many nodes
REGIONS = {
    "both": (2, "o"),
    "two-stage only": (0, "s"),
    "full only": (3, "^"),
    "neither": (6, "x"),
}


def draw_methods(data: Data) -> Canvas:
    """Success against time of all methods, and their T50 against the size."""
    figure, axes = style.canvas(2)
    left, right = axes[0]
    sweeps = method_sweeps(sizes=data.sizes["sizes"])
    sizes = np.array(data.sizes["sizes"], dtype=float)
    for index, (label, (name, frac)) in enumerate(ALL_METHODS.items()):
        curves = [
            (observation_times(sweep), successes(sweep, data.sweeps[key], name, frac))
            for key, sweep in sweeps.items()
        ]
        times, shares = curves[-1]
        mean = shares.mean(axis=0)
        error = shares.std(axis=0) / np.sqrt(len(shares))
        look = label, index, MARKERS[index]
        style.points(left, times, mean, error, *look)
        left.plot(times, mean, color=style.COLOURS[index], alpha=0.5, label=f"_{label}")
        medians = np.array([reaching_time(*curve, 0.5) for curve in curves])
        aside = sizes * 1.02 ** (index - 2.5)  # so that marks do not hide each other
        style.points(right, aside, medians[:, 0], medians[:, 1], *look)
    curve = [predicted_time(d, 0.5) for d in sizes]
    style.theory(right, sizes, curve, "prediction, two-stage")
    left.set_title(f"$d = {sizes[-1]:.0f}$")
    left.set_xlabel(r"observation time $T$  [$1/\beta$]")
    left.set_ylabel("probability of exact recovery")
    log_axis(right, sizes)
    right.set_ylabel(r"observation time $T_{50}$  [$1/\beta$]")
    right.legend(fontsize=6)
    return figure


def phase_sweeps(*, sizes: tuple[int, ...]) -> Mapping[str, Sweep]:
    """Rings of several sizes and edge weights, up to one observation time."""
    return {
        f"d{size}": window_sweep(size, (1,), WEIGHTS, LONGEST, estimators=COMPARED)
        for size in sizes
    }


def draw_phases(data: Data) -> Canvas:
    """Which estimator recovers the network, in (w, d) and in the plane of HK-13."""
    figure, axes = style.canvas(3, width=8.2)
    sizes = data.sizes["sizes"]
    sweeps = phase_sweeps(sizes=sizes)
    found = {
        name: np.stack(
            [
                [
                    successes(sweep, data.sweeps[key], name, 0.5, place).mean(axis=0)
                    for place in range(len(WEIGHTS))
                ]
                for key, sweep in sweeps.items()
            ]
        )
        for name in COMPARED
    }  # (size, weight, time)
    names = ("two-stage", "least squares on all")
    images = []
    for panel, title, name in zip(axes[0, :2], names, COMPARED, strict=True):
        images.append(_heat(panel, sizes, found[name][:, :, -1]))
        panel.set_title(f"{title}, $T = {LONGEST:.0f}/\\beta$")
    figure.colorbar(
        images[0], ax=list(axes[0, :2]), label="share recovered", shrink=0.8
    )
    _plane(axes[0, 2], sweeps, sizes, found)
    handles = [*axes[0, 0].lines, *axes[0, 2].lines]
    figure.legend(handles=handles, loc="outside lower center", ncols=6, fontsize=7)
    return figure


def _heat(axes: Axes, sizes: tuple[int, ...], shares: np.ndarray):
    """Shares of exact recovery over edge weight and size, with the predicted edge."""
    image = axes.imshow(
        shares, cmap="Blues", vmin=0, vmax=1, origin="lower", aspect="auto"
    )
    image.set_label("share recovered")
    fine = np.linspace(WEIGHTS[0], WEIGHTS[-1], 60)
    edge = []
    for size in sizes:
        needed = [recovery_plan(size, (1,), float(w))["T50"] for w in fine]
        edge.append(np.interp(-LONGEST, -np.array(needed), fine))
    place = np.interp(edge, WEIGHTS, np.arange(len(WEIGHTS)))
    axes.plot(place, np.arange(len(sizes)), "-", color=style.COLOURS[1],
              label="two-stage, predicted $T_{50} = T$")  # fmt: skip
    axes.set_xticks(np.arange(len(WEIGHTS)), [f"{w:g}" for w in WEIGHTS])
    axes.set_yticks(np.arange(len(sizes)), [str(d) for d in sizes])
    axes.set_xlabel("edge weight $w$")
    axes.set_ylabel("nodes $d$")
    axes.grid(visible=False)
    return image


def _plane(
    axes: Axes,
    sweeps: Mapping[str, Sweep],
    sizes: tuple[int, ...],
    found: Mapping[str, np.ndarray],
) -> None:
    """Every cell and time, by which estimator recovers at least half of the paths."""
    times = np.stack([observation_times(sweep) for sweep in sweeps.values()])
    d = np.array(sizes, dtype=float)[:, None, None]
    w = np.array(WEIGHTS)[None, :, None]
    needed = np.log(d) / (BETA * times[:, None, :] * w**2)
    crowded = np.broadcast_to(d / (BETA * times[:, None, :]), needed.shape)
    staged, full = (found[name] > 0.5 for name in COMPARED)
    regions = (staged & full, staged & ~full, full & ~staged, ~staged & ~full)
    for (label, (colour, marker)), region in zip(REGIONS.items(), regions, strict=True):
        axes.plot(
            crowded[region], needed[region], marker, color=style.COLOURS[colour],
            markersize=2.5, markerfacecolor="none", label=label, alpha=0.8,
        )  # fmt: skip
    axes.axhline(1 / WEAK_LIMIT, color="k", linewidth=0.8, label="weak-coupling limit")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(r"$d / (\beta T)$")
    axes.set_ylabel(r"$\log d / (\beta T w^2)$")


COMPARISON = Figure(
    name="methods",
    caption="All estimators on the same events (ring, $w = .5$, "
    r"$\Lambda = \beta = 1$; thresholds $w/2$, $.3w$ for the lasso, the oracle's for "
    "screening alone). Left: probability that the whole network is recovered. Right: "
    "time at which it is one half. The wall time of each is in "
    "`benchmarks/bench_hawkes.py`.",
    sweeps=method_sweeps,
    sizes={
        "paper": {"seeds": 64, "sizes": (8, 16)},
        "gpu": {"seeds": 64, "sizes": (8, 16, 32)},
    },
    draw=draw_methods,
)
PHASES = Figure(
    name="phase_diagram",
    caption="Where the two-stage estimator and least squares on all nodes recover the "
    r"ring ($\Lambda = \beta = 1$, threshold $w/2$, 24 paths a cell). Left and middle: "
    "share of exact recoveries at one observation time, with the predicted boundary of "
    "the two-stage estimator. Right: all cells and 16 times; a method counts if it "
    "recovers more than half of the paths.",
    sweeps=phase_sweeps,
    sizes={"paper": {"seeds": 24, "sizes": (8, 16, 32, 64, 128)}},
    draw=draw_phases,
)
