"""Mean-field muP dynamics and the learning cell: the paper as data."""

from ..checks import meanfield as checks
from ..figures import meanfield as figures
from .paper import Paper

PAPER = Paper(
    id="meanfield",
    title="Feature Learning in Wide Neural Networks under μP: Identifiability and "
    "Sparse-Dictionary Decomposition of the Mean-Field Limit",
    bibkey="xodarev2026",
    summary="A wide two-layer network in maximal-update parametrization is a system of "
    "interacting particles. How far is a finite one from its mean-field limit, which "
    "features does the limit learn, and which of them can data of a given degree "
    "identify?",
    claims=checks.CLAIMS,
    figures=figures.FIGURES,
    notes="Operational definitions of the learning cell (its depth, its closure, its "
    "atoms) are ours. Constants are derived here where the paper gives orders.",
    seconds=110,
)
