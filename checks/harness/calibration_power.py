"""The tables of the specification as studies: power at the reported resolution."""

import numpy as np

from . import binomial, means, proportions
from .calibration import (
    ALPHA,
    Generator,
    Row,
    Sampler,
    Study,
    around,
    as_samples,
    power,
    rows_mean,
)
from .calibration_boundaries import LAWS
from .estimate import Level
from .judge import decide
from .verdict import VIOLATED


def resolution_power(replicates: int, rng: Generator) -> list[Row]:
    """Power at the reported resolution: fresh rows, shifted by what was reported."""
    cases = (
        ("normal", 64, ("0.87", "0.87"), (0.85, 0.85)),
        ("normal", 256, ("0.89", "0.89"), (0.85, 0.85)),
        ("normal", 1024, ("0.90", "0.90"), (0.85, 0.85)),
        ("exponential", 64, ("0.87", "0.66"), (0.6, 0.6)),
        ("exponential", 256, ("0.90", "0.85"), (0.85, 0.85)),
        ("exponential", 1024, ("0.89", "0.89"), (0.85, 0.85)),
    )
    found, slack = [], 3 * np.sqrt(0.85 * 0.15 / replicates)
    for name, n, spec, least in cases:
        sampler, truth = LAWS[name]
        level, region = Level(ALPHA, "two", n), around((truth, truth), replicates)
        old, fresh = (sampler(rng, (n, replicates)) for _ in range(2))
        down, up = rows_mean(old).resolution(region, level)
        for k, (word, shift) in enumerate((("up", up), ("down", -down))):
            shifted = rows_mean(fresh + shift)
            share = (decide(shifted, region, level, level) == VIOLATED).mean()
            label = f"{name}, n = {n}, {word}"
            label += " (`approximate`)" * (least[k] < 0.85)
            ends = (least[k] - slack, replicates, 0.95 + slack)
            found.append(power(label, share, spec[k], *ends))
    for n in (200, 1000):
        for p in (0.02, 0.1, 0.5):
            edge = binomial.resolution_above(p, n, ALPHA)
            hits = 1.0 * (rng.random((n, replicates)) < edge)
            coins, region = (
                proportions.proportion(as_samples(hits)),
                around((p, p), replicates),
            )
            share = coins.excludes(region, Level(ALPHA, "two", n)).mean()
            ends = (0.85 - slack, replicates, 0.95 + slack)
            found.append(
                power(f"probability {p}, n = {n}", share, "0.897–0.909", *ends)
            )
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
            share = shifted.excludes(region, level).mean()
            label = f"{name}, n = {n}, bets" + " (`approximate`)" * (n < 128)
            found.append(power(label, share, "", low, replicates, 0.98))
    return found


POWER_STUDIES = (
    Study(
        "Power at the reported resolution",
        resolution_power,
        6000,
        "Target 0.90; must lie between 0.85 and 0.95, three standard errors allowed.",
    ),
    Study(
        "Power of bets at the reported resolution",
        betting_power,
        300,
        "Target 0.90; not in the specification.",
    ),
)
