"""The budget king: one arm in memory that pays for its defence."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from ..draws import normals
from ..sweep import simulator
from . import outcome, streams


class Reign(NamedTuple):
    """The king in office, its budget, and how far the game has come."""

    king: Int[Array, ""]
    budget: Float[Array, ""]
    used: Float[Array, ""]
    accepts: Int[Array, ""]


class Fight(NamedTuple):
    """One arrival's challenge: level, pulls of each side, who stands."""

    level: Int[Array, ""]
    budget: Float[Array, ""]
    spent: Float[Array, ""]
    fighting: Bool[Array, ""]
    dethroned: Bool[Array, ""]


def check_king(
    means: Any,
    first_pulls: Any,
    income: Any,
    grant: Any,
    horizon: Any,
    sigma: Any = 0.5,
) -> str | None:
    """What is wrong with a game of the budget king."""
    wrong = outcome.complaints(
        outcome.bad_game(means, horizon),
        outcome.not_positive(first_pulls=first_pulls, income=income, sigma=sigma),
    )
    if wrong or (np.asarray(grant) >= 0).all():
        return wrong
    return f"`grant` must not be negative, got {grant}."


@simulator(
    outputs=outcome.OUTPUTS, check=check_king, dtype="float64", quantum=64, tile=64
)
def simulate_king(
    key: Key[Array, ""],
    means: Float[Array, " arms"],
    first_pulls: Float[Array, ""],
    income: Float[Array, ""],
    grant: Float[Array, ""],
    horizon: Float[Array, ""],
    sigma: Float[Array, ""] | float = 0.5,
    *,
    per_arm: bool = False,
) -> dict[str, Array]:
    r"""Every arrival challenges the king in duels of doubling size.

    The king's budget grows by b per arrival; a duel of level ℓ costs it $2^{\ell-1}s_1$
    pulls and as many of the arrival; a king that cannot pay is replaced.

    Args:
        key: Random key.
        means: Means in order of arrival; −∞ marks absent arms (not the first).
        first_pulls: $s_1$, pulls of each side in the first duel.
        income: $b$ per arrival.
        grant: $\varphi_0$, budget of a new king.
        horizon: $T$; a duel that exceeds it is cut off and ends the game.
        sigma: Standard deviation of a reward.
        per_arm: Return `pulls_per_arm` too.

    Returns:
        `regret, loss, chosen, explored, accepts, peak_memory`.

    Claim:
        SB-10.
    """
    outcome.refuse(
        check_king,
        means=means,
        first_pulls=first_pulls,
        income=income,
        grant=grant,
        horizon=horizon,
        sigma=sigma,
    )
    gaps = streams.gaps_of(means)

    def noise(arm: Int[Array, ""], level: Int[Array, ""]) -> Float[Array, ""]:
        duel_key = jax.random.fold_in(jax.random.fold_in(key, arm), level)
        return normals(duel_key, (), gaps.dtype)

    def arrive(reign: Reign, arm: Int[Array, ""]) -> tuple[Reign, tuple[Array, Array]]:
        lead = gaps[arm] - gaps[reign.king]
        fight = _fight(lead, arm, reign, noise, (first_pulls, income, horizon, sigma))
        won = Reign(
            jnp.where(fight.dethroned, arm, reign.king),
            jnp.where(fight.dethroned, grant, fight.budget),
            reign.used + 2 * fight.spent,
            reign.accepts + fight.dethroned.astype(jnp.int32),
        )
        return won, (fight.spent, reign.king)

    start = Reign(jnp.int32(0), _like(grant, gaps), _like(0.0, gaps), jnp.int32(1))
    arrivals = jnp.arange(1, gaps.shape[0], dtype=jnp.int32)
    last, (spent, kings) = jax.lax.scan(arrive, start, arrivals)
    pulls = jnp.zeros_like(gaps).at[arrivals].add(spent).at[kings].add(spent)
    return outcome.settle(
        gaps, pulls, last.king, horizon, accepts=last.accepts, per_arm=per_arm
    )


def _fight(
    lead: Float[Array, ""],
    arm: Int[Array, ""],
    reign: Reign,
    noise: Any,
    rules: tuple[Any, ...],
) -> Fight:
    """Duels until the king wins one, cannot pay, or the horizon ends."""
    first_pulls, income, horizon, sigma = rules

    def duel(fight: Fight) -> Fight:
        size = first_pulls * jnp.exp2(fight.level.astype(lead.dtype))
        poor = fight.budget < size
        left = horizon - reign.used - 2 * fight.spent
        over = ~poor & (2 * size > left)
        paid = jnp.where(poor, 0.0, jnp.where(over, left / 2, size))
        ahead = lead + sigma * jnp.sqrt(2 / size) * noise(arm, fight.level)
        return Fight(
            fight.level + 1,
            fight.budget - paid,
            fight.spent + paid,
            ~poor & ~over & (ahead < 0),
            poor,
        )

    start = Fight(
        jnp.int32(0),
        reign.budget + income,
        jnp.zeros_like(lead),
        jnp.isfinite(lead) & (reign.used < horizon),
        jnp.zeros_like(lead, dtype=bool),
    )
    return jax.lax.while_loop(lambda fight: fight.fighting, duel, start)


def _like(value: Any, gaps: Float[Array, " arms"]) -> Float[Array, ""]:
    return jnp.asarray(value, gaps.dtype)
