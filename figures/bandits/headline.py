"""Figures of streaming bandits: the sandwich, the horizon, the paper's simulation."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas
from xarray import DataArray

from ...checks.bandits.common import SIGMA, game, hard, number, prior
from ...sims import bandits as sims
from ...sims.bandits.sweeps import stage_count
from ...sims.sweep import Sweep, zip_
from ...theory import bandits as theory
from .. import style
from ..figure import Data, Figure

PER_ARM = 1e6
GAPS = np.geomspace(1e-4, 0.5, 400)
RISING = {"growth": 1.2, "a": 0.325, "stages": 46}  # SB-9(e): the best bar


def worst_gap(arms: int, pulls: float, per_arm: float) -> float:
    """The gap at which uniform exploration loses most, by quadrature."""
    miss = 1 - np.asarray(theory.slippage_hit(arms, GAPS * np.sqrt(pulls) / SIGMA))
    return float(GAPS[np.argmax(GAPS * (pulls + per_arm * miss))])


def sandwich_sweeps(*, arms: tuple[int, ...]) -> Mapping[str, Sweep]:
    """Uniform exploration and the rising bar at the worst gap of the former."""
    scale = PER_ARM ** (2 / 3)
    pulls = {k: scale * _uniform(k)[1] for k in arms}
    gaps = {k: worst_gap(k, pulls[k], PER_ARM) for k in arms}
    inputs: dict[str, Any] = {
        "family": 0.0,
        "arms": lambda size, **_: float(size),
        "first": 0.0,
        "last": lambda size, **_: size - 1.0,
        "horizon": lambda size, **_: size * PER_ARM,
    }
    first = 0.322 * scale
    return {
        "uniform": game(
            sims.drawn_uniform,
            {"size": list(arms)},
            {"width": max(arms)},
            16,
            pulls=lambda size, **_: pulls[size],
            gap=lambda size, **_: gaps[size],
            **inputs,
        ),
        "bar": game(
            sims.drawn_bar,
            {"size": list(arms), "d": np.geomspace(0.3, 3.0, 7).tolist()},
            {"width": max(arms)},
            4,
            stage_pulls=first * 1.5 ** np.arange(stage_count(max(arms))),
            rise=0.2 / np.sqrt(first),
            gap=lambda d, **_: d * SIGMA / np.sqrt(first),
            **inputs,
        ),
    }


def _uniform(arms: int) -> np.ndarray:
    return np.asarray(theory.uniform_minimax(arms, arms * PER_ARM))


def sandwich(data: Data) -> Canvas:
    """Minimax constants between the lower bound and the limits of the algorithms."""
    figure, panels = style.canvas(width=6.2)
    figure.set_figheight(3.2)
    axes = panels[0, 0]
    arms = 2 ** np.arange(4, 21, 2)
    uniform = [_uniform(int(k))[0] for k in arms]
    style.theory(axes, arms, uniform, "uniform exploration", 1)
    for colour, (group, levels) in enumerate(((4, range(2, 11, 2)), (16, range(1, 6)))):
        sizes = group ** np.array(levels)
        found = [
            np.asarray(theory.ladder_minimax(group, n, int(k) * PER_ARM))[0]
            for n, k in zip(levels, sizes, strict=True)
        ]
        style.theory(axes, sizes, found, f"ladder, $g={group}$", (0, 5)[colour])
    limit = number(theory.bar_limit_constant(**RISING).constant)
    style.theory(axes, arms, np.full(len(arms), limit), "rising bar, limit", 2)
    floor = [
        _unit(theory.regret_lower_bound(int(k), k * PER_ARM).value, float(k))
        for k in arms
    ]
    axes.fill_between(arms, 0, floor, color="#e8e8e8", zorder=0)
    style.bound(axes, arms, floor, "lower bound")
    _dots(axes, data.sweeps["uniform"].regret, "uniform, simulated", 1)
    bar = data.sweeps["bar"].regret.mean("replica")
    worst = bar.mean("seed").argmax("d")
    _dots(axes, bar.isel(d=worst), "bar, simulated (worst of 7 gaps)", 2)
    axes.set_xscale("log", base=2)
    axes.set(xlabel="arms $K$", ylabel=r"minimax regret / $K^{1/3}T^{2/3}$")
    axes.set_ylim(0.2, 1.12)
    figure.legend(loc="outside right upper")
    return figure


def _unit(regret: Any, arms: Any, per_arm: float = PER_ARM) -> float:
    return number(regret) / number(theory.regret_unit(int(arms), arms * per_arm))


def _dots(axes: Any, regret: DataArray, label: str, colour: int) -> None:
    """Mean regret over S₀ with its standard error, against the number of arms."""
    rows = regret.mean("replica") if "replica" in regret.dims else regret
    rows = rows.squeeze(drop=True)
    unit = np.array([_unit(1.0, k) for k in rows["size"].values])
    mean = rows.mean("seed").values * unit
    error = rows.std("seed", ddof=1).values / np.sqrt(rows.sizes["seed"]) * unit
    style.points(axes, rows["size"].values, mean, error, label, colour)


def horizon_sweeps(*, arms: int, per_arm: tuple[float, ...]) -> Mapping[str, Sweep]:
    """Bar, keep top-64 and elimination on the hard prior, against the horizon."""
    axes = {"late": [0.0, 1.0], "per_arm": list(per_arm)}
    width = {"width": arms}

    def scale(per_arm: float, **_: Any) -> float:
        return per_arm ** (2 / 3)

    def stages(per_arm: float, **_: Any) -> np.ndarray:
        return 0.322 * scale(per_arm) * 1.5 ** np.arange(stage_count(arms))

    return {
        "bar": game(
            sims.drawn_bar,
            axes,
            width,
            4,
            stage_pulls=stages,
            rise=lambda per_arm, **_: 0.2 / np.sqrt(0.322 * scale(per_arm)),
            **hard(arms),
        ),
        "keep": game(
            sims.drawn_keep_top,
            axes,
            width,
            4,
            pulls=lambda per_arm, **_: 0.1 * scale(per_arm),
            memory=64.0,
            **hard(arms, 64.0),
        ),
        "elimination": game(
            sims.drawn_keep_top, axes, width, 4, pulls=8.0, memory=1e9, **hard(arms)
        ),
    }


def horizon(data: Data) -> Canvas:
    """Regret on the hard prior against the horizon, over the unit S₀."""
    arms = data.sizes["arms"]
    figure, panels = style.canvas(width=4.6)
    axes = panels[0, 0]
    grid = np.geomspace(1e3, 1e10, 40)
    floor = [
        _unit(theory.regret_lower_bound(arms, arms * t).value, arms, t) for t in grid
    ]
    axes.fill_between(grid, 0.005, floor, color="#e8e8e8", zorder=0)
    style.bound(axes, grid, floor, "lower bound, one arm of memory")
    upper = 1.5 * np.log(arms) ** (1 / 3)
    style.bound(axes, grid, np.full(40, upper), "upper bound, uniform", 1)
    style.theory(axes, grid, _exact_uniform(arms, grid), "uniform, tuned (exact)", 1)
    labels = {
        "bar": "rising bar",
        "keep": "keep top-64",
        "elimination": "elimination, all arms kept",
    }
    for colour, (name, label) in zip((2, 0, 3), labels.items(), strict=True):
        rows = prior(data.sweeps[name].regret.mean("replica")).squeeze(
            "width", drop=True
        )
        unit = np.array([_unit(1.0, arms, t) for t in rows.per_arm.values])
        mean, error = rows.mean("seed").values, rows.std("seed", ddof=1).values
        error = error / np.sqrt(rows.sizes["seed"])
        style.points(axes, rows.per_arm, mean * unit, error * unit, label, colour)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set(xlabel="pulls per arm $T/K$", ylabel=r"regret / $K^{1/3}T^{2/3}$")
    axes.set_ylim(0.005, 20)
    axes.legend(loc="lower left")
    return figure


def _exact_uniform(arms: int, grid: np.ndarray) -> np.ndarray:
    """Prior-averaged exact regret of tuned uniform exploration over S₀."""
    found = []
    for t in grid:
        total = arms * t
        pulls = min(number(theory.tuned_pulls(arms, total, 0.5, 0.5)), t)
        eps = number(theory.regret_lower_bound(arms, total).eps)
        late, early = (
            number(theory.uniform_regret_slippage(arms, pulls, total, gap, SIGMA))
            for gap in (0.5, eps)
        )
        found.append(_unit((late + 2 * early) / 3, arms, t))
    return np.array(found)


def paper_sweeps(*, arms: tuple[int, ...]) -> Mapping[str, Sweep]:
    """The paper's own instances: T = 1000 K³, clear-cut and mix-in."""
    return {f"{name} {k}": made for k in arms for name, made in _players(k).items()}


