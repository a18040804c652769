"""Simulators of linear generative models, and pairs of trained denoisers."""

from .equivariant import simulate_equivariant
from .flow import probability_flow
from .networks import train_denoiser_pair
from .pairs import simulate_pair
from .spectra import simulate_denoiser, simulate_divergence, simulate_white
from .spikes import simulate_spike

__all__ = [
    "probability_flow",
    "simulate_denoiser",
    "simulate_divergence",
    "simulate_equivariant",
    "simulate_pair",
    "simulate_spike",
    "simulate_white",
    "train_denoiser_pair",
]
