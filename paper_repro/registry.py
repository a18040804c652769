"""Finds papers: the modules beside this one, and other packages' entry points."""

import difflib
import functools
import importlib
import pkgutil
from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path

from ..checks.harness import Claim
from .paper import Paper

GROUP = "limen.papers"


class UnknownNameError(ValueError):
    """A paper or claim that nobody registered."""


@functools.cache
def papers() -> dict[str, Paper]:
    """All papers by id: limen's own in alphabetical order, then those of others.

    A module in this folder is a paper's if it defines `PAPER`. Other packages register
    a `Paper` in the entry-point group `limen.papers`.

    Raises:
        ValueError: If two papers, or two claims, have the same id.
    """
    found: dict[str, Paper] = {}
    for paper in [*_own(), *_foreign()]:
        if paper.id in found:
            raise ValueError(f"Two papers are called `{paper.id}`.")
        found[paper.id] = paper
    ids = [claim.id for paper in found.values() for claim in paper.claims]
    if twice := sorted({i for i in ids if ids.count(i) > 1}):
        raise ValueError(f"Claim ids are registered twice: {', '.join(twice)}.")
    return found


def select(names: Iterable[str]) -> dict[str, set[str] | None]:
    """What a list of paper and claim names means: paper id to claim ids (None: all).

    Args:
        names: Ids of papers and claims; none at all stands for every paper.

    Raises:
        UnknownNameError: If a name is neither a paper's nor a claim's.
    """
    chosen: dict[str, set[str] | None] = {}
    for name in names:
        if name in papers():
            chosen[name] = None
            continue
        paper, claim = find_claim(name)
        ids = chosen.setdefault(paper.id, set())
        if ids is not None:
            ids.add(claim.id)
    return chosen or dict.fromkeys(papers())


def find_claim(claim_id: str) -> tuple[Paper, Claim]:
    """The claim with this id and the paper it belongs to.

    Raises:
        UnknownNameError: If there is none; the closest names are suggested.
    """
    for paper in papers().values():
        for claim in paper.claims:
            if claim.id == claim_id:
                return paper, claim
    raise UnknownNameError(_unknown(claim_id))


def source(claim: Claim) -> str:
    """Module and line of the function that lays out a claim's design."""
    design = claim.design
    while isinstance(design, functools.partial):
        design = design.func
    return f"{design.__module__}, line {design.__code__.co_firstlineno}"


def _unknown(name: str) -> str:
    known = [*papers(), *(c.id for p in papers().values() for c in p.claims)]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = "did you mean " + " or ".join(near) + "?" if near else "see `limen list`."
    return f"There is no paper or claim called `{name}`; {hint}"


def _own() -> list[Paper]:
    names = [m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)])]
    modules = [importlib.import_module(f".{name}", __package__) for name in names]
    return [module.PAPER for module in modules if hasattr(module, "PAPER")]


def _foreign() -> list[Paper]:
    found = []
    for point in entry_points(group=GROUP):
        paper = point.load()
        if not isinstance(paper, Paper):
            raise ValueError(f"Entry point `{point.value}` is not a `Paper`.")
        found.append(paper)
    return found
