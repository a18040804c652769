"""Simulators that the tests of the engine sweep."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key
from limen.sims.sweep import simulator


@simulator(outputs={"loss": ("step",), "final": ()})
def descent(
    key: Key[Array, ""],
    rate: Float[Array, ""],
    noise: Float[Array, ""],
    *,
    dim: int,
    steps: int = 20,
) -> dict[str, Array]:
    """Online least squares: a scan whose bits depend on the batch size."""
    k_start, k_data, k_noise = jax.random.split(key, 3)
    start = jax.random.normal(k_start, (dim,), jnp.float32)
    data = jax.random.normal(k_data, (steps, dim), jnp.float32)
    errors = jax.random.normal(k_noise, (steps,), jnp.float32)

    def step(weights: Array, sample: tuple[Array, Array]) -> tuple[Array, Array]:
        x, error = sample
        weights = weights - rate / dim * (x @ weights + noise * error) * x
        return weights, (weights @ weights) / dim

    _, loss = jax.lax.scan(step, start, (data, errors))
    return {"loss": loss, "final": loss[-1]}


def a_probability(bias: float) -> str | None:
    """What is wrong with a coin."""
    return None if 0 <= bias <= 1 else f"`bias` must lie in [0, 1], but is {bias}"


@simulator(
    outputs={"value": (), "count": (), "status": ()}, check=a_probability, tile=16
)
def coin(
    key: Key[Array, ""], bias: Float[Array, ""], *, flips: int = 4
) -> dict[str, Array]:
    """Cheap lanes with integers and a status: lanes without a single head fail."""
    heads = jax.random.uniform(key, (flips,), jnp.float32) < bias
    count = heads.sum(dtype=jnp.int32)
    status = jnp.where(count > 0, 0, 1).astype(jnp.int32)
    return {"value": heads.mean(dtype=jnp.float32), "count": count, "status": status}


@simulator(outputs={"bits": ()}, tile=16)
def raw(key: Key[Array, ""], level: Int[Array, ""]) -> dict[str, Array]:
    """The random bits of a lane themselves."""
    return {"bits": jax.random.bits(key, (), jnp.uint32) + 0 * level.astype(jnp.uint32)}


@simulator(outputs={"projection": ("row",)}, tile=16)
def projected(
    key: Key[Array, ""], scale: Float[Array, ""], design: Float[Array, "row column"]
) -> dict[str, Array]:
    """A lane that sees data common to all lanes."""
    draws = jax.random.normal(key, (design.shape[1],), jnp.float32)
    return {"projection": scale * (design @ draws)}


@simulator(outputs={"area": ()}, deterministic=True, dtype="float64")
def quadrature(radius: Float[Array, ""], *, points: int) -> dict[str, Array]:
    """A number without randomness, in double precision."""
    x = (jnp.arange(points, dtype=radius.dtype) + 0.5) / points * radius
    return {"area": 4 * jnp.sqrt(radius**2 - x**2).sum() * radius / points}


@simulator(outputs={"path": ("time",)}, tile=16)
def walk(key: Key[Array, ""], *, length: int) -> dict[str, Array]:
    """A walk whose output grows with a static value."""
    return {"path": jax.random.normal(key, (length,), jnp.float32).cumsum()}


@simulator(outputs={"ratio": ()}, tile=16)
def unsafe(key: Key[Array, ""], level: Float[Array, ""]) -> dict[str, Array]:
    """Divides by zero now and then, and says nothing."""
    draw = jax.random.uniform(key, (), jnp.float32)
    return {"ratio": draw / jnp.where(draw < level, 0.0, 1.0).astype(jnp.float32)}
