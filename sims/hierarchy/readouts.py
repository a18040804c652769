r"""Second layers on learned features, and exact moments of the score.

Written out here again, and not taken from `theory`: an agreement must mean something.
"""

import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import cho_factor, cho_solve
from jaxtyping import Array, Float

from .data import HIGHEST, unflatten_symmetric

Vectors = Float[Array, "vectors D"]
Weights = Float[Array, " features"]
Overlaps = Float[Array, "features learned"]


def fixed_nmse(
    weights: Weights, coefs: Float[Array, " learned"], overlaps: Overlaps
) -> Float[Array, ""]:
    r"""Error $\|B - \sum_j c_jv_jv_j^\top\|_F^2/\|B\|_F^2$ for given coefficients.

    Args:
        weights: $b_k$ of $B = \sum_k b_ka_ka_k^\top$.
        coefs: $c_j$ of the learned vectors.
        overlaps: $\langle a_k, v_j\rangle^2$.

    Returns:
        The error.
    """
    aligned = jnp.matmul(weights, overlaps, precision=HIGHEST)
    total = jnp.sum(weights**2)
    return (total + jnp.sum(coefs**2) - 2 * jnp.sum(coefs * aligned)) / total


def shrink(
    eigenvalue: Weights, mean_square: Float[Array, ""], ratio: Float[Array, ""]
) -> Weights:
    r"""Eigenvalues shrunk by their noise, $4\hat\sigma^2 = \overline{T^2}/\delta$."""
    kept = jnp.maximum(eigenvalue**2 - mean_square / ratio, 0.0)
    return jnp.sign(eigenvalue) * jnp.sqrt(kept)


def population_nmse(
    weights: Weights,
    vectors: Vectors,
    learned: Float[Array, "learned D"],
    *,
    mode: str,
    size: int,
) -> Float[Array, ""]:
    """Error of the best second layer on the learned vectors, in closed form.

    Args:
        weights: $b_k$.
        vectors: Flat hidden features.
        learned: Flat learned vectors.
        mode: Input mode.
        size: $D$ in mode gauss, $d$ otherwise.

    Returns:
        The error over the variance of the noiseless score.
    """
    if mode == "gauss":
        overlaps = jnp.matmul(vectors, learned.T, precision=HIGHEST) ** 2
        aligned = jnp.matmul(weights, overlaps, precision=HIGHEST)
        return 1 - jnp.sum(aligned**2) / jnp.sum(weights**2)
    p = weights.shape[0]
    both = jnp.concatenate([vectors, learned])
    table = square_covariances(both, mode=mode, dim=size)
    cross = jnp.matmul(weights, table[:p, p:], precision=HIGHEST)
    explained = cross @ cho_solve(cho_factor(table[p:, p:]), cross)
    return 1 - explained / (weights @ table[:p, :p] @ weights)


def square_covariances(
    vectors: Vectors, *, mode: str, dim: int
) -> Float[Array, "vectors vectors"]:
    r"""Covariances of the squared features of all pairs of unit vectors.

    $\mathbb{E}[h_A^2h_B^2] = \rho(1 + 2\langle A,B\rangle^2 + 8\,\mathrm{tr}A^2B^2 +
    4\,\mathrm{tr}ABAB)$ with $\rho = 1$, or $d(d+2)/((d+4)(d+6))$ on the sphere.
    """
    inner = jnp.matmul(vectors, vectors.T, precision=HIGHEST)
    matrices = unflatten_symmetric(vectors, dim=dim)
    squares = jnp.matmul(matrices, matrices, precision=HIGHEST).reshape(
        len(vectors), -1
    )

    pairs = jnp.matmul(matrices[:, None], matrices[None], precision=HIGHEST)
    crossed = jnp.sum(pairs * pairs.mT, axis=(2, 3))
    parallel = jnp.matmul(squares, squares.T, precision=HIGHEST)
    moment = 1 + 2 * inner**2 + 8 * parallel + 4 * crossed
    if mode == "sphere":
        moment *= dim * (dim + 2) / ((dim + 4) * (dim + 6))
    return moment - 1


def label_moments(
    weights: Weights, vectors: Vectors, *, mode: str, dim: int
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Variance of the noiseless score and its energy in degree two, both exact.

    Args:
        weights: $b_k$.
        vectors: Flat hidden features.
        mode: Input mode; in mode gauss there is no degree two.
        dim: $d$.

    Returns:
        `(label_variance, degree2_energy)`.
    """
    if mode == "gauss":
        return 2 * jnp.sum(weights**2), jnp.zeros((), weights.dtype)
    table = square_covariances(vectors, mode=mode, dim=dim)
    variance = weights @ table @ weights
    matrices = unflatten_symmetric(vectors, dim=dim)
    squares = jnp.matmul(matrices, matrices, precision=HIGHEST)
    part = jnp.tensordot(weights, squares, 1, precision=HIGHEST)
    if mode == "gaussian":
        return variance, 8 * jnp.sum(part**2)
    centre = jnp.asarray(np.eye(dim), part.dtype) * (jnp.trace(part) / dim)
    factor = 2 * (dim + 2) / (dim + 4)
    return variance, 2 * dim / (dim + 2) * factor**2 * jnp.sum((part - centre) ** 2)
