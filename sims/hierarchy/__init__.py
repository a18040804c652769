"""Sequential feature recovery: what is simulated."""
