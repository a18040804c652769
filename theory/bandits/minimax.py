"""Exact minimax regret on slippage instances: the sandwich without Monte Carlo.

Claims: `SB-8` (rates and constants of uniform exploration and of ladders).
"""

import functools

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..maths.domain import require
from ..maths.precision import float64
from .ladder import ladder_miss
from .parameters import Scalar, check_arms
from .search import minimum
from .selection import miss

SIGMA = 0.5
ACCURACY = 1e-5
GAPS = np.geomspace(1e-5, 0.5, 3000)


@float64
def uniform_minimax(
    arms: int, horizon: Scalar, tuning: Scalar | None = None
) -> Float[Array, " 2"]:
    r"""Smallest over m of the largest over Δ ∈ (0, 1/2] of the exact regret, over S₀.

    Args:
        arms: $K$.
        horizon: $T$.
        tuning: $m/(T/K)^{2/3}$, if it is not to be optimised.

    Returns:
        The constant C(K, T) and the tuning $m/(T/K)^{2/3}$ at which it is attained.

    Raises:
        DomainError: If `arms` is below 2.

    Claim:
        SB-8, numerical table [derived].
    """
    check_arms(arms)
    given = None if tuning is None else float(tuning)
    return jnp.asarray(_uniform_minimax(arms, float(horizon), given))


@float64
def ladder_minimax(
    group: int,
    levels: int,
    horizon: Scalar,
    growth: Scalar | None = None,
) -> Float[Array, " 3"]:
    r"""The same for a ladder with $K = g^L$, over $s_0$ and (if not given) ρ.

    Args:
        group: $g$.
        levels: $L$.
        horizon: $T$.
        growth: ρ in (1, g), or None to optimise it.

    Returns:
        The constant, $s_0/(T/K)^{2/3}$ and ρ.

    Raises:
        DomainError: If a group is below 2 or the growth is not in (1, g).

    Claim:
        SB-8, numerical table [derived].
    """
    require(group, group >= 2, "`group` must be at least 2.")
    if growth is None:
        return jnp.asarray(_ladder_minimax(group, levels, float(horizon)))
    holds = (growth > 1) & (growth < group)
    require(growth, holds, f"`growth` must lie between 1 and {group}.")
    best = _ladder_at_growth(group, levels, float(horizon), float(growth))
    return jnp.asarray([*best, float(growth)])


@functools.lru_cache(maxsize=256)
def _uniform_minimax(
    arms: int, horizon: float, tuning: float | None
) -> tuple[float, float]:
    per_arm = horizon / arms
    scale = per_arm ** (2 / 3)

    def worst(log_tuning: float) -> float:
        pulls = np.exp(log_tuning) * scale
        lost = miss(arms, GAPS * np.sqrt(pulls) / SIGMA)
        regret = GAPS * ((1 - 1 / arms) * pulls + (per_arm - pulls) * lost)
        return float(regret.max()) / scale

    if tuning is not None:
        return worst(np.log(tuning)), tuning
    least, log_tuning = minimum(worst, np.log(0.05), np.log(10.0), ACCURACY)
    return least, float(np.exp(log_tuning))


@functools.lru_cache(maxsize=256)
def _ladder_minimax(
    group: int, levels: int, horizon: float
) -> tuple[float, float, float]:
    if levels == 1:
        return (*_ladder_at_growth(group, 1, horizon, 2.0), 1.0)

    def best(log_growth: float) -> float:
        growth = float(np.exp(log_growth))
        return _ladder_at_growth(group, levels, horizon, growth)[0]

    _, log_growth = minimum(best, np.log(1.05), np.log(0.98 * group), ACCURACY)
    growth = float(np.exp(log_growth))
    return (*_ladder_at_growth(group, levels, horizon, growth), growth)


@functools.lru_cache(maxsize=1024)
def _ladder_at_growth(
    group: int, levels: int, horizon: float, growth: float
) -> tuple[float, float]:
    per_arm = horizon / group**levels
    scale = per_arm ** (2 / 3)
    steps = growth ** np.arange(levels)
    shares = (1.0 * group) ** -np.arange(levels)

    def worst(log_tuning: float) -> float:
        pulls = np.exp(log_tuning) * scale * steps
        scores = GAPS[:, None] * np.sqrt(pulls) / SIGMA
        lost, own = ladder_miss(group, scores, pulls)
        explored = float(pulls @ shares)
        spent = explored - own / group**levels
        regret = GAPS * (spent + (per_arm - explored) * lost)
        return float(regret.max()) / scale

    least, log_tuning = minimum(worst, np.log(0.02), np.log(10.0), ACCURACY)
    return least, float(np.exp(log_tuning))
