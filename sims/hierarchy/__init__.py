"""Sequential feature recovery: what is simulated.

`simulate_spectrum` holds the whole matrix, `simulate_operator` none of it;
`simulate_spiked_goe` samples the universal finite-size window; `simulate_kernel_ridge`,
`simulate_monomials` and `simulate_split_readout` are the rivals of the separation.
"""

from .data import (
    draw_features,
    flatten_symmetric,
    hermite_features,
    unflatten_symmetric,
)
from .learners import (
    simulate_kernel_ridge,
    simulate_monomials,
    simulate_split_readout,
)
from .operator import simulate_operator
from .spectrum import simulate_full_spectrum, simulate_spectrum
from .window import simulate_spiked_goe

__all__ = [
    "draw_features",
    "flatten_symmetric",
    "hermite_features",
    "simulate_full_spectrum",
    "simulate_kernel_ridge",
    "simulate_monomials",
    "simulate_operator",
    "simulate_spectrum",
    "simulate_spiked_goe",
    "simulate_split_readout",
    "unflatten_symmetric",
]
