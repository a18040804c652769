"""Exact minimax regret on slippage instances: the sandwich without Monte Carlo.

Claims: `SB-8` (rates and constants of uniform exploration and of ladders).
"""

import functools
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..maths.domain import require
from ..maths.precision import float64
from .ladder import TOWER, TOWER_PULLS, ladder_miss
from .parameters import Scalar, check_arms
from .search import minimum

SIGMA = 0.5
ACCURACY = 1e-5
GAPS = np.geomspace(1e-5, 0.5, 3000)
STRIDE = 30
COARSE = np.append(np.arange(0, len(GAPS), STRIDE), len(GAPS) - 1)
AROUND = np.arange(-STRIDE, STRIDE + 1)


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
    if tuning is None:
        return jnp.asarray(_tuned((arms,), (1.0,), float(horizon)))
    constant = _constant((arms,), (1.0,), float(horizon) / arms, float(tuning))
    return jnp.asarray([constant, float(tuning)])


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


@float64
def tower_minimax(rest: int, horizon: Scalar) -> Float[Array, " 2"]:
    r"""The same for the tower ladder (16, 256, rest), pulls $s_0 (1, 8, 1024)$.

    Args:
        rest: Group size of the last level; 1 leaves it out. $K = 4096 · rest$.
        horizon: $T$.

    Returns:
        The constant and $s_0/(T/K)^{2/3}$.

    Raises:
        DomainError: If `rest` is below 1.

    Claim:
        SB-8, numerical table [derived].
    """
    require(rest, rest >= 1, "`rest` must be at least 1.")
    groups = TOWER if rest == 1 else (*TOWER, rest)
    return jnp.asarray(_tuned(groups, TOWER_PULLS[: len(groups)], float(horizon)))


def _largest(regret: Callable[[np.ndarray], np.ndarray]) -> tuple[float, float]:
    """Largest value over the grid of gaps, and where: coarsely, then near the tops."""
    values = regret(GAPS[COARSE])
    rises = values[1:] >= values[:-1]
    falls = values[1:] <= values[:-1]
    is_top = np.concatenate([[True], rises]) & np.concatenate([falls, [True]])
    near = np.add.outer(COARSE[is_top], AROUND).ravel()
    gaps = GAPS[near.clip(0, len(GAPS) - 1)]
    fine = regret(gaps)
    best = int(fine.argmax())
    return float(fine[best]), float(gaps[best])


def _constant(
    groups: tuple[int, ...], steps: tuple[float, ...], per_arm: float, tuning: float
) -> float:
    """Worst regret over S₀ of a ladder with K = ∏ g; one level is uniform."""
    scale = per_arm ** (2 / 3)
    arms = float(np.prod([float(g) for g in groups]))
    entering = 1 / np.cumprod([1.0, *groups[:-1]])
    pulls = tuning * scale * np.asarray(steps)
    explored = float(pulls @ entering)

    def regret(gaps: np.ndarray) -> np.ndarray:
        scores = gaps[:, None] * np.sqrt(pulls) / SIGMA
        lost, own = ladder_miss(groups, scores, pulls)
        return gaps * (explored - own / arms + (per_arm - explored) * lost) / scale

    return _largest(regret)[0]


@functools.lru_cache(maxsize=1024)
def _tuned(
    groups: tuple[int, ...], steps: tuple[float, ...], horizon: float
) -> tuple[float, float]:
    """The constant at the best first pulls, and these over (T/K)^{2/3}."""
    per_arm = horizon / float(np.prod([float(g) for g in groups]))

    def worst(log_tuning: float) -> float:
        return _constant(groups, steps, per_arm, float(np.exp(log_tuning)))

    least, log_tuning = minimum(worst, np.log(0.02), np.log(10.0), ACCURACY)
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


def _ladder_at_growth(
    group: int, levels: int, horizon: float, growth: float
) -> tuple[float, float]:
    steps = tuple(float(growth**level) for level in range(levels))
    return _tuned((group,) * levels, steps, horizon)
