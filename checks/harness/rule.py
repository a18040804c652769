"""The numbers of a claim at definite sizes: kind, region, tolerance, levels."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .claim import Design
from .errors import BadClaim
from .estimate import Level, Region
from .kinds import Kind


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

    def check_error(self, error: np.ndarray) -> None:
        """Raise if the numerical error of exact entries exceeds the tolerance."""
        exact = self.kind.estimator == "exact" and self.kind.side == "two"
        numb = self.below + self.above < (2 - 1e-9) * error
        if exact and numb.any():
            raise BadClaim(
                f"{self.claim}: tolerance {self.above.min():g} is below the numerical "
                f"error {error.max():g}: it can never come out consistent."
            )

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


def _broadcast(claim: str, values: np.ndarray, points: int) -> np.ndarray:
    if values.size not in (1, points):
        raise BadClaim(
            f"{claim}: {values.size} claimed numbers or tolerances for {points} points."
        )
    return np.broadcast_to(values, (points,)).astype(float)
