"""`limen explain`: why a verdict came out, and what would decide it."""

import json

import pytest
from limen.paper_repro import explanation

from .conftest import variant

CLAIM = "SB-7"


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("violated", ("lies outside the region", "Look for the bug")),
        (
            "inconclusive",
            ("reaches over the edge", "were used up", "seeds decide"),
        ),
    ],
)
def test_the_story_says_why_and_what_next(results, verdict, words):
    story = _explained(results, variant(verdict, reason="budget"))
    for word in (*words, "153.4", "the smallest difference of interest"):
        assert word in story


def test_a_consistent_claim_says_how_sharp_it_is(results):
    story = _explained(results, variant("consistent"))
    assert "inside the region" in story
    assert "A deviation of 7.8 %" in story


def test_the_needed_seeds_follow_from_interval_and_room(results):
    """Half width 2.9 against 7.1 of room: fewer would do; against 1.45: 4 times."""
    claim = variant("inconclusive", reason="budget")
    claim["points"][0] |= {"estimate": 159.05, "interval_consistent": [156.15, 161.95]}
    assert "about 2048 seeds" in _explained(results, claim)


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("model-rejected", "add sizes"),
        ("non-normal", "claim a median"),
        ("discrete", "more replicas"),
    ],
)
def test_other_reasons_come_with_the_harness_advice(results, reason, advice):
    claim = variant("inconclusive", reason=reason)
    assert advice in _explained(results, claim)


def test_a_claim_without_a_verdict_says_what_to_run(tmp_path):
    with pytest.raises(explanation.NotRunError, match=f"limen check {CLAIM}"):
        explanation.explain(CLAIM, "quick", tmp_path)


def _explained(results, claim):
    """The story of a claim that stands in the results under the id of a real one."""
    path = results / "bandits" / "quick" / "verdicts.json"
    document = json.loads(path.read_text()) | {"claims": [claim | {"id": CLAIM}]}
    path.write_text(json.dumps(document))
    return explanation.explain(CLAIM, "quick", results)
