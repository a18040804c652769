"""The claims of reward learning through the harness, at preset quick."""

import functools

import numpy as np
import pytest
from limen.checks import reward as checks
from limen.checks.harness import run_claims
from limen.checks.reward import common, growth, stages, temperatures
from limen.sims.sweep import draw
from xarray import DataArray, Dataset

QUICK = [claim for claim in checks.CLAIMS if "quick" in claim.sizes]
CHEAP = ("RW-6", "RW-7", "RW-8", "RW-14", "RW-19")


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """Exact claims and those whose draws are cheap: the rest runs in `reproduce`.

    False alarms: the level of the paper at preset quick, 0.00125; seeds are fixed.
    """
    store = tmp_path_factory.mktemp("store")
    chosen = [c for c in QUICK if c.kind.evidence == "exact" or c.id in CHEAP]
    chosen = [c for c in chosen if c.id != "RW-15.fits"]
    found = run_claims(
        chosen,
        "quick",
        functools.partial(draw, store=store, effort="low"),
        alpha=0.01 / 8,
    )
    return {verdict.claim_id: verdict for verdict in found}


def test_every_number_of_the_specification_has_a_claim():
    ids = {claim.id.split(".")[0] for claim in checks.CLAIMS}
    signal = "1 3 4 5 6 7 7b 7c 8 8b 9 10 10b 11a 11b 11c 11d 11e 12"
    deployment = "13 14 15 16 17 18 18b 19 20"
    lines = f"{signal} {deployment}".split()
    assert {f"RW-{line}" for line in lines} <= ids


def test_nothing_is_violated_and_decidable_claims_are_consistent(verdicts):
    assert {v.verdict for v in verdicts.values()} == {"consistent"}


def test_mutants_are_killed(verdicts):
    survivors = [
        (name, mutant.name)
        for name, verdict in verdicts.items()
        for mutant in verdict.mutants
        if mutant.status == "survived"
    ]
    assert survivors == []


@pytest.mark.parametrize("claim", checks.CLAIMS, ids=lambda claim: claim.id)
def test_cheap_designs_can_be_built_at_every_preset(claim):
    if claim.kind.evidence == "exact":
        pytest.skip("evaluated above")
    for sizes in claim.sizes.values():
        arguments = {k: v for k, v in sizes.items() if k != "seeds"}
        design = claim.design(**arguments)
        assert all(sweep.cells() for sweep in design.sweeps.values())
        for mutant in claim.mutants:
            assert mutant.change(design) is not design


def test_censored_searches_are_flagged():
    """A warning beyond a quarter; the rows are handed on as they are."""
    few = Dataset({"censored": ("seed", [True, False, False, False])})
    assert common.uncensored(few) is few
    many = Dataset({"censored": ("seed", [True, True, False, False])})
    with pytest.warns(UserWarning, match="50% of the searches"):
        assert common.uncensored(many) is many


def test_slope_of_doublings_is_the_exponent():
    sizes = 12.0 * 2 ** np.arange(5)
    np.testing.assert_allclose(growth.slope(np.stack([sizes**2, 7 * sizes**3])), (2, 3))


def test_scaled_cases_have_the_same_pull():
    """The pull of gen4 fixes its step near that of RW-11b (η0 = 2)."""
    case = growth.Case("gen4", "exp", 4)
    assert case.first_step() == pytest.approx(2.0, rel=0.02)
    assert growth.Case("cos4", "exp", 2).hit(64) == 0.3
    assert growth.Case("sin3", "plain", 3).hit(64) == pytest.approx(3 / 8)


def test_lower_end_is_interpolated_and_the_last_crossing_counts():
    grid = np.array(temperatures.FINE)
    falling = 0.61 - grid
    np.testing.assert_allclose(temperatures.lower_end(falling), 0.61)
    bumpy = np.where(grid < 0.45, -1.0, falling)
    np.testing.assert_allclose(temperatures.lower_end(bumpy), 0.61)
    np.testing.assert_allclose(temperatures.lower_end(falling - 5), grid[0])
    np.testing.assert_allclose(temperatures.lower_end(falling + 5), grid[-1])


def test_prediction_of_both_stages_is_read_at_the_overlap_of_the_row():
    deployed = stages.CASES["tanh"][2]
    axes = {"readout_temperature": list(deployed), "seed": [0, 1]}
    overlap = DataArray([[0.5, 1.0], [0.5, 1.0]], coords=axes, dims=tuple(axes))
    found = stages.predicted("tanh", overlap, "value")
    best = [float(common.theory.gibbs(b, link="tanh").value) for b in deployed]
    np.testing.assert_allclose(found.sel(seed=1), best, rtol=1e-6)
    middle = stages.curve("tanh", deployed[1], "value")[50]
    assert float(found.values[1, 0]) == pytest.approx(middle)
