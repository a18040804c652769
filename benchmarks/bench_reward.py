"""Speed of the reward simulators: the lumped chain beside full SGD, the ridge sweep.

Targets: lumped chain at most 80 ns per step and replica on one core in float32;
ridge sweep 128 x 16 at n = 2000, p = 8 at most 0.6 s.
"""

import time

import jax
import jax.numpy as jnp
import limen.sims  # noqa: F401  (settles the thread pool first)
from limen.sims import reward as sims

LANES, STEPS, DIM, REPEATS = 512, 4096, 128, 4
WALK = {"link": "sin3", "transform": "exp"}


def timed(name, function, arguments, unit):
    """Print compile and run time of a batched function, and time per unit (best)."""
    start = time.perf_counter()
    compiled = jax.jit(function).lower(*arguments).compile()
    compiled_s = time.perf_counter() - start
    jax.block_until_ready(compiled(*arguments))
    runs = []
    for _ in range(REPEATS):
        start, cpu = time.perf_counter(), time.process_time()
        jax.block_until_ready(compiled(*arguments))
        runs.append((time.process_time() - cpu, time.perf_counter() - start))
    cpu_s, run_s = min(runs)
    each = 1e9 * cpu_s / unit
    print(
        f"{name:28s} compile {compiled_s:5.2f} s  run {run_s:6.3f} s  "
        f"{each:10.0f} ns of CPU per unit"
    )


def chain(key):
    """The lumped chain."""
    numbers = map(jnp.float32, (DIM, 0.5, 1.0, 0.2, 1.6, 0.3, 0.1))
    return sims.lumped_chain(key, *numbers, **WALK, record=(STEPS,))["overlap"]


def full(key):
    """Online SGD of one neuron in full dimension: what the chain replaces."""
    numbers = map(jnp.float32, (0.5, 1.0, 0.2, 1.6))
    phases = jnp.full(1, 0.3, jnp.float32)
    return sims.online_sgd(key, *numbers, phases, **WALK, dim=DIM, num_steps=STEPS)[
        "overlap"
    ]


def ridge(key, temperature):
    """One readout."""
    rest = (temperature, *map(jnp.float64, (0.5, 1e-3, 2.0, 0.0)))
    options = {"link": "sin3", "weights": "label", "num_samples": 2000}
    return sims.readout(
        key, temperature, *rest, **options, num_features=8, augment=False
    )["value"]


def main():
    """Chain, full SGD, ridge sweep."""
    print(jax.devices()[0].device_kind, jax.__version__)
    keys = jax.random.split(jax.random.key(0), LANES)
    timed("lumped chain (step, lane)", jax.vmap(chain), (keys,), LANES * STEPS)
    timed("full SGD d=128 (step, lane)", jax.vmap(full), (keys[:32],), 32 * STEPS)
    with jax.enable_x64(True):
        grid = jnp.linspace(0.3, 2.0, 16)
        both = jax.vmap(jax.vmap(ridge, (None, 0)), (0, None))
        timed("ridge sweep 128 x 16 (fit)", both, (keys[:128], grid), 128 * 16)


if __name__ == "__main__":
    main()
