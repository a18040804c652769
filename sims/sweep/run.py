"""From sweeps to datasets: `run` for a user, `draw` for the check harness."""

import contextlib
import functools
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import xarray as xr

from . import audit
from . import workers as scale_out
from .cache import compile_cache
from .control import Control, MemoryBudget
from .dataset import Trouble, assemble
from .errors import NotFinite, SpecificationError, StoreError
from .execute import Report, execute
from .jobs import jobs
from .keep import Store
from .plan import Plan, plan
from .progress import Progress
from .signature import machine, provenance
from .spec import Sweep

Place = str | os.PathLike[str] | Store | None
SAFETY = 1.1


def draw(
    requests: Sequence[tuple[Sweep, int]],
    *,
    store: Place,
    base_seed: int = 0,
    effort: str = "full",
) -> list[xr.Dataset]:
    """The seam to the check harness: rows of several sweeps in one go.

    Returns seeds 0 … at least n−1 of each sweep: as many as the same calls of its
    programs can hold, which depends on the sweep and on n alone.

    Args:
        requests: Sweeps with the number of seeds wanted.
        store: Folder of the store, a `Store`, or None (nothing is kept).
        base_seed: Root of all random streams.
        effort: Of the compiler, for sweeps whose policy does not say.

    Returns:
        One dataset per request.
    """
    requests = [
        (replace(s, policy=replace(s.policy, effort=s.policy.effort or effort)), seeds)
        for s, seeds in requests
    ]
    made, opened = plan(requests, base_seed=base_seed, fill=True), open_store(store)
    return _assembled(made, opened, carry_out(made, opened, Control()), base_seed)


def run(
    sweep: Sweep,
    seeds: int,
    *,
    store: Place = None,
    workers: Any = 1,
    progress: bool = True,
    base_seed: int = 0,
    strict: bool = False,
    budget: MemoryBudget | None = None,
    devices: Sequence[int] | None = None,
    max_seconds: float | None = None,
) -> xr.Dataset:
    """Evaluate seeds 0 … seeds−1 of every cell of a sweep.

    Args:
        sweep: What to evaluate.
        seeds: Number of seeds.
        store: Folder of the store, a `Store`, or None (nothing is kept).
        workers: Number of processes (1: this one, on all local devices), or a
            `distributed.Client`, or the address of its scheduler.
        progress: Show progress on stderr.
        base_seed: Root of all random streams.
        strict: Audit every group; refuse lanes that are not finite.
        budget: Memory that one program may take.
        devices: Numbers of the local devices to use; None takes all.
        max_seconds: Stop cleanly after this time.

    Returns:
        Dataset with dimensions (*axes, seed, [replica], *output dimensions).

    Raises:
        SpecificationError: If the sweep is not well formed; nothing was compiled.
        StoreError: If the store cannot be used.
        NotFinite: Under `strict`, if a successful lane holds NaN or infinity.
        Stopped: After `max_seconds`.
    """
    control = Control(max_seconds, strict, budget or MemoryBudget(), devices)
    made = plan([(sweep, seeds)], base_seed=base_seed, budget=budget)
    with _placed(store, workers) as opened, Progress(made, progress) as shown:
        control.observe = shown
        report = carry_out(made, opened, control, workers)
        (rows,) = _assembled(made, opened, report, base_seed)
    if strict and rows.attrs["nonfinite"]:
        raise NotFinite(rows.attrs["trouble"])
    return rows


def run_share(
    sweep: Sweep,
    seeds: int,
    *,
    store: str | os.PathLike[str],
    worker: tuple[int, int],
    base_seed: int = 0,
    **limits: Any,
) -> bool:
    """Be process i of W over one store: first the own share, then what nobody began.

    Args:
        sweep: What all W processes evaluate.
        seeds: Number of seeds.
        store: The folder they share.
        worker: (i, W) with 0 <= i < W.
        base_seed: Root of all random streams.
        limits: `strict`, `budget`, `devices`, `max_seconds`, as for `run`.

    Returns:
        Whether the sweep is complete now (the last process to end says so).

    Raises:
        SpecificationError: If `worker` is not of that form.
        NotFinite: Under `strict`, if a successful lane in the store is not finite.
    """
    if not 0 <= worker[0] < worker[1]:
        raise SpecificationError(f"`worker` must be i/W with 0 <= i < W: {worker}.")
    control, opened = Control(**limits, wait=False), open_store(store)
    made = plan([(sweep, seeds)], base_seed=base_seed, budget=control.budget)
    carry_out(made, opened, control, worker=worker)
    complete, trouble = True, Trouble()
    for address, group in made.groups.items():
        need = list(made.need(address))
        missing = set(opened.missing(group, need))
        complete = complete and not missing
        for key, index in set(need) - missing if control.strict else ():
            cell, rows = made.cells[address][key], opened.rows(group, (key, index))
            trouble.note(opened, group, cell, rows, index * group.width)
    if trouble.nonfinite:
        raise NotFinite(trouble.trouble)
    return complete


def carry_out(
    plan: Plan,
    store: Store,
    control: Control,
    processes: Any = 1,
    worker: tuple[int, int] | None = None,
) -> Report:
    """Compute what the store lacks.

    Raises:
        StoreError: If the disk cannot hold it.
    """
    if control.strict:
        for group in plan.groups.values():
            audit.check_pure(group.recipe)
    if processes != 1:
        many = isinstance(processes, int)
        start = scale_out.in_processes if many else scale_out.on_cluster
        report = start(plan, store, processes, control)
        if jobs(plan, store):
            raise StoreError(f"{store.root} lacks blocks that workers said they wrote.")
        return report
    parts = 1 if worker is None else scale_out.PARTS_PER_WORKER * worker[1]
    todo = jobs(plan, store, parts)
    _check_disk(store, sum(j.lanes * j.group.stored_bytes for j in todo))
    if worker is not None:
        todo = scale_out.own_share(todo, worker)
    with compile_cache():
        report = execute(todo, store, control)
    for job in {j.group.address: j for j in todo}.values() if control.strict else ():
        audit.check_alone(job, store.rows(job.group, job.quanta[0]))
    return report


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


@contextlib.contextmanager
def _placed(place: Place, processes: Any) -> Iterator[Store]:
    """The store of a run; several processes without one share a temporary folder."""
    in_memory = place is None or (isinstance(place, Store) and place.root is None)
    if processes == 1 or not in_memory:
        yield open_store(place)
        return
    with tempfile.TemporaryDirectory(prefix="limen-") as folder:
        yield Store(Path(folder) / "store")


def _check_disk(store: Store, predicted: int) -> None:
    if store.root is None:
        return
    if not store.root.is_dir():
        raise StoreError(f"{store.root} is gone.")
    free = shutil.disk_usage(store.root).free
    if predicted * SAFETY > free:
        raise StoreError(
            f"{store.root} needs {predicted:,} B, but {free:,} B are free."
        )


def _assembled(
    plan: Plan, store: Store, report: Report, base_seed: int
) -> list[xr.Dataset]:
    """The datasets of all requests, with where they come from."""
    attrs = {**provenance(), **vars(report), "signature": machine()}
    attrs["base_seed"] = base_seed
    return [assemble(request, store, attrs) for request in plan.requests]
