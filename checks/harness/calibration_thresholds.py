"""The tables of the specification as studies: thresholds and their widths."""

from collections.abc import Callable

import numpy as np
from scipy import stats

from . import crossing
from .calibration import (
    SHORT_LOOKS,
    Generator,
    Row,
    Study,
    alarm,
    gridded,
    power,
    replayed,
    shown,
)
from .calibration_growth import Spec, four_ways, half_width
from .estimate import Estimate
from .kinds import Kind, threshold
from .samples import Samples

CROSS_SIZES = 32.0 * 2 ** np.arange(5)
HONEST = "probit, omega 1/2 + 0.05/d"
BY = ("replicate",)
LIMIT = threshold("ratio", "size", by=BY)
WIDTH = threshold("ratio", "size", by=BY, width=True)
EACH = threshold("ratio", by=(*BY, "size"))


def threshold_rate(replicates: int, rng: Generator) -> list[Row]:
    """Crossing 1 + 0.3 (d/32)^-ω, width 0.4 (d/32)^-1/2; tolerance 0."""
    found = []
    for name, omega, second, cdf, spec, largest in _cases():
        values, ratios, center = _success(replicates, rng, omega, second, cdf)
        alone = _looks(values[:, :, -1:], ratios, EACH)
        share = replayed(alone, (1.0, 1.0)).violated
        label = f"{name}: crossing at the largest d taken as the limit"
        found.append(shown(label, share, largest, replicates))
        found += _brackets(name, alone[-1], center[-1], replicates)
        estimates = _looks(values, ratios, LIMIT)
        rows = four_ways(name, estimates, omega, 1.0, spec, replicates)
        if name == HONEST:
            rows[-1] = power(
                rows[-1].label, rows[-1].measured, spec[3], 0.0, replicates, 0.12
            )
        wide, widths = half_width(estimates[-1]), _looks(values, ratios, WIDTH)
        found += [
            *rows,
            shown(
                f"{name}: half width of hull + beta, n = 256",
                wide,
                "0.028, 0.015, 0.030",
                replicates,
            ),
            alarm(
                f"{name}: width exponent",
                replayed(widths, (0.5, 0.5)).violated,
                "≤ 0.005",
                replicates,
            ),
            shown(
                f"{name}: half width of the width exponent",
                half_width(widths[-1]),
                "0.07, Gumbel 0.13",
                replicates,
            ),
        ]
    return found


def _cases() -> tuple[tuple[str, float, float, Callable, Spec, str], ...]:
    """Name, exponent, second term, law, rates of the spec, share of the largest d."""
    return (
        (
            "probit, omega 1/2",
            0.5,
            0.0,
            stats.norm.cdf,
            ("0.000", "1.00", "0.003", "0.000"),
            "1.00",
        ),
        (
            "Gumbel, omega 1/2",
            0.5,
            0.0,
            _gumbel,
            ("0.000", "1.00", "0.003", "-"),
            "1.00",
        ),
        (
            "probit, omega 1 + 0.05 d^-2",
            1.0,
            0.05,
            stats.norm.cdf,
            ("0.005", "1.00", "0.005", "0.000"),
            "0.93",
        ),
        (
            HONEST,
            0.5,
            0.05,
            stats.norm.cdf,
            ("0.053", "1.00", "0.078", "0.037 (the honest limit)"),
            "1.00",
        ),
    )


def threshold_power(replicates: int, rng: Generator) -> list[Row]:
    """Wrong limits of the crossing."""
    values, ratios, _ = _success(replicates, rng, 0.5, 0.0, stats.norm.cdf)
    estimates, found = _looks(values, ratios, LIMIT), []
    for shift, spec in ((0.05, "0.99"), (0.1, "1.00")):
        share = replayed(estimates, (1 + shift, 1 + shift)).violated
        label = f"limit off by {shift}: violated"
        found.append(power(label, share, spec, 0.85, replicates))
    return found


def _brackets(
    name: str, estimate: Estimate, center: float, replicates: int
) -> list[Row]:
    """How often the shape-free bracket misses the crossing, and its half width."""
    ends = np.array([d["bracket"] for d in estimate.diagnostics])
    missed = (ends[:, 0] > center) | (ends[:, 1] < center)
    wide = 0.5 * np.median(ends[:, 1] - ends[:, 0])
    return [
        alarm(
            f"{name}: bracket at n = 256 misses", missed.mean(), "0 in 480", replicates
        ),
        shown(f"{name}: half width of the bracket", wide, "0.06", replicates),
    ]


def _success(
    replicates: int, rng: Generator, omega: float, second: float, cdf: Callable
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcomes (n, replicate, size, ratio), ratios and crossing of every size."""
    scale = CROSS_SIZES / 32
    center = 1 + 0.3 * scale**-omega + second * scale ** -(2 * omega)
    width = 0.4 * scale**-0.5
    ratios = center[:, None] + np.linspace(-2, 2, 9) * width[:, None]
    p = cdf((ratios - center[:, None]) / width[:, None])
    hits = 1.0 * (rng.random((SHORT_LOOKS[-1], replicates, 5, 9)) < p)
    return hits, ratios, center


def _gumbel(x: np.ndarray) -> np.ndarray:
    """An asymmetric curve with its median at zero."""
    return np.exp(-np.log(2.0) * np.exp(-x))


def _looks(values: np.ndarray, ratios: np.ndarray, kind: Kind) -> list[Estimate]:
    """Estimates of all replicates at every look, of the largest sizes given."""
    sizes = CROSS_SIZES[-values.shape[2] :]
    samples = gridded(values, size=sizes, rank=np.arange(9))
    at = tuple(
        {
            "replicate": a["replicate"],
            "size": a["size"],
            "ratio": float(ratios[int(np.log2(a["size"] / 32)), int(a["rank"])]),
        }
        for a in samples.at
    )
    return [
        crossing.threshold(Samples(samples.values[:n], at, samples.error, True), kind)
        for n in SHORT_LOOKS
    ]


THRESHOLD_STUDIES = (
    Study(
        "Thresholds",
        threshold_rate,
        200,
        "Looks 16 … 256, five sizes, nine ratios, nominal 0.01.",
    ),
    Study("Detection of wrong thresholds", threshold_power, 200, "Looks 16 … 256."),
)
