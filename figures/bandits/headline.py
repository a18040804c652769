"""Figures of streaming bandits: the sandwich, and the regret against the horizon."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from xarray import DataArray

from ...checks.bandits.common import (
    SIGMA,
    WIDTH,
    averaged,
    game,
    hard,
    number,
    padded_stages,
    prior,
)
from ...checks.bandits.floor import bar_inputs, king_inputs
from ...sims import bandits as sims
from ...sims.bandits.sweeps import stage_count
from ...sims.sweep import Policy, Sweep
from ...theory import bandits as theory
from .. import style
from ..figure import Data, Figure

PER_ARM = 1e6
SCALE = PER_ARM ** (2 / 3)
GAPS = np.geomspace(1e-4, 0.05, 400)
RISING = {"growth": 1.2, "a": 0.325, "stages": 46}  # SB-9(e): the best bar
GROWTH, RISE = 1.5, 0.35  # of the bar that is played
UNUSED = 1e-9  # pulls at the levels of a ladder that K arms do not need
LARGE = 2**16  # arms; beyond, one game of the bar takes seconds


def sandwich_sweeps(
    *, arms: tuple[int, ...], widths: tuple[int, ...], bars: tuple[int, ...]
) -> Mapping[str, Sweep]:
    """Uniform exploration, the ladder g = 4 and the bar, tuned, at their worst gaps.

    Args:
        arms: K, powers of 4.
        widths: Arms the programs of each K are compiled for, powers of 4.
        bars: The K at which the bar is played.
    """
    made = {}
    for size, width in zip(arms, widths, strict=True):
        made[f"uniform {size}"] = _uniform_game(size, width)
        made[f"ladder {size}"] = _ladder_game(size, width)
    return made | {f"bar {size}": _bar_game(size) for size in bars}


def _played(
    sim: Any, size: int, shape: Any, gaps: list[float], games: int = 8, **inputs: Any
) -> Sweep:
    """Eight games per seed; a million arms in tiles of eight games."""
    axes = {"arms": [float(size)], "gap": gaps}
    sweep = game(sim, axes, shape, games, horizon=size * PER_ARM, **inputs)
    if shape["width"] <= LARGE:
        return sweep
    return replace(sweep, policy=Policy(tile=8))


def _uniform_game(size: int, width: int) -> Sweep:
    pulls = SCALE * np.asarray(theory.uniform_minimax(size, size * PER_ARM))[1]
    gaps = _hump((size,), pulls)
    return _played(sims.drawn_uniform, size, {"width": width}, gaps, pulls=pulls)


def _ladder_game(size: int, width: int) -> Sweep:
    levels, most = (round(np.log(k) / np.log(4)) for k in (size, width))
    found = np.asarray(theory.ladder_minimax(4, levels, size * PER_ARM))
    pulls = SCALE * found[1] * found[2] ** np.arange(levels)
    padded = np.append(pulls, np.full(most - levels, UNUSED))
    shape = {"width": width, "groups": (4,) * most}
    gaps = _hump((4,) * levels, pulls)
    return _played(sims.drawn_ladder, size, shape, gaps, level_pulls=padded)


def _bar_game(size: int) -> Sweep:
    """The bar of SB-9(e) at five gaps; the best arm comes last, the dearest place.

    A million arms play two games per seed, at the gap that is worst for K → ∞.
    """
    constant, cost, _ = theory.bar_limit_constant(GROWTH, RISE, 22)
    first = SCALE * 2 * number(constant) / number(cost)
    unit = SIGMA / np.sqrt(first)
    gaps = [*(unit * np.array([0.5, 0.75, 1.0, 1.25])).tolist(), 0.5]
    return _played(
        sims.drawn_bar,
        size,
        {"width": size},
        gaps if size <= LARGE else [float(unit * _dearest_lead())],
        games=8 if size <= LARGE else 2,
        stage_pulls=padded_stages(first * GROWTH ** np.arange(stage_count(size))),
        rise=RISE * unit,
        first=size - 1.0,
    )


def _dearest_lead() -> float:
    """The gap over σ/√n_1 at which the bar's loss is largest, K → ∞, by quadrature."""
    leads = np.linspace(0.5, 1.25, 16)
    passed = [
        np.asarray(theory.bar_survival(RISE - lead, GROWTH, 22))[-1] for lead in leads
    ]
    return float(leads[np.argmax(leads * (1 - np.array(passed)))])


def _hump(groups: tuple[int, ...], pulls: Any) -> list[float]:
    """The small gap at which the loss of the commit phase is largest."""
    steps = np.broadcast_to(pulls, (len(groups),))
    hits = [
        np.asarray(theory.slippage_hit(g, GAPS * np.sqrt(s) / SIGMA))
        for g, s in zip(groups, steps, strict=True)
    ]
    return [float(GAPS[np.argmax(GAPS * (1 - np.prod(hits, axis=0)))])]


