"""The claims of streaming bandits: SB-1 … SB-14 with their negative controls."""

from . import floor, ladders, passes, sandwich, selection, sequential

CLAIMS = (
    *selection.CLAIMS,
    *floor.CLAIMS,
    *ladders.CLAIMS,
    *sandwich.CLAIMS,
    *sequential.CLAIMS,
    *passes.CLAIMS,
)
