"""What every registered system must satisfy."""

import importlib
import inspect
import pkgutil

import jaxtyping
import pytest
from limen.paper_repro import registry
from limen.paper_repro.report.maths import prose

PAPERS = registry.papers()
CLAIMS = [claim for paper in PAPERS.values() for claim in paper.claims]
FIGURES = [(p.id, figure) for p in PAPERS.values() for figure in p.figures]


def test_there_is_something_to_conform():
    assert PAPERS
    assert CLAIMS


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.id)
def test_a_claim_is_complete(claim):
    assert claim.mutants
    assert claim.provenance.tag in {"paper", "classical", "derived"}
    assert claim.provenance.source
    assert claim.sizes.keys() & {"quick", "paper", "gpu"}
    assert claim.sizes.keys() <= {"quick", "paper", "gpu"}
    assert "<math" in prose(claim.statement) or "$" not in claim.statement


@pytest.mark.parametrize("paper", list(PAPERS.values()), ids=list(PAPERS))
def test_a_paper_is_complete(paper):
    assert paper.summary
    assert paper.figures
    known = {claim.id for claim in paper.claims}
    for figure in paper.figures:
        assert set(figure.claims) <= known, figure.name
        assert figure.caption
    names = [figure.name for figure in paper.figures]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("paper", list(PAPERS.values()), ids=list(PAPERS))
def test_a_paper_can_be_cited(paper):
    from limen.paper_repro.bibliography import entry

    assert paper.bibkey in entry(paper.bibkey)


def modules():
    for floor in ("theory", "sims", "checks", "figures", "paper_repro"):
        package = importlib.import_module(f"limen.{floor}")
        for info in pkgutil.walk_packages(package.__path__, f"limen.{floor}."):
            yield importlib.import_module(info.name)


def public_functions():
    for module in modules():
        for name, item in vars(module).items():
            own = getattr(item, "__module__", None) == module.__name__
            made = "<locals>" in getattr(item, "__qualname__", "")
            public = own and not made and not name.startswith("_")
            if public and inspect.isroutine(item):
                yield pytest.param(item, id=f"{module.__name__}.{name}")


FUNCTIONS = list(public_functions())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_public_function_is_documented(function):
    assert inspect.getdoc(function)


def is_design(function):
    """Designs and mutants of a system: rooms in `checks` that are not the harness."""
    module = function.__module__
    return module.startswith("limen.checks.") and "harness" not in module


@pytest.mark.parametrize(
    "function", [p for p in FUNCTIONS if not is_design(p.values[0])]
)
def test_a_public_function_is_annotated(function):
    signature = inspect.signature(function)
    assert signature.return_annotation is not signature.empty
    for parameter in signature.parameters.values():
        assert parameter.annotation is not parameter.empty, parameter.name
        assert parameter.annotation is not jaxtyping.Array, parameter.name
