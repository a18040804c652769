"""End to end: a toy claim of every kind, true and false."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import xarray as xr
from limen.checks.harness import (
    Claim,
    Design,
    Mutant,
    Provenance,
    Tolerance,
    kinds,
    lanes,
    rows,
    run_claims,
    two_samples,
)
from scipy import stats

ALPHA = 0.01 / 8
SIZES = (32, 64, 128, 256, 512, 1024)


@dataclass(frozen=True)
class System:
    """A function of (generator, n) to a variable: dimensions, values, coordinates."""

    make: object
    seed: int = 3


def engine(requests):
    made = []
    for system, n in requests:
        dims, values, coords = system.make(np.random.default_rng(system.seed), n)
        made.append(xr.Dataset({"y": (dims, values)}, coords=coords))
    return made


def verdict(kind, make, claimed, tol, mutant, *, seeds=512, observe=None, other=None):
    sweeps = {"a": System(make)} | ({"b": System(other, 4)} if other else {})
    pick = observe or (lambda data: rows(data["a"].y))

    def design():
        return Design(
            observe=pick, claimed=claimed, tol=Tolerance(tol, "toy"), sweeps=sweeps
        )

    claim = Claim(
        id="TOY-1",
        title="toy",
        statement="toy",
        provenance=Provenance("classical", "by hand"),
        kind=kind,
        design=design,
        sizes={"quick": {"seeds": seeds}},
        mutants=(Mutant("wrong", mutant),),
    )
    return run_claims([claim], "quick", engine, alpha=ALPHA)[0]


def claims(value):
    return lambda design: replace(design, claimed=value)


def check(found):
    assert found.verdict == "consistent", (found.reason, found.points)
    assert found.mutants[0].killed, found.mutants[0]
    for point in found.points:
        assert point.lo <= point.estimate <= point.hi
        finite = [r for r in point.resolution if np.isfinite(r)]
        assert finite
        assert min(finite) >= 0


def exponentials(rng, n):
    return ("seed", "replica"), rng.exponential(size=(n, 4)), {}


def uniforms(rng, n):
    return ("seed",), 2 * rng.random(n), {}


def test_value_and_functions_of_means():
    check(verdict(kinds.value(), exponentials, 1.0, 0.15, claims(1.5)))

    def columns(data):
        y = lanes(data["a"].y)
        return xr.concat([y, y**2], "column").transpose("seed", "point", "column")

    def variance(m):
        return m[..., 1] - m[..., 0] ** 2

    check(
        verdict(
            kinds.value(of=variance),
            exponentials,
            1.0,
            0.3,
            claims(2.5),
            observe=columns,
        )
    )


def test_bounds_on_means_tails_and_quantiles():
    def every(data):
        return lanes(data["a"].y)

    check(verdict(kinds.upper_bound(), exponentials, 1.5, 0.0, claims(0.7)))
    check(verdict(kinds.lower_bound(), exponentials, 0.7, 0.0, claims(1.4)))
    capped = kinds.lower_bound(upper=2)
    check(verdict(capped, uniforms, 0.7, 0.0, claims(1.4)))
    check(
        verdict(
            kinds.tail_bound(2.0), exponentials, 0.2, 0.0, claims(0.05), observe=every
        )
    )
    check(
        verdict(
            kinds.quantile_bound(0.5),
            exponentials,
            0.9,
            0.0,
            claims(0.4),
            observe=every,
        )
    )
    often = kinds.value(evidence="frequency")
    check(
        verdict(
            often,
            exponentials,
            np.exp(-1),
            0.08,
            claims(0.7),
            observe=lambda data: lanes(data["a"].y > 1),
        )
    )
    signed = kinds.upper_bound()
    check(
        verdict(
            signed,
            exponentials,
            0.0,
            0.3,
            claims(-1.0),
            observe=lambda data: rows(data["a"].y) - 1,
        )
    )


def test_bets_report_an_interval():
    found = verdict(kinds.upper_bound(), exponentials, 2.0, 0.0, claims(0.7))
    point = found.points[0]
    assert 0.5 < point.lo < point.estimate < point.hi_consistent < 2.0
    assert point.resolution[1] >= point.estimate - point.lo
    assert np.isinf(point.resolution[0])


def test_capped_rows_must_respect_their_cap():
    kind = kinds.lower_bound(upper=1.0)
    with pytest.raises(ValueError, match=r"above `upper` = 1.0: .* at seed \d+, point"):
        verdict(kind, exponentials, 0.7, 0.0, claims(1.4))


def test_a_bound_beyond_the_cap_is_left_to_the_mixture():
    kind = kinds.lower_bound(upper=2)
    found = verdict(kind, uniforms, 2.5, 0.0, claims(3.0))
    assert found.verdict == "violated"


def test_tables():
    def median(table):
        return np.median(table, axis=0)

    check(
        verdict(
            kinds.value(of=median, evidence="table"),
            exponentials,
            np.log(2),
            0.2,
            claims(1.5),
            seeds=1024,
            observe=lambda data: lanes(data["a"].y),
        )
    )


def decaying(rng, n):
    y = np.array(SIZES) ** -0.5 * np.exp(0.1 * rng.normal(size=(n, 6)))
    return ("seed", "size"), y, {"size": list(SIZES)}


def test_an_index_that_never_moves():
    best = kinds.value(of=lambda table: table.mean(0).argmin(), evidence="table")
    found = verdict(best, decaying, 5, 0.5, claims(2.0))
    check(found)
    assert found.seeds == 64  # a quarter of the rows is enough from here on
    assert found.looks[0].verdict == "inconclusive"


def test_orderings():
    def pair(data):
        y = rows(data["a"].y)
        return two_samples(
            y.isel(point=slice(1, None)),
            y.isel(point=slice(0, -1)).assign_coords(
                y.isel(point=slice(1, None)).coords
            ),
        )

    def reverse(design):
        return replace(
            design, observe=lambda data: design.observe(data).isel(sample=[1, 0])
        )

    check(verdict(kinds.ordering(), decaying, 0.0, 0.0, reverse, observe=pair))


def one(rng, n):
    return ("seed",), rng.exponential(size=n), {}


def test_laws():
    cdf = stats.expon.cdf
    check(
        verdict(
            kinds.law(), one, cdf, 0.1, claims(stats.expon(scale=2).cdf), seeds=2048
        )
    )
    fixed = kinds.law(cdf)
    check(
        verdict(
            fixed,
            one,
            0.0,
            0.1,
            lambda d: replace(d, observe=lambda x: 2 * d.observe(x)),
            seeds=2048,
        )
    )
    per_point = [stats.expon.cdf, stats.expon.cdf]
    double = lambda data: xr.concat([rows(data["a"].y)] * 2, "point")  # noqa: E731
    check(
        verdict(
            kinds.law(),
            one,
            per_point,
            0.1,
            claims([stats.norm.cdf] * 2),
            seeds=2048,
            observe=double,
        )
    )

    def rounded(data):
        return np.ceil(rows(data["a"].y) / 0.2) * 0.2

    grid = kinds.law(left=lambda x: cdf(x - 0.2))
    check(
        verdict(
            grid,
            one,
            cdf,
            0.1,
            claims(stats.expon(scale=2).cdf),
            seeds=2048,
            observe=rounded,
        )
    )


def test_laws_of_two_systems():
    def both(data):
        return two_samples(rows(data["a"].y), rows(data["b"].y))

    def wrong(design):
        slower = lambda rng, n: (("seed",), 2 * rng.exponential(size=n), {})  # noqa: E731
        return replace(design, sweeps=design.sweeps | {"b": System(slower, 4)})

    check(
        verdict(kinds.law(), one, 0.0, 0.12, wrong, seeds=4096, observe=both, other=one)
    )


def test_heavy_tails_are_left_undecided():
    def cauchy(rng, n):
        return ("seed",), rng.standard_cauchy(n), {}

    found = verdict(kinds.value(), cauchy, 0.0, 0.5, claims(1.0), seeds=2048)
    assert (found.verdict, found.reason) == ("inconclusive", "non-normal")


def test_rare_events_are_left_undecided():
    def rare(rng, n):
        return ("seed",), 1.0 * (rng.random(n) < 0.01), {}

    found = verdict(kinds.value(), rare, 0.01, 0.5, claims(1.0), seeds=256)
    assert (found.verdict, found.reason) == ("inconclusive", "discrete")


def test_few_skewed_rows_are_marked_approximate():
    found = verdict(
        kinds.value(),
        lambda r, n: (("seed",), r.exponential(size=n) ** 2, {}),
        2.0,
        9.0,
        claims(60.0),
        seeds=64,
    )
    assert "approximate" in found.flags
