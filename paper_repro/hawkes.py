"""How long must one watch a Hawkes network to recover it exactly?"""

from ..checks.hawkes import CLAIMS
from ..figures.hawkes import FIGURES
from .paper import Paper

PAPER = Paper(
    id="hawkes",
    title="On Observation Time for Recovering Latent Hawkes Networks",
    bibkey="linkerhagner2026",
    summary="Entities excite each other's events; from all events up to time T one "
    "wants the whole directed graph without an error. T of order log d suffices for "
    "sparse, weak interactions, by screening and least squares, and is necessary.",
    claims=CLAIMS,
    figures=FIGURES,
    notes="Only the paper's theorem and method are known here; constants, finite-size "
    "predictions and all numbers are derived by us and checked against simulation. The "
    "law of growth (HK-9L) needs the preset paper; at quick the sizes 8 to 64 exclude "
    "a linear law only. The lasso beats the two-stage estimator at these sizes: the "
    "claims compare it with least squares on all nodes and with screening alone.",
    seconds=95,
)
