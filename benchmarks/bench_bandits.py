"""Streaming bandits: time of a game, beside playing it pull by pull.

Batched float32 games at K = 50,000 (targets of the issue on one core: 3.5, 1.5 and
4 ms a run), the bar beside its form without blocks, and uniform exploration reward by
reward in NumPy and in plain Python on one and the same instance.

Run on one core: taskset -c 0 python benchmarks/bench_bandits.py
"""

import functools
import os
import platform
import random
import time

import jax
import jax.numpy as jnp
import numpy as np
from limen.sims import bandits as sims

ARMS, BATCHES = 50_000, (8, 16, 64)
SMALL, PULLS = 500, 200


def timed(run, *arguments):
    """Seconds to compile, and the best of three runs."""
    start = time.perf_counter()
    compiled = jax.jit(run).lower(*arguments).compile()
    compiling = time.perf_counter() - start
    best = np.inf
    for _ in range(3):
        start = time.perf_counter()
        jax.block_until_ready(compiled(*arguments))
        best = min(best, time.perf_counter() - start)
    return compiling, best


def batched(game, *inputs, lanes):
    """Compile time, and time per game of `lanes` games at once, in float32."""
    axes = (0, *(None for _ in inputs))
    keys = jax.random.split(jax.random.key(0), lanes)
    values = [jnp.asarray(value, jnp.float32) for value in inputs]
    compiling, running = timed(jax.vmap(game, in_axes=axes), keys, *values)
    return compiling, running / lanes


def scanned(tape, means, stage_pulls, rise):
    """The bar arm after arm on a whole tape: last accepted arm, exploration pulls.

    As `bar_from_tape` at an endless horizon; every array has all arms.
    """
    gaps = jnp.max(means) - means
    steps = jnp.diff(stage_pulls, prepend=jnp.zeros_like(stage_pulls[:1]))
    sums = jnp.cumsum(jnp.sqrt(steps)[None] * tape, axis=1)
    lowest = jax.lax.cummin(0.5 * sums / stage_pulls[None], axis=1) - gaps[:, None]
    final = 0.5 * sums[:, -1] / stage_pulls[-1] - gaps

    def arrive(bar, arm):
        worst, last = arm
        return jnp.where(worst >= bar + rise, last, bar), bar

    start = jnp.full_like(final[0], -jnp.inf)
    _, bars = jax.lax.scan(arrive, start, (lowest[:, -1], final))
    passed = lowest >= (bars + rise)[:, None]
    wanted = steps[0] + passed[:, :-1].astype(steps.dtype) @ steps[1:]
    kings = jnp.where(passed[:, -1], jnp.arange(means.shape[0]), 0)
    return jnp.max(kings), jnp.sum(wanted)


def bar_by_scan(key, means, stage_pulls, rise):
    """The same with the tape drawn at once."""
    shape = (*means.shape, *stage_pulls.shape)
    tape = jax.random.normal(key, shape, means.dtype)
    return scanned(tape, means, stage_pulls, rise)


def in_blocks(tape, means, stage_pulls, rise):
    """The same two numbers from `bar_from_tape`."""
    game = sims.bar_from_tape(tape, means, stage_pulls, rise, jnp.float32(1e18))
    return game["chosen"], game["explored"]


def in_python(means, pulls):
    """Exploration reward by reward without NumPy."""
    rng, best, king = random.Random(0), -1, 0
    for arm, mean in enumerate(means):
        won = sum(rng.random() < mean for _ in range(pulls))
        if won > best:
            best, king = won, arm
    return king


def games(means):
    """The players of the issue with their inputs."""
    stages, levels = 3e3 * 1.5 ** np.arange(4), 4e3 * 2.2 ** np.arange(8)
    horizon = ARMS * 1e6
    ladder = functools.partial(sims.simulate_ladder.function, groups=(4,) * 8)
    return {
        "uniform": (sims.simulate_uniform.function, means, 1e4, horizon),
        "ladder, g = 4": (ladder, means, levels, horizon),
        "bar, 4 stages": (sims.simulate_bar.function, means, stages, 3e-3, horizon),
        "bar, whole tape": (bar_by_scan, means, stages, 3e-3),
    }


def same_bar(means):
    """Whether scan and blocks play the same game on the same tapes."""
    _, *inputs = games(means)["bar, whole tape"]
    inputs = [jnp.asarray(x, jnp.float32) for x in inputs]
    tapes = jax.random.normal(jax.random.key(1), (8, ARMS, 4))
    one, other = (
        jax.jit(jax.vmap(bar, in_axes=(0, None, None, None)))(tapes, *inputs)
        for bar in (scanned, in_blocks)
    )
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_allclose(one[1], other[1], rtol=1e-5)


def per_pull(means):
    """Uniform exploration of one instance by batches, NumPy and plain Python."""
    total = SMALL * PULLS + 1e5
    bernoulli = functools.partial(sims.simulate_uniform.function, reward="bernoulli")
    _, ours = batched(bernoulli, means, PULLS, total, lanes=256)
    start = time.perf_counter()
    sims.simulate_per_pull(0, means, PULLS, total)
    numpy = time.perf_counter() - start
    start = time.perf_counter()
    in_python(means, PULLS)
    python = time.perf_counter() - start
    print(f"K = {SMALL}, {SMALL * PULLS} exploration pulls, Bernoulli, per run:")
    print(f"batches {1e6 * ours:.0f} us, NumPy per pull {1e6 * numpy:.0f} us", end=" ")
    print(f"({numpy / ours:.0f} times), Python {1e6 * python:.0f} us", end=" ")
    print(f"({python / ours:.0f} times)")


def main():
    means = np.full(ARMS, 0.5)
    means[ARMS // 3] = 0.6
    cores = len(os.sched_getaffinity(0))
    print(f"{jax.devices()[0]}, {cores} core(s), jax {jax.__version__}", end=", ")
    print(platform.machine())
    same_bar(means)
    for name, (game, *inputs) in games(means).items():
        found = [batched(game, *inputs, lanes=lanes) for lanes in BATCHES]
        times = ", ".join(f"{1e3 * run:.2f}" for _, run in found)
        print(f"{name:14s} compile {found[0][0]:5.2f} s, {times} ms a run in", end=" ")
        print(f"batches of {', '.join(map(str, BATCHES))}")
    per_pull(means[ARMS // 3 : ARMS // 3 + SMALL])


if __name__ == "__main__":
    main()
