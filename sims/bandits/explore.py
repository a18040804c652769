"""Uniform exploration, then commit: the baseline with one arm in memory."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from ..sweep import simulator
from . import outcome, rewards, streams


def check_uniform(
    means: Any, pulls: Any, horizon: Any, sigma: Any = 0.5, reward: str = "gaussian"
) -> str | None:
    """What is wrong with a game of uniform exploration."""
    wrong = outcome.complaints(
        bad_reward(reward),
        outcome.bad_game(means, horizon, reward),
        outcome.not_positive(pulls=pulls, sigma=sigma),
    )
    spent = outcome.present_arms(means) * np.asarray(pulls)
    if wrong or (spent <= horizon).all():
        return wrong
    return f"`pulls` times arms must not exceed `horizon`, got {float(spent.max())}."


def bad_reward(reward: str) -> str | None:
    """Whether a reward law is unknown."""
    if reward in rewards.REWARDS:
        return None
    return f"`reward` must be one of {', '.join(rewards.REWARDS)}, not {reward!r}."


@simulator(
    outputs=outcome.OUTPUTS, check=check_uniform, dtype="float64", quantum=64, tile=256
)
def simulate_uniform(
    key: Key[Array, ""],
    means: Float[Array, " arms"],
    pulls: Float[Array, ""],
    horizon: Float[Array, ""],
    sigma: Float[Array, ""] | float = 0.5,
    *,
    reward: str = "gaussian",
    per_arm: bool = False,
) -> dict[str, Array]:
    r"""Pull every arm equally often, keep the best mean seen so far, commit to it.

    Args:
        key: Random key.
        means: Means in order of arrival; −∞ marks absent arms.
        pulls: $m$ pulls of every arm, $mK \le T$ (rounded for Bernoulli rewards).
        horizon: $T$.
        sigma: Standard deviation of a Gaussian reward.
        reward: "gaussian" or "bernoulli" (ties broken fairly).
        per_arm: Return `pulls_per_arm` too.

    Returns:
        `regret, loss, chosen, explored, accepts, peak_memory`.

    Claim:
        SB-1, SB-2.
    """
    outcome.refuse(
        check_uniform,
        means=means,
        pulls=pulls,
        horizon=horizon,
        sigma=sigma,
        reward=reward,
    )
    gaps, pulls = streams.gaps_of(means), rewards.whole(pulls, reward)
    seen = rewards.scores(key, means, gaps, pulls, sigma, reward)
    spent = jnp.where(jnp.isfinite(gaps), pulls, 0.0)
    return outcome.settle(gaps, spent, jnp.argmax(seen), horizon, per_arm=per_arm)


def check_pull_by_pull(means: Any, pulls: Any, horizon: Any, most: int) -> str | None:
    """What is wrong with a game that is drawn one pull at a time."""
    wrong = check_uniform(means, pulls, horizon, reward="bernoulli")
    if wrong or (np.asarray(pulls) <= most).all():
        return wrong
    return f"`pulls` must not exceed `most` = {most}, got {float(np.max(pulls))}."


@simulator(
    outputs=outcome.OUTPUTS,
    check=check_pull_by_pull,
    dtype="float64",
    quantum=64,
    tile=256,
)
def simulate_pull_by_pull(
    key: Key[Array, ""],
    means: Float[Array, " arms"],
    pulls: Float[Array, ""],
    horizon: Float[Array, ""],
    fair: Float[Array, ""] | float = 1.0,
    *,
    most: int,
) -> dict[str, Array]:
    """Uniform exploration with Bernoulli rewards drawn one pull at a time.

    Args:
        key: Random key.
        means: Means in order of arrival; −∞ marks absent arms.
        pulls: $m$ pulls of every arm, at most `most` (rounded up).
        horizon: $T$.
        fair: 1: equal counts are decided by lot; 0: for the arm that came first.
        most: Pulls of an arm the program is compiled for.

    Returns:
        `regret, loss, chosen, explored, accepts, peak_memory`.

    Claim:
        SB-1: the same joint law as `simulate_uniform(reward="bernoulli")`.
    """
    outcome.refuse(
        check_pull_by_pull, means=means, pulls=pulls, horizon=horizon, most=most
    )
    gaps, pulls = streams.gaps_of(means), jnp.ceil(pulls)
    reward_key, tie_key = jax.random.split(key)
    draws = jax.random.uniform(reward_key, (most, *means.shape), means.dtype)
    is_made = jnp.arange(most, dtype=means.dtype)[:, None] < pulls
    counts = jnp.sum((draws < means[None]) & is_made, axis=0, dtype=means.dtype)
    lots = fair * jax.random.uniform(tie_key, means.shape, means.dtype)
    seen = jnp.where(jnp.isfinite(gaps), counts + lots, -jnp.inf)
    spent = jnp.where(jnp.isfinite(gaps), pulls, 0.0)
    return outcome.settle(gaps, spent, jnp.argmax(seen), horizon)


def simulate_per_pull(
    seed: int, means: np.ndarray, pulls: int, horizon: float | int
) -> dict[str, float]:
    """Uniform exploration reward by reward in NumPy: for tests and as speed anchor.

    Args:
        seed: Seed of NumPy's generator.
        means: Bernoulli means in order of arrival.
        pulls: $m$ pulls of every arm.
        horizon: $T$; the commit phase is played pull by pull too.

    Returns:
        `regret`, `loss`, `chosen` and the reward that was collected.
    """
    rng = np.random.default_rng(seed)
    best, king, collected = -1.0, 0, 0
    for arm, mean in enumerate(means):
        won = int((rng.random(pulls) < mean).sum())
        collected += won
        score = won + rng.random()  # fair ties
        if score > best:
            best, king = score, arm
    rest = int(horizon) - pulls * len(means)
    collected += int((rng.random(rest) < means[king]).sum())
    gaps = means.max() - means
    regret = pulls * gaps.sum() + rest * gaps[king]
    return {
        "regret": float(regret),
        "loss": float(gaps[king]),
        "chosen": king,
        "reward": collected,
    }
