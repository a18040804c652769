"""Sizes the CPU thread pool of XLA before the first computation.

On a machine with two cores the pool has two threads, and a program whose independent
linear-algebra calls run at the same time can put both to sleep waiting for each other:
it hangs for ever. The pool's size is read from `NPROC` when the CPU client starts, so
it must be settled by whichever part of limen is imported first; the `__init__` of every
floor imports this module.
"""

import contextlib
import os
from pathlib import Path

MINIMUM_POOL = 8


def pool_size() -> int:
    """Threads the pool should have: twice the cores, at least eight."""
    return max(MINIMUM_POOL, 2 * (os.cpu_count() or 1))


def pool_threads() -> int:
    """Threads that the pool has, once the CPU client has started.

    Where the system does not tell, those that were asked for: a client that started
    before limen was imported has others.
    """
    tasks, names = Path("/proc/self/task"), []
    if not tasks.is_dir():
        return int(os.environ["NPROC"])
    for task in tasks.glob("*/comm"):
        with contextlib.suppress(OSError):  # a thread that has just ended
            names.append(task.read_text())
    return sum(name.startswith("tf_XLAEigen") for name in names)


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def keep_to_share(part: int, parts: int) -> None:
    """Confine this process to its share of the cores, where the system can.

    To be called before the first computation. Processes side by side that each spread
    over all cores wait for one another: six papers, two at a time on two cores, took
    1,110 s of CPU time so, and 850 s with a core each (measured on different days).

    Args:
        part: Number of this process, from 0.
        parts: Processes side by side; more than there are cores change nothing.
    """
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        if parts <= len(cores):
            os.sched_setaffinity(0, cores[part::parts])


os.environ.setdefault("NPROC", str(pool_size()))
# LAPACK's own threads fight with the pool's: batched `eigh` on two busy cores took 260
# to 2800 ms a lane with them and 4 to 10 ms without. Read when NumPy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
