"""A state machine of everything that can happen to a store, against a model."""

import contextlib
import itertools
import json
import os
import random
import shutil
import tempfile
import threading
import types
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from limen.sims.sweep import Store, Sweep, block, locks, resolve, store
from limen.sims.sweep.errors import CorruptBlock

FILE = Path(__file__).with_name("simulators.py")
BIAS = (0.2, 0.4, 0.6, 0.8)
MOST = 96
FOREVER = 2**22 + 1


class Killed(BaseException):
    """Stands for kill -9: nothing that cleans up after an error may see it."""


def sweep_over(values):
    return Sweep(sim=resolve(f"{FILE}:coin"), dynamic={"bias": list(values)})


class StoreMachine(RuleBasedStateMachine):
    """{run, kill, resume, extend seeds, add value, corrupt, repair, second writer}."""

    truth = None
    steps = 0

    def __init__(self):
        super().__init__()
        if StoreMachine.truth is None:
            StoreMachine.truth = sweep_over(BIAS).run(MOST, progress=False)
        self.root = Path(tempfile.mkdtemp(prefix="limen-machine-")) / "store"
        self.handle = Store(self.root)
        self.seeds, self.values = 16, 1
        self.finished = set()

    def teardown(self):
        shutil.rmtree(self.root.parent)

    def check(self, rows, values, seeds):
        expected = self.truth.sel(bias=list(values)).isel(seed=slice(seeds))
        for name in ("count", "status", "value", "valid"):
            np.testing.assert_array_equal(rows[name], expected[name])

    def draw(self, handle, values, seeds):
        StoreMachine.steps += 1
        rows = sweep_over(values).run(seeds, store=handle, progress=False)
        self.check(rows, values, seeds)

    @rule()
    def run(self):
        self.draw(self.handle, BIAS[: self.values], self.seeds)

    @rule()
    def resume(self):
        self.handle = Store(self.root)
        self.draw(self.handle, BIAS[: self.values], self.seeds)

    @rule(more=st.integers(1, 40))
    def extend_seeds(self, more):
        StoreMachine.steps += 1
        self.seeds = min(MOST, self.seeds + more)

    @rule()
    def add_value(self):
        StoreMachine.steps += 1
        self.values = min(len(BIAS), self.values + 1)

    @rule(which=st.integers(0, 3), seeds=st.integers(1, MOST))
    def second_writer(self, which, seeds):
        self.draw(Store(self.root), [BIAS[which]], seeds)

    @rule(at=st.integers(1, 25))
    def kill(self, at):
        StoreMachine.steps += 1
        calls, dead = itertools.count(1), threading.Event()
        release = locks.Lock.release

        def alive(lock):
            if not dead.is_set():
                release(lock)

        def deadly(name):
            def call(*args, **kwargs):
                if dead.is_set() or next(calls) == at:
                    dead.set()
                    raise Killed
                return getattr(os, name)(*args, **kwargs)

            return call

        names = ("open", "write", "fsync", "replace")
        fake = types.SimpleNamespace(**vars(os))
        vars(fake).update({name: deadly(name) for name in names})
        with (
            mock.patch.object(block, "os", fake),
            mock.patch.object(locks.Lock, "release", alive),
            contextlib.suppress(Killed),
        ):
            sweep_over(BIAS).run(self.seeds, store=Store(self.root), progress=False)
        for path in (self.root / "locks").glob("*"):
            holder = json.loads(path.read_text() or "{}") | {"pid": FOREVER}
            path.write_text(json.dumps(holder))

    @rule(seed=st.integers(0, 2**16), how=st.sampled_from(["flip", "cut", "empty"]))
    def corrupt(self, seed, how):
        StoreMachine.steps += 1
        rng, paths = random.Random(seed), list(store.blocks(self.root))
        if not paths:
            return
        path = rng.choice(paths)
        content = bytearray(path.read_bytes())
        if how == "flip" and content:
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        path.write_bytes(
            {"cut": content[: len(content) // 2], "empty": b""}.get(how, content)
        )
        self.finished -= quanta_of(path, self.finished)
        self.handle = Store(self.root)

    @rule()
    def repair(self):
        StoreMachine.steps += 1
        store.verify(self.root, repair=True)
        assert store.verify(self.root).corrupt == []

    @invariant()
    def nothing_finished_is_lost(self):
        here = set()
        for path in store.blocks(self.root):
            try:
                found = block.read_block(path)
            except CorruptBlock:
                continue
            here |= {(path.name, *quantum) for quantum in found.quanta}
        assert {entry[1:] for entry in self.finished} <= {entry[1:] for entry in here}
        self.finished = here


def quanta_of(path, finished):
    return {entry for entry in finished if entry[0] == path.name}


def soak(examples, steps):
    StoreMachine.steps = 0
    run_state_machine_as_test(
        StoreMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return StoreMachine.steps


@pytest.mark.parametrize(("examples", "steps"), [(18, 60), (30, 40)])
def test_two_thousand_steps(examples, steps):
    assert soak(examples, steps) >= 1000


@pytest.mark.slow
def test_ten_thousand_steps():
    assert soak(140, 80) >= 10_000
