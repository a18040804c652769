"""What the engine costs beside a hand-written jitted vmap, and what it saves.

Overhead beyond compile + run, a Python loop of jitted calls, the second start of a
process, resume per block, planning 10,000 cells, memory against the plan. Run:
python benchmarks/bench_sweep.py
"""

import functools
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from limen.sims.sweep import Store, Sweep, simulator
from limen.sims.sweep.execute import _programs

REPEATS = 5


@simulator(outputs={"loss": ()})
def descent(
    key: Key[Array, ""], rate: Float[Array, ""], *, dim: int, steps: int
) -> dict[str, Array]:
    """Online least squares; the loss at the end."""
    k_start, k_data = jax.random.split(key)
    start = jax.random.normal(k_start, (dim,), jnp.float32)
    data = jax.random.normal(k_data, (steps, dim), jnp.float32)

    def step(weights: Array, x: Array) -> tuple[Array, None]:
        return weights - rate / dim * (x @ weights) * x, None

    end, _ = jax.lax.scan(step, start, data)
    return {"loss": (end @ end) / dim}


def best(function, repeats=REPEATS):
    """Best and median seconds, and the last result."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - started)
    return min(times), sorted(times)[len(times) // 2], result


def by_hand(dim, steps, tile=256):
    """The jitted vmap a user would write: the same tile, called in a loop."""

    @jax.jit
    @functools.partial(jax.vmap, in_axes=(0, 0))
    def run(key, rate):
        return descent.function(key, rate, dim=dim, steps=steps)["loss"]

    def all_lanes(batches):
        calls = [run(keys, rates) for keys, rates in batches]
        return np.concatenate([np.asarray(c) for c in calls])

    return all_lanes


def cut(keys, rates, tile=256):
    """Arguments of the calls, cut before the clock starts."""
    starts = range(0, len(rates), tile)
    return [(keys[i : i + tile], rates[i : i + tile]) for i in starts]


def overhead(cells=48, seeds=256, dim=64, steps=200):
    """The engine with a store on disk against the hand-written loop of calls."""
    rates = np.linspace(0.1, 0.9, cells)
    sweep = Sweep(
        sim=descent,
        static={"dim": [dim], "steps": [steps]},
        dynamic={"rate": rates},
    )
    hand = by_hand(dim, steps)
    keys = jax.random.split(jax.random.key(0), cells * seeds)
    lanes = np.repeat(rates, seeds).astype(np.float32)
    batches = cut(keys, lanes)
    hand(batches[:1])
    sweep.run(16, progress=False)
    engine, there = [], []
    for _ in range(REPEATS):
        there.append(best(lambda: hand(batches), 1)[0])
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "store"
            run = functools.partial(sweep.run, seeds, store=root, progress=False)
            engine.append(best(run, 1)[0])
    mine, theirs = np.median(engine), np.median(there)
    print(
        f"{cells * seeds:,} lanes (d={dim}, T={steps}): by hand {theirs:.3f} s, "
        f"engine with durable store {mine:.3f} s: overhead {mine / theirs - 1:+.1%} "
        f"(best of {REPEATS}: {min(engine) / min(there) - 1:+.1%})"
    )


def against_a_loop(dim=8, steps=200, lanes=256):
    """One batched call against one jitted call per lane."""
    one = jax.jit(functools.partial(descent.function, dim=dim, steps=steps))
    keys, rate = jax.random.split(jax.random.key(0), lanes), jnp.float32(0.3)
    jax.block_until_ready(one(keys[0], rate))
    loop, *_ = best(lambda: [float(one(k, rate)["loss"]) for k in keys])
    sweep = Sweep(
        sim=descent, static={"dim": [dim], "steps": [steps]}, dynamic={"rate": [0.3]}
    )
    sweep.run(16, progress=False)
    engine, *_ = best(lambda: sweep.run(lanes, store=Store(), progress=False))
    batched = by_hand(dim, steps)
    rates = np.full(lanes, 0.3, np.float32)
    batches = cut(keys, rates)
    batched(batches)
    hand, *_ = best(lambda: batched(batches))
    print(
        f"{lanes} lanes at (d, T) = ({dim}, {steps}): loop {loop * 1e3:.1f} ms, "
        f"jitted vmap {hand * 1e3:.2f} ms ({loop / hand:.0f}x), engine "
        f"{engine * 1e3:.2f} ms ({loop / engine:.0f}x)"
    )


START = """
import sys, time; sys.path.insert(0, {folder!r})
from bench_sweep import descent
from limen.sims.sweep import Sweep
started = time.perf_counter()
sweep = Sweep(sim=descent, static={{"dim": [8, 16, 32, 64], "steps": [200]}},
              dynamic={{"rate": [0.1, 0.5]}})
rows = sweep.run(128, progress=False)
a = rows.attrs
print(a["cached"], a["compile_seconds"], time.perf_counter() - started)
"""


def second_start():
    """Four signatures in a fresh process, with an empty and a filled cache."""
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"JAX_COMPILATION_CACHE_DIR": folder}
        script = START.format(folder=str(Path(__file__).parent))
        for name in ("first", "second"):
            run = subprocess.run(
                [sys.executable, "-c", script],
                env=env,
                text=True,
                capture_output=True,
                check=True,
            )
            cached, compiling, whole = run.stdout.split()
            print(
                f"{name} start, 4 signatures: {cached} from the cache, tracing, "
                f"lowering and compiling {float(compiling):.2f} s (summed over "
                f"threads), the whole sweep {float(whole):.2f} s"
            )


def resume(blocks=48):
    """A finished sweep of many blocks, opened anew."""
    axes = {"rate": np.linspace(0.1, 0.9, blocks)}
    sweep = Sweep(sim=descent, static={"dim": [8], "steps": [200]}, dynamic=axes)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "store"
        for rate in axes["rate"]:
            single = Sweep(sim=descent, static=sweep.static, dynamic={"rate": [rate]})
            single.run(256, store=root, progress=False)
        seconds, *_ = best(lambda: sweep.run(256, store=Store(root), progress=False))
    print(f"resume of {blocks} blocks: {seconds * 1e3 / blocks:.2f} ms per block")


def planning():
    """A plan of 10,000 cells."""

    def fresh():
        axes = {"rate": np.linspace(0.1, 0.9, 5000)}
        static = {"dim": [8, 16], "steps": [200]}
        return Sweep(sim=descent, static=static, dynamic=axes).plan(256)

    seconds, *_ = best(fresh, 3)
    print(f"plan of 10,000 cells: {seconds:.2f} s")


def memory():
    """Peak memory of the process against what the compiler says of the program."""
    sweep = Sweep(
        sim=descent, static={"dim": [512], "steps": [200]}, dynamic={"rate": [0.3]}
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    rows = sweep.run(1024, progress=False)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    program = next(reversed(_programs.values())).result()
    print(
        f"memory: compiler {rows.attrs['peak_bytes'] / 2**20:.1f} MiB for a call of "
        f"{program.lanes} lanes; the process grew by {(after - before) / 2**20:.1f} "
        "MiB (compilation included)"
    )


def main():
    """All measurements."""
    print(
        f"jax {jax.__version__}, {jax.devices()[0].device_kind}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}"
    )
    against_a_loop()
    overhead()
    second_start()
    resume()
    planning()
    memory()


if __name__ == "__main__":
    main()
