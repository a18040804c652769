"""`limen sweep`, `plot`, `store`, `lane`: sweeps of one's own."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import BAD_INPUT, INTERRUPTED, NOT_DECIDED, STORE, app

if TYPE_CHECKING:
    from ..sweeping import Order

SWEEPS = "Sweeps"
store_app = typer.Typer(
    help="Look after the stored samples: status, verify, export, diff.",
    no_args_is_help=True,
)
app.add_typer(store_app, name="store", rich_help_panel=SWEEPS)
Folder = Annotated[
    Path, typer.Argument(help="Folder of a store, such as results/store")
]
Axes = Annotated[
    list[str] | None,
    typer.Option(help="name=16,64,256 or name=1e5:1e8:7log or name=0:1:11"),
]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", help="FILE.nc, FILE.zarr or FILE.csv")
]
SAMPLES = Path("results/store")


@app.command(rich_help_panel=SWEEPS)
def sweep(
    simulator: Annotated[
        str,
        typer.Argument(
            help="system.name, module:function or file.py:function", show_default=False
        ),
    ] = "",
    axis: Axes = None,
    seeds: Annotated[int, typer.Option(help="Independent runs of every cell.")] = 16,
    replicas: Annotated[int, typer.Option(help="Lanes per seed.")] = 1,
    output: Output = None,
    store: Annotated[Path, typer.Option(help="Where samples are kept.")] = SAMPLES,
    base_seed: Annotated[int, typer.Option("--seed", help="Root of all streams.")] = 0,
    workers: Annotated[int, typer.Option(help="Processes.")] = 1,
    worker: Annotated[
        str, typer.Option(help="i/W: do the i-th share of W (array jobs).")
    ] = "",
    cluster: Annotated[str, typer.Option(help="Address of a dask scheduler.")] = "",
    devices: Annotated[str, typer.Option(help="all, or numbers: 0,1")] = "all",
    memory_fraction: Annotated[
        float, typer.Option(help="Share of the memory that one program may take.")
    ] = 0.6,
    max_seconds: Annotated[
        float | None, typer.Option(help="Stop cleanly after this time.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan; compile and run nothing.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 3 if a lane is not finite.")
    ] = False,
) -> None:
    """Sweep a simulator over a grid; without SIMULATOR: list them.

    limen sweep bandits.uniform --axis arms=16,64 --axis horizon=1e5:1e8:4log
    """
    from .. import sweeping

    if not simulator:
        typer.echo(sweeping.listing())
        return
    order = sweeping.Order(
        simulator=simulator,
        axes=tuple(axis or ()),
        seeds=seeds,
        replicas=replicas,
        store=store,
        base_seed=base_seed,
        workers=workers,
        worker=worker,
        cluster=cluster,
        devices=devices,
        memory_fraction=memory_fraction,
        max_seconds=max_seconds,
        strict=strict,
    )
    if worker and output:
        raise typer.BadParameter("`-o` needs all rows: run it without `--worker`.")
    if dry_run:
        typer.echo(sweeping.planned(order))
    else:
        _run(order, output)


def _run(order: "Order", output: Path | None) -> None:
    """Run, or do a share, and say so; what went wrong on the way has a status."""
    from ...sims.sweep import NonDeterministic, NotFinite, Stopped
    from .. import sweeping

    statuses = {
        NotFinite: NOT_DECIDED,
        NonDeterministic: NOT_DECIDED,
        MemoryError: BAD_INPUT,
        Stopped: INTERRUPTED,
    }
    try:
        if order.worker:
            text = sweeping.shared_out(order)
        else:
            text = sweeping.finish(order, sweeping.carried_out(order), output)
    except tuple(statuses) as error:
        typer.echo(f"limen: {error}", err=True)
        raise typer.Exit(statuses[type(error)]) from error
    typer.echo(text)


@app.command(rich_help_panel=SWEEPS)
def plot(
    file: Annotated[Path, typer.Argument(help="A sweep: FILE.nc or FILE.zarr")],
    x: Annotated[str, typer.Option(help="Axis along the abscissa.")],
    y: Annotated[str, typer.Option(help="Output along the ordinate.")],
    hue: Annotated[str | None, typer.Option(help="Axis told apart by colour.")] = None,
    logx: Annotated[bool, typer.Option("--logx", help="Logarithmic abscissa.")] = False,
    logy: Annotated[bool, typer.Option("--logy", help="Logarithmic ordinate.")] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Stem of the picture's files.")
    ] = None,
) -> None:
    """Draw one output of a sweep against one axis, with standard errors."""
    from ...figures.export import save
    from ...figures.quicklook import plot as quick
    from ...figures.style import applied
    from .. import tables

    with applied():
        figure = quick(tables.load(file), x, y, hue, logx=logx, logy=logy)
    for path in save(figure, output or file.with_suffix("")):
        typer.echo(path)


@app.command(rich_help_panel=SWEEPS)
def lane(
    address: Annotated[str, typer.Argument(help="Address of a block.")],
    number: Annotated[int, typer.Argument(help="Lane within the block.")],
    store: Annotated[Path, typer.Option(help="Where samples are kept.")] = SAMPLES,
) -> None:
    """Run exactly one lane again, alone and unbatched."""
    from ...sims.sweep import rerun_lane

    typer.echo(rerun_lane(address, number, store=store))


@store_app.command()
def status(folder: Folder = SAMPLES) -> None:
    """Say what is stored: simulators, groups, blocks, bytes."""
    from .. import sweeping

    typer.echo(sweeping.store_status(folder))


@store_app.command()
def verify(
    folder: Folder = SAMPLES,
    repair: Annotated[
        bool, typer.Option("--repair", help="Move damaged blocks to quarantine.")
    ] = False,
) -> None:
    """Read every block and compare checksums; exit 5 if one is damaged."""
    from .. import sweeping

    text, damaged = sweeping.store_verify(folder, repair)
    typer.echo(text)
    if damaged and not repair:
        raise typer.Exit(STORE)


@store_app.command()
def export(
    folder: Folder,
    target: Annotated[Path, typer.Argument(help="FILE.zarr or FILE.nc")],
) -> None:
    """Write everything that is stored to one file of labelled arrays."""
    from ...sims.sweep.store import export as write

    for name in write(folder, target):
        typer.echo(name)


@store_app.command()
def diff(first: Folder, second: Folder) -> None:
    """Compare two stores: equal bits, rounding, or statistically different."""
    from .. import sweeping

    typer.echo(sweeping.store_diff(first, second))
