"""Linear algebra behind the moments of Hawkes networks: NumPy in, NumPy out."""

import numpy as np
from jaxtyping import Array, Float
from scipy import linalg

from ._checks import network, positive


def solve_rates(mu: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Stationary rates: (I − W) λ = μ."""
    return np.linalg.solve(np.eye(len(mu)) - weights, mu)


def solve_lyapunov(mu: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Solution X of (I − W) X + X (I − W)ᵀ = diag(λ)."""
    identity = np.eye(len(mu))
    rates = np.diag(solve_rates(mu, weights))
    return linalg.solve_continuous_lyapunov(identity - weights, rates)


def drift_and_kernel(
    mu: Float[Array, " d"], weights: Float[Array, "d d"], beta: Float[Array, ""]
) -> tuple[np.ndarray, np.ndarray]:
    r"""$A = \beta G$ and $K = \beta W (2I - W) Q$."""
    (beta_,) = positive(beta=beta)
    mu_, weights_ = network(mu, weights)
    identity = np.eye(len(mu_))
    kernel = (
        beta_ * weights_ @ (2 * identity - weights_) @ solve_lyapunov(mu_, weights_)
    )
    return beta_ * (identity - weights_), kernel
