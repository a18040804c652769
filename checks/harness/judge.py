"""One rule for every kind: from rows to evidence, a pure function of the rows."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from . import exact, means, proportions
from .claim import Design
from .errors import BadClaim, BadSamples
from .estimate import Estimate, Level, Region
from .kinds import Kind
from .samples import Samples
from .verdict import CONSISTENT, INCONCLUSIVE, VIOLATED, Evidence

VACUOUS = 1e3


@dataclass(frozen=True)
class Rule:
    """A claim's kind, numbers and levels: all that judging needs besides rows.

    Attributes:
        claim: Id, for messages.
        kind: The kind.
        claimed: Claimed numbers (or the claimed law).
        below: Tolerance downwards.
        above: Tolerance upwards.
        alpha: Level of `violated` of the whole claim.
        alpha_consistent: Level of `consistent` per point.
        budget: The most rows it may use.
    """

    claim: str
    kind: Kind
    claimed: Any
    below: np.ndarray
    above: np.ndarray
    alpha: float
    alpha_consistent: float
    budget: int

    @classmethod
    def of(
        cls,
        claim: str,
        kind: Kind,
        design: Design,
        alpha: float,
        consistent: float,
        budget: int,
    ) -> "Rule":
        """The rule of a design, refused if it cannot be judged.

        Raises:
            BadClaim: Negative tolerance, tolerance zero in a two-sided claim with
                random rows, `interest` within the tolerance, a level outside (0, 0.5).
        """
        value = design.tol.value
        pair = value if isinstance(value, tuple) else (value, value)
        below, above = (np.atleast_1d(np.asarray(side, dtype=float)) for side in pair)
        rule = cls(claim, kind, design.claimed, below, above, alpha, consistent, budget)
        rule.check(design)
        return rule

    def check(self, design: Design) -> None:
        """Raise if the numbers make no sense together."""
        widest = np.maximum(self.below, self.above)
        if not (
            np.isfinite(widest).all() and min(self.below.min(), self.above.min()) >= 0
        ):
            raise BadClaim(f"{self.claim}: `tol` must be finite and not negative.")
        random_rows = self.kind.evidence != "exact"
        two_sided = self.kind.side == "two" and not design.tol.allow_exact
        if random_rows and two_sided and not (self.below + self.above > 0).all():
            raise BadClaim(
                f"{self.claim}: tolerance 0 can never come out consistent; state "
                "one, or `allow_exact=True`."
            )
        if design.interest is not None and not np.all(design.interest > widest):
            raise BadClaim(f"{self.claim}: `interest` must exceed the tolerance.")
        for level in (self.alpha, self.alpha_consistent):
            if random_rows and not 0 < level < 0.5:
                raise BadClaim(f"{self.claim}: level {level} is outside (0, 0.5).")

    def region(self, points: int) -> Region:
        """The claimed region of every point."""
        claimed = 0.0 if self.kind.name == "law" else self.claimed
        claimed = np.asarray(claimed, dtype=float).reshape(-1)
        below, above = (
            _broadcast(self.claim, t, points) for t in (self.below, self.above)
        )
        claimed = _broadcast(self.claim, claimed, points)
        side = self.kind.side
        lo = np.full(points, -np.inf) if side == "upper" else claimed - below
        hi = np.full(points, np.inf) if side == "lower" else claimed + above
        if not (lo <= hi).all():
            raise BadClaim(f"{self.claim}: `claimed` must be finite.")
        return Region(claimed, lo, hi)

    def levels(self, points: int, look: int) -> tuple[Level, Level]:
        """Levels of `violated` and of `consistent` per point."""
        side, budget = self.kind.side, self.budget
        strict = Level(self.alpha / points, side, budget, look)
        return strict, Level(self.alpha_consistent, side, budget, look)


@dataclass(frozen=True)
class Sight:
    """What was seen at one look: verdict codes per point and what they rest on."""

    estimate: Estimate
    region: Region
    strict: Level
    lenient: Level
    verdicts: np.ndarray
    log_e: np.ndarray
    p: np.ndarray

    @property
    def verdict(self) -> str:
        """Violated if any point is, consistent if all are."""
        if (self.verdicts == VIOLATED).any():
            return VIOLATED
        all_agree = (self.verdicts == CONSISTENT).all()
        return CONSISTENT if all_agree else INCONCLUSIVE

    @property
    def e_value(self) -> float | None:
        """Mean of the points' e-values, which is an e-value of the claim."""
        if np.isnan(self.log_e).all():
            return None
        return float(np.exp(np.minimum(self.log_e, 700.0)).mean())


