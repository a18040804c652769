"""Speed and memory of the coupled mean-field run, beside NumPy.

Target: N = 128, 256 replicas, 300 steps, n = 8, p = 2 in at most 1 s after compilation
on one core (`taskset -c 0`), memory O(Nn).
"""

import functools
import time

import jax
import jax.numpy as jnp
import limen.sims  # noqa: F401  (settles the thread pool first)
import numpy as np
from limen.sims import meanfield as sims

REPLICAS, STEPS, SAMPLES, DIM = 256, 300, 8, 2
LAM, TAU, STEP = 0.2, 0.05, 0.1


def compiled(width, samples=SAMPLES):
    """The batched program, and its arguments."""
    X = jnp.ones((samples, DIM), jnp.float32)
    y, path = jnp.ones(samples), jnp.ones((STEPS, samples))
    numbers = [jnp.float32(v) for v in (LAM, TAU, STEP, 1.0, 1.0, width)]
    one = functools.partial(
        sims.coupled.function, max_width=width, num_steps=STEPS, save_every=10
    )
    keys = jax.random.split(jax.random.key(0), REPLICAS)
    batch = jax.vmap(one, in_axes=(0, *[None] * 9))
    arguments = (keys, X, y, path, *numbers)
    return jax.jit(batch).lower(*arguments).compile(), arguments


def numpy_run(width):
    """The same arithmetic in NumPy, float32, all replicas at once."""
    rng = np.random.default_rng(0)
    X, y = np.ones((SAMPLES, DIM), np.float32), np.ones(SAMPLES, np.float32)
    shape = (REPLICAS, width, DIM)
    theta = rng.standard_normal(shape, dtype=np.float32)
    free = theta.copy()
    for _ in range(STEPS):
        xi = np.float32(np.sqrt(2 * TAU * STEP)) * rng.standard_normal(
            shape, dtype=np.float32
        )
        value, other = np.tanh(theta @ X.T), np.tanh(free @ X.T)
        residual = (value.mean(axis=1, keepdims=True) - y) / SAMPLES
        drift = ((1 - value**2) * residual) @ X + np.float32(LAM) * theta
        mean_drift = ((1 - other**2) * (1 - y) / SAMPLES) @ X + np.float32(LAM) * free
        theta = theta - np.float32(STEP) * drift + xi
        free = free - np.float32(STEP) * mean_drift + xi
    return np.mean((theta - free) ** 2)


def seconds(function):
    """Least wall time of three calls."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def main():
    """Time, then memory against width and samples."""
    print(jax.devices()[0].device_kind, jax.__version__)
    start = time.perf_counter()
    program, arguments = compiled(128)
    print(f"compile {time.perf_counter() - start:.2f} s")
    jax.block_until_ready(program(*arguments))
    run = seconds(lambda: jax.block_until_ready(program(*arguments)))
    print(f"limen   {run:.3f} s   NumPy {seconds(lambda: numpy_run(128)):.3f} s")
    print("temporary memory per replica, in units of 4 N n bytes:")
    for width, samples in ((128, 8), (512, 8), (2048, 8), (128, 32), (512, 32)):
        used = compiled(width, samples)[0].memory_analysis().temp_size_in_bytes
        unit = 4 * width * samples * REPLICAS
        print(f"  N = {width:4d}, n = {samples:2d}: {used / unit:.2f}")


if __name__ == "__main__":
    main()
