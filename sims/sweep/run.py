"""From sweeps to datasets: `run` for a user, `draw` for the check harness."""

import functools
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from .cache import compile_cache
from .dataset import assemble
from .execute import Control, Report, execute, jobs, local_devices
from .keep import Store
from .memory import MemoryBudget
from .plan import Plan, plan
from .signature import machine, provenance
from .spec import Sweep

Place = str | os.PathLike[str] | Store | None


def draw(
    requests: Sequence[tuple[Sweep, int]], *, store: Place, base_seed: int = 0
) -> list[xr.Dataset]:
    """The seam to the check harness: rows of several sweeps in one go.

    Returns seeds 0 … at least n−1 of each sweep: as many as the same calls of its
    programs can hold, which depends on the sweep and on n alone.

    Args:
        requests: Sweeps with the number of seeds wanted.
        store: Folder of the store, a `Store`, or None (nothing is kept).
        base_seed: Root of all random streams.

    Returns:
        One dataset per request.
    """
    opened = open_store(store)
    made = plan(requests, base_seed=base_seed, fill=True)
    report = carry_out(made, opened, Control())
    return [assemble(r, opened, _attrs(report, base_seed)) for r in made.requests]


def run(
    sweep: Sweep,
    seeds: int,
    *,
    store: Place = None,
    workers: int = 1,
    progress: bool = True,
    base_seed: int = 0,
    budget: MemoryBudget | None = None,
    devices: Sequence[int] | None = None,
    max_seconds: float | None = None,
) -> xr.Dataset:
    """Evaluate seeds 0 … seeds−1 of every cell of a sweep.

    Args:
        sweep: What to evaluate.
        seeds: Number of seeds.
        store: Folder of the store, a `Store`, or None (nothing is kept).
        workers: Processes; 1 computes in this one, on all local devices.
        progress: Show progress on stderr.
        base_seed: Root of all random streams.
        budget: Memory that one program may take.
        devices: Numbers of the local devices to use; None takes all.
        max_seconds: Stop cleanly after this time.

    Returns:
        Dataset with dimensions (*axes, seed, [replica], *output dimensions).
    """
    opened = open_store(store)
    made = plan([(sweep, seeds)], base_seed=base_seed, budget=budget)
    limit = float("inf") if max_seconds is None else time.monotonic() + max_seconds
    report = carry_out(made, opened, Control(deadline=limit), devices=devices)
    return assemble(made.requests[0], opened, _attrs(report, base_seed))


def carry_out(
    plan: Plan, store: Store, control: Control, *, devices: Sequence[int] | None = None
) -> Report:
    """Compute what the store lacks."""
    with compile_cache():
        return execute(jobs(plan, store), store, local_devices(devices), control)


def open_store(place: Place) -> Store:
    """The store at a place; a folder that was opened before keeps what it read."""
    if isinstance(place, Store):
        return place
    store = Store() if place is None else _opened(Path(place).resolve())
    store.ensure()
    return store


@functools.lru_cache(maxsize=16)
def _opened(root: Path) -> Store:
    return Store(root)


def _attrs(report: Report, base_seed: int) -> dict[str, Any]:
    return {
        **provenance(),
        "signature": machine(),
        "base_seed": base_seed,
        "programs": report.programs,
        "programs_cached": report.cached,
        "compile_seconds": report.compile_seconds,
        "run_seconds": report.run_seconds,
    }
