"""The report: one page over everything that has been run, readable without network."""

import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from .. import registry
from . import collect, maths, numbers


class NothingToReportError(ValueError):
    """The results folder holds no verdicts yet."""


def build(out: Path) -> Path:
    """Write `index.html` over all `verdicts.json` of a results folder.

    Args:
        out: The results folder.

    Returns:
        The page's path.

    Raises:
        NothingToReportError: If nothing has been run into that folder.
    """
    docs = collect.documents(out)
    if not docs:
        raise NothingToReportError(
            f"There are no results in `{out}` yet; run `limen reproduce` first."
        )
    page = out / "index.html"
    draft = page.with_suffix(".tmp")
    draft.write_text(render(docs, out), encoding="utf-8")
    os.replace(draft, page)
    return page


def render(docs: list[collect.Document], out: Path) -> str:
    """The page as HTML.

    Args:
        docs: Documents as `collect.documents` returns them.
        out: Folder the page will lie in; links are relative to it.
    """
    claims = [claim for doc in docs for claim in doc["claims"]]
    counted = [collect.counts(doc) for doc in docs]
    context = {
        "docs": docs,
        "claims": claims,
        "total": {v: sum(c[v] for c in counted) for v in collect.VERDICTS},
        "killed": collect.mutants(claims),
        "guarantee": collect.guarantee(docs),
        "sharp": collect.by_sharpness(docs),
        "newest": max((doc["run"] for doc in docs), key=lambda run: run["started"]),
        "css": Markup(_read("page.css")),
        "relative": lambda doc, name: os.path.relpath(doc["folder"] / name, out),
    }
    return _environment().from_string(_read("page.jinja")).render(context)


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["bound"] = lambda kind: kind.endswith("_bound")
    environment.globals |= {
        **{n: getattr(numbers, n) for n in _NUMBERS},
        **{n: getattr(collect, n) for n in _COLLECTED},
        "drawn": collect.seeds,
        "prose": maths.prose,
        "about": _about,
    }
    return environment


_NUMBERS = ("short", "interval", "percent", "sharpness", "seconds", "place")
_COLLECTED = ("counts", "mutants", "hardest", "image", "undecided", "plumbing")


def _about(paper_id: str) -> dict[str, Any]:
    """Title, summary, notes and code; of a paper no longer installed, its name."""
    paper = registry.papers().get(paper_id)
    if paper is None:
        return {"title": paper_id, "summary": "", "notes": "", "code": {}}
    code = {claim.id: registry.source(claim) for claim in paper.claims}
    return {
        "title": paper.title,
        "summary": paper.summary,
        "notes": paper.notes,
        "code": code,
    }


def _read(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
