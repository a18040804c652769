"""Claims on the recovery of Hawkes networks."""
