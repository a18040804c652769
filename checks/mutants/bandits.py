"""Players of streaming bandits that are wrong on purpose."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ...sims.bandits import outcome, streams
from ...sims.bandits.climb import Entrants
from ...sims.draws import normals
from ...sims.sweep import simulator


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
            noise = normals(duel_key, champion.gaps.shape, gaps.dtype)
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
