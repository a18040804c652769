"""The main job: papers in, verdicts, figures and report out, with an exit status."""

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from . import documents, registry, report, summary
from .job import Job
from .pool import run_all
from .progress import shown

PRESETS = ("quick", "paper", "gpu")


class UnknownPresetError(ValueError):
    """There is no preset of that name."""


def reproduce(
    names: Sequence[str],
    preset: str,
    out: Path,
    *,
    base_seed: int = 0,
    jobs: int = 0,
    strict: bool = False,
) -> int:
    """Judge claims, draw figures, write the report, print a summary.

    Args:
        names: Papers or claims; none stands for all papers.
        preset: quick, paper or gpu.
        out: Folder of results.
        base_seed: Names the random streams.
        jobs: Papers at the same time; 0: as cores and memory allow.
        strict: Whether an undecided claim is a failure.

    Returns:
        The exit status.
    """
    docs = _execute(names, preset, out, base_seed, jobs, figures=True)
    page = report.build(out)
    _show(docs)
    Console().print(f"report: {page}", soft_wrap=True)
    return summary.exit_status(docs, strict)


def check(
    names: Sequence[str],
    preset: str,
    out: Path,
    *,
    base_seed: int = 0,
    jobs: int = 0,
    strict: bool = False,
    as_json: bool = False,
) -> int:
    """Judge claims and mutants; print verdicts, or the documents as JSON.

    Args:
        names: Papers or claims; none stands for all papers.
        preset: quick, paper or gpu.
        out: Folder of results.
        base_seed: Names the random streams.
        jobs: Papers at the same time; 0: as cores and memory allow.
        strict: Whether an undecided claim is a failure.
        as_json: Print documents instead of a table.

    Returns:
        The exit status.
    """
    docs = _execute(names, preset, out, base_seed, jobs, figures=False)
    wanted = registry.select(names)
    docs = [documents.narrowed(doc, wanted[doc["paper"]]) for doc in docs]
    if as_json:
        sys.stdout.write(json.dumps(docs, indent=2) + "\n")
    else:
        _show(docs)
    return summary.exit_status(docs, strict)


def draw_figures(
    names: Sequence[str], preset: str, out: Path, base_seed: int, jobs: int
) -> int:
    """Draw the figures of papers from stored rows, running what is missing.

    Returns:
        The exit status (0: figures are not verdicts).
    """
    docs = _execute(names, preset, out, base_seed, jobs, figures=True)
    console = Console()
    for doc in docs:
        for figure in doc["figures"]:
            for file in figure["files"]:
                path = out / doc["paper"] / doc["preset"] / file
                console.print(str(path), soft_wrap=True)
    return 0


def _execute(
    names: Sequence[str],
    preset: str,
    out: Path,
    base_seed: int,
    at_once: int,
    *,
    figures: bool,
) -> list[dict[str, Any]]:
    if preset not in PRESETS:
        raise UnknownPresetError(
            f"There is no preset `{preset}`; there are {', '.join(PRESETS)}."
        )
    jobs = [
        Job(
            paper=paper,
            preset=preset,
            out=out,
            only=None if claims is None else frozenset(claims),
            base_seed=base_seed,
            figures=figures,
            command=shlex.join(["limen", *sys.argv[1:]]),
        )
        for paper, claims in registry.select(names).items()
    ]
    documents.make_folder(out)
    with shown([job.paper for job in jobs]) as display:
        return run_all(jobs, at_once, display)


def _show(docs: Sequence[dict[str, Any]]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 100)
    if len(docs) == 1:
        console.print(summary.details(docs[0]))
    console.print(summary.overview(docs))
    for doc in docs:
        for failure in summary.failures(doc):
            console.print(f"{doc['paper']}: {failure}", style="red", soft_wrap=True)
