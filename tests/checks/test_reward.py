"""The claims of reward learning through the harness, at preset quick."""

import functools

import pytest
from limen.checks import reward as checks
from limen.checks.harness import run_claims
from limen.sims.sweep import draw

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
        chosen, "quick", functools.partial(draw, store=store), alpha=0.01 / 8
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
