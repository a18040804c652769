"""Memorisation, convergence and generalisation in generative models, reproduced."""

from ..checks import memorisation as checks
from ..figures import memorisation as figures
from .paper import Paper

PAPER = Paper(
    id="memorisation",
    title="Memorisation, convergence and generalisation in generative models",
    bibkey="maillard2026",
    summary=(
        "Two models trained on disjoint data may make the same sample from the same "
        "noise. How much data does that take, and does it mean that they learnt the "
        "truth? Convergence rises smoothly and sees only the bulk of the spectrum; "
        "leading directions are recovered in a sharp transition before or after."
    ),
    claims=checks.CLAIMS,
    figures=figures.FIGURES,
    notes=(
        "The paper's formulas were not at hand: definitions of q, Q and m are ours and "
        "may differ from the paper's by normalisation; what is tagged derived was "
        "derived and checked here."
    ),
    seconds=125,
)
