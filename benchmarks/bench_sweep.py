"""What the engine costs beside a hand-written jitted vmap, and what it saves.

Overhead beyond compile + run (12,288 small lanes, a minute of work), a Python loop of
jitted calls (with the pool that limen asks for and with one thread), the second start
of a process, resume per block, planning 10,000 cells, memory against the compiler's
number. Run:
python benchmarks/bench_sweep.py [loop overhead minute start resume plan memory]
"""

import functools
import os
import platform
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


@simulator(outputs={"loss": ()})
def online(
    key: Key[Array, ""], rate: Float[Array, ""], *, dim: int, steps: int
) -> dict[str, Array]:
    """The same with data drawn step by step, as the specification's prototype does."""
    k_start, k_data = jax.random.split(key)
    start = jax.random.normal(k_start, (dim,), jnp.float32)

    def step(weights: Array, k: Array) -> tuple[Array, None]:
        x = jax.random.normal(k, (dim,), jnp.float32)
        return weights - rate / dim * (x @ weights) * x, None

    end, _ = jax.lax.scan(step, start, jax.random.split(k_data, steps))
    return {"loss": (end @ end) / dim}


def best(function, repeats=REPEATS):
    """Best and median seconds, and the last result."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - started)
    return min(times), sorted(times)[len(times) // 2], result


def by_hand(dim, steps, sim=descent):
    """The jitted vmap a user would write, called tile after tile."""

    @jax.jit
    @functools.partial(jax.vmap, in_axes=(0, 0))
    def run(key, rate):
        return sim.function(key, rate, dim=dim, steps=steps)["loss"]

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
    side_by_side(sweep, seeds, (256, engine_tile(sweep)), REPEATS)


def minute(dim=64, steps=200, seconds=20.0):
    """The same at `seconds` of wall on all cores; the tile is the engine's."""
    sweep = Sweep(
        sim=descent,
        static={"dim": [dim], "steps": [steps]},
        dynamic={"rate": np.linspace(0.1, 0.9, 48)},
    )
    tile = engine_tile(sweep)
    hand, keys = by_hand(dim, steps), jax.random.split(jax.random.key(0), 16 * tile)
    batches = cut(keys, np.full(16 * tile, 0.3, np.float32), tile)
    hand(batches)
    lanes = seconds / best(lambda: hand(batches), 3)[0] * 16 * tile
    side_by_side(sweep, 16 * round(lanes / 48 / 16), (tile,), 1)


def engine_tile(sweep):
    """Lanes of one call of the only program of a sweep."""
    (group,) = sweep.plan(1).groups.values()
    return group.tile


def side_by_side(sweep, seeds, tiles, repeats):
    """The engine with a store on disk against hand-written loops of calls."""
    dim, steps = (sweep.static[name][0] for name in ("dim", "steps"))
    rates = np.repeat(sweep.dynamic["rate"], seeds).astype(np.float32)
    keys, hand = jax.random.split(jax.random.key(0), len(rates)), by_hand(dim, steps)
    batches = {tile: cut(keys, rates, tile) for tile in tiles}
    for calls in batches.values():
        hand(calls[:1])
    sweep.run(16, progress=False)
    engine, there = [], {tile: [] for tile in tiles}
    for _ in range(repeats):
        for tile, calls in batches.items():
            there[tile].append(best(lambda calls=calls: hand(calls), 1)[0])
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "store"
            run = functools.partial(sweep.run, seeds, store=root, progress=False)
            engine.append(best(run, 1)[0])
    mine = np.median(engine)
    for tile in tiles:
        theirs = np.median(there[tile])
        print(
            f"{len(rates):,} lanes (d={dim}, T={steps}): by hand in calls of {tile} "
            f"{theirs:.3f} s, engine (tile {engine_tile(sweep)}, durable store) "
            f"{mine:.3f} s: overhead {mine / theirs - 1:+.1%} "
            f"(best of {repeats}: {min(engine) / min(there[tile]) - 1:+.1%})"
        )


def loops():
    """Both simulators, with both sizes of the pool: a process each."""
    for pool in (os.environ["NPROC"], "1"):
        env = os.environ | {"NPROC": pool}
        print(f"pool of {pool}:", flush=True)
        command = [sys.executable, __file__, "loop-here"]
        subprocess.run(command, env=env, check=True)


