"""Claims about ladders: upper bound, exact survival, order, two schedules."""

import numpy as np
import xarray as xr

from ...sims import bandits as sims
from ...sims.sweep import Sweep, zip_
from ...theory import bandits as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, lanes, rows
from ..mutants import bandits as wrong
from .common import (
    SIGMA,
    WIDTH,
    Observed,
    claimed,
    game,
    number,
    played,
    widened,
    with_inputs,
)

GROUPS, LEVEL_PULLS, HORIZON, GAP = (4, 4, 4), (30.0, 66.0, 145.0), 5e5, 0.12
ARMS = 64
POSITIONS = (0, 1, 21, 42, 63)
EQUAL = (4, 4, 4, 4)
MONTE_CARLO = Tolerance(0.03, "budget of the Monte Carlo; the law is exact")
DERIVED = Provenance("derived", "fresh noise at every level")


def survival(*, first: tuple[float, ...], last: tuple[float, ...]) -> Design:
    """SB-7: does the best arm survive, wherever it stands in first … last?"""
    ladder = game(
        sims.drawn_ladder,
        zip_(first=first, last=last),
        {"width": ARMS, "groups": GROUPS},
        level_pulls=np.array(LEVEL_PULLS),
        horizon=HORIZON,
        gap=GAP,
        arms=float(ARMS),
    )
    exact = theory.ladder_slippage_exact(4, 3, np.array(LEVEL_PULLS), HORIZON, GAP)
    return Design(
        sweeps={"ladder": ladder},
        observe=lambda data: lanes(data["ladder"].loss == 0),
        claimed=np.full(len(first), number(exact.survival)),
        tol=MONTE_CARLO,
    )


def _accumulated() -> float:
    """Survival if pulls added up over the levels: one selection among 64."""
    z = GAP * np.sqrt(sum(LEVEL_PULLS)) / SIGMA
    return number(theory.slippage_hit(ARMS, z))


def _remeasured(sweep: Sweep) -> Sweep:
    """A ladder whose champions are measured anew at every challenge."""

    def means(first: float, last: float) -> np.ndarray:
        place = (first + last) / 2
        return np.where(np.arange(ARMS) == place, 0.5 + GAP, 0.5)

    return game(
        wrong.remeasuring_ladder,
        sweep.dynamic,
        {"groups": GROUPS},
        level_pulls=np.array(LEVEL_PULLS),
        horizon=HORIZON,
        means=means,
    )


SURVIVAL = Claim(
    id="SB-7",
    title="Exact survival in a ladder",
    statement=r"The best arm survives with probability"
    r" $\prod_\ell \mathrm{hit}_g(\Delta\sqrt{s_\ell}/\sigma)$.",
    provenance=DERIVED,
    kind=kinds.value(evidence="frequency"),
    design=survival,
    sizes={
        "quick": {"seeds": 8192, "first": (0.0,), "last": (63.0,)},
        "paper": {"seeds": 32768, "first": (0.0,), "last": (63.0,)},
        "gpu": {"seeds": 262144, "first": (0.0,), "last": (63.0,)},
    },
    mutants=(
        Mutant("pulls accumulate over levels", claimed(lambda _: _accumulated())),
    ),
)
ORDER = Claim(
    id="SB-7.order",
    title="Survival does not depend on the place in the stream",
    statement=r"The survival probability of SB-7 is the same at positions 0, 1, 21, 42"
    " and 63.",
    provenance=DERIVED,
    kind=kinds.value(evidence="frequency"),
    design=survival,
    sizes={
        preset: {
            "seeds": seeds,
            "first": tuple(map(float, POSITIONS)),
            "last": tuple(map(float, POSITIONS)),
        }
        for preset, seeds in (("quick", 8192), ("paper", 32768), ("gpu", 262144))
    },
    mutants=(
        Mutant(
            "champion measured anew at every challenge",
            played(ladder=_remeasured),
            shift=-0.1,
        ),
    ),
)


def ladder_of(
    name: str, arms: int, horizon: float
) -> tuple[tuple[int, ...], np.ndarray]:
    """Groups and pulls: `tower`, or `g/growth` with s_0 at the bound's optimum."""
    if name == "tower":
        tower = theory.ladder_preset("tower", arms, horizon)
        return tuple(tower.groups), np.asarray(tower.level_pulls)
    group, growth = int(name.split("/")[0]), float(name.split("/")[1])
    levels = int(np.ceil(np.log(arms) / np.log(group) - 1e-9))
    spread = SIGMA * np.sqrt(2 * np.log(group)) / (1 - growth**-0.5)
    cost = 1 / (1 - growth / group)
    first = (horizon * spread / (2 * arms * cost)) ** (2 / 3)
    return (group,) * levels, first * growth ** np.arange(levels)


