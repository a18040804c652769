"""What comes out: evidence per point, the verdict of a claim, the fate of mutants."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xarray import DataArray, Dataset

from .claim import Claim, Design

CONSISTENT, VIOLATED, INCONCLUSIVE = "consistent", "violated", "inconclusive"
REASONS = ("budget", "model-rejected", "non-normal", "discrete", "too-few-seeds")
ADVICE = {
    "budget": "give it more seeds, or less noise per seed",
    "model-rejected": "add sizes, or a correction that the theory knows",
    "non-normal": "claim a median, a logarithm or a truncated mean instead",
    "discrete": "use evidence frequency, or more replicas per seed",
    "too-few-seeds": "give it more seeds",
}


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One point of a claim: estimate, interval, region and how sharp the check is.

    Attributes:
        at: Coordinates of the point.
        claimed: The claimed number.
        tol: Tolerance (below, above).
        region: Claimed region, tolerance included; ±inf where it is open.
        estimate: Estimate of the estimand.
        se: Its standard error (nan where the evidence has none).
        lo: Lower end of the interval at the claim's level, bias included.
        hi: Upper end of it.
        lo_consistent: Lower end of the interval at the level of `consistent`.
        hi_consistent: Upper end of it.
        n: Rows (clusters) used.
        df: Degrees of freedom.
        skew: Skewness of the rows or influence values.
        mult: Boundary multiplier that replaces 1.96.
        bias: Systematic budget beta.
        e_value: Evidence against the region; its running maximum exceeds 1/a with
            probability at most a.
        p_anytime: p-value valid at every look.
        gof: Goodness-of-fit p-value of the model, if it has one.
        looks: Number of looks so far.
        resolution: Smallest deviation (downwards, upwards) called `violated` with
            probability 0.9 at these seeds.
        tightness: Bound over estimate, or estimate over lower bound.
        verdict: The point's own verdict.
        reason: Why it is not decided.
        diagnostics: Whatever the estimator wants to show.
    """

    at: Mapping[str, Any] = field(default_factory=dict)
    claimed: float = float("nan")
    tol: tuple[float, float] = (0.0, 0.0)
    region: tuple[float, float] = (-float("inf"), float("inf"))
    estimate: float = float("nan")
    se: float = float("nan")
    lo: float = -float("inf")
    hi: float = float("inf")
    lo_consistent: float = -float("inf")
    hi_consistent: float = float("inf")
    n: int = 0
    df: float = float("nan")
    skew: float = float("nan")
    mult: float = float("nan")
    bias: float = 0.0
    e_value: float | None = None
    p_anytime: float | None = None
    gof: float | None = None
    looks: int = 1
    resolution: tuple[float, float] = (float("nan"), float("nan"))
    tightness: float | None = None
    verdict: str = INCONCLUSIVE
    reason: str = ""
    diagnostics: Mapping[str, Any] = field(default_factory=dict)

    @property
    def interval(self) -> tuple[float, float]:
        """Interval at the claim's level."""
        return self.lo, self.hi

    @property
    def interval_consistent(self) -> tuple[float, float]:
        """Interval at the level of `consistent`."""
        return self.lo_consistent, self.hi_consistent

    @property
    def resolution_rel(self) -> float:
        """The larger resolution relative to the claimed number."""
        if not self.claimed:
            return float("nan")
        return max(self.resolution) / abs(self.claimed)


@dataclass(frozen=True)
class Look:
    """What was seen after a number of seeds."""

    seeds: int
    verdict: str
    e_value: float | None = None


@dataclass(frozen=True, kw_only=True)
class MutantVerdict:
    """The fate of a negative control.

    Attributes:
        name: Its name.
        sort: theory, simulator, analysis or noise.
        shift: Largest deviation from the truth, in units of the claim (None: unknown).
        ratio: Largest shift over resolution of any point (None: unknown).
        verdict: What the rule said.
        status: killed, survived or underpowered.
        reason: Why the rule could not decide.
        seeds: Rows used.
        points: Evidence per point.
        looks: What was seen after how many seeds.
        datasets: The datasets that were judged, by name.
        rows: The rows that were judged.
    """

    name: str
    sort: str
    shift: float | None = None
    ratio: float | None = None
    verdict: str = INCONCLUSIVE
    status: str = "survived"
    reason: str = ""
    seeds: int = 0
    points: list[Evidence] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    datasets: Mapping[str, Dataset] = field(default_factory=dict, repr=False)
    rows: DataArray | None = field(default=None, repr=False)

    @property
    def killed(self) -> bool:
        """Whether the same rule called it `violated` (or refused duplicated rows)."""
        return self.status == "killed"

    @property
    def underpowered(self) -> bool:
        """Whether its shift is below the resolution, so that it could not be killed."""
        return self.status == "underpowered"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The verdict of a claim and all that figures and report need to know about it.

    Attributes:
        claim: The claim.
        verdict: consistent, violated or inconclusive.
        reason: Why it is inconclusive, or what must be known about it.
        points: Evidence per point.
        seeds: Rows used.
        looks: What was seen after how many seeds.
        mutants: Fate of the negative controls, the harness's own included.
        preset: Name of the preset.
        sizes: `seeds` and arguments of the design.
        hash: Of rule, claimed numbers, tolerance and sweeps, taken before drawing.
        alpha: Level of `violated` for this claim.
        alpha_consistent: Level of `consistent`.
        attempt: Number of this attempt in the ledger.
        p_anytime: Anytime p-value of the claim.
        e_value: e-value of the claim.
        seconds: Wall time of its looks, drawing included.
        flags: `vacuous`, `leverage`, `approximate`, `holm`, …
        design: The claim at these sizes.
        datasets: The datasets that were judged, by name.
        rows: The rows that were judged.
    """

    claim: Claim
    verdict: str = INCONCLUSIVE
    reason: str = ""
    points: list[Evidence] = field(default_factory=list)
    seeds: int = 0
    looks: list[Look] = field(default_factory=list)
    mutants: list[MutantVerdict] = field(default_factory=list)
    preset: str = ""
    sizes: Mapping[str, Any] = field(default_factory=dict)
    hash: str = ""
    alpha: float = float("nan")
    alpha_consistent: float = 0.01
    attempt: int = 1
    p_anytime: float | None = None
    e_value: float | None = None
    seconds: float = 0.0
    flags: tuple[str, ...] = ()
    design: Design | None = field(default=None, repr=False)
    datasets: Mapping[str, Dataset] = field(default_factory=dict, repr=False)
    rows: DataArray | None = field(default=None, repr=False)

    @property
    def advice(self) -> str:
        """What would help an inconclusive claim; empty if it is decided."""
        return ADVICE.get(self.reason, "")

    @property
    def claim_id(self) -> str:
        """Id of the claim."""
        return self.claim.id
