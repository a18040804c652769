"""Where theory and simulation meet: the claims of every system."""

from ..theory import threads as threads
