"""Players of streaming bandits that are wrong on purpose."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ...sims.bandits import outcome, streams
from ...sims.bandits.climb import Entrants
from ...sims.sweep import simulator

MOST = 64


@simulator(outputs=outcome.OUTPUTS, dtype="float64", quantum=64, tile=256)
def faulty_uniform(
    key: Key[Array, ""],
    means: Float[Array, " arms"],
    pulls: Float[Array, ""],
    horizon: Float[Array, ""],
    wide: Float[Array, ""],
    first_wins: Float[Array, ""],
) -> dict[str, Array]:
    """Uniform exploration, Bernoulli, with one of two faults.

    `wide`: the batch mean is drawn as N(μ, 4/m), as in public code for large m.
    `first_wins`: ties go to the first index, as with a bare argmax.
    At most 64 pulls of an arm, each drawn by itself.
    """
    count_key, tie_key, wide_key = jax.random.split(key, 3)
    draws = jax.random.uniform(count_key, (MOST, *means.shape), means.dtype)
    made = jnp.arange(MOST, dtype=pulls.dtype)[:, None] < pulls
    counts = jnp.sum((draws < means[None]) & made, axis=0, dtype=means.dtype)
    ties = jax.random.uniform(tie_key, means.shape, means.dtype)
    fair = counts + jnp.where(first_wins > 0.5, 0.0, ties)
    noise = jax.random.normal(wide_key, means.shape, means.dtype)
    seen = jnp.where(wide > 0.5, pulls * means + 2 * jnp.sqrt(pulls) * noise, fair)
    gaps = streams.gaps_of(means)
    spent = jnp.where(jnp.isfinite(gaps), pulls, 0.0)
    return outcome.settle(gaps, spent, jnp.argmax(seen), horizon)


@simulator(outputs=outcome.OUTPUTS, dtype="float64", quantum=64, tile=64)
def remeasuring_ladder(
    key: Key[Array, ""],
    means: Float[Array, " arms"],
    level_pulls: Float[Array, " levels"],
    horizon: Float[Array, ""],
    *,
    groups: tuple[int, ...],
) -> dict[str, Array]:
    """A ladder whose champions are measured anew at every challenge (K = ∏ g)."""
    gaps = streams.gaps_of(means)
    entrants = Entrants(gaps, jnp.arange(gaps.shape[0], dtype=jnp.int32))
    explored = paid = jnp.zeros_like(gaps[0])
    for level, group in enumerate(groups):
        size = level_pulls[level]
        explored += size * entrants.gaps.shape[0]
        paid += size * jnp.sum(entrants.gaps)
        rows = jax.tree.map(lambda part, g=group: part.reshape(-1, g), entrants)
        champion = jax.tree.map(lambda part: part[:, 0], rows)
        for j in range(1, group):
            duel_key = jax.random.fold_in(jax.random.fold_in(key, level), j)
            noise = jax.random.normal(duel_key, champion.gaps.shape, gaps.dtype)
            rival = jax.tree.map(lambda part, k=j: part[:, k], rows)
            lead = rival.gaps - champion.gaps + 0.5 * jnp.sqrt(2 / size) * noise
            champion = jax.tree.map(
                lambda old, new, stays=lead >= 0: jnp.where(stays, old, new),
                champion,
                rival,
            )
        entrants = champion
    return outcome.conclude(
        (explored, paid),
        entrants.gaps[0],
        entrants.arms[0],
        horizon,
        peak_memory=len(groups),
    )
