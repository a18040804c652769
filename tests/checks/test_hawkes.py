"""The Hawkes claims at quick: none violated, every mutant killed, figures drawn."""

import functools

import numpy as np
import pytest
import xarray as xr
from limen.checks import hawkes
from limen.checks.harness import BadSamples, run_claims
from limen.checks.hawkes import networks
from limen.figures.figure import Data
from limen.figures.hawkes import FIGURES
from limen.sims.sweep import draw

NOISE = "every seed twice"


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    store = str(tmp_path_factory.mktemp("store"))
    with_store = functools.partial(draw, store=store, effort="low")
    found = run_claims(hawkes.CLAIMS, "quick", with_store, alpha=0.01 / 8)
    return {verdict.claim_id: verdict for verdict in found}


def test_the_claims_of_the_specification_are_consistent_at_quick(verdicts):
    assert {name: v.verdict for name, v in verdicts.items()} == dict.fromkeys(
        verdicts, "consistent"
    )
    assert len(verdicts) == 19


def test_every_mutant_is_killed(verdicts):
    alive = [
        (name, mutant.name)
        for name, verdict in verdicts.items()
        for mutant in verdict.mutants
        if not mutant.killed and mutant.name != NOISE
    ]
    assert not alive


def test_every_figure_is_drawn_from_the_judged_rows(verdicts):
    data = Data(claims={name: v.datasets for name, v in verdicts.items()})
    drawn = [f for f in FIGURES if f.sweeps is None or "quick" in f.sizes]
    assert len(drawn) == 8
    for figure in drawn:
        assert set(figure.claims) <= set(verdicts)
        canvas = figure.draw(data)
        for axes in canvas.axes:
            for line in axes.lines:
                shown = np.asarray(line.get_ydata(), dtype=float)
                assert np.isfinite(shown).any()


def test_claims_have_sizes_mutants_and_distinct_names():
    names = [claim.id for claim in hawkes.CLAIMS]
    assert len(set(names)) == len(names) == 26
    assert all(claim.sizes and claim.mutants for claim in hawkes.CLAIMS)


def test_a_path_that_overflowed_ends_the_claim():
    data = xr.Dataset({"overflow": ("seed", [False, True, False])})
    with pytest.raises(BadSamples, match="1 paths overflowed"):
        networks.complete(data)


def test_crossing_time_interpolates_in_log_time():
    times = np.array([1.0, 2.0, 4.0, 8.0])
    shares = np.array([[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.5, 1.0]])
    found = networks.crossing_time(shares, times)
    assert found == pytest.approx(2.0 * 2 ** (0.5 / 0.75))
    assert networks.crossing_time(np.zeros((2, 4)), times) == 8.0
    assert networks.crossing_time(np.ones((2, 4)), times) == 1.0


def test_centring_by_known_means_is_exact_for_constant_counts():
    counts = np.array([[2.0, 3.0]])
    data = xr.Dataset(
        {
            "lag1": (("seed", "child", "parent"), counts[:, :, None] * counts[:, None]),
            "mean_count": (("seed", "node"), counts),
        }
    )
    mean = np.array([1.5, 2.0])
    found = networks.centred(data, "lag1", mean, mean, "mean_count")
    np.testing.assert_allclose(found[0], np.outer([0.5, 1.0], [0.5, 1.0]))


def test_the_growth_contrast_separates_the_laws():
    """0 for the log law, 1 for the square-root law, on noiseless success curves."""
    from limen.checks.hawkes import growth

    sizes = np.array(growth.LAW_SIZES, dtype=float)
    for law, expected in ((np.log(sizes), 0.0), (np.sqrt(sizes), 1.0)):
        medians = 185 + (735 - 185) * (law - law[0]) / (law[-1] - law[0])
        medians = np.clip(medians, 185, None) * 1.02
        rows = [
            1 / (1 + (median / times) ** 8)
            for median, times in zip(
                medians, growth.times_of(growth.LAW_SIZES, "A"), strict=True
            )
        ]
        values = np.tile(np.concatenate(rows), (2, 1))
        assert growth.curvature(values)[0] == pytest.approx(expected, abs=0.06)
        exponent = growth.box_cox(values, growth.LAW_SIZES)
        assert exponent == pytest.approx(expected / 2, abs=0.06)
