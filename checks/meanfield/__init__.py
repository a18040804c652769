"""Claims on mean-field networks, MF-1 to MF-15."""

from . import (
    chaos,
    decomposition,
    dictionary,
    energy,
    identifiability,
    linear,
    rates,
    riccati,
    tails,
    training,
)

CLAIMS = (
    *chaos.CLAIMS,
    *energy.CLAIMS,
    *training.CLAIMS,
    *rates.CLAIMS,
    *linear.CLAIMS,
    *riccati.CLAIMS,
    *tails.CLAIMS,
    *identifiability.CLAIMS,
    *dictionary.CLAIMS,
    *decomposition.CLAIMS,
)
