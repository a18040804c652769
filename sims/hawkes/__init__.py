"""Simulators and estimators of Hawkes networks; weights are `[child, parent]`.

`fit` recovers the network behind a user's own events; `recovery` is the lane of the
headline sweep. Everything is exact except `simulate_inar`.
"""

from .binning import Binned as Binned
from .binning import CrossStats as CrossStats
from .binning import bin_events as bin_events
from .binning import event_cross as event_cross
from .bipartite import bipartite_decoding as bipartite_decoding
from .bipartite import chernoff_paths as chernoff_paths
from .bipartite import chernoff_rate as chernoff_rate
from .bipartite import decoding_capacity as decoding_capacity
from .clusters import ChildTable as ChildTable
from .clusters import Events as Events
from .clusters import child_table as child_table
from .clusters import dense_table as dense_table
from .clusters import plan_stages as plan_stages
from .clusters import simulate_clusters as simulate_clusters
from .clusters import simulate_regular as simulate_regular
from .estimators import RecoveryStats as RecoveryStats
from .estimators import full_least_squares as full_least_squares
from .estimators import lasso as lasso
from .estimators import margins as margins
from .estimators import poisson_mle as poisson_mle
from .estimators import recovery_stats as recovery_stats
from .estimators import screen_scores as screen_scores
from .estimators import two_stage as two_stage
from .events import read_events as read_events
from .fit import HawkesFit as HawkesFit
from .fit import fit as fit
from .graphs import default_offsets as default_offsets
from .graphs import random_in_degree_graph as random_in_degree_graph
from .graphs import regular_graph as regular_graph
from .graphs import weight_matrix as weight_matrix
from .lanes import binned_moments as binned_moments
from .lanes import inar_moments as inar_moments
from .lanes import mean_count as mean_count
from .lanes import rescaled_gaps as rescaled_gaps
from .recovery import fit_outcome as fit_outcome
from .recovery import recovery as recovery
from .recovery import screening_score as screening_score
from .recursion import simulate_inar as simulate_inar
from .recursion import simulate_recursion as simulate_recursion
from .residuals import compensated_gaps as compensated_gaps
from .residuals import filtered_residual as filtered_residual
