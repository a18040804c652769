"""Properties that every verdict must have, whatever the rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limen.checks.harness import Design, Tolerance, kinds
from limen.checks.harness.judge import look_at
from limen.checks.harness.rule import Rule
from limen.checks.harness.samples import Samples
from limen.checks.harness.sizes import groups

ORDER = {"violated": 0, "inconclusive": 1, "consistent": 2}
KINDS = {
    "value": kinds.value(),
    "bound": kinds.lower_bound(),
    "ordering": kinds.ordering(),
    "table": kinds.value(of=lambda t: np.median(t, axis=0), evidence="table"),
    "limit": kinds.limit("N"),
    "exponent": kinds.exponent("N"),
}
SIZES = 32.0 * 2 ** np.arange(6)
FAST = settings(max_examples=15, deadline=None)


def samples(seed, n, kind):
    rng = np.random.default_rng(seed)
    noise = np.exp(0.3 * rng.normal(size=(n, 6)))
    y = 1 + 1 / SIZES if kind == "limit" else SIZES**-0.5
    values = y * noise if kind in ("limit", "exponent") else rng.gamma(4, size=(n, 6))
    at = tuple({"N": size} for size in SIZES.tolist())
    return Samples(values, at, np.zeros(6), True)


def judged(rows, kind, claimed, tol):
    design = Design(observe=lambda d: d, claimed=claimed, tol=Tolerance(tol, "x"))
    rule = Rule.of("C-1", KINDS[kind], design, 0.001, 0.01, 256)
    return look_at(rows, rule, 2)


seeds = st.integers(0, 2**31)
numbers = st.sampled_from([32, 64, 200])
claims = st.floats(0.1, 8.0)


@pytest.mark.parametrize("kind", ["value", "bound", "ordering", "limit"])
@given(seed=seeds, n=numbers, claimed=claims, tol=st.floats(0.01, 1.0))
@FAST
def test_order_of_seeds_does_not_matter(kind, seed, n, claimed, tol):
    rows = samples(seed, n, kind)
    mixed = Samples(
        np.random.default_rng(seed).permutation(rows.values), rows.at, rows.error, True
    )
    first, second = (judged(r, kind, claimed, tol) for r in (rows, mixed))
    assert np.allclose(first.estimate.estimate, second.estimate.estimate)
    close = np.abs(first.estimate.estimate - claimed) / tol
    if not np.any(np.abs(close - 1) < 1e-9):
        assert first.verdicts.tolist() == second.verdicts.tolist()


@pytest.mark.parametrize("kind", ["value", "bound", "table", "limit"])
@given(
    seed=seeds,
    n=numbers,
    claimed=claims,
    tol=st.floats(0.01, 1.0),
    scale=st.sampled_from([1e-6, 0.5, 4.0, 1e6]),
)
@FAST
def test_units_do_not_matter(kind, seed, n, claimed, tol, scale):
    rows = samples(seed, n, kind)
    scaled = Samples(rows.values * scale, rows.at, rows.error, True)
    first = judged(rows, kind, claimed, tol)
    second = judged(scaled, kind, scale * claimed, scale * tol)
    assert first.verdicts.tolist() == second.verdicts.tolist()
    assert np.allclose(first.p, second.p, rtol=1e-6)


@given(seed=seeds, n=numbers, shift=st.sampled_from([-3.0, 0.25, 100.0]))
@FAST
def test_shifts_do_not_matter(seed, n, shift):
    rows = samples(seed, n, "value")
    moved = Samples(rows.values + shift, rows.at, rows.error, True)
    first, second = (
        judged(rows, "value", 4.0, 0.5),
        judged(moved, "value", 4.0 + shift, 0.5),
    )
    assert first.verdicts.tolist() == second.verdicts.tolist()


@pytest.mark.parametrize("kind", list(KINDS))
@given(
    seed=seeds, claimed=claims, tols=st.tuples(st.floats(0.01, 1), st.floats(0.01, 1))
)
@FAST
def test_more_tolerance_never_turns_against_a_claim(kind, seed, claimed, tols):
    rows = samples(seed, 64, kind)
    narrow, wide = (judged(rows, kind, claimed, tol) for tol in sorted(tols))
    pairs = zip(narrow.verdicts, wide.verdicts, strict=True)
    assert all(ORDER[a] <= ORDER[b] for a, b in pairs)


@given(seed=seeds, claimed=claims)
@FAST
def test_a_p_value_below_the_level_means_violated(seed, claimed):
    """The interval and the e-value are two readings of one test."""
    for kind in ("value", "limit", "table"):
        sight = judged(samples(seed, 64, kind), kind, claimed, 0.05)
        points = len(sight.verdicts)
        silent = sight.estimate.reasons != ""
        by_p = (sight.p <= 0.001 / points) & ~silent
        assert (by_p == (sight.verdicts == "violated")).all()


@given(st.permutations(range(6)))
@FAST
def test_groups_do_not_depend_on_other_coordinates(order):
    at = [
        {"arms": a, "gap": g, "horizon": a * 1000, "label": "x"}
        for g in (0.1, 0.2)
        for a in (8, 64, 512)
    ]
    found = groups(at, "arms")
    assert [g.at for g in found] == [
        {"gap": 0.1, "label": "x"},
        {"gap": 0.2, "label": "x"},
    ]
    shuffled = [at[k] for k in sorted(order, key=lambda k: at[k]["arms"])]
    assert {tuple(g.sizes) for g in groups(shuffled, "arms")} == {(8, 64, 512)}
    by = groups(at, "arms", ("gap",))
    assert [g.at for g in by] == [{"gap": 0.1}, {"gap": 0.2}]
