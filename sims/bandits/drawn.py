"""The players on instances drawn in the lane: the simulators of checks and figures.

All arguments but the shapes are dynamic, so that one program serves every family of
instances, every number of arms up to `width` and every position of the best arm.
`instance` holds, in this order:

* `family`: index into `FAMILIES` (below);
* `gap`: lead of the best arm (families 0 and 3), width of the interval (4 to 6);
* `arms`: $K$, at most `width`; the arms beyond are absent (mean −∞);
* `first`, `last`: where the best arm may stand, uniformly (families 0, 2 and 3).

| family | means |
|---|---|
| 0 slippage | one arm leads all others by `gap` |
| 1 mix-in | uniform on [0, 1] |
| 2 clear-cut | N(0.5, 0.1²) cut to [0, 0.8], and one arm at 0.82 |
| 3 half | the best arm at 1, half of the arms at 0, the others at 1 − gap |
| 4 ascending, 5 descending | an even chain from 0.5 − gap/2 to 0.5 + gap/2 |
| 6 scattered | uniform on the same interval, in no order |
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from ..sweep import simulator
from . import climb, eliminate, explore, outcome, rising, rounds, throne

FAMILIES = ("slippage", "mix-in", "clear-cut", "half")
FAMILIES += ("ascending", "descending", "scattered")
FIELDS = ("family", "gap", "arms", "first", "last")
SPREAD, CUT = 0.1, (-5.0, 3.0)  # of clear-cut means, in their standard deviations
Scalar = Float[Array, ""]
Instance = Float[Array, " fields"]


def drawn_means(
    key: Key[Array, ""], instance: Instance, *, width: int
) -> Float[Array, " {width}"]:
    """Means in order of arrival; arms beyond the instance's number are absent (−∞).

    Args:
        key: Random key.
        instance: Family, gap, arms, first and last position, as in the module's text.
        width: Length of the result.

    Returns:
        Means.
    """
    family, gap, arms, first, last = instance
    draw_key, place_key = jax.random.split(key)
    index = jnp.arange(width, dtype=gap.dtype)
    unit = jax.random.uniform(draw_key, (width,), gap.dtype)
    low, high = jax.scipy.special.ndtr(jnp.asarray(CUT, gap.dtype))
    bell = jax.scipy.special.ndtri(low + unit * (high - low))
    climb_up = gap * (index / (arms - 1) - 0.5)
    is_best = index == 0
    families = (
        jnp.where(is_best, gap, 0.0),
        unit,
        jnp.where(is_best, 0.82, 0.5 + SPREAD * bell),
        jnp.where(is_best, 1.0, jnp.where(index < arms / 2, 1 - gap, 0.0)),
        0.5 + climb_up,
        0.5 - climb_up,
        0.5 + gap * (unit - 0.5),
    )
    chosen = jnp.round(family)
    means = families[0]
    for number, other in enumerate(families[1:], start=1):
        means = jnp.where(chosen == number, other, means)
    span = jnp.maximum(last - first + 1, 1.0)
    place = first + jnp.floor(span * jax.random.uniform(place_key, (), gap.dtype))
    place = jnp.where(family > 3.5, 0.0, jnp.minimum(place, last)).astype(jnp.int32)
    best, other = means[0], means[place]
    means = means.at[0].set(other).at[place].set(best)
    return jnp.where(index < arms, means, -jnp.inf)


def _arrivals(
    key: Key[Array, ""], instance: Instance, width: int
) -> tuple[Float[Array, " {width}"], Key[Array, ""]]:
    """Means in order of arrival, and the key of the game."""
    draw_key, play_key = jax.random.split(key)
    return drawn_means(draw_key, instance, width=width), play_key


def _checked(rules: Callable[..., str | None]) -> Callable[..., str | None]:
    """The checks of a game and of the instance that will be drawn."""
    names = inspect.signature(rules).parameters

    def check(instance: Any, width: int, **values: Any) -> str | None:
        if np.shape(instance) != (len(FIELDS),):
            return f"`instance` must hold {', '.join(FIELDS)}, got {instance}."
        family, _, arms, first, last = (float(value) for value in instance)
        if round(family) not in range(len(FAMILIES)):
            return f"`family` must lie in 0 … {len(FAMILIES) - 1}, got {family}."
        if not 2 <= arms <= width:
            return f"`arms` must lie in 2 … {width}, got {arms}."
        if not 0 <= first <= last < arms:
            return f"`first`, `last` must lie in 0 … {arms - 1}, got {first}, {last}."
        known = {k: v for k, v in values.items() if k in names}
        return rules(means=[0.5] * int(arms), **known)

    return check


_declare = functools.partial(simulator, dtype="float64", quantum=64, tile=64)


@_declare(outputs=outcome.OUTPUTS, check=_checked(explore.check_uniform))
def drawn_uniform(
    key: Key[Array, ""],
    pulls: Scalar,
    horizon: Scalar,
    instance: Instance,
    *,
    width: int,
) -> dict[str, Array]:
    """`simulate_uniform` on a drawn instance."""
    means, play_key = _arrivals(key, instance, width)
    return explore.simulate_uniform(play_key, means, pulls, horizon)


@_declare(
    outputs={**outcome.OUTPUTS, "stored_regret": ()},
    check=_checked(climb.check_ladder),
)
def drawn_ladder(
    key: Key[Array, ""],
    level_pulls: Float[Array, " levels"],
    horizon: Scalar,
    instance: Instance,
    *,
    width: int,
    groups: tuple[int, ...],
) -> dict[str, Array]:
    """`simulate_ladder` on a drawn instance, with the regret of public code beside it.

    `stored_regret` charges every pull of exploration to the champion that is stored at
    its level, not to the arm that is pulled (an error of accounting).
    """
    means, play_key = _arrivals(key, instance, width)
    return climb.simulate_ladder(
        play_key, means, level_pulls, horizon, groups=groups, stored=True
    )


@_declare(outputs=rising.OUTPUTS, check=_checked(rising.check_bar))
def drawn_bar(
    key: Key[Array, ""],
    stage_pulls: Float[Array, " stages"],
    rise: Scalar,
    horizon: Scalar,
    instance: Instance,
    *,
    width: int,
) -> dict[str, Array]:
    """`simulate_bar` on a drawn instance."""
    means, play_key = _arrivals(key, instance, width)
    return rising.simulate_bar(play_key, means, stage_pulls, rise, horizon)


@_declare(outputs=outcome.OUTPUTS, check=_checked(throne.check_king))
def drawn_king(
    key: Key[Array, ""],
    first_pulls: Scalar,
    income: Scalar,
    grant: Scalar,
    horizon: Scalar,
    instance: Instance,
    *,
    width: int,
) -> dict[str, Array]:
    """`simulate_king` on a drawn instance."""
    means, play_key = _arrivals(key, instance, width)
    return throne.simulate_king(play_key, means, first_pulls, income, grant, horizon)


@_declare(outputs=outcome.OUTPUTS, check=_checked(rounds.check_multipass))
def drawn_multipass(
    key: Key[Array, ""],
    grid: Float[Array, " passes"],
    conf: Scalar,
    horizon: Scalar,
    instance: Instance,
    *,
    width: int,
) -> dict[str, Array]:
    """`simulate_multipass` on a drawn instance."""
    means, play_key = _arrivals(key, instance, width)
    return rounds.simulate_multipass(play_key, means, grid, conf, horizon)


@_declare(outputs=outcome.OUTPUTS, check=_checked(eliminate.check_keep_top))
def drawn_keep_top(
    key: Key[Array, ""],
    pulls: Scalar,
    memory: Scalar,
    horizon: Scalar,
    instance: Instance,
    *,
    width: int,
) -> dict[str, Array]:
    """`simulate_keep_top` on a drawn instance."""
    means, play_key = _arrivals(key, instance, width)
    return eliminate.simulate_keep_top(play_key, means, pulls, memory, horizon)
