"""Uniform exploration, then commit: exact regret, tunings and the upper bound.

Claims: `SB-2` (exact regret), `SB-3` (upper bound), `SB-11` (ratio of tunings).
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..maths.domain import require
from .parameters import (
    Cells,
    Points,
    Scalar,
    Vector,
    check_exploration,
    check_game,
    check_largest_gap,
    check_noise,
    pull_counts,
)
from .selection import bernoulli_slippage_hit, slippage_hit, uniform_select_probs


@pull_counts
def regret_unit(arms: int, horizon: Points) -> Float[Array, "*cells"]:
    r"""The unit of all figures, $S_0 = K^{1/3} T^{2/3}$.

    Args:
        arms: $K \ge 2$.
        horizon: $T \ge K$.

    Returns:
        $S_0$.

    Raises:
        DomainError: If `arms` or `horizon` is out of range.
    """
    check_game(arms, horizon)
    return jnp.cbrt(arms * horizon**2)


@pull_counts
def uniform_regret_exact(
    means: Vector,
    pulls: Scalar,
    horizon: Scalar,
    sigma: Scalar = 0.5,
) -> Float[Array, ""]:
    r"""Expected regret of uniform exploration with Gaussian rewards.

    $$\mathbb{E} R = m \sum_i \Delta_i + (T - mK) \sum_i \Delta_i P_i.$$

    Args:
        means: $\mu_1 … \mu_K$, in any order.
        pulls: $m > 0$ pulls of every arm, $mK \le T$.
        horizon: $T$.
        sigma: Standard deviation of a reward.

    Returns:
        Expected regret.

    Raises:
        DomainError: On a parameter out of range.

    Claim:
        SB-2, exact identity [derived].
    """
    arms = means.shape[-1]
    check_exploration(arms, pulls, horizon)
    gaps = jnp.max(means) - means
    chosen = uniform_select_probs(means, pulls, sigma)
    return jnp.asarray(
        pulls * jnp.sum(gaps) + (horizon - pulls * arms) * jnp.sum(gaps * chosen)
    )


@pull_counts
def uniform_regret_slippage(
    arms: int,
    pulls: Cells,
    horizon: Cells,
    gap: Cells,
    sigma: Cells = 0.5,
) -> Float[Array, "*#cells"]:
    r"""Expected regret of uniform exploration on a slippage instance.

    $$\mathbb{E} R = \Delta\,[(K-1) m + (T - Km)(1 - \mathrm{hit}_K(z))],
    \qquad z = \Delta \sqrt m / \sigma.$$

    Args:
        arms: $K$.
        pulls: $m > 0$ pulls of every arm, $mK \le T$.
        horizon: $T$.
        gap: $\Delta > 0$.
        sigma: Standard deviation of a reward.

    Returns:
        Expected regret.

    Raises:
        DomainError: On a parameter out of range.

    Claim:
        SB-2, exact identity [derived].
    """
    check_exploration(arms, pulls, horizon)
    check_noise(sigma)
    gap = require(gap, gap > 0, "`gap` must be positive.")
    hit = slippage_hit(arms, gap * jnp.sqrt(pulls) / sigma)
    return _slippage_regret(arms, pulls, horizon, gap, hit)


@pull_counts
def bernoulli_slippage_regret(
    arms: int,
    pulls: int,
    horizon: Scalar,
    base: Scalar,
    good: Scalar,
) -> Float[Array, ""]:
    r"""Expected regret of uniform exploration, Bernoulli slippage, fair ties.

    Args:
        arms: $K$.
        pulls: $m \ge 1$ pulls of every arm, $mK \le T$.
        horizon: $T$.
        base: Mean $p_0$ of the other arms.
        good: Mean $p_1 > p_0$ of the good arm.

    Returns:
        Expected regret.

    Raises:
        DomainError: On a parameter out of range.

    Claim:
        SB-2, exact identity [derived].
    """
    check_exploration(arms, pulls, horizon)
    good = require(good, good > base, "`good` must exceed `base`.")
    hit = bernoulli_slippage_hit(arms, pulls, base, good)
    return _slippage_regret(arms, pulls, horizon, good - base, hit)


def _slippage_regret(
    arms: int, pulls: Cells, horizon: Cells, gap: Cells, hit: Cells
) -> Float[Array, "*#cells"]:
    """Δ [(K−1) m + (T − Km)(1 − hit)]."""
    paid = (arms - 1) * pulls + (horizon - arms * pulls) * (1 - hit)
    return jnp.asarray(gap * paid)


@pull_counts
def paper_pulls(arms: int, horizon: Points) -> Float[Array, "*cells"]:
    r"""The paper's tuning, $m = (T/K)^{2/3} (\log T)^{1/3}$, not rounded.

    Args:
        arms: $K$.
        horizon: $T$.

    Returns:
        Pulls of every arm.

    Raises:
        DomainError: If `arms` or `horizon` is out of range.
    """
    check_game(arms, horizon)
    return jnp.cbrt((horizon / arms) ** 2 * jnp.log(horizon))


@pull_counts
def naive_pulls(arms: int, horizon: Points) -> Float[Array, "*cells"]:
    r"""The tuning "naive ε-best" of the paper's code, $m = \log K\,(T/K)^{2/3}$.

    Args:
        arms: $K$.
        horizon: $T$.

    Returns:
        Pulls of every arm.

    Raises:
        DomainError: If `arms` or `horizon` is out of range.
    """
    check_game(arms, horizon)
    return np.log(arms) * jnp.cbrt(horizon / arms) ** 2


@pull_counts
def tuned_pulls(
    arms: int,
    horizon: Cells,
    sigma: Cells = 0.5,
    gap_max: Cells = 1.0,
) -> Float[Array, "*#cells"]:
    r"""The minimiser of the upper bound SB-3.

    $$m^* = \Big(\frac{\sigma^2 \log K\, T^2}{2 \Delta_{\max}^2 K^2}\Big)^{1/3}.$$

    Args:
        arms: $K$.
        horizon: $T$.
        sigma: Sub-Gaussian constant of a reward.
        gap_max: Largest gap $\Delta_{\max}$ the bound allows for.

    Returns:
        Pulls of every arm, not rounded.

    Raises:
        DomainError: On a parameter out of range.

    Claim:
        SB-3 [derived].
    """
    check_game(arms, horizon)
    check_noise(sigma)
    check_largest_gap(gap_max)
    scale = sigma * horizon / (gap_max * arms)
    return jnp.cbrt(scale**2 * np.log(arms) / 2)


@pull_counts
def uniform_regret_upper_bound(
    arms: int,
    horizon: Cells,
    pulls: Cells,
    sigma: Cells = 0.5,
    gap_max: Cells = 1.0,
) -> Float[Array, "*#cells"]:
    r"""Upper bound on the expected regret of uniform exploration.

    $$\mathbb{E} R \le \Delta_{\max} K m + (T - Km)\, \sigma \sqrt{2 \log K / m}.$$

    At `tuned_pulls`, σ = 1/2 and Δ_max = 1 it is at most
    $\tfrac32 (K \log K)^{1/3} T^{2/3}$.

    Args:
        arms: $K$.
        horizon: $T$.
        pulls: $m$ pulls of every arm, $mK \le T$.
        sigma: Sub-Gaussian constant of a reward.
        gap_max: Largest gap.

    Returns:
        The bound.

    Raises:
        DomainError: On a parameter out of range.

    Claim:
        SB-3, upper bound [derived; order with log^{1/3} T: the paper].
    """
    check_exploration(arms, pulls, horizon)
    check_noise(sigma)
    check_largest_gap(gap_max)
    loss = sigma * jnp.sqrt(2 * np.log(arms) / pulls)
    return jnp.asarray(gap_max * arms * pulls + (horizon - arms * pulls) * loss)


@pull_counts
def tuned_over_paper_ratio(arms: int, horizon: Points) -> Float[Array, "*cells"]:
    r"""Regret of tuned over paper-tuned uniform exploration, commit error negligible.

    $\tfrac12 (\log K / \log T)^{1/3}$: the ratio of the numbers of pulls.

    Args:
        arms: $K$.
        horizon: $T$.

    Returns:
        The ratio.

    Raises:
        DomainError: If `arms` or `horizon` is out of range.

    Claim:
        SB-11, ordering [derived].
    """
    check_game(arms, horizon)
    return jnp.cbrt(np.log(arms) / jnp.log(horizon)) / 2
