"""One design on its way to a verdict: the claim itself, or one of its mutants."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from xarray import DataArray, Dataset

from .claim import Design
from .errors import DuplicateRows
from .judge import Sight, evidence, look_at, reason
from .rule import Rule
from .samples import Samples, checked
from .spending import schedule
from .verdict import INCONCLUSIVE, VIOLATED, Evidence, Look

TYPICAL_MULTIPLIER = 4.5


@dataclass(eq=False)
class Trial:
    """State of one design between looks.

    Attributes:
        rule: Kind, numbers and levels.
        design: What is observed.
        first: Rows at the first look.
        name: Name of the mutant; empty for the claim.
    """

    rule: Rule
    design: Design
    first: int
    name: str = ""
    looks: list[Look] = field(default_factory=list)
    sight: Sight | None = None
    p: np.ndarray | None = None
    samples: Samples | None = None
    array: DataArray | None = None
    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    refused: str = ""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        budget = self.rule.budget
        exact = self.rule.kind.evidence == "exact"
        self.schedule = [budget] if exact else schedule(self.first, budget)

    @property
    def verdict(self) -> str:
        """What the rule says so far."""
        if self.refused:
            return VIOLATED
        return self.sight.verdict if self.sight else INCONCLUSIVE

    @property
    def seeds(self) -> int:
        """Rows asked for so far."""
        return self.looks[-1].seeds if self.looks else 0

    @property
    def done(self) -> bool:
        """Decided, or out of budget."""
        decided = self.verdict != INCONCLUSIVE
        return decided or len(self.looks) == len(self.schedule)

    @property
    def next_seeds(self) -> int:
        """Rows that the next look needs."""
        return self.schedule[len(self.looks)]

    def take(self, array: DataArray) -> None:
        """Look at the rows of the next look."""
        self.array = array
        try:
            samples = checked(self.label, array, self.least)
            self.look(samples)
            if not self.name:
                self.rule.check_error(samples.error)
        except DuplicateRows as error:
            if not self.name:
                raise
            self.refused = str(error)
            self.looks.append(Look(self.next_seeds, VIOLATED))

    def look(self, samples: Samples) -> None:
        """Judge checked rows and remember what was seen."""
        seeds = self.next_seeds
        sight = look_at(samples, self.rule, len(self.looks) + 1)
        self.p = sight.p if self.p is None else np.minimum(self.p, sight.p)
        self.samples, self.sight = samples, sight
        self.looks.append(Look(seeds, sight.verdict, sight.e_value))

    @property
    def label(self) -> str:
        """Who is speaking in an error message."""
        return f"{self.rule.claim} [{self.name}]" if self.name else self.rule.claim

    @property
    def least(self) -> int:
        """The fewest rows that can be judged."""
        return 1 if self.rule.kind.evidence == "exact" else 2

    def points(self) -> list[Evidence]:
        """Evidence per point at the last look."""
        if self.sight is None or self.p is None:
            return []
        return evidence(self.sight, len(self.looks), self.p)

    def reason(self) -> str:
        """Why the last look could not decide; the first reason of any point."""
        if self.refused:
            return self.refused
        if self.sight is None or self.verdict != INCONCLUSIVE:
            return ""
        reasons = [reason(self.sight, k) for k in range(len(self.sight.verdicts))]
        return next((text for text in reasons if text), "budget")

    def p_anytime(self) -> float | None:
        """Anytime p-value of the claim: Bonferroni over its points."""
        if self.p is None or np.isnan(self.p).all():
            return None
        return float(min(1.0, self.p.size * np.nanmin(self.p)))

    def predicted(self) -> float:
        """Rows to the decision if estimates and standard errors stay as they are.

        ((c + 1.3) sd / distance to the nearest end of the region)², the largest over
        the points if all lie inside, else the smallest over those outside.
        """
        if self.sight is None:
            return 0.0
        estimate, region = self.sight.estimate, self.sight.region
        c = estimate.multiplier(self.sight.strict)
        c = c if np.isfinite(c) else TYPICAL_MULTIPLIER
        distance = np.fmin(
            np.abs(estimate.estimate - region.lo), np.abs(region.hi - estimate.estimate)
        )
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            need = estimate.n * ((c + 1.3) * estimate.se / distance) ** 2
        outside = region.nearest(estimate.estimate) != estimate.estimate
        chosen = need[outside].min() if outside.any() else need.max()
        return float(chosen) if np.isfinite(chosen) else float(2 * estimate.n)


def requests(trial: Trial) -> list[tuple[Any, int]]:
    """Sweeps and seeds that the next look needs; one seed for deterministic ones."""
    return [
        (sweep, 1 if is_deterministic(sweep) else trial.next_seeds)
        for sweep in trial.design.sweeps.values()
    ]


def is_deterministic(sweep: Any) -> bool:
    """Whether a sweep's simulator draws nothing."""
    return bool(getattr(getattr(sweep, "sim", None), "deterministic", False))
