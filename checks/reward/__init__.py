"""Claims of single-index reward learning and deployment (RW-1 to RW-20)."""

from . import direction, dynamics, passage, signal, spectral

CLAIMS = (
    *passage.CLAIMS,
    *direction.CLAIMS,
    *signal.CLAIMS,
    *spectral.CLAIMS,
    *dynamics.CLAIMS,
)
