"""Draws stored rows with the theory's curves; never simulates."""

from ..theory import threads as threads
