"""Figures of streaming bandits: what they draw, not their pixels."""

import numpy as np
import pytest
from limen.figures.bandits import FIGURES, headline
from limen.figures.figure import Data
from limen.sims.sweep import draw
from limen.theory import bandits

SMALL = {
    "sandwich": {"arms": (16, 64), "widths": (64, 64), "bars": (16, 64)},
    "horizon": {"arms": 16, "per_arm": (1e4, 1e6)},
    "simulation": {
        "arms": (20, 30),
        "widths": (64, 64),
        "stages": 13,
        "ladders": ("log", "loglog", "tower"),
    },
    "passes": {"per_arm": (1e6, 1e8)},
    "tail": {"arms": 64, "per_arm": 1e4},
    "order": {"arms": (16, 32), "width": 64},
    "failure": {"arms": (16, 32), "widths": (64, 64)},
    "memory": {"arms": 64, "kept": (1.0, 16.0), "per_arm": (1e4, 1e6)},
}
BY_NAME = {figure.name: figure for figure in FIGURES}


def canvas_of(name):
    figure, sizes = BY_NAME[name], SMALL[name]
    sweeps = figure.sweeps(**sizes)
    data = draw([(sweep, 16) for sweep in sweeps.values()], store=None)
    stored = dict(zip(sweeps, data, strict=True))
    return figure.draw(Data(sweeps=stored, sizes=sizes))


def drawn(name):
    return canvas_of(name).axes[0]


def test_the_sandwich_comes_first():
    assert FIGURES[0].name == "sandwich"
    assert len(BY_NAME) == len(FIGURES) == 8


def test_every_figure_is_drawn_at_every_preset():
    for figure in FIGURES:
        assert set(figure.sizes) == {"quick", "paper", "gpu"}


@pytest.mark.parametrize("name", ["failure", "order", "memory", "tail", "horizon"])
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


def test_bars_of_the_simulation_stand_beside_the_prediction():
    """Nine algorithms, two families; retuning alone saves what SB-11 predicts."""
    panels = canvas_of("simulation").axes
    assert len(panels) == 2
    for axes, size in zip(panels, (20, 30), strict=True):
        heights = {
            str(bars.get_label()): [bar.get_height() for bar in bars]
            for bars in axes.containers
            if hasattr(bars, "patches")
        }
        names = [text.get_text() for text in axes.get_xticklabels()]
        assert len(names) == 9
        tuned = heights["clear-cut"][names.index("uniform, tuned")]
        predicted = float(bandits.tuned_over_paper_ratio(size, 1000.0 * size**3))
        assert tuned == pytest.approx(predicted, abs=0.1)
        assert heights["clear-cut"][0] == heights["mix-in"][0] == 1


def test_a_million_arms_play_the_bar_at_the_dearest_gap_of_the_limit():
    """The loss there is that of the limit's constant, up to the grid of leads."""
    sweep = headline.sandwich_sweeps(arms=(), widths=(), bars=(2**20,))["bar 1048576"]
    (gap,) = sweep.dynamic["gap"]
    constant, cost, miss = bandits.bar_limit_constant(1.5, 0.35, 22)
    first = headline.SCALE * 2 * float(constant) / float(cost)
    lead = gap * np.sqrt(first) / 0.5
    passed = float(bandits.bar_survival(0.35 - lead, 1.5, 22)[-1])
    assert lead * (1 - passed) == pytest.approx(float(miss), rel=0.003)
    assert sweep.replicas == 2
