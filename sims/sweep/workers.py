"""Scale-out: independent processes over one store; tasks return addresses only."""

import multiprocessing
import os
import pickle
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jax

from .cache import compile_cache
from .canonical import words
from .control import Control
from .errors import SpecificationError
from .execute import Report, execute
from .jobs import Job, jobs
from .keep import Store
from .plan import Plan
from .signature import machine

RETRIES = 3
PARTS_PER_WORKER = 4


def compute(content: bytes, root: str) -> Report:
    """One task of a worker process: compute a pickled job, store it, report.

    Raises:
        SpecificationError: If this process would compute other bits than its planner.
    """
    job, strict, budget, beside, planned = pickle.loads(content)
    if machine() != planned:
        raise SpecificationError(
            f"A worker is unlike the process that planned the sweep: {machine()} and "
            f"{planned}. Use nodes of one kind, with the same `NPROC`."
        )
    store = Store(root)
    rest = job.remaining(store)
    with compile_cache():
        control = Control(strict=strict, budget=budget, beside=beside)
        return execute([rest] if rest.quanta else [], store, control)


def in_processes(plan: Plan, store: Store, workers: int, control: Control) -> Report:
    """Compute a plan in spawned processes; a process that dies is replaced.

    Raises:
        BrokenProcessPool: If processes died more than `RETRIES` times.
    """
    context, report = multiprocessing.get_context("spawn"), Report()
    control = replace(control, beside=workers)
    visible = list(control.devices or range(jax.local_device_count()))
    on_cpu = jax.default_backend() == "cpu"
    for attempt in range(RETRIES + 1):
        todo = jobs(plan, store, PARTS_PER_WORKER * workers)
        if not todo:
            break
        settled = (context.Value("i", 0), [] if on_cpu else visible)
        pool = ProcessPoolExecutor(workers, context, _settle, settled)
        try:
            with pool:
                report += _through(pool, todo, store, control, lambda p=pool: _end(p))
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
    from distributed import Client

    client = Client(cluster) if isinstance(cluster, str) else cluster
    there = client.scheduler_info()["workers"]
    hosts = Counter(urlsplit(address).hostname for address in there)
    control = replace(control, beside=max(hosts.values(), default=1))
    parts = PARTS_PER_WORKER * max(1, hosts.total())
    pool = client.get_executor(retries=RETRIES, pure=False)
    todo = jobs(plan, store, parts)
    report = _through(pool, todo, store, control, lambda: pool.shutdown(wait=False))
    if isinstance(cluster, str):
        client.close()
    return report


def own_share(todo: Sequence[Job], worker: tuple[int, int]) -> list[Job]:
    """The jobs of worker i of W first, then those of the others (locks decide)."""
    i, count = worker
    return sorted(todo, key=lambda job: words(job.address)[1] % count != i)


def _through(
    pool: Executor,
    todo: Sequence[Job],
    store: Store,
    control: Control,
    end: Callable[[], None],
) -> Report:
    """Send jobs to an executor's processes; told to stop, `end` them and leave."""
    report, root = Report(), str(Path(str(store.root)).resolve())
    rules = control.strict, control.budget, control.beside, machine()
    content = [pickle.dumps((job, *rules)) for job in todo]
    tasks = {
        pool.submit(compute, text, root): job
        for text, job in zip(content, todo, strict=True)
    }
    with control.signals():
        while tasks:
            finished, _ = wait(tasks, timeout=0.2, return_when="FIRST_COMPLETED")
            report = sum((task.result() for task in finished), report)
            for job in map(tasks.pop, finished):
                control.observe("lanes", job.group, float(job.lanes))
            if control.stops():
                end()
                control.leave()
    return report


def _end(pool: ProcessPoolExecutor) -> None:
    """Ask the workers to store what they have finished and to end."""
    pool.shutdown(wait=False, cancel_futures=True)
    for process in multiprocessing.active_children():
        process.terminate()


def _settle(turn: Any, devices: Sequence[int]) -> None:
    """Give a worker its accelerator, if there is one, before jax starts there."""
    with turn.get_lock():
        number, turn.value = turn.value, turn.value + 1
    if devices:
        os.environ["CUDA_VISIBLE_DEVICES"] = str(devices[number % len(devices)])
        os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
