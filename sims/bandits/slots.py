"""The ladder as a true stream: arm by arm, one slot per level (SB-14)."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from ..draws import normals
from ..sweep import simulator
from . import outcome, streams
from .climb import ladder_from_tape, nodes


class Entrant(NamedTuple):
    """An arm that enters a level."""

    gap: Float[Array, ""]
    arm: Int[Array, ""]


class Slots(NamedTuple):
    """What the stream keeps: a champion per level (and the answer on top)."""

    score: Float[Array, " slots"]
    gap: Float[Array, " slots"]
    arm: Int[Array, " slots"]
    held: Int[Array, " slots"]
    entered: Int[Array, " levels"]
    spent: Float[Array, " 2"]
    peak: Int[Array, ""]


def simulate_ladder_stream(
    tape: Float[Array, " nodes"],
    means: Float[Array, " arms"],
    level_pulls: Float[Array, " levels"],
    horizon: Float[Array, ""],
    sigma: Float[Array, ""] | float = 0.5,
    *,
    groups: tuple[int, ...],
    flush: Bool[Array, ""] | bool = True,
) -> dict[str, Array]:
    """The ladder as the stream sees it: arm by arm, one slot per level.

    Args:
        tape: Normals of level 0, then of level 1, …, as for `ladder_from_tape`.
        means: Means in order of arrival; −∞ marks absent arms.
        level_pulls: Pulls per arm at every level.
        horizon: $T$.
        sigma: Standard deviation of a reward.
        groups: Group sizes.
        flush: Promote partial groups at the end; without it the highest occupied slot
            wins (the negative control of SB-14).

    Returns:
        As `simulate_ladder`, with the slots that were really occupied.

    Claim:
        SB-14: the same arm and pulls as the reshape.
    """
    gaps = streams.gaps_of(means)
    starts = np.cumsum([0, *nodes(means.shape[0], groups)])[:-2]
    rules = tape, level_pulls, sigma, groups, starts
    levels = len(groups)
    empty = jnp.full_like(level_pulls, -jnp.inf)
    slots = Slots(
        score=jnp.append(empty, empty[:1]),
        gap=jnp.append(empty, empty[:1]),
        arm=jnp.zeros(levels + 1, jnp.int32),
        held=jnp.zeros(levels + 1, jnp.int32),
        entered=jnp.zeros(levels, jnp.int32),
        spent=jnp.zeros((2,), gaps.dtype),
        peak=jnp.int32(0),
    )

    def event(slots: Slots, index: Int[Array, ""]) -> tuple[Slots, None]:
        """An arrival, or (after the last one) the flush of one level's champion."""
        level = index - gaps.shape[0]
        arm = jnp.where(level < 0, index, slots.arm[level]).astype(jnp.int32)
        here = jnp.where(level < 0, jnp.isfinite(gaps[arm]), slots.held[level] > 0)
        here &= (level < 0) | flush
        slots = _clear(slots, level, here & (level >= 0))
        start = jnp.where(here, jnp.maximum(level + 1, 0), -1)
        return _cascade(slots, start, Entrant(gaps[arm], arm), rules), None

    events = jnp.arange(gaps.shape[0] + levels, dtype=jnp.int32)
    slots, _ = jax.lax.scan(event, slots, events)
    top = levels - jnp.argmax(slots.held[::-1] > 0)
    return outcome.conclude(
        (slots.spent[0], slots.spent[1]),
        slots.gap[top],
        slots.arm[top],
        horizon,
        peak_memory=slots.peak,
    )


