"""Every algorithm as a sweep of one's own: `limen sweep bandits.uniform …`.

Parameters are the same for all: horizon, gap of the good arm, and a tuning in units of
(T/K)^{2/3} for the pulls (of c_0 for several passes); the rest is as in the checks.
"""

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from ..sweep import simulator
from . import climb, eliminate, explore, outcome, rising, rounds, streams, throne

GROUP, GROWTH, STAGE_GROWTH, CONF = 4, 2.2, 1.5, 8.0
Scalar = Float[Array, ""]
_declare = functools.partial(simulator, dtype="float64", tile=64)


def check_sweep(
    horizon: Any, gap: Any, tuning: Any, arms: int, instance: str, order: str
) -> str | None:
    """What is wrong with a cell of such a sweep."""
    if arms < 2:
        return f"`arms` must be at least 2, got {arms}."
    if not arms <= horizon < math.inf:
        return f"`horizon` must be finite and at least {arms}, got {horizon}."
    if instance not in streams.INSTANCES:
        known = ", ".join(streams.INSTANCES)
        return f"`instance` must be one of {known}, not {instance!r}."
    if order not in streams.ORDERS:
        return f"`order` must be one of {', '.join(streams.ORDERS)}, not {order!r}."
    return outcome.not_positive(gap=gap, tuning=tuning)


def _affordable(share: float) -> Any:
    """The same check, and exploration (`share` times tuning) inside the horizon."""

    def check(
        horizon: Any, gap: Any, tuning: Any, arms: int, instance: str, order: str
    ) -> str | None:
        wrong = check_sweep(horizon, gap, tuning, arms, instance, order)
        spent = share * tuning * arms ** (1 / 3) * horizon ** (2 / 3)
        if wrong or spent <= horizon:
            return wrong
        return f"`tuning` = {tuning} makes exploration exceed `horizon` = {horizon}."

    return check


@_declare(outputs=outcome.OUTPUTS, check=_affordable(1.0))
def uniform(
    key: Key[Array, ""],
    horizon: Scalar,
    gap: Scalar | float = 0.1,
    tuning: Scalar | float = 1.0,
    *,
    arms: int,
    instance: str = "slippage",
    order: str = "random",
) -> dict[str, Array]:
    """Uniform exploration with m = tuning · (T/K)^{2/3} pulls of every arm."""
    means, play_key = _arrivals(key, gap, arms, instance, order)
    pulls = _unit(horizon, tuning, arms)
    return explore.simulate_uniform(play_key, means, pulls, horizon)


@_declare(outputs=outcome.OUTPUTS, check=_affordable(2.3))
def ladder(
    key: Key[Array, ""],
    horizon: Scalar,
    gap: Scalar | float = 0.1,
    tuning: Scalar | float = 0.464,
    *,
    arms: int,
    instance: str = "slippage",
    order: str = "random",
) -> dict[str, Array]:
    """Groups of 4, growth 2.2, s_0 = tuning · (T/K)^{2/3}."""
    means, play_key = _arrivals(key, gap, arms, instance, order)
    levels = 1
    while GROUP**levels < arms:
        levels += 1
    pulls = _powers(GROWTH, levels, means) * _unit(horizon, tuning, arms)
    return climb.simulate_ladder(
        play_key, means, pulls, horizon, groups=(GROUP,) * levels
    )


@_declare(outputs=rising.OUTPUTS, check=check_sweep)
def bar(
    key: Key[Array, ""],
    horizon: Scalar,
    gap: Scalar | float = 0.1,
    tuning: Scalar | float = 0.322,
    *,
    arms: int,
    instance: str = "slippage",
    order: str = "random",
) -> dict[str, Array]:
    """Stages n_1 1.5^ℓ, n_1 = tuning · (T/K)^{2/3}, required rise 0.2/√n_1."""
    means, play_key = _arrivals(key, gap, arms, instance, order)
    first = _unit(horizon, tuning, arms)
    stages = _powers(STAGE_GROWTH, stage_count(arms), means) * first
    rise = 0.2 / jnp.sqrt(first)
    return rising.simulate_bar(play_key, means, stages, rise, horizon)


