r"""Counts in bins: exact covariances, and those of the binned (INAR) process.

Claims HK-3 and HK-14; notation of `moments`, bins of width $\delta$, $y = \beta\delta$.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import linalg

from ..maths.domain import DomainError
from ..maths.precision import float64
from ._checks import network, positive
from ._linear import drift_and_kernel, solve_rates
from .moments import stationary_rates


@float64
def binned_covariance(
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    beta: Float[Array, ""],
    bin_width: Float[Array, ""],
    *,
    lag: int,
) -> Float[Array, "d d"]:
    r"""Covariance of the counts $Y_{k+l}$ and $Y_k$ in bins of width $\delta$.

    With $A = \beta G$ and $E = e^{-A\delta}$: $E^{l-1} A^{-2} (I-E)^2 K$ for
    $l \ge 1$, and $\delta\, \mathrm{diag}(\Lambda) + M K + (M K)^\top$ for $l = 0$,
    $M = A^{-1}\delta - A^{-2}(I-E)$.

    Args:
        mu: Baseline rates.
        weights: Weights `[child, parent]`.
        beta: Decay of the kernel.
        bin_width: $\delta > 0$.
        lag: Number of bins $l \ge 0$.

    Returns:
        Covariance, rows for the later bin. With `lag=0` and $\delta = T$ it is the
        covariance of the total counts.

    Raises:
        DomainError: As `state_covariance`, or if `bin_width` is not positive or `lag`
            is negative.

    Claim:
        HK-3, exact identity [derived].
    """
    (delta,) = positive(bin_width=bin_width)
    if lag < 0:
        raise DomainError(f"`lag` must not be negative. Got {lag}.")
    drift, kernel = drift_and_kernel(mu, weights, beta)
    decay = linalg.expm(-delta * drift)
    identity = np.eye(len(drift))
    once = np.linalg.solve(drift, identity - decay)
    if lag > 0:
        between = np.linalg.matrix_power(decay, lag - 1)
        return jnp.asarray(between @ once @ once @ kernel)
    within = np.linalg.solve(drift, delta * identity - once) @ kernel
    rates = np.asarray(stationary_rates(mu, weights))
    return jnp.asarray(delta * np.diag(rates) + within + within.T)


@float64
def inar_moments(
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    beta: Float[Array, ""],
    bin_width: Float[Array, ""],
) -> tuple[Float[Array, " d"], Float[Array, "d d"], Float[Array, "d d"]]:
    r"""Mean and covariances at lags 0 and 1 of the binned (INAR) process.

    $Y_k \sim \mathrm{Poisson}(\delta(\mu + W x_k))$ and
    $x_{k+1} = a x_k + \frac{1-a}{\delta} Y_k$, $a = e^{-y}$. With
    $B = aI + (1-a)W$ and $V = B V B^\top + \frac{(1-a)^2}{\delta}\Sigma$:
    $C_0 = \delta^2 W V W^\top + \delta\Sigma$,
    $C_1 = \delta W (\delta B V W^\top + (1-a)\Sigma)$.

    Args:
        mu: Baseline rates.
        weights: Weights `[child, parent]`.
        beta: Decay of the kernel.
        bin_width: $\delta > 0$.

    Returns:
        `(mean, C_0, C_1)` of the counts; the mean is exactly $\delta\Lambda$.

    Raises:
        DomainError: As `binned_covariance`.

    Claim:
        HK-14, exact identity [derived].
    """
    beta_, delta = positive(beta=beta, bin_width=bin_width)
    mu_, weights_ = network(mu, weights)
    rates, decay = solve_rates(mu_, weights_), np.exp(-beta_ * delta)
    step = decay * np.eye(len(mu_)) + (1 - decay) * weights_
    noise = np.diag(rates) * (1 - decay) ** 2 / delta
    states = linalg.solve_discrete_lyapunov(step, noise)
    same = delta**2 * weights_ @ states @ weights_.T + delta * np.diag(rates)
    previous = delta * step @ states @ weights_.T + (1 - decay) * np.diag(rates)
    next_ = delta * weights_ @ previous
    return jnp.asarray(delta * rates), jnp.asarray(same), jnp.asarray(next_)
