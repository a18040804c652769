"""Scaling laws from sequential feature recovery."""

from ..checks.hierarchy import CLAIMS
from ..figures.hierarchy import FIGURES
from .paper import Paper

PAPER = Paper(
    id="hierarchy",
    title="Scaling Laws from Sequential Feature Recovery: "
    "A Solvable Hierarchical Model",
    bibkey="wortsman2026",
    summary="A layer-wise spectral learner finds the hidden quadratic features of a "
    "degree-four target one after the other, each at its own sharp sample size; summed "
    "over features the cascade is a power law of the test error. A fixed kernel sees "
    "nothing of it until $n \\sim d^4$.",
    claims=CLAIMS,
    figures=FIGURES,
    notes="The thresholds, constants and the finite-size window are derived here and "
    "exact in mode gauss (Gaussian-equivalent features, any dimension $D$). Modes "
    "gaussian and sphere are the paper's data: at $d \\le 40$ their overlaps differ "
    "from the limit by .1 to .4, so trends are checked there and not constants. "
    "Exponents of HS-6 are those of the authors' public plotting code.",
    seconds=65,
)
