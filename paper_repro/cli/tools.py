"""`limen cite`, `doctor`, `schema`, `fit`, `new`."""

from pathlib import Path
from typing import Annotated

import typer

from .app import app


@app.command(rich_help_panel="Tools")
def cite(
    claims: Annotated[list[str], typer.Argument(help="Ids of claims or papers.")],
) -> None:
    """Print BibTeX of the papers that the claims come from."""
    from .. import registry
    from ..bibliography import entry

    keys = {registry.papers()[name].bibkey: None for name in registry.select(claims)}
    for key in [*keys, "limen"]:
        typer.echo(entry(key) + "\n")


@app.command(rich_help_panel="Tools")
def doctor() -> None:
    """Name devices, precision, pool, versions and caches, and what is wrong."""
    from ..doctor import examine

    findings = examine()
    for finding in findings:
        mark = (
            typer.style("ok  ", fg="green")
            if finding.ok
            else typer.style("look", fg="red", bold=True)
        )
        typer.echo(f"{mark}  {finding.subject:<18} {finding.fact}")
        if finding.advice and not finding.ok:
            typer.echo(f"{'':<25}-> {finding.advice}")


@app.command(rich_help_panel="Tools")
def schema(
    name: Annotated[str, typer.Argument(help="Which file: verdicts.")] = "verdicts",
) -> None:
    """Print the JSON schema of a file that limen writes."""
    import json

    from ..schemas import schema_of

    typer.echo(json.dumps(schema_of(name), indent=2))


@app.command(rich_help_panel="Tools")
def new(
    name: Annotated[str, typer.Argument(help="Name of the system: a Python name.")],
    root: Annotated[
        Path, typer.Option(help="A checkout of limen, where the floors are.")
    ] = Path("."),
) -> None:
    """Scaffold a new paper, one file per floor; it runs at once."""
    from ..scaffold import write

    for path in write(name, root):
        typer.echo(path)
    typer.echo(f"Now: limen check {name}; then replace the example by your theory.")


@app.command(rich_help_panel="Tools")
def fit(
    system: Annotated[str, typer.Argument(help="The system whose estimator to use.")],
    file: Annotated[Path, typer.Argument(help="Your data (csv, npz or parquet).")],
    until: Annotated[
        float | None, typer.Option(help="End of the observation; else the last event.")
    ] = None,
    beta: Annotated[
        float | None, typer.Option(help="Decay of the kernel; else fitted.")
    ] = None,
    allow_silent: Annotated[
        bool, typer.Option("--allow-silent", help="Nodes may have no events.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder for figure and JSON.")] = Path(
        "results/fit"
    ),
) -> None:
    """Put your own data through a system's estimator: estimate, figure, JSON."""
    from ..fitting import fit_file

    summary, paths = fit_file(
        system, file, out, until, beta=beta, allow_silent=allow_silent
    )
    for line in [summary, *paths]:
        typer.echo(line)
