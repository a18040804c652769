"""The ladder: level-by-level reshape, and the true stream it stands for (SB-14)."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from ..draws import normals
from ..sweep import simulator
from . import outcome, rewards, streams
from .explore import bad_reward


class Entrants(NamedTuple):
    """Arms that enter a level, in order of arrival."""

    gaps: Float[Array, " nodes"]
    arms: Int[Array, " nodes"]


def check_ladder(
    means: Any,
    level_pulls: Any,
    horizon: Any,
    groups: tuple[int, ...],
    sigma: Any = 0.5,
    reward: str = "gaussian",
) -> str | None:
    """What is wrong with a game of a ladder."""
    wrong = outcome.complaints(
        bad_reward(reward),
        outcome.bad_game(means, horizon, reward),
        outcome.not_positive(level_pulls=level_pulls, sigma=sigma),
        bad_groups(groups, outcome.present_arms(means), np.size(level_pulls)),
    )
    if wrong:
        return wrong
    entering = nodes(outcome.present_arms(means), groups)[:-1]
    spent = float(np.dot(np.asarray(level_pulls, float), entering))
    if spent <= float(horizon):
        return None
    return f"The ladder's pulls must not exceed `horizon`, got {spent}."


def bad_groups(groups: tuple[int, ...], arms: int, levels: int) -> str | None:
    """What is wrong with group sizes."""
    if any(group < 2 for group in groups):
        return f"`groups` must all be at least 2, got {min(groups)}."
    if float(np.prod([float(g) for g in groups])) < arms:
        return f"The product of `groups` must reach {arms} arms, got {groups}."
    if levels != len(groups):
        return f"`level_pulls` has {levels} levels, `groups` has {len(groups)}."
    return None


def nodes(arms: int, groups: tuple[int, ...]) -> tuple[int, ...]:
    """Arms that enter each level, and the one that is left."""
    counts = [arms]
    for group in groups:
        counts.append(-(-counts[-1] // group))
    return tuple(counts)


@simulator(
    outputs=outcome.OUTPUTS, check=check_ladder, dtype="float64", quantum=64, tile=64
)
def simulate_ladder(
    key: Key[Array, ""],
    means: Float[Array, " arms"],
    level_pulls: Float[Array, " levels"],
    horizon: Float[Array, ""],
    sigma: Float[Array, ""] | float = 0.5,
    *,
    groups: tuple[int, ...],
    reward: str = "gaussian",
    per_arm: bool = False,
    stored: bool = False,
) -> dict[str, Array]:
    r"""Group tournaments, level by level, with fresh pulls at every level.

    Level ℓ gives every arm that enters it $s_\ell$ pulls and promotes the best of each
    $g_\ell$ consecutive entrants. Memory: one champion per level.

    Args:
        key: Random key.
        means: Means in order of arrival; −∞ marks absent arms (at the end).
        level_pulls: $s_\ell$, rounded for Bernoulli rewards.
        horizon: $T$, at least the ladder's pulls.
        sigma: Standard deviation of a Gaussian reward.
        groups: $g_\ell$; their product reaches the number of arms.
        reward: "gaussian" or "bernoulli".
        per_arm: Return `pulls_per_arm` too.
        stored: Return `stored_regret` too: the regret of public code, which charges
            every pull to the champion stored at its level, not to the arm pulled.

    Returns:
        `regret, loss, chosen, explored, accepts, peak_memory`.

    Claim:
        SB-6, SB-7, SB-14.
    """
    outcome.refuse(
        check_ladder,
        means=means,
        level_pulls=level_pulls,
        horizon=horizon,
        sigma=sigma,
        groups=groups,
        reward=reward,
    )
    counts = nodes(means.shape[0], groups)[:-1]
    pulls = rewards.whole(level_pulls, reward)
    if reward == "gaussian":
        # one draw for all levels: compiles and runs faster than a draw per level
        tape = normals(key, (sum(counts),), means.dtype)
        rules = {"groups": groups, "per_arm": per_arm, "stored": stored}
        return ladder_from_tape(tape, means, pulls, horizon, sigma, **rules)
    gaps = streams.gaps_of(means)

    def seen(level: int, entrants: Entrants) -> Float[Array, " nodes"]:
        level_key = jax.random.fold_in(key, level)
        values = means[entrants.arms]
        return rewards.scores(
            level_key, values, entrants.gaps, pulls[level], sigma, reward
        )

    return _climb(gaps, pulls, horizon, groups, seen, per_arm, stored)


def ladder_from_tape(
    tape: Float[Array, " nodes"],
    means: Float[Array, " arms"],
    level_pulls: Float[Array, " levels"],
    horizon: Float[Array, ""],
    sigma: Float[Array, ""] | float = 0.5,
    *,
    groups: tuple[int, ...],
    per_arm: bool = False,
    stored: bool = False,
) -> dict[str, Array]:
    """The ladder on given standard normals, level by level.

    Args:
        tape: Normals of level 0, then of level 1, …: one per entrant.
        means: Means in order of arrival.
        level_pulls: Pulls per arm at every level.
        horizon: $T$.
        sigma: Standard deviation of a reward.
        groups: Group sizes.
        per_arm: Return `pulls_per_arm` too.
        stored: Return `stored_regret` too.

    Returns:
        As `simulate_ladder`.

    Claim:
        SB-14.
    """
    gaps = streams.gaps_of(means)
    starts = np.cumsum([0, *nodes(means.shape[0], groups)])

    def seen(level: int, entrants: Entrants) -> Float[Array, " nodes"]:
        noise = tape[starts[level] : starts[level + 1]]
        return sigma / jnp.sqrt(level_pulls[level]) * noise - entrants.gaps

    return _climb(gaps, level_pulls, horizon, groups, seen, per_arm, stored)


def _climb(
    gaps: Float[Array, " arms"],
    level_pulls: Float[Array, " levels"],
    horizon: Float[Array, ""],
    groups: tuple[int, ...],
    seen: Any,
    per_arm: bool,
    stored: bool,
) -> dict[str, Array]:
    """Promote the best of every group until one arm is left."""
    entrants = Entrants(gaps, jnp.arange(gaps.shape[0], dtype=jnp.int32))
    explored = paid = charged = jnp.zeros_like(gaps[0])
    pulls = jnp.zeros_like(gaps)
    for level, group in enumerate(groups):
        size = level_pulls[level]
        here = jnp.isfinite(entrants.gaps)
        explored += size * jnp.sum(here, dtype=gaps.dtype)
        paid += size * jnp.sum(outcome.charge(entrants.gaps))
        if per_arm:
            pulls = pulls.at[entrants.arms].add(jnp.where(here, size, 0.0))
        scores = seen(level, entrants)
        if stored:
            charged += size * _cost_of_champions(scores, entrants.gaps, group)
        entrants = _promote(scores, entrants, group)
    chosen, loss = entrants.arms[0], entrants.gaps[0]
    spent = explored, paid
    result = outcome.conclude(spent, loss, chosen, horizon, peak_memory=len(groups))
    if per_arm:
        result["pulls_per_arm"] = pulls.at[chosen].add(horizon - explored)
    if stored:
        result["stored_regret"] = result["regret"] - paid + charged
    return result


def _promote(
    scores: Float[Array, " nodes"], entrants: Entrants, group: int
) -> Entrants:
    """The best of every group of consecutive entrants; the last group may be short."""
    best = jnp.argmax(_rows(scores, group, -jnp.inf), axis=1).astype(jnp.int32)
    winners = jnp.arange(best.shape[0], dtype=jnp.int32) * group + best
    return Entrants(entrants.gaps[winners], entrants.arms[winners])


def _rows(
    values: Float[Array, " nodes"], group: int, fill: float
) -> Float[Array, "rows group"]:
    """One row per group, the last one filled up."""
    short = -values.shape[0] % group
    return jnp.pad(values, (0, short), constant_values=fill).reshape(-1, group)


def _cost_of_champions(
    scores: Float[Array, " nodes"], gaps: Float[Array, " nodes"], group: int
) -> Float[Array, ""]:
    """Sum over entrants of the gap of the champion that each of them challenges.

    The first of a group challenges nobody and is charged itself.
    """
    table = _rows(scores, group, -jnp.inf)
    places = jnp.arange(group, dtype=jnp.int32)[None]
    leads = table >= jax.lax.cummax(table, axis=1)
    champion = jax.lax.cummax(jnp.where(leads, places, 0), axis=1)
    before = jnp.concatenate([champion[:, :1], champion[:, :-1]], axis=1)
    costs = jnp.take_along_axis(_rows(outcome.charge(gaps), group, 0.0), before, axis=1)
    return jnp.sum(jnp.where(jnp.isfinite(table), costs, 0.0))
