"""Maximal-update two-layer networks: mean-field limit, finite width, learning cell.

Claims MF-1 to MF-15. Three exactly solvable anchors (linear, Riccati, conic Hermite
dictionary) and the bounded neuron with dual certificates and sharp constants.
"""

from .chaos import chaos_contraction, chaos_upper_bound
from .decomposition import decomposition_terms, statistical_constant
from .dictionary import (
    closing_ridge_threshold,
    dictionary_kernel_at_one,
    learning_cell,
    soft_threshold,
    sparse_count,
    sparse_energy,
)
from .gibbs import (
    dual_value,
    fixed_point,
    gibbs_state,
    primal_value,
    stationary_constants,
    stationary_fluctuation,
)
from .identifiability import (
    function_distance,
    hermite_coefficients,
    jacobian_rank,
    orbit_depth,
    pure_rank,
    realization_rank,
    realization_rank_free,
    variety_depth,
    visible_degrees,
)
from .linear import (
    linear_free_energy_excess,
    linear_mean,
    linear_mean_discrete,
    linear_variance,
    linear_variance_discrete,
)
from .linear_chaos import (
    linear_coupling,
    linear_coupling_discrete,
    linear_coupling_limit,
    linear_free_energy_gap,
    linear_relative_entropy,
    linear_w2_joint,
    linear_w2_marginal,
)
from .linearised import linearised_gap
from .riccati import (
    riccati_finite_width,
    riccati_flow,
    riccati_fluctuation,
    riccati_matrix,
    riccati_matrix_discrete,
    riccati_moment,
    riccati_roots,
)
from .tails import (
    admissible_weight,
    admissible_weight_riccati,
    log_even_moment,
    weight_ratio,
)
from .training import lazy_displacement, stability_edge_threshold
from .volterra import dynamic_fluctuation

__all__ = [
    "admissible_weight",
    "admissible_weight_riccati",
    "chaos_contraction",
    "chaos_upper_bound",
    "closing_ridge_threshold",
    "decomposition_terms",
    "dictionary_kernel_at_one",
    "dual_value",
    "dynamic_fluctuation",
    "fixed_point",
    "function_distance",
    "gibbs_state",
    "hermite_coefficients",
    "jacobian_rank",
    "lazy_displacement",
    "learning_cell",
    "linear_coupling",
    "linear_coupling_discrete",
    "linear_coupling_limit",
    "linear_free_energy_excess",
    "linear_free_energy_gap",
    "linear_mean",
    "linear_mean_discrete",
    "linear_relative_entropy",
    "linear_variance",
    "linear_variance_discrete",
    "linear_w2_joint",
    "linear_w2_marginal",
    "linearised_gap",
    "log_even_moment",
    "orbit_depth",
    "primal_value",
    "pure_rank",
    "realization_rank",
    "realization_rank_free",
    "riccati_finite_width",
    "riccati_flow",
    "riccati_fluctuation",
    "riccati_matrix",
    "riccati_matrix_discrete",
    "riccati_moment",
    "riccati_roots",
    "soft_threshold",
    "sparse_count",
    "sparse_energy",
    "stability_edge_threshold",
    "stationary_constants",
    "stationary_fluctuation",
    "statistical_constant",
    "variety_depth",
    "visible_degrees",
    "weight_ratio",
]
