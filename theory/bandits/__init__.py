"""Single-pass streaming bandits: bounds, exact regrets, constants (SB-1 … SB-14)."""

from .bar import (
    bar_failure_upper_bound as bar_failure_upper_bound,
)
from .bar import (
    bar_limit_constant as bar_limit_constant,
)
from .bar import (
    bar_loss_upper_bound as bar_loss_upper_bound,
)
from .bar import (
    bar_survival as bar_survival,
)
from .king import (
    king_failure_upper_bound as king_failure_upper_bound,
)
from .king import (
    king_pulls_upper_bound as king_pulls_upper_bound,
)
from .ladder import (
    ladder_constant as ladder_constant,
)
from .ladder import (
    ladder_preset as ladder_preset,
)
from .ladder import (
    ladder_pulls as ladder_pulls,
)
from .ladder import (
    ladder_regret_upper_bound as ladder_regret_upper_bound,
)
from .ladder import (
    ladder_slippage_exact as ladder_slippage_exact,
)
from .ladder import (
    node_counts as node_counts,
)
from .lower import (
    bernoulli_kl_half as bernoulli_kl_half,
)
from .lower import (
    gaussian_kl as gaussian_kl,
)
from .lower import (
    regret_lower_bound as regret_lower_bound,
)
from .lower import (
    regret_lower_bound_at as regret_lower_bound_at,
)
from .lower import (
    trapping_upper_bound as trapping_upper_bound,
)
from .minimax import (
    ladder_minimax as ladder_minimax,
)
from .minimax import (
    tower_minimax as tower_minimax,
)
from .minimax import (
    uniform_minimax as uniform_minimax,
)
from .passes import (
    multipass_exponent as multipass_exponent,
)
from .passes import (
    multipass_grid as multipass_grid,
)
from .selection import (
    bernoulli_select_probs as bernoulli_select_probs,
)
from .selection import (
    bernoulli_slippage_hit as bernoulli_slippage_hit,
)
from .selection import (
    slippage_hit as slippage_hit,
)
from .selection import (
    slippage_width as slippage_width,
)
from .selection import (
    uniform_select_probs as uniform_select_probs,
)
from .uniform import (
    bernoulli_slippage_regret as bernoulli_slippage_regret,
)
from .uniform import (
    naive_pulls as naive_pulls,
)
from .uniform import (
    paper_pulls as paper_pulls,
)
from .uniform import (
    regret_unit as regret_unit,
)
from .uniform import (
    tuned_over_paper_ratio as tuned_over_paper_ratio,
)
from .uniform import (
    tuned_pulls as tuned_pulls,
)
from .uniform import (
    uniform_regret_exact as uniform_regret_exact,
)
from .uniform import (
    uniform_regret_slippage as uniform_regret_slippage,
)
from .uniform import (
    uniform_regret_upper_bound as uniform_regret_upper_bound,
)
