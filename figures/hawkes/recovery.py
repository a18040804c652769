"""How long one must watch: success curves, observation times, margins."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from ...checks.hawkes import growth
from ...checks.hawkes.decoding import fano_time
from ...checks.hawkes.networks import (
    crossing_time,
    evaluated,
    observation_times,
    recovery_plan,
    recovery_sweep,
    seeds_first,
    successes,
)
from ...sims.sweep import Sweep
from ...theory import hawkes as theory
from .. import style
from ..figure import Data, Figure

METHODS = {
    "two-stage": ("filtered", 0.5),
    "two-stage, lag-one screening": ("lag1", 0.5),
    "least squares on all": ("full", 0.5),
    "screening alone (oracle)": ("screen_filtered", None),
    "lasso, threshold .3 w": ("lasso", 0.3),
}
MLE = {"maximum likelihood": ("mle", 0.5)}
ALL_METHODS = METHODS | MLE
MARKERS = ("o", "s", "^", "v", "D", "<")
RESAMPLES = 200
LAWS = {
    r"$\log d$": np.log,
    r"$\log^2 d$": lambda d: np.log(d) ** 2,
    r"$\sqrt{d}$": np.sqrt,
    r"$d$": lambda d: d * 1.0,
}


def method_sweeps(*, sizes: tuple[int, ...]) -> Mapping[str, Sweep]:
    """The ring at every size, with maximum likelihood beside the other estimators."""
    names = *growth.TABLE, "mle"
    return {
        f"d{size}": recovery_sweep(
            size, *growth.CONFIGS["A"], estimators=names, longest=2.0
        )
        for size in sizes
    }


def _sizes(data: Data) -> list[int]:
    return sorted(int(name.removeprefix("d")) for name in data["HK-9"])


def _shares(data: Data, size: int, method: str) -> tuple[np.ndarray, np.ndarray]:
    """Observation times and shares of exact recovery, (seed, chunk)."""
    sweep = growth.ladder((size,), "A")[f"d{size}"]
    name, frac = METHODS[method]
    shares = successes(sweep, data["HK-9"][f"d{size}"], name, frac)
    return observation_times(sweep), shares


def reaching_time(
    times: np.ndarray, shares: np.ndarray, level: float
) -> tuple[float, float]:
    """Crossing time with the standard error of a bootstrap over seeds.

    NaN if the curve does not reach the level in the window.
    """
    if shares.mean(axis=0).max() <= level:
        return np.nan, np.nan
    rng = np.random.default_rng(0)
    draws = rng.integers(0, len(shares), (RESAMPLES, len(shares)))
    resampled = [crossing_time(shares[rows], times, level) for rows in draws]
    return crossing_time(shares, times, level), float(np.std(resampled))


def _reached(
    data: Data, sizes: np.ndarray, method: str, level: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sizes at which a method is played and reaches the level, times and errors."""
    sizes = np.array([d for d in sizes if METHODS[method][0] in _estimators(int(d))])
    found = [reaching_time(*_shares(data, int(d), method), level) for d in sizes]
    value, error = np.array(found).T
    kept = np.isfinite(value)
    return sizes[kept], value[kept], error[kept]


def _estimators(size: int) -> tuple[str, ...]:
    """Estimators that HK-9 plays at a size: large networks go without the lasso."""
    return growth.ladder((size,), "A")[f"d{size}"].cells()[0]["estimators"]


def predicted_time(size: float, level: float) -> float:
    """Time at which the two-stage estimator reaches the level (HK-9)."""
    plan = recovery_plan(int(size), *growth.CONFIGS["A"])
    scales = plan["null"], plan["edge"]
    return float(
        evaluated(theory.recovery_time, level, *scales, 0.5, 0.5, float(size), 1.0)
    )


