"""`limen new` in a copy of the house: the paper runs at once, and can go red."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from limen.paper_repro import scaffold

ROOT = Path(__file__).parents[2]
FLOORS = ("theory", "sims", "checks", "figures", "paper_repro")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A copy of the five floors with a paper `toy`, importable before the original."""
    root = tmp_path_factory.mktemp("site") / "limen"
    for floor in FLOORS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / floor, root / floor, ignore=ignored)
    scaffold.write("toy", root)
    return root


def limen(house, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "limen.paper_repro", *arguments],
        env=os.environ | {"PYTHONPATH": str(house.parent)},
        cwd=house.parent,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_new_paper_runs_at_once(house):
    done = limen(house, "reproduce", "toy")
    assert done.returncode == 0, done.stderr
    folder = house.parent / "results" / "toy" / "quick"
    document = json.loads((folder / "verdicts.json").read_text())
    (claim,) = document["claims"]
    assert claim["verdict"] == "consistent"
    fate = {mutant["name"]: mutant["killed"] for mutant in claim["mutants"]}
    assert fate["no step-size correction"]
    assert fate["noise without the square root"]
    (where,) = claim["sweeps"].values()
    stored = house.parent / "results" / "store" / where["simulator"]
    assert all((stored / group).is_dir() for group in where["group"].split())
    assert (folder / "figures" / "variance.pdf").stat().st_size > 1000
    table = (folder / "figures" / "variance.csv").read_text().splitlines()
    assert table[0] == "panel,series,x,y,low,high"
    assert len(table) > 100
    page = (house.parent / "results" / "index.html").read_text()
    assert "TOY-1" in page
    assert "<math" in page


def test_a_broken_formula_goes_red(house):
    path = house / "theory" / "toy.py"
    right = path.read_text()
    path.write_text(right.replace("(2.0 - rate * step)", "(2.0 + rate * step)"))
    done = limen(house, "check", "toy")
    path.write_text(right)
    assert done.returncode == 1, done.stderr
    assert "violated" in done.stdout


def test_nothing_is_overwritten(house):
    with pytest.raises(scaffold.ScaffoldError, match="exists already"):
        scaffold.write("toy", house)


@pytest.mark.parametrize("name", ["Toy", "for", "two words", ""])
def test_names_that_will_not_do(name, tmp_path):
    with pytest.raises(scaffold.ScaffoldError, match="lower-case Python name"):
        scaffold.write(name, tmp_path)


def test_only_in_a_checkout(tmp_path):
    with pytest.raises(scaffold.ScaffoldError, match="not a checkout"):
        scaffold.write("toy", tmp_path)
