"""Figures on the recovery of Hawkes networks, the headline figure first."""

from . import process, recovery
from .network import NETWORK
from .network import network as network

FIGURES = (
    recovery.TIMES,
    recovery.SUCCESS,
    process.LADDER,
    recovery.MARGINS,
    process.SCREENING,
    process.COVARIANCES,
    process.GAPS,
    NETWORK,
)
