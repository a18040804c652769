"""Figures 4 to 8: failure, order, memory, passes, and the tail of the regret."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas
from xarray import DataArray

from ...checks.bandits import passes as several
from ...checks.bandits import sequential
from ...checks.bandits.common import (
    EXACT,
    SIGMA,
    STAGES,
    WIDTH,
    game,
    hard,
    number,
    padded_stages,
    prior,
)
from ...sims import bandits as sims
from ...sims.sweep import Sweep
from ...theory import bandits as theory
from .. import style
from ..figure import Data, Figure

SCORE, EPS = 4.0, sequential.EPS
Sweeps = Mapping[str, Sweep]


def _mean(rows: DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over seeds (and replicas) with its standard error."""
    rows = rows.astype(np.float64)
    if "replica" in rows.dims:
        rows = rows.mean("replica")
    rows = rows.squeeze(drop=True)
    error = rows.std("seed", ddof=1) / np.sqrt(rows.sizes["seed"])
    return rows.mean("seed").values, error.values


def failure_sweeps(*, arms: tuple[int, ...], widths: tuple[int, ...]) -> Sweeps:
    """Bar, king and uniform exploration with the bar's first pulls, against K."""
    sizes = list(zip(arms, widths, strict=True))
    bar = {f"bar {k}": sequential.bar_game(k, (SCORE,), width) for k, width in sizes}
    uniform = {
        f"uniform {size}": game(
            sims.drawn_uniform,
            {"pulls": [SCORE / EPS**2]},
            {"width": width},
            horizon=sequential.FOREVER,
            gap=1.01 * EPS,
            arms=float(size),
        )
        for size, width in sizes
    }
    king = sequential.king_game(arms, sequential.KING_GAP)
    return {**bar, **uniform, "king": king}


def failure(data: Data) -> Canvas:
    """Failure probability against the number of arms."""
    arms = np.array(data.sizes["arms"])
    figure, panels = style.canvas(width=6.2)
    figure.set_figheight(3.2)
    axes = panels[0, 0]
    for colour, name, label in (
        (2, "bar", "rising bar"),
        (1, "uniform", "uniform, $m = n_1$"),
    ):
        found = [_mean(data.sweeps[f"{name} {k}"].loss > 0) for k in arms.tolist()]
        mean, error = (np.array(part, float) for part in zip(*found, strict=True))
        style.points(axes, arms, mean, error, label, colour)
    mean, error = _mean(data.sweeps["king"].loss > 0)
    beside = 1.1 * arms  # marks would hide the bar's
    style.points(axes, beside, mean, error, r"budget king, $\Delta = 0.1$", 0, "s")
    grid = np.geomspace(arms.min(), arms.max(), 30)
    score = 1.01 * np.sqrt(SCORE) / SIGMA
    miss = [1 - number(theory.slippage_hit(int(k), score)) for k in grid]
    style.theory(axes, grid, miss, "uniform, quadrature", 1)
    sharp = sequential.sharp_bound(int(arms.max()), SCORE)
    style.theory(axes, grid, np.full(30, sharp), r"bar, $K\to\infty$", 2)
    gauss = [sequential.gauss_bound(int(k), SCORE) for k in grid]
    style.bound(axes, grid, gauss, "bar, bound", 2)
    limit = theory.king_failure_upper_bound(
        sequential.DUEL, sequential.INCOME, sequential.INCOME, sequential.KING_GAP
    )
    style.bound(axes, grid, np.full(30, number(limit.bound)), "king, bound", 0)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set(xlabel="arms $K$", ylabel="probability of failure")
    figure.legend(loc="outside right upper")
    return figure


ORDERS = {5.0: "descending", 6.0: "random", 4.0: "ascending"}


def order_sweeps(*, arms: tuple[int, ...], width: int) -> Sweeps:
    """King and bar on means from 0.2 to 0.8 in three orders."""
    axes = {"size": list(arms), "family": list(ORDERS)}
    inputs: dict[str, Any] = {
        "horizon": sequential.FOREVER,
        "gap": 0.6,
        "arms": lambda size, **_: float(size),
    }
    king = {"first_pulls": 100.0, "income": 200.0, "grant": 200.0}
    bar = {"stage_pulls": padded_stages(sequential.SEVEN), "rise": sequential.RISE}
    shape = {"width": width}
    return {
        "king": game(sims.drawn_king, axes, shape, **king, **inputs),
        "bar": game(sims.drawn_bar, axes, shape, **bar, **inputs),
    }


