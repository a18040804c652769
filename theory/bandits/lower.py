"""What no player with little memory can beat: the lower bound and its key step.

Claims: `SB-4` (lower bound on the hard prior), `SB-5` (trapping inequality).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ..maths.domain import known, require
from ..maths.precision import float64
from .parameters import Cells, Points, Scalar, check_game, check_noise, pull_counts

WEIGHT = 1 / 3  # prior probability of the instance whose last arm is good


class LowerBound(NamedTuple):
    r"""The bound, the small gap at which it is attained, and whether it is empty."""

    value: Float[Array, "*cells"]
    eps: Float[Array, "*cells"]
    vacuous: Bool[Array, "*cells"]


@float64
def gaussian_kl(eps: Cells, sigma: Cells = 0.5) -> Float[Array, "*#cells"]:
    r"""Divergence of two Gaussian arms with gap ε: $\varepsilon^2 / 2\sigma^2$.

    Args:
        eps: Gap.
        sigma: Standard deviation of a reward.

    Returns:
        Divergence in nats.

    Raises:
        DomainError: If `sigma` is not positive.
    """
    check_noise(sigma)
    return jnp.asarray((eps / sigma) ** 2 / 2)


@float64
def bernoulli_kl_half(eps: Points) -> Float[Array, "*cells"]:
    r"""Divergence of Bernoulli(1/2) from Bernoulli(1/2 + ε).

    $-\tfrac12 \log(1 - 4 \varepsilon^2)$.

    Args:
        eps: Gap, below 1/2 in absolute value.

    Returns:
        Divergence in nats.

    Raises:
        DomainError: If ε reaches 1/2.
    """
    eps = require(eps, jnp.abs(eps) < 0.5, "`eps` must lie between -1/2 and 1/2.")
    return -jnp.log1p(-4 * eps**2) / 2


@pull_counts
def regret_lower_bound(
    arms: int,
    horizon: Cells,
    memory: Cells = 1,
    sigma: Cells = 0.5,
    good_gap: Cells = 0.5,
) -> LowerBound:
    r"""Prior-averaged regret that every single-pass player must pay, optimised.

    With $n = K-1$, $a = 1 - M/n$ and prior weight 1/3 on the instance whose last arm
    leads by $G$,

    $$\bar R \ge \tfrac14\, 16^{1/3} (\sigma^2 G)^{1/3} a^{4/3} n^{1/3} T^{2/3}
    \quad\text{at}\quad \varepsilon = (2 \sigma^2 G a n / T)^{1/3}.$$

    Args:
        arms: $K$.
        horizon: $T$.
        memory: $M$, earlier arms held when the last arm is read.
        sigma: Standard deviation of a (Gaussian) reward.
        good_gap: $G$, lead of the last arm in the second instance.

    Returns:
        `(value, eps, vacuous)`; `(0, 0, True)` where $a \le 0$.

    Raises:
        DomainError: On a parameter out of range.

    Claim:
        SB-4, lower bound [order: paper; constant: derived].

    Example:
        >>> round(float(regret_lower_bound(1000, 1e9).eps), 6)
        0.006295
    """
    check_game(arms, horizon)
    check_noise(sigma)
    require(memory, known(memory) >= 0, "`memory` must not be negative.")
    require(good_gap, known(good_gap) > 0, "`good_gap` must be positive.")
    return _optimum(float(arms - 1), horizon, memory, sigma, good_gap)


@jax.jit
def _optimum(
    others: Scalar, horizon: Cells, memory: Cells, sigma: Cells, good_gap: Cells
) -> LowerBound:
    """`regret_lower_bound` without checks."""
    share = jnp.maximum(1 - memory / others, 0.0)
    scale = sigma**2 * good_gap
    value = jnp.cbrt(16 * scale * others * horizon**2 * share**4) / 4
    eps = jnp.cbrt(2 * scale * share * others / horizon)
    return LowerBound(value, jnp.broadcast_to(eps, jnp.shape(value)), value <= 0)


@pull_counts
def regret_lower_bound_at(
    arms: int,
    horizon: Cells,
    memory: Cells,
    eps: Cells,
    weight: Cells,
    good_gap: Cells,
    kl: Cells,
) -> Float[Array, "*#cells"]:
    r"""The lower bound at any small gap, prior weight and divergence.

    $$\bar R \ge (1-w) \varepsilon T a
        - \frac{((1-w) \varepsilon T)^2\, \mathrm{kl}}{8 w n G}.$$

    Args:
        arms: $K$.
        horizon: $T$.
        memory: $M$.
        eps: Small gap ε > 0.
        weight: $w$ in (0, 1), prior weight of the instance with a good last arm.
        good_gap: $G > 0$.
        kl: Divergence of a base arm from a good arm of the first instances.

    Returns:
        The bound; it may be negative, and then says nothing.

    Raises:
        DomainError: On a parameter out of range.

    Claim:
        SB-4, lower bound [derived].
    """
    check_game(arms, horizon)
    require(eps, eps > 0, "`eps` must be positive.")
    require(weight, (weight > 0) & (weight < 1), "`weight` must lie in (0, 1).")
    require(good_gap, good_gap > 0, "`good_gap` must be positive.")
    require(kl, kl > 0, "`kl` must be positive.")
    others = arms - 1
    missed = (1 - weight) * eps * horizon
    return jnp.asarray(
        missed * (1 - memory / others)
        - missed**2 * kl / (8 * weight * others * good_gap)
    )


@float64
def trapping_upper_bound(
    others: int,
    memory: Cells,
    pulls_each: Cells,
    kl: Cells,
) -> Float[Array, "*#cells"]:
    r"""Chance that a random good arm is in memory at the end of the stream.

    $$\frac1n \sum_j P_j(j\ \text{kept}) \le \frac M n + \sqrt{\mathrm{kl}\, x / 2}.$$

    Args:
        others: $n \ge 1$, arms before the last one.
        memory: $M$.
        pulls_each: $x$, mean pulls of an arm when all are equal.
        kl: Divergence of a base arm from a good one.

    Returns:
        The bound, not clipped at one.

    Raises:
        DomainError: On a parameter out of range.

    Claim:
        SB-5, upper bound [derived].
    """
    require(others, others >= 1, "`others` must be at least 1.")
    require(pulls_each, pulls_each >= 0, "`pulls_each` must not be negative.")
    return jnp.asarray(memory / others + jnp.sqrt(kl * pulls_each / 2))
