"""The claims of streaming bandits through the harness, at preset quick."""

import functools

import pytest
from limen.checks import bandits as checks
from limen.checks.bandits import passes
from limen.checks.harness import run_claims
from limen.sims.sweep import draw
from limen.theory import bandits


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """All claims at quick; level 0.00125 as in `reproduce`, fixed seeds."""
    store = tmp_path_factory.mktemp("store")
    keep = functools.partial(draw, store=store, effort="low")
    found = run_claims(checks.CLAIMS, "quick", keep, alpha=0.01 / 8)
    return {verdict.claim_id: verdict for verdict in found}


def test_every_number_of_the_specification_has_a_claim():
    ids = {claim.id.split(".")[0] for claim in checks.CLAIMS}
    assert ids == {f"SB-{n}" for n in range(1, 15)}


def test_nothing_is_violated_and_decidable_claims_are_consistent(verdicts):
    """SB-7.order has too few seeds at quick: it decides in one draw of five."""
    found = {(v.claim_id, v.verdict, v.reason) for v in verdicts.values()}
    others = {verdict for verdict in found if verdict[1] != "consistent"}
    assert others == {("SB-7.order", "inconclusive", "budget")}


def test_mutants_are_killed(verdicts):
    """All; that of SB-2.order narrowly, with the seeds fixed before its result."""
    alive = [
        (name, mutant.status)
        for name, verdict in verdicts.items()
        for mutant in verdict.mutants
        if mutant.status != "killed" and mutant.sort != "noise"
    ]
    assert alive == []


SAMPLED = [claim for claim in checks.CLAIMS if claim.kind.evidence != "exact"]


@pytest.mark.parametrize("claim", SAMPLED, ids=lambda claim: claim.id)
def test_designs_can_be_built_at_every_preset(claim):
    assert set(claim.sizes) == {"quick", "paper", "gpu"}
    for sizes in claim.sizes.values():
        arguments = {k: v for k, v in sizes.items() if k != "seeds"}
        design = claim.design(**arguments)
        assert all(sweep.cells() for sweep in design.sweeps.values())
        for mutant in claim.mutants:
            assert mutant.change(design) is not design


def test_the_pilot_of_the_passes_finds_the_exact_worst_gap_of_one_pass():
    """B = 1 is uniform exploration: the loss peaks where d (1 − hit(d)) does."""
    width = bandits.slippage_width(passes.ARMS)
    assert passes.worst_lead(1.0) == pytest.approx(float(width.z_star), rel=0.15)
