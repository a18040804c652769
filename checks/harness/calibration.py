"""Measuring the error rates of the decision rules instead of believing them.

A study simulates the whole sequential procedure, with the harness's own estimators, on
synthetic rows whose truth is known, and counts verdicts. The slow test suite runs all
studies and writes CALIBRATION.md; `calibration_studies` lists them.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from . import means
from .estimate import Estimate, Level, Region
from .judge import decide
from .samples import Samples
from .verdict import CONSISTENT, INCONCLUSIVE, VIOLATED

Build = Callable[[np.ndarray], Estimate]
Generator = np.random.Generator
Sampler = Callable[[Generator, tuple[int, ...]], np.ndarray]
ALPHA = 0.01
LOOKS = (16, 32, 64, 128, 256, 512)
SHORT_LOOKS = LOOKS[:-1]


@dataclass(frozen=True)
class Row:
    """One measured number.

    Attributes:
        label: What was measured.
        measured: Frequency (or another number).
        expected: What the specification reports.
        low: Smallest value that passes.
        high: Largest value that passes.
        replicates: Number of simulated runs behind it.
    """

    label: str
    measured: float | np.floating
    expected: str = ""
    low: float | int = -np.inf
    high: float | int = np.inf
    replicates: int = 0

    @property
    def passed(self) -> bool:
        """Whether it lies in its range."""
        return bool(self.low <= self.measured <= self.high)


@dataclass(frozen=True)
class Study:
    """A table of the specification, to be measured.

    Attributes:
        name: Title of the section.
        run: Replicates and generator to rows.
        replicates: Simulated runs in the slow suite.
        note: What is simulated.
        seed: Of the generator.
    """

    name: str
    run: Callable[[int, np.random.Generator], list[Row]]
    replicates: int
    note: str = ""
    seed: int = 20261125


@dataclass(frozen=True)
class Outcomes:
    """What came out of many simulated runs.

    Attributes:
        verdicts: Verdict of every run.
        seeds: Rows at its decision (or at the last look).
        above: Whether the estimate lay above the region at that look.
    """

    verdicts: np.ndarray
    seeds: np.ndarray
    above: np.ndarray = field(repr=False)

    def share(self, verdict: str) -> float:
        """Share of runs that came out like this."""
        return float((self.verdicts == verdict).mean())

    @property
    def violated(self) -> float:
        """Share of violated runs."""
        return self.share(VIOLATED)

    @property
    def consistent(self) -> float:
        """Share of consistent runs."""
        return self.share(CONSISTENT)


def binomial_limit(nominal: float, replicates: int) -> float:
    """Nominal + 3 √(nominal/R): what a correct procedure exceeds once in 700 tables."""
    return nominal + 3 * np.sqrt(nominal / replicates)


def alarm(
    label: str,
    share: float | np.floating,
    spec: str,
    replicates: int,
    nominal: float = ALPHA,
) -> Row:
    """A false-alarm rate: must not exceed its nominal value beyond chance."""
    return Row(label, share, spec, 0.0, binomial_limit(nominal, replicates), replicates)


def shown(label: str, value: float | np.floating, spec: str, replicates: int) -> Row:
    """A number that is reported and not judged."""
    return Row(label, value, spec, replicates=replicates)


def power(
    label: str,
    share: float | np.floating,
    spec: str,
    low: float | int,
    replicates: int,
    high: float | int = 1.0,
) -> Row:
    """A detection rate (or the inflated alarms of a forbidden procedure)."""
    return Row(label, share, spec, low, high, replicates)


def replayed(
    estimates: Sequence[Estimate],
    region: tuple[float, float],
    looks: Sequence[int] = SHORT_LOOKS,
    *,
    side: str = "two",
    alpha: float = ALPHA,
    view: Callable[[Estimate], Estimate] = lambda estimate: estimate,
) -> Outcomes:
    """Run the sequential procedure on estimates that are already made.

    Args:
        estimates: Of all replicates, one per look.
        region: Claimed region, the same for all.
        looks: Rows at the looks.
        side: two, upper or lower.
        alpha: Level of `violated`.
        view: What another procedure makes of an estimate.
    """
    total = len(estimates[0].estimate)
    verdicts = np.full(total, INCONCLUSIVE, dtype=object)
    seeds, above = np.full(total, looks[-1]), np.zeros(total, dtype=bool)
    for k, (n, estimate) in enumerate(zip(looks, estimates, strict=True), start=1):
        strict, lenient = (Level(a, side, looks[-1], k) for a in (alpha, ALPHA))
        seen = decide(view(estimate), around(region, total, 0.0), strict, lenient)
        new = (verdicts == INCONCLUSIVE) & (seen != INCONCLUSIVE)
        verdicts[new], seeds[new] = seen[new], n
        above[new] = estimate.estimate[new] > region[1]
    return Outcomes(verdicts, seeds, above)


def simulate(
    values: np.ndarray,
    build: Build,
    region: tuple[float, float],
    looks: Sequence[int],
    *,
    alpha: float = 0.01,
    alpha_consistent: float = 0.01,
    side: str = "two",
    guards: bool = True,
    claimed: float | None = None,
) -> Outcomes:
    """Run the sequential procedure on many replicates at once.

    Args:
        values: Rows (n, replicate, …).
        build: Rows of the undecided replicates to their estimates, one per replicate.
        region: Claimed region, the same for all.
        looks: Rows at the looks.
        alpha: Level of `violated`.
        alpha_consistent: Level of `consistent`.
        side: two, upper or lower.
        guards: Whether the guards (discrete, heavy tails, rejected model) may hold a
            verdict back.
        claimed: Claimed number; the middle of the region by default.
    """
    total = values.shape[1]
    verdicts = np.full(total, INCONCLUSIVE, dtype=object)
    seeds, above = np.full(total, looks[-1]), np.zeros(total, dtype=bool)
    live = np.arange(total)
    for k, n in enumerate(looks, start=1):
        estimate = build(values[:n, live])
        if not guards:
            estimate.reasons[:] = ""
        strict = Level(alpha, side, looks[-1], k)
        lenient = Level(alpha_consistent, side, looks[-1], k)
        verdicts[live] = decide(
            estimate, around(region, len(live), claimed), strict, lenient
        )
        above[live] = estimate.estimate > region[1]
        decided = verdicts[live] != INCONCLUSIVE
        seeds[live[decided]] = n
        live = live[~decided]
        if not len(live):
            break
    return Outcomes(verdicts, seeds, above)


def around(
    region: tuple[float, float], points: int, claimed: float | None = None
) -> Region:
    """The same region at every point."""
    lo, hi = region
    middle = claimed if claimed is not None else 0.5 * (lo + hi)
    return Region(np.full(points, middle), np.full(points, lo), np.full(points, hi))


def rows_mean(values: np.ndarray) -> means.Mean:
    """The mean of plain rows."""
    return means.mean(as_samples(values), None, None)


def lognormal(sd: float) -> Sampler:
    """Lognormal rows with mean one."""
    return lambda rng, shape: np.exp(sd * rng.standard_normal(shape) - sd**2 / 2)


def as_samples(values: np.ndarray, paired: bool = False) -> Samples:
    """Rows (n, point, …) without coordinates."""
    points = values.shape[2] if paired else values.shape[1]
    return Samples(values, ({},) * points, np.zeros(points), True, paired)


def gridded(values: np.ndarray, **axes: np.ndarray) -> Samples:
    """Rows (n, replicate, …) as points with coordinates `replicate` and the axes."""
    n, replicates = values.shape[:2]
    grids = np.meshgrid(np.arange(replicates), *axes.values(), indexing="ij")
    names = ("replicate", *axes)
    flat = [grid.ravel().tolist() for grid in grids]
    at = tuple(dict(zip(names, here, strict=True)) for here in zip(*flat, strict=True))
    return Samples(values.reshape(n, -1), at, np.zeros(len(at)), True)


def section(study: Study, rows: Sequence[Row], seconds: float) -> str:
    """A study as a section of CALIBRATION.md."""
    lines = [
        f"## {study.name}",
        "",
        study.note,
        "",
        f"Measured {time.strftime('%Y-%m-%d', time.gmtime())}, seed {study.seed}, "
        f"{seconds:.0f} s.",
        "",
        "| what | measured | runs | specification | must lie in | |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        allowed = f"[{_end(row.low)}, {_end(row.high)}]"
        judged = np.isfinite(row.low) or np.isfinite(row.high)
        mark = "**FAILED**" if not row.passed else "passed" if judged else "shown"
        lines.append(
            f"| {row.label} | {row.measured:.4g} | {row.replicates} | {row.expected} "
            f"| {allowed} | {mark} |"
        )
    return "\n".join(lines) + "\n"


def _end(value: float | int) -> str:
    return "–" if np.isinf(value) else f"{value:.3g}"
