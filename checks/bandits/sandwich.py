"""Claims about exact minimax constants: the numbers of the sandwich (SB-8)."""

from typing import Any

import numpy as np
import xarray as xr

from ...theory import bandits as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds
from .common import Observed, claimed, exactly, number, seen

PER_ARM = 1e6
ARMS = (16, 256, 4096, 65536, 1048576)
UNIFORM = (0.4483, 0.6804, 0.8471, 0.9818, 1.0963)
FOURS = (0.4005, 0.4836, 0.5015, 0.5057, 0.5067)
SIXTEENS = (0.5160, 0.5309, 0.5343, 0.5351)  # from K = 256 on; at 16 it is uniform
DERIVED = Provenance("derived", "quadrature and one-dimensional minimisation")
NUMBERS = Tolerance(2e-3, "optimiser, grid of gaps, four printed digits")


def table() -> Design:
    """SB-8: worst regret at the best tuning, over S₀, T/K = 1e6."""

    def observe(_: Observed) -> xr.DataArray:
        uniform = [theory.uniform_minimax(k, k * PER_ARM) for k in ARMS]
        ladders = [
            theory.ladder_minimax(group, levels, group**levels * PER_ARM)
            for group, depths in ((4, range(2, 11, 2)), (16, range(2, 6)))
            for levels in depths
        ]
        found = [float(np.asarray(x)[0]) for x in (*uniform, *ladders)]
        names = ["uniform"] * 5 + ["ladder, g=4"] * 5 + ["ladder, g=16"] * 4
        return exactly(found, 1e-6, player=names, arms=[*ARMS, *ARMS, *ARMS[1:]])

    return Design(
        observe=observe, claimed=np.array([*UNIFORM, *FOURS, *SIXTEENS]), tol=NUMBERS
    )


def _half_the_arms(value: Any) -> np.ndarray:
    """The uniform column with the width of K/2 arms: $(w_{K/2}^2/8)^{1/3}$."""
    widths = [number(theory.slippage_width(k // 2).width) for k in ARMS]
    made = np.array(value, dtype=float)
    made[: len(ARMS)] = np.cbrt(np.array(widths) ** 2 / 8)
    return made


TABLE = Claim(
    id="SB-8.table",
    title="Minimax constants of uniform exploration and ladders",
    statement="The smallest worst-case regret over $K^{1/3}T^{2/3}$ on slippage"
    " instances at $T/K = 10^6$: uniform exploration grows with K, ladders saturate.",
    provenance=DERIVED,
    kind=kinds.identity(),
    design=table,
    sizes={"quick": {}, "paper": {}, "gpu": {}},
    mutants=(Mutant("uniform with the hits of K/2 arms", claimed(_half_the_arms)),),
)


def slopes() -> Design:
    """SB-8: exponents of C·S₀ in T and in K, fitted to quadrature numbers."""
    width = [number(theory.slippage_width(4**n).width) for n in range(3, 10)]
    predicted = _slope(np.log(np.square(width) * 4.0 ** np.arange(3, 10)) / 3, 4.0)

    def observe(_: Observed) -> xr.DataArray:
        fitted = [*_in_horizon(), *_in_arms()]
        names = ["uniform", "ladder"] * 2
        return exactly(fitted, 1e-4, player=names, variable=["T", "T", "K", "K"])

    return Design(
        observe=observe,
        claimed=np.array([2 / 3, 2 / 3, predicted, 0.344]),
        tol=Tolerance(
            np.array([0.005, 0.005, 0.01, 0.011]), "local curvature over the range"
        ),
    )


def _in_horizon() -> list[float]:
    """K = 256, T/K from 1e5 to 1e11."""
    totals = 256 * 10.0 ** np.arange(5, 12)
    uniform = [float(np.asarray(theory.uniform_minimax(256, t))[0]) for t in totals]
    ladder = [float(np.asarray(theory.ladder_minimax(4, 4, t, 2.2))[0]) for t in totals]
    return [2 / 3 + _slope(np.log(c), 10.0) for c in (uniform, ladder)]


def _in_arms() -> list[float]:
    """T = 1e13, K from 4³ to 4⁹."""
    levels = range(3, 10)
    uniform = [float(np.asarray(theory.uniform_minimax(4**n, 1e13))[0]) for n in levels]
    ladder = [
        float(np.asarray(theory.ladder_minimax(4, n, 1e13, 2.2))[0]) for n in levels
    ]
    return [1 / 3 + _slope(np.log(c), 4.0) for c in (uniform, ladder)]


def _slope(logs: Any, ratio: float) -> float:
    """Least-squares slope of logs at sizes that grow by `ratio`."""
    x = np.log(ratio) * np.arange(len(logs))
    return float(np.polyfit(x, np.asarray(logs), 1)[0])


SLOPES = Claim(
    id="SB-8.slopes",
    title="Exponents in T and K",
    statement=r"The minimax regret grows as $T^{2/3}$; in K as $(w_K^2 K)^{1/3}$ for"
    r" uniform exploration and nearly as $K^{1/3}$ for the ladder.",
    provenance=Provenance("paper", "orders: Theorems 1 and 2; numbers: derived"),
    kind=kinds.identity(),
    design=slopes,
    sizes={"quick": {}, "paper": {}, "gpu": {}},
    mutants=(
        Mutant("$T^{1/2}$", claimed(np.array([0.5, 0.5, 0.4021, 0.344]))),
        Mutant("$K^{2/3}$", claimed(np.array([2 / 3, 2 / 3, 2 / 3, 2 / 3]))),
        Mutant(
            "$K^{1/3}$ for uniform", claimed(np.array([2 / 3, 2 / 3, 1 / 3, 0.344]))
        ),
    ),
)


def lead() -> Design:
    """SB-8: by how much the exponent of uniform exploration in K is larger."""

    def observe(_: Observed) -> xr.DataArray:
        uniform, ladder = _in_arms()
        return exactly(uniform - ladder, 1e-4)

    return Design(
        observe=observe,
        claimed=0.04,
        tol=Tolerance(0.0, "the exponents are 0.403 and 0.343"),
    )


LEAD = Claim(
    id="SB-8.lead",
    title="Uniform exploration grows faster in K than the ladder",
    statement="The fitted exponents in K of uniform exploration and of the ladder"
    r" differ by at least 0.04 ($K = 4^3 … 4^9$, $T = 10^{13}$).",
    provenance=DERIVED,
    kind=kinds.lower_bound(evidence="exact"),
    design=lead,
    sizes={"quick": {}, "paper": {}, "gpu": {}},
    mutants=(
        Mutant(
            "the ladder in place of uniform exploration", seen(lambda _: exactly(0.0))
        ),
    ),
)

CLAIMS = (TABLE, SLOPES, LEAD)
