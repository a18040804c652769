"""Hawkes networks: moments, concentration, recovery times, lower bounds.

`d` nodes emit events; an event of node `j` raises the rate of node `i` by
`weights[i, j]` times an exponential kernel of decay `beta`. All names of the system are
re-exported here; weights are `[child, parent]` throughout.
"""

from .binned import binned_covariance as binned_covariance
from .binned import inar_moments as inar_moments
from .clipped import clipped_moments as clipped_moments
from .clipped import count_probabilities as count_probabilities
from .clipped import log_void_probability as log_void_probability
from .concentration import cluster_mgf as cluster_mgf
from .concentration import concentration_rate as concentration_rate
from .concentration import cumulant_upper_bound as cumulant_upper_bound
from .concentration import screening_time_upper_bound as screening_time_upper_bound
from .least_squares import binned_efficiency as binned_efficiency
from .least_squares import binned_weights as binned_weights
from .least_squares import state_gram as state_gram
from .least_squares import state_integral as state_integral
from .lower_bound import add_kl_rate as add_kl_rate
from .lower_bound import drop_kl_rate as drop_kl_rate
from .lower_bound import fano_time_lower_bound as fano_time_lower_bound
from .lower_bound import ml_recovery_probability as ml_recovery_probability
from .lower_bound import sqrt_intensity_variance as sqrt_intensity_variance
from .lower_bound import swap_kl_rate as swap_kl_rate
from .lower_bound import union_time_upper_bound as union_time_upper_bound
from .moments import bartlett_spectrum as bartlett_spectrum
from .moments import circulant_state_variance as circulant_state_variance
from .moments import covariance_density as covariance_density
from .moments import cross_state_covariance as cross_state_covariance
from .moments import lyapunov_covariance as lyapunov_covariance
from .moments import state_covariance as state_covariance
from .moments import stationary_rates as stationary_rates
from .moments import transient_rates as transient_rates
from .recovery import best_threshold_frac as best_threshold_frac
from .recovery import estimate_scales as estimate_scales
from .recovery import filtered_snr as filtered_snr
from .recovery import lag_one_gain as lag_one_gain
from .recovery import lag_one_gain_argmax as lag_one_gain_argmax
from .recovery import recovery_probability as recovery_probability
from .recovery import recovery_time as recovery_time
from .recovery import screening_snr as screening_snr
