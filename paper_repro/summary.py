"""The verdicts as a table that fits a terminal, and the exit status they mean."""

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from ..checks.harness import from_json, gate
from . import registry
from .cli.app import NOT_DECIDED, TOOTHLESS, VIOLATED
from .report import collect, numbers

COLOURS = {"consistent": "green", "violated": "bold red", "inconclusive": "yellow"}


def overview(docs: Sequence[dict[str, Any]]) -> Table:
    """One line per paper: verdict counts, kill rate, time."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("paper")
    table.add_column("preset")
    for name in (*collect.VERDICTS, "mutants killed", "time"):
        table.add_column(name, justify="right")
    for document in docs:
        counts = collect.counts(document)
        killed, powered, every = collect.mutants(document["claims"])
        weak = f" (+{every - powered})" if every > powered else ""
        table.add_row(
            document["paper"],
            document["preset"],
            *(_count(counts[verdict], verdict) for verdict in collect.VERDICTS),
            f"{killed}/{powered}{weak}",
            numbers.seconds(document["run"]["seconds"]),
        )
    return table


def details(document: dict[str, Any]) -> Table:
    """One line per claim of a paper, at the point by which it should be read."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("claim", "verdict"):
        table.add_column(name, no_wrap=True)
    for name in ("estimate ± se", "claimed", "resol.", "seeds", "mutants", "s"):
        table.add_column(name, justify="right", no_wrap=True)
    for claim in document["claims"]:
        point = collect.hardest(claim) or {}
        killed, _, every = collect.mutants([claim])
        se = f" ± {numbers.short(point['se'], 2)}" if point.get("se") else ""
        table.add_row(
            claim["id"],
            Text(claim["verdict"], COLOURS[claim["verdict"]]),
            numbers.short(point.get("estimate")) + se,
            numbers.short(point.get("claimed")),
            numbers.sharpness(point),
            collect.seeds(claim),
            f"{killed}/{every}",
            f"{claim['seconds']:.1f}",
        )
    return table


def exit_status(docs: Sequence[dict[str, Any]], strict: bool) -> int:
    """0 all well, 1 violated, 4 the mutant gate failed, 3 undecided under `strict`."""
    verdicts = {claim["verdict"] for document in docs for claim in document["claims"]}
    if "violated" in verdicts:
        return VIOLATED
    if any(failures(document) for document in docs):
        return TOOTHLESS
    return NOT_DECIDED if strict and "inconclusive" in verdicts else 0


def failures(document: dict[str, Any]) -> list[str]:
    """Why a paper's mutant gate fails; empty if it passes."""
    claims = {c.id: c for c in registry.papers()[document["paper"]].claims}
    verdicts = [from_json(e, claims[e["id"]]) for e in document["claims"]]
    return gate(verdicts, document["preset"])


def _count(count: int, verdict: str) -> Text:
    return Text(str(count), COLOURS[verdict] if count else "dim")
