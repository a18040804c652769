"""What is kept of verdicts: the family, the ledger, hashes, rows, plans."""

import json
from dataclasses import replace

import numpy as np
import pytest
from limen.checks.harness import (
    BadClaim,
    BadSamples,
    Ledger,
    Mutant,
    Tolerance,
    discoveries,
    from_json,
    kinds,
    lanes,
    load_rows,
    plan,
    rejudge,
    rows,
    run_claims,
    save_rows,
    to_json,
    two_samples,
)
from limen.checks.harness.case import promoted
from limen.checks.harness.fingerprint import canonical, fingerprint
from limen.checks.harness.ledger import attempt_level
from limen.checks.harness.planning import rows_needed

from .test_runner import ALPHA, exact_design, one


def test_holm_promotes_in_a_whole_paper_only(claim, engine):
    base = one(claim(), engine)
    first = replace(base, verdict="violated", p_anytime=1e-6)
    second = replace(
        base,
        claim=replace(base.claim, id="C-2"),
        verdict="inconclusive",
        reason="budget",
        p_anytime=0.8 * ALPHA,
    )
    barred = replace(second, claim=replace(base.claim, id="C-3"), reason="discrete")
    found = promoted([first, second], ALPHA)
    assert [v.verdict for v in found] == ["violated", "violated"]
    assert "holm" in found[1].flags
    assert promoted([first, barred], ALPHA)[1].verdict == "inconclusive"
    again = replace(second, attempt=2)
    assert promoted([first, again], ALPHA)[1].verdict == "inconclusive"
    exact = replace(base, p_anytime=None)
    assert promoted([exact], ALPHA) == [exact]


def test_the_exploratory_list(claim, engine, toys):
    paper = [
        claim("true"),
        claim("false", claimed=3.0),
        claim(
            "law",
            kinds.law(),
            claimed=lambda x: 1 - np.exp(-3 * np.maximum(x, 0)),
            observe=lambda data: lanes(data["toy"].y),
            mutants=(Mutant("other", lambda d: replace(d, claimed=lambda x: x * 0)),),
        ),
        claim("E-1", kinds.identity(), design=exact_design),
    ]
    verdicts = run_claims(paper, "quick", engine, alpha=ALPHA)
    assert discoveries(verdicts) == ["false", "law"]
    assert [v.verdict for v in verdicts][1:3] == ["violated", "violated"]


def test_ledger_lowers_the_level_of_another_roll(claim, engine, tmp_path):
    book = tmp_path / "out" / "ledger.jsonl"
    false = claim(claimed=3.0)
    levels = []
    for base_seed in (0, 0, 1, 2):
        verdict = one(false, engine, base_seed=base_seed, ledger=book)
        levels.append((verdict.attempt, verdict.alpha))
    assert levels == [(1, ALPHA), (1, ALPHA), (2, ALPHA / 6), (3, ALPHA / 12)]
    lines = [json.loads(line) for line in book.read_text().splitlines()]
    assert [line["verdict"] for line in lines[:2]] == [None, "violated"]
    assert lines[0]["hash"] == verdict.hash
    with book.open("a") as file:
        file.write('{"hash": "torn')
    assert Ledger(book).attempt(verdict.hash, 3) == 4
    assert Ledger(book).attempt("another", 3) == 1
    assert attempt_level(0.01, 1) == 0.01


def test_hash_tells_designs_apart(claim, toys):
    base = claim()
    design = base.design()
    mark = fingerprint(base, design)
    assert mark == fingerprint(claim(), claim().design())
    for other in (
        replace(design, claimed=1.1),
        replace(design, tol=Tolerance(0.3, "x")),
        replace(design, sweeps={"toy": toys["Toy"](seed=6)}),
        replace(design, observe=lambda data: rows(data["toy"].y) + 1),
    ):
        assert fingerprint(base, other) != mark
    assert canonical(0.1 + 0.2) == canonical(0.3)
    assert canonical({"a": 1, "b": "x"}) == canonical({"b": "x", "a": 1})
    assert canonical(np.array(["x"])) == "array(['x'], dtype='<U1')"
    assert "partial" in canonical(__import__("functools").partial(max))


