"""What the page says, computed from the stored documents alone."""

import base64
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .numbers import MEANINGLESS

Document = dict[str, Any]
PRESETS = ("quick", "paper", "gpu")
VERDICTS = ("consistent", "violated", "inconclusive")


def documents(out: Path) -> list[Document]:
    """Every `verdicts.json` under a results folder, in order of paper and preset."""
    found = [
        json.loads(path.read_text(encoding="utf-8")) | {"folder": path.parent}
        for path in sorted(out.glob("*/*/verdicts.json"))
    ]
    rank = {preset: i for i, preset in enumerate(PRESETS)}
    return sorted(found, key=lambda d: (d["paper"], rank.get(d["preset"], 9)))


def counts(document: Document) -> dict[str, int]:
    """How many claims came out with each verdict."""
    counter = Counter(claim["verdict"] for claim in document["claims"])
    return {verdict: counter[verdict] for verdict in VERDICTS}


def mutants(claims: Iterable[dict]) -> tuple[int, int, int]:
    """Killed, powered and all mutants of some claims, the harness's own left out."""
    every = [m for c in claims for m in c["mutants"] if m["changes"] != "noise"]
    powered = [mutant for mutant in every if not mutant["underpowered"]]
    return sum(mutant["killed"] for mutant in every), len(powered), len(every)


def guarantee(docs: Iterable[Document]) -> float:
    """Probability of any false `violated` among the papers shown (one preset each)."""
    shares = {(d["paper"], d["preset"]): d["run"]["alpha"] for d in docs}
    return sum(shares.values())


def hardest(claim: dict) -> dict | None:
    """The point by which a claim should be read: violated, undecided, then weakest."""
    order = {"violated": 0, "inconclusive": 1, "consistent": 2}
    points = claim["points"]
    return min(
        points,
        key=lambda p: (order[p["verdict"]], -(p["resolution_rel"] or 0.0)),
        default=None,
    )


def seeds(claim: dict) -> str:
    """Rows that were drawn for a claim; `exact` if it draws none."""
    return str(claim["seeds"]) if claim["sweeps"] else "exact"


def by_sharpness(docs: Iterable[Document]) -> list[tuple[float, Document, dict]]:
    """Sampled claims with their relative resolution, the sharpest first."""
    rated = []
    for document in docs:
        for claim in document["claims"]:
            point = hardest(claim)
            relative = point["resolution_rel"] if point and claim["sweeps"] else None
            if relative is not None and relative < MEANINGLESS:
                rated.append((relative, document, claim))
    return sorted(rated, key=lambda item: item[0])


def image(document: Document, figure: dict) -> str:
    """The PNG of a figure as a data URI, so that the page stays one file."""
    (name,) = (n for n in figure["files"] if n.endswith(".png"))
    content = (document["folder"] / name).read_bytes()
    return "data:image/png;base64," + base64.b64encode(content).decode()


def undecided(docs: Iterable[Document]) -> list[tuple[Document, dict]]:
    """Claims that are violated or inconclusive, the violated first."""
    found = [
        (document, claim)
        for document in docs
        for claim in document["claims"]
        if claim["verdict"] != "consistent"
    ]
    return sorted(found, key=lambda item: item[1]["verdict"] != "violated")


def plumbing(document: Document) -> list[str]:
    """Ids of sampled claims whose mutants change nothing but the theory."""
    return [
        claim["id"]
        for claim in document["claims"]
        if claim["sweeps"]
        and {m["changes"] for m in claim["mutants"]} <= {"theory", "noise"}
    ]
