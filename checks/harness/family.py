"""Many claims: shares of the error level, Holm at the end, e-BH as exploration."""

from collections.abc import Sequence

import numpy as np

from .claim import Claim
from .errors import BadClaim

DISCOVERY_RATE = 0.05


def shares(claims: Sequence[Claim], preset: str, alpha: float) -> dict[str, float]:
    """Level of every claim of a paper: alpha by weight over those that draw samples.

    A claim's share does not depend on what else was asked for. Exact evidence takes
    none (nan).

    Raises:
        BadClaim: Two claims with the same id, a level outside (0, 0.5).
    """
    ids = [claim.id for claim in claims]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise BadClaim(f"Claim ids are used twice: {twice}.")
    if not 0 < alpha < 0.5:
        raise BadClaim(f"`alpha` must be in (0, 0.5), got {alpha}.")
    sampled = [c for c in claims if preset in c.sizes and c.kind.evidence != "exact"]
    total = sum(claim.weight for claim in sampled)
    return {
        claim.id: alpha * claim.weight / total if claim in sampled else float("nan")
        for claim in claims
    }


def holm(
    p: Sequence[float], weights: Sequence[float | int], alpha: float
) -> list[bool]:
    """Weighted Holm procedure: which claims are rejected at family-wise level alpha.

    Steps down along p/w; the next is rejected while p ≤ alpha w / (weights left)
    (Holm 1979). Valid under any dependence.
    """
    rejected = [False] * len(p)
    left = float(sum(weights))
    for k in sorted(range(len(p)), key=lambda k: p[k] / weights[k]):
        if p[k] * left > alpha * weights[k]:
            break
        rejected[k] = True
        left -= weights[k]
    return rejected


def e_bh(e: Sequence[float], rate: float = DISCOVERY_RATE) -> list[bool]:
    """e-BH: the k largest e-values, for the largest k with e_(k) ≥ M/(rate k).

    False-discovery rate at most `rate` under any dependence (Wang and Ramdas 2022).
    """
    values = np.asarray(e, float)
    order = np.argsort(-values)
    ranks = np.arange(1, len(values) + 1)
    enough = np.flatnonzero(values[order] * rate * ranks >= len(values))
    chosen = np.zeros(len(values), dtype=bool)
    if len(enough):
        chosen[order[: enough[-1] + 1]] = True
    return [bool(c) for c in chosen]


def calibrated(p: float) -> float:
    """An e-value from a p-value: 1/(2 √p) (Vovk and Wang 2021)."""
    return float(0.5 / np.sqrt(max(p, 1e-300)))


def guarantee(levels: Sequence[float]) -> str:
    """The sentence that every report prints; one level per paper shown."""
    bound = sum(levels)
    return (
        "Probability of one or more false `violated` among these papers: at most "
        f"{100 * bound:.3g} %, over the draw of the base seed."
    )
