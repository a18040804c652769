"""Deciding whether a simulation agrees with a derived statement."""

from . import kinds
from .claim import Claim, Design, Mutant, Preset, Provenance, Tolerance
from .errors import BadClaim, BadSamples
from .kinds import Kind
from .rows import lanes, rows, two_samples
from .runner import run_claims
from .verdict import Evidence, Look, MutantVerdict, Verdict

__all__ = [
    "BadClaim",
    "BadSamples",
    "Claim",
    "Design",
    "Evidence",
    "Kind",
    "Look",
    "Mutant",
    "MutantVerdict",
    "Preset",
    "Provenance",
    "Tolerance",
    "Verdict",
    "kinds",
    "lanes",
    "rows",
    "run_claims",
    "two_samples",
]
