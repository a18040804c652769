"""Claims on mean-field networks, MF-1 to MF-15."""

from . import (
    chaos,
    decomposition,
    energy,
    identifiability,
    linear,
    riccati,
    tails,
    training,
)

CLAIMS = (
    *chaos.CLAIMS,
    *energy.CLAIMS,
    *training.CLAIMS,
    *linear.CLAIMS,
    *riccati.CLAIMS,
    *tails.CLAIMS,
    *identifiability.CLAIMS,
    *decomposition.CLAIMS,
)