def _players(arms: int) -> dict[str, Sweep]:
    total = 1000.0 * arms**3
    inputs: dict[str, Any] = {
        "gap": 0.1,
        "arms": float(arms),
        "first": 0.0,
        "last": arms - 1.0,
        "horizon": total,
    }
    family, width = {"family": [1.0, 2.0]}, {"width": arms}
    tunings = {
        "paper": theory.paper_pulls,
        "naive": theory.naive_pulls,
        "tuned": theory.tuned_pulls,
    }
    pulls = [number(rule(arms, total)) for rule in tunings.values()]
    made = {
        "uniform": game(
            sims.drawn_uniform,
            {**family, **zip_(tuning=list(tunings), count=pulls)},
            width,
            pulls=lambda tuning, count: count,
            **inputs,
        )
    }
    for name in ("log", "loglog", "tower"):
        ladder = theory.ladder_preset(name, arms, total)
        made[name] = game(
            sims.drawn_ladder,
            family,
            {**width, "groups": tuple(ladder.groups)},
            level_pulls=np.asarray(ladder.level_pulls),
            **inputs,
        )
    first = 0.322 * (total / arms) ** (2 / 3)
    made["bar"] = game(
        sims.drawn_bar,
        family,
        width,
        stage_pulls=first * 1.5 ** np.arange(stage_count(arms)),
        rise=0.2 / np.sqrt(first),
        **inputs,
    )
    return made


