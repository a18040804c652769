"""`limen list`, `show`, `reproduce`, `check`, `figures`, `report`, `explain`."""

from pathlib import Path
from typing import Annotated

import typer

from .app import app

Names = Annotated[
    list[str] | None,
    typer.Argument(help="Papers or claims; none stands for all.", show_default=False),
]
Preset = Annotated[
    str,
    typer.Option(help="quick (seconds), paper (minutes to hours), gpu (a large GPU)."),
]
Out = Annotated[Path, typer.Option(help="Folder of results and stored samples.")]
Seed = Annotated[int, typer.Option(help="Base seed; the verdicts hold over its draw.")]
Jobs = Annotated[
    int, typer.Option(help="Papers run at the same time; 0: as the cores allow.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="Exit 3 if something is not decided.")
]
RESULTS = Path("results")
PAPERS = "Papers and claims"


@app.command("list", rich_help_panel=PAPERS)
def list_(
    paper: Annotated[str | None, typer.Argument(help="One paper only.")] = None,
    json: Json = False,
) -> None:
    """List papers, their claims (id, kind, title) and their figures."""
    from .. import catalogue

    chosen = [paper] if paper else []
    typer.echo(catalogue.as_json(chosen) if json else catalogue.as_text(chosen))


@app.command(rich_help_panel=PAPERS)
def show(
    claim: Annotated[str, typer.Argument(help="Id of a claim, such as SB-7.")],
    json: Json = False,
    out: Out = RESULTS,
) -> None:
    """Show a claim: statement, rule, tolerance, mutants, sizes, last verdict."""
    from .. import catalogue

    typer.echo(
        catalogue.claim_json(claim, out) if json else catalogue.claim(claim, out)
    )


@app.command(rich_help_panel=PAPERS)
def reproduce(
    names: Names = None,
    preset: Preset = "quick",
    out: Out = RESULTS,
    seed: Seed = 0,
    jobs: Jobs = 0,
    strict: Strict = False,
) -> None:
    """Regenerate papers: claims, mutants, figures, report. The main job."""
    from .. import run

    asked = run.Request(names or [], preset, out, seed, jobs)
    raise typer.Exit(run.reproduce(asked, strict=strict))


@app.command(rich_help_panel=PAPERS)
def check(
    names: Names = None,
    preset: Preset = "quick",
    out: Out = RESULTS,
    seed: Seed = 0,
    jobs: Jobs = 0,
    strict: Strict = False,
    json: Json = False,
) -> None:
    """Judge claims and mutants only; papers or single claims."""
    from .. import run

    asked = run.Request(names or [], preset, out, seed, jobs)
    raise typer.Exit(run.check(asked, strict=strict, as_json=json))


@app.command(rich_help_panel=PAPERS)
def figures(
    names: Names = None,
    preset: Preset = "quick",
    out: Out = RESULTS,
    seed: Seed = 0,
    jobs: Jobs = 0,
) -> None:
    """Draw figures only, from stored rows; runs what is missing."""
    from .. import run

    raise typer.Exit(
        run.draw_figures(run.Request(names or [], preset, out, seed, jobs))
    )


@app.command(rich_help_panel=PAPERS)
def report(out: Out = RESULTS) -> None:
    """Rebuild the report over all that has been run."""
    from ..report import build

    typer.echo(build(out))


@app.command(rich_help_panel=PAPERS)
def explain(
    claim: Annotated[str, typer.Argument(help="Id of a claim that has been run.")],
    preset: Preset = "quick",
    out: Out = RESULTS,
) -> None:
    """Say in plain words why a verdict came out, and what would decide it."""
    from .. import explanation

    typer.echo(explanation.explain(claim, preset, out))
