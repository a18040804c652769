"""The wheel holds everything and works without the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DATA = (
    "limen/figures/limen.mplstyle",
    "limen/paper_repro/references.bib",
    "limen/paper_repro/report/page.css",
    "limen/paper_repro/report/page.jinja",
    "limen/paper_repro/scaffold/theory.py.jinja",
    "limen/theory/maths/domain.py",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    subprocess.run(
        [*command, "--outdir", str(target), str(ROOT)], check=True, capture_output=True
    )
    (path,) = target.glob("limen-*.whl")
    return path


def test_nothing_is_missing(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert set(DATA) <= names
    for floor in ("theory", "sims", "checks", "figures", "paper_repro"):
        for path in (ROOT / floor).rglob("*.py"):
            assert f"limen/{path.relative_to(ROOT)}" in names
    assert not any(name.startswith(("tests", "theory/")) for name in names)


def test_it_works_from_any_folder(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "import limen.theory, limen.paper_repro.cli as c;"
        "print(limen.theory.__file__); c.main(['list'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    first, *rest = done.stdout.splitlines()
    assert first.startswith(str(tmp_path))
    assert any("bandits" in line for line in rest)
