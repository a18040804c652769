"""The decision rule: every branch, on intervals that are known."""

from dataclasses import dataclass

import numpy as np
import pytest
from limen.checks.harness import BadClaim, Design, Tolerance, kinds
from limen.checks.harness.estimate import Estimate, Level, Region, undecided
from limen.checks.harness.judge import decide, evidence, look_at, reason
from limen.checks.harness.rule import Rule
from limen.checks.harness.samples import Samples


@dataclass(kw_only=True)
class Known(Estimate):
    """An estimate with a known interval; the strict one is twice as wide."""

    half: float = 1.0

    def interval(self, level):
        half = self.half * (2 if level.alpha < 0.01 else 1)
        return self.estimate - half, self.estimate + half

    def log_e(self, region, level):
        return np.zeros_like(self.estimate)

    def p(self, region, level):
        return np.ones_like(self.estimate)


def known(*estimates, reasons=None):
    values = np.array(estimates, float)
    blank = np.zeros(len(values))
    blocked = np.array(reasons or [""] * len(values), dtype=object)
    return Known(
        at=({},) * len(values), n=10, estimate=values, se=blank, skew=blank, bias=blank,
        reasons=blocked,
    )  # fmt: skip


def region(points, lo=-3.0, hi=3.0):
    return Region(np.zeros(points), np.full(points, lo), np.full(points, hi))


STRICT, LENIENT = Level(0.001), Level(0.01)


@pytest.mark.parametrize(
    ("estimate", "lo", "hi", "verdict"),
    [
        (0.0, -3, 3, "consistent"),
        (2.0, -3, 3, "consistent"),  # touches the end from inside
        (2.1, -3, 3, "inconclusive"),
        (5.0, -3, 3, "inconclusive"),  # touches it from outside
        (5.1, -3, 3, "violated"),
        (-5.1, -3, 3, "violated"),
        (-99, -np.inf, 3, "consistent"),
        (5.1, -np.inf, 3, "violated"),
        (99, -3, np.inf, "consistent"),
        (-5.1, -3, np.inf, "violated"),
    ],
)
def test_disjoint_inside_or_neither(estimate, lo, hi, verdict):
    found = decide(known(estimate), region(1, lo, hi), STRICT, LENIENT)
    assert found.tolist() == [verdict]


def test_a_guard_holds_both_verdicts_back():
    blocked = known(0.0, 9.0, 9.0, reasons=["discrete", "non-normal", ""])
    found = decide(blocked, region(3), STRICT, LENIENT)
    assert found.tolist() == ["inconclusive", "inconclusive", "violated"]


def test_violated_wins_over_consistent():
    """A strict interval narrower than the lenient one must not say both."""
    both = known(4.0)
    both.within = lambda region, level: np.array([True])
    both.excludes = lambda region, level: np.array([True])
    assert decide(both, region(1), STRICT, LENIENT).tolist() == ["violated"]


def test_first_reason_wins():
    first, second = (
        np.array([True, False, True, False]),
        np.array([True, True, False, False]),
    )
    found = undecided((first, "a"), (second, "b"))
    assert found.tolist() == ["a", "b", "a", ""]


def test_resolution_adds_tolerance_and_margin():
    down, up = known(1.0).resolution(region(1, -3, 2), STRICT)
    assert (down[0], up[0]) == (3 + 2, 2 + 2)


def exact(values, error=0.0, seeds=True):
    values = np.asarray(values, float)
    points = values.shape[1]
    return Samples(values, ({},) * points, np.full(points, error), seeds)


def rule(kind=None, claimed=1.0, tol=0.5, alpha=0.001, **options):
    design = Design(
        observe=lambda data: data, claimed=claimed, tol=Tolerance(tol, "x"), **options
    )
    return Rule.of("C-1", kind or kinds.identity(), design, alpha, 0.01, 1024)


