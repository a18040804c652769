"""Deciding whether a simulation agrees with a derived statement."""

from . import kinds
from .archive import load_rows, rejudge, save_rows
from .case import discoveries
from .claim import Claim, Design, Mutant, Preset, Provenance, Tolerance
from .errors import BadClaim, BadSamples, DuplicateRows
from .exact import rounding_error
from .family import guarantee
from .kinds import Kind
from .ledger import Ledger
from .mutants import gate, kill_rates, untested_plumbing
from .planning import plan
from .record import from_json, to_json
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
    "discoveries",
    "from_json",
    "gate",
    "guarantee",
    "kill_rates",
    "kinds",
    "lanes",
    "load_rows",
    "plan",
    "rejudge",
    "rounding_error",
    "rows",
    "run_claims",
    "save_rows",
    "to_json",
    "two_samples",
    "untested_plumbing",
]
