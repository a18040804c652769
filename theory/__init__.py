"""What is derived: pure float64 functions, no simulator in sight."""

from . import threads as threads
