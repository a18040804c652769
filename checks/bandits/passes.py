"""Claims about several passes over the stream: exponents and when a pass pays."""

from typing import Any

import numpy as np
import xarray as xr

from ...sims import bandits as sims
from ...sims.sweep import Sweep
from ...theory import bandits as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from .common import SIGMA, Observed, claimed, game, number, played, seen, with_inputs

ARMS, CONF, MOST = 64, 8.0, 4
# Worst gap times sqrt(m_1)/sigma, located by a pilot on other keys (60 gaps, 64 seeds,
# T/K from 1e10 to 1e20); regret is then measured on the fresh keys of the sweep.
WORST = {1: 1.9, 2: 6.5, 3: 4.1, 4: 3.4}
PAPER = Provenance("paper", "Agarwal et al. 2022, Li et al. 2023; variant: derived")


def grid_of(passes: float, per_arm: float) -> np.ndarray:
    """The grid of SB-12, passes that are not made marked infinite."""
    grid = theory.multipass_grid(ARMS, ARMS * per_arm, int(passes))
    return np.append(np.asarray(grid), np.full(MOST - int(passes), np.inf))


def passes_game(passes: tuple[float, ...], per_arm: tuple[float, ...]) -> Sweep:
    """The player with B passes at its worst slippage gap."""
    return game(
        sims.drawn_multipass,
        {"passes": list(passes), "size": [t / per_arm[0] for t in per_arm]},
        {"width": ARMS},
        16,
        grid=lambda passes, size, **_: grid_of(passes, size * per_arm[0]),
        gap=lambda passes, size, **_: _gap(passes, size * per_arm[0]),
        conf=CONF,
        horizon=lambda size, **_: ARMS * per_arm[0] * size,
        family=0.0,
        arms=float(ARMS),
        first=0.0,
        last=ARMS - 1.0,
    )


def _gap(passes: float, per_arm: float) -> float:
    first = grid_of(passes, per_arm)[0]
    return float(min(0.5, WORST[int(passes)] * SIGMA / np.sqrt(first)))


def rate(*, passes: tuple[float, ...], per_arm: tuple[float, ...]) -> Design:
    """SB-12: slope of the worst regret in T."""
    return Design(
        sweeps={"passes": passes_game(passes, per_arm)},
        observe=lambda data: rows(data["passes"].regret.rename(size="column")),
        claimed=np.array([number(theory.multipass_exponent(int(b))) for b in passes]),
        tol=Tolerance(0.008, "drift of the constants above T/K = 1e10"),
    )


def slope(means: np.ndarray) -> np.ndarray:
    """Least-squares slope of log regret in log T; T grows by a factor of 100."""
    x = np.log(100.0) * np.arange(means.shape[-1])
    x -= x.mean()
    return np.log(means) @ x / (x @ x)


def _shifted(by: int) -> Any:
    """The exponents of `by` passes more."""
    passes = {round(2**b / (2 ** (b + 1) - 1), 9): b for b in range(1, 6)}

    def change(value: Any) -> np.ndarray:
        known = [passes[round(float(alpha), 9)] for alpha in np.asarray(value)]
        return np.array([number(theory.multipass_exponent(b + by)) for b in known])

    return claimed(change)


LONG = (1e10, 1e12, 1e14, 1e16, 1e18, 1e20)
RATE = Claim(
    id="SB-12.rate",
    title="Exponent of several passes",
    statement=r"With B passes the worst regret grows as $K^{1-\alpha}T^{\alpha}$,"
    r" $\alpha_B = 2^B/(2^{B+1}-1)$ (estimate: slope over ten decades of T).",
    provenance=PAPER,
    kind=kinds.value(of=slope),
    design=rate,
    sizes={
        "quick": {"seeds": 256, "passes": (2.0, 3.0), "per_arm": LONG},
        "paper": {"seeds": 2048, "passes": (2.0, 3.0, 4.0), "per_arm": LONG},
    },
    mutants=(
        Mutant("the exponent of one pass more", _shifted(1)),
        Mutant("the exponent of one pass less", _shifted(-1)),
    ),
)


def fewer_is_worse(*, per_arm: float) -> Design:
    """SB-12: E R with one pass more, minus E R, at T/K = 1e12, over S₀."""
    unit = number(theory.regret_unit(ARMS, ARMS * per_arm))
    return Design(
        sweeps={"passes": passes_game((2.0, 3.0, 4.0), (per_arm,))},
        observe=lambda data: _gains(data) / unit,
        claimed=np.zeros(2),
        tol=Tolerance(0.0, "at T/K = 1e12 the gain exceeds 10 %"),
    )


def _gains(data: Observed) -> xr.DataArray:
    regret = data["passes"].regret
    two, three, four = (regret.sel(passes=b, drop=True) for b in (2.0, 3.0, 4.0))
    steps = xr.concat([three - two, four - three], "more")
    return rows(steps.assign_coords(more=[3, 4]))


def _reversed(data: Observed) -> xr.DataArray:
    return -_gains(data)


def _too_short(sweep: Sweep) -> Sweep:
    """The same game at T/K = 1e6, where the fourth pass does not pay yet."""
    return with_inputs(
        grid=lambda passes, size, **_: grid_of(passes, 1e6 * size),
        gap=lambda passes, size, **_: _gap(passes, 1e6 * size),
        horizon=lambda size, **_: ARMS * 1e6 * size,
    )(sweep)


ORDERING = Claim(
    id="SB-12.passes",
    title="A further pass pays at large T/K",
    statement=r"At $T/K = 10^{12}$: $E R_{B=3} \le E R_{B=2}$ and"
    r" $E R_{B=4} \le E R_{B=3}$ (differences, over $S_0$).",
    provenance=PAPER,
    kind=kinds.ordering(),
    design=fewer_is_worse,
    sizes={
        "quick": {"seeds": 128, "per_arm": 1e12},
        "paper": {"seeds": 1024, "per_arm": 1e12},
    },
    mutants=(
        Mutant("order reversed", seen(lambda data: 1e-3 + _reversed(data))),
        Mutant("T/K = 1e6", played(passes=_too_short), shift=0.15),
    ),
)


def crossing(*, per_arm: float) -> Design:
    """SB-12: two passes are below the bound for one."""
    bound = number(theory.regret_lower_bound(ARMS, ARMS * per_arm).value)
    return Design(
        sweeps={"passes": passes_game((2.0,), (per_arm,))},
        observe=lambda data: rows(data["passes"].regret) / bound,
        claimed=1.0,
        tol=Tolerance(0.0, "two passes are at 0.64 of it"),
    )


CROSSING = Claim(
    id="SB-12.crossing",
    title="Two passes beat the bound for one",
    statement=r"At $T/K = 10^{12}$ the worst regret of two passes is below the lower"
    " bound for a single pass (estimate: regret over bound).",
    provenance=PAPER,
    kind=kinds.upper_bound(),
    design=crossing,
    sizes={
        "quick": {"seeds": 128, "per_arm": 1e12},
        "paper": {"seeds": 1024, "per_arm": 1e12},
    },
    mutants=(
        Mutant(
            "one pass in place of two",
            played(
                passes=with_inputs(
                    grid=lambda passes, size, **_: grid_of(passes - 1, 1e12 * size),
                    gap=lambda passes, size, **_: _gap(passes - 1, 1e12 * size),
                )
            ),
            shift=1.0,
        ),
    ),
)

CLAIMS = (RATE, ORDERING, CROSSING)
