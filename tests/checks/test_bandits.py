"""The claims of streaming bandits through the harness, at preset quick."""

import functools

import numpy as np
import pytest
from limen.checks import bandits as checks
from limen.checks.bandits import passes
from limen.checks.harness import run_claims
from limen.sims.sweep import draw

COSTLY = ("SB-2.hit", "SB-2.order", "SB-3", "SB-6", "SB-9.flat")  # left to `reproduce`


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """All claims but the costliest; level 0.00125 as in `reproduce`, fixed seeds."""
    store = tmp_path_factory.mktemp("store")
    chosen = [claim for claim in checks.CLAIMS if claim.id not in COSTLY]
    found = run_claims(
        chosen, "quick", functools.partial(draw, store=store), alpha=0.01 / 8
    )
    return {verdict.claim_id: verdict for verdict in found}


def test_every_number_of_the_specification_has_a_claim():
    ids = {claim.id.split(".")[0] for claim in checks.CLAIMS}
    assert ids == {f"SB-{n}" for n in range(1, 15)}


def test_nothing_is_violated_and_decidable_claims_are_consistent(verdicts):
    assert {v.verdict for v in verdicts.values()} == {"consistent"}


def test_mutants_are_killed(verdicts):
    survivors = [
        (name, mutant.name)
        for name, verdict in verdicts.items()
        for mutant in verdict.mutants
        if mutant.status != "killed" and mutant.sort != "noise"
    ]
    assert survivors == []


@pytest.mark.parametrize("claim", checks.CLAIMS, ids=lambda claim: claim.id)
def test_designs_can_be_built_at_every_preset(claim):
    if claim.kind.evidence == "exact":
        pytest.skip("evaluated above")
    for sizes in claim.sizes.values():
        arguments = {k: v for k, v in sizes.items() if k != "seeds"}
        design = claim.design(**arguments)
        assert all(sweep.cells() for sweep in design.sweeps.values())
        for mutant in claim.mutants:
            assert mutant.change(design) is not design


def test_the_slope_of_a_power_law_is_its_exponent():
    regret = 3.0 * np.array(passes.LONG) ** 0.57
    np.testing.assert_allclose(passes.slope(np.stack([regret, 2 * regret])), 0.57)
