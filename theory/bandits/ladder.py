"""The ladder: levels of group tournaments with ever more pulls.

Claims: `SB-6` (upper bounds, two kinds that are never mixed), `SB-7` (exact regret).
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..maths.domain import require
from ..maths.precision import float64
from .parameters import (
    Cells,
    Levels,
    Points,
    Scalar,
    check_game,
    check_groups,
    check_noise,
    pull_counts,
)
from .selection import miss, width_numbers

KINDS = ("rigorous", "slippage")
TOWER, TOWER_PULLS = (16, 256), (1.0, 8.0, 1024.0)  # its last level takes the rest


class LadderGame(NamedTuple):
    """Exact regret of a ladder, survival of the good arm, pulls of exploration."""

    regret: Float[Array, "*cells"]
    survival: Float[Array, "*cells"]
    pulls: Float[Array, ""]


class Ladder(NamedTuple):
    """Group sizes (static) and pulls per arm at every level."""

    groups: tuple[int, ...]
    level_pulls: Float[Array, " levels"]


def node_counts(arms: int, groups: Sequence[int]) -> tuple[int, ...]:
    r"""Arms entering each level: $N_0 = K$, $N_{\ell+1} = \lceil N_\ell/g_\ell\rceil$.

    Args:
        arms: $K$.
        groups: $g_0 … g_{L-1}$.

    Returns:
        $N_0 … N_L$, the last of which is one.

    Raises:
        DomainError: If a group is below two or the groups do not reduce K arms to one.

    Claim:
        SB-6 [derived].
    """
    check_groups(arms, groups)
    counts = [arms]
    for group in groups:
        counts.append(-(-counts[-1] // group))
    return tuple(counts)


@float64
def ladder_pulls(
    arms: int, groups: tuple[int, ...], level_pulls: Levels
) -> Float[Array, ""]:
    r"""Pulls of exploration, $P = \sum_\ell s_\ell N_\ell$: deterministic.

    Args:
        arms: $K$.
        groups: Group sizes.
        level_pulls: $s_\ell > 0$.

    Returns:
        $P$.

    Raises:
        DomainError: If groups and pulls do not form a ladder over K arms.

    Claim:
        SB-6 [derived].
    """
    _check_levels(groups, level_pulls)
    return jnp.sum(level_pulls * np.asarray(node_counts(arms, groups)[:-1], float))


@pull_counts
def ladder_regret_upper_bound(
    arms: int,
    groups: tuple[int, ...],
    level_pulls: Levels,
    horizon: Scalar,
    sigma: Scalar = 0.5,
    gap_max: Scalar = 1.0,
    kind: str = "rigorous",
) -> Float[Array, ""]:
    r"""Upper bound on the expected regret of a ladder.

    $$\mathbb{E} R \le \Delta_{\max} P
        + (T - P)\, \sigma \sum_\ell w_\ell / \sqrt{s_\ell},$$

    with $w_\ell = \sqrt{2 \log \min(g_\ell, N_\ell)}$ (rigorous) or the width of
    slippage instances (Gaussian rewards, conjectural for groups above two).

    Args:
        arms: $K$.
        groups: Group sizes.
        level_pulls: $s_\ell > 0$.
        horizon: $T \ge P$.
        sigma: Sub-Gaussian constant of a reward.
        gap_max: Largest gap.
        kind: "rigorous" (proved) or "slippage" (conjectural).

    Returns:
        The bound.

    Raises:
        DomainError: On a parameter out of range, or a ladder that exceeds the horizon.
        ValueError: On an unknown kind.

    Claim:
        SB-6, upper bound [structure: paper; constants: derived].
    """
    check_game(arms, horizon)
    check_noise(sigma)
    pulls = ladder_pulls(arms, groups, level_pulls)
    require(pulls, pulls <= horizon, "The ladder's pulls must not exceed `horizon`.")
    entering = node_counts(arms, groups)
    sizes = [min(group, n) for group, n in zip(groups, entering, strict=False)]
    widths = np.asarray([_width(size, kind) for size in sizes])
    loss = sigma * jnp.sum(widths / jnp.sqrt(level_pulls))
    return jnp.asarray(gap_max * pulls + (horizon - pulls) * loss)


@float64
def ladder_constant(
    group: int,
    growth: Cells,
    sigma: Cells = 0.5,
    kind: str = "rigorous",
) -> Float[Array, "*#cells"]:
    r"""Constant of the log-memory ladder at its best first pulls, in units of S₀.

    $3 \cdot 2^{-2/3} A^{1/3} B_g^{2/3}$ with $A = 1/(1 - \rho/g)$ and
    $B_g = \sigma w_g / (1 - \rho^{-1/2})$: no logarithm of K or T.

    Args:
        group: $g \ge 2$.
        growth: $\rho$ in (1, g).
        sigma: Sub-Gaussian constant of a reward.
        kind: "rigorous" (proved) or "slippage" (conjectural).

    Returns:
        The constant.

    Raises:
        DomainError: If the growth does not lie between 1 and the group size.
        ValueError: On an unknown kind.

    Claim:
        SB-6, upper bound [derived].
    """
    require(group, group >= 2, "`group` must be at least 2.")
    holds = (growth > 1) & (growth < group)
    growth = require(growth, holds, f"`growth` must lie between 1 and {group}.")
    check_noise(sigma)
    cost = 1 / (1 - growth / group)
    loss = sigma * _width(group, kind) / (1 - 1 / jnp.sqrt(growth))
    return 3 * jnp.cbrt(cost * loss**2 / 4)


@pull_counts
def ladder_slippage_exact(
    group: int,
    levels: int,
    level_pulls: Levels,
    horizon: Scalar,
    gap: Points,
    sigma: Scalar = 0.5,
) -> LadderGame:
    r"""Exact regret of a ladder with $K = g^L$ on a slippage instance, Gaussian.

    The good arm survives with probability $\prod_\ell \mathrm{hit}_g(z_\ell)$,
    $z_\ell = \Delta\sqrt{s_\ell}/\sigma$, wherever it stands in the stream, and

    $$\mathbb{E} R = \Delta\Big[P - \sum_\ell s_\ell \prod_{i<\ell}
    \mathrm{hit}_g(z_i) + (T - P)\big(1 - \prod_\ell \mathrm{hit}_g(z_\ell)\big)\Big].$$

    Args:
        group: $g \ge 2$.
        levels: $L \ge 1$.
        level_pulls: $s_\ell > 0$.
        horizon: $T \ge P$.
        gap: $\Delta > 0$.
        sigma: Standard deviation of a reward.

    Returns:
        `(regret, survival, pulls)`.

    Raises:
        DomainError: On a parameter out of range.

    Claim:
        SB-7, exact identity [derived].
    """
    groups, arms = (group,) * levels, group**levels
    check_game(arms, horizon)
    check_noise(sigma)
    require(gap, gap > 0, "`gap` must be positive.")
    pulls = ladder_pulls(arms, groups, level_pulls)
    require(pulls, pulls <= horizon, "The ladder's pulls must not exceed `horizon`.")
    steps, gaps = np.asarray(level_pulls), np.asarray(gap)
    scores = gaps[..., None] * np.sqrt(steps) / float(sigma)
    lost, own = ladder_miss(groups, scores, steps)
    regret = jnp.asarray(gaps * (pulls - own + (horizon - pulls) * lost))
    return LadderGame(regret, jnp.asarray(1 - lost), pulls)


def ladder_miss(
    groups: tuple[int, ...], scores: np.ndarray, level_pulls: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Chance that the good arm is lost, and its own expected pulls; scores (…, L)."""
    if len(set(groups)) == 1:
        missed = miss(groups[0], scores)
    else:
        each = [miss(group, scores[..., i]) for i, group in enumerate(groups)]
        missed = np.stack(each, axis=-1)
    log_kept = np.cumsum(np.log1p(-missed), axis=-1)
    entered = np.concatenate([np.zeros_like(log_kept[..., :1]), log_kept], axis=-1)
    own = np.asarray(np.exp(entered[..., :-1]) @ level_pulls)
    return np.asarray(-np.expm1(log_kept[..., -1])), own


