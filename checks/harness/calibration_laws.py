"""The tables of the specification as studies: laws, tables, rounding."""

from collections.abc import Callable

import numpy as np
from scipy import special, stats

from . import laws, tables
from .calibration import (
    ALPHA,
    SHORT_LOOKS,
    Generator,
    Row,
    Study,
    alarm,
    as_samples,
    power,
    shown,
    simulate,
)

LAW_LOOKS, CELLS = (500, 1000, 2000, 4000, 8000), 32


def law_rate(replicates: int, rng: Generator) -> list[Row]:
    """DKW with spent levels, looks 500 … 8000, beside the multinomial e-value."""
    gaps, shape = rng.exponential(size=(8000, replicates)), (8000, replicates)
    peek = np.zeros(replicates, dtype=bool)
    for n in LAW_LOOKS:
        distance = laws.one_sample_distance(gaps[:n], exponential)
        peek |= distance > np.sqrt(np.log(2 / ALPHA) / (2 * n))
    false = law_violated(gaps, exponential)
    pair = np.stack([gaps, rng.exponential(size=shape)], axis=1)
    equal = law_violated(pair, None, paired=True)
    found = [
        alarm("the claimed law: false `violated`", false, "0.007", replicates),
        alarm("two samples of one law: false `violated`", equal, "", replicates),
        alarm(
            "Dirichlet cells: false `violated`", dirichlet(gaps), "0.000", replicates
        ),
        power(
            "fixed-n DKW looked at 5 times (forbidden)",
            peek.mean(),
            "0.027",
            0.012,
            replicates,
        ),
    ]
    for name, values, spec, low, high, spec_cells in (
        ("rate off 5 %", 1.05 * gaps, "0.43", 0.3, 0.6, "0"),
        ("rate off 10 %", 1.1 * gaps, "1.00", 0.97, 1.0, "0"),
        ("gamma of shape 1.1", rng.gamma(1.1, size=shape) / 1.1, "0.54", 0.0, 1.0, "0"),
        (
            "gamma of shape 1.25",
            rng.gamma(1.25, size=shape) / 1.25,
            "1.00",
            0.9,
            1.0,
            "0.995",
        ),
    ):
        seen, cells = law_violated(values, exponential), dirichlet(values)
        found += [
            power(f"{name}: violated", seen, spec, low, replicates, high),
            shown(f"{name}: by Dirichlet cells", cells, spec_cells, replicates),
        ]
    return found


def rounded_rate(replicates: int, rng: Generator) -> list[Row]:
    """Exponential gaps rounded up: naive transform (forbidden) and randomised."""
    gaps, found = rng.exponential(size=(8000, replicates)), []
    for step, spec in ((0.02, "0.20–0.84"), (0.1, "1.00")):
        values = np.ceil(gaps / step) * step
        naive = law_violated(values, exponential)
        randomised = law_violated(
            values, exponential, lambda x, step=step: exponential(x - step)
        )
        label = f"gaps rounded up to {step}"
        found += [
            power(f"{label}: naive (forbidden)", naive, spec, 0.1, replicates),
            alarm(f"{label}: randomised", randomised, "0.005–0.012", replicates),
        ]
    return found


def law_violated(
    values: np.ndarray, law: object, left: object = None, paired: bool = False
) -> float:
    """How often rows are found not to follow a law, or two samples not the same."""

    def build(rows: np.ndarray) -> laws.Distance:
        rows = np.moveaxis(rows, 1, -1) if paired else rows
        return laws.law(as_samples(rows, paired), law, left)  # pyright: ignore[reportArgumentType] (a function or None)

    rows = np.moveaxis(values, 1, -1) if paired else values
    return simulate(
        rows, build, (-np.inf, 0.0), LAW_LOOKS, side="upper", claimed=0.0
    ).violated


def dirichlet(values: np.ndarray) -> float:
    """How often counts in 32 equal cells exclude the uniform law, by an e-value.

    Dirichlet(1)-multinomial against multinomial: exact at every n, and weaker than
    DKW; not used by the rule.
    """
    cells = np.minimum((exponential(values) * CELLS).astype(int), CELLS - 1)
    ever = np.zeros(values.shape[1], dtype=bool)
    for n in LAW_LOOKS:
        flat = cells[:n] + CELLS * np.arange(values.shape[1])
        counts = np.bincount(flat.ravel(), minlength=CELLS * values.shape[1])
        mixed = special.gammaln(counts.reshape(-1, CELLS) + 1).sum(1)
        mixed += special.gammaln(CELLS) - special.gammaln(n + CELLS)
        ever |= mixed + n * np.log(CELLS) >= -np.log(ALPHA)
    return float(ever.mean())


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
    found = []
    for name, (of, truth) in TABLES.items():
        values = rng.exponential(size=(SHORT_LOOKS[-1], replicates))
        for level, shift in ((ALPHA, 0.0), (1e-4, 0.0), (1e-4, 0.8)):
            share = simulate(
                values,
                lambda rows, of=of: tables.table(as_samples(rows), of),
                (truth + shift, truth + shift),
                SHORT_LOOKS,
                alpha=level,
            ).violated
            label = f"{name}, claim off by {shift:g}, nominal {level:g}: violated"
            wild = name.startswith("standard")  # rows squared: skewness 6
            note = "the price of its skewness" if wild else ""
            found.append(
                power(label, share, note, 0.0 if wild else 0.9, replicates)
                if shift
                else alarm(label, share, "", replicates, level)
            )
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
        found.append(power(label, ever.mean(), "", 5 * level, replicates))
    return found


def rounding(replicates: int, rng: Generator) -> list[Row]:
    """Float32 dot products in units of eps times the sum of absolute terms."""
    found = []
    for length, spec in ((10, "0.50"), (1000, "0.18"), (100000, "0.12")):
        worst = 0.0
        for _ in range(replicates):
            x, y = rng.standard_normal((2, length)).astype(np.float32)
            exact = x.astype(float) @ y.astype(float)
            kappa = np.abs(x.astype(float) * y).sum()
            units = kappa * np.finfo(np.float32).eps
            worst = max(worst, abs(float(x @ y) - exact) / units)
        label = f"length {length}: worst error"
        found.append(power(label, worst, spec, 0.0, replicates, 4.0))
    return found


LAW_STUDIES = (
    Study("Laws", law_rate, 400, "Looks 500 … 8000, nominal 0.01."),
    Study("Rounded rows against a law", rounded_rate, 400, "Nominal 0.01."),
    Study("Tables", table_rate, 500, "Looks 16 … 256; not in the specification."),
    Study(
        "Percentile bootstrap with spent levels (forbidden)",
        percentile_rate,
        2000,
        "What the specification prescribes for tables; looks 16, 32, 64.",
    ),
    Study(
        "Rounding of float32 sums",
        rounding,
        80,
        "Units of eps × sum of |terms|; K = 4.",
    ),
)