def test_a_verdict_survives_json(claim, engine):
    verdict = one(claim(kind=kinds.upper_bound(), claimed=2.0), engine)
    entry = json.loads(json.dumps(to_json(verdict), allow_nan=False))
    assert entry["points"][0]["region"][0] is None
    back = from_json(entry, verdict.claim)
    assert [p.interval for p in back.points] == [p.interval for p in verdict.points]
    assert [m.status for m in back.mutants] == [m.status for m in verdict.mutants]
    again = to_json(back)
    lost = {k for k in entry if entry[k] != json.loads(json.dumps(again))[k]}
    assert lost <= {"tolerance_origin", "sweeps"}


def test_offline_equals_online(claim, engine, toys, tmp_path):
    wrong = Mutant(
        "scale", lambda d: replace(d, sweeps={"toy": toys["Toy"](scale=1.3)})
    )

    def coin(data):
        return lanes(data["toy"].y > np.log(2))

    paper = [
        claim("C-1", mutants=(toys["scaled"](1.5), wrong)),
        claim(
            "C-2", kinds.value(evidence="frequency"), claimed=0.5, tol=0.1, observe=coin
        ),
        claim("C-3", kinds.identity(), design=exact_design),
        claim("C-4", tol=0.01, seeds=100),
    ]
    online = run_claims(paper, "quick", engine, alpha=ALPHA)
    for verdict in online:
        save_rows(verdict, tmp_path / f"{verdict.claim_id}.npz")
    entries = [json.loads(json.dumps(to_json(v))) for v in online]
    stored = {v.claim_id: load_rows(tmp_path / f"{v.claim_id}.npz") for v in online}
    offline = rejudge(paper, entries, stored, preset="quick", alpha=ALPHA)
    for before, after in zip(online, offline, strict=True):
        first, second = to_json(before), to_json(after)
        timing = {"seconds": 0, "sweeps": {}}
        assert second | timing == first | timing
        assert after.looks == before.looks
    rows_of, seeds = stored["C-1"][""]
    forged = stored | {"C-1": stored["C-1"] | {"": (rows_of + 1.0, seeds)}}
    again = rejudge(paper, entries, forged, preset="quick", alpha=ALPHA)
    assert again[0].verdict == "violated"  # the verdict does come from the rows
    changed = [replace(paper[0], kind=kinds.upper_bound()), *paper[1:]]
    with pytest.raises(BadClaim, match="C-1 has changed since it was run"):
        rejudge(changed, entries, stored, preset="quick", alpha=ALPHA)
    short = {
        k: {
            n: (a.isel(seed=slice(8)), 8) if "seed" in a.dims else (a, s)
            for n, (a, s) in v.items()
        }
        for k, v in stored.items()
    }
    with pytest.raises(BadSamples, match="the archive has only 8 seeds"):
        rejudge(paper, entries, short, preset="quick", alpha=ALPHA)


def test_plan_foresees_what_a_budget_can_buy(claim, engine, toys):
    paper = [
        claim(),
        claim("E-1", kinds.identity(), design=exact_design, sizes={"quick": {}}),
    ]
    found, exact = plan(paper, "quick", ALPHA)
    assert found.looks == (16, 32, 64, 128, 256, 512, 1024)
    need = rows_needed(float(found.largest_sd[0]), 0.2, found.alpha, 1024)
    assert need == pytest.approx(1024)
    assert exact.looks == (1,)
    assert np.isnan(exact.multiplier)
    wide = replace(claim().design(), interest=0.6)
    (wider,) = plan([claim(design=lambda: wide)], "quick", ALPHA)
    assert wider.largest_sd_interest[0] == pytest.approx(
        2 * found.largest_sd_interest[0]
    )
    law = claim(kind=kinds.law(), claimed=lambda x: x)
    assert plan([law], "quick", ALPHA)[0].multiplier > 3


def test_common_random_numbers_show_their_gain(claim, engine):
    def pair(data):
        y = rows(data["toy"].y)
        return two_samples(0.5 * y, y)

    verdict = one(
        claim(
            kind=kinds.ordering(),
            claimed=0.0,
            tol=0.0,
            observe=pair,
            mutants=(Mutant("reversed", _reversed),),
        ),
        engine,
    )
    assert verdict.verdict == "consistent"
    assert verdict.points[0].diagnostics["variance_ratio"] == pytest.approx(5.0)
    assert verdict.mutants[0].killed


def _reversed(design):
    def observe(data):
        return design.observe(data).isel(sample=[1, 0])

    return replace(design, observe=observe)
