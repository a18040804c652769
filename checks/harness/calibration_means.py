"""The tables of the specification as studies: means and what is made of them."""

from collections.abc import Callable

import numpy as np

from . import means
from .calibration import (
    ALPHA,
    SHORT_LOOKS,
    Generator,
    Outcomes,
    Row,
    Study,
    alarm,
    around,
    as_samples,
    binomial_limit,
    power,
    replayed,
    rows_mean,
    shown,
    simulate,
)
from .calibration_boundaries import LAWS, LOOKS
from .estimate import Level
from .family import e_bh, holm
from .verdict import CONSISTENT, INCONCLUSIVE, VIOLATED

# deviation / tolerance: range of consistent, of violated; specification (shares, rows)
CHARACTERISTIC = {
    0.0: ((0.98, 1), None, "1.00 / 1.00", "0 / 0", "466 / 504"),
    0.5: ((0.95, 1), None, "1.00 / 1.00", "0 / 0", "1288 / 1510"),
    1.0: (None, None, "0.000 / 0.005", "0 / 0", "4096 / 4081"),
    1.2: ((0, 0.01), (0.15, 0.5), "0 / 0", "0.30 / 0.37", "3909 / 3855"),
    1.5: ((0, 0.01), (0.95, 1), "0 / 0", "1.00 / 1.00", "1259 / 1084"),
    2.0: ((0, 0.01), (0.95, 1), "0 / 0", "1.00 / 1.00", "346 / 261"),
    3.0: ((0, 0.01), (0.95, 1), "0 / 0", "1.00 / 1.00", "115 / 79"),
}


def operating_characteristic(replicates: int, rng: Generator) -> list[Row]:
    """Sequential equivalence check, tolerance 0.25 sd, looks 32 … 4096."""
    looks, tol, found = tuple(32 * 2**k for k in range(8)), 0.25, []
    rare = (0.0, binomial_limit(ALPHA, replicates))
    for name in ("normal", "exponential"):
        sampler, truth = LAWS[name]
        for deviation, (agree, deny, *spec) in CHARACTERISTIC.items():
            values = sampler(rng, (looks[-1], replicates)) + deviation * tol
            out = simulate(values, rows_mean, (truth - tol, truth + tol), looks)
            label = f"{name}, deviation {deviation:g} tol"
            for word, share, (low, high), text in (
                ("consistent", out.consistent, agree or rare, spec[0]),
                ("violated", out.violated, deny or rare, spec[1]),
            ):
                found.append(
                    power(f"{label}: {word}", share, text, low, replicates, high)
                )
            rows = out.seeds.mean()
            found.append(shown(f"{label}: mean rows", rows, spec[2], replicates))
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
    normal, waits = rng.standard_normal(shape), rng.exponential(size=shape)
    mild, wild = (_overlapping(rng, shape, sd) for sd in (0.25, 0.5))
    cases: dict[str, tuple[list, Callable, float, str]] = {
        "ratio of correlated exponential means": (pair, ratio, 1.0, "0.001"),
        "variance of normals": ([normal, normal**2], variance, 1.0, "0.001"),
        "variance of exponentials": ([waits, waits**2], variance, 1.0, "0.007"),
        "overlap of lognormals, log-sd 0.35": (mild, overlap, np.exp(-0.0625), "0.011"),
        "overlap, log-sd 0.7 (an honest limit)": (wild, overlap, np.exp(-0.25), ""),
    }
    found = []
    for name, (columns, of, truth, spec) in cases.items():
        out = simulate(
            np.stack(columns, axis=-1),
            lambda values, of=of: means.mean(as_samples(values), of, None),
            (truth, truth),
            LOOKS,
        )
        made = alarm if spec else shown
        found.append(made(f"{name}: false `violated`", out.violated, spec, replicates))
    return found


def ordering_rate(replicates: int, rng: Generator) -> list[Row]:
    """E d ≥ 0 claimed of lognormal outcomes, with and without common randomness."""
    found = []
    for correlation, spec in ((0.0, ("0.0008", "0.09")), (0.9, ("0.0023", "0.97"))):
        shape = (SHORT_LOOKS[-1], replicates)
        z, w = rng.standard_normal(shape), rng.standard_normal(shape)
        other = correlation * z + np.sqrt(1 - correlation**2) * w
        d = np.exp(0.5 * z - 0.125) - np.exp(0.5 * other - 0.125)
        true, false = (
            simulate(d + gap, rows_mean, (-np.inf, 0.0), SHORT_LOOKS, side="upper")
            for gap in (0.0, 0.1)
        )
        low, high = (0.9, 1.0) if correlation else (0.0, 0.3)
        label = f"correlation {correlation:g}, true gap"
        found += [
            alarm(f"{label} 0: violated", true.violated, spec[0], replicates),
            power(
                f"{label} -0.1: violated",
                false.violated,
                spec[1],
                low,
                replicates,
                high,
            ),
        ]
    return found


