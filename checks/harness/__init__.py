"""Deciding whether a simulation agrees with a derived statement."""

from . import kinds
from .claim import Claim, Design, Mutant, Preset, Provenance, Tolerance
from .errors import BadClaim, BadSamples, DuplicateRows
from .exact import rounding_error
from .family import guarantee
from .kinds import Kind
from .ledger import Ledger
from .mutants import gate, kill_rates, untested_plumbing
from .rows import lanes, rows, two_samples
from .runner import run_claims
from .verdict import Evidence, Look, MutantVerdict, Verdict

__all__ = [
    "BadClaim",
    "BadSamples",
    "Claim",
    "Design",
    "DuplicateRows",
    "Evidence",
    "Kind",
    "Ledger",
    "Look",
    "Mutant",
    "MutantVerdict",
    "Preset",
    "Provenance",
    "Tolerance",
    "Verdict",
    "gate",
    "guarantee",
    "kill_rates",
    "kinds",
    "lanes",
    "rounding_error",
    "rows",
    "run_claims",
    "two_samples",
    "untested_plumbing",
]
