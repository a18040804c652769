"""Runs the papers of a selection, one after the other or several at a time."""

import multiprocessing as mp
import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from queue import Empty, Queue
from typing import Any

from .job import Job, execute
from .progress import Display

MEMORY_PER_PAPER = 3 * 2**30


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
    with context.Manager() as manager:
        events = manager.Queue()
        with ProcessPoolExecutor(at_once, mp_context=context) as pool:
            futures = [pool.submit(_child, job, events) for job in jobs]
            _follow(futures, events, tell)
            return [future.result() for future in futures]


def affordable() -> int:
    """Papers that fit side by side: one per core, and memory for each."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(cores, pages // MEMORY_PER_PAPER))


def _child(job: Job, events: Queue) -> dict[str, Any]:
    return execute(job, events.put)


def _follow(futures: Sequence[Future], events: Queue, tell: Callable) -> None:
    """Hand the children's events on until all are done or one has failed."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
        _drain(events, tell)
        if any(future.exception() for future in done):
            for future in pending:
                future.cancel()
            return


def _drain(events: Queue, tell: Callable) -> None:
    while True:
        try:
            tell(events.get_nowait())
        except Empty:
            return
