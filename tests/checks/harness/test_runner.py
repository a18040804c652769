"""From claims to verdicts: looks, budgets, mutants, the family, the ledger, rows."""

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from limen.checks.harness import (
    BadClaim,
    BadSamples,
    Design,
    Ledger,
    Look,
    Mutant,
    Preset,
    Tolerance,
    discoveries,
    from_json,
    gate,
    guarantee,
    kill_rates,
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
    untested_plumbing,
)
from limen.checks.harness.case import promoted
from limen.checks.harness.fingerprint import canonical, fingerprint
from limen.checks.harness.ledger import attempt_level
from limen.checks.harness.planning import rows_needed
from limen.checks.harness.rule import Rule
from limen.checks.harness.runner import next_batch
from limen.checks.harness.trial import Trial

ALPHA = 0.01 / 8


def one(claim, engine, **options):
    return run_claims([claim], "quick", engine, alpha=ALPHA, **options)[0]


def test_a_true_claim_becomes_consistent_and_its_mutants_die(claim, engine, toys):
    wrong = Mutant(
        "scale", lambda d: replace(d, sweeps={"toy": toys["Toy"](scale=2.0)})
    )
    other = Mutant("sign", lambda d: replace(d, observe=lambda data: -d.observe(data)))
    mutants = (toys["scaled"](1.5), wrong, other)
    verdict = one(claim(mutants=mutants), engine)
    assert verdict.verdict == "consistent"
    assert [p.at["gap"] for p in verdict.points] == [1, 2, 3]
    fates = {m.name: (m.sort, m.status) for m in verdict.mutants}
    assert fates == {
        "claim × 1.5": ("theory", "killed"),
        "scale": ("simulator", "killed"),
        "sign": ("analysis", "killed"),
        "every seed twice": ("noise", "killed"),
    }
    assert verdict.mutants[0].shift == pytest.approx(0.5)
    assert verdict.seeds == verdict.looks[-1].seeds == verdict.rows.sizes["seed"]
    assert verdict.datasets["toy"].sizes["seed"] == verdict.seeds
    assert verdict.alpha == ALPHA
    assert untested_plumbing([verdict]) == []


def test_a_false_claim_is_violated_early(claim, engine):
    verdict = one(claim(claimed=3.0, seeds=4096), engine)
    assert verdict.verdict == "violated"
    assert verdict.seeds <= 64
    assert verdict.p_anytime <= ALPHA
    assert verdict.e_value > 1 / ALPHA / 3


def test_looks_double_and_first_looks_come_together(claim, engine, toys):
    many = [claim(f"C-{k}", toy=toys["Toy"](seed=k)) for k in range(3)]
    run_claims(many, "quick", engine, alpha=ALPHA)
    assert engine.asked[0] == [16, 16, 16]
    sizes = {n for asked in engine.asked for n in asked}
    assert sizes <= {16, 32, 64, 128, 256, 512, 1024}


def test_the_cheapest_decision_comes_first(claim, engine, toys):
    easy = claim("easy", toy=toys["Toy"](seed=1), tol=0.5)
    hard = claim("hard", toy=toys["Toy"](seed=2), tol=0.1, seeds=4096)
    told = []
    run_claims(
        [hard, easy], "quick", engine, alpha=ALPHA, progress=lambda *a: told.append(a)
    )
    order = [name for name, _, verdict, _, _ in told if verdict != "inconclusive"]
    assert order[0] == "easy"
    assert told[-1][3:] == (2, 2)


class Waiting(Trial):
    """A trial that has looked once and says how many rows it still needs."""

    need = 0.0

    def predicted(self):
        return self.need


def waiting(claim, need, looks=1):
    design = claim.design()
    rule = Rule.of("C-1", claim.kind, design, ALPHA, 0.01, 1024)
    trial = Waiting(rule, design, 16)
    trial.need = need
    trial.looks = [Look(16, "inconclusive")] * looks
    return trial


def test_the_next_batch_goes_to_the_fewest_predicted_rows(claim):
    few, near, far = (waiting(claim(), need) for need in (100.0, 190.0, 210.0))
    assert next_batch([far, near, few]) == [near, few]
    fresh = waiting(claim(), 1e9, looks=0)
    assert next_batch([few, fresh]) == [fresh]
    assert next_batch([]) == []


def test_a_trial_that_has_not_looked_says_nothing(claim):
    design = claim().design()
    rule = Rule.of("C-1", claim().kind, design, ALPHA, 0.01, 1024)
    fresh = Trial(rule, design, 16)
    assert (fresh.points(), fresh.reason(), fresh.predicted()) == ([], "", 0.0)
    assert (fresh.verdict, fresh.seeds, fresh.p_anytime()) == ("inconclusive", 0, None)


