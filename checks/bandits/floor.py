"""Claims about the lower bound: players on the hard prior, memory, its key step."""

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from ...sims.bandits import drawn, sweeps
from ...sims.sweep import Sweep
from ...theory import bandits as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from .common import (
    GOOD_GAP,
    SIGMA,
    WEIGHT,
    WIDTH,
    Observed,
    averaged,
    claimed,
    exactly,
    game,
    hard,
    number,
    padded_stages,
    played,
    prior,
    scaled,
    with_inputs,
)

STATEMENT = (
    r"Every player that holds at most M earlier arms has prior-averaged regret"
    r" $\bar R \ge \frac14 16^{1/3} (\sigma^2 G)^{1/3} a^{4/3} (K-1)^{1/3} T^{2/3}$,"
    r" $a = 1 - M/(K-1)$"
)
DERIVED = Provenance("derived", "Pinsker and chain rule; order: paper, Theorem 1")
LATE, SINGLE = [0.0, 1.0], ["per_arm", "width"]
KEPT = {16.0: 0.02, 64.0: 0.1, 128.0: 0.1}  # pulls over (T/K)^{2/3}, from a pilot


def exact_players(*, arms: tuple[int, ...], per_arm: float) -> Design:
    """SB-4: players whose regret on the prior is known by quadrature."""
    table = [(size, *cell) for size in arms for cell in _exact_ratios(size, per_arm)]
    sizes, names, ratios = zip(*table, strict=True)
    return Design(
        observe=lambda _: exactly(ratios, arms=sizes, player=names),
        claimed=np.ones(len(ratios)),
        tol=Tolerance(0.0, "computed numbers; the bound has slack 0.34 and more"),
    )


def _exact_ratios(arms: int, per_arm: float) -> list[tuple[str, float]]:
    """Regret over the bound at each player's own memory, on its own hard prior."""
    horizon, unit = arms * per_arm, per_arm ** (2 / 3)
    pulls = {
        "uniform, paper's m": number(theory.paper_pulls(arms, horizon)),
        "uniform, tuned": number(theory.tuned_pulls(arms, horizon, SIGMA, 0.5)),
        "uniform, m small": 0.02 * unit,
    }
    levels = round(np.log(arms) / np.log(4))
    steps = 0.464 * unit * 2.2 ** np.arange(levels)

    def by_uniform(count: float) -> Any:
        return lambda gap: theory.uniform_regret_slippage(arms, count, horizon, gap)

    def by_ladder(gap: float) -> Any:
        return theory.ladder_slippage_exact(4, levels, steps, horizon, gap).regret

    uniform = [
        (name, _on_prior(by_uniform(m), arms, horizon, 1)) for name, m in pulls.items()
    ]
    return [*uniform, ("ladder, g = 4", _on_prior(by_ladder, arms, horizon, levels))]


def _on_prior(regret: Any, arms: int, horizon: float, memory: int) -> float:
    bound = theory.regret_lower_bound(arms, horizon, memory)
    late, early = (number(regret(gap)) for gap in (GOOD_GAP, number(bound.eps)))
    return (WEIGHT * late + (1 - WEIGHT) * early) / number(bound.value)


EXACT_PLAYERS = Claim(
    id="SB-4.exact",
    title="Lower bound, players known exactly",
    statement=STATEMENT + " (estimate: regret over bound, by quadrature).",
    provenance=DERIVED,
    kind=kinds.lower_bound(evidence="exact"),
    design=exact_players,
    sizes={
        "quick": {"arms": (256, 4096), "per_arm": 1e6},
        "paper": {"arms": (256, 4096, 65536), "per_arm": 1e6},
        "gpu": {"arms": (256, 4096, 65536), "per_arm": 1e9},
    },
    mutants=(
        Mutant(
            "$T^{3/4}$ in place of $T^{2/3}$",
            claimed(lambda value: np.full(len(value), (256 * 1e6) ** (1 / 12))),
        ),
    ),
)


def bar_inputs(arms: int) -> dict[str, Any]:
    """The bar of CK-4, as functions of T/K."""

    def first(per_arm: float, **_: Any) -> float:
        return 0.322 * per_arm ** (2 / 3)

    growth = padded_stages(1.5 ** np.arange(sweeps.stage_count(arms)))
    return {
        "stage_pulls": lambda per_arm, **_: first(per_arm) * growth,
        "rise": lambda per_arm, **_: 0.2 / np.sqrt(first(per_arm)),
    }


def king_inputs(arms: int) -> dict[str, Any]:
    """The king of CK-4, told that the lead is ε: functions of T/K."""

    def duel(per_arm: float, **_: Any) -> float:
        return 0.1 / number(theory.regret_lower_bound(arms, arms * per_arm).eps) ** 2

    def twice(per_arm: float, **_: Any) -> float:
        return 2 * duel(per_arm)

    return {"first_pulls": duel, "income": twice, "grant": twice}


