"""The tables of the specification as studies: limits and exponents."""

from collections.abc import Callable

import numpy as np
from scipy import stats

from . import growth
from .calibration import Outcomes, Row, Study, binomial_limit, gridded, simulate
from .estimate import Estimate
from .kinds import Kind, exponent, limit
from .leastsquares import fit

Generator = np.random.Generator
ALPHA = 0.01
LOOKS = (16, 32, 64, 128, 256)
Curve = Callable[[np.ndarray], np.ndarray]
LIMIT_SIZES = 64.0 * 2 ** np.arange(5)
POWER_SIZES = 32.0 * 2 ** np.arange(7)


def limit_rate(replicates: int, rng: Generator) -> list[Row]:
    """Lognormal noise around y = 1 + 0.3 (corrections); nominal 0.01 at tolerance 0."""
    truths: dict[str, tuple[Curve, float, tuple[str, str, str]]] = {
        "1/N": (lambda s: 1 / s, 1.0, ("0.002", "0.345", "0.003")),
        "1/N + 0.1/N²": (
            lambda s: 1 / s + 0.1 / s**2 / 0.3,
            1.0,
            ("0.012", "0.801", "0.006"),
        ),
        "N^-1/2 + 0.05/N": (
            lambda s: s**-0.5 + 0.05 / s / 0.3,
            0.5,
            ("0.003", "0.567", "0.000"),
        ),
    }
    found = []
    for name, (shape, omega, expected) in truths.items():
        center = 1 + 0.3 * shape(LIMIT_SIZES / 64)
        noise = 0.4 * rng.standard_normal((LOOKS[-1], replicates, 5)) - 0.08
        values = center * np.exp(noise)
        wrong = 1.5 - omega
        found += _three(
            name, values, limit, (omega,), (wrong,), 1.0, expected, "size", LIMIT_SIZES
        )
    return found


def exponent_rate(replicates: int, rng: Generator) -> list[Row]:
    """Exponent 1/2 with corrections, lognormal noise of log-sd 0.5; tolerance 0."""
    base = POWER_SIZES / 32

    def corrected(c: float, omega: float) -> np.ndarray:
        return 1 + c * base**-omega

    truths = {
        "pure power": (corrected(0, 1), "0.002"),
        "0.3/N": (corrected(0.3, 1), "0.000"),
        "0.3 N^-1/2": (corrected(0.3, 0.5), "0.000"),
        "-0.4 N^-1/2": (corrected(-0.4, 0.5), "0.000"),
        "0.5 N^-1/2 - 0.3/N": (1 + 0.5 * base**-0.5 - 0.3 / base, "0.007"),
        "-0.4 N^-1/2 + 0.3/N": (1 - 0.4 * base**-0.5 + 0.3 / base, "0.013"),
    }
    found = []
    for name, (shape, expected) in truths.items():
        center = POWER_SIZES**-0.5 * shape
        values = center * np.exp(
            0.5 * rng.standard_normal((LOOKS[-1], replicates, 7)) - 0.125
        )
        out = _judge(
            values, exponent("size", by=("replicate",)), (0.5, 0.5), size=POWER_SIZES
        )
        limit_ = binomial_limit(ALPHA, replicates)
        found.append(
            Row(f"{name}: hull + beta", out.violated, expected, 0.0, limit_, replicates)
        )
    return found


def window_picking(replicates: int, rng: Generator) -> list[Row]:
    """The forbidden procedures: a pure fit, and the largest window that passes."""
    base = POWER_SIZES / 32
    found = []
    for name, shape, expected in (
        ("0.3/N", 1 + 0.3 / base, ("0.996", "0.54")),
        ("-0.4 N^-1/2", 1 - 0.4 * base**-0.5, ("1.000", "0.90")),
    ):
        center = POWER_SIZES**-0.5 * shape
        values = center * np.exp(
            0.5 * rng.standard_normal((256, replicates, 7)) - 0.125
        )
        pure, window = zip(
            *[_pure_fits(values[:, k]) for k in range(replicates)], strict=True
        )
        found += [
            Row(
                f"{name}: pure power through all sizes",
                np.mean(pure),
                expected[0],
                low=0.5,
                replicates=replicates,
            ),
            Row(
                f"{name}: largest window that fits",
                np.mean(window),
                expected[1],
                low=0.1,
                replicates=replicates,
            ),
        ]
    return found


def exponent_power(replicates: int, rng: Generator) -> list[Row]:
    """Detection of a wrong exponent at n = 256, pure power."""
    found = []
    for sd, claimed, expected, low in (
        (0.5, 0.7, "0.90", 0.75),
        (0.5, 0.6, "0.15", 0.0),
        (0.15, 0.6, "0.98", 0.9),
    ):
        noise = sd * rng.standard_normal((LOOKS[-1], replicates, 7))
        values = POWER_SIZES**-0.5 * np.exp(noise - sd**2 / 2)
        out = _judge(
            values,
            exponent("size", by=("replicate",)),
            (claimed, claimed),
            size=POWER_SIZES,
        )
        label = f"0.5 against {claimed}, log-sd {sd}: violated"
        found.append(Row(label, out.violated, expected, low, 1.0, replicates))
    return found