@_declare(outputs=outcome.OUTPUTS, check=check_sweep)
def king(
    key: Key[Array, ""],
    horizon: Scalar,
    gap: Scalar | float = 0.1,
    tuning: Scalar | float = 1.0,
    *,
    arms: int,
    instance: str = "slippage",
    order: str = "random",
) -> dict[str, Array]:
    """First duel s_1 = tuning · (T/K)^{2/3}, income and grant 2 s_1."""
    means, play_key = _arrivals(key, gap, arms, instance, order)
    first = _unit(horizon, tuning, arms)
    return throne.simulate_king(play_key, means, first, 2 * first, 2 * first, horizon)


def _check_multipass(
    horizon: Any,
    gap: Any,
    tuning: Any,
    arms: int,
    instance: str,
    order: str,
    passes: int,
) -> str | None:
    """The same check, and at least one pass."""
    if passes < 1:
        return f"`passes` must be at least 1, got {passes}."
    return check_sweep(horizon, gap, tuning, arms, instance, order)


@_declare(outputs=outcome.OUTPUTS, check=_check_multipass)
def multipass(
    key: Key[Array, ""],
    horizon: Scalar,
    gap: Scalar | float = 0.1,
    tuning: Scalar | float = 1.0,
    *,
    arms: int,
    instance: str = "slippage",
    order: str = "random",
    passes: int = 2,
) -> dict[str, Array]:
    """B passes over the grid of SB-12 with c_0 = tuning, confidence 8."""
    means, play_key = _arrivals(key, gap, arms, instance, order)
    exponent = 2.0**passes / (2.0 ** (passes + 1) - 1)
    powers = jnp.asarray(2 - 0.5 ** np.arange(passes), means.dtype)
    grid = (tuning * (horizon / arms) ** exponent) ** powers
    conf = jnp.asarray(CONF, means.dtype)
    return rounds.simulate_multipass(play_key, means, grid, conf, horizon)


@_declare(outputs=outcome.OUTPUTS, check=check_sweep)
def elimination(
    key: Key[Array, ""],
    horizon: Scalar,
    gap: Scalar | float = 0.1,
    tuning: Scalar | float = 1.0,
    *,
    arms: int,
    instance: str = "slippage",
    order: str = "random",
) -> dict[str, Array]:
    """Full-memory elimination; the first round has 8 · tuning pulls."""
    means, play_key = _arrivals(key, gap, arms, instance, order)
    step = 8 * jnp.asarray(tuning, means.dtype)
    return eliminate.simulate_elimination(play_key, means, horizon, step)


def stage_count(arms: int) -> int:
    """Stages of the bar with growth 1.5: enough that K arms do not slip through."""
    return math.ceil(math.log(12.5 * math.log(20 * arms), STAGE_GROWTH)) + 1


def _powers(growth: float, count: int, like: Array) -> Float[Array, " {count}"]:
    """1, r, r², … in the precision of `like`."""
    return jnp.asarray(growth ** np.arange(count), like.dtype)


def _unit(horizon: Scalar, tuning: Any, arms: int) -> Scalar:
    return tuning * jnp.cbrt(horizon / arms) ** 2


def _arrivals(
    key: Key[Array, ""], gap: Any, arms: int, instance: str, order: str
) -> tuple[Float[Array, " arms"], Key[Array, ""]]:
    """Means in order of arrival, and the key of the game."""
    mean_key, order_key, play_key = jax.random.split(key, 3)
    if instance == "slippage":
        means = streams.slippage(arms, arms - 1, 0.5, gap)
    elif instance == "chain":
        means = streams.chain(arms, 0.5 - gap / 2, 0.5 + gap / 2)
    elif instance == "clear-cut":
        means = streams.clear_cut(mean_key, arms)
    else:
        means = streams.uniform_means(mean_key, arms)
    return streams.reorder(order_key, means, order), play_key
