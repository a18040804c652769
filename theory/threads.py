"""Sizes the CPU thread pool of XLA before the first computation.

On a machine with two cores the pool has two threads, and a program whose independent
linear-algebra calls run at the same time can put both to sleep waiting for each other:
it hangs for ever. The pool's size is read from `NPROC` when the CPU client starts, so
it must be settled by whichever part of limen is imported first; the `__init__` of every
floor imports this module.
"""

import os

MINIMUM_POOL = 8


def pool_size() -> int:
    """Threads the pool should have: twice the cores, at least eight."""
    return max(MINIMUM_POOL, 2 * (os.cpu_count() or 1))


os.environ.setdefault("NPROC", str(pool_size()))
# LAPACK's own threads fight with the pool's: batched `eigh` on two busy cores took 260
# to 2800 ms a lane with them and 4 to 10 ms without. Read when NumPy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