def _worst_gap(groups: tuple[int, ...], pulls: np.ndarray, per_arm: float) -> float:
    """The gap out of twelve with the largest regret, located by quadrature."""
    gaps = np.geomspace(1e-4, 0.5, 12)
    hits = [
        np.asarray(theory.slippage_hit(g, gaps * np.sqrt(s) / SIGMA))
        for g, s in zip(groups, pulls, strict=True)
    ]
    return float(gaps[np.argmax(gaps * (pulls[0] + per_arm * (1 - np.prod(hits, 0))))])


def upper_bound(
    *, arms: int, width: int, per_arm: float, names: tuple[str, ...]
) -> Design:
    """SB-6: mean regret of ladders over their rigorous bound, three families."""
    horizon = arms * per_arm
    sweeps, bounds = {}, []
    for name in names:
        groups, pulls = ladder_of(name, arms, horizon)
        worst = _worst_gap(groups, pulls, per_arm)
        sweeps[name] = game(
            sims.drawn_ladder,
            {"family": [0.0, 1.0, 2.0]},
            {"width": width, "groups": widened(groups, width)},
            replicas=64,
            level_pulls=pulls,
            horizon=horizon,
            gap=worst,
            arms=float(arms),
        )
        bound = theory.ladder_regret_upper_bound(arms, groups, pulls, horizon)
        bounds.append(number(bound))

    def observe(data: Observed) -> xr.DataArray:
        parts = [
            data[name].regret.squeeze(["width", "groups"], drop=True) / bound
            for name, bound in zip(names, bounds, strict=True)
        ]
        seeds = min(part.sizes["seed"] for part in parts)
        cut = [part.isel(seed=slice(seeds)) for part in parts]
        return rows(xr.concat(cut, dim="ladder").assign_coords(ladder=list(names)))

    return Design(
        sweeps=sweeps,
        observe=observe,
        claimed=1.0,
        tol=Tolerance(0.0, "the bound has a slack of at least 2.9"),
    )


LADDERS = {"per_arm": 1e6, "names": ("16/6.36", "4/2.5", "tower")}
UPPER = Claim(
    id="SB-6",
    title="Upper bound for ladders",
    statement=r"$\mathbb{E} R \le \Delta_{\max} P + (T-P)\,\sigma \sum_\ell"
    r" \sqrt{2\log g_\ell / s_\ell}$ (estimate: regret over bound; rigorous kind).",
    provenance=Provenance("derived", "constants and proof; structure: paper"),
    kind=kinds.upper_bound(),
    design=upper_bound,
    sizes={
        "quick": {"seeds": 128, "arms": 1000, "width": WIDTH, **LADDERS},
        "paper": {"seeds": 128, "arms": 65536, "width": 65536, **LADDERS},
        "gpu": {"seeds": 4096, "arms": 65536, "width": 65536, **LADDERS},
    },
    mutants=(
        Mutant(
            r"$\sqrt{KT}$ in place of $K^{1/3} T^{2/3}$",
            claimed(lambda value: value * 1e6 ** (-1 / 6)),
        ),
    ),
)


def schedules(*, arms: tuple[float, ...]) -> Design:
    """SB-14: the streaming run and the reshape, on the same noise."""
    both = game(sims.ladder_both_ways, {"arms": arms}, {"groups": EQUAL}, flush=1.0)

    def observe(data: Observed) -> xr.DataArray:
        found = data["both"]
        differs = 1.0 - found.same_arm + np.abs(found.extra_pulls)
        slots = np.maximum(found.peak_memory - len(EQUAL), 0)
        table = rows(differs + slots)
        table.attrs["error"] = 0.0
        return table

    return Design(
        sweeps={"both": both},
        observe=observe,
        claimed=np.zeros(len(arms)),
        tol=Tolerance(0.0, "exact equality"),
    )


SCHEDULES = Claim(
    id="SB-14",
    title="Streaming and reshaped ladder are the same",
    statement="With the same noise both return the same arm and pull count, and the"
    " stream never holds more than one champion per level.",
    provenance=Provenance("derived", "induction over the stream"),
    kind=kinds.identity(),
    design=schedules,
    sizes={
        preset: {
            "seeds": seeds,
            "arms": tuple(np.linspace(65, 256, n).round().tolist()),
        }
        for preset, seeds, n in (("quick", 64, 5), ("paper", 256, 20), ("gpu", 256, 20))
    },
    mutants=(
        Mutant(
            "partial groups are not promoted",
            played(both=with_inputs(flush=0.0)),
            shift=1.0,
        ),
    ),
)

CLAIMS = (UPPER, SURVIVAL, ORDER, SCHEDULES)