def sequential_players(*, arms: int, per_arm: float, replicas: int = 16) -> Design:
    """SB-4: rising bar, budget king and keep top-64, by Monte Carlo."""
    axes, shape = {"late": LATE, "per_arm": [per_arm]}, {"width": arms}
    bar = {**bar_inputs(arms), **hard(arms)}
    king = {**king_inputs(arms), **hard(arms)}
    keep = {"pulls": 0.1 * per_arm ** (2 / 3), "memory": 64.0, **hard(arms, 64.0)}
    return Design(
        sweeps={
            "bar": game(drawn.drawn_bar, axes, shape, replicas, **bar),
            "king": game(
                drawn.drawn_king, axes, {"width": max(arms, WIDTH)}, replicas, **king
            ),
            "keep": game(drawn.drawn_keep_top, axes, shape, replicas, **keep),
        },
        observe=lambda data: _ratios(data, arms, per_arm),
        claimed=1.0,
        tol=Tolerance(0.0, "the bound has slack 0.28 and more for these players"),
    )


def _ratios(data: Observed, arms: int, per_arm: float) -> xr.DataArray:
    """Regret over the bound at the player's memory, one point per player."""
    parts = []
    for name, memory in (("bar", 1), ("king", 1), ("keep", 64)):
        bound = theory.regret_lower_bound(arms, arms * per_arm, memory).value
        regret = prior(averaged(data[name].regret)).squeeze(SINGLE, drop=True)
        parts.append(regret / number(bound))
    seeds = min(part.sizes["seed"] for part in parts)
    cut = [part.isel(seed=slice(seeds)) for part in parts]
    joined = xr.concat(cut, dim="player").assign_coords(player=["bar", "king", "keep"])
    return rows(joined)


def _scratch(design: Design) -> Design:
    """Elimination with all arms in memory, posing as the player that keeps 64."""
    full = with_inputs(pulls=8.0, memory=1e9)
    return played(keep=full)(design)


PLAYERS = Claim(
    id="SB-4.players",
    title="Lower bound, sequential players",
    statement=STATEMENT + " (estimate: regret over bound of each player).",
    provenance=DERIVED,
    kind=kinds.lower_bound(),
    design=sequential_players,
    sizes={
        "quick": {"seeds": 128, "arms": 256, "per_arm": 1e6},
        "paper": {"seeds": 256, "arms": 4096, "per_arm": 1e6},
        "gpu": {"seeds": 4096, "arms": 4096, "per_arm": 1e9},
    },
    mutants=(
        Mutant("elimination with full memory as a player", _scratch, shift=-0.6),
        scaled("twice the bound", 2.0),
    ),
)


def memory_curve(*, arms: int, per_arm: float, kept: tuple[float, ...]) -> Design:
    """SB-4: keep top-M, each M on its own hard prior."""
    sweep = game(
        drawn.drawn_keep_top,
        {"memory": list(kept), "late": LATE, "per_arm": [per_arm]},
        {"width": arms},
        16,
        pulls=lambda memory, per_arm, **_: KEPT[memory] * per_arm ** (2 / 3),
        **hard(arms, lambda memory, **_: memory),
    )
    bound = theory.regret_lower_bound(arms, arms * per_arm, np.asarray(kept)).value
    bounds = xr.DataArray(np.asarray(bound), dims="memory")

    def observe(data: Observed) -> xr.DataArray:
        return rows(prior(averaged(data["keep"].regret)) / bounds)

    return Design(
        sweeps={"keep": sweep},
        observe=observe,
        claimed=np.ones(len(kept)),
        tol=Tolerance(0.0, "the bound has slack 0.28 and more for this player"),
    )


def _without_memory_factor(value: Any) -> np.ndarray:
    """The bound without $a^{4/3}$, in units of the true one."""
    kept = np.array([16.0, 64.0, 128.0])[: len(value)]
    return (1 - kept / 255) ** (-4 / 3)


