"""The tables of the specification as studies: laws, tables, power, many claims."""

from collections.abc import Callable

import numpy as np
from scipy import stats

from . import binomial, laws, means, proportions, tables
from .calibration import (
    Outcomes,
    Row,
    Study,
    around,
    as_samples,
    binomial_limit,
    simulate,
)
from .calibration_means import (
    ALPHA,
    LAWS,
    LOOKS,
    MEAN_STUDIES,
    Generator,
    Sampler,
    rows_mean,
)
from .estimate import Level
from .family import holm
from .judge import decide
from .verdict import VIOLATED


def ordering_rate(replicates: int, rng: Generator) -> list[Row]:
    """E d ≥ 0 claimed of lognormal outcomes, with and without common randomness."""
    looks, found = LOOKS[:-1], []
    for correlation, spec in ((0.0, ("0.0008", "0.09")), (0.9, ("0.0023", "0.97"))):
        shape = (looks[-1], replicates)
        z, w = rng.standard_normal(shape), rng.standard_normal(shape)
        other = correlation * z + np.sqrt(1 - correlation**2) * w
        d = np.exp(0.5 * z - 0.125) - np.exp(0.5 * other - 0.125)
        for gap, expected in zip((0.0, 0.1), spec, strict=True):
            out = simulate(d + gap, rows_mean, (-np.inf, 0.0), looks, side="upper")
            low, high = 0.0, binomial_limit(ALPHA, replicates)
            if gap:
                low, high = (0.9, 1.0) if correlation else (0.0, 0.3)
            label = f"correlation {correlation:g}, true gap {-gap:g}: violated"
            found.append(Row(label, out.violated, expected, low, high, replicates))
    return found


def lower_bound_rate(replicates: int, rng: Generator) -> list[Row]:
    """Four algorithms with exponential losses, one point each, n = 256."""
    looks, b, found = LOOKS[:-1], 1.0, []
    cases = (
        ("all at b", 1.0, 0.0, VIOLATED, "0.001", binomial_limit(ALPHA, replicates)),
        (
            "one at 0.95 b, tol 0.05 b",
            0.95,
            0.05,
            "consistent",
            "0.002",
            binomial_limit(ALPHA, replicates),
        ),
        ("one at 0.8 b", 0.8, 0.0, VIOLATED, "0.34", 1.0),
    )
    for name, worst, tol, verdict, expected, high in cases:
        values = rng.exponential(size=(looks[-1], replicates, 4))
        values[..., 0] *= worst
        out = several(values, (b - tol, np.inf), looks, "lower")
        low = 0.25 if high == 1.0 else 0.0
        found.append(
            Row(
                f"{name}: {verdict}",
                out.share(verdict),
                expected,
                low,
                high,
                replicates,
            )
        )
    return found


def several(
    values: np.ndarray, region: tuple[float, float], looks: tuple[int, ...], side: str
) -> Outcomes:
    """Claims of several points (last axis): one violates, all must agree."""
    points = values.shape[-1]
    parts = [
        _each_look(values[..., k], region, looks, side, ALPHA / points)
        for k in range(points)
    ]
    violated = np.any([p == VIOLATED for p in parts], axis=0)  # (look, replicate)
    agree = np.all([p == "consistent" for p in parts], axis=0)
    verdicts = np.full(values.shape[1], "inconclusive", dtype=object)
    seeds = np.full(values.shape[1], looks[-1])
    for k in range(len(looks)):
        open_ = verdicts == "inconclusive"
        verdicts[open_ & agree[k]] = "consistent"
        verdicts[open_ & violated[k]] = VIOLATED
        seeds[open_ & (agree[k] | violated[k])] = looks[k]
    return Outcomes(verdicts, seeds, np.zeros(len(seeds), dtype=bool))


LAW_LOOKS = (500, 1000, 2000, 4000, 8000)


