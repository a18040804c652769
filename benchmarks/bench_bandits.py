"""Streaming bandits: time of a game, beside playing it pull by pull.

Batched float32 games at K = 50,000 (targets of the issue on one core: 3.5, 1.5 and
4 ms a run), and uniform exploration reward by reward in NumPy and in plain Python.
"""

import functools
import platform
import random
import time

import jax
import jax.numpy as jnp
import numpy as np
from limen.sims import bandits as sims

ARMS, LANES = 50_000, 8
SMALL, PULLS = 500, 200


def timed(run, *arguments):
    """Seconds to compile, and the best of five runs."""
    start = time.perf_counter()
    compiled = jax.jit(run).lower(*arguments).compile()
    compiling = time.perf_counter() - start
    best = np.inf
    for _ in range(5):
        start = time.perf_counter()
        jax.block_until_ready(compiled(*arguments))
        best = min(best, time.perf_counter() - start)
    return compiling, best


def batched(sim, *inputs, lanes=LANES, **static):
    """Time per game of `lanes` games at once, in float32."""
    game = functools.partial(sim.function, **static)
    axes = (0, *(None for _ in inputs))
    keys = jax.random.split(jax.random.key(0), lanes)
    values = [jnp.asarray(value, jnp.float32) for value in inputs]
    compiling, running = timed(jax.vmap(game, in_axes=axes), keys, *values)
    return compiling, running / lanes


def in_python(means, pulls):
    """Exploration reward by reward without NumPy."""
    rng, best, king = random.Random(0), -1, 0
    for arm, mean in enumerate(means):
        won = sum(rng.random() < mean for _ in range(pulls))
        if won > best:
            best, king = won, arm
    return king


def main():
    means = np.full(ARMS, 0.5)
    means[ARMS // 3] = 0.6
    horizon = ARMS * 1e6
    stages = 3e3 * 1.5 ** np.arange(4)
    levels = 4e3 * 2.2 ** np.arange(8)
    print(f"{jax.devices()[0]}, jax {jax.__version__}, {platform.machine()}")
    print(f"K = {ARMS}, {LANES} games at once, float32")
    rows = {
        "uniform": batched(sims.simulate_uniform, means, 1e4, horizon),
        "ladder, g = 4": batched(
            sims.simulate_ladder, means, levels, horizon, groups=(4,) * 8
        ),
        "bar, 4 stages": batched(sims.simulate_bar, means, stages, 3e-3, horizon),
    }
    for name, (compiling, running) in rows.items():
        print(f"{name:16s} compile {compiling:6.2f} s   {1e3 * running:7.3f} ms a run")
    few = means[ARMS // 3 : ARMS // 3 + SMALL]
    total = SMALL * PULLS + 1e5
    _, ours = batched(
        sims.simulate_uniform, few, PULLS, total, lanes=256, reward="bernoulli"
    )
    start = time.perf_counter()
    sims.simulate_per_pull(0, few, PULLS, total)
    numpy = time.perf_counter() - start
    start = time.perf_counter()
    in_python(few, PULLS)
    python = time.perf_counter() - start
    print(f"K = {SMALL}, {SMALL * PULLS} exploration pulls, Bernoulli")
    print(f"batches {1e6 * ours:.0f} us, NumPy per pull {1e6 * numpy:.0f} us", end=" ")
    print(f"({numpy / ours:.0f} times), Python {1e6 * python:.0f} us", end=" ")
    print(f"({python / ours:.0f} times)")


if __name__ == "__main__":
    main()
