"""Negative controls: what they change, whether they died, whether they could have."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .claim import Design, Mutant
from .errors import BadClaim, DuplicateRows
from .samples import Samples, refuse_duplicates
from .trial import Trial
from .verdict import VIOLATED, Evidence, MutantVerdict, Verdict

ERROR_RATIO = 1.2
GATES = {"quick": 0.9}


def sort_of(claim: str, mutant: Mutant, before: Design, after: Design) -> str:
    """theory, simulator or analysis, read off what the mutant changed.

    Raises:
        BadClaim: The mutant changed nothing.
    """
    names = before.sweeps.keys() | after.sweeps.keys()
    if any(before.sweeps.get(n) is not after.sweeps.get(n) for n in names):
        return "simulator"
    if before.observe is not after.observe:
        return "analysis"
    if not _same(before.claimed, after.claimed) or before.tol is not after.tol:
        return "theory"
    raise BadClaim(f"{claim}: the mutant {mutant.name!r} changes nothing.")


def fate(
    mutant: Mutant, sort: str, trial: Trial, truth: Sequence[Evidence]
) -> MutantVerdict:
    """What became of a mutant, and whether its shift could be seen at all.

    Args:
        mutant: The mutant.
        sort: Its sort.
        trial: Its trial, finished.
        truth: Evidence per point of the claim itself.
    """
    points = trial.points()
    shift, ratio = _shift(mutant, sort, trial, points, truth)
    if trial.verdict == VIOLATED:
        status = "killed"
    else:
        hopeless = ratio is not None and ratio < 1.0
        status = "underpowered" if hopeless else "survived"
    return MutantVerdict(
        name=mutant.name,
        sort=sort,
        shift=shift,
        ratio=ratio,
        verdict=trial.verdict,
        status=status,
        reason=trial.reason(),
        seeds=trial.seeds,
        points=points,
        looks=trial.looks,
        datasets=trial.datasets,
        rows=trial.array,
    )


def noise_control(claim: str, samples: Samples) -> MutantVerdict | None:
    """The harness's own mutant: every seed twice; duplicated rows must be refused.

    Rows of few distinct values (counts, outcomes 0/1) repeat by chance, and doubling
    them cannot be told from luck: then the control is underpowered. None for rows
    without seeds.
    """
    if not samples.has_seeds or samples.n < 2:
        return None
    values = np.concatenate([samples.values, samples.values])
    doubled = Samples(values, samples.at, samples.error, True, samples.paired)
    control = {"name": "every seed twice", "sort": "noise", "seeds": len(values)}
    try:
        refuse_duplicates(claim, doubled)
    except DuplicateRows as error:
        return MutantVerdict(
            **control, verdict=VIOLATED, status="killed", reason=str(error)
        )
    return MutantVerdict(**control, status="underpowered", reason="discrete")


@dataclass(frozen=True)
class KillRate:
    """How many mutants died.

    Attributes:
        killed: Number killed.
        underpowered: Number that could not be killed at these seeds.
        total: All mutants of the claims (the harness's own control not counted).
    """

    killed: int
    underpowered: int
    total: int

    @property
    def rate(self) -> float:
        """Killed over all; 1 where there is none."""
        return self.killed / self.total if self.total else 1.0


def kill_rates(verdicts: Sequence[Verdict]) -> dict[str, KillRate]:
    """Kill rates per kind, and of all under the key `all`."""
    kinds = sorted({v.claim.kind.name for v in verdicts})
    rates = {k: _rate([v for v in verdicts if v.claim.kind.name == k]) for k in kinds}
    return {"all": _rate(verdicts)} | rates


def toothless(verdict: MutantVerdict) -> bool:
    """A mutant that should have died: survived though its shift was large enough.

    Unknown shifts count as large enough: declare `shift` where a mutant is too small
    to be seen at a preset.
    """
    large = verdict.ratio is None or verdict.ratio >= ERROR_RATIO
    return verdict.status == "survived" and large


def gate(verdicts: Sequence[Verdict], preset: str) -> list[str]:
    """Why the mutant gate fails (exit status 4); empty if it passes."""
    failures = [
        f"{v.claim_id}: mutant {m.name!r} survived"
        for v in verdicts
        for m in v.mutants
        if toothless(m)
    ]
    rate, least = kill_rates(verdicts)["all"].rate, GATES.get(preset, 1.0)
    if rate < least:
        failures.append(f"kill rate {rate:.3f} is below {least}")
    return failures


def untested_plumbing(verdicts: Sequence[Verdict]) -> list[str]:
    """Ids of claims whose mutants are all theory: no simulator was ever wrong."""
    return [
        v.claim_id
        for v in verdicts
        if all(m.sort in ("theory", "noise") for m in v.mutants)
    ]


def _rate(verdicts: Sequence[Verdict]) -> KillRate:
    mutants = [m for v in verdicts for m in v.mutants if m.sort != "noise"]
    killed, weak = (
        sum(getattr(m, a) for m in mutants) for a in ("killed", "underpowered")
    )
    return KillRate(killed, weak, len(mutants))


def _shift(
    mutant: Mutant,
    sort: str,
    trial: Trial,
    points: Sequence[Evidence],
    truth: Sequence[Evidence],
) -> tuple[float | None, float | None]:
    """Largest shift, and largest shift over resolution of any point."""
    computed = sort == "theory" and len(points) == len(truth)
    computed = computed and trial.rule.kind.estimator not in ("law", "quantile")
    if computed:
        side = trial.rule.kind.side
        shifts = [_moved(side, p, t) for p, t in zip(points, truth, strict=True)]
    elif mutant.shift is not None:
        shifts = [mutant.shift] * len(points)
    else:
        return None, None
    seen = [_seen(s, p, computed) for s, p in zip(shifts, points, strict=True)]
    ratios = [_ratio(abs(s), r) for s, r in zip(shifts, seen, strict=True)]
    if not ratios:
        return mutant.shift, None
    return float(max(shifts, key=abs)), float(max(ratios))


def _moved(side: str, wrong: Evidence, right: Evidence) -> float:
    """Deviation of the wrong claim from the truth; from the estimate for bounds."""
    if side == "two":
        return wrong.claimed - right.claimed
    if side == "upper":
        return min(0.0, wrong.claimed - right.estimate)
    return max(0.0, wrong.claimed - right.estimate)


def _seen(shift: float, point: Evidence, computed: bool) -> float:
    """Resolution in the direction of a shift (the smaller one if it was declared).

    A claim that moved up leaves the truth below it.
    """
    down, up = point.resolution
    if not computed:
        return min(down, up)
    return down if shift > 0 else up


def _ratio(shift: float, resolution: float) -> float:
    """Shift over resolution; an exact claim without tolerance sees every shift."""
    if resolution == 0:
        return float("inf") if shift else 0.0
    return shift / resolution


def _same(first: object, second: object) -> bool:
    if callable(first) or callable(second):
        return first is second
    return np.array_equal(np.asarray(first), np.asarray(second))
