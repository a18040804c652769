"""What is simulated: pure, jittable functions of one lane."""

from ..theory import threads as threads
