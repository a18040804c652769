"""Langevin steps, time averages and checkpoints: one lane, constant memory."""

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ..draws import normals

Scalar = Float[Array, ""]
Neurons = Float[Array, "width dim"]
Noisy = tuple[Neurons, Neurons]  # neurons and the noise of their next step
State = TypeVar("State")
SCHEMES = ("lm", "euler")


def langevin_step(
    key: Key[Array, ""],
    drift: Callable[[Neurons], Neurons],
    step: Scalar,
    tau: Scalar,
    scheme: str,
) -> Callable[[Array, Noisy], Noisy]:
    """Step number t of the Euler or the Leimkuhler–Matthews scheme.

    The state carries the noise of the coming step, which the averaged scheme uses
    twice: every normal is drawn once.

    Raises:
        ValueError: If `scheme` is unknown.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"`scheme` must be one of {SCHEMES}, got {scheme}.")
    kick = jnp.sqrt(2 * tau * step)

    def advance(t: Array, state: Noisy) -> Noisy:
        theta, xi = state
        following = noise_of(key, t + 1, theta)
        used = (xi + following) / 2 if scheme == "lm" else xi
        return theta - step * drift(theta) + kick * used, following

    return advance


def noise_of(key: Key[Array, ""], t: Array | int, theta: Neurons) -> Neurons:
    """The standard normals of step t."""
    return normals(jax.random.fold_in(key, t), theta.shape, theta.dtype)


def time_average(
    advance: Callable[[Array, Noisy], Noisy],
    measure: Callable[[Neurons], Array],
    start: Noisy,
    burn_steps: int,
    samples: int,
    sample_every: int,
) -> Array:
    """Mean of `measure` at steps burn, burn + every, …; running sum only.

    Block 0 is the burn-in: one loop, hence one compiled step, for both.
    """

    def block(index: Array, state: tuple[Noisy, Array]) -> tuple[Noisy, Array]:
        now, total = state
        last = burn_steps + index * sample_every
        first = jnp.where(index == 0, 0, last - sample_every)
        now = jax.lax.fori_loop(first, last, advance, now)
        return now, total + measure(now[0]) / samples

    zero = jnp.zeros_like(measure(start[0]))
    return jax.lax.fori_loop(0, samples, block, (start, zero))[1]


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
