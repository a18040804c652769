"""Plans: every quantum once, one program per signature, memory as predicted."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limen.sims.sweep import (
    MemoryBudget,
    NonDeterministic,
    Policy,
    SpecificationError,
    Store,
    Sweep,
    execute,
    resolve,
    simulator,
)
from limen.sims.sweep.jobs import jobs, split
from limen.sims.sweep.plan import plan
from limen.sims.sweep.program import side_by_side
from limen.sims.sweep.progress import Progress, table

FILE = Path(__file__).with_name("simulators.py")


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 100), st.integers(1, 3), st.integers(1, 9), st.booleans())
def test_each_quantum_is_planned_once(seeds, replicas, parts, fill):
    coin = resolve(f"{FILE}:coin")
    sweep = Sweep(sim=coin, dynamic={"bias": [0.1, 0.9]}, replicas=replicas)
    made = plan([(sweep, seeds)], fill=fill)
    (group,) = made.groups.values()
    need = list(made.need(group.address))
    todo = jobs(made, Store(), parts)
    assert sorted(q for job in todo for q in job.quanta) == sorted(need)
    assert len(set(need)) == len(need) >= 2 * seeds / 16
    assert all(job.cells.keys() == {key for key, _ in job.quanta} for job in todo)


def test_jobs_are_cut_at_the_same_places(coins):
    made = coins(0.1, 0.9).plan(256)
    (group,) = made.groups.values()
    cells, need = made.cells[group.address], list(made.need(group.address))
    one, other = (list(split(group, cells, need, 4)) for _ in range(2))
    assert [job.address for job in one] == [job.address for job in other]
    assert len(one) >= 4


def test_ten_thousand_cells(sims):
    """Cost grows with the cells; how many seconds that is, bench_sweep.py says."""

    def seconds(values):
        axes = {"rate": np.linspace(0.1, 0.9, values), "noise": np.linspace(0, 1, 10)}
        sweep = Sweep(sim=sims.descent, static={"dim": [4, 8]}, dynamic=axes)
        started = time.thread_time()
        made = sweep.plan(256)
        taken = time.thread_time() - started
        assert sum(map(len, made.cells.values())) == 20 * values
        assert "2 programs" in str(made)
        return taken

    fewer = max(seconds(50) for _ in range(2))
    assert seconds(500) < 40 * fewer  # a pair of loops over all cells: 100


def test_a_plan_says_what_is_done(coins):
    store = Store()
    coins(0.1).run(16, store=store)
    assert " 50% " in table(coins(0.1).plan(32), store)


def test_memory_follows_the_tile(sims):
    """Temporary memory is affine in the tile: two points predict a third."""
    sweep = Sweep(
        sim=sims.descent, static={"dim": [16]}, dynamic={"rate": [0.1], "noise": [0]}
    )
    (group,) = sweep.plan(1).groups.values()
    one, other, third = (
        execute.build(group.recipe, tile, tuple(jax.local_devices())).temp_bytes
        for tile in (16, 64, 128)
    )
    assert abs(other + (other - one) / 48 * 64 - third) < 0.1 * third
    assert third <= 128 * group.traced.lane_bytes


def test_a_compiled_plan_knows_its_memory(sims):
    """The compiler's own number, and the run compiles nothing more."""
    axes = {"rate": [0.1], "noise": [0.0]}
    sweep = Sweep(sim=sims.descent, static={"dim": [6]}, dynamic=axes)
    made = sweep.plan(16, compile=True)
    (address,) = made.groups
    exact, estimate = made.lane_bytes(address), sweep.plan(16).lane_bytes(address)
    assert 0 < exact < estimate
    rows = sweep.run(16, progress=False)
    assert rows.attrs["programs"] == 0
    program = made.programs[address]
    assert (exact - 1) * program.lanes < program.call_bytes <= exact * program.lanes
    assert "(1 compiled" in str(made)


