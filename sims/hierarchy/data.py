r"""Inputs, hidden quadratic features and labels of the hierarchical model.

A symmetric matrix is flattened by `flat(A)`: $A_{ii}$ on the diagonal, $\sqrt2A_{ij}$
off it, in the order of `triu_indices`; then $\langle\mathrm{flat}(A), H(x)\rangle =
(x^\top Ax - \mathrm{tr} A)/\sqrt2$ and $|\mathrm{flat}(A)| = \|A\|_F$.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, Key

from ..draws import normals

HIGHEST = lax.Precision.HIGHEST
MODES = ("gauss", "gaussian", "sphere")
PREPROCESSINGS = ("tanh", "clip", "id")
LINKS = ("id", "tanh", "poly")
FEATURES, SAMPLES = 0, 1  # streams of one seed


class Chunk(NamedTuple):
    """Some samples: inputs, hidden features and noisy scores."""

    inputs: Float[Array, "chunk size"]
    hidden: Float[Array, "chunk features"]
    score: Float[Array, " chunk"]


def flat_dim(size: int, mode: str) -> int:
    """Length of a flat feature vector: `size` itself in mode gauss."""
    return size if mode == "gauss" else size * (size + 1) // 2


def feature_dim(size: int, mode: str) -> int:
    """Dimension D that the features span: one less on the sphere (traceless)."""
    return flat_dim(size, mode) - (mode == "sphere")


def flatten_symmetric(
    matrix: Float[Array, "*batch dim dim"],
) -> Float[Array, "*batch D"]:
    """Flat vectors of symmetric matrices, an isometry."""
    rows, columns = np.triu_indices(matrix.shape[-1])
    return _scaled(matrix[..., rows, columns], rows == columns, np.sqrt(2))


def unflatten_symmetric(
    vector: Float[Array, "*batch D"], *, dim: int
) -> Float[Array, "*batch {dim} {dim}"]:
    """Symmetric matrices of flat vectors, the inverse of `flatten_symmetric`."""
    rows, columns = np.triu_indices(dim)
    entries = _scaled(vector, rows == columns, np.sqrt(0.5))
    position = np.zeros((dim, dim), dtype=np.int32)
    position[rows, columns] = position[columns, rows] = np.arange(len(rows))
    return entries[..., position]


def _scaled(
    vector: Float[Array, "*batch D"], is_diagonal: np.ndarray, factor: float
) -> Float[Array, "*batch D"]:
    """Entries off the diagonal times a factor."""
    factors = jnp.asarray(np.where(is_diagonal, 1.0, factor), vector.dtype)
    return vector * jnp.broadcast_to(factors, vector.shape)


def hermite_features(
    inputs: Float[Array, "samples dim"], *, mode: str = "gaussian"
) -> Float[Array, "samples D"]:
    r"""Isotropic degree-two features: $x_ix_j$, and $(x_i^2-1)/\sqrt2$ on the diagonal.

    Args:
        inputs: Points $x$.
        mode: `gaussian`, or `sphere` with the factor $\sqrt{(d+2)/d}$.

    Returns:
        Features, flat.
    """
    dim = inputs.shape[-1]
    rows, columns = np.triu_indices(dim)
    products = inputs[:, rows] * inputs[:, columns]
    on_diagonal = jnp.asarray(rows == columns)
    features = jnp.where(on_diagonal[None], (products - 1) * np.sqrt(0.5), products)
    return features * np.sqrt(1 + 2 / dim) if mode == "sphere" else features


def draw_features(
    key: Key[Array, ""],
    *,
    dim: int,
    num_features: int,
    traceless: bool = False,
    dtype: str = "float32",
) -> Float[Array, "features dim dim"]:
    """Random orthonormal symmetric matrices, by QR of a normal matrix.

    Args:
        key: Random key.
        dim: Input dimension $d$.
        num_features: Number $p$.
        traceless: Remove the component along the identity before the QR.
        dtype: Floating dtype.

    Returns:
        The matrices, of unit Frobenius norm.
    """
    normal = normals(key, (flat_dim(dim, "gaussian"), num_features), dtype)
    if traceless:
        unit = flatten_symmetric(jnp.eye(dim, dtype=normal.dtype)) * dim**-0.5
        normal -= jnp.outer(unit, jnp.matmul(unit, normal, precision=HIGHEST))
    vectors = jnp.linalg.qr(normal)[0]
    return unflatten_symmetric(vectors.T, dim=dim)


def hidden_vectors(
    key: Key[Array, ""], weights: Float[Array, " features"], *, mode: str, size: int
) -> Float[Array, "features D"]:
    """Flat hidden features of a seed: coordinate vectors in mode gauss."""
    p = weights.shape[0]
    if mode == "gauss":
        return jnp.eye(p, size, dtype=weights.dtype)
    matrices = draw_features(
        jax.random.fold_in(key, FEATURES),
        dim=size,
        num_features=p,
        traceless=mode == "sphere",
        dtype=weights.dtype.name,
    )
    return flatten_symmetric(matrices)


def draw_chunk(
    key: Key[Array, ""],
    index: Int[Array, ""] | int,
    weights: Float[Array, " features"],
    noise: Float[Array, ""],
    vectors: Float[Array, "features D"],
    *,
    mode: str,
    size: int,
    chunk: int,
) -> Chunk:
    """Samples number `index · chunk` … of a seed, the same whoever asks for them.

    Args:
        key: Key of the seed.
        index: Number of the chunk.
        weights: $b_k$.
        noise: Label noise.
        vectors: Flat hidden features.
        mode: Input mode.
        size: $D$ in mode gauss, $d$ otherwise.
        chunk: Samples per chunk.

    Returns:
        Inputs (in mode gauss the features themselves), hidden features, scores.
    """
    stream = jax.random.fold_in(jax.random.fold_in(key, SAMPLES), index)
    input_key, noise_key = jax.random.split(stream)
    inputs = draw_inputs(input_key, mode=mode, shape=(chunk, size), dtype=weights.dtype)
    hidden = hidden_features(inputs, vectors, mode=mode)
    jitter = normals(noise_key, (chunk,), weights.dtype)
    clean = jnp.matmul(hidden**2 - 1, weights, precision=HIGHEST)
    return Chunk(inputs, hidden, clean + noise * jitter)


def draw_inputs(
    key: Key[Array, ""], *, mode: str, shape: tuple[int, int], dtype: np.dtype
) -> Float[Array, "samples size"]:
    """Standard normal inputs, scaled to the sphere of radius √d in mode sphere."""
    normal = normals(key, shape, dtype)
    return to_sphere(normal) if mode == "sphere" else normal


def to_sphere(inputs: Float[Array, "samples dim"]) -> Float[Array, "samples dim"]:
    """Inputs scaled to length √d."""
    norm = jnp.linalg.norm(inputs, axis=1, keepdims=True)
    return inputs * (np.sqrt(inputs.shape[1]) / norm)


def features_of(
    inputs: Float[Array, "samples size"], *, mode: str
) -> Float[Array, "samples D"]:
    """What the learner sees: the inputs in mode gauss, their features otherwise."""
    return inputs if mode == "gauss" else hermite_features(inputs, mode=mode)


def hidden_features(
    inputs: Float[Array, "samples size"],
    vectors: Float[Array, "features D"],
    *,
    mode: str,
) -> Float[Array, "samples features"]:
    """h_k of every sample, or of any flat vectors."""
    if mode == "gauss":
        return jnp.matmul(inputs, vectors.T, precision=HIGHEST)
    p, dim = vectors.shape[0], inputs.shape[1]
    matrices = unflatten_symmetric(vectors, dim=dim)
    images = jnp.matmul(inputs, matrices.reshape(p * dim, dim).T, precision=HIGHEST)
    forms = jnp.einsum("nkd,nd->nk", images.reshape(-1, p, dim), inputs)
    centred = (forms - jnp.trace(matrices, axis1=1, axis2=2)[None]) * np.sqrt(0.5)
    return centred * np.sqrt(1 + 2 / dim) if mode == "sphere" else centred


def preprocess(
    score: Float[Array, " samples"],
    scale: Float[Array, ""],
    *,
    link: str,
    preprocessing: str,
) -> Float[Array, " samples"]:
    """Labels T(g(s)) as the learner uses them."""
    if link == "tanh":
        score = jnp.tanh(score)
    elif link == "poly":
        score = score**2 + score - 1
    if preprocessing == "tanh":
        return scale * jnp.tanh(score / scale)
    return jnp.clip(score, -scale, scale) if preprocessing == "clip" else score
