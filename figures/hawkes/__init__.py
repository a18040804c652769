"""Figures on the recovery of Hawkes networks."""
