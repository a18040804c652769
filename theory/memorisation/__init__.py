r"""Memorisation, convergence and latent recovery in linear generative models.

Two models are trained on disjoint data from a zero-mean Gaussian; their generators are
square roots of empirical covariances, $G = (S + \kappa I)^{1/2}$. When do they make the
same sample from the same noise (convergence $q$), and when do they know the leading
directions of the truth (overlap $Q$)? Definitions of $q$, $Q$ and $m$ are ours and may
differ from the paper's by normalisation. Totals over the dimensions unless a name ends
in `_white`; ridge 0 where a function takes none.
"""

from ..maths.spectra import effective_ridge, spiked_eigenvalue, spiked_overlap
from .atoms import (
    Spectrum,
    power_law_atoms,
    power_law_continuum,
    power_law_spectrum,
    spiked_spectrum,
)
from .convergence import (
    Frobenius,
    ManySamplesError,
    convergence,
    convergence_error_exponent,
    convergence_white,
    equivariant_convergence,
    frobenius_moments,
    frobenius_overlap,
    half_moment_finite,
    half_moment_white,
    many_samples_error,
    small_load_exponent,
)
from .copying import (
    DenoiserErrors,
    Energy,
    denoiser_errors,
    memorisation_energy,
    memorisation_maximum,
    span_fraction,
)
from .distances import (
    distance_between_models,
    distance_between_models_white,
    distance_to_truth,
    distance_to_truth_white,
    kl_model_truth,
    kl_model_truth_limit,
    kl_truth_model,
    kl_truth_model_limit,
    optimal_ridge,
    same_seed_distance,
)
from .latents import (
    latent_count,
    latent_distance,
    latent_overlap,
    latent_threshold,
    operator_norm_error,
)
from .resolvent import mean_generator, mean_generator_shift

__all__ = [
    "DenoiserErrors",
    "Energy",
    "Frobenius",
    "ManySamplesError",
    "Spectrum",
    "convergence",
    "convergence_error_exponent",
    "convergence_white",
    "denoiser_errors",
    "distance_between_models",
    "distance_between_models_white",
    "distance_to_truth",
    "distance_to_truth_white",
    "effective_ridge",
    "equivariant_convergence",
    "frobenius_moments",
    "frobenius_overlap",
    "half_moment_finite",
    "half_moment_white",
    "kl_model_truth",
    "kl_model_truth_limit",
    "kl_truth_model",
    "kl_truth_model_limit",
    "latent_count",
    "latent_distance",
    "latent_overlap",
    "latent_threshold",
    "many_samples_error",
    "mean_generator",
    "mean_generator_shift",
    "memorisation_energy",
    "memorisation_maximum",
    "operator_norm_error",
    "optimal_ridge",
    "power_law_atoms",
    "power_law_continuum",
    "power_law_spectrum",
    "same_seed_distance",
    "small_load_exponent",
    "span_fraction",
    "spiked_eigenvalue",
    "spiked_overlap",
    "spiked_spectrum",
]