def test_the_compilers_memory_is_held_against_the_budget(sims):
    axes = {"rate": [0.1], "noise": [0.0]}
    sweep = Sweep(sim=sims.descent, static={"dim": [4]}, dynamic=axes)
    (group,) = sweep.plan(1).groups.values()
    exactly = MemoryBudget(fraction=1.0, total=256 * group.traced.lane_bytes)
    program = execute.build(group.recipe, 256, tuple(jax.local_devices()))
    if program.temp_bytes + 2 * program.io_bytes <= exactly.bytes():
        assert sweep.run(1, budget=exactly).sizes["seed"] == 1
    else:
        with pytest.raises(SpecificationError, match="declare a smaller tile"):
            sweep.run(1, budget=exactly)


def test_out_of_memory_is_tried_again_and_then_explained(coins, monkeypatch):
    """Here one call fits and two side by side do not; then not even one."""
    build, room, refused = execute.build, threading.Lock(), []

    def crowded(recipe, tile, devices):
        program = build(recipe, tile, devices)

        def call(*arguments):
            if not room.acquire(blocking=False):
                refused.append(arguments)
                raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: no memory")
            time.sleep(0.05)
            room.release()
            return program.call(*arguments)

        return replace(program, call=call)

    monkeypatch.setattr(execute, "build", crowded)
    monkeypatch.setattr(execute, "_programs", {})
    monkeypatch.setattr(execute, "side_by_side", lambda *_, **__: 2)
    assert coins(0.5).run(32).sizes["seed"] == 32
    assert refused
    room.acquire()
    with pytest.raises(MemoryError, match="Declare `tile=8`"):
        coins(0.5).run(32)


def test_calls_side_by_side():
    """One a core and within the budget; library calls, which can lock the pool, one."""

    @simulator(outputs={"x": ()})
    def factor(key, *, dim):
        a = jax.random.normal(key, (dim, dim))
        return {"x": jax.numpy.linalg.eigvalsh(a + a.T)[0]}

    @simulator(outputs={"x": ()})
    def product(key, *, dim):
        a = jax.random.normal(key, (dim, dim))
        return {"x": (a @ a)[0, 0]}

    def program(sim):
        sweep = Sweep(sim=sim, static={"dim": [4]}, policy=Policy(tile=16))
        return next(iter(sweep.plan(1, compile=True).programs.values()))

    assert side_by_side(10, 100, 4, library=program(product).library) == 4
    assert side_by_side(10, 39, 4, library=False) == 3
    assert side_by_side(10, 0, 4, library=False) == 1
    assert side_by_side(10, 100, 0, library=False) == 1
    assert side_by_side(10, 100, 10**4, library=False) <= int(os.environ["NPROC"])
    assert side_by_side(10, 100, 4, library=program(factor).library) == 1


def test_the_audit_sees_bits_that_depend_on_the_place(coins, monkeypatch):
    build = execute.build

    def placed(recipe, tile, devices):
        program = build(recipe, tile, devices)

        def call(*arguments):
            made = program.call(*arguments)
            drift = np.arange(tile, dtype=np.float32)
            return made | {
                "value": jax.numpy.asarray(np.asarray(made["value"]) + drift)
            }

        return replace(program, call=call)

    monkeypatch.setattr(execute, "build", placed)
    monkeypatch.setattr(execute, "_programs", {})
    with pytest.raises(NonDeterministic, match="other bits"):
        coins(0.5).run(16, strict=True)


def test_progress_predicts_and_speaks(coins, capsys, monkeypatch):
    made = coins(0.5).plan(64)
    (group,) = made.groups.values()
    monkeypatch.setattr("limen.sims.sweep.progress.LINE_SECONDS", -1.0)
    with Progress(made, True) as shown:
        shown("running", group, 1.0)
        shown("lanes", group, 32.0)
        assert shown.eta() >= 0
    assert "32 of 64 lanes" in capsys.readouterr().err


def test_import_is_quick():
    script = "import time, limen.theory, jax, xarray, numpy; t = time.perf_counter();"
    script += "import limen.sims.sweep; print(time.perf_counter() - t)"
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert float(run.stdout) < 1.0
