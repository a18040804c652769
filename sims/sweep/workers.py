"""Scale-out: independent processes over one store; tasks return addresses only."""

import hashlib
import multiprocessing
import os
import pickle
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import jax

from .cache import compile_cache
from .control import Control
from .execute import Report, execute, local_devices
from .jobs import Job, jobs
from .keep import Store
from .plan import Plan

RETRIES = 3
PARTS_PER_WORKER = 4


def compute(content: bytes, root: str) -> Report:
    """One task of a worker process: compute a pickled job, store it, report."""
    store = Store(root)
    rest = pickle.loads(content).remaining(store)
    with compile_cache():
        return execute([rest] if rest.quanta else [], store, local_devices(), Control())


def in_processes(plan: Plan, store: Store, workers: int, control: Control) -> Report:
    """Compute a plan in spawned processes; a process that dies is replaced.

    Raises:
        BrokenProcessPool: If processes died more than `RETRIES` times.
    """
    report = Report()
    for attempt in range(RETRIES + 1):
        todo = jobs(plan, store, PARTS_PER_WORKER * workers)
        if not todo:
            break
        try:
            report += _pool(todo, str(store.root), workers, control)
        except BrokenProcessPool:
            store.log("worker died", attempt=attempt)
            if attempt == RETRIES:
                raise
    return report


def on_cluster(plan: Plan, store: Store, cluster: Any, control: Control) -> Report:
    """Compute a plan on dask workers that see the same folder.

    Args:
        plan: What to compute.
        store: The shared store.
        cluster: A `distributed.Client`, or the address of a scheduler.
        control: What the run obeys.
    """
    from distributed import Client, as_completed

    client = Client(cluster) if isinstance(cluster, str) else cluster
    parts = PARTS_PER_WORKER * max(1, len(client.scheduler_info()["workers"]))
    todo = jobs(plan, store, parts)
    root = str(Path(str(store.root)).resolve())
    tasks = [
        client.submit(
            compute,
            pickle.dumps(job),
            root,
            key=f"limen-{job.address}",
            retries=RETRIES,
            pure=False,
        )
        for job in todo
    ]
    report = Report()
    with control.signals():
        for task in as_completed(tasks):
            report += task.result()
            if control.stops():
                client.cancel(tasks)
                control.leave()
    if isinstance(cluster, str):
        client.close()
    return report


def own_share(todo: Sequence[Job], worker: tuple[int, int]) -> list[Job]:
    """The jobs of worker i of W first, then those of the others (locks decide)."""
    i, count = worker
    mine = [int(_number(job.address)) % count == i for job in todo]
    first = [job for job, own in zip(todo, mine, strict=True) if own]
    return first + [job for job, own in zip(todo, mine, strict=True) if not own]


def _number(address: str) -> int:
    return int(hashlib.blake2b(address.encode(), digest_size=8).hexdigest(), 16)


def _pool(todo: list[Job], root: str, workers: int, control: Control) -> Report:
    context = multiprocessing.get_context("spawn")
    turn = context.Value("i", 0)
    pool = ProcessPoolExecutor(
        workers, context, initializer=_settle, initargs=(turn, _accelerators())
    )
    report = Report()
    with pool, control.signals():
        tasks = {pool.submit(compute, pickle.dumps(job), root): job for job in todo}
        while tasks:
            finished, _ = wait(tasks, timeout=0.2, return_when="FIRST_COMPLETED")
            report = sum((task.result() for task in finished), report)
            for job in map(tasks.pop, finished):
                control.observe("lanes", job.group, float(job.lanes))
            if control.stops():
                _end(pool)
                control.leave()
    return report


def _end(pool: ProcessPoolExecutor) -> None:
    """Ask the workers to store what they have finished and to end."""
    pool.shutdown(wait=False, cancel_futures=True)
    for process in multiprocessing.active_children():
        process.terminate()


def _settle(turn: Any, accelerators: int) -> None:
    """Give a worker its device before jax starts there."""
    with turn.get_lock():
        number, turn.value = turn.value, turn.value + 1
    if accelerators:
        os.environ["CUDA_VISIBLE_DEVICES"] = str(number % accelerators)
        os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"


def _accelerators() -> int:
    return 0 if jax.default_backend() == "cpu" else jax.local_device_count()


def deadline(seconds: float | None) -> float:
    """Monotonic time after which no call starts."""
    return float("inf") if seconds is None else time.monotonic() + seconds