@pull_counts
def ladder_preset(name: str, arms: int, horizon: Scalar) -> Ladder:
    r"""The ladders of the paper's public code, and the tower of SB-6.

    With $\varepsilon = (K/T)^{1/3}$: "log" has groups of 7 and
    $s_\ell = 1.2^\ell/\varepsilon^2$; "loglog" groups of 11 over
    $\lfloor \ln\ln K\rfloor + 1$ levels, the last with $\ln K/\varepsilon^2$ pulls and
    one group; "tower" groups (16, 256, rest) with $s = s_0 (1, 8, 1024)$ and $s_0$ at
    the minimum of the rigorous bound for σ = 1/2, Δ_max = 1.

    Args:
        name: "log", "loglog" or "tower".
        arms: $K$.
        horizon: $T$.

    Returns:
        `(groups, level_pulls)`; levels that one arm alone would enter are dropped.

    Raises:
        DomainError: If `arms` or `horizon` is out of range.
        ValueError: On an unknown name.
    """
    check_game(arms, horizon)
    presets = {"log": _log_ladder, "loglog": _loglog_ladder, "tower": _tower}
    if name not in presets:
        raise ValueError(f"`name` must be one of {', '.join(presets)}, not {name!r}.")
    groups, scale = presets[name](arms)
    counts = node_counts(arms, groups)
    if name == "tower":
        first = _best_first_pulls(counts, groups, scale, float(horizon))
    else:
        first = (float(horizon) / arms) ** (2 / 3)
    return Ladder(groups, jnp.asarray(first * np.asarray(scale)))