def sandwich(data: Data) -> Canvas:
    """Minimax constants between the lower bound and the limits of the algorithms."""
    figure, panels = style.canvas(width=6.2)
    figure.set_figheight(3.2)
    axes = panels[0, 0]
    arms = 2 ** np.arange(4, 21, 2)
    for (label, sizes, found), colour in zip(
        _lines(arms), (1, 0, 5, 3, 2), strict=True
    ):
        style.theory(axes, sizes, found, label, colour)
    floor = [
        number(theory.regret_lower_bound(k, k * PER_ARM).value) * _per_unit(k)
        for k in arms.tolist()
    ]
    axes.fill_between(arms, 0, floor, color="#e8e8e8", zorder=0)
    style.bound(axes, arms, floor, "lower bound")
    for name, colour, marker in (
        ("uniform", 1, "o"),
        ("ladder", 0, "o"),
        ("bar", 2, "D"),
    ):
        _dots(axes, data, name, colour, marker)
    axes.set_xscale("log", base=2)
    axes.set(xlabel="arms $K$", ylabel=r"minimax regret / $K^{1/3}T^{2/3}$")
    axes.set_ylim(0.2, 1.12)
    figure.legend(loc="outside right upper")
    return figure


def _lines(arms: np.ndarray) -> list[tuple[str, np.ndarray, list[float]]]:
    """Label, sizes and constants of the quadrature lines."""

    def first(value: Any) -> float:
        return float(np.asarray(value)[0])

    uniform = [first(theory.uniform_minimax(int(k), k * PER_ARM)) for k in arms]
    lines = [("uniform exploration", arms, uniform)]
    for group, levels in ((4, range(2, 11)), (16, range(1, 6))):
        sizes = group ** np.array(levels)
        found = [
            first(theory.ladder_minimax(group, n, int(k) * PER_ARM))
            for n, k in zip(levels, sizes, strict=True)
        ]
        lines.append((f"ladder, $g={group}$", sizes, found))
    rest = np.array([1, 4, 16, 64, 256])
    tower = [first(theory.tower_minimax(int(r), 4096 * r * PER_ARM)) for r in rest]
    lines.append(("tower", 4096 * rest, tower))
    limit = number(theory.bar_limit_constant(**RISING).constant)
    return [*lines, ("rising bar, limit", arms, [limit] * len(arms))]


def _per_unit(arms: int, per_arm: Any = PER_ARM) -> Any:
    """One over S₀."""
    return 1 / np.asarray(theory.regret_unit(arms, arms * per_arm))


def _dots(axes: Axes, data: Data, name: str, colour: int, marker: str) -> None:
    """Simulated regret over S₀ at the worst gap, against the number of arms."""
    found = []
    for size in data.sizes["arms"]:
        if f"{name} {size}" in data.sweeps:
            regret = data.sweeps[f"{name} {size}"].regret.mean("replica")
            table = regret.transpose("seed", "gap", ...).squeeze(drop=True).values
            rows = _at_the_worst(table.reshape(len(table), -1)) * _per_unit(size)
            found.append((size, rows.mean(), rows.std(ddof=1) / np.sqrt(len(rows))))
    sizes, mean, error = np.array(found, dtype=np.float64).T
    style.points(axes, sizes, mean, error, f"{name}, simulated", colour, marker)


def _at_the_worst(table: np.ndarray) -> np.ndarray:
    """Rows at the worst of several gaps: half of them locate it, the rest are kept."""
    half = len(table) // 2
    if table.shape[1] == 1:
        return table[:, 0]
    return table[half:, table[:half].mean(axis=0).argmax()]


def horizon_sweeps(*, arms: int, per_arm: tuple[float, ...]) -> Mapping[str, Sweep]:
    """Bar, king, keep top-64 and elimination on the hard prior, against the horizon."""
    axes = {"late": [0.0, 1.0], "per_arm": list(per_arm)}
    shape = {"width": arms}

    def pulls(per_arm: float, **_: Any) -> float:
        return 0.1 * per_arm ** (2 / 3)

    few = {"pulls": pulls, "memory": 64.0, **hard(arms, 64.0)}
    full = {"pulls": 8.0, "memory": 1e9, **hard(arms)}
    return {
        "bar": game(sims.drawn_bar, axes, shape, **bar_inputs(arms), **hard(arms)),
        "king": game(
            sims.drawn_king,
            axes,
            {"width": max(WIDTH, arms)},
            **king_inputs(arms),
            **hard(arms),
        ),
        "keep": game(sims.drawn_keep_top, axes, shape, **few),
        "elimination": game(sims.drawn_keep_top, axes, shape, **full),
    }


MEASURED = (
    ("bar", "rising bar", 2, "o"),
    ("king", "budget king", 4, "s"),
    ("keep", "keep top-64", 0, "^"),
    ("elimination", "elimination, all arms kept", 3, "D"),
)