KEEPERS = {"arms": 256, "per_arm": 1e6, "kept": tuple(KEPT)}
MEMORY = Claim(
    id="SB-4.memory",
    title="The price of forgetting falls as the bound does",
    statement=STATEMENT + ": keep top-M at M = K/16, K/4, K/2 (regret over bound).",
    provenance=DERIVED,
    kind=kinds.lower_bound(),
    design=memory_curve,
    sizes={
        "quick": {"seeds": 128, **KEEPERS},
        "paper": {"seeds": 1024, **KEEPERS},
        "gpu": {"seeds": 4096, **KEEPERS},
    },
    mutants=(Mutant("bound without $a^{4/3}$", claimed(_without_memory_factor)),),
)
CLOSE = replace(
    MEMORY,
    id="SB-4.close",
    title="The memory curve of the bound is right within a factor of two",
    statement="Keep top-M at M = K/16, K/4, K/2 has at most twice the regret of the"
    " bound at that M (regret over bound).",
    kind=kinds.upper_bound(),
    design=lambda **sizes: replace(
        memory_curve(**sizes),
        claimed=np.full(len(KEPT), 2.0),
        tol=Tolerance(0.0, "the players are at 1.3 to 1.5"),
    ),
    mutants=(scaled("the bound itself in place of twice the bound", 0.5),),
)


def trapping(*, others: tuple[int, ...]) -> Design:
    """SB-5: hits of uniform exploration against the inequality, on a grid."""
    z = np.geomspace(0.05, 6.0, 24)
    cells = [(n, score) for n in others for score in z]
    sizes, scores = np.array(cells).T
    limits = [
        theory.trapping_upper_bound(int(n), 1, s**2, theory.gaussian_kl(1.0, 1.0))
        for n, s in cells
    ]

    def observe(_: Observed) -> xr.DataArray:
        hits = [np.asarray(theory.slippage_hit(int(n), z)) for n in others]
        return exactly(np.concatenate(hits), 1e-13, others=sizes, z=scores)

    return Design(
        observe=observe,
        claimed=np.array([*map(number, limits)]),
        tol=Tolerance(1e-12, "error of the quadrature"),
    )


def _a_third_of_the_divergence(value: Any) -> np.ndarray:
    """1/n + z/6 for 1/n + z/2 on the grid of `trapping`."""
    z = np.tile(np.geomspace(0.05, 6.0, 24), len(value) // 24)
    return np.asarray(value) - z / 2 + z / 6


TRAPPING = Claim(
    id="SB-5",
    title="Trapping inequality",
    statement=r"$\frac1n\sum_j P_j(j\ \mathrm{kept}) \le M/n +"
    r" \sqrt{\mathrm{kl}\,E_0\tau/2n}$; for uniform exploration"
    r" $\mathrm{hit}_n(z) \le 1/n + z/2$.",
    provenance=Provenance("derived", "step of SB-4"),
    kind=kinds.upper_bound(evidence="exact"),
    design=trapping,
    sizes={
        "quick": {"others": (16, 256, 4096)},
        "paper": {"others": (16, 256, 4096, 65536)},
        "gpu": {"others": (16, 256, 4096, 65536)},
    },
    mutants=(Mutant("z/6 for z/2", claimed(_a_third_of_the_divergence)),),
)


def separation(*, arms: int, per_arm: float) -> Design:
    """SB-13: elimination with all arms in memory is below the bound."""
    sweep = game(
        drawn.drawn_keep_top,
        {"late": LATE, "per_arm": [per_arm]},
        {"width": arms},
        16,
        pulls=8.0,
        memory=1e9,
        **hard(arms),
    )
    bound = number(theory.regret_lower_bound(arms, arms * per_arm).value)
    return Design(
        sweeps={"all": sweep},
        observe=lambda data: rows(prior(averaged(data["all"].regret)) / bound),
        claimed=1.0,
        tol=Tolerance(0.0, "elimination is ten times below the bound"),
    )


def _one_arm(sweep: Sweep) -> Sweep:
    """The same player when it may keep one arm only: uniform exploration, tuned."""
    arms = next(iter(sweep.static["width"]))

    def pulls(per_arm: float, **_: Any) -> float:
        return number(theory.tuned_pulls(arms, arms * per_arm, SIGMA, 0.5))

    return with_inputs(memory=1.0, pulls=pulls)(sweep)


SEPARATION = Claim(
    id="SB-13",
    title="Full memory beats the bound",
    statement="Elimination with all arms in memory has regret below the bound for one"
    " arm of memory (estimate: regret over bound): the bound needs the memory limit.",
    provenance=Provenance("classical", "full memory: order of the square root of KT"),
    kind=kinds.upper_bound(),
    design=separation,
    sizes={
        "quick": {"seeds": 128, "arms": 256, "per_arm": 1e8},
        "paper": {"seeds": 256, "arms": 4096, "per_arm": 1e8},
        "gpu": {"seeds": 4096, "arms": 4096, "per_arm": 1e10},
    },
    mutants=(Mutant("one arm of memory", played(all=_one_arm), shift=0.9),),
)

CLAIMS = (EXACT_PLAYERS, PLAYERS, MEMORY, CLOSE, TRAPPING, SEPARATION)
