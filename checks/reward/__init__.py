"""Claims of single-index reward learning and deployment (RW-1 to RW-20)."""

from . import (
    deployment,
    direction,
    dynamics,
    gaps,
    passage,
    readouts,
    recovery,
    signal,
    spectral,
)

CLAIMS = (
    *passage.CLAIMS,
    *recovery.CLAIMS,
    *direction.CLAIMS,
    *signal.CLAIMS,
    *spectral.CLAIMS,
    *dynamics.CLAIMS,
    *gaps.CLAIMS,
    *readouts.CLAIMS,
    *deployment.CLAIMS,
)
