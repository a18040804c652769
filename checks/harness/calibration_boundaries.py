"""The tables of the specification as studies: the boundaries."""

from collections.abc import Callable

import numpy as np
from scipy import stats

from . import betting, binomial, mixture
from .calibration import (
    ALPHA,
    LOOKS,
    Generator,
    Outcomes,
    Row,
    Sampler,
    Study,
    alarm,
    lognormal,
    power,
    rows_mean,
    shown,
    simulate,
)
from .estimate import Level
from .means import Mean
from .spending import spent
from .verdict import VIOLATED

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
NO_THIRD_MOMENT = "Pareto tail 2.2"
SPEC_HALL = dict(
    zip(
        LAWS,
        (
            "0.001, 0.000",
            "0.001, 0.001",
            "0.001, 0.001",
            "0.000, 0.003",
            "0.002, 0.002",
            "0.000, 0.039 without guard",
            "0.003 (total)",
            "0.012 (total)",
        ),
        strict=True,
    )
)
SPEC_OTHERS = {
    "normal": ("0.027, 0.023", "0.004, 0.003", "0.001, 0.000"),
    "exponential": ("0.009, 0.083", "0.000, 0.036", "0.000, 0.005"),
    "lognormal, log-sd 0.5": ("0.007, 0.064", "0.000, 0.023", "0.000, 0.003"),
    "lognormal, log-sd 1": ("0.002, 0.164", "0.000, 0.098", "0.000, 0.025"),
    "Student t, 3 df": ("0.017, 0.016", "0.002, 0.002", "0.000, 0.000"),
    "Bernoulli 0.05": ("0.002, 0.091", "0.000, 0.046", "0.000, 0.046"),
}


def mixture_rate(replicates: int, rng: Generator, names: tuple[str, ...]) -> list[Row]:
    """t-mixture with Hall's correction, two-sided, looked at six times."""
    found = []
    for name in names:
        sampler, truth = LAWS[name]
        values = sampler(rng, (LOOKS[-1], replicates))
        out = simulate(values, rows_mean, (truth, truth), LOOKS)
        for side, share in zip(("below", "above"), _sides(out), strict=True):
            label = f"{name}: truth {side} the interval"
            found.append(alarm(label, share, SPEC_HALL[name], replicates))
    return found


def one_sided_rate(replicates: int, rng: Generator) -> list[Row]:
    """The same for one-sided regions, which may use nominal 0.01 on their side."""
    found = []
    for name, (sampler, truth) in LAWS.items():
        values = sampler(rng, (LOOKS[-1], replicates))
        hopeless = name == NO_THIRD_MOMENT  # shown, not required
        for side, region in (("upper", (-np.inf, truth)), ("lower", (truth, np.inf))):
            out = simulate(values, rows_mean, region, LOOKS, side=side, claimed=truth)
            label = f"{name}: false `violated`, {side} bound at the truth"
            label += " (an honest limit: no third moment)" * hopeless
            made = shown if hopeless else alarm
            found.append(made(label, out.violated, "", replicates))
    return found


def other_boundaries(replicates: int, rng: Generator) -> list[Row]:
    """What is not used: ordinary t intervals, spent levels, no skewness correction."""
    found = []
    for name, spec in SPEC_OTHERS.items():
        sampler, truth = LAWS[name]
        values = sampler(rng, (LOOKS[-1], replicates))
        region = (truth, truth)
        plain = simulate(values, lambda rows: _bare(rows, hall=False), region, LOOKS)
        peek = max(_t_misses(values, truth, lambda k: ALPHA))
        spend = max(_t_misses(values, truth, lambda k: spent(ALPHA, k)))
        low = 1.5 * ALPHA
        found += [
            power(
                f"{name}: fixed-n t interval (forbidden)",
                peek,
                spec[0],
                low,
                replicates,
            ),
            shown(f"{name}: t interval, spent levels", spend, spec[1], replicates),
            shown(f"{name}: t-mixture", max(_sides(plain)), spec[2], replicates),
        ]
        if name.startswith("Bernoulli"):
            bare = simulate(values, lambda rows: _bare(rows, hall=True), region, LOOKS)
            label = f"{name}: t-mixture with Hall's correction, no guard"
            found.append(shown(label, max(_sides(bare)), "0.000, 0.039", replicates))
    return found


def peeking_rate(replicates: int, rng: Generator) -> list[Row]:
    """The forbidden procedure: an ordinary t interval after every look."""
    found = []
    for name in ("normal", "exponential", "lognormal, log-sd 1"):
        sampler, truth = LAWS[name]
        values = sampler(rng, (LOOKS[-1], replicates))
        share = max(_t_misses(values, truth, lambda k: ALPHA))
        found.append(power(name, share, SPEC_OTHERS[name][0], 1.5 * ALPHA, replicates))
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
    for phi, spec in ((1.0, "0.034"), (10.0, "0.035"), (50.0, "0.027")):
        ever = np.zeros(replicates, dtype=bool)
        for k, size in enumerate(n):
            ever |= mixture.log_e(t[k], int(size), phi) >= -np.log(0.05)
        e_5 = np.exp(mixture.log_e(t[3], 5, phi))
        spread = 4 * e_5.std() / np.sqrt(replicates)
        label = f"phi = {phi:g}: ever outside, every n to 1000, nominal 0.05"
        low, high = 1 - spread, 1 + spread
        found += [
            alarm(label, ever.mean(), spec, replicates, 0.05),
            Row(
                f"phi = {phi:g}: mean of e_5", e_5.mean(), "1.00", low, high, replicates
            ),
        ]
    return found


