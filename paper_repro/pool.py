"""Runs the papers of a selection, one after the other or several at a time."""

import gc
import multiprocessing as mp
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing.managers import SyncManager
from multiprocessing.queues import SimpleQueue
from queue import Empty, Queue
from typing import Any

from ..sims.sweep.program import spare_effort_elsewhere
from ..theory.threads import keep_to_share, usable_cores
from .job import Job, execute
from .progress import Display
from .registry import papers

MEMORY_PER_PAPER = 3 * 2**30
GARBAGE = 50_000, 20, 100  # Python's own thresholds cost 3 % of a paper's time


def run_all(jobs: Sequence[Job], at_once: int, tell: Display) -> list[dict[str, Any]]:
    """Run every job and return their documents in the same order.

    Args:
        jobs: One per paper.
        at_once: Papers at the same time; 0 takes what cores and memory allow.
        tell: Is told of every step.

    Returns:
        The documents that were written.
    """
    at_once = min(at_once or affordable(), len(jobs))
    if at_once <= 1:
        return [execute(job, tell) for job in jobs]
    context = mp.get_context("spawn")
    manager = SyncManager(ctx=context)
    manager.start(initializer=_end_with_parent)
    with manager:
        events, parts = manager.Queue(), context.SimpleQueue()
        for part in range(at_once):
            parts.put(part)
        with (
            _ended_together(),
            ProcessPoolExecutor(
                at_once,
                mp_context=context,
                initializer=_begin,
                initargs=(parts, at_once, jobs[0].effort),
            ) as pool,
        ):
            longest_first = sorted(jobs, key=lambda job: -papers()[job.paper].seconds)
            futures = {j.paper: pool.submit(_child, j, events) for j in longest_first}
            _follow(list(futures.values()), events, tell)
            return [futures[job.paper].result() for job in jobs]


def affordable() -> int:
    """Papers that fit side by side: one per core, and memory for each."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(usable_cores(), pages // MEMORY_PER_PAPER))


@contextmanager
def _ended_together() -> Iterator[None]:
    """A signal to this process alone stops its workers too, at their next block."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    others = set(mp.active_children())

    def stop(signum: int, _: Any) -> None:
        for child in set(mp.active_children()) - others:
            child.terminate()
        raise KeyboardInterrupt if signum == signal.SIGINT else SystemExit(128 + signum)

    before = {s: signal.signal(s, stop) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _begin(parts: SimpleQueue, at_once: int, effort: str) -> None:
    """Prepare a worker: its share of the cores, its collector, compiler, and end."""
    keep_to_share(parts.get(), at_once)
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    if effort == "low":
        spare_effort_elsewhere()
    _end_with_parent()


def _end_with_parent() -> None:
    """Make a child stop when its parent is gone, however that ended."""

    def watch() -> None:
        parent = mp.parent_process()
        assert parent is not None, "a child has a parent"
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def _child(job: Job, events: Queue) -> dict[str, Any]:
    try:
        return execute(job, events.put)
    except SystemExit as stopped:  # the pool would keep a worker that was told to stop
        os._exit(int(stopped.code or 0))


def _follow(futures: Sequence[Future], events: Queue, tell: Callable) -> None:
    """Hand the children's events on; when one has failed, start no other."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
        _drain(events, tell)
        if any(not future.cancelled() and future.exception() for future in done):
            for future in pending:
                future.cancel()


def _drain(events: Queue, tell: Callable) -> None:
    while True:
        try:
            tell(events.get_nowait())
        except Empty:
            return