def _cascade(
    slots: Slots, start: Int[Array, ""], entrant: Entrant, rules: Any
) -> Slots:
    """An arm enters at a level (−1: none); full groups send their champion upwards."""
    levels = len(rules[3])
    promoted = jnp.zeros_like(start, dtype=bool)
    for level in range(levels):
        here = promoted | (start == level)
        slots = _meet(slots, level, entrant, here, rules)
        promoted = slots.held[level] == rules[3][level]
        champion = Entrant(slots.gap[level], slots.arm[level])
        entrant = jax.tree.map(
            lambda up, same, full=promoted: jnp.where(full, up, same), champion, entrant
        )
        slots = _clear(slots, level, promoted)
    done = promoted | (start == levels)  # nothing above: this arm is the answer
    occupied = jnp.sum(slots.held[:-1] > 0, dtype=jnp.int32)
    return slots._replace(
        gap=slots.gap.at[-1].set(jnp.where(done, entrant.gap, slots.gap[-1])),
        arm=slots.arm.at[-1].set(jnp.where(done, entrant.arm, slots.arm[-1])),
        held=slots.held.at[-1].add(done.astype(jnp.int32)),
        peak=jnp.maximum(slots.peak, occupied),
    )


def _meet(
    slots: Slots, level: int, entrant: Entrant, here: Bool[Array, ""], rules: Any
) -> Slots:
    """Pull the entrant and compare it with the champion of the level."""
    tape, level_pulls, sigma, _, starts = rules
    size = level_pulls[level]
    noise = tape[int(starts[level]) + slots.entered[level]]
    score = sigma / jnp.sqrt(size) * noise - entrant.gap
    better = here & (score > slots.score[level])
    paid = jnp.stack([size, size * entrant.gap])
    return slots._replace(
        score=slots.score.at[level].set(jnp.where(better, score, slots.score[level])),
        gap=slots.gap.at[level].set(jnp.where(better, entrant.gap, slots.gap[level])),
        arm=slots.arm.at[level].set(jnp.where(better, entrant.arm, slots.arm[level])),
        held=slots.held.at[level].add(here.astype(jnp.int32)),
        entered=slots.entered.at[level].add(here.astype(jnp.int32)),
        spent=slots.spent + jnp.where(here, paid, 0.0),
    )


def _clear(slots: Slots, level: Any, when: Bool[Array, ""]) -> Slots:
    """Empty a slot."""
    return slots._replace(
        score=slots.score.at[level].set(jnp.where(when, -jnp.inf, slots.score[level])),
        held=slots.held.at[level].set(jnp.where(when, 0, slots.held[level])),
    )


@simulator(
    outputs={"same_arm": (), "extra_pulls": (), "peak_memory": ()},
    dtype="float64",
    quantum=64,
    tile=64,
)
def ladder_both_ways(
    key: Key[Array, ""],
    arms: Float[Array, ""],
    flush: Float[Array, ""] | float = 1.0,
    *,
    groups: tuple[int, ...],
) -> dict[str, Array]:
    """One noise tape through the stream and through the reshape.

    Means are uniform on [0, 1]; level ℓ has 16 · 2.2^ℓ pulls, rounded so that sums of
    pulls are exact.

    Args:
        key: Random key.
        arms: $K$, at most the product of the groups.
        flush: Below one half the stream does not promote partial groups (a mutant).
        groups: Group sizes.

    Returns:
        `same_arm` (0 or 1), `extra_pulls` of the stream, its `peak_memory`.

    Claim:
        SB-14.
    """
    width = int(np.prod(groups))
    mean_key, tape_key = jax.random.split(key)
    means = jax.random.uniform(mean_key, (width,), jnp.result_type(arms))
    means = jnp.where(jnp.arange(width, dtype=arms.dtype) < arms, means, -jnp.inf)
    tape = normals(tape_key, (sum(nodes(width, groups)),), means.dtype)
    pulls = jnp.asarray(np.round(16 * 2.2 ** np.arange(len(groups))), means.dtype)
    horizon = jnp.asarray(1e7, means.dtype)
    reshaped = ladder_from_tape(tape, means, pulls, horizon, groups=groups)
    streamed = simulate_ladder_stream(
        tape, means, pulls, horizon, groups=groups, flush=flush > 0.5
    )
    return {
        "same_arm": (streamed["chosen"] == reshaped["chosen"]).astype(jnp.int32),
        "extra_pulls": streamed["explored"] - reshaped["explored"],
        "peak_memory": streamed["peak_memory"],
    }
