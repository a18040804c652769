"""Figures of the Hawkes system that need no stored rows: their plotted data."""

import numpy as np
import pytest
from limen.figures.figure import Data
from limen.figures.hawkes import FIGURES, network, process
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
    clipped = axes.lines[1].get_ydata()
    assert clipped.max() < gain.max() < 1


def test_figures_have_names_captions_and_known_claims():
    from limen.checks.hawkes import CLAIMS

    known = {claim.id for claim in CLAIMS}
    assert FIGURES[0].name == "observation_time"
    assert len({figure.name for figure in FIGURES}) == len(FIGURES) == 8
    for figure in FIGURES:
        assert figure.caption
        assert set(figure.claims) <= known
