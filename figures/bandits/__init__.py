"""Figures of streaming bandits, the sandwich first."""

from . import curves, headline, simulation

FIGURES = (*headline.FIGURES, *simulation.FIGURES, *curves.FIGURES)
