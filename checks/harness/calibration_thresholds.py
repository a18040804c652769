"""The tables of the specification as studies: thresholds and their widths."""

from collections.abc import Callable

import numpy as np
from scipy import stats

from . import crossing
from .calibration import Outcomes, Row, Study, binomial_limit, gridded, simulate
from .calibration_growth import ALPHA, LOOKS, Generator, bare
from .estimate import Estimate
from .kinds import Kind, threshold
from .samples import Samples

CROSS_SIZES = 32.0 * 2 ** np.arange(5)


def threshold_rate(replicates: int, rng: Generator) -> list[Row]:
    """Crossing 1 + 0.3 (d/32)^-ω, width 0.4 (d/32)^-1/2; tolerance 0."""
    found = []
    cases = (
        (
            "probit, omega 1/2",
            0.5,
            0.0,
            stats.norm.cdf,
            ("0.000", "1.00", "0.000"),
            binomial_limit,
        ),
        (
            "Gumbel, omega 1/2",
            0.5,
            0.0,
            _gumbel,
            ("0.000", "1.00", "0.003"),
            binomial_limit,
        ),
        (
            "probit, omega 1 + 0.05 d^-2",
            1.0,
            0.05,
            stats.norm.cdf,
            ("0.005", "1.00", "0.000"),
            binomial_limit,
        ),
        (
            "probit, omega 1/2 + 0.05/d",
            0.5,
            0.05,
            stats.norm.cdf,
            ("0.053", "1.00", "0.037 (the honest limit)"),
            lambda a, r: 0.12,
        ),
    )
    for name, omega, second, cdf, expected, allowed in cases:
        values, ratios = _success(replicates, rng, omega, second, cdf)
        for label, omegas, number in (
            ("right omega", (omega,), 0),
            ("wrong omega (forbidden)", (1.5 - omega,), 1),
            ("hull + beta", (0.5, 1.0), 2),
        ):
            out = _crossings(values, ratios, omegas)
            low, high = (0.3, 1.0) if number == 1 else (0.0, allowed(ALPHA, replicates))
            if number == 0:
                high = 1.0
            found.append(
                Row(
                    f"{name}: {label}",
                    out.violated,
                    expected[number],
                    low,
                    high,
                    replicates,
                )
            )
    return found


def threshold_power(replicates: int, rng: Generator) -> list[Row]:
    """Wrong limits of the crossing, and the width exponent 1/2."""
    values, ratios = _success(replicates, rng, 0.5, 0.0, stats.norm.cdf)
    found = [
        Row(
            f"limit off by {shift}: violated",
            _crossings(values, ratios, (0.5, 1.0), 1 + shift).violated,
            expected,
            0.9,
            1.0,
            replicates,
        )
        for shift, expected in ((0.05, "0.99"), (0.1, "1.00"))
    ]
    kind = threshold("ratio", "size", by=("replicate",), width=True)
    out = simulate(
        values,
        lambda v: _threshold(v, ratios, kind),
        (0.5, 0.5),
        LOOKS,
    )
    high = binomial_limit(ALPHA, replicates)
    return [
        *found,
        Row(
            "width exponent: false `violated`",
            out.violated,
            "≤ 0.005",
            0.0,
            high,
            replicates,
        ),
    ]


def _success(
    replicates: int, rng: Generator, omega: float, second: float, cdf: Callable
) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes (n, replicate, size, ratio) and the ratios of every size."""
    scale = CROSS_SIZES / 32
    center = 1 + 0.3 * scale**-omega + second * scale ** -(2 * omega)
    width = 0.4 * scale**-0.5
    ratios = center[:, None] + np.linspace(-2, 2, 9) * width[:, None]
    p = cdf((ratios - center[:, None]) / width[:, None])
    return 1.0 * (rng.random((LOOKS[-1], replicates, 5, 9)) < p), ratios


def _gumbel(x: np.ndarray) -> np.ndarray:
    """An asymmetric curve with its median at zero."""
    return np.exp(-np.log(2.0) * np.exp(-x))


def _threshold(values: np.ndarray, ratios: np.ndarray, kind: Kind) -> Estimate:
    samples = gridded(values, size=CROSS_SIZES, rank=np.arange(9))
    at = tuple(
        {
            "replicate": a["replicate"],
            "size": a["size"],
            "ratio": float(ratios[int(np.log2(a["size"] / 32)), int(a["rank"])]),
        }
        for a in samples.at
    )
    return crossing.threshold(Samples(samples.values, at, samples.error, True), kind)


def _crossings(
    values: np.ndarray,
    ratios: np.ndarray,
    omegas: tuple[float, ...],
    truth: float = 1.0,
) -> Outcomes:
    kind = threshold("ratio", "size", omegas, by=("replicate",))

    def build(rows: np.ndarray) -> Estimate:
        estimate = _threshold(rows, ratios, kind)
        return bare(estimate) if len(omegas) == 1 else estimate

    return simulate(values, build, (truth, truth), LOOKS)


THRESHOLD_STUDIES = (
    Study(
        "Thresholds",
        threshold_rate,
        100,
        note="Looks 16 … 256, five sizes, nine ratios.",
    ),
    Study(
        "Detection of wrong thresholds", threshold_power, 100, note="Looks 16 … 256."
    ),
)
