"""Simulators of mean-field networks: one lane each, pure and jittable."""

from .anchors import linear_coupled, riccati_particles, riccati_path, ridge_error
from .bounded import (
    coupled,
    network_field,
    particle_drift,
    reference_path,
    stationary,
)
from .conic import cluster_atoms, conic_flow, conic_start, sparse_dictionary
from .fokker_planck import fokker_planck_1d
from .initial_tails import riccati_tails, tails
from .training import antisymmetric_start, learning_curve, train_network

__all__ = [
    "antisymmetric_start",
    "cluster_atoms",
    "conic_flow",
    "conic_start",
    "coupled",
    "fokker_planck_1d",
    "learning_curve",
    "linear_coupled",
    "network_field",
    "particle_drift",
    "reference_path",
    "riccati_particles",
    "riccati_path",
    "riccati_tails",
    "ridge_error",
    "sparse_dictionary",
    "stationary",
    "tails",
    "train_network",
]
