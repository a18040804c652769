"""The planning rule of a dry run: how many rows a verdict will cost, and can buy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import mixture
from .claim import Claim, Preset
from .estimate import Level
from .family import shares
from .rule import Rule
from .spending import schedule

MARGIN = 1.3


@dataclass(frozen=True)
class Plan:
    """What a claim may cost at a preset.

    Attributes:
        claim: Its id.
        budget: The most rows it may use.
        looks: Rows at its looks.
        alpha: Its level (nan for exact evidence).
        multiplier: c of the t-mixture at the budget, per point.
        largest_sd: Standard deviation of a row up to which it comes out `consistent`
            at the budget if the claim is true, one per claimed number.
        largest_sd_interest: The same for `violated` at the deviation of interest.
    """

    claim: str
    budget: int
    looks: tuple[int, ...]
    alpha: float
    multiplier: float
    largest_sd: np.ndarray
    largest_sd_interest: np.ndarray


def plan(claims: Sequence[Claim], preset: str | Preset, alpha: float) -> list[Plan]:
    """Plan all claims of a paper that have sizes at a preset; nothing is drawn."""
    preset = Preset.of(preset)
    levels = shares(claims, preset.name, alpha)
    return [
        _plan(claim, preset, levels[claim.id])
        for claim in claims
        if preset.name in claim.sizes
    ]


def rows_needed(
    sd: float, distance: float, alpha: float, budget: int, side: str = "two"
) -> float:
    """Rows to a decision: ((c + 1.3) sd / distance)².

    Args:
        sd: Standard deviation of a row.
        distance: Tolerance minus deviation for `consistent`, deviation minus tolerance
            for `violated`.
        alpha: Level per point.
        budget: The most rows the claim may use.
        side: two, upper or lower.
    """
    c = _multiplier(budget, Level(alpha, side, budget))
    return float(((c + MARGIN) * sd / distance) ** 2)


def _plan(claim: Claim, preset: Preset, alpha: float) -> Plan:
    sizes = dict(claim.sizes[preset.name])
    budget = int(sizes.pop("seeds", 1))
    design = claim.design(**sizes)
    rule = Rule.of(claim.id, claim.kind, design, alpha, 0.01, budget)
    tolerance = np.minimum(rule.below, rule.above)
    interest = 2 * tolerance if design.interest is None else np.asarray(design.interest)
    points = max(1, np.size(design.claimed)) if not callable(design.claimed) else 1
    c = float("nan")
    if claim.kind.evidence != "exact" and budget > 1:
        c = _multiplier(budget, Level(alpha / points, claim.kind.side, budget))
    reach = np.sqrt(budget) / (c + MARGIN)
    exact = claim.kind.evidence == "exact"
    looks = [budget] if exact else schedule(preset.first_look, budget)
    return Plan(
        claim.id,
        budget,
        tuple(looks),
        alpha,
        c,
        tolerance * reach,
        (interest - tolerance) * reach,
    )


def _multiplier(n: int, level: Level) -> float:
    phi = mixture.prior_size(level.budget, level.two_sided)
    return float(mixture.multiplier(n, level.two_sided, phi))
