"""End to end: toy claims of limits, exponents and thresholds, true and false."""

import numpy as np
import pytest
import xarray as xr
from limen.checks.harness import (
    Claim,
    Design,
    Mutant,
    Provenance,
    Tolerance,
    crossing,
    kinds,
    run_claims,
)
from scipy import stats

from .test_kinds import ALPHA, SIZES, check, claims, decaying, engine, verdict


def approaching(rng, n):
    y = 1 + 0.5 / np.array(SIZES) * 32 + 0.1 * rng.normal(size=(n, 6))
    return ("seed", "size"), y, {"size": list(SIZES)}


def test_limits():
    found = verdict(kinds.limit("size"), approaching, 1.0, 0.1, claims(1.3))
    check(found)
    assert found.points[0].bias > 0
    assert found.points[0].gof > 0.01
    assert found.points[0].diagnostics["sizes"] == list(SIZES)


def test_a_rejected_model_says_so():
    """A minimum in the middle that no admissible correction can follow."""

    def bent(rng, n):
        y = 1 + 0.1 * np.abs(np.arange(6) - 2.5) + 0.01 * rng.normal(size=(n, 6))
        return ("seed", "size"), y, {"size": list(SIZES)}

    found = verdict(kinds.limit("size"), bent, 1.0, 0.1, claims(1.3), seeds=64)
    assert (found.verdict, found.reason) == ("inconclusive", "model-rejected")
    assert found.p_anytime == 1.0


@pytest.mark.parametrize("typical", [False, True])
def test_exponents(typical):
    kind = kinds.exponent("size", typical=typical)
    check(verdict(kind, decaying, 0.5, 0.1, claims(0.8), seeds=1024))


def test_an_exponent_of_a_random_walk():
    """E |S_N| grows like N^{1/2}: exponent −1/2, with corrections of order 1/N."""

    def walk(rng, n):
        steps = rng.choice([-1.0, 1.0], size=(n, 64, 1024))
        ends = np.abs(np.cumsum(steps, -1))[..., np.array(SIZES) - 1].mean(1)
        return ("seed", "size"), ends, {"size": list(SIZES)}

    check(verdict(kinds.exponent("size"), walk, -0.5, 0.15, claims(-0.9), seeds=256))


def test_leverage_is_flagged():
    """One seed far off at one size: the bootstrap sees what the formula does not."""

    def heavy(rng, n):
        factor = np.where(np.arange(n) == 3, 1000.0, 1.0)[:, None]
        y = np.array(SIZES) ** -0.5 * np.exp(0.1 * rng.normal(size=(n, 6)))
        y[:, 3:] *= factor
        return ("seed", "size"), y, {"size": list(SIZES)}

    found = verdict(kinds.exponent("size"), heavy, 0.5, 0.3, claims(3.0), seeds=16)
    assert "leverage" in found.flags


def test_exact_exponents():
    def curve(claimed):
        return Design(
            observe=lambda data: xr.DataArray(
                np.array(SIZES) ** -0.5 * (1 + 1 / np.array(SIZES)),
                dims="point",
                coords={"size": ("point", list(SIZES))},
                attrs={"error": 1e-12},
            ),
            claimed=claimed,
            tol=Tolerance(0.01, "left-over curvature"),
        )

    claim = Claim(
        id="TOY-2",
        title="slope of a computed curve",
        statement="toy",
        provenance=Provenance("classical", "by hand"),
        kind=kinds.exponent("size", evidence="exact"),
        design=lambda: curve(0.5),
        sizes={"quick": {}},
        mutants=(Mutant("wrong", claims(0.6)),),
    )
    check(run_claims([claim], "quick", engine, alpha=ALPHA)[0])


RATIOS = np.linspace(0.6, 1.8, 9)


def transition(rng, n, level=0.5):
    d = np.array(SIZES)[:, None] / 32
    p = stats.norm.cdf((RATIOS - 1 - 0.2 * d**-0.5) / (0.4 * d**-0.5))
    hits = 1.0 * (rng.random((n, 6, 9)) < p)
    return ("seed", "size", "ratio"), hits, {"size": list(SIZES), "ratio": RATIOS}


