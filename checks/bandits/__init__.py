"""The claims of streaming bandits: SB-1 … SB-14 with their negative controls."""

from . import floor, ladders, selection

CLAIMS = (*selection.CLAIMS, *floor.CLAIMS, *ladders.CLAIMS)
