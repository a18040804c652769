"""The tables of the specification as studies: means, probabilities, laws."""

from collections.abc import Callable

import numpy as np
from scipy import stats

from . import betting, binomial, laws, means, mixture, proportions, tables
from .calibration import (
    Outcomes,
    Row,
    Study,
    around,
    as_samples,
    binomial_limit,
    simulate,
)
from .estimate import Level
from .family import holm
from .judge import decide
from .verdict import VIOLATED

Generator = np.random.Generator
ALPHA = 0.01
LOOKS = (16, 32, 64, 128, 256, 512)
Sampler = Callable[[Generator, tuple[int, ...]], np.ndarray]


def lognormal(sd: float) -> Sampler:
    """Lognormal rows with mean one."""
    return lambda rng, shape: np.exp(sd * rng.standard_normal(shape) - sd**2 / 2)


LAWS: dict[str, tuple[Sampler, float]] = {
    "normal": (lambda rng, shape: rng.standard_normal(shape), 0.0),
    "exponential": (lambda rng, shape: rng.exponential(size=shape), 1.0),
    "lognormal, log-sd 0.5": (lognormal(0.5), 1.0),
    "lognormal, log-sd 1": (lognormal(1.0), 1.0),
    "Student t, 3 df": (lambda rng, shape: rng.standard_t(3, size=shape), 0.0),
    "Bernoulli 0.05": (lambda rng, shape: 1.0 * (rng.random(shape) < 0.05), 0.05),
    "Pareto tail 3": (lambda rng, shape: rng.pareto(3.0, size=shape), 0.5),
    "Pareto tail 2.2": (lambda rng, shape: rng.pareto(2.2, size=shape), 1 / 1.2),
}
SPEC_HALL = {
    "normal": "0.001, 0.000",
    "exponential": "0.001, 0.001",
    "lognormal, log-sd 0.5": "0.001, 0.001",
    "lognormal, log-sd 1": "0.000, 0.003",
    "Student t, 3 df": "0.002, 0.002",
    "Bernoulli 0.05": "0.000, 0.039 without guard",
    "Pareto tail 3": "0.003 (total)",
    "Pareto tail 2.2": "0.012 (total)",
}
SPEC_PEEKING = {
    "normal": "0.027, 0.023",
    "exponential": "0.009, 0.083",
    "lognormal, log-sd 1": "0.002, 0.164",
}


def rows_mean(values: np.ndarray) -> means.Mean:
    """The mean of plain rows."""
    return means.mean(as_samples(values), None, None)


def mixture_rate(replicates: int, rng: Generator, names: tuple[str, ...]) -> list[Row]:
    """t-mixture with Hall's correction, looked at six times, against each side."""
    found = []
    for name in names:
        sampler, truth = LAWS[name]
        values = sampler(rng, (LOOKS[-1], replicates))
        limit = binomial_limit(ALPHA, replicates)
        found.extend(
            Row(
                f"{name}: false `violated`, {side} bound at the truth",
                simulate(values, rows_mean, region, LOOKS, side=side).violated,
                SPEC_HALL[name],
                high=limit,
                replicates=replicates,
            )
            for side, region in (
                ("upper", (-np.inf, truth)),
                ("lower", (truth, np.inf)),
            )
        )
    return found


def peeking_rate(replicates: int, rng: Generator) -> list[Row]:
    """The forbidden procedure: an ordinary t interval after every look."""
    found = []
    for name, expected in SPEC_PEEKING.items():
        sampler, truth = LAWS[name]
        values = sampler(rng, (LOOKS[-1], replicates))
        outside = [_t_statistic(values[:n], truth) for n in LOOKS]
        bars = [stats.t.isf(ALPHA, n - 1) for n in LOOKS]
        below = np.any([t > c for t, c in zip(outside, bars, strict=True)], axis=0)
        above = np.any([-t > c for t, c in zip(outside, bars, strict=True)], axis=0)
        worst = max(below.mean(), above.mean())
        label = f"{name}: worse side of a fixed-n t interval looked at 6 times"
        low = 1.5 * ALPHA
        found.append(Row(label, worst, expected, low=low, replicates=replicates))
    return found


