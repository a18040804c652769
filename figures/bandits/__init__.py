"""Figures of streaming bandits, the sandwich first."""

from . import curves, headline

FIGURES = (*headline.FIGURES, *curves.FIGURES)
