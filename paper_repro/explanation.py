"""Why a verdict came out as it did, in plain words, and what would decide it."""

from pathlib import Path
from typing import Any

from ..checks.harness.verdict import ADVICE
from . import registry
from .report import collect
from .report.numbers import interval, percent, place, seconds, short

REASONS = {
    "budget": "the seeds of this preset were used up before the interval was short "
    "enough",
    "model-rejected": "no admissible correction exponent fits the sizes",
    "non-normal": "the rows have such heavy tails that their mean cannot be trusted",
    "discrete": "the rows took too few different values; a rare event may not have "
    "come yet",
    "too-few-seeds": "there were not enough rows to form an interval",
    "vacuous": "the bound is so far away that agreement says nothing",
}


class NotRunError(ValueError):
    """The claim has no verdict at this preset yet."""


def explain(claim_id: str, preset: str, out: Path) -> str:
    """The story of one verdict.

    Args:
        claim_id: Id of the claim.
        preset: The preset at which it was run.
        out: Folder of results.

    Returns:
        A few sentences.

    Raises:
        NotRunError: If there is no verdict to explain.
    """
    paper, _ = registry.find_claim(claim_id)
    for document in collect.documents(out):
        if (document["paper"], document["preset"]) != (paper.id, preset):
            continue
        for claim in document["claims"]:
            if claim["id"] == claim_id:
                return _story(claim, document)
    raise NotRunError(
        f"`{claim_id}` has not been run at preset {preset}; run `limen check "
        f"{claim_id} --preset {preset}` first."
    )


def _story(claim: dict[str, Any], document: dict[str, Any]) -> str:
    point = collect.hardest(claim)
    lines = [f"{claim['id']} is {claim['verdict']} at preset {document['preset']}."]
    if point is not None:
        lines += [_where(claim, point), _rule(claim, point)]
        lines.append(_next_step(claim, point, document))
    return "\n".join(filter(None, lines))


def _where(claim: dict[str, Any], point: dict[str, Any]) -> str:
    count = len(claim["points"])
    chosen = (
        f"Of its {count} points the one to read is" if count > 1 else "Its point is"
    )
    return f"{chosen} {place(point['at'])}."


def _rule(claim: dict[str, Any], point: dict[str, Any]) -> str:
    se = f" ± {short(point['se'], 2)} (se)" if point["se"] else ""
    seeds = f" from {claim['seeds']} seeds" if claim["sweeps"] else ", exactly"
    level = "" if not claim["sweeps"] else f" at level {short(claim['alpha'], 2)}"
    meaning = {
        "violated": f"The interval {interval(point['interval'])}{level} lies outside "
        "the region: the claim, tolerance included, is excluded.",
        "consistent": f"The interval {interval(point['interval_consistent'])} lies "
        "inside the region: larger deviations are excluded.",
        "inconclusive": f"The interval {interval(point['interval'])}{level} reaches "
        "over the edge of the region: neither is excluded.",
    }[point["verdict"]]
    return (
        f"The estimate is {short(point['estimate'])}{se}{seeds}; the claim allows "
        f"{interval(point['region'])} (claimed {short(point['claimed'])}, tolerance: "
        f"{claim['tolerance_origin']}). {meaning}"
    )


def _next_step(
    claim: dict[str, Any], point: dict[str, Any], document: dict[str, Any]
) -> str:
    if claim["verdict"] == "consistent":
        return (
            "A deviation of "
            f"{percent(point['resolution_rel'])} of the claimed number would have been "
            "called violated with probability 0.9."
        )
    if claim["verdict"] == "violated":
        return (
            "Look for the bug in simulator or theory first; if there is none, this is "
            "a result. A fresh base seed (--seed) is judged at a smaller level."
        )
    reason = claim["reason"].split(":")[0]
    why = REASONS.get(reason, claim["reason"])
    advice = f" Or {ADVICE[reason]}." if reason in ADVICE and reason != "budget" else ""
    return (
        f"It is undecided because {why}. {_more_seeds(claim, point, document)}{advice}"
    )


def _more_seeds(
    claim: dict[str, Any], point: dict[str, Any], document: dict[str, Any]
) -> str:
    """Seeds and time after which the interval would fit into the region."""
    room = _room(point)
    low, high = point["interval_consistent"] or (None, None)
    if room is None or low is None or high is None or not claim["sweeps"]:
        return "A larger preset has more seeds or wider sizes."
    factor = max(1.0, ((high - low) / 2 / room) ** 2)
    needed = int(claim["seeds"] * factor)
    return (
        f"If the estimate stays where it is, about {needed} seeds decide it "
        f"({seconds(claim['seconds'] * factor)}; now {claim['seeds']} at preset "
        f"{document['preset']})."
    )


def _room(point: dict[str, Any]) -> float | None:
    """Distance from the estimate to the nearest edge of the region."""
    edges = [edge for edge in point["region"] or () if edge is not None]
    if point["estimate"] is None or not edges:
        return None
    return min(abs(point["estimate"] - edge) for edge in edges) or None