def test_predicted_rows_follow_the_planning_rule(claim, engine):
    """((c + 1.3) sd / distance)² rows; an estimate on the edge doubles."""
    verdict = one(claim(seeds=16, tol=0.6), engine)
    point = max(
        verdict.points, key=lambda p: p.se / min(p.estimate - 0.4, 1.6 - p.estimate)
    )
    rule = Rule.of("C-1", claim().kind, verdict.design, ALPHA, 0.01, 16)
    trial = Trial(rule, verdict.design, 16)
    trial.take(verdict.rows)
    distance = min(point.estimate - 0.4, 1.6 - point.estimate)
    c = point.mult if np.isfinite(point.mult) else 4.5
    assert trial.predicted() == pytest.approx(
        16 * ((c + 1.3) * point.se / distance) ** 2
    )


def test_a_first_look_may_be_prescribed(claim, engine):
    run_claims([claim()], Preset("quick", 24), engine, alpha=ALPHA)
    assert engine.asked[0] == [24]
    assert Preset.of("gpu").first_look == 64
    assert Preset.of("mine").first_look == 16


def test_theory_mutants_cost_nothing(claim, engine):
    run_claims([claim()], "quick", engine, alpha=ALPHA)
    assert all(len(asked) == 1 for asked in engine.asked)


def test_more_rows_than_asked_for_change_nothing(claim, toys):
    few, many = toys["Engine"]([], 0), toys["Engine"]([], 500)
    first, second = (one(claim(), e) for e in (few, many))
    assert first.points == second.points


def test_a_budget_that_is_too_small(claim, engine):
    verdict = one(claim(seeds=20, tol=0.01), engine)
    assert (verdict.verdict, verdict.reason) == ("inconclusive", "budget")
    assert "more seeds" in verdict.advice
    assert [look.seeds for look in verdict.looks] == [16, 20]
    few = one(claim(seeds=5), engine)
    assert few.reason in ("discrete", "too-few-seeds")


def test_presets_without_sizes_are_left_out(claim, engine):
    assert run_claims([claim()], "paper", engine, alpha=ALPHA) == []


def test_levels_do_not_depend_on_what_was_asked_for(claim, engine):
    exact = claim("E-1", kinds.identity(), design=_identity)
    paper = [claim("C-1", weight=3), claim("C-2"), exact]
    whole = run_claims(paper, "quick", engine, alpha=ALPHA)
    alone = run_claims(paper, "quick", engine, alpha=ALPHA, only=["C-2"])
    assert [v.alpha for v in whole[:2]] == [0.75 * ALPHA, 0.25 * ALPHA]
    assert np.isnan(whole[2].alpha)
    assert alone[0].points == whole[1].points
    assert to_json(whole[2])["alpha"] is None
    assert "0.75 %" in guarantee([ALPHA] * 6)


def _identity():
    return Design(
        observe=lambda data: xr.DataArray([1.0, 2.0], dims="point"),
        claimed=[1.0, 2.0],
        tol=Tolerance(1e-9, "rounding"),
    )


def test_exact_evidence_needs_no_engine(claim, engine):
    verdict = one(
        claim("E-1", kinds.identity(), design=_identity, sizes={"quick": {}}), engine
    )
    assert verdict.verdict == "consistent"
    assert verdict.mutants[0].killed
    assert [m.sort for m in verdict.mutants] == ["theory"]
    assert engine.asked == []


def test_an_exact_claim_without_tolerance_sees_every_shift(claim, engine):
    def design():
        return Design(
            observe=lambda data: xr.DataArray([1.0, 2.0], dims="point"),
            claimed=[1.0, 2.0],
            tol=Tolerance(0.0, "integers"),
        )

    wrong = Mutant("off by one", lambda d: replace(d, claimed=[1.0, 3.0]))
    same = Mutant("same", lambda d: replace(d, tol=Tolerance(0.0, "integers")))
    made = claim(
        kind=kinds.identity(), design=design, sizes={"quick": {}}, mutants=(wrong, same)
    )
    verdict = one(made, engine)
    killed, alive = verdict.mutants
    assert (killed.status, killed.shift, killed.ratio) == ("killed", 1.0, np.inf)
    assert (alive.status, alive.ratio) == ("underpowered", 0.0)
    assert to_json(verdict)["mutants"][0]["ratio"] is None
    assert verdict.points[0].resolution == (0.0, 0.0)


def test_statements_on_every_row_look_once(claim, engine):
    kind = kinds.lower_bound(evidence="exact")
    verdict = one(claim(kind=kind, claimed=0.5, tol=0.5, mutants=(_up(),)), engine)
    assert verdict.verdict == "consistent"
    assert engine.asked == [[1024]]
    assert verdict.p_anytime is None
    assert verdict.e_value is None


