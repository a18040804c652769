"""The claims on mean-field networks that need little computing, judged at quick."""

import functools

import pytest
from limen.checks.harness import run_claims
from limen.checks.meanfield import CLAIMS
from limen.paper_repro.job import ALPHA
from limen.sims.sweep import draw

CHEAP = {
    "MF-1",
    "MF-3b",
    "MF-5a",
    "MF-5bcd",
    "MF-6.rank",
    "MF-6a",
    "MF-8a",
    "MF-9ab",
    "MF-10r",
    "MF-11.witness",
    "MF-12c",
    "MF-13s",
    "MF-13t",
    "MF-14",
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """The cheap claims, at the levels they have in the whole paper."""
    store = functools.partial(draw, store=tmp_path_factory.mktemp("store"))
    found = run_claims(CLAIMS, "quick", store, alpha=ALPHA, only=CHEAP)
    return {verdict.claim_id: verdict for verdict in found}


@pytest.mark.parametrize("name", sorted(CHEAP))
def test_a_claim_is_consistent_and_its_mutants_die(verdicts, name):
    verdict = verdicts[name]
    assert verdict.verdict == "consistent", verdict.reason
    own = [mutant for mutant in verdict.mutants if mutant.sort != "noise"]
    assert own
    assert [mutant.name for mutant in own if not mutant.killed] == []


def test_every_claim_has_a_design_at_each_of_its_presets():
    """Designs are built, not run: sizes and tolerances fit together."""
    for claim in CLAIMS:
        sizes = {k: v for k, v in claim.sizes["paper"].items() if k != "seeds"}
        assert claim.design(**sizes).tol.origin
