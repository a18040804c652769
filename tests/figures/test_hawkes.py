"""Figures of the Hawkes system on rows made by hand: their plotted data."""

import numpy as np
import pytest
import xarray as xr
from limen.checks.hawkes import growth
from limen.figures.figure import Data
from limen.figures.hawkes import (
    FIGURES,
    measured,
    methods,
    network,
    process,
    recovery,
)
from limen.sims.hawkes import fit
from limen.theory import hawkes as theory
from matplotlib.patches import FancyArrowPatch

from tests.reference import hawkes as oracle


def test_the_recovered_network_is_drawn_edge_by_edge():
    weights = 0.5 * np.eye(4, k=1) + 0.5 * np.eye(4, k=-3)
    rng = np.random.default_rng(4)
    events = oracle.thinning(rng, np.full(4, 0.5), weights, 1.0, 500.0)
    found = fit(*events, 500.0, beta=1.0)
    canvas = network(found)
    arrows = [p for p in canvas.axes[0].patches if isinstance(p, FancyArrowPatch)]
    assert len(arrows) == found.adjacency.sum()
    image = canvas.axes[1].images[0].get_array()
    np.testing.assert_allclose(np.sort(image.ravel()), np.sort(found.weights.ravel()))


def test_the_screening_curve_peaks_at_the_predicted_width():
    axes = process.SCREENING.draw(Data()).axes[0]
    y, gain = axes.lines[0].get_data()
    assert y[gain.argmax()] == pytest.approx(
        float(theory.lag_one_gain_argmax()), rel=0.06
    )
    one, two = (axes.lines[place].get_ydata() for place in (1, 2))
    assert (one < two).all()
    assert two.max() < 1.05 * gain.max() < 1.05


def margins(sweep, recovered):
    """Rows in which the estimators of a sweep recover from a chunk on, all alike."""
    cell = sweep.cells()[0]
    shape = len(sweep.cells()), 4, len(cell["estimators"]), cell["num_chunks"]
    later = np.arange(cell["num_chunks"]) >= np.array(recovered)[:, None]
    edge = np.broadcast_to(np.where(later, 0.9, 0.0), shape)
    dims = "edge_weight", "seed", "estimator", "chunk"
    return xr.Dataset(
        {
            "margin_edge": (dims, edge),
            "margin_null": (dims, np.zeros(shape)),
            "overflow": (dims[:2], np.zeros(shape[:2], bool)),
        }
    )


def test_all_methods_are_drawn_with_the_times_at_which_they_recover():
    sizes = {"sizes": (8, 16)}
    starts = range(2, 9)  # one chunk later for every estimator
    sweeps = recovery.method_sweeps(**sizes)
    rows = {name: margins(sweep, starts) for name, sweep in sweeps.items()}
    canvas = methods.COMPARISON.draw(Data(sweeps=rows, sizes=sizes))
    left, right = canvas.axes
    shown = dict(zip(methods.ALL_METHODS, left.lines[::2], strict=False))
    assert len(methods.ALL_METHODS) == 6
    estimators = sweeps["d16"].cells()[0]["estimators"]
    for label, (name, _) in methods.ALL_METHODS.items():
        curve = shown[label].get_ydata()
        assert curve.sum() == 16 - starts[estimators.index(name)]
    medians = right.lines[0].get_ydata()
    times = methods.observation_times(sweeps["d8"])
    assert times[1] < medians[0] < times[2]


def test_times_leave_out_the_lasso_where_it_is_not_played():
    sizes = growth.LASSO_LIMIT // 2, growth.LASSO_LIMIT, 2 * growth.LASSO_LIMIT
    rows = {}
    for name, sweep in growth.ladder(sizes, "A").items():
        starts = np.arange(2, 2 + len(sweep.cells()[0]["estimators"]))
        parts = [margins(sweep, starts + late) for late in (0, 1)]
        rows[name] = xr.concat(parts, "seed")
    data = Data(claims={"HK-9": rows}, sizes={"sizes": ()})
    left = recovery.TIMES.draw(data).axes[0]
    shown = dict(zip(recovery.METHODS, left.containers, strict=True))
    for label, container in shown.items():
        played = sizes[:2] if label.startswith("lasso") else sizes
        assert tuple(container.lines[0].get_xdata()) == played


def test_phases_sort_the_cells_by_who_recovers():
    sizes = {"sizes": (8, 16)}
    sweeps = methods.phase_sweeps(**sizes)
    rows = {name: margins(sweep, (4, 10)) for name, sweep in sweeps.items()}
    canvas = methods.PHASES.draw(Data(sweeps=rows, sizes=sizes))
    number = {line.get_label(): len(line.get_xdata()) for line in canvas.axes[2].lines}
    cells = 2 * len(methods.WEIGHTS)
    assert number["both"] == 6 * cells
    assert number["two-stage only"] == 6 * cells
    assert number["neither"] == 4 * cells
    assert number["full only"] == 0


def test_measured_methods_stand_with_their_success_and_cost():
    exact = np.array([[False, True], [True, True]])
    canvas = measured.side_by_side(
        np.array([1.0, 2.0]), {"one": (exact, 3.0), "other": (~exact, 500.0)}
    )
    left, right = canvas.axes
    np.testing.assert_allclose(left.lines[0].get_ydata(), [0.5, 1.0])
    assert [float(line.get_xdata()[0]) for line in right.lines] == [3.0, 500.0]
    assert [text.get_text() for text in right.get_yticklabels()] == ["one", "other"]


def test_figures_have_names_captions_and_known_claims():
    from limen.checks.hawkes import CLAIMS

    known = {claim.id for claim in CLAIMS}
    assert FIGURES[0].name == "observation_time"
    assert len({figure.name for figure in FIGURES}) == len(FIGURES) == 10
    for figure in FIGURES:
        assert figure.caption
        assert set(figure.claims) <= known
