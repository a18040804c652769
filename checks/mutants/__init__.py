"""Simulators that are wrong on purpose, one module per system."""