def mixture_path(replicates: int, rng: Generator) -> list[Row]:
    """The t-mixture watched at every n up to 1000, normal data, level 0.05."""
    values = rng.standard_normal((1000, replicates))
    n = np.arange(2, 1001)
    sums, squares = np.cumsum(values, 0)[1:], np.cumsum(values**2, 0)[1:]
    center = sums / n[:, None]
    variance = (squares - n[:, None] * center**2) / (n[:, None] - 1)
    t = np.sqrt(n)[:, None] * center / np.sqrt(variance)
    found = []
    for phi, expected in ((1.0, "0.034"), (10.0, "0.035"), (50.0, "0.027")):
        ever = np.zeros(replicates, dtype=bool)
        for k, size in enumerate(n):
            ever |= mixture.log_e(t[k], int(size), phi) >= -np.log(0.05)
        e_5 = np.exp(mixture.log_e(t[3], 5, phi))
        spread = 4 * e_5.std() / np.sqrt(replicates)
        limit = binomial_limit(0.05, replicates)
        label = f"phi = {phi:g}: ever outside, every n to 1000, nominal 0.05"
        found += [
            Row(label, ever.mean(), expected, high=limit, replicates=replicates),
            Row(
                f"phi = {phi:g}: mean of e_5",
                e_5.mean(),
                "1.00",
                low=1 - spread,
                high=1 + spread,
                replicates=replicates,
            ),
        ]
    return found


def probability_rate(replicates: int, rng: Generator) -> list[Row]:
    """Beta-binomial mixture watched at every n up to 1000."""
    found = []
    n = np.arange(1, 1001)[:, None]
    for p, expected in ((0.02, "0.005"), (0.1, "0.008"), (0.5, "0.010")):
        successes = np.cumsum(rng.random((1000, replicates)) < p, axis=0)
        ever = (binomial.log_e(p, successes, n) >= -np.log(ALPHA)).any(0).mean()
        limit = binomial_limit(ALPHA, replicates)
        label = f"p = {p}: ever outside, every n to 1000"
        found.append(Row(label, ever, expected, high=limit, replicates=replicates))
    return found


def betting_rate(replicates: int, rng: Generator) -> list[Row]:
    """Bets against an upper bound, watched at every one of 512 rows."""
    cases: dict[str, tuple[Sampler, str]] = {
        "gamma(16)": (lambda r, s: r.gamma(16, size=s) / 16, "1.00 after 56"),
        "uniform": (lambda r, s: 2 * r.random(s), ""),
        "exponential": (lambda r, s: r.exponential(size=s), "0.77"),
        "lognormal, log-sd 1": (lognormal(1.0), "0.49"),
        "lognormal, log-sd 2": (lognormal(2.0), "0.01"),
    }
    low = {"gamma(16)": 0.95, "exponential": 0.7, "lognormal, log-sd 1": 0.42}
    found = []
    for name, (sampler, power) in cases.items():
        values = sampler(rng, (512, replicates))
        bar = -np.log(ALPHA)
        false = (betting.log_wealth(values, 1.0, ALPHA).max(0) >= bar).mean()
        seen = (betting.log_wealth(1.2 * values, 1.0, ALPHA).max(0) >= bar).mean()
        limit = binomial_limit(ALPHA, replicates)
        found += [
            Row(
                f"{name}: false `violated`, mean exactly b",
                false,
                "0.0018–0.0035",
                high=limit,
                replicates=replicates,
            ),
            Row(
                f"{name}: mean 1.2 b seen within 512 rows",
                seen,
                power,
                low=low.get(name, -np.inf),
                replicates=replicates,
            ),
        ]
    return found


