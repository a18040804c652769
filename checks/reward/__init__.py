"""Single-index reward learning and deployment by exponential tilting."""
