"""The figures of reward learning: the plotted numbers, not the pixels."""

import numpy as np
import pytest
from limen.figures import reward as figures
from limen.figures.figure import Data
from limen.figures.reward import curves, recovery
from xarray import DataArray


def lines(canvas, panel=0):
    return {line.get_label(): line.get_xydata() for line in canvas.axes[panel].lines}


def test_names_and_order():
    names = [figure.name for figure in figures.FIGURES]
    assert names[0] == "weak-recovery"
    assert len(set(names)) == len(names) == 11


def test_optimum_lies_on_its_curve():
    drawn = next(f for f in figures.FIGURES if f.name == "optimal-temperature")
    found = drawn.draw(Data())
    curve = lines(found)[r"$\tau = 0.2$"]
    assert curve[:, 1].max() == pytest.approx(0.072317, rel=2e-3)
    assert curve[curve[:, 1].argmax(), 0] == pytest.approx(0.39, rel=0.06)


def test_gen4_shows_only_order_four():
    drawn = next(f for f in figures.FIGURES if f.name == "signal")
    found = drawn.draw(Data())
    assert list(lines(found, 2)) == ["$k = 4$"]


def test_medians_are_those_of_the_theory():
    assert recovery.scaled_median("RW-11a", 24) / 24**2 == pytest.approx(5.03, abs=0.01)
    assert recovery.scaled_median("RW-11b", 16) / 16**3 == pytest.approx(
        2.018, abs=0.01
    )


def test_rows_become_means():
    rows = DataArray(np.arange(8.0).reshape(2, 4), dims=("temperature", "seed"))
    mean, error = curves.mean_and_error(rows)
    np.testing.assert_allclose(mean, (1.5, 5.5))
    np.testing.assert_allclose(error, rows.values[0].std(ddof=1) / 2)
