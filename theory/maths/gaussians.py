"""Divergences and distances between Gaussians."""

import jax
import jax.numpy as jnp
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float

from .precision import float64


@float64
@jax.jit
def gaussian_kl(
    covariance: Float[Array, "*cells dim dim"],
    reference: Float[Array, "*cells dim dim"],
    difference: Float[Array, "*cells dim"] | None = None,
) -> Float[Array, "*cells"]:
    r"""Divergence $\mathrm{KL}(N(m, A) \,\|\, N(0, B))$ in nats.

    $\frac12 [\mathrm{tr}(B^{-1}A) - d + \log\det B - \log\det A + m^\top B^{-1} m]$, by
    Cholesky factors.

    Args:
        covariance: $A$, positive definite.
        reference: $B$, positive definite.
        difference: Difference of the means $m$; absent: equal means.

    Returns:
        The divergence; NaN if a matrix is not positive definite.

    Claim:
        [classical].

    Example:
        >>> round(float(gaussian_kl([[2.0]], [[1.0]])), 6)
        0.153426
    """
    factor, base = jnp.linalg.cholesky(covariance), jnp.linalg.cholesky(reference)
    whitened = solve_triangular(base, factor, lower=True)
    trace = jnp.sum(whitened**2, axis=(-2, -1))
    divergence = (trace - covariance.shape[-1]) / 2 - _log_diagonal(whitened)
    if difference is None:
        return divergence
    shift = solve_triangular(base, difference[..., None], lower=True)
    return divergence + jnp.sum(shift**2, axis=(-2, -1)) / 2


@float64
@jax.jit
def bures_wasserstein(
    covariance: Float[Array, "*cells dim dim"],
    reference: Float[Array, "*cells dim dim"],
    difference: Float[Array, "*cells dim"] | None = None,
) -> Float[Array, "*cells"]:
    r"""Squared 2-Wasserstein distance $W_2^2(N(m, A), N(0, B))$.

    $\mathrm{tr} A + \mathrm{tr} B - 2\, \mathrm{tr} (B^{1/2} A B^{1/2})^{1/2} + |m|^2$;
    the cross term is the sum of the singular values of $A^{1/2} B^{1/2}$, both roots
    from one batched eigendecomposition. Singular matrices are allowed.

    Args:
        covariance: $A$, positive semidefinite.
        reference: $B$, positive semidefinite.
        difference: Difference of the means $m$; absent: equal means.

    Returns:
        The squared distance.

    Claim:
        [classical: Dowson–Landau 1982, Olkin–Pukelsheim 1982].

    Example:
        >>> round(float(bures_wasserstein([[4.0]], [[1.0]])), 6)
        1.0
    """
    values, vectors = jnp.linalg.eigh(jnp.stack([covariance, reference]))
    values = jnp.maximum(values, 0.0)
    scaled = vectors * jnp.sqrt(values)[..., None, :]
    product = jnp.swapaxes(scaled[0], -1, -2) @ scaled[1]
    cross = jnp.sum(jnp.linalg.svd(product, compute_uv=False), axis=-1)
    distance = jnp.sum(values, axis=(0, -1)) - 2 * cross
    return (
        distance if difference is None else distance + jnp.sum(difference**2, axis=-1)
    )


def _log_diagonal(factor: Float[Array, "*cells dim dim"]) -> Float[Array, "*cells"]:
    """Logarithm of the determinant of a triangular matrix with positive diagonal."""
    return jnp.sum(jnp.log(jnp.diagonal(factor, axis1=-2, axis2=-1)), axis=-1)
