"""What `limen sweep` and `limen store` do, as functions that return text."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from ..sims import sweep as engine
from ..sims.sweep import store
from ..sims.sweep.progress import table
from . import tables


@dataclass(frozen=True, kw_only=True)
class Order:
    """A sweep as it was asked for on the command line."""

    simulator: str
    axes: Sequence[str]
    seeds: int
    replicas: int
    store: Path
    base_seed: int
    workers: int
    worker: str
    cluster: str
    devices: str
    memory_fraction: float
    max_seconds: float | None
    strict: bool

    def sweep(self) -> engine.Sweep:
        """The sweep it means.

        Raises:
            SpecificationError: If axes cannot be read; all of them are named.
        """
        sim, axes, problems = engine.resolve(self.simulator), {}, []
        for text in self.axes:
            try:
                name, values = engine.parse_axis(text, sim)
                axes[name] = values
            except engine.SpecificationError as error:
                problems.append(str(error))
        if problems:
            raise engine.SpecificationError("\n".join(problems))
        static = {k: v for k, v in axes.items() if k in sim.static}
        dynamic = {k: v for k, v in axes.items() if k not in sim.static}
        return engine.Sweep(
            sim=sim, static=static, dynamic=dynamic, replicas=self.replicas
        )

    def options(self) -> dict[str, Any]:
        """What every way of running it obeys.

        Raises:
            SpecificationError: If `devices` is neither `all` nor numbers.
        """
        numbers = None if self.devices == "all" else self.devices.split(",")
        if numbers and not all(number.strip().isdigit() for number in numbers):
            raise engine.SpecificationError(
                f"`--devices {self.devices}` must be `all` or numbers, such as 0,1."
            )
        return {
            "store": self.store,
            "base_seed": self.base_seed,
            "strict": self.strict,
            "devices": numbers and [int(number) for number in numbers],
            "budget": engine.MemoryBudget(fraction=self.memory_fraction),
            "max_seconds": self.max_seconds,
        }


def listing() -> str:
    """Every simulator of limen with its axes and outputs."""
    lines = ["Simulators (traced axes; static axes) -> outputs:", ""]
    for name, sim in engine.registered().items():
        dynamic, static = ", ".join(sim.dynamic), ", ".join(sim.static)
        lines.append(f"  {name}({dynamic}; {static}) -> {', '.join(sim.outputs)}")
    return "\n".join(lines)


def planned(order: Order) -> str:
    """The plan: groups, tiles, compilations, bytes, what is done; nothing runs."""
    budget = engine.MemoryBudget(fraction=order.memory_fraction)
    plan = order.sweep().plan(order.seeds, base_seed=order.base_seed, budget=budget)
    known = engine.Store(order.store) if order.store.is_dir() else None
    return table(plan, known)


def carried_out(order: Order) -> xr.Dataset:
    """Run the sweep in this process, in several, or on a cluster."""
    workers = order.cluster or order.workers
    return order.sweep().run(order.seeds, workers=workers, **order.options())


def shared_out(order: Order) -> str:
    """Do one worker's share of a sweep whose store several processes fill.

    Raises:
        SpecificationError: If `worker` is not of the form i/W, or stands beside other
            ways to share the work out.
    """
    if order.cluster or order.workers != 1:
        raise engine.SpecificationError(
            "`--worker` takes no `--workers` and no `--cluster` beside it."
        )
    number, _, count = order.worker.partition("/")
    if not (number.isdigit() and count.isdigit() and int(number) < int(count)):
        raise engine.SpecificationError(
            f"`--worker {order.worker}` must be i/W with 0 <= i < W, such as 3/16."
        )
    worker = (int(number), int(count))
    finished = engine.run_share(
        order.sweep(), order.seeds, worker=worker, **order.options()
    )
    return "everything is stored" if finished else "others are still at work"


def finish(order: Order, dataset: xr.Dataset, output: Path | None) -> str:
    """Write the file if one was asked for, else show means and standard errors."""
    if output is None:
        return summary(dataset, [axis.names[0] for axis in order.sweep().axes])
    return f"{tables.save(dataset, output)}"


def summary(dataset: xr.Dataset, axes: Sequence[str]) -> str:
    """Mean and standard error of every scalar output in every cell, as a table."""
    dims = {"seed", "replica", *axes}
    scalars = [
        name
        for name, array in dataset.data_vars.items()
        if name != "valid" and {"seed"} <= set(array.dims) <= dims
    ]
    part = dataset[scalars].astype(float)
    if "valid" in dataset:
        part = part.where(dataset["valid"])
    part = part.mean("replica") if "replica" in part.dims else part
    count = part.notnull().sum("seed")
    table = xr.merge(
        [
            part.mean("seed"),
            (part.std("seed", ddof=1) / count**0.5).rename(
                {name: f"{name} se" for name in scalars}
            ),
        ]
    )
    return table.to_dataframe().to_string(float_format=lambda x: f"{x:.5g}")


def store_status(folder: Path) -> str:
    """What a store holds, one line per group."""
    found = store.status(folder)
    lines = [
        f"{found.blocks} blocks, {found.size / 2**20:.1f} MiB, {found.locks} locks, "
        f"{found.quarantined} in quarantine"
    ]
    for group in sorted(found.groups, key=lambda g: (g["simulator"], g["group"])):
        static = ", ".join(f"{k}={v}" for k, v in (group["static"] or {}).items())
        lines.append(
            f"  {group['simulator']:<34} {group['group'][:8]} {group['cells']:>5} cells"
            f"{group['lanes']:>10} lanes  {static}"
        )
    return "\n".join([*lines, *(f"  unreadable: {text}" for text in found.unreadable)])


def store_verify(folder: Path, repair: bool) -> tuple[str, bool]:
    """The outcome of reading every block, and whether one is damaged."""
    found = store.verify(folder, repair)
    lines = [f"{found.sound} blocks are sound, {len(found.corrupt)} are damaged"]
    lines += [f"  {text}" for text in found.corrupt]
    lines += [f"  removed {path}" for path in found.removed]
    if found.corrupt:
        lines.append(
            "Put into quarantine; the next run computes them again."
            if repair
            else "Run again with --repair to put them into quarantine."
        )
    return "\n".join(lines), bool(found.corrupt)


def store_diff(first: Path, second: Path) -> str:
    """Two stores compared, the differences that matter first."""
    order = ("different", "draws", "rounding", "bits")
    found = sorted(engine.diff(first, second), key=lambda d: order.index(d.verdict))
    if not found:
        return "The stores have no cell in common."
    counts = ", ".join(f"{sum(d.verdict == v for d in found)} {v}" for v in order)
    lines = [
        f"  {d.verdict:<10} {d.simulator} {d.output} at {d.cell}: largest deviation "
        f"{d.largest:.2g}, p = {d.p_value:.2g}, {d.seeds} seeds"
        for d in found
        if d.verdict != "bits"
    ]
    return "\n".join([f"{len(found)} comparisons: {counts}", *lines])
