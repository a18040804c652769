"""Figures on mean-field networks, the headline figure first."""

from . import anchors, chaos, identifiability, training

FIGURES = (
    *chaos.FIGURES,
    *training.FIGURES,
    *anchors.FIGURES,
    *identifiability.FIGURES,
)
