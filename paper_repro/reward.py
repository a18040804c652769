"""How neural reward models learn features for policy optimisation."""

from ..checks.reward import CLAIMS
from ..figures.reward import FIGURES
from .paper import Paper

PAPER = Paper(
    id="reward",
    title="How Neural Reward Models Learn Features for Policy Optimization: "
    "A Single-Index Analysis",
    bibkey="higuchi2026",
    summary="A policy that maximises reward minus divergence tilts the base policy by "
    "the exponential of a learned reward. In a single-index model: what exponential "
    "label weights show of the hidden direction, how many samples find it, what the "
    "deployed policy is worth, and which deployment temperatures are safe.",
    claims=CLAIMS,
    figures=FIGURES,
    notes="The paper's constants are not available: every constant is derived here. "
    "Paper-tagged claims state what the paper states (a threshold, the generative "
    "exponent, admissible sets); the numbers beside them are ours.",
    seconds=160,
)
