"""Kill -9 wherever it hurts, then resume: nothing lost, nothing wrong."""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from limen.sims.sweep import Store, execute, store
from limen.sims.sweep.control import Control
from limen.sims.sweep.run import carry_out

FAULTS = Path(__file__).with_name("faults.py")
BLOCKS, LANES = 4, 64


def test_kill_at_every_point(sims, tmp_path):
    """Enumerated: each open, (half) write, fsync, rename, close of a small run."""
    run = subprocess.run(
        [sys.executable, str(FAULTS), str(sims.file), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    straight, *faults = map(json.loads, run.stdout.splitlines())
    assert len(faults) == straight["calls"] > 5 * BLOCKS
    assert {fault["status"] for fault in faults} == {-signal.SIGKILL}
    assert {fault["before"] for fault in faults} == set(range(BLOCKS + 1))
    assert straight["lanes"] == LANES
    for fault in faults:
        assert fault["lost"] == []
        assert fault["hash"] == straight["hash"]
        assert fault["lanes"] == LANES * (BLOCKS - fault["before"]) // BLOCKS


RUN = """
import sys
from limen.sims.sweep import Sweep, execute, resolve
execute.FLUSH_SECONDS = 0.0
sim = resolve(sys.argv[1] + ":coin")
print("ready", flush=True)
Sweep(sim=sim, dynamic={"bias": [0.5]}).run(4000, store=sys.argv[2], progress=False)
"""


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_kill_at_random_times(sims, coins, tmp_path, fingerprint, kills):
    """The whole process, computing and writing, killed and started again."""
    rng = random.Random(0)
    for _ in range(kills):
        arguments = [sys.executable, "-c", RUN, str(sims.file), str(tmp_path)]
        child = subprocess.Popen(arguments, stdout=subprocess.PIPE)
        child.stdout.readline()
        time.sleep(rng.uniform(0.5, 2.0))
        child.kill()
        child.communicate()
    assert store.verify(tmp_path).corrupt == []
    rows = coins(0.5).run(4000, store=tmp_path)
    assert fingerprint(rows) == fingerprint(coins(0.5).run(4000))


LONG = """
import sys
from limen.sims.sweep import Sweep, execute, resolve
execute.FLUSH_SECONDS = 0.0
sim = resolve(sys.argv[1] + ":coin")
print("ready", flush=True)
Sweep(sim=sim, dynamic={"bias": [0.5]}).run(10**6, store=sys.argv[2], progress=False)
"""


@pytest.mark.parametrize(
    ("signum", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)]
)
def test_signals_end_cleanly(sims, tmp_path, signum, status):
    """What was finished is stored; the exit status says what happened."""
    child = subprocess.Popen(
        [sys.executable, "-c", LONG, str(sims.file), str(tmp_path / "store")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    child.stdout.readline()
    deadline = time.monotonic() + 50
    while not list(tmp_path.glob("store/*/*/*.blk")) and time.monotonic() < deadline:
        time.sleep(0.05)
    child.send_signal(signum)
    _, stderr = child.communicate(timeout=40)
    expected = -signal.SIGINT if signum == signal.SIGINT else status
    assert child.returncode == expected, stderr
    found = store.verify(tmp_path / "store")
    assert found.corrupt == []
    assert found.sound > 0
    assert not list((tmp_path / "store" / "locks").iterdir())


def test_a_deadline_stops_and_the_next_run_goes_on(coins, tmp_path, monkeypatch):
    from limen.sims.sweep import Stopped, control

    sweep = coins(0.5)
    clock = iter([0.0, 0.0, 0.0] + [10.0] * 10**4)
    monkeypatch.setattr(control.time, "monotonic", lambda: next(clock))
    with pytest.raises(Stopped):
        sweep.run(64, store=tmp_path, max_seconds=5.0)
    monkeypatch.undo()
    assert sweep.run(64, store=tmp_path).sizes["seed"] == 64
    assert os.listdir(tmp_path / "locks") == []


def test_a_call_that_does_not_come_back_is_given_up(coins, tmp_path, monkeypatch):
    """Patience over, the rows before it are stored and the run leaves."""
    build, calls, back = execute.build, itertools.count(), threading.Event()
    control = Control()

    def stuck(recipe, tile, devices):
        program = build(recipe, tile, devices)

        def call(*arguments):
            if next(calls):
                control.signum, control.asked = signal.SIGTERM, float("-inf")
                back.wait(50)
            return program.call(*arguments)

        return replace(program, call=call)

    monkeypatch.setattr(execute, "build", stuck)
    monkeypatch.setattr(execute, "_programs", {})
    monkeypatch.setattr(execute, "side_by_side", lambda *_, **__: 1)
    started = time.monotonic()
    with pytest.raises(SystemExit):
        carry_out(coins(0.5).plan(64), Store(tmp_path), control)
    assert time.monotonic() - started < 40
    back.set()
    assert store.verify(tmp_path).sound == 1
    assert not list((tmp_path / "locks").iterdir())
