"""Figures of streaming bandits: what they draw, not their pixels."""

import numpy as np
import pytest
from limen.figures.bandits import FIGURES
from limen.figures.figure import Data
from limen.sims.sweep import draw

SMALL = {
    "sandwich": {"arms": (16, 64)},
    "passes": {"per_arm": (1e6, 1e8)},
    "tail": {"arms": 32, "per_arm": 1e4},
    "order": {"arms": (16, 32)},
    "failure": {"arms": (16, 32)},
    "memory": {"arms": 32, "kept": (1.0, 16.0), "per_arm": (1e4, 1e6)},
}
BY_NAME = {figure.name: figure for figure in FIGURES}


def drawn(name):
    figure, sizes = BY_NAME[name], SMALL[name]
    sweeps = figure.sweeps(**sizes)
    data = draw([(sweep, 16) for sweep in sweeps.values()], store=None)
    return figure.draw(
        Data(sweeps=dict(zip(sweeps, data, strict=True)), sizes=sizes)
    ).axes[0]


def test_the_sandwich_comes_first():
    assert FIGURES[0].name == "sandwich"
    assert len(BY_NAME) == len(FIGURES) == 8


@pytest.mark.parametrize("name", ["failure", "order", "memory", "tail"])
def test_figures_draw_finite_data_with_labels(name):
    axes = drawn(name)
    labels = axes.get_legend_handles_labels()[1]
    assert len(labels) == len(set(labels)) >= 3
    for line in axes.get_lines():
        assert np.isfinite(np.asarray(line.get_ydata(), float)).all()


def test_slopes_of_the_passes_are_those_of_the_exponents():
    axes = drawn("passes")
    lines = {str(line.get_label()): line for line in axes.get_lines()}
    x, y = lines[r"slope $\alpha_2 - 2/3$"].get_data()
    slope = np.diff(np.log(y)) / np.diff(np.log(x))
    np.testing.assert_allclose(slope, 4 / 7 - 2 / 3)


def test_constants_of_the_sandwich():
    """Uniform exploration rises from .448, the bar's limit is .381, the floor .315."""
    lines = {str(line.get_label()): line for line in drawn("sandwich").get_lines()}
    np.testing.assert_allclose(
        lines["uniform exploration"].get_ydata()[:2:2], [0.4483], atol=1e-3
    )
    limit = np.asarray(lines["rising bar, limit"].get_ydata())
    np.testing.assert_allclose(limit, 0.38117, atol=1e-4)
    floor = np.asarray(lines["lower bound"].get_ydata())
    assert (floor < limit).all()
    np.testing.assert_allclose(floor[-1], 0.31498, atol=1e-4)