def operating_characteristic(replicates: int, rng: Generator) -> list[Row]:
    """Sequential equivalence check, tolerance 0.25 sd, looks 32 … 4096."""
    looks, tol = tuple(32 * 2**k for k in range(8)), 0.25
    expected = {
        0.0: ("1.00 / 1.00", "466 / 504"),
        0.5: ("1.00 / 1.00", "1288 / 1510"),
        1.0: ("0.000 / 0.005", "4096 / 4081"),
        1.5: ("0 / 0", "1259 / 1084"),
        2.0: ("0 / 0", "346 / 261"),
        3.0: ("0 / 0", "115 / 79"),
    }
    ranges = {
        0.0: (0.98, 1),
        0.5: (0.95, 1),
        1.0: (0, binomial_limit(ALPHA, replicates)),
    }
    found = []
    for name in ("normal", "exponential"):
        sampler, truth = LAWS[name]
        for deviation, (share, seeds) in expected.items():
            values = sampler(rng, (looks[-1], replicates)) + deviation * tol
            out = simulate(values, rows_mean, (truth - tol, truth + tol), looks)
            low, high = ranges.get(deviation, (0.0, 0.01))
            label = f"{name}, deviation {deviation:g} tol"
            found.append(
                Row(
                    f"{label}: consistent", out.consistent, share, low, high, replicates
                )
            )
            low, high = (
                (0.95, 1.0)
                if deviation >= 1.5
                else (0.0, binomial_limit(ALPHA, replicates))
            )
            found.append(
                Row(f"{label}: violated", out.violated, "", low, high, replicates)
            )
            found.append(
                Row(
                    f"{label}: mean rows",
                    out.seeds.mean(),
                    seeds,
                    replicates=replicates,
                )
            )
    return found


def smooth_functions(replicates: int, rng: Generator) -> list[Row]:
    """Leave-one-out pseudo-values of functions of column means, both sides."""

    def ratio(m: np.ndarray) -> np.ndarray:
        return m[..., 0] / m[..., 1]

    def variance(m: np.ndarray) -> np.ndarray:
        return m[..., 1] - m[..., 0] ** 2

    def overlap(m: np.ndarray) -> np.ndarray:
        return m[..., 0] / np.sqrt(m[..., 1] * m[..., 2])

    shape = (LOOKS[-1], replicates)
    common = rng.exponential(size=shape)
    pair = [rng.exponential(size=shape) + common for _ in range(2)]
    normal, exponential = rng.standard_normal(shape), rng.exponential(size=shape)
    mild, wild = (_overlapping(rng, shape, sd) for sd in (0.25, 0.5))
    cases = {
        "ratio of correlated exponential means": (pair, ratio, 1.0, "0.001"),
        "variance of normals": ([normal, normal**2], variance, 1.0, "0.001"),
        "variance of exponentials": (
            [exponential, exponential**2],
            variance,
            1.0,
            "0.007",
        ),
        "overlap of lognormals, log-sd 0.35": (mild, overlap, np.exp(-0.0625), "0.011"),
        "overlap, log-sd 0.7 (an honest limit)": (wild, overlap, np.exp(-0.25), ""),
    }
    found = []
    for name, (columns, of, truth, expected) in cases.items():
        out = simulate(
            np.stack(columns, axis=-1),
            lambda values, of=of: means.mean(as_samples(values), of, None),
            (truth, truth),
            LOOKS,
        )
        limit = binomial_limit(ALPHA, replicates) if expected else 0.1
        found.append(
            Row(
                f"{name}: false `violated`",
                out.violated,
                expected,
                high=limit,
                replicates=replicates,
            )
        )
    return found


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


def law_rate(replicates: int, rng: Generator) -> list[Row]:
    """DKW with spent levels on uniform rows, looks 500 … 8000; power; rounded rows."""
    looks = (500, 1000, 2000, 4000, 8000)
    limit = binomial_limit(ALPHA, replicates)

    def judged(values: np.ndarray, law: object) -> Outcomes:
        build = lambda v: laws.law(as_samples(v), law, None)  # noqa: E731
        return simulate(values, build, (-np.inf, 0.0), looks, side="upper", claimed=0.0)

    def exponential(x: np.ndarray) -> np.ndarray:
        return -np.expm1(-np.maximum(x, 0.0))

    uniform = judged(rng.random((8000, replicates)), laws.uniform).violated
    gaps = rng.exponential(size=(8000, replicates))
    peek = np.zeros(replicates, dtype=bool)
    for n in looks:
        distance = laws.one_sample_distance(gaps[:n], exponential)
        peek |= distance > np.sqrt(np.log(2 / ALPHA) / (2 * n))
    found = [
        Row("uniform: false `violated`", uniform, "0.007", 0.0, limit, replicates),
        Row(
            "fixed-n DKW looked at 5 times (forbidden)",
            peek.mean(),
            "0.027",
            low=1.2 * ALPHA,
            replicates=replicates,
        ),
        Row(
            "rate off 5 %: violated",
            judged(1.05 * gaps, exponential).violated,
            "0.43",
            0.3,
            0.6,
            replicates,
        ),
        Row(
            "rate off 10 %: violated",
            judged(1.1 * gaps, exponential).violated,
            "1.00",
            0.97,
            1.0,
            replicates,
        ),
    ]
    for step, expected in ((0.02, "0.20–0.84"), (0.1, "1.00")):
        values = np.ceil(gaps / step) * step
        naive = judged(values, exponential).violated
        randomised = simulate(
            values,
            lambda v, step=step: laws.law(
                as_samples(v), exponential, lambda x: exponential(x - step)
            ),
            (-np.inf, 0.0),
            looks,
            side="upper",
            claimed=0.0,
        ).violated
        found += [
            Row(
                f"gaps rounded up to {step}: naive",
                naive,
                expected,
                low=0.1,
                replicates=replicates,
            ),
            Row(
                f"gaps rounded up to {step}: randomised",
                randomised,
                "0.005 (0.012)",
                high=limit,
                replicates=replicates,
            ),
        ]
    return found


