"""The claims of streaming bandits: SB-1 … SB-14 with their negative controls."""

from . import floor, selection

CLAIMS = (*selection.CLAIMS, *floor.CLAIMS)
