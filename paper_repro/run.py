"""The main job: papers in, verdicts, figures and report out, with an exit status."""

import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Request:
    """What is to be run, and where to.

    Attributes:
        names: Papers or claims; none stands for all papers.
        preset: quick, paper or gpu.
        out: Folder of results.
        base_seed: Names the random streams.
        jobs: Papers at the same time; 0: as cores and memory allow.
    """

    names: Sequence[str]
    preset: str
    out: Path
    base_seed: int = 0
    jobs: int = 0


def reproduce(asked: Request, *, strict: bool = False) -> int:
    """Judge claims, draw figures, write the report, print a summary.

    Args:
        asked: What is to be run.
        strict: Whether an undecided claim is a failure.

    Returns:
        The exit status.
    """
    docs = _execute(asked, figures=True)
    page = report.build(asked.out)
    _show(docs)
    Console().print(f"report: {page}", soft_wrap=True)
    return summary.exit_status(docs, strict)


def check(asked: Request, *, strict: bool = False, as_json: bool = False) -> int:
    """Judge claims and mutants; print verdicts, or the documents as JSON.

    Args:
        asked: What is to be run.
        strict: Whether an undecided claim is a failure.
        as_json: Print documents instead of a table.

    Returns:
        The exit status.
    """
    docs = _execute(asked, figures=False)
    wanted = registry.select(asked.names)
    docs = [documents.narrowed(doc, wanted[doc["paper"]]) for doc in docs]
    if as_json:
        sys.stdout.write(json.dumps(docs, indent=2) + "\n")
    else:
        _show(docs)
    return summary.exit_status(docs, strict)


def draw_figures(asked: Request) -> int:
    """Draw the figures of papers from stored rows, running what is missing.

    Returns:
        The exit status (0: figures are not verdicts).
    """
    console = Console()
    for doc in _execute(asked, figures=True):
        for figure in doc["figures"]:
            for file in figure["files"]:
                path = asked.out / doc["paper"] / doc["preset"] / file
                console.print(str(path), soft_wrap=True)
    return 0


def _execute(asked: Request, *, figures: bool) -> list[dict[str, Any]]:
    if asked.preset not in PRESETS:
        raise UnknownPresetError(
            f"There is no preset `{asked.preset}`; there are {', '.join(PRESETS)}."
        )
    jobs = [
        Job(
            paper=paper,
            preset=asked.preset,
            out=asked.out,
            only=None if claims is None else frozenset(claims),
            base_seed=asked.base_seed,
            figures=figures,
            command=shlex.join(["limen", *sys.argv[1:]]),
        )
        for paper, claims in registry.select(asked.names).items()
    ]
    documents.make_folder(asked.out)
    with shown([job.paper for job in jobs]) as display:
        return run_all(jobs, asked.jobs, display)


def _show(docs: Sequence[dict[str, Any]]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 100)
    if len(docs) == 1:
        console.print(summary.details(docs[0]))
    console.print(summary.overview(docs))
    for doc in docs:
        for failure in summary.failures(doc):
            console.print(f"{doc['paper']}: {failure}", style="red", soft_wrap=True)
