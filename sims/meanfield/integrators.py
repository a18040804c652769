"""Langevin steps, time averages and checkpoints: one lane, constant memory."""

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

Scalar = Float[Array, ""]
Neurons = Float[Array, "width dim"]
State = TypeVar("State")
SCHEMES = ("lm", "euler")


def langevin_step(
    key: Key[Array, ""],
    drift: Callable[[Neurons], Neurons],
    step: Scalar,
    tau: Scalar,
    scheme: str,
) -> Callable[[Array, Neurons], Neurons]:
    """One step number t of the Euler or the Leimkuhler–Matthews scheme.

    The noise of step t is drawn from (key, t), so that the averaged scheme needs no
    memory: it draws the noises of t and t + 1.

    Raises:
        ValueError: If `scheme` is unknown.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"`scheme` must be one of {SCHEMES}, got {scheme}.")
    kick = jnp.sqrt(2 * tau * step)

    def noise(t: Array, theta: Neurons) -> Neurons:
        return jax.random.normal(jax.random.fold_in(key, t), theta.shape, theta.dtype)

    def advance(t: Array, theta: Neurons) -> Neurons:
        xi = noise(t, theta)
        if scheme == "lm":
            xi = (xi + noise(t + 1, theta)) / 2
        return theta - step * drift(theta) + kick * xi

    return advance


def time_average(
    advance: Callable[[Array, Neurons], Neurons],
    measure: Callable[[Neurons], Array],
    start: Neurons,
    burn_steps: int,
    samples: int,
    sample_every: int,
) -> Array:
    """Mean of `measure` at steps burn, burn + every, …; running sum only."""

    def block(index: Array, state: tuple[Neurons, Array]) -> tuple[Neurons, Array]:
        theta, total = state
        total = total + measure(theta) / samples
        first = burn_steps + index * sample_every
        theta = jax.lax.fori_loop(
            0, sample_every, lambda t, now: advance(first + t, now), theta
        )
        return theta, total

    theta = jax.lax.fori_loop(0, burn_steps, advance, start)
    zero = jnp.zeros_like(measure(theta))
    return jax.lax.fori_loop(0, samples, block, (theta, zero))[1]


def checkpointed(
    advance: Callable[[Array, State], State],
    observe: Callable[[State], dict[str, Array]],
    start: State,
    num_steps: int,
    save_every: int,
) -> dict[str, Array]:
    """Run `advance(t, state)` and keep `observe(state)` after every block of steps."""

    def block(state: State, index: Array) -> tuple[State, dict[str, Array]]:
        first = index * save_every
        state = jax.lax.fori_loop(
            0, save_every, lambda t, now: advance(first + t, now), state
        )
        return state, observe(state)

    return jax.lax.scan(block, start, jnp.arange(num_steps // save_every))[1]
