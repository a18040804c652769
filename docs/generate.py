"""Pages that are made from the code: one per paper, one per floor."""

import importlib
import pkgutil
import shutil
from pathlib import Path

from limen.paper_repro import registry
from limen.paper_repro.paper import Paper
from limen.paper_repro.report import collect
from limen.paper_repro.report.numbers import percent, short

FLOORS = ("theory", "sims", "checks", "figures", "paper_repro")
RESULTS = Path(__file__).parents[1] / "results"


def papers(folder: Path) -> None:
    """One page per registered paper, with its figures if it has been run."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    stored = {d["paper"]: d for d in collect.documents(RESULTS)}
    for paper in registry.papers().values():
        text = _paper(paper, stored.get(paper.id), folder)
        (folder / f"{paper.id}.md").write_text(text)
    _index(folder, "Papers", sorted(registry.papers()))


def api(folder: Path) -> None:
    """One page per module."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    names = sorted(name for floor in FLOORS for name in _modules(f"limen.{floor}"))
    for name in names:
        directive = f"```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n```\n"
        (folder / f"{name}.md").write_text(f"# {name}\n\n{directive}")
    _index(folder, "Reference", names)


def _modules(package: str) -> list[str]:
    path = importlib.import_module(package).__path__
    found = [m.name for m in pkgutil.walk_packages(path, f"{package}.")]
    return [name for name in found if not name.endswith("__main__")]


def _index(folder: Path, title: str, names: list[str]) -> None:
    tree = "\n".join(names)
    text = f"# {title}\n\n```{{toctree}}\n:maxdepth: 1\n\n{tree}\n```\n"
    (folder / "index.md").write_text(text)


def _paper(paper: Paper, document: dict | None, folder: Path) -> str:
    verdicts = {c["id"]: c for c in document["claims"]} if document else {}
    lines = [f"# {paper.id}", "", f"**{paper.title}**", "", paper.summary, ""]
    for figure in (document or {"figures": []})["figures"]:
        (picture,) = (name for name in figure["files"] if name.endswith(".png"))
        copy = folder / f"{paper.id}-{figure['name']}.png"
        shutil.copy(document["folder"] / picture, copy)
        lines += [f":::{{figure}} {copy.name}", figure["caption"], ":::", ""]
    lines += ["## Claims", ""]
    for claim in paper.claims:
        lines += [f"### {claim.id}: {claim.title}", "", claim.statement, ""]
        source = f"{claim.provenance.tag}: {claim.provenance.source}"
        lines += [f"{claim.kind.name}, {claim.kind.evidence} evidence ({source}).", ""]
        lines += [_verdict(verdicts[claim.id]), ""] if claim.id in verdicts else []
    return "\n".join([*lines, paper.notes, ""])


def _verdict(claim: dict) -> str:
    point = collect.hardest(claim) or {}
    killed, _, every = collect.mutants([claim])
    return (
        f"**{claim['verdict']}**: {short(point.get('estimate'))} against "
        f"{short(point.get('claimed'))}, resolution "
        f"{percent(point.get('resolution_rel'))}, {collect.seeds(claim)} seeds, "
        f"mutants {killed}/{every}."
    )
