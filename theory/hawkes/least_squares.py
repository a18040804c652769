r"""Least squares on the states: exact sufficient statistics, and what bins cost.

Claims HK-5, HK-5b and the efficiency of HK-9; notation of `moments`.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import linalg

from ..maths.precision import float64
from ._checks import network, positive


@float64
def state_gram(
    cross: Float[Array, "d d"],
    counts: Float[Array, " d"],
    end_state: Float[Array, " d"],
    beta: Float[Array, ""],
) -> Float[Array, "d d"]:
    r"""The integral $\int_0^T x x^\top dt$ from event sums alone, for $x(0) = 0$.

    $$\int_0^T x x^\top dt = \frac{R + R^\top}{2} + \frac{\beta}{2}\mathrm{diag}(N)
    - \frac{x(T)\, x(T)^\top}{2\beta}.$$

    Args:
        cross: $R_{ik} = \sum_{t \in N_i} x_k(t-)$.
        counts: $N$, events per node.
        end_state: $x(T)$.
        beta: Decay of the kernel.

    Returns:
        The Gram matrix of the states, in 1/time.

    Raises:
        DomainError: If `beta` is not positive.

    Claim:
        HK-5, exact identity [derived].
    """
    positive(beta=beta)
    symmetric = (cross + cross.T) / 2 + beta / 2 * jnp.diag(counts)
    return symmetric - jnp.outer(end_state, end_state) / (2 * beta)


@float64
def state_integral(
    counts: Float[Array, " d"], end_state: Float[Array, " d"], beta: Float[Array, ""]
) -> Float[Array, " d"]:
    r"""The integral $\int_0^T x\, dt = N - x(T)/\beta$, for $x(0) = 0$ (claim HK-5).

    Args:
        counts: $N$, events per node.
        end_state: $x(T)$.
        beta: Decay of the kernel.

    Returns:
        The integral, dimensionless.

    Raises:
        DomainError: If `beta` is not positive.
    """
    positive(beta=beta)
    return counts - end_state / beta


@float64
def binned_weights(
    weights: Float[Array, "d d"], beta: Float[Array, ""], bin_width: Float[Array, ""]
) -> Float[Array, "d d"]:
    r"""Population coefficient of the binned least squares (claim HK-5b).

    Features are the states at bin starts, the response is the count in the bin:
    $W_\delta = W (I - e^{-\beta G \delta}) (\beta G)^{-1}$. To first order this is
    $W (1 - e^{-y})/\beta$; second-order entries at grandparents are positive.

    Args:
        weights: Weights `[child, parent]`.
        beta: Decay of the kernel.
        bin_width: $\delta > 0$.

    Returns:
        Coefficients, unit time.

    Raises:
        DomainError: As `stationary_rates`, or if a scalar is not positive.
    """
    beta_, delta = positive(beta=beta, bin_width=bin_width)
    _, weights_ = network(jnp.ones(len(weights)), weights)
    identity = np.eye(len(weights_))
    drift = beta_ * (identity - weights_)
    once = np.linalg.solve(drift, identity - linalg.expm(-delta * drift))
    return jnp.asarray(weights_ @ once)


@float64
def binned_efficiency(y: Float[Array, "*cells"]) -> Float[Array, "*cells"]:
    r"""Efficiency of binned against event-level least squares, weak limit.

    $\eta(y) = ((1 - e^{-y})/y)^2$ with $y = \beta\delta$ (claim HK-9).

    Args:
        y: Dimensionless bin width, positive.

    Returns:
        Efficiency in (0, 1).

    Raises:
        DomainError: If `y` is not positive.
    """
    positive(y=y.min())
    return (-jnp.expm1(-y) / y) ** 2
