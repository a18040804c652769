"""Figures on memorisation, convergence and latent recovery."""

from .networks import NETWORKS, NETWORKS_LARGE
from .orders import COLLAPSE, DISTANCES, ORDERS, PHASES
from .spectra import DENOISERS, DIVERGENCES, FINITE_SIZE, POWER_LAW, RIDGE

FIGURES = (
    ORDERS,
    PHASES,
    DISTANCES,
    COLLAPSE,
    RIDGE,
    POWER_LAW,
    DIVERGENCES,
    DENOISERS,
    NETWORKS,
    NETWORKS_LARGE,
    FINITE_SIZE,
)
