"""Simulators that the tests of the engine sweep."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key
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


@simulator(outputs={"value": (), "count": (), "status": ()})
def coin(
    key: Key[Array, ""], bias: Float[Array, ""], *, flips: int = 4
) -> dict[str, Array]:
    """Cheap lanes with integers and a status: lanes without a single head fail."""
    heads = jax.random.uniform(key, (flips,), jnp.float32) < bias
    count = heads.sum(dtype=jnp.int32)
    status = jnp.where(count > 0, 0, 1).astype(jnp.int32)
    return {"value": heads.mean(dtype=jnp.float32), "count": count, "status": status}