def order(data: Data) -> Canvas:
    """Mean loss against K in three orders of arrival."""
    figure, panels = style.canvas(width=6.2)
    figure.set_figheight(3.2)
    axes, arms = panels[0, 0], np.array(data.sizes["arms"])
    for name, colours, aside in (("king", (0, 5, 6), -1), ("bar", (2, 4, 1), 1)):
        marks = zip(ORDERS.items(), colours, "sov", (1, 3, 5), strict=True)
        for (family, word), colour, marker, step in marks:
            mean, error = _mean(data.sweeps[name].loss.sel(family=family))
            label = f"{name}, {word}"
            beside = arms * 1.02 ** (aside * step)  # marks would hide each other
            style.points(axes, beside, mean, error, label, colour, marker)
    axes.set_xscale("log")
    axes.set(xlabel="arms $K$", ylabel="mean loss of the committed arm")
    figure.legend(loc="outside right upper")
    return figure


SHARES = (0.005, 0.02, 0.1)  # tunings of m over (T/K)^{2/3}; the best is drawn


def memory_sweeps(
    *, arms: int, kept: tuple[float, ...], per_arm: tuple[float, ...]
) -> Sweeps:
    """Keep top-M on the hard prior of each M, three tunings of its pulls."""
    axes = {
        "memory": list(kept),
        "late": [0.0, 1.0],
        "per_arm": list(per_arm),
        "share": list(SHARES),
    }
    return {
        "keep": game(
            sims.drawn_keep_top,
            axes,
            {"width": arms},
            pulls=lambda share, per_arm, **_: share * per_arm ** (2 / 3),
            **hard(arms, lambda memory, **_: memory),
        )
    }


def memory(data: Data) -> Canvas:
    """Regret over S₀ against the share of arms in memory."""
    arms, kept = data.sizes["arms"], np.array(data.sizes["kept"])
    figure, panels = style.canvas(width=4.6)
    axes = panels[0, 0]
    fine = np.linspace(0, 0.995, 80) * (arms - 1)
    total = arms * 1e6
    bound = np.asarray(theory.regret_lower_bound(arms, total, fine).value)
    unit = number(theory.regret_unit(arms, total))
    axes.fill_between(fine / arms, 1e-3, bound / unit, color="#e8e8e8", zorder=0)
    style.bound(axes, fine / arms, bound / unit, "lower bound")
    rows = prior(data.sweeps["keep"].regret)
    for colour, per_arm in enumerate(data.sizes["per_arm"]):
        mean, error = _mean(rows.sel(per_arm=per_arm))
        best = mean.argmin(axis=1)[:, None]
        unit = number(theory.regret_unit(arms, arms * per_arm))
        y, bar = (np.take_along_axis(x, best, 1)[:, 0] / unit for x in (mean, error))
        power = round(np.log10(per_arm))
        label = f"keep top-M, $T/K = 10^{{{power}}}$"
        style.points(axes, kept / arms, y, bar, label, colour)
    axes.set_yscale("log")
    axes.set_ylim(0.01, 1)
    axes.set(xlabel="memory $M/K$", ylabel=r"regret / $K^{1/3}T^{2/3}$")
    axes.legend(loc="lower left")
    return figure


def passes_sweeps(*, per_arm: tuple[float, ...]) -> Sweeps:
    """One to four passes at their worst gaps."""
    return {"passes": several.passes_game((1.0, 2.0, 3.0, 4.0), per_arm)}


def passes(data: Data) -> Canvas:
    """Worst regret over the lower bound for one pass, against the horizon."""
    figure, panels = style.canvas(width=6.2)
    figure.set_figheight(3.2)
    axes, grid = panels[0, 0], np.array(data.sizes["per_arm"])
    floor = [
        number(theory.regret_lower_bound(several.ARMS, several.ARMS * t).value)
        for t in grid
    ]
    regret = data.sweeps["passes"].regret
    for colour, count in enumerate((1, 2, 3, 4)):
        mean, error = _mean(regret.sel(passes=float(count)))
        alpha = number(theory.multipass_exponent(count))
        label = f"$B = {count}$"
        style.points(axes, grid, mean / floor, error / floor, label, colour)
        line = mean[-1] / floor[-1] * (grid / grid[-1]) ** (alpha - 2 / 3)
        style.theory(axes, grid, line, rf"slope $\alpha_{count} - 2/3$", colour)
    style.bound(axes, grid, np.ones(len(grid)), "bound for one pass")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set(xlabel="pulls per arm $T/K$", ylabel="worst regret / bound for one pass")
    figure.legend(loc="outside right upper")
    return figure


