"""Binds papers together: claims, figures, report and command."""

from ..theory import threads as threads
