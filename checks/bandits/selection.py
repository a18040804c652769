"""Claims about uniform exploration: laws, exact regret, upper bound, tunings."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from ...sims import bandits as sims
from ...sims.bandits import drawn
from ...sims.sweep import Sweep, zip_
from ...theory import bandits as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, lanes, rows
from .common import (
    Observed,
    constant,
    exactly,
    game,
    number,
    played,
    scaled,
    seen,
    spread,
    uniform_law,
    with_inputs,
)

WIDTH, MOST = 32, 64  # arms, and pulls of an arm, of the shared programs
EIGHT = np.array([0.5, 0.55, 0.6, 0.45, 0.4, 0.7, 0.65, 0.3])
FIVE = np.array([0.5, 0.45, 0.48, 0.3, 0.49])
CHAIN = np.linspace(0.4, 0.6, 32)
SHUFFLE = np.random.default_rng(0).permutation(32)
DKW = Tolerance(0.04, "half width of the law engine at 16384 seeds (0.018); exact law")
BERNOULLI, PULL_BY_PULL = {"reward": "bernoulli"}, {"most": MOST}


def _as(sim: Any, static: Mapping[str, Any], **inputs: float) -> Any:
    """The same cells played by another simulator, with further inputs."""

    def change(sweep: Sweep) -> Sweep:
        extra = {name: constant(value) for name, value in inputs.items()}
        fixed = {name: [value] for name, value in static.items()}
        return replace(sweep, sim=sim, static=fixed, derive={**sweep.derive, **extra})

    return change


# The mean of a batch drawn as N(μ, 4/m), as in public code for large m: σ = 2.
WIDE = _as(sims.simulate_uniform, {}, sigma=2.0)
# Bernoulli rewards; of arms with the same count the first one wins.
FIRST_WINS = _as(sims.simulate_pull_by_pull, PULL_BY_PULL, fair=0.0)


def batch_law() -> Design:
    """SB-1: the chosen arm when every batch is one binomial draw."""
    sweep = game(
        sims.simulate_uniform,
        {"pulls": [20.0]},
        BERNOULLI,
        means=sims.padded(EIGHT, WIDTH),
        horizon=1000.0,
    )
    return Design(
        sweeps={"uniform": sweep}, observe=_bernoulli_cover(20), claimed=0.0, tol=DKW
    )


def pull_law() -> Design:
    """SB-1: the chosen arm when every pull is drawn by itself."""
    sweep = game(
        sims.simulate_pull_by_pull,
        {"pulls": [20.0]},
        PULL_BY_PULL,
        means=sims.padded(EIGHT, WIDTH),
        horizon=1000.0,
    )
    return Design(
        sweeps={"uniform": sweep}, observe=_bernoulli_cover(20), claimed=0.0, tol=DKW
    )


def _bernoulli_cover(pulls: int) -> Any:
    def observe(data: Observed) -> xr.DataArray:
        law = theory.bernoulli_select_probs(EIGHT, pulls)
        return spread(lanes(data["uniform"].chosen), law)

    return observe


BATCH = Claim(
    id="SB-1.batch",
    title="One draw per batch",
    statement=r"One binomial draw per batch gives the arm chosen by uniform exploration"
    r" the law $P_i = \sum_x f_i(x) \int_0^1 \prod_{j\ne i}(F_j(x-1)+u f_j(x))\,du$.",
    provenance=Provenance("derived", "sufficient statistics; order statistics"),
    kind=kinds.law(cdf=uniform_law),
    design=batch_law,
    sizes={
        "quick": {"seeds": 16384},
        "paper": {"seeds": 65536},
        "gpu": {"seeds": 262144},
    },
    mutants=(
        Mutant("batch mean with variance 4/m", played(uniform=WIDE), shift=0.30),
        Mutant("the law of four times the pulls", seen(_bernoulli_cover(80))),
    ),
)
PULLS = replace(
    BATCH,
    id="SB-1.pulls",
    title="One draw per pull",
    statement="Drawing every pull by itself gives the chosen arm the same law.",
    design=pull_law,
    mutants=(Mutant("batch mean with variance 4/m", played(uniform=WIDE), shift=0.30),),
)


def gaussian_law() -> Design:
    """SB-2: the chosen arm, Gaussian rewards."""
    sweep = game(
        sims.simulate_uniform,
        {"pulls": [50.0]},
        means=sims.padded(FIVE, WIDTH),
        horizon=1e4,
    )
    return Design(
        sweeps={"uniform": sweep}, observe=_gaussian_cover(50), claimed=0.0, tol=DKW
    )


def _gaussian_cover(pulls: float) -> Any:
    def observe(data: Observed) -> xr.DataArray:
        law = theory.uniform_select_probs(FIVE, pulls)
        return spread(lanes(data["uniform"].chosen), law)

    return observe


LAW = replace(
    BATCH,
    id="SB-2.law",
    title="The chosen arm, Gaussian rewards",
    statement=r"$P_i = \int \varphi(x) \prod_{j\ne i} \Phi(x + (\mu_i-\mu_j)\sqrt m/"
    r"\sigma)\,dx$.",
    design=gaussian_law,
    mutants=(
        Mutant("standard deviation of the mean halved", seen(_gaussian_cover(200))),
    ),
)


def bernoulli_hit() -> Design:
    """SB-2: the good Bernoulli arm is chosen, with fair ties."""
    cells = zip_(pulls=[40.0, 5.0], base=[0.4, 0.5], good=[0.5, 0.6])
    sweep = game(
        sims.simulate_uniform,
        cells,
        BERNOULLI,
        means=lambda base, good, **_: sims.padded(np.array([base] * 7 + [good]), WIDTH),
        horizon=5000.0,
    )

    def hit(pulls: float, base: float, good: float) -> Any:
        return theory.bernoulli_slippage_hit(8, int(pulls), base, good)

    return Design(
        sweeps={"uniform": sweep},
        observe=lambda data: lanes(data["uniform"].loss == 0),
        claimed=sweep.map(hit),
        tol=Tolerance(0.02, "Monte Carlo budget of 16384 seeds; the law is exact"),
    )


def _of_half_the_arms(design: Design) -> Design:
    cells = ((40, 0.4, 0.5), (5, 0.5, 0.6))
    hits = [number(theory.bernoulli_slippage_hit(4, *cell)) for cell in cells]
    return replace(design, claimed=np.array(hits))


HIT = Claim(
    id="SB-2.hit",
    title="Bernoulli slippage, fair ties",
    statement=r"For K = 8, $P(\mathrm{hit}) = \sum_x q(x) \frac1K"
    r" \sum_{j<K} F(x)^j F(x-1)^{K-1-j}$.",
    provenance=Provenance("derived", "order statistics of binomials, jittered ties"),
    kind=kinds.value(evidence="frequency"),
    design=bernoulli_hit,
    sizes={
        "quick": {"seeds": 16384},
        "paper": {"seeds": 131072},
        "gpu": {"seeds": 1048576},
    },
    mutants=(
        Mutant("ties go to the first index", played(uniform=FIRST_WINS), shift=0.09),
        Mutant("the formula for K/2 arms", _of_half_the_arms),
    ),
)


def order_law() -> Design:
    """SB-2: the same law in three orders of arrival."""
    orders = (CHAIN, CHAIN[::-1], CHAIN[SHUFFLE])
    sweep = game(
        sims.simulate_uniform,
        {"order": [0, 1, 2]},
        means=lambda order, **_: orders[order],
        pulls=60.0,
        horizon=1e4,
    )

    def observe(data: Observed) -> xr.DataArray:
        laws = [theory.uniform_select_probs(means, 60.0) for means in orders]
        return spread(lanes(data["uniform"].chosen), np.stack([*map(np.asarray, laws)]))

    return Design(sweeps={"uniform": sweep}, observe=observe, claimed=0.0, tol=DKW)


ORDER = replace(
    BATCH,
    id="SB-2.order",
    title="Order of arrival",
    statement="Uniform exploration chooses arms by the same law in every order.",
    design=order_law,
    sizes=BATCH.sizes,
    mutants=(
        Mutant(
            "Bernoulli rewards, ties to the first index",
            played(uniform=FIRST_WINS),
            shift=0.066,
        ),
    ),
)


def upper_bound(*, arms: tuple[int, ...], per_arm: tuple[float, ...]) -> Design:
    """SB-3: mean regret over the bound, three families, worst of twelve gaps."""
    gaps = np.geomspace(1e-4, 1.0, 12)

    def worst_gap(family: float, size: int, horizon: float) -> float:
        """Located by quadrature: the same selection problem with K or K/2 arms."""
        pulls = number(theory.tuned_pulls(size, horizon))
        rivals = size if family == 0 else size // 2
        miss = 1 - np.asarray(theory.slippage_hit(rivals, gaps * np.sqrt(pulls) / 0.5))
        return float(gaps[np.argmax(gaps * miss)])

    sweep = game(
        drawn.drawn_uniform,
        {"family": [0.0, 1.0, 3.0], "size": list(arms), "per_arm": list(per_arm)},
        {"width": max(arms)},
        replicas=64,
        arms=lambda size, **_: float(size),
        horizon=lambda size, per_arm, **_: size * per_arm,
        pulls=lambda size, per_arm, **_: number(
            theory.tuned_pulls(size, size * per_arm)
        ),
        gap=lambda family, size, per_arm, **_: worst_gap(family, size, size * per_arm),
    )
    sweep = replace(
        sweep, static={"width": arms}, where=lambda width, size, **_: width == size
    )

    def bound(size: int, per_arm: float) -> Any:
        pulls = theory.tuned_pulls(size, size * per_arm)
        return theory.uniform_regret_upper_bound(size, size * per_arm, pulls)

    def observe(data: Observed) -> xr.DataArray:
        return rows(data["uniform"].regret) / sweep.map(bound)

    return Design(
        sweeps={"uniform": sweep},
        observe=observe,
        claimed=1.0,
        tol=Tolerance(0.0, "the bound has a slack of at least 2"),
    )


def _grid(
    seeds: int, arms: tuple[int, ...], per_arm: tuple[float, ...]
) -> dict[str, Any]:
    return {"seeds": seeds, "arms": arms, "per_arm": per_arm}


UPPER = Claim(
    id="SB-3",
    title="Upper bound for uniform exploration",
    statement=r"$\mathbb{E} R \le \frac32 (K\log K)^{1/3} T^{2/3}$ at"
    r" $m^* = \frac12 (\log K)^{1/3} (T/K)^{2/3}$ (estimate: regret over bound).",
    provenance=Provenance("derived", "maximal inequality; the paper has log^{1/3} T"),
    kind=kinds.upper_bound(),
    design=upper_bound,
    sizes={
        "quick": _grid(128, (64, 1024), (1e4, 1e6)),
        "paper": _grid(128, (64, 1024, 16384), (1e4, 1e6, 1e8)),
        "gpu": _grid(1024, (64, 1024, 65536), (1e4, 1e6, 1e8)),
    },
    mutants=(scaled("constant 1/2 for 3/2", 1 / 3),),
)


def tuning_ratio(*, arms: tuple[int, ...]) -> Design:
    """SB-11: regret of tuned over paper-tuned exploration, clear-cut instances."""

    def observe(data: Observed) -> xr.DataArray:
        return exactly([_ratio(size) for size in arms], arms=arms)

    wanted = [theory.tuned_over_paper_ratio(size, 1000.0 * size**3) for size in arms]
    return Design(
        observe=observe,
        claimed=np.array([*map(number, wanted)]),
        tol=Tolerance(0.005, "commit error at T = 1000 K³"),
    )


def _ratio(arms: int) -> float:
    """One clear-cut instance, exact expected regret of both tunings."""
    rng, horizon = np.random.default_rng(arms), 1000.0 * arms**3
    others = np.clip(rng.normal(0.5, 0.1, arms - 1), 0.0, 0.8)
    means = np.append(others, 0.82)
    tuned, paper = (
        theory.uniform_regret_exact(means, tuning(arms, horizon), horizon)
        for tuning in (theory.tuned_pulls, theory.paper_pulls)
    )
    return number(tuned) / number(paper)


RATIO = Claim(
    id="SB-11",
    title="What tuning alone saves",
    statement=r"On the paper's instances tuned over paper-tuned uniform exploration is"
    r" $\frac12 (\log K/\log T)^{1/3}$.",
    provenance=Provenance("derived", "the commit error is negligible there"),
    kind=kinds.identity(),
    design=tuning_ratio,
    sizes={
        "quick": {"arms": (500, 5000)},
        "paper": {"arms": (500, 5000, 50000)},
        "gpu": {"arms": (500, 5000, 50000)},
    },
    mutants=(scaled("ratio without 1/2", 2.0),),
)


def finds_the_best(*, arms: tuple[int, ...], width: int) -> Design:
    """SB-11: tuned exploration ends on the best arm of clear-cut instances."""
    sweep = game(
        drawn.drawn_uniform,
        {"arms": [float(size) for size in arms]},
        {"width": width},
        family=2.0,
        gap=0.0,
        horizon=lambda arms: 1000.0 * arms**3,
        pulls=lambda arms: number(theory.tuned_pulls(int(arms), 1000.0 * arms**3)),
    )
    return Design(
        sweeps={"uniform": sweep},
        observe=lambda data: lanes(data["uniform"].loss == 0),
        claimed=np.full(len(arms), 0.95),
        tol=Tolerance(0.0, "the lead is 24 standard deviations of a mean and more"),
    )


BEST = Claim(
    id="SB-11.best",
    title="Tuned exploration finds the best arm",
    statement="On clear-cut instances tuned uniform exploration ends on the best arm"
    " with probability at least 0.95, so that only exploration is paid.",
    provenance=Provenance("derived", "the commit error is negligible there"),
    kind=kinds.lower_bound(evidence="frequency"),
    design=finds_the_best,
    sizes={
        "quick": {"seeds": 1024, "arms": (500,), "width": 1024},
        "paper": {"seeds": 1024, "arms": (500, 5000), "width": 5000},
        "gpu": {"seeds": 4096, "arms": (500, 5000, 50000), "width": 50000},
    },
    mutants=(
        Mutant(
            "a thousandth of the pulls",
            played(
                uniform=with_inputs(
                    pulls=lambda arms: (
                        0.0005 * np.cbrt(np.log(arms)) * 1e2 * arms ** (4 / 3)
                    )
                )
            ),
            shift=-0.5,
        ),
    ),
)

CLAIMS = (BATCH, PULLS, LAW, HIT, ORDER, UPPER, RATIO, BEST)
