"""Draws batch by batch until every claim and mutant is decided."""

from collections.abc import Callable, Sequence
from typing import Any

from .claim import Claim, Preset
from .verdict import Verdict


def run_claims(
    claims: Sequence[Claim],
    preset: str | Preset,
    draw: Callable[..., Any],
    *,
    alpha: float,
    alpha_consistent: float = 0.01,
    base_seed: int = 0,
    progress: Callable[..., None] | None = None,
) -> list[Verdict]:
    """Judge the claims of a paper."""
    raise NotImplementedError("the runner lands within twenty minutes")