def law_rate(replicates: int, rng: Generator) -> list[Row]:
    """DKW with spent levels, looks 500 … 8000: uniform rows, wrong rates, peeking."""
    limit = binomial_limit(ALPHA, replicates)
    uniform = rng.random((8000, replicates))
    gaps = rng.exponential(size=(8000, replicates))
    peek = np.zeros(replicates, dtype=bool)
    for n in LAW_LOOKS:
        distance = laws.one_sample_distance(gaps[:n], exponential)
        peek |= distance > np.sqrt(np.log(2 / ALPHA) / (2 * n))
    measured = (
        ("uniform: false `violated`", law_violated(uniform, laws.uniform), "0.007",
         0.0, limit),
        ("fixed-n DKW looked at 5 times (forbidden)", peek.mean(), "0.027", 0.012, 1.0),
        ("rate off 5 %: violated", law_violated(1.05 * gaps, exponential), "0.43",
         0.3, 0.6),
        ("rate off 10 %: violated", law_violated(1.1 * gaps, exponential), "1.00",
         0.97, 1.0),
    )  # fmt: skip
    return [Row(*row, replicates) for row in measured]


def rounded_rate(replicates: int, rng: Generator) -> list[Row]:
    """Exponential gaps rounded up: naive transform (forbidden) and randomised."""
    gaps = rng.exponential(size=(8000, replicates))
    limit, found = binomial_limit(ALPHA, replicates), []
    for step, expected in ((0.02, "0.20–0.84"), (0.1, "1.00")):
        values = np.ceil(gaps / step) * step
        naive = law_violated(values, exponential)
        randomised = law_violated(
            values, exponential, lambda x, step=step: exponential(x - step)
        )
        label = f"gaps rounded up to {step}"
        found += [
            Row(f"{label}: naive", naive, expected, 0.1, 1.0, replicates),
            Row(
                f"{label}: randomised", randomised, "0.005–0.012", 0, limit, replicates
            ),
        ]
    return found


def law_violated(values: np.ndarray, law: object, left: object = None) -> float:
    """How often rows are found not to follow a law."""
    return simulate(
        values,
        lambda rows: laws.law(as_samples(rows), law, left),  # pyright: ignore[reportArgumentType] (a function or None)
        (-np.inf, 0.0),
        LAW_LOOKS,
        side="upper",
        claimed=0.0,
    ).violated


def exponential(x: np.ndarray) -> np.ndarray:
    """Distribution function of the exponential law."""
    return -np.expm1(-np.maximum(x, 0.0))


TABLES: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float]] = {
    "median of exponentials": (lambda t: np.median(t, axis=0), float(np.log(2.0))),
    "standard deviation of exponentials": (lambda t: t.std(axis=0), 1.0),
    "mean of exponentials": (lambda t: t.mean(axis=0), 1.0),
}


def table_rate(replicates: int, rng: Generator) -> list[Row]:
    """Bootstrap error with the jackknife's skewness, at nominal 0.01 and 0.0001."""
    looks, found = LOOKS[:-1], []
    for name, (of, truth) in TABLES.items():
        values = rng.exponential(size=(looks[-1], replicates))
        for level, shift in ((ALPHA, 0.0), (1e-4, 0.0), (1e-4, 0.8)):
            out = simulate(
                values,
                lambda rows, of=of: tables.table(as_samples(rows), of),
                (truth + shift, truth + shift),
                looks,
                alpha=level,
            )
            label = f"{name}, claim off by {shift:g}, nominal {level:g}: violated"
            high = 1.0 if shift else binomial_limit(level, replicates)
            wild = name.startswith("standard")  # rows squared: skewness 6
            low = 0.9 if shift and not wild else 0.0
            note = "the price of its skewness" if shift and wild else ""
            found.append(Row(label, out.violated, note, low, high, replicates))
    return found