def simulation(data: Data) -> Canvas:
    """Regret of each algorithm over that of paper-tuned uniform exploration."""
    arms = data.sizes["arms"]
    width = style.PAGE if len(arms) > 1 else 4.6
    figure, panels = style.canvas(len(arms), 1, width=width, sharey=True)
    for axes, size in zip(panels[0], arms, strict=True):
        bars = _ratios(data, size)
        places = np.arange(len(bars))
        for shift, family in ((-0.2, 2.0), (0.2, 1.0)):
            mean = [bars[name][family][0] for name in bars]
            error = [bars[name][family][1] for name in bars]
            label, colour = ("clear-cut", 0) if family == 2.0 else ("mix-in", 5)
            axes.bar(
                places + shift,
                mean,
                0.38,
                yerr=error,
                color=style.COLOURS[colour],
                label=label,
            )
        total = 1000.0 * size**3
        predicted = number(theory.tuned_over_paper_ratio(size, total))
        ends = [-0.5, len(bars) - 0.5]
        style.theory(axes, ends, [predicted] * 2, "SB-11: tuned / paper", 6)
        style.mutant(axes, ends, [0.3] * 2, "the paper's “70 % less”")
        axes.set_xticks(places, list(bars), rotation=35, ha="right")
        axes.set(title=f"$K = {size}$, $T = 1000\\,K^3$")
    panels[0, 0].set(ylabel="regret / paper-tuned uniform")
    panels[0, 0].legend()
    return figure


def _ratios(data: Data, arms: int) -> dict[str, dict[float, tuple[float, float]]]:
    """Algorithm to family to (ratio, standard error)."""
    uniform = data.sweeps[f"uniform {arms}"].regret.squeeze("width", drop=True)
    found: dict[str, dict[float, tuple[float, float]]] = {}
    base = uniform.sel(tuning="paper")
    rows = {f"uniform, {t}": uniform.sel(tuning=t) for t in ("paper", "naive", "tuned")}
    for name in ("log", "loglog", "tower", "bar"):
        rows[name] = data.sweeps[f"{name} {arms}"].regret
    for name, regret in rows.items():
        per_family = {
            f: _ratio(regret.sel(family=f), base.sel(family=f)) for f in (1, 2)
        }
        found[name] = {float(f): pair for f, pair in per_family.items()}
    return found


def _ratio(one: DataArray, other: DataArray) -> tuple[float, float]:
    """Ratio of two means with the standard error of independent numerators."""
    x, y = one.values.ravel(), other.values.ravel()
    ratio = x.mean() / y.mean()
    spread = np.hypot(x.std(ddof=1) / x.mean(), y.std(ddof=1) / y.mean())
    return float(ratio), float(ratio * spread / np.sqrt(len(x)))


FIGURES = (
    Figure(
        name="sandwich",
        caption="Minimax regret over $K^{1/3}T^{2/3}$ at $T/K = 10^6$ on the family of "
        "one good arm, $\\sigma = 1/2$: uniform exploration grows with $K$, ladders "
        "and the rising bar stay between their limits and the lower bound (grey). "
        "Lines: quadrature. Points: simulation at the worst gap, with standard errors.",
        draw=sandwich,
        sweeps=sandwich_sweeps,
        sizes={
            "quick": {"seeds": 128, "arms": (16, 256, 1024)},
            "paper": {"seeds": 256, "arms": (16, 256, 4096, 16384)},
        },
    ),
    Figure(
        name="horizon",
        caption="Regret averaged over the hard prior at $K = 256$ against the horizon. "
        "With one arm of memory nobody can enter the grey region; full memory does.",
        draw=horizon,
        sweeps=horizon_sweeps,
        sizes={
            "quick": {"seeds": 64, "arms": 256, "per_arm": (1e4, 1e6, 1e8, 1e10)},
            "paper": {
                "seeds": 256,
                "arms": 256,
                "per_arm": (1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10),
            },
        },
    ),
    Figure(
        name="simulation",
        caption="The paper's own simulation: average regret over that of uniform "
        "exploration with the paper's tuning, 50 runs with standard errors. Retuning "
        "uniform exploration alone saves what the black line predicts.",
        draw=simulation,
        sweeps=paper_sweeps,
        sizes={
            "quick": {"seeds": 50, "arms": (500,)},
            "paper": {"seeds": 50, "arms": (500, 5000, 50000)},
        },
    ),
)
