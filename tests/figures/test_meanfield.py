"""The figures on mean-field networks: the plotted numbers, not the pixels."""

import numpy as np
import pytest
from limen.checks.meanfield import CLAIMS
from limen.figures.figure import Data
from limen.figures.meanfield import FIGURES, anchors, identifiability
from limen.figures.meanfield.common import moments, times
from xarray import DataArray, Dataset


def test_names_captions_and_claims():
    known = {claim.id for claim in CLAIMS}
    assert FIGURES[0].name == "coupling-error"
    assert len({figure.name for figure in FIGURES}) == len(FIGURES)
    for figure in FIGURES:
        assert figure.caption
        assert set(figure.claims) <= known


def test_cells_close_where_the_threshold_says():
    canvas = identifiability.cell(Data())
    image = canvas.axes[0].collections[0].get_array()
    closing = canvas.axes[0].lines[0].get_xdata()
    ridges = np.linspace(0.0, 1.2, 121)
    first = ridges[np.argmax(image, axis=1)]
    np.testing.assert_allclose(first, closing, atol=0.0101)


def test_the_total_error_of_particles_at_the_truth_is_the_tail():
    """Neurons exactly at β, in the eigenbasis of each estimate."""
    samples = np.array(anchors.SAMPLES)
    bases = [np.linalg.eigh(anchors._sample(n)[0])[1] for n in samples]
    learned = np.stack([basis.T @ anchors.BETA for basis in bases])
    values = np.broadcast_to(learned[None, :, None, :], (3, 3, 3, 2))
    dims = ("seed", "samples", "checkpoint", "direction")
    data = Dataset({"mean": (dims, values)}, coords={"samples": samples})
    mean, error = anchors.total_error(data)
    np.testing.assert_allclose(mean, anchors.TAIL)
    np.testing.assert_allclose(error, 0.0, atol=1e-12)


def test_terms_add_up_to_more_than_the_total():
    terms = anchors._terms(width=4.0)
    total = terms.pop("total")
    assert total <= sum(terms.values())
    assert terms["chaos"] == pytest.approx(2 * anchors._terms()["chaos"])


def test_rows_become_means():
    rows = DataArray(np.arange(8.0).reshape(2, 4), dims=("time", "seed"))
    mean, error = moments(rows)
    np.testing.assert_allclose(mean, (1.5, 5.5))
    np.testing.assert_allclose(error, rows.values[0].std(ddof=1) / 2)
    three = Dataset({"x": ("checkpoint", np.zeros(3))})
    np.testing.assert_allclose(times(three, 0.5), (0.5, 1.0, 1.5))