def percentile_rate(replicates: int, rng: Generator) -> list[Row]:
    """The forbidden procedure: percentiles, continued by Student's t; spent levels."""
    found, level = [], 1e-4
    for name, (of, truth) in TABLES.items():
        values = rng.exponential(size=(64, replicates))
        ever = np.zeros(replicates, dtype=bool)
        for look, n in enumerate((16, 32, 64), start=1):
            moved = tables.resampled(values[:n], of, n, 1000)
            lo, hi = np.quantile(moved, [0.025, 0.975], axis=0)
            c = stats.t.isf(level / (look * (look + 1)) / 2, n - 1) / 1.96
            center = of(values[:n])
            ever |= (center - c * (center - lo) > truth) | (
                center + c * (hi - center) < truth
            )
        label = f"{name}: ever outside, nominal {level:g}"
        found.append(Row(label, ever.mean(), "", 5 * level, 1.0, replicates))
    return found


def resolution_power(replicates: int, rng: Generator) -> list[Row]:
    """Power at the reported resolution: fresh rows, shifted by what was reported."""
    cases = (
        ("normal", 64, "0.87", 0.82),
        ("normal", 256, "0.89", 0.85),
        ("normal", 1024, "0.90", 0.85),
        ("exponential", 64, "0.87 / 0.66", 0.6),
        ("exponential", 256, "0.90 / 0.85", 0.8),
        ("exponential", 1024, "0.89 / 0.89", 0.85),
    )
    found = []
    for name, n, expected, low in cases:
        sampler, truth = LAWS[name]
        level, region = Level(ALPHA, "two", n), around((truth, truth), replicates)
        old, fresh = (sampler(rng, (n, replicates)) for _ in range(2))
        down, up = rows_mean(old).resolution(region, level)
        for word, shift in (("up", up), ("down", -down)):
            shifted = rows_mean(fresh + shift)
            power = (decide(shifted, region, level, level) == VIOLATED).mean()
            label = f"{name}, n = {n}, {word}"
            found.append(Row(label, power, expected, low, 0.96, replicates))
    for n in (200, 1000):
        for p in (0.02, 0.1, 0.5):
            edge = binomial.resolution_above(p, n, ALPHA)
            hits = 1.0 * (rng.random((n, replicates)) < edge)
            share = proportions.proportion(as_samples(hits))
            region = around((p, p), replicates)
            power = share.excludes(region, Level(ALPHA, "two", n)).mean()
            label = f"probability {p}, n = {n}"
            found.append(Row(label, power, "0.897–0.909", 0.85, 0.95, replicates))
    return found


def betting_power(replicates: int, rng: Generator) -> list[Row]:
    """The same for bets against an upper bound; below n = 128 marked `approximate`."""
    found = []
    cases: dict[str, Sampler] = {
        "exponential": lambda r, s: r.exponential(size=s),
        "gamma(16)": lambda r, s: r.gamma(16, size=s) / 16,
    }
    bound = np.ones(replicates)
    for name, sampler in cases.items():
        for n, low in ((64, 0.0), (256, 0.85), (1024, 0.85)):
            level = Level(ALPHA, "upper", n)
            region = around((-np.inf, 1.0), replicates, 1.0)
            old, fresh = (sampler(rng, (n, replicates)) for _ in range(2))
            _, up = means.mean(as_samples(old), None, bound).resolution(region, level)
            shifted = means.mean(as_samples(fresh + up), None, bound)
            power = shifted.excludes(region, level).mean()
            label = f"{name}, n = {n}, bets"
            found.append(Row(label, power, "", low, 0.98, replicates))
    return found


