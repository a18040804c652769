"""Figures on the recovery of Hawkes networks, the headline figure first."""

from . import methods, process, recovery
from .network import NETWORK
from .network import network as network

FIGURES = (
    recovery.TIMES,
    recovery.SUCCESS,
    methods.COMPARISON,
    methods.PHASES,
    process.LADDER,
    recovery.MARGINS,
    process.SCREENING,
    process.COVARIANCES,
    process.GAPS,
    NETWORK,
)
