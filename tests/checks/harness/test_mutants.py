"""Mutants and controls: killed, too small to be seen, or a toothless check."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from limen.checks.harness import (
    BadSamples,
    Mutant,
    Preset,
    gate,
    kill_rates,
    kinds,
    lanes,
    rows,
    run_claims,
    untested_plumbing,
)

from .test_runner import ALPHA, one


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
