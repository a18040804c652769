"""The budget king: one arm in memory, defended with an income of pulls.

Claims: `SB-10` (failure and pulls that do not depend on the number of arms).
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import optimize, special

from ..maths.domain import require
from ..maths.precision import float64
from .parameters import Cells, Scalar, check_arms, check_noise

LEVELS = 40
TAILS = ("gauss", "chernoff")


class KingFailure(NamedTuple):
    """Bound on the failure probability and its Lundberg exponent θ (0: vacuous)."""

    bound: Float[Array, ""]
    theta: Float[Array, ""]


@float64
def king_failure_upper_bound(
    first_pulls: Scalar,
    income: Scalar,
    grant: Scalar,
    gap: Scalar,
    sigma: Scalar = 0.5,
    tail: str = "gauss",
) -> KingFailure:
    r"""Chance that the best arm, leading by Δ, is not the last king.

    $$P(\mathrm{fail}) \le \sum_\ell q_\ell + e^{-\theta \varphi_0}, \qquad
    \theta = \sup\{t \ge 0 : \mathbb{E} e^{t (X - b)} \le 1\},$$

    where $q_\ell = \Phi(-\Delta\sqrt{s_\ell/2}/\sigma)$ is the chance to lose a duel of
    $s_\ell = 2^{\ell-1} s_1$ pulls and $X$ the pulls a defence costs. The series of
    $\mathbb{E} e^{tX}$ is infinite above $\bar t = \Delta^2/8\sigma^2$, so θ is
    $\bar t$ or the root below it; a series cut at a few levels has a false root above.

    Args:
        first_pulls: $s_1 > 0$, pulls of the first duel.
        income: $b > 0$ per arrival.
        grant: $\varphi_0 \ge 0$ of a new king.
        gap: $\Delta > 0$.
        sigma: Standard deviation (or sub-Gaussian constant) of a reward.
        tail: "gauss", or "chernoff" for $q_\ell = e^{-s_\ell \Delta^2/4\sigma^2}$.

    Returns:
        `(bound, theta)`; `(Σq + 1, 0)` where the income does not cover the mean cost.

    Raises:
        DomainError: On a parameter out of range.
        ValueError: On an unknown tail.

    Claim:
        SB-10, upper bound [algorithm: Assadi–Wang; constants: derived].
    """
    for name, value in (("first_pulls", first_pulls), ("income", income), ("gap", gap)):
        require(value, value > 0, f"`{name}` must be positive.")
    require(grant, grant >= 0, "`grant` must not be negative.")
    check_noise(sigma)
    if tail not in TAILS:
        raise ValueError(f"`tail` must be one of {', '.join(TAILS)}, not {tail!r}.")
    duels = float(first_pulls) * 2.0 ** np.arange(LEVELS)
    ratio = float(gap) / float(sigma)
    log_lost = _log_lost(ratio * np.sqrt(duels / 2), tail)
    theta = _lundberg(duels, log_lost, float(income), ratio**2 / 8, tail)
    lost = float(np.exp(log_lost).sum())
    bound = lost + np.exp(-theta * float(grant))
    return KingFailure(jnp.asarray(bound), jnp.asarray(theta))


@float64
def king_pulls_upper_bound(
    arms: int, income: Cells, grant: Cells
) -> Float[Array, "*#cells"]:
    r"""Pulls of the budget king on every path: $2(K-1)(b + \varphi_0) + 2\varphi_0$.

    Args:
        arms: $K$.
        income: $b > 0$.
        grant: $\varphi_0 \ge 0$.

    Returns:
        The cap.

    Raises:
        DomainError: On a parameter out of range.

    Claim:
        SB-10, pathwise bound [derived].
    """
    check_arms(arms)
    require(income, income > 0, "`income` must be positive.")
    require(grant, grant >= 0, "`grant` must not be negative.")
    return jnp.asarray(2 * (arms - 1) * (income + grant) + 2 * grant)


def _log_lost(scores: np.ndarray, tail: str) -> np.ndarray:
    """Logarithm of the chance to lose each duel."""
    return special.log_ndtr(-scores) if tail == "gauss" else -(scores**2) / 2


def _lundberg(
    duels: np.ndarray, log_lost: np.ndarray, income: float, limit: float, tail: str
) -> float:
    """θ: the limit t̄ if the series is at most one there, else the root below it."""
    costs = np.cumsum(duels)
    log_reached = np.concatenate([[0.0], np.cumsum(log_lost)[:-1]])
    log_law = log_reached + np.log1p(-np.exp(log_lost))

    def log_growth(t: float) -> float:
        return float(special.logsumexp(log_law + t * costs)) - t * income

    if np.exp(log_law) @ costs >= income:
        return 0.0
    if tail == "chernoff":  # the series is infinite at the limit itself
        limit *= 1 - 1e-9
    if log_growth(limit) <= 0:
        return limit
    root: Any = optimize.brentq(log_growth, 1e-12 * limit, limit, xtol=1e-16)
    return float(root)