@pytest.mark.parametrize(
    ("rows", "kind", "verdict"),
    [
        ([[1.0], [1.4]], kinds.identity(), "consistent"),
        ([[1.0], [1.55]], kinds.identity(), "inconclusive"),
        ([[1.0], [1.7]], kinds.identity(), "violated"),
        ([[0.3], [1.0]], kinds.identity(), "violated"),
        ([[-9.0], [1.4]], kinds.upper_bound(evidence="exact"), "consistent"),
        ([[-9.0], [1.7]], kinds.upper_bound(evidence="exact"), "violated"),
        ([[9.0], [0.6]], kinds.lower_bound(evidence="exact"), "consistent"),
        ([[9.0], [0.3]], kinds.lower_bound(evidence="exact"), "violated"),
    ],
)
def test_exact_statements_hold_in_every_row(rows, kind, verdict):
    sight = look_at(exact(rows, error=0.1), rule(kind))
    assert sight.verdict == verdict
    point = evidence(sight, 1, sight.p)[0]
    assert point.e_value is None
    assert point.p_anytime is None
    clean = point.diagnostics["largest_share_of_exceptions"]
    assert clean == pytest.approx(1 - 0.01**0.5)


def test_points_together():
    found = rule(claimed=[1.0, 2.0])
    assert look_at(exact([[1.0, 2.0]], 0.1, False), found).verdict == "consistent"
    assert look_at(exact([[1.0, 2.9]], 0.1, False), found).verdict == "violated"
    assert look_at(exact([[1.0, 2.5]], 0.1, False), found).verdict == "inconclusive"


def test_reasons():
    sight = look_at(exact([[1.0, 2.5]], 0.1, False), rule(claimed=[1.0, 2.0]))
    assert [reason(sight, k) for k in (0, 1)] == ["", "budget"]
    few = Samples(np.arange(24.0).reshape(12, 2), ({}, {}), np.zeros(2), True)
    sight = look_at(few, rule(kinds.value(), tol=50.0, alpha=1e-9))
    assert reason(sight, 0) == "too-few-seeds"
    discrete = Samples(np.arange(24.0).reshape(12, 2) % 2, ({}, {}), np.zeros(2), True)
    sight = look_at(discrete, rule(kinds.value(), tol=50.0))
    assert reason(sight, 0) == "discrete"
    assert sight.p.tolist() == [1.0, 1.0]


def test_regions_per_kind():
    two = rule(kinds.value(), claimed=[1.0, 2.0], tol=(0.1, np.array([0.2, 0.3])))
    r = two.region(2)
    assert np.allclose(r.lo, [0.9, 1.9])
    assert np.allclose(r.hi, [1.2, 2.3])
    assert rule(kinds.upper_bound()).region(1).lo[0] == -np.inf
    assert rule(kinds.lower_bound()).region(1).hi[0] == np.inf
    law = rule(kinds.law(), claimed=lambda x: x, tol=0.1).region(2)
    assert law.hi.tolist() == [0.1, 0.1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tol": -0.1}, "not negative"),
        ({"tol": np.inf}, "finite"),
        ({"tol": 0.0}, "tolerance 0"),
        ({"interest": 0.4}, "`interest` must exceed"),
        ({"alpha": 0.5}, "outside"),
        ({"alpha": 0.0}, "outside"),
    ],
)
def test_rules_that_are_refused(options, message):
    with pytest.raises(BadClaim, match=message):
        rule(kinds.value(), **options)


def test_rules_that_are_allowed():
    design = Design(
        observe=lambda data: data,
        claimed=1.0,
        tol=Tolerance(0.0, "x", allow_exact=True),
    )
    Rule.of("C-1", kinds.value(), design, 0.01, 0.01, 64)
    rule(kinds.upper_bound(), tol=0.0)
    rule(kinds.identity(), tol=0.0, alpha=float("nan"))
    rule(kinds.value(), interest=0.6)


def test_numbers_that_do_not_fit_the_points():
    with pytest.raises(BadClaim, match="2 claimed numbers or tolerances for 3 points"):
        rule(claimed=[1.0, 2.0]).region(3)
    with pytest.raises(BadClaim, match="finite"):
        rule(claimed=np.nan).region(1)


def test_tightness():
    def points(kind, claimed):
        sight = look_at(
            exact([[2.0]], 0.0, False), rule(kind, claimed=claimed, tol=9.0)
        )
        return evidence(sight, 1, sight.p)[0]

    assert points(kinds.upper_bound(evidence="exact"), 6.0).tightness == 3.0
    assert points(kinds.lower_bound(evidence="exact"), 1.0).tightness == 2.0
    assert points(kinds.identity(), 1.0).tightness is None
    assert points(kinds.upper_bound(evidence="exact"), -1.0).tightness is None
    assert points(kinds.identity(), 2.0).resolution_rel == 4.5
    assert np.isnan(points(kinds.identity(), 0.0).resolution_rel)