def table_rate(replicates: int, rng: Generator) -> list[Row]:
    """Bootstrap of whole rows with spent levels: the median of exponential rows."""
    looks = LOOKS[:-1]
    values = rng.exponential(size=(looks[-1], replicates, 1))

    def build(rows: np.ndarray) -> tables.Bootstrapped:
        return tables.table(as_samples(rows[..., 0]), lambda t: np.median(t, axis=0))

    found = []
    for shift, expected in ((0.0, "not in the specification"), (0.5, "")):
        truth = np.log(2.0) + shift
        out = simulate(values, build, (truth, truth), looks)
        high = binomial_limit(ALPHA, replicates) if not shift else 1.0
        low = 0.9 if shift else 0.0
        label = f"median of exponentials, claim off by {shift:g}: violated"
        found.append(Row(label, out.violated, expected, low, high, replicates))
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


def _overlapping(rng: Generator, shape: tuple[int, ...], sd: float) -> list:
    """Columns ab, aa, bb of lognormals that share half the variance of their logs."""
    z = rng.standard_normal(shape)
    a, b = (np.exp(sd * (z + rng.standard_normal(shape))) for _ in range(2))
    return [a * b, a * a, b * b]


def _t_statistic(values: np.ndarray, truth: float) -> np.ndarray:
    n = len(values)
    return (values.mean(0) - truth) / values.std(0, ddof=1) * np.sqrt(n)


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
    Study(
        "t-mixture with Hall's correction",
        lambda r, g: mixture_rate(r, g, tuple(LAWS)),
        6000,
        note="Ever-false rate over looks 16 … 512, nominal 0.01 per side, guards on.",
    ),
    Study(
        "Peeking with ordinary intervals (forbidden)",
        peeking_rate,
        6000,
        note="Must be inflated: this proves that the bench sees an invalid procedure.",
    ),
    Study(
        "t-mixture at every n",
        mixture_path,
        4000,
        note="Normal data of unknown variance.",
    ),
    Study(
        "Beta-binomial mixture", probability_rate, 4000, note="Nominal 0.01, two sides."
    ),
    Study("Betting against upper bounds", betting_rate, 4000, note="Nominal 0.01."),
    Study(
        "Operating characteristic", operating_characteristic, 300, note="Nominal 0.01."
    ),
    Study(
        "Smooth functions of means",
        smooth_functions,
        1500,
        note="Looks 16 … 512, nominal 0.01.",
    ),
    Study("Ordering", ordering_rate, 4000, note="Looks 16 … 256, nominal 0.01."),
    Study(
        "Lower bounds over four algorithms",
        lower_bound_rate,
        2000,
        note="Looks 16 … 256.",
    ),
    Study("Laws", law_rate, 400, note="Nominal 0.01."),
    Study("Tables", table_rate, 300, note="Looks 16 … 256, nominal 0.01."),
    Study(
        "Power at the reported resolution", resolution_power, 1000, note="Target 0.90."
    ),
    Study("Many claims", family_rate, 200, note="Family-wise level 0.01."),
    Study(
        "Rounding of float32 sums", rounding, 80, note="Units of eps × sum of |terms|."
    ),
)