def cluster_intervals(replicates: int, rng: Generator) -> list[Row]:
    """95 % intervals of a slope: sizes treated as independent, or whole seeds."""
    logs = np.log(POWER_SIZES / 32)
    z, n = float(stats.norm.isf(0.025)), 64
    found = []
    for name, expected in (
        ("independent sizes", ("0.044", "0.048")),
        ("common factor per seed", ("0.000", "0.050")),
        ("seed-dependent slope", ("0.080", "0.050")),
    ):
        noise = 0.5 * rng.standard_normal((n, replicates, 7))
        if name == "common factor per seed":
            noise = 0.15 * noise + 0.5 * rng.standard_normal((n, replicates, 1))
        if name == "seed-dependent slope":
            noise += (
                0.08 * rng.standard_normal((n, replicates, 1)) * (logs - logs.mean())
            )
        naive, cluster = zip(
            *[_slope_misses(noise[:, k], logs, z) for k in range(replicates)],
            strict=True,
        )
        spread = 4 * np.sqrt(0.05 * 0.95 / replicates)
        found += [
            Row(
                f"{name}: independent formula",
                np.mean(naive),
                expected[0],
                replicates=replicates,
            ),
            Row(
                f"{name}: whole-seed influence",
                np.mean(cluster),
                expected[1],
                0.05 - spread,
                0.06 + spread,
                replicates,
            ),
        ]
    return found


def _three(
    name: str,
    values: np.ndarray,
    kind: Callable[..., Kind],
    right: tuple[float, ...],
    wrong: tuple[float, ...],
    truth: float,
    expected: tuple[str, str, str],
    axis: str,
    sizes: np.ndarray,
) -> list[Row]:
    """Right correction, wrong correction, and what the harness does."""
    found, replicates = [], values.shape[1]
    high = binomial_limit(ALPHA, replicates)
    for label, omegas, number in (
        ("right omega", right, 0),
        ("wrong omega (forbidden)", wrong, 1),
        ("hull + beta", (0.5, 1.0), 2),
    ):
        low, top = (0.0, high)
        if number < 2:
            low, top = 0.0, 1.0
        out = _judge(
            values,
            kind(axis, omegas, by=("replicate",)),
            (truth, truth),
            beta=number == 2,
            **{axis: sizes},
        )
        found.append(
            Row(
                f"{name}: {label}", out.violated, expected[number], low, top, replicates
            )
        )
    return found


def _judge(
    values: np.ndarray,
    kind: Kind,
    region: tuple[float, float],
    beta: bool = True,
    **axes: np.ndarray,
) -> Outcomes:
    estimator = growth.limit if kind.name == "limit" else growth.exponent

    def build(rows: np.ndarray) -> Estimate:
        estimate = estimator(gridded(rows, **axes), kind)
        return estimate if beta else bare(estimate)

    return simulate(values, build, region, LOOKS)


def bare(estimate: Estimate) -> Estimate:
    """Without the systematic budget and without the gate: what the field does."""
    if isinstance(estimate, growth.Studentised):
        center, se, bias = estimate.fits
        estimate.fits = (center, se, 0 * bias)
        estimate.kept = np.ones_like(estimate.kept)
        estimate.reasons[:] = ""
    return estimate


def _pure_fits(values: np.ndarray) -> tuple[bool, bool]:
    """Whether pure power fits (all sizes; best window) exclude the truth at 1 %."""
    n, center = len(values), values.mean(0)
    se = values.std(0, ddof=1) / np.sqrt(n) / center
    logs, z = -np.log(POWER_SIZES), stats.norm.isf(0.005)
    misses = []
    for first in range(4):
        x = np.stack([np.ones(7 - first), logs[first:]], axis=1)
        weights = 1 / se[first:] ** 2
        fitted = fit(x, np.log(center[first:]), weights)
        error = np.sqrt(np.linalg.inv((x * weights[:, None]).T @ x)[1, 1])
        misses.append((abs(fitted.coefficients[1] - 0.5) > z * error, fitted.gof))
    chosen = next((miss for miss, gof in misses if gof > 0.05), misses[-1][0])
    return bool(misses[0][0]), bool(chosen)


def _slope_misses(noise: np.ndarray, logs: np.ndarray, z: float) -> tuple[bool, bool]:
    """Whether 95 % intervals miss slope 0: independent formula, whole seeds."""
    n, center = len(noise), noise.mean(0)
    variance = noise.var(0, ddof=1) / n
    fitted = fit(np.stack([np.ones(7), logs], axis=1), center, 1 / variance)
    slope, h = fitted.coefficients[1], fitted.map[1]
    psi = (noise - center) @ h
    naive, cluster = np.sqrt(h**2 @ variance), psi.std(ddof=1) / np.sqrt(n)
    return bool(abs(slope) > z * naive), bool(abs(slope) > z * cluster)


GROWTH_STUDIES = (
    Study("Limits", limit_rate, 200, note="Looks 16 … 256, five sizes, nominal 0.01."),
    Study(
        "Exponents",
        exponent_rate,
        100,
        note="Looks 16 … 256, seven sizes, nominal 0.01.",
    ),
    Study(
        "Window picking (forbidden)", window_picking, 300, note="One look at n = 256."
    ),
    Study("Detection of wrong exponents", exponent_power, 100, note="Looks 16 … 256."),
    Study(
        "Clustered intervals of a slope",
        cluster_intervals,
        1000,
        note="n = 64, nominal 0.05.",
    ),
)
