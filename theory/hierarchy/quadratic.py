r"""Exact moments of quadratic features at finite dimension.

Features are $h_A = (x^\top A x - \mathrm{tr} A)/\sqrt2$ with $\|A\|_F = 1$: Gaussian
inputs, or uniform ones on the sphere of radius $\sqrt d$ with traceless $A$ and the
factor $\sqrt{(d+2)/d}$. Mode `gauss` is the Gaussian-equivalent model.
Claims: `HS-2`, and the floor of `HS-10`.
"""

import functools

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..maths.domain import known
from ..maths.precision import float64
from .inputs import checked, one_of

MODES = ("gauss", "gaussian", "sphere")
TRACE = 1e-6  # largest trace of a feature on the sphere

Matrix = Float[Array, "dim dim"]
Stack = Float[Array, "features dim dim"]


@float64
def square_covariance(first: Matrix, second: Matrix, *, mode: str) -> Float[Array, ""]:
    r"""Covariance of two squared features, $\mathrm{Cov}(h_A^2, h_B^2)$.

    $\rho_d(1 + 2\langle A,B\rangle^2 + 8\,\mathrm{tr}A^2B^2 + 4\,\mathrm{tr}ABAB) - 1$
    with $\rho_d = 1$ for Gaussian inputs, $d(d+2)/((d+4)(d+6))$ on the sphere.

    Args:
        first: Symmetric $A$, unit norm.
        second: Symmetric $B$, unit norm.
        mode: `gauss`, `gaussian` or `sphere` (traceless matrices).

    Returns:
        The covariance.

    Raises:
        ValueError: If the mode is unknown, or a trace not zero on the sphere.

    Claim:
        HS-2, exact identity [derived].
    """
    return _covariances(first[None], second[None], mode)[0, 0]


@float64
def label_variance(
    features: Stack, weights: Float[Array, " features"], *, mode: str
) -> Float[Array, ""]:
    r"""Variance $\sum_{jk} b_j b_k \mathrm{Cov}(h_j^2, h_k^2)$ of the noiseless score.

    Args:
        features: $A_k$.
        weights: $b_k$.
        mode: `gauss`, `gaussian` or `sphere`.

    Returns:
        $\mathrm{Var}\, s$ at $\tau = 0$.

    Raises:
        ValueError: As `square_covariance`.

    Claim:
        HS-2, exact identity [derived].
    """
    return weights @ _covariances(features, features, mode) @ weights


@float64
def degree2_energy(
    features: Stack, weights: Float[Array, " features"], *, mode: str
) -> Float[Array, ""]:
    r"""Energy $F_2$ of the score in degree two; all that low degrees can explain.

    Gaussian inputs: $8\|\sum_k b_kA_k^2\|_F^2$. Sphere:
    $\frac{2d}{d+2}\|W\|_F^2$ with $W = \frac{2(d+2)}{d+4}(\sum_k b_kA_k^2)^\circ$
    (traceless part). Predictors of degree $\le 3$ have error at least
    $1 - F_2/\mathrm{Var}\, s$.

    Args:
        features: $A_k$.
        weights: $b_k$.
        mode: `gauss` (none, hence 0), `gaussian` or `sphere`.

    Returns:
        $F_2$.

    Raises:
        ValueError: As `square_covariance`.

    Claim:
        HS-10, exact floor [derived].
    """
    _require_features(features, mode)
    d = features.shape[-1]
    square = jnp.einsum("k,kab,kbc->ac", weights, features, features)
    if mode == "gauss":
        return jnp.zeros(())
    if mode == "gaussian":
        return 8 * jnp.sum(square**2)
    part = 2 * (d + 2) / (d + 4) * (square - jnp.trace(square) / d * jnp.eye(d))
    return 2 * d / (d + 2) * jnp.sum(part**2)


@float64
def vector_readout_nmse(
    features: Stack,
    weights: Float[Array, " features"],
    vectors: Float[Array, "learned dim dim"],
    *,
    mode: str,
) -> Float[Array, ""]:
    r"""Error of the best second layer on $\{1, \hat h_i^2 - 1\}$ for given vectors.

    $1 - c^\top G^{-1} c/\mathrm{Var}\, s$ with $G_{ij} = \mathrm{Cov}(\hat h_i^2,
    \hat h_j^2)$ and $c_i = \sum_k b_k\,\mathrm{Cov}(h_k^2, \hat h_i^2)$.

    Args:
        features: $A_k$.
        weights: $b_k$.
        vectors: Symmetric $V_i$, unit norm.
        mode: `gauss`, `gaussian` or `sphere`.

    Returns:
        The error over the variance of the noiseless score.

    Raises:
        ValueError: As `square_covariance`.

    Claim:
        HS-2, exact identity [derived].
    """
    gram = _covariances(vectors, vectors, mode)
    cross = weights @ _covariances(features, vectors, mode)
    explained = cross @ jnp.linalg.solve(gram, cross)
    return 1 - explained / (weights @ _covariances(features, features, mode) @ weights)


@float64
@jax.jit
def population_operator(
    features: Stack, weights: Float[Array, " features"], test_matrix: Matrix
) -> Matrix:
    r"""Population second-moment operator for Gaussian inputs and $F = \mathrm{id}$.

    $C[U] = \sum_k 2b_k\{\langle A_k,U\rangle A_k + 2(A_k^2U + UA_k^2) + 2A_kUA_k\}$,
    so that $\langle V, C[U]\rangle$ is
    $\mathbb{E}[s\langle V,z\rangle\langle U,z\rangle]$.

    Args:
        features: $A_k$.
        weights: $b_k$.
        test_matrix: Symmetric $U$.

    Returns:
        $C[U]$.

    Claim:
        HS-2, exact identity [derived].
    """
    inner = jnp.einsum("kab,ab->k", features, test_matrix)
    square = jnp.einsum("k,kab,kbc->ac", weights, features, features)
    sandwich = jnp.einsum("k,kab,bc,kcd->ad", weights, features, test_matrix, features)
    plain = jnp.einsum("k,k,kab->ab", weights, inner, features)
    both = square @ test_matrix + test_matrix @ square
    return 2 * plain + 4 * both + 4 * sandwich


def _covariances(
    first: Stack, second: Float[Array, "others dim dim"], mode: str
) -> Float[Array, "features others"]:
    """`square_covariance` of all pairs."""
    _require_features(first, mode)
    _require_features(second, mode)
    return _unchecked_covariances(first, second, mode)


@functools.partial(jax.jit, static_argnums=2)
def _unchecked_covariances(
    first: Stack, second: Float[Array, "others dim dim"], mode: str
) -> Float[Array, "features others"]:
    """`_covariances` without checks."""
    inner = jnp.einsum("iab,jab->ij", first, second)
    if mode == "gauss":
        return 2 * inner**2
    products = jnp.einsum("iab,jbc->ijac", first, second)
    squares = jnp.einsum("iab,ibc,jcd,jda->ij", first, first, second, second)
    crossed = jnp.einsum("ijac,ijca->ij", products, products)
    d = first.shape[-1]
    rho = d * (d + 2) / ((d + 4) * (d + 6)) if mode == "sphere" else 1.0
    return rho * (1 + 2 * inner**2 + 8 * squares + 4 * crossed) - 1


def _require_features(features: Stack, mode: str) -> None:
    """A known mode, and no trace on the sphere."""
    one_of(mode, MODES, "mode")
    if mode == "sphere":
        traces = known(features).trace(axis1=-2, axis2=-1)
        message = "`features` must be traceless in mode sphere."
        checked(traces, abs(traces) <= TRACE, message)
