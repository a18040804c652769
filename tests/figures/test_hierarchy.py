"""The figures of the hierarchical system: what is plotted, from synthetic rows."""

import numpy as np
import pytest
import xarray as xr
from limen.checks.hierarchy import CLAIMS
from limen.figures import hierarchy as figures
from limen.figures import style
from limen.figures.figure import Data
from limen.figures.hierarchy import curves
from limen.sims.sweep import Sweep

BY_NAME = {figure.name: figure for figure in figures.FIGURES}
SWEPT = [figure for figure in figures.FIGURES if figure.sweeps]


def synthetic(sweep: Sweep, seeds: int = 3) -> xr.Dataset:
    """Rows of the right shape for a sweep, none of them simulated."""
    static = {name: values[0] for name, values in sweep.static.items()}
    weights = sweep.derive.get("weights", lambda **_: np.ones(1))()
    lengths = {
        "count": len(static.get("sample_counts", (0,))),
        "feature": len(weights),
        "side": 2,
        "D": static.get("size", 1),
    }
    if "theta" in sweep.derive:
        lengths["spike"] = len(sweep.derive["theta"](**static))
    axes = {name: len(v) for name, v in (sweep.static | sweep.dynamic).items()}
    rng = np.random.default_rng(0)
    arrays = {}
    for name, dims in sweep.sim.outputs.items():
        shape = [*axes.values(), seeds, *(lengths[d] for d in dims)]
        arrays[name] = ((*axes, "seed", *dims), rng.uniform(0.2, 0.8, shape))
    return xr.Dataset(arrays)


def drawn(name: str, **change):
    figure = BY_NAME[name]
    least = next(iter(figure.sizes.values()))
    sizes = {k: v for k, v in least.items() if k != "seeds"} | change
    sweeps = figure.sweeps(**sizes) if figure.sweeps else {}
    rows = {key: synthetic(sweep) for key, sweep in sweeps.items()}
    with style.applied():
        return figure.draw(Data(sweeps=rows, sizes=sizes)), rows


def test_the_headline_comes_first_and_all_claims_are_known():
    assert figures.FIGURES[0].name == "sequential-recovery"
    known = {claim.id for claim in CLAIMS}
    assert all(set(figure.claims) <= known for figure in figures.FIGURES)
    assert len(figures.FIGURES) == 10


@pytest.mark.parametrize("figure", SWEPT, ids=lambda f: f.name)
def test_sweeps_of_a_figure_have_cells(figure):
    assert "paper" in figure.sizes
    for preset in figure.sizes.values():
        sizes = {k: v for k, v in preset.items() if k != "seeds"}
        for sweep in figure.sweeps(**sizes).values():
            assert sweep.cells()


def test_recovery_draws_the_means_of_its_rows():
    canvas, rows = drawn("sequential-recovery", ratios=(2.0, 8.0))
    overlap = curves.table(rows["recovery"], "overlap")
    assert overlap.shape == (3, 2, 16)
    points = canvas.axes[0].containers[0].lines[0].get_xydata()
    np.testing.assert_allclose(points[:, 0], [2, 8])
    np.testing.assert_allclose(points[:, 1], overlap[..., 0].mean(axis=0))


@pytest.mark.parametrize("name", ["separation", "universality", "spectrum"])
def test_figures_are_drawn_from_any_rows(name):
    canvas, _ = drawn(name)
    assert all(axes.get_xlabel() and axes.has_data() for axes in canvas.axes)


def test_limits_on_a_coarse_grid_are_those_of_theory():
    from limen.checks.hierarchy.teachers import predicted, standard

    coarse = curves.Limits(standard())
    fine = predicted(standard(), (8.0, 32.0)).overlap
    found = coarse.overlaps(np.array([8.0, 32.0]))
    np.testing.assert_allclose(found, fine, atol=2e-3)
    expected = [0.7332, 1.4079, 5.2454, 6.4561]
    np.testing.assert_allclose(coarse.thresholds(), expected, atol=0.02)


def test_mean_and_error():
    mean, error = curves.mean_and_error(np.array([[1.0, 2], [3, 2]]))
    np.testing.assert_allclose(mean, [2, 2])
    np.testing.assert_allclose(error, [1, 0])
