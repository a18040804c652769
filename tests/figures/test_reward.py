"""The figures of reward learning: the plotted numbers, not the pixels."""

import numpy as np
import pytest
from limen.figures import reward as figures
from limen.figures import style
from limen.figures.figure import Data
from limen.figures.reward import curves, growth, safe, signal
from xarray import DataArray, Dataset


def lines(canvas, panel=0):
    return {line.get_label(): line.get_xydata() for line in canvas.axes[panel].lines}


def test_names_and_order():
    names = [figure.name for figure in figures.FIGURES]
    assert names[0] == "weak-recovery"
    assert len(set(names)) == len(names) == 12


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
    found = growth.medians_of(growth.HARD, np.array([24.0, 64.0]))
    np.testing.assert_allclose(found / (24**2, 64**2), (5.03, 4.91), atol=0.01)
    found = growth.medians_of(growth.HIDDEN, np.array([16.0]))
    assert float(found[0]) / 16**3 == pytest.approx(2.018, abs=0.03)


def test_median_lies_between_the_runs_of_its_error():
    runs = np.arange(100.0)
    middle, error = curves.median_and_error(runs)
    assert middle == 49.5
    assert error == 5.0


def test_ecdf_ends_at_one_with_binomial_errors():
    x, y, error = curves.ecdf(np.arange(400.0), 5)
    assert (x[-1], y[-1], error[-1]) == (399.0, 1.0, 0.0)
    assert error[2] == pytest.approx(0.5 / 20, rel=1e-2)


def test_censored_medians_are_not_drawn():
    """A dimension of which half of the runs were stopped has no median."""
    _, axes = style.canvas()
    found = Dataset(
        {
            "num_steps": (("dim", "seed"), [[1.0, 2.0, 3.0], [9.0, 9.0, 9.0]]),
            "censored": (("dim", "seed"), [[False] * 3, [True, True, False]]),
        },
        coords={"dim": [8.0, 16.0]},
    )
    growth.draw_medians(axes[0, 0], found, 0)
    drawn = [line.get_xydata()[0] for line in axes[0, 0].lines[:1]]
    assert len(axes[0, 0].containers) == 1
    np.testing.assert_allclose(drawn[0], (8.0, 2.0))


def test_sets_of_the_figure_shrink_with_the_proxy_error():
    grid = (0.5, 0.6, 0.7)
    good, bad = (
        np.asarray(safe.sets(grid, "surrogate", error).margin) for error in (0.0, 1.0)
    )
    assert np.all(bad < good)


def test_lower_end_of_runs_has_a_bootstrap_error():
    grid = np.array(safe.checks.FINE)
    rng = np.random.default_rng(0)
    table = 0.6 - grid[None, :] + 0.02 * rng.normal(size=(400, 1))
    end, error = safe.end_and_error(table)
    assert end == pytest.approx(0.6 + 0.02 * 1.28, abs=0.006)
    assert 0.0005 < error < 0.003


def test_ratio_is_read_off_the_overlap_of_its_law():
    """The overlaps of RW-7 without error give back the signal-to-noise."""
    dim = 128
    rows = np.empty((2, len(signal.SEEN), len(signal.NOISES)))
    for i, beta in enumerate(signal.SEEN):
        for j, noise in enumerate(signal.NOISES):
            args = (float(signal.RATIO), beta, noise)
            rows[:, i, j] = signal.theory.first_order_overlap(
                *args, **signal.ODD, dim=dim
            )
    exact = [
        float(signal.theory.signal_to_noise(b, 0.5, **signal.ODD)) for b in signal.SEEN
    ]
    found = Dataset(
        {"overlap": (("seed", "temperature", "noise"), rows)},
        coords={"noise": list(signal.NOISES), "dim": dim},
    )
    _, axes = style.canvas()
    signal.draw_ratios(axes[0, 0], found)
    drawn = axes[0, 0].containers[-1].lines[0].get_ydata()
    np.testing.assert_allclose(drawn, exact, rtol=1e-6)


SWEPT = [figure for figure in figures.FIGURES if figure.sweeps is not None]


@pytest.mark.parametrize("figure", SWEPT, ids=lambda f: f.name)
def test_own_sweeps_can_be_built_at_every_preset(figure):
    for sizes in figure.sizes.values():
        arguments = {k: v for k, v in sizes.items() if k != "seeds"}
        assert all(sweep.cells() for sweep in figure.sweeps(**arguments).values())


def test_rows_become_means():
    rows = DataArray(np.arange(8.0).reshape(2, 4), dims=("temperature", "seed"))
    mean, error = curves.mean_and_error(rows)
    np.testing.assert_allclose(mean, (1.5, 5.5))
    np.testing.assert_allclose(error, rows.values[0].std(ddof=1) / 2)