def lower_bound_rate(replicates: int, rng: Generator) -> list[Row]:
    """Four algorithms with exponential losses, one point each, n = 256."""
    cases = (
        ("all at b", 1.0, 0.0, VIOLATED, "0.001"),
        ("one at 0.95 b, tol 0.05 b", 0.95, 0.05, CONSISTENT, "0.002"),
        ("one at 0.8 b", 0.8, 0.0, VIOLATED, "0.34"),
    )
    found = []
    for name, worst, tol, verdict, spec in cases:
        values = rng.exponential(size=(SHORT_LOOKS[-1], replicates, 4))
        values[..., 0] *= worst
        share = several(values, (1.0 - tol, np.inf), "lower").share(verdict)
        label = f"{name}: {verdict}"
        found.append(
            power(label, share, spec, 0.25, replicates)
            if worst == 0.8
            else alarm(label, share, spec, replicates)
        )
    return found


def several(values: np.ndarray, region: tuple[float, float], side: str) -> Outcomes:
    """Claims of several points (last axis): one violates, all must agree."""
    looks, points = SHORT_LOOKS, values.shape[-1]
    parts = [
        [
            replayed(
                [rows_mean(values[:n, :, k])],
                region,
                (looks[-1],),
                side=side,
                alpha=ALPHA / points,
            ).verdicts
            for n in looks
        ]
        for k in range(points)
    ]
    violated = np.any([np.stack(p) == VIOLATED for p in parts], axis=0)
    agree = np.all([np.stack(p) == CONSISTENT for p in parts], axis=0)
    verdicts = np.full(values.shape[1], INCONCLUSIVE, dtype=object)
    seeds = np.full(values.shape[1], looks[-1])
    for k, n in enumerate(looks):
        open_ = verdicts == INCONCLUSIVE
        verdicts[open_ & agree[k]] = CONSISTENT
        verdicts[open_ & violated[k]] = VIOLATED
        seeds[open_ & (agree[k] | violated[k])] = n
    return Outcomes(verdicts, seeds, np.zeros(len(seeds), dtype=bool))


def family_rate(replicates: int, rng: Generator) -> list[Row]:
    """Sixty claims at the boundary, n to 256; Holm against each claim at 0.01."""
    claims, found = 60, []
    weights = [1.0] * claims
    for name, spec in (("normal", ("0.80", "0.90")), ("exponential", ("0.98", "0.99"))):
        sampler, truth = LAWS[name]
        values = sampler(rng, (SHORT_LOOKS[-1], replicates * claims))
        p, _ = _family(values, truth, claims)
        false = np.mean([any(holm(row.tolist(), weights, ALPHA)) for row in p])
        alone = (p <= ALPHA).any(1).mean()
        values.reshape(-1, replicates, claims)[..., :6] += 0.35
        p, e = _family(values, truth, claims)
        by_holm = np.mean([holm(row.tolist(), weights, ALPHA)[:6] for row in p])
        discovered = np.array([e_bh(row.tolist()) for row in e])
        kept = discovered[:, 6:].sum(1) / np.maximum(discovered.sum(1), 1)
        six = "six shifted by 0.35 sd, found by"
        found += [
            alarm(f"{name}: any false, Holm", false, "0.000", replicates),
            power(
                f"{name}: any false, each at 0.01 (forbidden)",
                alone,
                "0.066–0.086",
                ALPHA,
                replicates,
            ),
            power(f"{name}: {six} Holm", by_holm, spec[0], 0.5, replicates),
            power(
                f"{name}: {six} e-BH",
                discovered[:, :6].mean(),
                spec[1],
                0.5,
                replicates,
            ),
            alarm(
                f"{name}: share of false discoveries of e-BH, nominal 0.05",
                kept.mean(),
                "",
                replicates,
                0.05,
            ),
        ]
    return found


def _family(
    values: np.ndarray, truth: float, claims: int
) -> tuple[np.ndarray, np.ndarray]:
    """Anytime p-values and final e-values, both (replicate, claim)."""
    level = Level(ALPHA / claims, "two", SHORT_LOOKS[-1])
    region = around((truth, truth), values.shape[1])
    sights = [rows_mean(values[:n]) for n in SHORT_LOOKS]
    p = np.min([sight.p(region, level) for sight in sights], axis=0)
    e = np.exp(np.minimum(sights[-1].log_e(region, level), 700.0))
    return p.reshape(-1, claims), e.reshape(-1, claims)


def _overlapping(rng: Generator, shape: tuple[int, ...], sd: float) -> list:
    """Columns ab, aa, bb of lognormals that share half the variance of their logs."""
    z = rng.standard_normal(shape)
    a, b = (np.exp(sd * (z + rng.standard_normal(shape))) for _ in range(2))
    return [a * b, a * a, b * b]


MEAN_STUDIES = (
    Study("Operating characteristic", operating_characteristic, 300, "Nominal 0.01."),
    Study(
        "Smooth functions of means",
        smooth_functions,
        1500,
        "Looks 16 … 512, nominal 0.01.",
    ),
    Study("Ordering", ordering_rate, 4000, "Looks 16 … 256, nominal 0.01."),
    Study(
        "Lower bounds over four algorithms", lower_bound_rate, 2000, "Looks 16 … 256."
    ),
    Study("Many claims", family_rate, 200, "Family-wise level 0.01; looks 16 … 256."),
)