def horizon(data: Data) -> Canvas:
    """Regret on the hard prior against the horizon, over the unit S₀."""
    arms = data.sizes["arms"]
    figure, panels = style.canvas(width=6.2)
    figure.set_figheight(3.6)
    axes = panels[0, 0]
    grid = np.geomspace(1e3, 1e10, 40)
    bound = theory.regret_lower_bound(arms, arms * grid).value
    floor = np.asarray(bound) * _per_unit(arms, grid)
    axes.fill_between(grid, 0.005, floor, color="#e8e8e8", zorder=0)
    style.bound(axes, grid, floor, "lower bound, $M = 1$")
    upper = 1.5 * np.log(arms) ** (1 / 3)
    style.bound(axes, grid, np.full(40, upper), "bound, uniform", 1)
    ladder = number(theory.ladder_constant(16, 6.36))
    style.bound(axes, grid, np.full(40, ladder), "bound, ladder (rigorous)", 5)
    lines = (
        ("uniform, tuned (exact)", _tuned(arms), 1),
        ("ladder, $g = 4$ (exact)", _ladder(arms), 5),
    )
    for label, regret, colour in lines:
        style.theory(axes, grid, _on_prior(regret, arms, grid), label, colour)
    for name, label, colour, marker in MEASURED:
        rows = _averaged(data.sweeps[name].regret)
        unit = _per_unit(arms, rows.per_arm.values)
        mean, error = rows.mean("seed").values, rows.std("seed", ddof=1).values
        error = error / np.sqrt(rows.sizes["seed"])
        style.points(
            axes, rows.per_arm, mean * unit, error * unit, label, colour, marker
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set(xlabel="pulls per arm $T/K$", ylabel=r"regret / $K^{1/3}T^{2/3}$")
    axes.set_ylim(0.005, 8)
    figure.legend(loc="outside right upper")
    return figure


def _averaged(regret: DataArray) -> DataArray:
    return prior(averaged(regret)).squeeze("width", drop=True)


def _tuned(arms: int) -> Any:
    """Exact regret of uniform exploration, tuned for gaps up to ½."""

    def regret(total: np.ndarray, gap: Any) -> Any:
        tuned = np.asarray(theory.tuned_pulls(arms, total, SIGMA, 0.5))
        pulls = np.minimum(tuned, total / arms)
        return theory.uniform_regret_slippage(arms, pulls, total, gap, SIGMA)

    return regret


def _ladder(arms: int) -> Any:
    """Exact regret of the ladder of CK-4, its first pulls cut where T is short."""
    levels = round(np.log(arms) / np.log(4))
    steps = 2.2 ** np.arange(levels)
    cost = number(theory.ladder_pulls(arms, (4,) * levels, steps))

    def regret(total: float, gap: float) -> float:
        first = min(0.464 * (total / arms) ** (2 / 3), total / cost)
        played = theory.ladder_slippage_exact(4, levels, first * steps, total, gap)
        return number(played.regret)

    return np.vectorize(regret)


def _on_prior(regret: Any, arms: int, per_arm: np.ndarray) -> np.ndarray:
    """Prior-averaged exact regret over S₀."""
    total = arms * per_arm
    eps = np.asarray(theory.regret_lower_bound(arms, total).eps)
    late, early = (np.asarray(regret(total, gap)) for gap in (0.5, eps))
    return (late + 2 * early) / 3 * _per_unit(arms, per_arm)


FEW = {"arms": (16, 256, 1024), "widths": (WIDTH,) * 3, "bars": (256,)}
QUINTET = (16, 256, 4096, 65536, 2**20)
MANY = {"arms": QUINTET, "widths": QUINTET, "bars": QUINTET[1:]}
FIGURES = (
    Figure(
        name="sandwich",
        caption="Minimax regret over $K^{1/3}T^{2/3}$ at $T/K = 10^6$ on the family of "
        "one good arm, $\\sigma = 1/2$: uniform exploration grows with $K$; ladders "
        "and the rising bar stay between their limits and the lower bound (grey). "
        "Lines: quadrature. Points: simulation at the worst gap, with standard errors. "
        "The bar comes down to its limit as the pulls of its first arm cease to count; "
        "its stages grow by 1.5 (limit 0.385), those of the line by 1.2 (0.381).",
        draw=sandwich,
        sweeps=sandwich_sweeps,
        sizes={
            "quick": {"seeds": 128, **FEW},
            "paper": {"seeds": 128, **MANY},
            "gpu": {"seeds": 512, **MANY},
        },
    ),
    Figure(
        name="horizon",
        caption="Regret averaged over the hard prior at $K = 256$ against the horizon. "
        "With one arm of memory nobody can enter the grey region; 64 arms (a lower "
        "bound of their own) and full memory do.",
        draw=horizon,
        sweeps=horizon_sweeps,
        sizes={
            "quick": {"seeds": 64, "arms": 256, "per_arm": (1e4, 1e6, 1e8, 1e10)},
            **{
                preset: {
                    "seeds": seeds,
                    "arms": 256,
                    "per_arm": (1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10),
                }
                for preset, seeds in (("paper", 1024), ("gpu", 16384))
            },
        },
    ),
)
