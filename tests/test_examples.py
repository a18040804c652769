"""Every example runs; a paper from another package is found and judged."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))


def run(arguments, folder, **environment):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_runs_and_is_short(script, tmp_path):
    assert len(script.read_text().splitlines()) <= 60
    done = run([str(script)], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_a_paper_of_another_package(tmp_path):
    source = EXAMPLES / "coupon_collector"
    command = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    built = run([*command, "--wheel-dir", str(tmp_path), str(source)], tmp_path)
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    limen = ["-m", "limen.paper_repro"]
    done = run(
        [*limen, "reproduce", "coupon_collector"], tmp_path, PYTHONPATH=str(site)
    )
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "results" / "coupon_collector" / "quick"
    claims = json.loads((folder / "verdicts.json").read_text())["claims"]
    assert {claim["id"]: claim["verdict"] for claim in claims} == {
        "CC-1": "consistent",
        "CC-2": "consistent",
    }
    unknown = run([*limen, "check", "coupon_collector"], tmp_path)
    assert unknown.returncode == 2