def family_rate(replicates: int, rng: Generator) -> list[Row]:
    """Sixty claims at the boundary, n to 256; Holm against each claim at 0.01."""
    looks, claims, level = LOOKS[:-1], 60, 0.01
    found = []
    for name, spec in (("normal", "0.80"), ("exponential", "0.98")):
        sampler, truth = LAWS[name]
        values = sampler(rng, (looks[-1], replicates * claims))
        p = _anytime_p(values, truth, looks).reshape(replicates, claims)
        any_holm = np.mean(
            [any(holm(row.tolist(), [1.0] * claims, level)) for row in p]
        )
        alone = (p <= level).any(1).mean()
        values = values.reshape(-1, replicates, claims)
        values[..., :6] += 0.35
        p = _anytime_p(values.reshape(looks[-1], -1), truth, looks).reshape(
            replicates, claims
        )
        power = np.mean([holm(row.tolist(), [1.0] * claims, level)[:6] for row in p])
        limit = binomial_limit(level, replicates)
        found += [
            Row(f"{name}: any false, Holm", any_holm, "0.000", 0.0, limit, replicates),
            Row(
                f"{name}: any false, each at 0.01 (forbidden)",
                alone,
                "0.066–0.086",
                low=0.01,
                replicates=replicates,
            ),
            Row(
                f"{name}: six shifted by 0.35 sd, found by Holm",
                power,
                spec,
                low=0.5,
                replicates=replicates,
            ),
        ]
    return found


def rounding(replicates: int, rng: Generator) -> list[Row]:
    """Float32 dot products in units of eps times the sum of absolute terms."""
    found = []
    for length, expected in ((10, "0.50"), (1000, "0.18"), (100000, "0.12")):
        worst = 0.0
        for _ in range(replicates):
            x, y = rng.standard_normal((2, length)).astype(np.float32)
            exact = x.astype(float) @ y.astype(float)
            kappa = np.abs(x.astype(float) * y).sum()
            worst = max(
                worst, abs(float(x @ y) - exact) / kappa / np.finfo(np.float32).eps
            )
        found.append(
            Row(
                f"length {length}: worst error",
                worst,
                expected,
                high=4.0,
                replicates=replicates,
            )
        )
    return found


def _each_look(
    values: np.ndarray,
    region: tuple[float, float],
    looks: tuple[int, ...],
    side: str,
    alpha: float,
) -> np.ndarray:
    """Verdict of every look, (look, replicate), one claim's point each."""
    seen = []
    for k, n in enumerate(looks, start=1):
        strict, lenient = (Level(a, side, looks[-1], k) for a in (alpha, ALPHA))
        where = around(region, values.shape[1], 0.0)
        seen.append(decide(rows_mean(values[:n]), where, strict, lenient))
    return np.stack(seen)


def _anytime_p(values: np.ndarray, truth: float, looks: tuple[int, ...]) -> np.ndarray:
    level, region = (
        Level(ALPHA / 60, "two", looks[-1]),
        around((truth, truth), values.shape[1]),
    )
    return np.min([rows_mean(values[:n]).p(region, level) for n in looks], axis=0)


STUDIES = (
    *MEAN_STUDIES,
    Study("Ordering", ordering_rate, 4000, note="Looks 16 … 256, nominal 0.01."),
    Study(
        "Lower bounds over four algorithms",
        lower_bound_rate,
        2000,
        note="Looks 16 … 256.",
    ),
    Study("Rounded rows against a law", rounded_rate, 400, note="Nominal 0.01."),
    Study("Laws", law_rate, 400, note="Nominal 0.01."),
    Study("Tables", table_rate, 500, note="Looks 16 … 256; not in the specification."),
    Study(
        "Percentile bootstrap with spent levels (forbidden)",
        percentile_rate,
        2000,
        note="What the specification prescribes for tables; looks 16, 32, 64.",
    ),
    Study(
        "Power at the reported resolution", resolution_power, 1000, note="Target 0.90."
    ),
    Study(
        "Power of bets at the reported resolution",
        betting_power,
        300,
        note="Target 0.90; not in the specification.",
    ),
    Study("Many claims", family_rate, 200, note="Family-wise level 0.01."),
    Study(
        "Rounding of float32 sums", rounding, 80, note="Units of eps × sum of |terms|."
    ),
)
