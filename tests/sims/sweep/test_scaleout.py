"""Several processes over one store: the same bits, whoever computes."""

import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from limen.sims.sweep import (
    MemoryBudget,
    NotFinite,
    SpecificationError,
    Store,
    Sweep,
    jobs,
    run_share,
    store,
    workers,
)
from limen.sims.sweep.control import Control
from limen.sims.sweep.execute import Report
from limen.sims.sweep.signature import machine


@pytest.fixture(scope="module")
def sweep(sims):
    axes = {"rate": [0.1, 0.5, 0.9], "noise": [0.0, 0.1]}
    return Sweep(sim=sims.descent, static={"dim": [4]}, dynamic=axes)


@pytest.fixture(scope="module")
def straight(sweep, fingerprint):
    return fingerprint(sweep.run(256))


def test_two_worker_processes(sweep, straight, fingerprint, tmp_path):
    rows = sweep.run(256, store=tmp_path / "s", workers=2, progress=False)
    assert fingerprint(rows) == straight
    assert store.status(tmp_path / "s").blocks > 1


def test_a_worker_of_another_kind_is_refused(sweep, tmp_path):
    """Its blocks would lie under an address that promises other bits."""
    target = Store(tmp_path / "s")
    (job, *_) = jobs.jobs(sweep.plan(16), target)
    rules = False, MemoryBudget(), 1, machine() | {"threads": 3}
    with pytest.raises(SpecificationError, match=r"unlike .*'threads': 3"):
        workers.compute(pickle.dumps((job, *rules)), str(tmp_path / "s"))
    assert store.status(tmp_path / "s").blocks == 0


def test_workers_know_how_many_share_the_machine(sweep, tmp_path, monkeypatch):
    """Three processes that each ran a call on every core would be too many."""
    seen = []

    def sent(pool, todo, store, control, end):
        seen.append((control.beside, len(todo) > 0))
        return Report()

    monkeypatch.setattr(workers, "_through", sent)
    workers.in_processes(sweep.plan(64), Store(tmp_path / "s"), 3, Control())
    assert seen == [(3, True)] * (1 + workers.RETRIES)


def test_shares(sweep, straight, fingerprint, tmp_path):
    """Worker 0 of 2 does the other's share too when nobody has begun it."""
    assert run_share(sweep, 256, store=tmp_path / "s", worker=(1, 2))
    assert fingerprint(sweep.run(256, store=tmp_path / "s")) == straight
    with pytest.raises(SpecificationError, match="i/W"):
        run_share(sweep, 256, store=tmp_path / "s", worker=(2, 2))


def test_shares_obey_what_runs_obey(sweep, sims, tmp_path):
    def share(what, **limits):
        return run_share(what, 32, store=tmp_path / "s", worker=(0, 1), **limits)

    with pytest.raises(SpecificationError, match="memory budget"):
        share(sweep, budget=MemoryBudget(total=100))
    with pytest.raises(SpecificationError, match="`devices` must be among 0"):
        share(sweep, devices=[7])
    unsafe = Sweep(sim=sims.unsafe, dynamic={"level": [0.3]})
    assert share(unsafe)
    with pytest.raises(NotFinite, match="limen lane"):
        share(unsafe, strict=True)


TWICE = """
import sys
from limen.sims.sweep import Sweep, resolve
sim = resolve(sys.argv[1] + ":descent")
axes = {"rate": [0.1, 0.5, 0.9], "noise": [0.0, 0.1]}
Sweep(sim=sim, static={"dim": [4]}, dynamic=axes).run(
    256, store=sys.argv[2], progress=False
)
"""


def test_two_runs_at_once_on_one_store(sims, sweep, straight, fingerprint, tmp_path):
    command = [sys.executable, "-c", TWICE, str(sims.file), str(tmp_path / "s")]
    (tmp_path / "s").mkdir()
    Store(tmp_path / "s")
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [child.wait(timeout=55) for child in both] == [0, 0]
    assert store.verify(tmp_path / "s").corrupt == []
    assert fingerprint(sweep.run(256, store=tmp_path / "s")) == straight


ARRAY_JOB = Path(__file__).parents[3] / "examples" / "cluster" / "array_job.sbatch"


def test_the_array_job_says_what_limen_understands(tmp_path, monkeypatch, capsys):
    """Run by a stand-in for SLURM, with a stand-in for `limen` that writes it down."""
    from limen.paper_repro.cli.app import status

    header = ARRAY_JOB.read_text()
    low, high = map(int, re.search(r"--array=(\d+)-(\d+)", header).groups())
    (tmp_path / "limen").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / "limen").chmod(0o755)
    paths = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "STORE": str(tmp_path / "s")}
    shares = []
    for task in range(low, high + 1):
        job = {"SLURM_ARRAY_TASK_ID": str(task), "SLURM_ARRAY_TASK_COUNT": "8"}
        run = subprocess.run(
            ["bash", "-eu", str(ARRAY_JOB)],
            env=os.environ | paths | job,
            capture_output=True,
            text=True,
            check=True,
        )
        order = run.stdout.split()
        shares.append(order[order.index("--worker") + 1])
    assert shares == [f"{i}/8" for i in range(8)]
    assert status([*order, "--dry-run"]) == 0
    assert "3 programs" in capsys.readouterr().out


CLUSTER = """
import sys, os, signal, threading, time
from dask.distributed import Client, LocalCluster
from limen.sims.sweep import Sweep, resolve
import numpy as np

def victim():
    os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    sim = resolve(sys.argv[1] + ":descent")
    axes = {"rate": [0.1, 0.5, 0.9], "noise": [0.0, 0.1]}
    sweep = Sweep(sim=sim, static={"dim": [4]}, dynamic=axes)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True
    ) as cluster, Client(cluster) as client:
        pids = list(client.run(os.getpid).values())
        def kill():
            while not list(__import__("pathlib").Path(sys.argv[2]).glob("*/*/*.blk")):
                time.sleep(0.05)
            os.kill(pids[0], signal.SIGKILL)
        threading.Thread(target=kill, daemon=True).start()
        rows = sweep.run(
            2048, store=sys.argv[2], workers=client, progress=False
        )
        again = list(client.run(os.getpid).values())
    np.save(sys.argv[3], rows.loss.values)
    print(pids[0] in again)
"""


def test_a_cluster_that_loses_a_worker(sims, sweep, tmp_path):
    """dask.distributed, two worker processes, one killed in the middle of the run."""
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER)
    arguments = [str(sims.file), str(tmp_path / "s"), str(tmp_path / "rows.npy")]
    run = subprocess.run(
        [sys.executable, str(script), *arguments],
        capture_output=True,
        text=True,
        timeout=58,
        check=False,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert run.stdout.split()[-1] == "False", "the victim lives"
    expected = sweep.run(2048).loss.values
    np.testing.assert_array_equal(np.load(tmp_path / "rows.npy"), expected)
