"""Bad input is refused in one sentence that names claim, point and seed."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from limen.checks.harness import (
    BadClaim,
    BadSamples,
    Claim,
    Design,
    DuplicateRows,
    Kind,
    Mutant,
    Provenance,
    Tolerance,
    kinds,
    lanes,
    rounding_error,
    rows,
    run_claims,
    two_samples,
)
from limen.checks.harness.samples import checked, refuse_duplicates


def table(values, **coords):
    values = np.asarray(values, float)
    named = {k: ("point", v) for k, v in coords.items()}
    return xr.DataArray(values, dims=("seed", "point"), coords=named)


RNG = np.random.default_rng(0)


def test_not_finite_rows_are_named():
    values = RNG.normal(size=(20, 2))
    values[7, 1] = np.nan
    with pytest.raises(BadSamples, match=r"C-1: nan at seed 7, point \{'arms': 64\}"):
        checked("C-1", table(values, arms=[8, 64]))


def test_too_few_rows():
    with pytest.raises(BadSamples, match="C-1: fewer than 2 rows"):
        checked("C-1", table([[1.0]]))
    assert checked("C-1", table([[1.0]]), least=1).n == 1


def test_strange_dimensions():
    array = xr.DataArray(np.zeros((4, 2)), dims=("seed", "time"))
    with pytest.raises(BadSamples, match=r"dimensions \['time'\]"):
        checked("C-1", array)
    with pytest.raises(BadSamples, match="DataArray"):
        checked("C-1", np.zeros((4, 2)))


@pytest.mark.parametrize("how", ["appended", "twice each", "one block again"])
def test_duplicated_rows(how):
    x = RNG.normal(size=(16, 3))
    doubled = {
        "appended": np.concatenate([x, x]),
        "twice each": np.repeat(x, 2, axis=0),
        "one block again": np.concatenate([x, RNG.normal(size=(64, 3)), x]),
    }[how]
    with pytest.raises(DuplicateRows, match=r"C-1: rows are duplicated: seed \d+"):
        checked("C-1", table(doubled))


def test_duplicated_rows_of_a_long_run():
    x = RNG.normal(size=(1024, 1))
    with pytest.raises(DuplicateRows):
        checked("C-1", table(np.concatenate([x, x])))


@pytest.mark.parametrize("levels", [1, 2, 5, 1000])
def test_counts_repeat_by_chance(levels):
    values = RNG.integers(0, levels, size=(2000, 1))
    refuse_duplicates("C-1", checked("C-1", table(values)))


def test_atoms_repeat_by_chance():
    values = RNG.normal(size=(2000, 1)) * (RNG.random((2000, 1)) < 0.5)
    assert checked("C-1", table(values)).n == 2000


def test_frequencies_must_be_outcomes(claim, engine):
    wrong = claim(kind=kinds.value(evidence="frequency"), claimed=0.5)
    message = (
        r"C-1: rows for frequencies must be 0 or 1, got .* at seed 0, point \{'gap'"
    )
    with pytest.raises(BadSamples, match=message):
        run_claims([wrong], "quick", engine, alpha=0.001)


def test_columns_need_a_function(claim, engine):
    def observe(data):
        return rows(data["toy"].y).expand_dims(column=2, axis=-1)

    with pytest.raises(BadSamples, match="`column` need `of`"):
        run_claims([claim(observe=observe)], "quick", engine, alpha=0.001)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Provenance("folklore", "x"), "`tag` must be one of"),
        (lambda: Provenance("paper", " "), "`source` must say"),
        (lambda: Tolerance(0.1, ""), "`origin` must say"),
        (lambda: Tolerance((1, 2, 3), "x"), r"pair \(below, above\)"),
        (lambda: Kind("guess", "mean"), "`name` must be one of"),
        (lambda: Kind("value", "hearsay"), "`evidence` must be one of"),
        (lambda: kinds.value(evidence="table"), "needs `of`"),
        (lambda: kinds.limit("N", ()), "`omega` must be a non-empty set"),
        (lambda: kinds.limit("N", (-1.0,)), "`omega` must be a non-empty set"),
        (lambda: kinds.threshold("x", width=True), "needs `size`"),
        (lambda: rounding_error(1.0, units=0.0), "`units` must be positive"),
    ],
)
def test_parts_that_are_refused(make, message):
    with pytest.raises(BadClaim, match=message):
        make()


def test_claims_that_are_refused(claim, toys):
    good = claim()
    for wrong, message in (
        ({"provenance": None}, "provenance"),
        ({"mutants": ()}, "at least one mutant"),
        ({"weight": 0.0}, "`weight` must be positive"),
        ({"mutants": (toys["scaled"](2.0),) * 2}, "two mutants of the same name"),
    ):
        with pytest.raises(Exception, match=message):
            replace(good, **wrong)


def test_a_claim_without_provenance_is_named():
    """Also where annotations are not executed."""
    bare = SimpleNamespace(id="C-1", provenance=None)
    with pytest.raises(BadClaim, match="Claim C-1 needs a `provenance`"):
        Claim.__post_init__(bare)


def test_a_tolerance_below_the_numerical_error_is_refused(claim, engine):
    def design(tol):
        entries = xr.DataArray([1.0], dims="point", attrs={"error": 1e-9})
        return Design(
            observe=lambda data: entries, claimed=1.0, tol=Tolerance(tol, "rounding")
        )

    def judged(kind, tol):
        made = claim(kind=kind, design=lambda: design(tol), sizes={"quick": {}})
        return run_claims([made], "quick", engine, alpha=0.001)[0]

    with pytest.raises(BadClaim, match="C-1: tolerance 5e-10 is below the numerical"):
        judged(kinds.identity(), 5e-10)
    assert judged(kinds.identity(), 1e-9).verdict == "consistent"
    bound = kinds.upper_bound(evidence="exact")
    assert judged(bound, 0.0).verdict == "inconclusive"


def test_papers_that_are_refused(claim, engine):
    with pytest.raises(BadClaim, match=r"used twice: \['C-1'\]"):
        run_claims([claim(), claim()], "quick", engine, alpha=0.001)
    with pytest.raises(BadClaim, match="`alpha` must be in"):
        run_claims([claim()], "quick", engine, alpha=0.7)
    with pytest.raises(BadClaim, match=r"Unknown claims: \['C-9'\]"):
        run_claims([claim()], "quick", engine, alpha=0.001, only=["C-9"])
    idle = claim(mutants=(Mutant("nothing", lambda d: replace(d)),))
    with pytest.raises(BadClaim, match="'nothing' changes nothing"):
        run_claims([idle], "quick", engine, alpha=0.001)
    assert engine.asked == []


def test_an_engine_that_returns_too_little(claim, engine):
    engine.surplus = -3
    with pytest.raises(BadSamples, match="C-1: asked for 16 seeds, got 13"):
        run_claims([claim()], "quick", engine, alpha=0.001)


def sizes_claim(claim, kind, values, **coords):
    def design():
        return Design(
            observe=lambda data: table(values, **coords),
            claimed=0.5,
            tol=Tolerance(0.1, "x"),
        )

    return claim(kind=kind, design=design, seeds=len(values))


@pytest.mark.parametrize(
    ("kind", "sizes", "message"),
    [
        (kinds.limit("N"), [1, 2, 4, 8, 9], "at least 5 sizes over a factor 16"),
        (kinds.limit("N"), [1, 2, 4, 2, 16], "`N` must increase"),
        (kinds.limit("M"), [1, 2, 4, 8, 16], r"no coordinate \['M'\]"),
        (kinds.exponent("N"), [1, 2, 4, 8, 16], "at least 6 sizes over a factor 32"),
    ],
)
def test_sizes_that_are_refused(claim, engine, kind, sizes, message):
    values = 1.0 + RNG.random((20, len(sizes)))
    wrong = sizes_claim(claim, kind, values, N=sizes)
    with pytest.raises(BadClaim, match=f"C-1: .*{message}"):
        run_claims([wrong], "quick", engine, alpha=0.001)


@pytest.mark.parametrize("typical", [False, True])
def test_exponents_need_positive_values(claim, engine, typical):
    values = -1.0 - RNG.random((20, 6))
    kind = kinds.exponent("N", typical=typical)
    wrong = sizes_claim(claim, kind, values, N=[1, 2, 4, 8, 16, 32])
    message = r"at seed 0, point \{'N': 1\}" if typical else r"mean -1\.\d+ at size 1"
    with pytest.raises(BadSamples, match=f"C-1: .*{message} .*has no logarithm"):
        run_claims([wrong], "quick", engine, alpha=0.001)


def test_thresholds_need_shares(claim, engine):
    wrong = sizes_claim(
        claim, kinds.threshold("x"), 2 + RNG.random((20, 3)), x=[1, 2, 3]
    )
    message = r"C-1: .*shares of success .* at seed 0, point \{'x': 1\}"
    with pytest.raises(BadSamples, match=message):
        run_claims([wrong], "quick", engine, alpha=0.001)


def test_a_law_needs_a_law(claim, engine):
    wrong = claim(kind=kinds.law(), claimed=0.5)
    with pytest.raises(BadClaim, match="a distribution function or two samples"):
        run_claims([wrong], "quick", engine, alpha=0.001)


def test_rows_average_replicas_and_flatten_axes():
    array = xr.DataArray(
        np.arange(48.0).reshape(2, 3, 4, 2),
        dims=("arms", "gap", "seed", "replica"),
        coords={"arms": [8, 64], "gap": [0.1, 0.2, 0.3]},
    )
    found = rows(array)
    assert found.dims == ("seed", "point")
    assert found.arms.values.tolist() == [8, 8, 8, 64, 64, 64]
    assert np.allclose(found.values[0], array.values[:, :, 0].mean(-1).ravel())
    assert lanes(array).shape == (8, 6)
    assert np.allclose(lanes(array).values[1], array.values[:, :, 0, 1].ravel())
    assert rows(array.isel(arms=0, gap=0)).shape == (4, 1)
    assert rows(array.isel(seed=0, replica=0, drop=True)).dims == ("point",)
    again = rows(rows(array).rename(point="cell"))
    assert again.shape == (4, 6)
    assert rows(found).identical(found)
    assert lanes(array.isel(replica=0)).identical(rows(array.isel(replica=0)))


def test_rows_leave_out_cells_that_do_not_exist():
    array = xr.DataArray(
        np.where(np.eye(2, dtype=bool)[:, :, None], 1.0, np.nan) * np.ones(5),
        dims=("a", "b", "seed"),
        coords={"a": [1, 2], "b": [3, 4], "valid": (("a", "b"), np.eye(2, dtype=bool))},
    )
    found = rows(array)
    assert found.shape == (5, 2)
    assert found.b.values.tolist() == [3, 4]
    one = rows(array.isel(a=0, b=0))
    assert one.shape == (5, 1)
    valid = array.valid.expand_dims(replica=3, axis=-1)
    apart = array.expand_dims(replica=3, axis=-1).assign_coords(valid=valid)
    assert rows(apart).values.tolist() == found.values.tolist()


def test_two_samples_are_cut_to_the_same_number():
    first, second = table(np.zeros((4, 2))), table(np.ones((3, 2)))
    pair = two_samples(first, second)
    assert pair.dims == ("seed", "sample", "point")
    assert pair.shape == (3, 2, 2)


def test_rounding_error_is_in_units_of_the_terms():
    assert rounding_error(2.0, "float32") == pytest.approx(8 * np.finfo("float32").eps)
