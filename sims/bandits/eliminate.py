"""Elimination on the arms in memory: all of them, or the top M of the stream."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from ..draws import normals
from ..sweep import simulator
from . import outcome, streams


class Field(NamedTuple):
    """Arms still in the race: their means after n pulls, and all pulls so far."""

    active: Bool[Array, " arms"]
    means: Float[Array, " arms"]
    each: Float[Array, ""]
    pulls: Float[Array, " arms"]
    round: Int[Array, ""]


def check_elimination(
    means: Any, horizon: Any, first_step: Any = 8.0, sigma: Any = 0.5
) -> str | None:
    """What is wrong with a game of full-memory elimination."""
    return check_keep_top(means, first_step, 1, horizon, sigma)


def check_keep_top(
    means: Any, pulls: Any, memory: Any, horizon: Any, sigma: Any = 0.5
) -> str | None:
    """What is wrong with a game of keep top-M."""
    wrong = outcome.complaints(
        outcome.bad_game(means, horizon),
        outcome.not_positive(pulls=pulls, memory=memory, sigma=sigma),
    )
    spent = outcome.present_arms(means) * np.asarray(pulls)
    if wrong or (spent <= horizon).all():
        return wrong
    return f"`pulls` times arms must not exceed `horizon`, got {float(spent.max())}."


@simulator(
    outputs=outcome.OUTPUTS,
    check=check_elimination,
    dtype="float64",
    quantum=64,
    tile=64,
)
def simulate_elimination(
    key: Key[Array, ""],
    means: Float[Array, " arms"],
    horizon: Float[Array, ""],
    first_step: Float[Array, ""] | float = 8.0,
    sigma: Float[Array, ""] | float = 0.5,
    *,
    per_arm: bool = False,
) -> dict[str, Array]:
    """Doubling elimination with all arms in memory: what SB-4 forbids to the others.

    Args:
        key: Random key.
        means: Means; −∞ marks absent arms.
        horizon: $T$.
        first_step: Pulls of every arm in the first round.
        sigma: Standard deviation of a reward.
        per_arm: Return `pulls_per_arm` too.

    Returns:
        `regret, loss, chosen, explored, accepts, peak_memory`.

    Claim:
        SB-13.
    """
    arms = jnp.sum(jnp.isfinite(means), dtype=means.dtype)
    return simulate_keep_top(
        key, means, first_step, arms, horizon, sigma, per_arm=per_arm
    )


@simulator(
    outputs=outcome.OUTPUTS, check=check_keep_top, dtype="float64", quantum=64, tile=64
)
def simulate_keep_top(
    key: Key[Array, ""],
    means: Float[Array, " arms"],
    pulls: Float[Array, ""] | float,
    memory: Float[Array, ""] | float,
    horizon: Float[Array, ""],
    sigma: Float[Array, ""] | float = 0.5,
    *,
    per_arm: bool = False,
) -> dict[str, Array]:
    r"""Explore uniformly, hold the M best of the first K−1 arms, then eliminate.

    When the last arm has been read, elimination goes on with it and the held arms,
    starting from their pulls. With M ≥ K nothing is forgotten and the first round is
    judged too: this is elimination from scratch.

    Args:
        key: Random key.
        means: Means in order of arrival; −∞ marks absent arms (at the end).
        pulls: $m$ pulls of every arm while the stream passes.
        memory: $M$; dynamic, one program serves the whole memory curve.
        horizon: $T \ge mK$.
        sigma: Standard deviation of a reward.
        per_arm: Return `pulls_per_arm` too.

    Returns:
        `regret, loss, chosen, explored, accepts, peak_memory`.

    Claim:
        SB-4 (memory curve), SB-13.
    """
    outcome.refuse(
        check_keep_top,
        means=means,
        pulls=pulls,
        memory=memory,
        horizon=horizon,
        sigma=sigma,
    )
    gaps = streams.gaps_of(means)
    here = jnp.isfinite(gaps)
    arms = jnp.sum(here, dtype=gaps.dtype)
    is_last = jnp.arange(gaps.shape[0], dtype=gaps.dtype) == arms - 1
    each = jnp.asarray(pulls, gaps.dtype)

    def batch(count: Int[Array, ""], size: Float[Array, ""]) -> Float[Array, " arms"]:
        noise = normals(jax.random.fold_in(key, count), gaps.shape, gaps.dtype)
        return sigma / jnp.sqrt(size) * noise - gaps

    first = batch(jnp.int32(0), each)
    kept = here & (is_last | _top(jnp.where(is_last, -jnp.inf, first), memory))
    everything = jnp.asarray(memory, gaps.dtype) >= arms
    kept &= ~everything | _close(first, kept, each, horizon, sigma)
    start = Field(kept, first, each, jnp.where(here, each, 0.0), jnp.int32(1))

    def goes_on(field: Field) -> Bool[Array, ""]:
        count = jnp.sum(field.active).astype(gaps.dtype)
        affordable = jnp.sum(field.pulls) + field.each * count <= horizon
        return (count > 1) & affordable

    def play(field: Field) -> Field:
        doubled = (field.means + batch(field.round, field.each)) / 2
        each = 2 * field.each
        active = field.active & _close(doubled, field.active, each, horizon, sigma)
        added = jnp.where(field.active, field.each, 0.0)
        return Field(active, doubled, each, field.pulls + added, field.round + 1)

    end = jax.lax.while_loop(goes_on, play, start)
    best = jnp.argmax(jnp.where(end.active, end.means, -jnp.inf))
    held = jnp.minimum(jnp.asarray(memory, gaps.dtype), arms)
    return outcome.settle(
        gaps,
        end.pulls,
        best,
        horizon,
        peak_memory=held.astype(jnp.int32),
        per_arm=per_arm,
    )


def _top(
    values: Float[Array, " arms"], number: Float[Array, ""] | float
) -> Bool[Array, " arms"]:
    """Which values are among the `number` largest."""
    count = values.shape[0]
    least = jnp.clip(count - number, 0, count - 1).astype(jnp.int32)
    return values >= jnp.sort(values)[least]


def _close(
    means: Float[Array, " arms"],
    active: Bool[Array, " arms"],
    each: Float[Array, ""],
    horizon: Float[Array, ""],
    sigma: Float[Array, ""] | float,
) -> Bool[Array, " arms"]:
    """Which arms are within the confidence width of the best active one."""
    width = sigma * jnp.sqrt(4 * jnp.log(jnp.maximum(horizon / each, jnp.e)) / each)
    return means >= jnp.max(jnp.where(active, means, -jnp.inf)) - width
