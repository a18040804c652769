"""The numbers behind a drawing, from the artists themselves."""

import csv

import numpy as np
import pytest
from limen.figures import style
from limen.figures.export import drawn_rows, save


def test_lines_points_and_bars():
    figure, panels = style.canvas()
    axes = panels[0, 0]
    axes.set_title("panel")
    style.theory(axes, [1, 2], [3.0, 4.0], "line")
    style.points(axes, [1, 2], [3.0, 4.0], [0.5, 0.25], "points")
    axes.plot([0, 1], [0, 1], label="_decoration")
    rows = drawn_rows(figure)
    assert ("panel", "line", 1, 3.0, "", "") in rows
    assert ("panel", "points", 2.0, 4.0, 3.75, 4.25) in rows
    assert len(rows) == 4


def test_an_unknown_error_leaves_the_point():
    figure, panels = style.canvas()
    style.points(panels[0, 0], [1, 2], [3.0, 4.0], [np.nan, 0.5], "points")
    first, second = drawn_rows(figure)
    assert np.isnan(first[4])
    assert second[4:] == (3.5, 4.5)


@pytest.mark.parametrize("shading", ["auto", "gouraud"])
def test_maps_keep_every_value(shading):
    figure, panels = style.canvas()
    x, y = np.arange(3.0), np.arange(2.0)
    z = np.arange(6.0).reshape(2, 3)
    panels[0, 0].pcolormesh(x, y, z, shading=shading)
    rows = drawn_rows(figure)
    assert sorted(row[4] for row in rows) == z.ravel().tolist()
    assert {(row[2], row[3]) for row in rows} == {(a, b) for a in x for b in y}


def test_three_files_are_written(tmp_path):
    figure, panels = style.canvas()
    style.points(panels[0, 0], [1], [2.0], None, "points")
    files = save(figure, tmp_path / "figure")
    assert [file.suffix for file in files] == [".png", ".pdf", ".csv"]
    assert all(file.stat().st_size for file in files)
    with files[2].open() as file:
        header, row = csv.reader(file)
    assert header == ["panel", "series", "x", "y", "low", "high"]
    assert row[1:4] == ["points", "1.0", "2.0"]
