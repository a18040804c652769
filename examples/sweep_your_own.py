"""Sweep a simulator of your own: five lines after its definition.

From the command line: limen sweep examples/sweep_your_own.py:random_walk \
    --axis drift=0,0.1,0.2 --axis steps=16,64,256 --seeds 64
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key
from limen.sims.sweep import Sweep, simulator


@simulator(outputs={"end": (), "highest": ()})
def random_walk(
    key: Key[Array, ""], drift: Float[Array, ""], *, steps: int
) -> dict[str, Array]:
    """A Gaussian walk: where it ends and how high it came."""
    path = jnp.cumsum(drift + jax.random.normal(key, (steps,), jnp.float32))
    return {"end": path[-1], "highest": path.max()}


if __name__ == "__main__":
    axes = {"drift": [0.0, 0.1, 0.2]}
    sweep = Sweep(sim=random_walk, static={"steps": [16, 64]}, dynamic=axes)
    print(sweep.plan(64))
    rows = sweep.run(64)  # add store="results/store" to keep and resume it
    print(rows.highest.mean("seed").to_pandas())