def tail_sweeps(*, arms: int, per_arm: float) -> Sweeps:
    """The bar tuned for high probability, and for expected regret."""
    axes = {"share": [0.1, 0.322, 2.0]}
    first = per_arm ** (2 / 3)
    return {
        "bar": game(
            sims.drawn_bar,
            axes,
            {"width": arms},
            stage_pulls=lambda share: share * first * 1.5 ** np.arange(STAGES),
            rise=lambda share: 0.2 / np.sqrt(share * first),
            horizon=arms * per_arm,
            gap=SIGMA * 1.5 / np.sqrt(0.322 * first),
            arms=float(arms),
        )
    }


def tail(data: Data) -> Canvas:
    """Histogram of the regret of the bar at three tunings."""
    arms, per_arm = data.sizes["arms"], data.sizes["per_arm"]
    unit = number(theory.regret_unit(arms, arms * per_arm))
    figure, panels = style.canvas(width=4.6)
    axes = panels[0, 0]
    regret = data.sweeps["bar"].regret
    edges = np.linspace(0, float(regret.max()) / unit * 1.02 + EXACT, 50)
    for colour, share in enumerate(regret["share"].values):
        values = regret.sel(share=share).values.ravel() / unit
        heights, _ = np.histogram(values, edges)
        axes.stairs(
            heights / len(values),
            edges,
            color=style.COLOURS[colour],
            label=rf"$n_1 = {share:g}\,(T/K)^{{2/3}}$, mean {values.mean():.2f}",
        )
    axes.set_yscale("log")
    axes.set(xlabel=r"regret / $K^{1/3}T^{2/3}$", ylabel="share of runs")
    axes.legend(loc="upper center")
    return figure


MANY = (16, 64, 256, 1024, 4096)
KEPT = (1.0, 16.0, 64.0, 128.0, 192.0, 240.0)
KEEPERS = {"arms": 256, "kept": KEPT, "per_arm": (1e6, 1e10)}
DECADES = (1e6, 1e8, 1e10, 1e12, 1e14, 1e16, 1e18, 1e20)
FIGURES = (
    Figure(
        name="failure",
        caption="Probability of failure against K: the rising bar and the budget king "
        "stay flat under their bounds, uniform exploration with as many pulls of every "
        "arm does not. (The king's marks stand a little to the right of their K.)",
        draw=failure,
        sweeps=failure_sweeps,
        sizes={
            "quick": {"seeds": 256, "arms": MANY[:4], "widths": (WIDTH,) * 4},
            "paper": {"seeds": 2048, "arms": MANY, "widths": MANY},
            "gpu": {"seeds": 16384, "arms": MANY, "widths": MANY},
        },
    ),
    Figure(
        name="order",
        caption="Mean loss on means from 0.2 to 0.8 against K, without a gap. On "
        "descending streams the budget king loses its way; the rising bar does not. "
        "Random: means drawn uniformly from the same interval. Marks of one K stand "
        "side by side.",
        draw=order,
        sweeps=order_sweeps,
        sizes={
            "quick": {"seeds": 64, "arms": (100, 300, 1000), "width": WIDTH},
            "paper": {"seeds": 256, "arms": (100, 300, 1000, 4000), "width": 4096},
            "gpu": {"seeds": 4096, "arms": (100, 300, 1000, 4000), "width": 4096},
        },
    ),
    Figure(
        name="memory",
        caption="The memory curve at K = 256: the best of three tunings of keep top-M "
        "on the hard prior of each M, and the bound. Half of all arms in memory still "
        "leave 40 % of the regret; beyond, elimination's own floor takes over.",
        draw=memory,
        sweeps=memory_sweeps,
        sizes={
            "quick": {"seeds": 64, **KEEPERS},
            "paper": {"seeds": 512, **KEEPERS},
            "gpu": {"seeds": 16384, **KEEPERS},
        },
    ),
    Figure(
        name="passes",
        caption="Worst regret of one to four passes over the lower bound for a single "
        "pass, K = 64: further passes go below it, with slopes $\\alpha_B - 2/3$.",
        draw=passes,
        sweeps=passes_sweeps,
        sizes={
            "quick": {"seeds": 64, "per_arm": DECADES[:5]},
            "paper": {"seeds": 512, "per_arm": DECADES},
            "gpu": {"seeds": 4096, "per_arm": DECADES},
        },
    ),
    Figure(
        name="tail",
        caption="Law of the regret of the rising bar at K = 256, $T/K = 10^6$: few "
        "pulls leave a heavy atom at T times the gap, many pulls pay for certainty.",
        draw=tail,
        sweeps=tail_sweeps,
        sizes={
            preset: {"seeds": seeds, "arms": 256, "per_arm": 1e6}
            for preset, seeds in (("quick", 1024), ("paper", 65536), ("gpu", 1048576))
        },
    ),
)
