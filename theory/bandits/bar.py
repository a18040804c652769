"""The rising bar: one arm in memory and a reference that only rises.

Claims: `SB-9` (b: failure, c: expected loss, e: the limiting constant).
"""

import functools
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr
from jaxtyping import Array, Float

from ..maths.domain import require
from ..maths.precision import float64
from ..maths.quadrature import legendre_rule
from .parameters import Scalar, Stages, check_arms, check_increasing, check_noise
from .search import minimum

TAILS = ("chernoff", "gauss")
NODES = 300


class BarConstant(NamedTuple):
    """Limiting constant, cost factor C and largest standardised miss v."""

    constant: Float[Array, ""]
    cost: Float[Array, ""]
    miss: Float[Array, ""]


@float64
def bar_failure_upper_bound(
    arms: int,
    stage_pulls: Stages,
    rise: Scalar,
    slack: Scalar,
    sigma: Scalar = 0.5,
    tail: str = "chernoff",
) -> Float[Array, ""]:
    r"""Chance that the last king is worse than the best arm by more than $h + 2\eta$.

    $$\sum_\ell q(n_\ell) + K q(n_L), \qquad q(n) = e^{-n \eta^2 / 2 \sigma^2}
    \ \text{or}\ \Phi(-\sqrt n\, \eta/\sigma)\ \text{(Gaussian rewards)}.$$

    Args:
        arms: $K$.
        stage_pulls: Cumulative pulls $n_1 < … < n_L$.
        rise: $h > 0$; it enters the event only.
        slack: $\eta > 0$.
        sigma: Sub-Gaussian constant of a reward.
        tail: "chernoff" (any sub-Gaussian reward) or "gauss".

    Returns:
        The bound, not clipped at one.

    Raises:
        DomainError: On a parameter out of range.
        ValueError: On an unknown tail.

    Claim:
        SB-9.b, upper bound [derived].
    """
    _check_bar(arms, stage_pulls, rise, sigma)
    require(slack, slack > 0, "`slack` must be positive.")
    if tail not in TAILS:
        raise ValueError(f"`tail` must be one of {', '.join(TAILS)}, not {tail!r}.")
    score = jnp.sqrt(stage_pulls) * slack / sigma
    chance = jnp.exp(-(score**2) / 2) if tail == "chernoff" else ndtr(-score)
    return jnp.sum(chance) + arms * chance[-1]


@float64
def bar_loss_upper_bound(
    arms: int,
    stage_pulls: Stages,
    rise: Scalar,
    sigma: Scalar = 0.5,
) -> Float[Array, ""]:
    r"""Expected loss of the last king.

    $$h + \sigma \sqrt{2 \log(K+1)/n_L} + \frac{\sigma}{2\sqrt{n_L}}
    + \sigma e^{-1/2} \sum_\ell n_\ell^{-1/2}.$$

    Args:
        arms: $K$.
        stage_pulls: Cumulative pulls $n_1 < … < n_L$.
        rise: $h > 0$.
        sigma: Sub-Gaussian constant of a reward.

    Returns:
        The bound.

    Raises:
        DomainError: On a parameter out of range.

    Claim:
        SB-9.c, upper bound [derived].
    """
    _check_bar(arms, stage_pulls, rise, sigma)
    last = stage_pulls[-1]
    trapped = jnp.sqrt(2 * np.log(arms + 1) / last) + 0.5 / jnp.sqrt(last)
    dropped = jnp.exp(-0.5) * jnp.sum(1 / jnp.sqrt(stage_pulls))
    return jnp.asarray(rise + sigma * (trapped + dropped))


@float64
def bar_survival(a: Scalar, growth: Scalar, stages: int) -> Float[Array, " stages"]:
    r"""Chance that an arm at the reference passes the first ℓ stages.

    $S_\ell(a) = P(\min_{k \le \ell} W_{t_k}/t_k \ge a)$, $t_k = r^{k-1}$, W Brownian,
    by propagating the density of $W_t/\sqrt t$ on Gauss–Legendre nodes.

    Args:
        a: Required improvement in units of $\sigma/\sqrt{n_1}$, of either sign.
        growth: Ratio $r > 1$ of successive cumulative pulls.
        stages: Number of stages.

    Returns:
        $S_1 … S_{\mathrm{stages}}$, decreasing.

    Raises:
        DomainError: If the growth is at most one or there is no stage.

    Claim:
        SB-9.e [derived].
    """
    require(growth, growth > 1, "`growth` must exceed 1.")
    require(stages, stages >= 1, "`stages` must be at least 1.")
    return jnp.asarray(_survival(float(a), float(growth), stages))


@float64
def bar_limit_constant(growth: Scalar, a: Scalar, stages: int) -> BarConstant:
    r"""Constant of the rising bar on slippage instances, K → ∞ and T/K → ∞.

    $c = (C v^2/8)^{1/3}$ with $C = 1 + \sum_\ell (t_{\ell+1} - t_\ell) S_\ell(a)$ and
    $v = \max_d d\,(1 - S_\infty(a - d))$.

    Args:
        growth: Ratio $r > 1$ of successive stages.
        a: Required improvement $h\sqrt{n_1}/\sigma > 0$.
        stages: Stages that are followed; enough when the last term of C is negligible.

    Returns:
        `(constant, cost, miss)` = $(c, C, v)$, for σ = 1/2 and gaps up to 1/2.

    Raises:
        DomainError: If the growth is at most one, or `a` is not positive.

    Claim:
        SB-9.e [derived numerically].
    """
    require(growth, growth > 1, "`growth` must exceed 1.")
    a = require(a, a > 0, "`a` must be positive.")
    level, ratio = float(a), float(growth)
    times = ratio ** np.arange(stages + 1)
    cost = 1 + float(np.diff(times) @ _survival(level, ratio, stages))

    def gain(gap: float) -> float:
        return -gap * (1 - _survival(level - gap, ratio, stages)[-1])

    miss = -minimum(gain, 0.0, 4.0, 1e-5)[0]
    constant = np.cbrt(cost * miss**2 / 8)
    return BarConstant(*(jnp.asarray(float(part)) for part in (constant, cost, miss)))


@functools.lru_cache(maxsize=256)
def _survival(level: float, growth: float, stages: int) -> np.ndarray:
    """S_1 … S_stages; the density lives above the moving bar, within 7 deviations."""
    nodes, weights = _window(level)
    density = np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi)
    spread, shrink = np.sqrt(1 - 1 / growth), 1 / np.sqrt(growth)
    survival = [weights @ density]
    for stage in range(1, stages):
        new, new_weights = _window(level * growth ** (stage / 2))
        steps = (new[:, None] - shrink * nodes) / spread
        kernel = np.exp(-(steps**2) / 2) / (np.sqrt(2 * np.pi) * spread)
        density = kernel @ (weights * density)
        nodes, weights = new, new_weights
        survival.append(weights @ density)
    return np.asarray(survival)


def _window(bar: float) -> tuple[np.ndarray, np.ndarray]:
    """Quadrature nodes from the bar (or -7) to 7 above the bar (or above zero)."""
    low, high = max(bar, -7.0), max(bar, 0.0) + 7.0
    unit, weights = legendre_rule(NODES, 0.0, 1.0)
    return low + (high - low) * unit, (high - low) * weights


def _check_bar(
    arms: int,
    stage_pulls: Stages,
    rise: Scalar,
    sigma: Scalar,
) -> None:
    check_arms(arms)
    check_increasing("stage_pulls", stage_pulls)
    require(rise, rise > 0, "`rise` must be positive.")
    check_noise(sigma)
