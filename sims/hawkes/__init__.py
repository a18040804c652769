"""Simulators and estimators of Hawkes networks."""
