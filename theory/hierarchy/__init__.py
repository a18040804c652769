"""Sequential feature recovery and the scaling law it makes: what is derived.

`labels` (law of the label), `outliers` and `branches` (HS-3, HS-4, HS-8), `optimal`
(HS-4, HS-12), `scaling` (HS-5, HS-6, HS-7), `smoothing` (HS-8), `readout` (HS-9),
`quadratic` (HS-2), `kernels` (HS-10), `krylov` (HS-3c).
"""

from .branches import Branches, outlier_branches
from .kernels import KernelSpectrum, kernel_eigenvalues, kernel_mse
from .krylov import krylov_applications, krylov_error
from .labels import (
    LabelLaw,
    label_law,
    learner_eigenvalue,
    power_law_weights,
    preprocess,
    preprocess_supremum,
    signal_strength,
)
from .optimal import (
    fisher_information,
    optimal_preprocessing,
    recovery_threshold_lower_bound,
    weak_threshold,
)
from .outliers import Outlier, Window, outlier, recovery_threshold, spectral_window
from .quadratic import (
    degree2_energy,
    label_variance,
    population_operator,
    square_covariance,
    vector_readout_nmse,
)
from .readout import raw_semicircle_nmse, readout_nmse, shrink_eigenvalue
from .scaling import (
    parametric_nmse,
    population_nmse,
    power_law_nmse,
    power_law_threshold,
    recovered_count,
    semicircle_overlap,
    semicircle_threshold,
    sigmoid_nmse,
    staircase_nmse,
    threshold_exponent,
)
from .smoothing import smoothed_overlap, window_function

__all__ = [
    "Branches",
    "KernelSpectrum",
    "LabelLaw",
    "Outlier",
    "Window",
    "degree2_energy",
    "fisher_information",
    "kernel_eigenvalues",
    "kernel_mse",
    "krylov_applications",
    "krylov_error",
    "label_law",
    "label_variance",
    "learner_eigenvalue",
    "optimal_preprocessing",
    "outlier",
    "outlier_branches",
    "parametric_nmse",
    "population_nmse",
    "population_operator",
    "power_law_nmse",
    "power_law_threshold",
    "power_law_weights",
    "preprocess",
    "preprocess_supremum",
    "raw_semicircle_nmse",
    "readout_nmse",
    "recovered_count",
    "recovery_threshold",
    "recovery_threshold_lower_bound",
    "semicircle_overlap",
    "semicircle_threshold",
    "shrink_eigenvalue",
    "sigmoid_nmse",
    "signal_strength",
    "smoothed_overlap",
    "spectral_window",
    "square_covariance",
    "staircase_nmse",
    "threshold_exponent",
    "vector_readout_nmse",
    "weak_threshold",
    "window_function",
]
