"""The house rules that a machine can check: floors, packages, sizes."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = ("theory", "sims", "checks", "figures", "paper_repro")
MODULES = sorted(p for floor in FLOORS for p in (ROOT / floor).rglob("*.py"))
FILE_LIMIT, FUNCTION_LIMIT = 400, 60


def imported_floors(path: Path, source: str) -> set[str]:
    """Rooms (`floor` or `floor.room`) that a module's relative imports reach."""
    package = path.relative_to(ROOT).parent.parts
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            target = (*base, *(node.module or "").split("."))
            for alias in node.names:
                found.add(".".join(part for part in (*target, alias.name) if part))
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.removeprefix("limen."))
        elif isinstance(node, ast.Import):
            found |= {alias.name.removeprefix("limen.") for alias in node.names}
    return {name for name in found if name.split(".")[0] in FLOORS}


def upward(path: Path, source: str) -> list[str]:
    """Imports that climb, or that the house forbids although they do not climb."""
    own = path.relative_to(ROOT).parts[0]
    bad = []
    for name in imported_floors(path, source):
        floor, *rest = name.split(".")
        climbs = FLOORS.index(floor) > FLOORS.index(own)
        peeks = own == "sims" and floor == "theory" and rest[:1] != ["maths"]
        if climbs or (peeks and rest[:1] != ["threads"]):
            bad.append(name)
    return bad


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_never_climb(path):
    assert upward(path, path.read_text()) == []


@pytest.mark.parametrize(
    ("own", "line"),
    [
        ("theory/bandits.py", "from ..sims import bandits"),
        ("theory/maths/domain.py", "from limen.sims.sweep import Sweep"),
        ("sims/bandits.py", "from ..theory.bandits import slippage_hit"),
        ("checks/harness/runner.py", "from ...paper_repro import registry"),
    ],
)
def test_a_climbing_import_is_noticed(own, line):
    assert upward(ROOT / own, line)


def test_packages_are_all_listed():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = set(config["tool"]["setuptools"]["packages"])
    there = {
        "limen." + ".".join(init.parent.relative_to(ROOT).parts)
        for floor in FLOORS
        for init in (ROOT / floor).rglob("__init__.py")
    }
    assert listed == there


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_stay_short(path):
    source = path.read_text()
    assert len(source.splitlines()) <= FILE_LIMIT
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            length = code_lines(node)
            assert length <= FUNCTION_LIMIT, f"{node.name} has {length} lines"


def code_lines(node):
    """Lines of a function besides its docstring."""
    length = (node.end_lineno or 0) - node.lineno + 1
    if ast.get_docstring(node) is None:
        return length
    text = node.body[0]
    return length - ((text.end_lineno or 0) - text.lineno + 1)