def against_a_loop(sim, lanes, dim=8, steps=200):
    """One batched call against one jitted call per lane."""
    one = jax.jit(functools.partial(sim.function, dim=dim, steps=steps))
    keys, rate = jax.random.split(jax.random.key(0), lanes), jnp.float32(0.3)
    jax.block_until_ready(one(keys[0], rate))
    loop, *_ = best(lambda: [float(one(k, rate)["loss"]) for k in keys])
    sweep = Sweep(
        sim=sim, static={"dim": [dim], "steps": [steps]}, dynamic={"rate": [0.3]}
    )
    sweep.run(16, progress=False)
    engine, *_ = best(lambda: sweep.run(lanes, store=Store(), progress=False))
    batched = by_hand(dim, steps, sim=sim)
    rates = np.full(lanes, 0.3, np.float32)
    batches = cut(keys, rates)
    batched(batches)
    hand, *_ = best(lambda: batched(batches))
    print(
        f"{sim.name}, {lanes} lanes at (d, T) = ({dim}, {steps}): "
        f"loop {loop * 1e3:.1f} ms, jitted vmap {hand * 1e3:.2f} ms "
        f"({loop / hand:.0f}x), engine {engine * 1e3:.2f} ms ({loop / engine:.0f}x)"
    )


START = """
import sys, time; sys.path.insert(0, {folder!r})
import jax
from bench_sweep import descent
from limen.sims.sweep import Sweep
from limen.sims.sweep import execute
def timed(function, clocks):
    def call(*arguments, **options):
        wall, cpu = time.perf_counter(), time.thread_time()
        made = function(*arguments, **options)
        clocks.append((wall, time.perf_counter(), time.thread_time() - cpu))
        return made
    return call
builds, stages = [], []
execute.build = timed(execute.build, builds)
jax.stages.Lowered.compile = timed(jax.stages.Lowered.compile, stages)
started = time.perf_counter()
sweep = Sweep(sim=descent, static={{"dim": [8, 16, 32, 64], "steps": [200]}},
              dynamic={{"rate": [0.1, 0.5]}})
rows = sweep.run(128, progress=False)
a = rows.attrs
ended = time.perf_counter()
begun, done, cpu = zip(*builds)
compiling = sum(end - start for start, end, _ in stages)
print(a["cached"], compiling, max(done) - min(begun), sum(cpu), ended - started)
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
            cached, *seconds = run.stdout.split()
            stage, wall, cpu, whole = map(float, seconds)
            print(
                f"{name} start, 4 signatures: {cached} from the cache; compile stage "
                f"{stage:.2f} s (summed over threads), CPU time of these threads with "
                f"tracing and lowering {cpu:.2f} s; from the first trace to the last "
                f"executable {wall:.2f} s; the whole sweep {whole:.2f} s"
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


MEMORY = """
import re, sys; sys.path.insert(0, {folder!r})
from pathlib import Path
from bench_sweep import descent
from limen.sims.sweep import Policy, Sweep
def memory(field):
    text = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(field + ":[^0-9]*([0-9]+)", text)[1])
sweep = Sweep(sim=descent, static={{"dim": [2048], "steps": [50]}},
              dynamic={{"rate": [0.3]}}, policy=Policy(tile=256))
seeds = int(sys.argv[1])
estimate, exact = sweep.plan(seeds), sweep.plan(seeds, compile=True)
sweep.run(1, progress=False)
Path("/proc/self/clear_refs").write_text("5")
before = memory("VmRSS")
sweep.run(seeds, progress=False)
(group,) = exact.groups
print(exact.work_bytes(group), estimate.work_bytes(group), memory("VmHWM") - before)
"""


def memory():
    """Growth of a process during calls against the plan, compiled and not."""
    script = MEMORY.format(folder=str(Path(__file__).parent))
    for calls in (1, 4):
        run = subprocess.run(
            [sys.executable, "-c", script, str(256 * calls)],
            text=True,
            capture_output=True,
            check=True,
        )
        exact, estimate, grown = (int(n) / 2**20 for n in run.stdout.split())
        print(
            f"memory, {calls} calls of 256 lanes (d=2048, T=50): the process grew by "
            f"{grown:.0f} MiB; the compiled plan says {exact:.0f} MiB (grown "
            f"{grown / exact - 1:+.0%}), the plan before compiling {estimate:.0f} MiB"
        )


def main():
    """All measurements."""
    print(
        f"jax {jax.__version__}, {jax.devices()[0].device_kind}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}"
    )
    parts = {
        "loop": loops,
        "overhead": overhead,
        "minute": minute,
        "start": second_start,
        "resume": resume,
        "plan": planning,
        "memory": memory,
    }
    here = {
        "loop-here": lambda: [
            against_a_loop(sim, lanes)
            for sim in (descent, online)
            for lanes in (256, 4096)
        ]
    }
    for name in sys.argv[1:] or parts:
        (parts | here)[name]()


if __name__ == "__main__":
    main()
