"""Streaming bandits: the paper as data."""

from ..checks import bandits as checks
from ..figures import bandits as figures
from .paper import Paper

PAPER = Paper(
    id="bandits",
    title="Tight Regret Bounds for Single-pass Streaming Multi-armed Bandits",
    bibkey="wang2023",
    summary="Arms pass by once, few can be kept, and a dropped arm is lost for ever. "
    "How large must the regret be? Of order $K^{1/3} T^{2/3}$, says the paper; the "
    "constants here say between which numbers.",
    claims=checks.CLAIMS,
    figures=figures.FIGURES,
    notes="The paper gives orders; all constants are our derivations. Constants marked "
    "*slippage* rest on a conjecture (the worst means for selection are a slippage "
    "instance) and never enter a bound marked *rigorous*.",
    seconds=90,
)