def test_thresholds():
    limit = kinds.threshold("ratio", "size")
    check(verdict(limit, transition, 1.0, 0.08, claims(1.3), seeds=256))
    finite = 1 + 0.2 * (np.array(SIZES) / 32) ** -0.5
    each = kinds.threshold("ratio")
    found = verdict(each, transition, finite, 0.1, claims(finite + 0.3), seeds=256)
    check(found)
    assert [p.at["size"] for p in found.points] == list(SIZES)
    for point, truth in zip(found.points, finite, strict=True):
        lo, hi = point.diagnostics["bracket"]
        assert lo < truth < hi
    width = kinds.threshold("ratio", "size", width=True)
    check(verdict(width, transition, 0.5, 0.25, claims(1.5), seeds=256))
    sharpens = kinds.threshold("ratio", "size", width=True, side="lower")
    check(verdict(sharpens, transition, 0.1, 0.0, claims(1.0), seeds=256))


def test_thresholds_that_say_nothing_yet():
    """Every outcome is a success: no crossing can be placed."""

    def sure(rng, n):
        dims, hits, coords = transition(rng, n)
        return dims, np.ones_like(hits), coords

    for kind in (
        kinds.threshold("ratio", by=("size",)),
        kinds.threshold("ratio", "size", by=()),
    ):
        found = verdict(kind, sure, 1.0, 0.1, claims(1.3), seeds=32)
        assert (found.verdict, found.reason) == ("inconclusive", "discrete")

    def falling(rng, n):
        dims, hits, coords = transition(rng, n)
        return dims, 1 - hits, coords

    width = kinds.threshold("ratio", "size", width=True)
    found = verdict(width, falling, 0.5, 0.1, claims(1.3), seeds=64)
    assert found.reason in ("model-rejected", "discrete")


def test_a_logistic_fit_that_does_not_settle_stays_finite():
    """Shares of 1e-60: the damped steps end before the slope is reached."""
    x = np.stack([np.ones(2), [-1.0, 1.0]], axis=1)
    b, information = crossing._newton(x, np.array([1e-60, 1 - 1e-16]))
    assert np.isfinite(b).all()
    assert b[1] > 10
    assert (np.linalg.eigvalsh(information) > 0).all()


def test_the_largest_eigenvalue_reaches_its_edge():
    """λ_max of a Gaussian orthogonal matrix over √N tends to 2 like N^−2/3."""
    sizes = (8, 16, 32, 64, 128)

    def largest(rng, n):
        found = np.empty((n, 5))
        for k, size in enumerate(sizes):
            x = rng.normal(size=(n, size, size)) / np.sqrt(2 * size)
            found[:, k] = np.linalg.eigvalsh(x + x.swapaxes(1, 2))[:, -1]
        return ("seed", "size"), found, {"size": list(sizes)}

    edge = kinds.limit("size", (2 / 3,))
    check(verdict(edge, largest, 2.0, 0.1, claims(2.4), seeds=256))
    below = kinds.upper_bound()
    check(verdict(below, largest, 2.0, 0.0, claims(1.2), seeds=128))


def test_coupon_collector_threshold():
    """P(T ≤ n log n + c n) → exp(−e^−c) crosses 1/2 at c = −log log 2 = 0.3665."""
    coupons, ratios = (64, 128, 256, 512, 1024), np.linspace(-1.5, 2.5, 9)

    def collect(rng, n):
        hits = np.empty((n, 5, 9))
        for k, m in enumerate(coupons):
            p = np.arange(m, 0, -1) / m
            draws = rng.geometric(p, size=(n, m)).sum(1)
            hits[:, k] = draws[:, None] <= m * np.log(m) + ratios * m
        return ("seed", "size", "ratio"), hits, {"size": list(coupons), "ratio": ratios}

    found = verdict(
        kinds.threshold("ratio", "size", (1.0,)),
        collect,
        -np.log(np.log(2)),
        0.4,
        claims(2.0),
        seeds=512,
    )
    check(found)
