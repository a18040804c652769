"""From claims to verdicts: looks, budgets, levels, exact evidence."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from limen.checks.harness import (
    Design,
    Look,
    Mutant,
    Preset,
    Tolerance,
    guarantee,
    kinds,
    run_claims,
    to_json,
    untested_plumbing,
)
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
    exact = claim("E-1", kinds.identity(), design=exact_design)
    paper = [claim("C-1", weight=3), claim("C-2"), exact]
    whole = run_claims(paper, "quick", engine, alpha=ALPHA)
    alone = run_claims(paper, "quick", engine, alpha=ALPHA, only=["C-2"])
    assert [v.alpha for v in whole[:2]] == [0.75 * ALPHA, 0.25 * ALPHA]
    assert np.isnan(whole[2].alpha)
    assert alone[0].points == whole[1].points
    assert to_json(whole[2])["alpha"] is None
    assert "0.75 %" in guarantee([ALPHA] * 6)


def exact_design():
    return Design(
        observe=lambda data: xr.DataArray([1.0, 2.0], dims="point"),
        claimed=[1.0, 2.0],
        tol=Tolerance(1e-9, "rounding"),
    )


def test_exact_evidence_needs_no_engine(claim, engine):
    verdict = one(
        claim("E-1", kinds.identity(), design=exact_design, sizes={"quick": {}}), engine
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


def _up():
    return Mutant("bound 2", lambda d: replace(d, claimed=2.0))


def test_statements_on_every_row_look_once(claim, engine):
    kind = kinds.lower_bound(evidence="exact")
    verdict = one(claim(kind=kind, claimed=0.5, tol=0.5, mutants=(_up(),)), engine)
    assert verdict.verdict == "consistent"
    assert engine.asked == [[1024]]
    assert verdict.p_anytime is None
    assert verdict.e_value is None
