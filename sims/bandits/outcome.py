"""What a game leaves behind: regret, loss, and where the pulls went."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ...theory.maths.domain import is_traced

NAMES = ("regret", "loss", "chosen", "explored", "accepts", "peak_memory")
OUTPUTS: dict[str, tuple[str, ...]] = dict.fromkeys(NAMES, ())


def settle(
    gaps: Float[Array, " arms"],
    pulls: Float[Array, " arms"],
    chosen: Int[Array, ""],
    horizon: Float[Array, ""],
    *,
    accepts: Any = 1,
    peak_memory: Any = 1,
    per_arm: bool = False,
) -> dict[str, Array]:
    """Commit the rest of the horizon to the chosen arm and add up.

    Args:
        gaps: Gap of every arm; infinite for absent arms.
        pulls: Pulls of exploration, zero for absent arms.
        chosen: The arm that gets the rest.
        horizon: $T$.
        accepts: Number of kings, the first arm included.
        peak_memory: Most arms kept at a time, the arriving one not counted.
        per_arm: Return `pulls_per_arm` too.

    Returns:
        `regret, loss, chosen, explored, accepts, peak_memory`.
    """
    spent = jnp.sum(pulls), jnp.sum(charge(gaps) * pulls)
    result = conclude(spent, gaps[chosen], chosen, horizon, accepts, peak_memory)
    if per_arm:
        rest = jnp.maximum(horizon - spent[0], 0.0)
        result["pulls_per_arm"] = pulls.at[chosen].add(rest)
    return result


def conclude(
    spent: tuple[Float[Array, ""], Float[Array, ""]],
    loss: Float[Array, ""],
    chosen: Int[Array, ""],
    horizon: Float[Array, ""],
    accepts: Any = 1,
    peak_memory: Any = 1,
) -> dict[str, Array]:
    """The outputs of a game whose exploration is known by its sums alone.

    Args:
        spent: Pulls of exploration and the regret they cost.
        loss: Gap of the chosen arm.
        chosen: The arm that gets the rest.
        horizon: $T$.
        accepts: Number of kings.
        peak_memory: Most arms kept at a time.

    Returns:
        As `settle`, without `pulls_per_arm`.
    """
    explored, paid = spent
    return {
        "regret": paid + jnp.maximum(horizon - explored, 0.0) * loss,
        "loss": loss,
        "chosen": jnp.asarray(chosen, jnp.int32),
        "explored": explored,
        "accepts": jnp.asarray(accepts, jnp.int32),
        "peak_memory": jnp.asarray(peak_memory, jnp.int32),
    }


def charge(gaps: Float[Array, "*arms"]) -> Float[Array, "*arms"]:
    """What a pull costs: the gap, nothing for absent arms."""
    return jnp.where(jnp.isfinite(gaps), gaps, 0.0)


def truncate(
    pulls: Float[Array, " arms"], horizon: Float[Array, ""]
) -> Float[Array, " arms"]:
    """The pulls that are still made when the horizon ends inside the exploration."""
    before = jnp.cumsum(pulls) - pulls
    return jnp.clip(horizon - before, 0.0, pulls)


def refuse(check: Callable[..., str | None], **values: Any) -> None:
    """Raise ValueError with what `check` finds, unless a value is traced.

    The sweep engine calls the same `check` on the host before it compiles.
    """
    if any(is_traced(value) for value in values.values()):
        return
    host = {
        name: np.asarray(value) if hasattr(value, "dtype") else value
        for name, value in values.items()
    }
    complaint = check(**host)
    if complaint:
        raise ValueError(complaint)


def complaints(*found: str | None) -> str | None:
    """The first thing that is wrong, if any."""
    return next((text for text in found if text), None)


def bad_game(means: Any, horizon: Any, reward: str = "gaussian") -> str | None:
    """What is wrong with the means or the horizon."""
    means, dtype = np.asarray(means), getattr(horizon, "dtype", np.dtype(float))
    present = means[..., means.reshape(-1, means.shape[-1]).max(axis=0) > -np.inf]
    arms, pulls = present.shape[-1], float(horizon)
    if np.issubdtype(dtype, np.integer) and np.dtype(dtype).itemsize <= 4:
        return f"`horizon` must be a float, not {dtype}: int32 overflows."
    if np.isnan(means).any() or (means == np.inf).any():
        return "`means` must be numbers."
    if arms < 2:
        return f"`means` must have at least 2 arms, got {arms}."
    if not arms <= pulls < np.inf:
        return f"`horizon` must be finite and at least {arms}, got {pulls}."
    if reward == "bernoulli" and not ((present >= 0) & (present <= 1)).all():
        return "`means` of Bernoulli arms must lie in [0, 1]."
    return None


def not_positive(**values: Any) -> str | None:
    """Which value is not positive."""
    for name, value in values.items():
        array = np.asarray(value)
        if not (array > 0).all():
            return f"`{name}` must be positive, got {array[~(array > 0)].flat[0]}."
    return None


def not_increasing(name: str, values: Any, *, pads: bool = False) -> str | None:
    """Whether pulls fail to be positive and strictly increasing.

    Args:
        name: Name in the message.
        values: The cumulative pulls.
        pads: Whether repeats of the last entry are allowed as padding.
    """
    array = np.asarray(values)
    wrong = not_positive(**{name: array})
    steps = np.diff(array)
    padding = (steps == 0) & (array[1:] == array[-1]) & pads
    bad = (steps <= 0) & ~padding
    if wrong or not bad.any():
        return wrong
    return f"`{name}` must be strictly increasing, got {array[1:][bad].flat[0]}."


def present_arms(means: Any) -> int:
    """Number of arms that really arrive."""
    return int(np.isfinite(np.asarray(means)).sum())
