"""Claims of single-index reward learning and deployment (RW-1 to RW-20)."""

from . import (
    deployment,
    direction,
    dynamics,
    gaps,
    growth,
    passage,
    readouts,
    recovery,
    signal,
    spectral,
    stages,
    temperatures,
)

CLAIMS = (
    *passage.CLAIMS,
    *growth.CLAIMS,
    *recovery.CLAIMS,
    *direction.CLAIMS,
    *signal.CLAIMS,
    *spectral.CLAIMS,
    *dynamics.CLAIMS,
    *gaps.CLAIMS,
    *readouts.CLAIMS,
    *temperatures.CLAIMS,
    *deployment.CLAIMS,
    *stages.CLAIMS,
)
