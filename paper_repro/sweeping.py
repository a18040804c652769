"""What `limen sweep` and `limen store` do, as functions that return text."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import xarray as xr

from ..sims import sweep as engine
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

    def sweep(self) -> engine.Sweep:
        """The sweep it means."""
        sim = engine.resolve(self.simulator)
        axes = dict(engine.parse_axis(text, sim) for text in self.axes)
        static = {k: v for k, v in axes.items() if k in sim.static}
        dynamic = {k: v for k, v in axes.items() if k not in sim.static}
        return engine.Sweep(
            sim=sim, static=static, dynamic=dynamic, replicas=self.replicas
        )


def listing() -> str:
    """Every simulator of limen with its axes and outputs."""
    lines = ["Simulators (traced axes; static axes) -> outputs:", ""]
    for name, sim in engine.registered().items():
        dynamic, static = ", ".join(sim.dynamic), ", ".join(sim.static)
        lines.append(f"  {name}({dynamic}; {static}) -> {', '.join(sim.outputs)}")
    return "\n".join(lines)


def planned(order: Order) -> str:
    """The plan: groups, tiles, compilations, bytes; nothing runs."""
    budget = engine.MemoryBudget(fraction=order.memory_fraction)
    return str(order.sweep().plan(order.seeds, budget=budget))


def carried_out(order: Order) -> xr.Dataset:
    """Run the sweep, in this process, several, or on a cluster."""
    everywhere = order.devices == "all"
    return order.sweep().run(
        order.seeds,
        store=order.store,
        base_seed=order.base_seed,
        workers=order.workers,
        devices=None if everywhere else [int(d) for d in order.devices.split(",")],
        budget=engine.MemoryBudget(fraction=order.memory_fraction),
        max_seconds=order.max_seconds,
    )


def finish(dataset: xr.Dataset, output: Path | None) -> str:
    """Write the file if one was asked for, else show means and standard errors."""
    if output is None:
        return summary(dataset)
    return f"{tables.save(dataset, output)}"


def summary(dataset: xr.Dataset) -> str:
    """Mean and standard error of every scalar output in every cell, as a table."""
    scalars = [
        name
        for name, array in dataset.data_vars.items()
        if name != "valid" and "seed" in array.dims and array.dtype.kind in "fiub"
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
