r"""Second layers fitted on the data that found the first.

Claims: `HS-9` ($F = \mathrm{id}$, many samples), `HS-9b` (bounded preprocessing).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..maths.domain import known
from ..maths.precision import float64
from .inputs import checked, positive


@float64
def shrink_eigenvalue(
    eigenvalue: Float[Array, "*#cells"], noise_variance: Float[Array, "*#cells"]
) -> Float[Array, "*#cells"]:
    r"""Shrunk coefficient $\mathrm{sign}(\Lambda)(\Lambda^2 - 4\hat\sigma^2)_+^{1/2}$.

    Args:
        eigenvalue: Eigenvalue $\Lambda$ of $\hat C$.
        noise_variance: $\hat\sigma^2 = \mathbb{E}[T^2]/(4\delta) \ge 0$.

    Returns:
        The coefficient; zero inside the bulk.

    Raises:
        DomainError: If the variance is negative.

    Claim:
        HS-9 [classical: spiked-Wigner shrinkage].
    """
    message = "`noise_variance` must not be negative."
    return _shrunk(
        eigenvalue, checked(noise_variance, known(noise_variance) >= 0, message)
    )


@jax.jit
def _shrunk(
    eigenvalue: Float[Array, "*#cells"], variance: Float[Array, "*#cells"]
) -> Float[Array, "*#cells"]:
    """`shrink_eigenvalue` without checks."""
    kept = jnp.maximum(eigenvalue**2 - 4 * variance, 0.0)
    return jnp.sign(eigenvalue) * jnp.sqrt(kept)


@float64
@jax.jit
def readout_nmse(
    weights: Float[Array, " features"],
    coefs: Float[Array, " features"],
    overlap: Float[Array, " features"],
) -> Float[Array, ""]:
    r"""Error $\sum_k (b_k^2 + c_k^2 - 2 b_k c_k q_k)/S$ of any second layer $c$.

    Args:
        weights: $b_k$.
        coefs: $c_k$, such as the eigenvalue of $\hat C$ or its shrunk value.
        overlap: $q_k$.

    Returns:
        The error.

    Claim:
        HS-9b, asymptotic limit [derived].
    """
    squares = weights**2 + coefs**2 - 2 * weights * coefs * overlap
    return jnp.sum(squares) / jnp.sum(weights**2)


@float64
def raw_semicircle_nmse(
    weights: Float[Array, " features"], ratio: Float[Array, ""]
) -> Float[Array, ""]:
    r"""Error of the raw eigenvalues as second layer, $F = \mathrm{id}$.

    With $r_k = n_k/n = S/(2 b_k^2\delta)$:
    $\sum_{r_k<1} b_k^2(2r_k + 3r_k^2)/S + \sum_{r_k\ge1}(b_k^2 + 2S/\delta)/S$.

    Args:
        weights: $b_k$.
        ratio: $\delta > 0$.

    Returns:
        The error, to leading order in $\delta^{-1/2}$; exceeds one near thresholds.

    Claim:
        HS-9, asymptotic [derived].
    """
    return _raw_semicircle(weights, positive(ratio, "ratio"))


@jax.jit
def _raw_semicircle(
    weights: Float[Array, " features"], ratio: Float[Array, ""]
) -> Float[Array, ""]:
    """`raw_semicircle_nmse` without checks."""
    squares = weights**2
    total = jnp.sum(squares)
    r = total / (2 * squares * ratio)
    visible = squares * (2 * r + 3 * r**2)
    return jnp.sum(jnp.where(r < 1, visible, squares + 2 * total / ratio)) / total
