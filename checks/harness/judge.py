"""One rule for every kind: from rows to evidence, a pure function of the rows."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .estimate import Estimate, Level, Region
from .estimators import measure
from .rule import Rule
from .samples import Samples
from .verdict import CONSISTENT, INCONCLUSIVE, VIOLATED, Evidence

VACUOUS = 1e3


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
    estimate = measure(samples, rule)
    points = len(estimate.estimate)
    region = estimate.region(rule.region(points))
    strict, lenient = rule.levels(points, look)
    verdicts = decide(estimate, region, strict, lenient)
    log_e, p = estimate.log_e(region, strict), estimate.p(region, strict)
    if rule.kind.evidence != "exact":
        silent = estimate.reasons != ""
        log_e, p = np.where(silent, 0.0, log_e), np.where(silent, 1.0, p)
    return Sight(estimate, region, strict, lenient, verdicts, log_e, p)


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


def evidence(sight: Sight, looks: int, p_anytime: np.ndarray) -> list[Evidence]:
    """Everything that is worth knowing about every point, at the last look."""
    estimate, region = sight.estimate, sight.region
    lo, hi = estimate.interval(sight.strict)
    lo_c, hi_c = estimate.inner(sight.lenient)
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
                tol=(_rounded(below[k]), _rounded(above[k])),
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


def _rounded(value: float) -> float:
    """Without the last digits that a difference of two floats leaves."""
    return float(f"{value:.12g}")


def _number(value: Any) -> float | None:
    """A float, or None for nan."""
    return None if np.isnan(value) else float(value)