def probability_rate(replicates: int, rng: Generator) -> list[Row]:
    """Beta-binomial mixture watched at every n up to 1000."""
    found = []
    n = np.arange(1, 1001)[:, None]
    for p, spec in ((0.02, "0.005"), (0.1, "0.008"), (0.5, "0.010")):
        successes = np.cumsum(rng.random((1000, replicates)) < p, axis=0)
        ever = (binomial.log_e(p, successes, n) >= -np.log(ALPHA)).any(0).mean()
        label = f"p = {p}: ever outside, every n to 1000"
        found.append(alarm(label, ever, spec, replicates))
    return found


def betting_rate(replicates: int, rng: Generator) -> list[Row]:
    """Bets against an upper bound, watched at every one of 512 rows."""
    cases: dict[str, tuple[Sampler, str, str, float]] = {
        "gamma(16)": (lambda r, s: r.gamma(16, size=s) / 16, "1.00", "1.00", 0.95),
        "uniform": (lambda r, s: 2 * r.random(s), "", "", 0.0),
        "exponential": (lambda r, s: r.exponential(size=s), "0.77", "0.79", 0.7),
        "lognormal, log-sd 1": (lognormal(1.0), "0.49", "0.54", 0.42),
        "lognormal, log-sd 2": (lognormal(2.0), "0.01", "0.001", 0.0),
    }
    found, bar = [], -np.log(ALPHA)
    for name, (sampler, spec, spec_mixture, low) in cases.items():
        values = sampler(rng, (512, replicates))
        false = (betting.log_wealth(values, 1.0, ALPHA).max(0) >= bar).mean()
        seen = (betting.log_wealth(1.2 * values, 1.0, ALPHA).max(0) >= bar).mean()
        rival = simulate(
            1.2 * values, rows_mean, (-np.inf, 1.0), LOOKS, side="upper", guards=False
        ).violated
        text = "0.0018–0.0035"
        found += [
            alarm(f"{name}: false `violated`, mean exactly b", false, text, replicates),
            power(
                f"{name}: mean 1.2 b seen within 512 rows", seen, spec, low, replicates
            ),
            shown(
                f"{name}: the same by the t-mixture", rival, spec_mixture, replicates
            ),
        ]
    return found


def hedged_width(replicates: int, rng: Generator) -> list[Row]:
    """Two-sided bets on Beta(1, 9) beside the t-mixture, n = 256 (one look)."""
    x, level = rng.beta(1, 9, size=(256, replicates)), 0.05
    lo = betting.lower_limit(x, level / 2)
    hi = 1 - betting.lower_limit(1 - x, level / 2)
    out = simulate(x, rows_mean, (0.1, 0.1), (256,), alpha=level)
    ends = rows_mean(x).interval(Level(level, "two", 256))
    misses = ((lo > 0.1) | (hi < 0.1)).mean()
    return [
        alarm("bets on both sides: outside", misses, "", replicates, level),
        alarm("t-mixture: outside", out.violated, "", replicates, level),
        shown("bets on both sides: width", (hi - lo).mean(), "0.043", replicates),
        shown("t-mixture: width", (ends[1] - ends[0]).mean(), "0.034", replicates),
    ]


def _sides(out: Outcomes) -> tuple[float, float]:
    """Shares of runs with the truth below and above the interval."""
    above = float(((out.verdicts == VIOLATED) & out.above).mean())
    return above, out.violated - above


def _bare(values: np.ndarray, hall: bool) -> Mean:
    """The t-mixture without guards; constant rows have no interval."""
    estimate = rows_mean(values)
    estimate.hall = hall
    estimate.reasons = np.where(estimate.se > 0, "", "discrete").astype(object)
    return estimate


def _t_misses(
    values: np.ndarray, truth: float, level: Callable[[int], float]
) -> tuple[float, float]:
    """How often the truth was ever below, or above, an ordinary t interval."""
    below, above = np.zeros((2, values.shape[1]), dtype=bool)
    for k, n in enumerate(LOOKS, start=1):
        rows = values[:n]
        se = rows.std(0, ddof=1) / np.sqrt(n)
        t = np.where(se > 0, rows.mean(0) - truth, 0.0) / np.where(se > 0, se, 1.0)
        bar = stats.t.isf(level(k) / 2, n - 1)
        below, above = below | (t > bar), above | (t < -bar)
    return float(below.mean()), float(above.mean())


BOUNDARY_STUDIES = (
    Study(
        "t-mixture with Hall's correction",
        lambda r, g: mixture_rate(r, g, tuple(LAWS)),
        6000,
        "Ever-false rate over looks 16 … 512, nominal 0.01, both sides together.",
    ),
    Study(
        "t-mixture with Hall's correction, one-sided",
        one_sided_rate,
        3000,
        "Ever-false rate over looks 16 … 512, nominal 0.01 on this side alone.",
    ),
    Study(
        "Other boundaries",
        other_boundaries,
        6000,
        "The worse side, nominal 0.01 for both. Peeking must be inflated: this proves "
        "that the bench sees an invalid procedure.",
    ),
    Study("t-mixture at every n", mixture_path, 4000, "Normal data, unknown variance."),
    Study("Beta-binomial mixture", probability_rate, 4000, "Nominal 0.01, two sides."),
    Study("Betting against upper bounds", betting_rate, 4000, "Nominal 0.01."),
    Study("Bets on both sides", hedged_width, 400, "Nominal 0.05; not used."),
)