def draw_times(data: Data) -> Canvas:
    """T50 of all methods, and the law of growth of the two-stage estimator."""
    figure, axes = style.canvas(2)
    left, right = axes[0]
    sizes = np.array(_sizes(data), dtype=float)
    grid = 2.0 ** np.linspace(3, max(np.log2(sizes[-1]), 7), 9)
    for colour, (label, _) in enumerate(METHODS.items()):
        x, value, error = _reached(data, sizes, label, 0.5)
        style.points(left, x, value, error, label, colour, MARKERS[colour])
    _likelihood_points(left, data)
    style.theory(left, grid, [predicted_time(d, 0.5) for d in grid], "prediction", 0)
    fano = [fano_time(int(d) // 2) for d in grid]
    style.bound(left, grid, fano, "Fano (bipartite class)")
    log_axis(left, sizes)
    left.set_yscale("log")
    left.set_ylabel(r"observation time $T_{50}$  [$1/\beta$]")
    left.legend(fontsize=5.5, ncols=2, loc="center", bbox_to_anchor=(0.54, 0.53))
    _growth_panel(right, data, sizes, grid)
    return figure


def _likelihood_points(axes: Axes, data: Data) -> None:
    """T50 of maximum likelihood, at the sizes that the preset has."""
    sizes = data.sizes.get("sizes", ())
    for label, (name, frac) in MLE.items() if sizes else ():
        found = []
        for key, sweep in method_sweeps(sizes=sizes).items():
            shares = successes(sweep, data.sweeps[key], name, frac)
            found.append(reaching_time(observation_times(sweep), shares, 0.5))
        value, error = np.array(found).T
        colour = len(METHODS)
        style.points(axes, sizes, value, error, label, colour, MARKERS[colour])


def _growth_panel(axes: Axes, data: Data, sizes: np.ndarray, grid: np.ndarray) -> None:
    """T50 and T95 on a linear scale, with the prediction and fitted laws."""
    for colour, level in ((0, 0.5), (1, 0.95)):
        x, value, error = _reached(data, sizes, "two-stage", level)
        name = f"$T_{{{round(100 * level)}}}$"
        style.points(axes, x, value, error, name, colour, MARKERS[colour])
        curve = [predicted_time(d, level) for d in grid]
        style.theory(axes, grid, curve, f"{name}, predicted", colour)
        if level == 0.5:
            text = _chi_squares(x, value, error)
            axes.text(0.98, 0.04, text, transform=axes.transAxes, ha="right", size=6)
            slope, start = np.polyfit(np.log(x), value, 1, w=1 / error)
            label = rf"$T_{{50}}$, fit ${start:.0f} + {slope:.0f} \log d$"
            fitted = start + slope * np.log(grid)
            axes.plot(grid, fitted, ":", color=style.COLOURS[colour], label=label)
    log_axis(axes, sizes)
    axes.set_ylabel(r"observation time  [$1/\beta$]")
    axes.legend(loc="upper left", fontsize=6)


def _chi_squares(sizes: np.ndarray, value: np.ndarray, error: np.ndarray) -> str:
    """Misfit of the laws `a + b f(d)` to T50, two parameters each."""
    lines = [rf"misfit $\chi^2$ of $a + b f(d)$ ({len(sizes) - 2} d.o.f.)"]
    for label, law in LAWS.items():
        design = np.column_stack([np.ones_like(sizes), law(sizes)]) / error[:, None]
        fitted, *_ = np.linalg.lstsq(design, value / error, rcond=None)
        misfit = np.sum((design @ fitted - value / error) ** 2)
        lines.append(f"{label}: {misfit:.1f}")
    return "\n".join(lines)


def log_axis(axes: Axes, sizes: np.ndarray) -> None:
    """Numbers of nodes on a logarithmic axis."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, [f"{d:.0f}" for d in sizes])
    axes.set_xlabel("nodes $d$")


def draw_success(data: Data) -> Canvas:
    """Success against time, and its collapse in units of the predicted T50."""
    figure, axes = style.canvas(2, sharey=True)
    left, right = axes[0]
    for colour, size in enumerate(_sizes(data)):
        times, shares = _shares(data, size, "two-stage")
        mean = shares.mean(axis=0)
        error = shares.std(axis=0) / np.sqrt(len(shares))
        colour = colour % len(style.COLOURS)
        plan = recovery_plan(size, *growth.CONFIGS["A"])
        fine = np.linspace(times[0], times[-1], 200)
        scales = plan["null"], plan["edge"]
        arguments = (fine, *scales, 0.5, 0.5, float(size), 1.0)
        curve = evaluated(theory.recovery_probability, *arguments)
        style.points(left, times, mean, error, f"$d = {size}$", colour)
        style.theory(left, fine, curve, f"_prediction d={size}", colour)
        style.points(right, times / plan["T50"], mean, error, f"$d = {size}$", colour)
        style.theory(right, fine / plan["T50"], curve, f"_prediction d={size}", colour)
    left.set_xlabel(r"observation time $T$  [$1/\beta$]")
    left.set_ylabel("probability of exact recovery")
    left.legend(loc="lower right", title="lines: prediction", title_fontsize=6)
    right.set_xlabel("$T$ / predicted $T_{50}$")
    right.axvline(1, color=style.MUTANT, linewidth=0.7, label="_one")
    return figure


def draw_margins(data: Data) -> Canvas:
    """Smallest weight on an edge and largest off the edges, at three times."""
    size = _sizes(data)[-1]
    sweep = growth.ladder((size,), "A")[f"d{size}"]
    found = data["HK-9"][f"d{size}"].isel(estimator=0)
    times = observation_times(sweep)
    figure, axes = style.canvas(3, sharey=True)
    figure.set_figheight(2.3)
    bins = np.linspace(-0.1, 0.7, 41)
    for panel, chunk in zip(axes[0], (4, 8, 15), strict=True):
        for name, label, colour in (
            ("margin_null", "largest off the edges", 1),
            ("margin_edge", "smallest on an edge", 0),
        ):
            values = seeds_first(found[name], "chunk")[:, chunk]
            panel.hist(
                values, bins, alpha=0.7, color=style.COLOURS[colour], label=label
            )
        panel.set_axisbelow(True)
        panel.axvline(0.25, color="k", linewidth=0.8, label="_threshold")
        panel.set_title(rf"$d = {size}$, $T = {times[chunk]:.0f}$")
        panel.set_xlabel("fitted weight")
    axes[0, 0].set_ylabel("paths")
    handles, labels = axes[0, 2].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2)
    return figure


TIMES = Figure(
    name="observation_time",
    caption="Observation time at which the whole network is recovered with probability "
    r"one half (ring, $w = .5$, $\Lambda = \beta = 1$; bars: standard errors by "
    "bootstrap over seeds). Left: all methods on the same events (maximum likelihood: "
    "at the preset paper, on events of its own), with the Gaussian prediction (HK-9) "
    "and Fano's lower bound for a bipartite network of the same number of nodes. "
    "Right: the two-stage estimator, with a fitted line and the misfit of four laws of "
    "growth; the law is decided by the curvature contrast HK-9L at the preset paper.",
    claims=("HK-9",),
    sweeps=method_sweeps,
    sizes={
        "quick": {"seeds": 1, "sizes": ()},
        "paper": {"seeds": 64, "sizes": (8, 16)},
        "gpu": {"seeds": 64, "sizes": (8, 16, 32)},
    },
    draw=draw_times,
)
SUCCESS = Figure(
    name="success",
    caption="Exact recovery by the two-stage estimator at threshold $w/2$. Left: "
    "against the observation time. Right: in units of the predicted $T_{50}$; the "
    "curves approach the prediction from the right (finite-$T$ skewness).",
    claims=("HK-9",),
    draw=draw_success,
)
MARGINS = Figure(
    name="margins",
    caption="Margins of the two-stage estimator at three observation times; a path is "
    "recovered where the threshold $w/2$ (line) separates its two margins.",
    claims=("HK-9",),
    draw=draw_margins,
)