def _log_ladder(arms: int) -> tuple[tuple[int, ...], list[float]]:
    levels = 1
    while 7**levels < arms:
        levels += 1
    return (7,) * levels, [1.2**level for level in range(levels)]


def _loglog_ladder(arms: int) -> tuple[tuple[int, ...], list[float]]:
    levels = max(int(np.log(np.log(arms))) + 1, 1)
    groups = _until_one(arms, (11,) * (levels - 1))
    return groups, [*(1.2**i for i in range(len(groups) - 1)), float(np.log(arms))]


def _tower(arms: int) -> tuple[tuple[int, ...], list[float]]:
    groups = _until_one(arms, TOWER)
    return groups, list(TOWER_PULLS[: len(groups)])


def _until_one(arms: int, groups: tuple[int, ...]) -> tuple[int, ...]:
    """The groups as far as needed, then one group of all that is left."""
    kept: tuple[int, ...] = ()
    for group in groups:
        if arms <= group:
            break
        kept, arms = (*kept, group), -(-arms // group)
    return (*kept, max(arms, 2))


def _best_first_pulls(
    counts: Sequence[int], groups: Sequence[int], scale: Sequence[float], horizon: float
) -> float:
    r"""Minimiser of $s_0 p + T B / \sqrt{s_0}$, the rigorous bound at σ = 1/2."""
    sizes = np.minimum(groups, counts[:-1])
    cost = float(np.dot(scale, counts[:-1]))
    loss = 0.5 * float(np.sum(np.sqrt(2 * np.log(sizes) / np.asarray(scale))))
    return (horizon * loss / (2 * cost)) ** (2 / 3)


def _check_levels(groups: Sequence[int], level_pulls: Levels) -> None:
    given, wanted = level_pulls.shape[-1], len(groups)
    if given != wanted:
        raise ValueError(f"`level_pulls` has {given} levels, `groups` has {wanted}.")
    require(level_pulls, level_pulls > 0, "`level_pulls` must be positive.")


def _width(group: int, kind: str) -> float:
    """Expected loss of best-of-g in units of σ/√s: proved or conjectural."""
    if kind == "rigorous":
        return float(np.sqrt(2 * np.log(group)))
    if kind == "slippage":
        return width_numbers(group)[0]
    raise ValueError(f"`kind` must be one of {', '.join(KINDS)}, not {kind!r}.")
