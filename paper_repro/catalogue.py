"""What there is: papers, claims, figures, as text or JSON."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..checks.harness import Claim
from . import registry
from .paper import Paper
from .report import collect, numbers

WIDTH = 20


def as_text(names: Sequence[str] = ()) -> str:
    """Papers with the id, kind and title of their claims, and their figures."""
    return "\n\n".join(_paper_text(paper) for paper in _chosen(names))


def as_json(names: Sequence[str] = ()) -> str:
    """The same as JSON."""
    return json.dumps([_paper_data(paper) for paper in _chosen(names)], indent=2)


def claim(claim_id: str, out: Path) -> str:
    """Everything about one claim in words, with its verdicts under `out`."""
    paper, found = registry.find_claim(claim_id)
    lines = [
        f"{found.id}  {found.title}",
        "",
        found.statement,
        "",
        f"paper       {paper.id}: {paper.title}",
        f"provenance  {found.provenance.tag}: {found.provenance.source}",
        f"kind        {found.kind.name}, {found.kind.evidence} evidence",
        f"weight      {found.weight:g}",
        f"code        {registry.source(found)}",
        "mutants     " + "\n            ".join(m.name for m in found.mutants),
    ]
    for preset, sizes in found.sizes.items():
        lines.append(f"{preset:<12}{_sizes(sizes)}")
    smallest = next(iter(found.sizes.values()))
    lines.append(f"tolerance   {_design(found, smallest).tol.origin}")
    lines += _last_verdicts(claim_id, out) or ["verdict     not run yet"]
    return "\n".join(lines)


def claim_json(claim_id: str, out: Path) -> str:
    """Everything about one claim as JSON."""
    paper, found = registry.find_claim(claim_id)
    data = _claim_data(found) | {
        "paper": paper.id,
        "statement": found.statement,
        "provenance": vars(found.provenance),
        "code": registry.source(found),
        "sizes": {k: dict(v) for k, v in found.sizes.items()},
        "mutants": [mutant.name for mutant in found.mutants],
        "last": {d["preset"]: c for d, c in _stored(claim_id, out)},
    }
    return json.dumps(data, indent=2, default=str)


def _chosen(names: Sequence[str]) -> list[Paper]:
    return [registry.papers()[paper_id] for paper_id in registry.select(names)]


def _paper_text(paper: Paper) -> str:
    lines = [f"{paper.id}: {paper.title}"]
    for item in paper.claims:
        presets = " ".join(item.sizes)
        lines.append(
            f"  {item.id:<{WIDTH}} {item.kind.name:<12} {item.title}  [{presets}]"
        )
    lines += [f"  figure {figure.name}" for figure in paper.figures]
    return "\n".join(lines)


def _paper_data(paper: Paper) -> dict[str, Any]:
    return {
        "id": paper.id,
        "title": paper.title,
        "bibkey": paper.bibkey,
        "summary": paper.summary,
        "claims": [_claim_data(item) for item in paper.claims],
        "figures": [figure.name for figure in paper.figures],
    }


def _claim_data(item: Claim) -> dict[str, Any]:
    return {
        "id": item.id,
        "title": item.title,
        "kind": item.kind.name,
        "evidence": item.kind.evidence,
        "presets": list(item.sizes),
    }


def _design(item: Claim, sizes: Any) -> Any:
    return item.design(**{k: v for k, v in sizes.items() if k != "seeds"})


def _sizes(sizes: Any) -> str:
    return ", ".join(f"{name}={value}" for name, value in sizes.items())


def _stored(claim_id: str, out: Path) -> list[tuple[dict, dict]]:
    return [
        (document, item)
        for document in collect.documents(out)
        for item in document["claims"]
        if item["id"] == claim_id
    ]


def _last_verdicts(claim_id: str, out: Path) -> list[str]:
    lines = []
    for document, item in _stored(claim_id, out):
        point = collect.hardest(item) or {}
        killed, _, every = collect.mutants([item])
        lines.append(
            f"verdict     {item['verdict']} at {document['preset']}: "
            f"{numbers.short(point.get('estimate'))} against "
            f"{numbers.short(point.get('claimed'))}, resolution "
            f"{numbers.percent(point.get('resolution_rel'))}, "
            f"{item['seeds']} seeds, mutants {killed}/{every}"
        )
    return lines