def look_at(samples: Samples, rule: Rule, look: int = 1) -> Sight:
    """Judge rows at one look."""
    estimate = measure(samples, rule, look)
    points = len(estimate.estimate)
    region = estimate.region(rule.region(points))
    strict, lenient = rule.levels(points, look)
    return Sight(
        estimate,
        region,
        strict,
        lenient,
        decide(estimate, region, strict, lenient),
        estimate.log_e(region, strict),
        estimate.p(region, strict),
    )


def decide(
    estimate: Estimate, region: Region, strict: Level, lenient: Level
) -> np.ndarray:
    """The decision rule: disjoint → violated, inside → consistent, else neither."""
    violated = estimate.excludes(region, strict)
    consistent = estimate.within(region, lenient) & ~violated
    may_decide = estimate.reasons == ""
    verdicts = np.full(violated.shape, INCONCLUSIVE, dtype=object)
    verdicts[may_decide & violated] = VIOLATED
    verdicts[may_decide & consistent] = CONSISTENT
    return verdicts


def measure(samples: Samples, rule: Rule, look: int) -> Estimate:
    """Turn rows into an estimate by the kind's estimator."""
    try:
        return _measure(samples, rule, look)
    except BadSamples as error:
        raise BadSamples(f"{rule.claim}: {error}") from error


def _measure(samples: Samples, rule: Rule, look: int) -> Estimate:
    kind, points = rule.kind, len(samples.at)
    match kind.estimator:
        case "exact":
            return exact.entries(samples)
        case "frequency":
            return proportions.proportion(samples)
        case "tail":
            return proportions.tail(samples, kind.options["level"])
        case "quantile":
            limit = rule.region(points).hi
            return proportions.quantile(samples, limit, kind.options["q"])
        case "mean":
            return _mean(samples, rule)
        case _:
            raise NotImplementedError(f"estimator {kind.estimator} lands shortly")


def _mean(samples: Samples, rule: Rule) -> Estimate:
    kind = rule.kind
    if kind.name == "upper_bound" and kind.of is None:
        return means.mean(samples, None, rule.region(len(samples.at)).hi)
    return means.mean(samples, kind.of, None)


def evidence(sight: Sight, looks: int, p_anytime: np.ndarray) -> list[Evidence]:
    """Everything that is worth knowing about every point, at the last look."""
    estimate, region = sight.estimate, sight.region
    lo, hi = estimate.interval(sight.strict)
    lo_c, hi_c = estimate.interval(sight.lenient)
    below, above = region.tolerance
    down, up = estimate.resolution(region, sight.strict)
    mult = estimate.multiplier(sight.strict)
    common = Evidence(n=estimate.n, df=estimate.n - 1.0, mult=mult, looks=looks)
    points = []
    for k in range(len(estimate.estimate)):
        points.append(
            replace(
                common,
                at=estimate.at[k],
                claimed=float(region.claimed[k]),
                tol=(float(below[k]), float(above[k])),
                region=(float(region.lo[k]), float(region.hi[k])),
                estimate=float(estimate.estimate[k]),
                se=float(estimate.se[k]),
                lo=float(lo[k]),
                hi=float(hi[k]),
                lo_consistent=float(lo_c[k]),
                hi_consistent=float(hi_c[k]),
                skew=float(estimate.skew[k]),
                bias=float(estimate.bias[k]),
                e_value=_number(np.exp(np.minimum(sight.log_e[k], 700.0))),
                p_anytime=_number(p_anytime[k]),
                gof=None if estimate.gof is None else _number(estimate.gof[k]),
                resolution=(float(down[k]), float(up[k])),
                tightness=_tightness(sight, k),
                verdict=str(sight.verdicts[k]),
                reason=reason(sight, k),
                diagnostics=estimate.diagnostics[k] if estimate.diagnostics else {},
            )
        )
    return points


def reason(sight: Sight, k: int) -> str:
    """Why a point is not decided; empty if it is."""
    if sight.verdicts[k] != INCONCLUSIVE:
        return ""
    if sight.estimate.reasons[k]:
        return str(sight.estimate.reasons[k])
    infinite = np.isinf(sight.estimate.multiplier(sight.strict))
    return "too-few-seeds" if infinite else "budget"


def _tightness(sight: Sight, k: int) -> float | None:
    """Bound over estimate (upper) or estimate over bound (lower), if both positive."""
    claimed, estimate = sight.region.claimed[k], sight.estimate.estimate[k]
    if sight.strict.side == "two" or claimed <= 0 or estimate <= 0:
        return None
    upper = sight.strict.side == "upper"
    return float(claimed / estimate if upper else estimate / claimed)


def _number(value: Any) -> float | None:
    """A float, or None for nan."""
    return None if np.isnan(value) else float(value)


def _broadcast(claim: str, values: np.ndarray, points: int) -> np.ndarray:
    if values.size not in (1, points):
        raise BadClaim(
            f"{claim}: {values.size} claimed numbers or tolerances for {points} points."
        )
    return np.broadcast_to(values, (points,)).astype(float)
