"""Single-index reward learning and deployment by exponential tilting, in theory.

A policy that maximises expected reward minus KL divergence tilts the base policy by the
exponential of a *learned* reward. Claims `RW-1` to `RW-20`: what exponential label
weights show of the hidden direction, how good the deployed policy is, and which
deployment temperatures are safe.
"""

from .admissible import Admissible, admissible_sets
from .exponents import (
    ess_exponent,
    generative_powers,
    optimal_temperature,
    temperature_threshold,
    tilt_moment_exists,
)
from .flow import (
    critical_step,
    drift,
    linear_phase_variance,
    noise_terms,
    student_coefs,
)
from .gaps import GapTerms, gap_terms
from .gibbs import Gibbs, gibbs, label_ess
from .index import (
    OverlapValue,
    convexity_upper_bound,
    direction_slope,
    value_at_overlap,
)
from .links import LinkSpec, link_spec
from .overlap import (
    first_order_overlap,
    one_step_overlap,
    preference_coef,
    preference_overlap,
    spectral_overlap2,
    spectral_ratio_threshold,
)
from .passage import hitting_cdf, hitting_limit_cdf, hitting_mean
from .readout import Readout, sandwich, tanh_features
from .rules import gauss_grid, hermite
from .signal import (
    conditional_moments,
    hermite_coefs,
    label_mean,
    second_moment,
    signal_to_noise,
)
from .trajectory import overlap_ode, recovered_fraction

__all__ = [
    "Admissible",
    "GapTerms",
    "Gibbs",
    "LinkSpec",
    "OverlapValue",
    "Readout",
    "admissible_sets",
    "conditional_moments",
    "convexity_upper_bound",
    "critical_step",
    "direction_slope",
    "drift",
    "ess_exponent",
    "first_order_overlap",
    "gap_terms",
    "gauss_grid",
    "generative_powers",
    "gibbs",
    "hermite",
    "hermite_coefs",
    "hitting_cdf",
    "hitting_limit_cdf",
    "hitting_mean",
    "label_ess",
    "label_mean",
    "linear_phase_variance",
    "link_spec",
    "noise_terms",
    "one_step_overlap",
    "optimal_temperature",
    "overlap_ode",
    "preference_coef",
    "preference_overlap",
    "recovered_fraction",
    "sandwich",
    "second_moment",
    "signal_to_noise",
    "spectral_overlap2",
    "spectral_ratio_threshold",
    "student_coefs",
    "tanh_features",
    "temperature_threshold",
    "tilt_moment_exists",
    "value_at_overlap",
]
