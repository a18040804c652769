"""The sequential algorithms with the best arm at a uniform random position.

The means come from the sweep (`derive`); where the best of them stands is drawn in
every lane, uniformly on first … last. So one program serves the hard prior of SB-4
(first n arms, or the last), slippage instances and fixed orders (first = last).
"""

import inspect
from collections.abc import Callable
from typing import Any

import jax
from jaxtyping import Array, Float, Key

from ..sweep import simulator
from . import eliminate, outcome, rising, rounds, streams, throne

Scalar = Float[Array, ""]


def _placed(rules: Callable[..., str | None]) -> Callable[..., str | None]:
    """The checks of a game, and that of the best arm's position."""
    names = inspect.signature(rules).parameters

    def check(means: Any, first: Any, last: Any, **values: Any) -> str | None:
        arms = outcome.present_arms(means)
        if not 0 <= first <= last < arms:
            return f"`first`, `last` must lie in 0 … {arms - 1}, got {first}, {last}."
        return rules(means, **{k: v for k, v in values.items() if k in names})

    return check


@simulator(
    outputs=rising.OUTPUTS,
    check=_placed(rising.check_bar),
    dtype="float64",
    quantum=64,
    tile=64,
)
def placed_bar(
    key: Key[Array, ""],
    means: Float[Array, " arms"],
    stage_pulls: Float[Array, " stages"],
    rise: Scalar,
    horizon: Scalar,
    first: Scalar,
    last: Scalar,
) -> dict[str, Array]:
    """`simulate_bar` with the best arm exchanged to a position in first … last."""
    place_key, play_key = jax.random.split(key)
    means = streams.placed(place_key, means, first, last)
    return rising.simulate_bar(play_key, means, stage_pulls, rise, horizon)


@simulator(
    outputs=outcome.OUTPUTS,
    check=_placed(throne.check_king),
    dtype="float64",
    quantum=64,
    tile=64,
)
def placed_king(
    key: Key[Array, ""],
    means: Float[Array, " arms"],
    first_pulls: Scalar,
    income: Scalar,
    grant: Scalar,
    horizon: Scalar,
    first: Scalar,
    last: Scalar,
) -> dict[str, Array]:
    """`simulate_king` with the best arm exchanged to a position in first … last."""
    place_key, play_key = jax.random.split(key)
    means = streams.placed(place_key, means, first, last)
    return throne.simulate_king(play_key, means, first_pulls, income, grant, horizon)


@simulator(
    outputs=outcome.OUTPUTS,
    check=_placed(rounds.check_multipass),
    dtype="float64",
    quantum=64,
    tile=64,
)
def placed_multipass(
    key: Key[Array, ""],
    means: Float[Array, " arms"],
    grid: Float[Array, " passes"],
    conf: Scalar,
    horizon: Scalar,
    first: Scalar,
    last: Scalar,
) -> dict[str, Array]:
    """`simulate_multipass`, the best arm exchanged to a position in first … last."""
    place_key, play_key = jax.random.split(key)
    means = streams.placed(place_key, means, first, last)
    return rounds.simulate_multipass(play_key, means, grid, conf, horizon)


@simulator(
    outputs=outcome.OUTPUTS,
    check=_placed(eliminate.check_keep_top),
    dtype="float64",
    quantum=64,
    tile=64,
)
def placed_keep_top(
    key: Key[Array, ""],
    means: Float[Array, " arms"],
    pulls: Scalar,
    memory: Scalar,
    horizon: Scalar,
    first: Scalar,
    last: Scalar,
) -> dict[str, Array]:
    """`simulate_keep_top` with the best arm exchanged to a position in first … last."""
    place_key, play_key = jax.random.split(key)
    means = streams.placed(place_key, means, first, last)
    return eliminate.simulate_keep_top(play_key, means, pulls, memory, horizon)