def _up():
    return Mutant("bound 2", lambda d: replace(d, claimed=2.0))


def test_duplicated_rows_end_a_claim_but_kill_a_mutant(claim, engine):
    def repeated(data):
        found = rows(data["toy"].y)
        half = found.isel(seed=slice(found.sizes["seed"] // 2))
        return xr.concat([half, half], "seed", join="outer")

    reuse = Mutant("key reused", lambda d: replace(d, observe=repeated), shift=1.0)
    verdict = run_claims(
        [claim(mutants=(reuse,))], Preset("quick", 64), engine, alpha=ALPHA
    )[0]
    assert verdict.mutants[0].killed
    assert verdict.mutants[0].points == []  # refused at the first look
    assert (verdict.mutants[0].shift, verdict.mutants[0].ratio) == (1.0, None)
    assert "duplicated" in verdict.mutants[0].reason
    with pytest.raises(BadSamples, match="C-1: rows are duplicated"):
        one(claim(observe=repeated), engine)


def test_mutants_too_small_to_be_seen(claim, engine, toys):
    tiny = toys["scaled"](1.01)
    hidden = Mutant(
        "tiny", lambda d: replace(d, observe=lambda x: d.observe(x)), shift=0.01
    )
    unknown = Mutant("unknown", lambda d: replace(d, observe=lambda x: d.observe(x)))
    verdict = one(claim(seeds=256, mutants=(tiny, hidden, unknown)), engine)
    status = [m.status for m in verdict.mutants[:3]]
    assert status == ["underpowered", "underpowered", "survived"]
    assert verdict.mutants[0].ratio < 1
    failures = gate([verdict], "quick")
    assert failures == [
        "C-1: mutant 'unknown' survived",
        "kill rate 0.000 is below 0.9",
    ]
    rates = kill_rates([verdict])
    assert (rates["value"].killed, rates["value"].underpowered, rates["all"].total) == (
        0,
        2,
        3,
    )
    assert kill_rates([])["all"].rate == 1.0


def test_a_toothless_check_is_an_error(claim, engine, toys):
    """An observable that ignores the claimed change survives with a large shift."""
    blind = Mutant(
        "blind", lambda d: replace(d, observe=lambda x: d.observe(x)), shift=5.0
    )
    verdict = one(claim(mutants=(toys["scaled"](2.0), blind)), engine)
    assert gate([verdict], "paper")[0] == "C-1: mutant 'blind' survived"
    assert verdict.mutants[1].ratio > 1.2
    good = one(claim(mutants=(toys["scaled"](2.0),)), engine)
    assert gate([good], "paper") == []
    assert untested_plumbing([good]) == ["C-1"]


def test_shift_of_bounds_is_measured_from_the_estimate(claim, engine, toys):
    upper = claim(
        kind=kinds.upper_bound(), claimed=2.0, tol=0.1, mutants=(toys["scaled"](0.3),)
    )
    lower = claim(
        kind=kinds.lower_bound(), claimed=0.5, tol=0.1, mutants=(toys["scaled"](4.0),)
    )
    up, low = one(upper, engine), one(lower, engine)
    assert (up.verdict, low.verdict) == ("consistent", "consistent")
    assert up.mutants[0].killed
    assert up.mutants[0].shift == pytest.approx(-0.4, abs=0.1)
    assert low.mutants[0].killed
    assert low.mutants[0].shift == pytest.approx(1.0, abs=0.1)
    assert up.points[0].tightness == pytest.approx(2.0, rel=0.1)


def test_vacuous_bounds_are_flagged(claim, engine, toys):
    loose = claim(
        kind=kinds.upper_bound(), claimed=5000.0, mutants=(toys["scaled"](1e-4),)
    )
    verdict = one(loose, engine)
    assert verdict.verdict == "consistent"
    assert "vacuous" in verdict.flags


def test_frequency_controls_may_be_underpowered(claim, engine):
    kind = kinds.value(evidence="frequency")

    def rare(data):
        return lanes(data["toy"].y > 6.0)

    share = float(np.exp(-6.0))
    verdict = one(
        claim(
            kind=kind,
            claimed=share,
            tol=0.05,
            observe=rare,
            seeds=64,
            mutants=(Mutant("half", lambda d: replace(d, claimed=0.5)),),
        ),
        engine,
    )
    assert verdict.verdict == "consistent"
    assert verdict.mutants[0].killed
    assert verdict.mutants[-1].status in ("underpowered", "killed")


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
        claim("E-1", kinds.identity(), design=_identity),
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
        claim("C-3", kinds.identity(), design=_identity),
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
        claim("E-1", kinds.identity(), design=_identity, sizes={"quick": {}}),
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
