"""Claims about the rising bar and the budget king: one arm in memory."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from ...sims import bandits as sims
from ...sims.sweep import Sweep
from ...theory import bandits as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, lanes, rows
from .common import (
    SIGMA,
    STAGES,
    WIDTH,
    Observed,
    game,
    number,
    padded_stages,
    played,
    scaled,
    with_inputs,
)

EPS, FOREVER = 0.02, 1e15
FIRST, RISE = 400.0, 0.02  # the bar of the loss and accept claims: L = 7
SEVEN = FIRST * 2.0 ** np.arange(7)
DUEL, INCOME, KING_GAP = 200.0, 400.0, 0.1


def stages_of(score: float, arms: int) -> np.ndarray:
    r"""Stages for $n_1 \varepsilon^2$ = score: doubling, as many as K arms need."""
    count = int(np.ceil(np.log2(8 / score * np.log(100 * arms)))) + 1
    return score / EPS**2 * 2.0 ** np.arange(count)


def bar_game(size: int, score: tuple[float, ...], width: int) -> Sweep:
    """The bar on K arms, one arm at +1.01 ε in the second half of the stream."""
    return game(
        sims.drawn_bar,
        {"score": list(score)},
        {"width": width},
        stage_pulls=lambda score: padded_stages(stages_of(score, size)),
        rise=EPS / 2,
        horizon=FOREVER,
        gap=1.01 * EPS,
        arms=float(size),
        first=float(size // 2),
    )


def gauss_bound(size: int, score: float) -> float:
    """SB-9(b) at η = ε/4, Gaussian tails."""
    stages = stages_of(score, size)
    return number(
        theory.bar_failure_upper_bound(size, stages, EPS / 2, EPS / 4, SIGMA, "gauss")
    )


def sharp_bound(size: int, score: float) -> float:
    """The failure for K → ∞: $1 - S_L(a - d)$ on a slippage instance."""
    root = np.sqrt(score) / (2 * SIGMA) * 2
    a, d = root / 2, 1.01 * root
    survival = theory.bar_survival(a - d, 2.0, len(stages_of(score, size)))
    return 1 - float(np.asarray(survival)[-1])


def failure(
    *,
    arms: tuple[int, ...],
    widths: tuple[int, ...],
    score: tuple[float, ...],
    bound: Callable[..., float],
) -> Design:
    """SB-9: is the loss above ε, at every K?"""

    def observe(data: Observed) -> xr.DataArray:
        parts = [lanes(data[f"bar {size}"].loss) for size in arms]
        seeds = min(part.sizes["seed"] for part in parts)
        return xr.concat([part.isel(seed=slice(seeds)) for part in parts], "point")

    margin = 0.0 if bound is gauss_bound else 0.03
    origin = "noise of θ and accepts above it (0.003); the rest is the interval"
    sizes = zip(arms, widths, strict=True)
    return Design(
        sweeps={f"bar {k}": bar_game(k, score, width) for k, width in sizes},
        observe=observe,
        claimed=np.array([bound(size, s) for size in arms for s in score]),
        tol=Tolerance(margin, origin if margin else "the bound has slack 10"),
    )


def _one_stage(design: Design) -> Design:
    """The bar without its later stages: every arm is judged after n_1 pulls."""
    first = with_inputs(stage_pulls=lambda score, **_: np.full(STAGES, score / EPS**2))
    return played(**dict.fromkeys(design.sweeps, first))(design)


def _uniform(design: Design) -> Design:
    """Uniform exploration with m = n_1 in place of the bar, at the largest K."""
    name = list(design.sweeps)[-1]

    def explore(sweep: Sweep) -> Sweep:
        kept = {k: sweep.derive[k] for k in ("horizon", "instance")}
        pulls = {"pulls": lambda score, **_: score / EPS**2}
        return replace(sweep, sim=sims.drawn_uniform, derive={**kept, **pulls})

    return played(**{name: explore})(design)


BAR = Provenance("derived", "sequential rejection against a rising reference")
SCORES = (4.0, 8.0)


def _sizes(bound: Callable[..., float]) -> dict[str, dict[str, Any]]:
    """K up to 1024 at quick, in one program; up to 8192 at paper."""
    rule, many = {"score": SCORES, "bound": bound}, (64, 1024, 8192)
    return {
        "quick": {"seeds": 2048, "arms": (64, 1024), "widths": (WIDTH,) * 2, **rule},
        "paper": {"seeds": 8192, "arms": many, "widths": many, **rule},
        "gpu": {"seeds": 65536, "arms": many, "widths": many, **rule},
    }


FAILURE = Claim(
    id="SB-9.failure",
    title="Rising bar: failure does not grow with K",
    statement=r"$P(\mu^*-\mu_{king} > h + 2\eta) \le \sum_\ell q(n_\ell) + K q(n_L)$,"
    r" $q(n) = \Phi(-\sqrt n\,\eta/\sigma)$, $h = \varepsilon/2$,"
    r" $\eta = \varepsilon/4$.",
    provenance=BAR,
    kind=kinds.tail_bound(EPS),
    design=failure,
    sizes=_sizes(gauss_bound),
    mutants=(Mutant("no late stages (L = 1)", _one_stage, shift=0.06),),
)
SHARP = replace(
    FAILURE,
    id="SB-9.flat",
    title="Rising bar: the sharp failure probability",
    statement=r"On a slippage instance the bar fails with probability at most"
    r" $1 - S_L(a-d)$ (its value for $K \to \infty$), at every K.",
    sizes=_sizes(sharp_bound),
    mutants=(
        Mutant("uniform exploration with m = n_1", _uniform, shift=0.15),
        Mutant("no late stages (L = 1)", _one_stage, shift=0.3),
    ),
)


def bar_loss(*, arms: int) -> Design:
    """SB-9(c): expected loss at the worst of twenty gaps, located by quadrature."""
    unit = SIGMA / np.sqrt(FIRST)
    leads = np.geomspace(0.3, 6.0, 20)
    missed = [
        1 - np.asarray(theory.bar_survival(RISE / unit - d, 2.0, len(SEVEN)))[-1]
        for d in leads
    ]
    sweep = game(
        sims.drawn_bar,
        {"gap": [float(unit * leads[np.argmax(leads * np.array(missed))])]},
        {"width": arms},
        64,
        stage_pulls=padded_stages(SEVEN),
        rise=RISE,
        horizon=FOREVER,
        arms=float(arms),
    )
    return Design(
        sweeps={"bar": sweep},
        observe=lambda data: rows(data["bar"].loss),
        claimed=number(theory.bar_loss_upper_bound(arms, SEVEN, RISE)),
        tol=Tolerance(0.0, "the bound has slack 4.6"),
    )


LOSS = Claim(
    id="SB-9.loss",
    title="Rising bar: expected loss",
    statement=r"$E[\mu^*-\mu_{king}] \le h + \sigma\sqrt{2\log(K+1)/n_L}"
    r" + \sigma/2\sqrt{n_L} + \sigma e^{-1/2}\sum_\ell n_\ell^{-1/2}$.",
    provenance=BAR,
    kind=kinds.upper_bound(),
    design=bar_loss,
    sizes={
        "quick": {"seeds": 256, "arms": 256},
        "paper": {"seeds": 1024, "arms": 256},
        "gpu": {"seeds": 8192, "arms": 256},
    },
    mutants=(scaled("h/2 in place of the bound", 0.01 / 0.0792),),
)


def accepts(*, arms: int) -> Design:
    """SB-9(a): every accept lifts the bar by h, on every path."""
    sweep = game(
        sims.drawn_bar,
        {"family": [0.0, 1.0, 4.0]},
        {"width": arms},
        stage_pulls=padded_stages(SEVEN),
        rise=RISE,
        horizon=FOREVER,
        gap=0.4,
        arms=float(arms),
    )

    def observe(data: Observed) -> xr.DataArray:
        bar = data["bar"]
        climbed = bar.bar_last - bar.bar_first
        return rows((bar.accepts - 1.0) * RISE - climbed)

    return Design(
        sweeps={"bar": sweep},
        observe=observe,
        claimed=np.zeros(3),
        tol=Tolerance(1e-9, "rounding"),
    )


ACCEPTS = Claim(
    id="SB-9.accepts",
    title="Rising bar: few kings",
    statement=r"On every path"
    r" $(\mathrm{accepts}-1)\,h \le \theta_{end}-\theta_{first}$.",
    provenance=BAR,
    kind=kinds.upper_bound(evidence="exact"),
    design=accepts,
    sizes={
        "quick": {"seeds": 64, "arms": 256},
        "paper": {"seeds": 1024, "arms": 256},
        "gpu": {"seeds": 8192, "arms": 256},
    },
    mutants=(
        Mutant(
            "compares with θ, not with θ + h",
            played(bar=with_inputs(rise=1e-12)),
            shift=0.5,
        ),
    ),
)


def king_game(arms: tuple[int, ...], gap: float) -> Sweep:
    """The budget king on slippage instances, best arm at a random position."""
    return game(
        sims.drawn_king,
        {"size": list(arms)},
        {"width": max(*arms, WIDTH)},
        first_pulls=DUEL,
        income=INCOME,
        grant=INCOME,
        horizon=FOREVER,
        gap=gap,
        arms=lambda size, **_: float(size),
    )


def king_failure(*, arms: tuple[int, ...]) -> Design:
    """SB-10: is the best arm, leading by Δ, not the last king?"""
    bound = theory.king_failure_upper_bound(DUEL, INCOME, INCOME, KING_GAP).bound
    return Design(
        sweeps={"king": king_game(arms, KING_GAP)},
        observe=lambda data: lanes(data["king"].loss),
        claimed=np.full(len(arms), number(bound)),
        tol=Tolerance(0.0, "the bound has slack 5"),
    )


KING = Provenance("derived", "algorithm: Assadi–Wang; Lundberg's inequality")
KING_FAILURE = Claim(
    id="SB-10.failure",
    title="Budget king: failure does not grow with K",
    statement=r"$P(\mathrm{fail}) \le \sum_\ell q_\ell + e^{-\theta\varphi_0}$ where"
    r" the best arm leads by $\Delta = 0.1$.",
    provenance=KING,
    kind=kinds.tail_bound(0.0),
    design=king_failure,
    sizes={
        "quick": {"seeds": 1024, "arms": (30, 300)},
        "paper": {"seeds": 4096, "arms": (30, 300, 3000)},
        "gpu": {"seeds": 65536, "arms": (30, 300, 3000)},
    },
    mutants=(
        Mutant(
            "no budget: dethroned by one lost duel",
            played(king=with_inputs(income=DUEL, grant=0.0)),
            shift=0.7,
        ),
    ),
)


def king_pulls(*, arms: tuple[int, ...]) -> Design:
    """SB-10: pulls on every path, on equal arms (the dearest instance)."""
    caps = [theory.king_pulls_upper_bound(k, INCOME, INCOME) for k in arms]

    def observe(data: Observed) -> xr.DataArray:
        explored = rows(data["king"].explored)
        return explored / xr.DataArray(np.array(arms, float), dims="point")

    return Design(
        sweeps={"king": king_game(arms, 1e-12)},
        observe=observe,
        claimed=np.array([number(c) / k for c, k in zip(caps, arms, strict=True)]),
        tol=Tolerance(1e-9, "rounding"),
    )


KING_PULLS = Claim(
    id="SB-10.pulls",
    title="Budget king: pulls on every path",
    statement=r"Exploration takes at most $2(K-1)(b+\varphi_0)+2\varphi_0$ pulls"
    " (estimate: pulls per arm).",
    provenance=KING,
    kind=kinds.upper_bound(evidence="exact"),
    design=king_pulls,
    sizes={
        "quick": {"seeds": 256, "arms": (30, 300)},
        "paper": {"seeds": 1024, "arms": (30, 300, 3000)},
        "gpu": {"seeds": 4096, "arms": (30, 300, 3000)},
    },
    mutants=(scaled("cap without the factor 2", 0.5),),
)

CLAIMS = (FAILURE, SHARP, LOSS, ACCEPTS, KING_FAILURE, KING_PULLS)
