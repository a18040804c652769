"""The pictures of the README are drawn by this suite, from its own numbers."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from limen.checks.harness.kinds import SIDES

PICTURES = runpy.run_path(str(Path(__file__).with_name("pictures.py")))
COMMITTED = PICTURES["FOLDER"]


def test_every_kind_has_its_picture():
    kinds = {"identity", "value", "limit", "upper_bound", "lower_bound", "exponent"}
    assert {p.__name__ for p in PICTURES["PICTURES"]} == set(SIDES)
    assert kinds < set(SIDES)
    readme = (COMMITTED.parent / "README.md").read_text()
    for name in SIDES:
        assert f"pictures/{name}.png" in readme
        assert 4_000 < (COMMITTED / f"{name}.png").stat().st_size < 60_000


def test_pictures_are_drawn(tmp_path):
    files = PICTURES["draw"](tmp_path)
    assert len(files) == 9
    assert all(file.stat().st_size > 4_000 for file in files)


def test_the_mutant_of_the_upper_bound_crosses_the_line():
    figure, axes = PICTURES["style"].canvas()
    PICTURES["upper_bound"](axes[0, 0])
    true, wrong, bar = (line.get_ydata() for line in axes[0, 0].get_lines())
    assert bar[0] == pytest.approx(3.0)
    assert np.max(true) < bar[0] < wrong[-1]
    figure.clear()
