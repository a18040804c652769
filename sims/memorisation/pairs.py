"""Two linear generative models of disjoint data, and everything observed of them."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ..draws import normals, words
from ..sweep import simulator
from .draws import (
    Number,
    Scalar,
    check_samples,
    covariance,
    normal_columns,
    row_mask,
)

OUTPUTS = {
    "cross": (),
    "self": (),
    "q_ratio": (),
    "q_cos": (),
    "trace": (),
    "distance_to_truth": (),
    "same_seed": (),
    "distance_between_models": (),
    "frobenius_cross": (),
    "frobenius_self": (),
    "energy_train": (),
    "energy_fresh": (),
    "span": (),
    "m_max": (),
    "overlap": ("latent",),
    "overlap_second": ("latent",),
    "overlap_pair": ("latent",),
    "eigenvalue": ("latent",),
    "operator_norm": (),
    "latent_distance": (),
}


class Models(NamedTuple):
    """The decomposed models, in the eigenbasis of the truth.

    Attributes:
        samples: Training points of each model, one a column; not stacked, for a
            copy of them takes as long as drawing them.
        covariances: S of each model.
        values: Eigenvalues of each S, ascending, exact zeros where n < d.
        axes: Eigenvectors of each S, one a row: as they lie in memory, for LAPACK
            writes columns first.
    """

    samples: tuple[Float[Array, "dim columns"], Float[Array, "dim columns"]]
    covariances: Float[Array, "2 dim dim"]
    values: Float[Array, "2 dim"]
    axes: Float[Array, "2 dim dim"]


def _check(num_samples, max_samples, ridge, num_shared, variances, num_latents):
    if not (variances > 0).all():
        return "`variances` must be positive"
    if (variances[1:] > variances[:-1]).any():
        return "`variances` must be descending"
    if not ridge >= 0:
        return f"`ridge` must not be negative, got {ridge}"
    if not 0 <= num_shared <= num_samples:
        return f"`num_shared` must lie in [0, num_samples], got {num_shared}"
    if num_latents > len(variances):
        return f"`num_latents` must not exceed the dimension, got {num_latents}"
    return check_samples(num_samples, max_samples)


@simulator(OUTPUTS, check=_check, dtype="float64")
def simulate_pair(
    key: Key[Array, ""],
    variances: Float[Array, " dim"],
    num_samples: Number,
    ridge: Scalar = 0.0,
    num_shared: Number = 0,
    *,
    max_samples: int,
    num_generated: int = 64,
    num_latents: int = 1,
) -> dict[str, Array]:
    """Train two models on independent data and compare them with the truth.

    Generators are symmetric roots G = (S + ridge)^(1/2). Lists of section 2 of the
    specification; means over the two models where one number describes either.

    Args:
        key: Random key.
        variances: Eigenvalues of the true covariance, descending; its eigenvectors are
            the coordinate axes.
        num_samples: n per model.
        ridge: kappa.
        num_shared: The first rows of the second data set are those of the first.
        max_samples: Rows in the program, at least n.
        num_generated: Samples from shared noise, for `q_cos`, `span`, `m_max`.
        num_latents: Leading directions that are followed.

    Returns:
        One number per name; `overlap`, …, `eigenvalue` one per latent.
    """
    data_key, noise_key = jax.random.split(key)
    ridge = jnp.asarray(ridge, variances.dtype)
    num_samples = jnp.asarray(num_samples, int)
    models = _train(data_key, variances, num_samples, num_shared, max_samples)
    noise_shape = (variances.shape[0], num_generated)
    noise = normals(noise_key, noise_shape, variances.dtype)
    roots = jnp.sqrt(models.values + ridge)
    return (
        _convergence(models, variances, roots)
        | _moments(models, variances, ridge)
        | _generated(models, roots, noise, num_samples)
        | _latents(models, variances, num_latents)
    )


def _train(key, variances, num_samples, num_shared, max_samples):
    """Draw both data sets and decompose both covariances in one batched call."""
    shape = max_samples, variances.shape[0]
    first, second = (words(jax.random.fold_in(key, model), shape) for model in (0, 1))
    second = jnp.where(row_mask(num_shared, max_samples), first, second)
    samples = (
        normal_columns(first, num_samples, variances),
        normal_columns(second, num_samples, variances),
    )
    covariances = jnp.stack([covariance(x, num_samples) for x in samples])
    values, vectors = jnp.linalg.eigh(covariances, symmetrize_input=False)
    dim = variances.shape[0]
    is_zero = jnp.arange(dim) < dim - num_samples
    values = jnp.where(is_zero[None, :], 0.0, jnp.maximum(values, 0.0))
    axes = jnp.matrix_transpose(vectors)
    return Models(samples, covariances, values, axes)


def _convergence(models, variances, roots):
    """Generators against each other and against the truth."""
    overlaps = models.axes[0] @ models.axes[1].T
    cross = roots[0] @ overlaps**2 @ roots[1]
    own = jnp.sum(roots**2, axis=1)
    trace = jnp.sum(variances)
    diagonal = jnp.einsum("mji,mj->mi", models.axes**2, roots)
    singular = _singular_values(models, variances, roots, overlaps)
    to_truth, between = jnp.sum(singular[:2], axis=1), jnp.sum(singular[2])
    return {
        "cross": cross,
        "self": jnp.mean(own),
        "q_ratio": cross / jnp.sqrt(own[0] * own[1]),
        "distance_to_truth": trace + jnp.mean(own - 2 * to_truth),
        "same_seed": trace + jnp.mean(own - 2 * diagonal @ jnp.sqrt(variances)),
        "distance_between_models": jnp.sum(own) - 2 * between,
        "operator_norm": singular[3, 0],
    }


def _singular_values(models, variances, roots, overlaps):
    """Of G Sigma^(1/2) for both models, of G1 G2, and of S - Sigma, in one call.

    The trace of (Sigma^(1/2) G^2 Sigma^(1/2))^(1/2) is the sum of the first: four times
    faster than eigenvalues with vectors, and without roots of rounding errors. The
    transposed matrices have the same, and LAPACK takes them without a copy.
    """
    turned = roots[:, :, None] * models.axes
    scale = jnp.sqrt(variances)[None, None, :]
    between = roots[0][:, None] * overlaps * roots[1][None, :]
    error = models.covariances[0] - jnp.diag(variances)
    stack = jnp.concatenate([turned * scale, between[None], error[None]])
    return jnp.linalg.svd(jnp.matrix_transpose(stack), compute_uv=False)


def _moments(models, variances, ridge):
    """Traces of products of covariances."""
    first, second = models.covariances
    trace = jnp.mean(jnp.trace(models.covariances, axis1=1, axis2=2))
    square = jnp.mean(jnp.sum(models.covariances**2, axis=(1, 2)))
    diagonal = jnp.diagonal(models.covariances, axis1=1, axis2=2)
    fresh = jnp.mean(diagonal @ variances) + ridge * jnp.sum(variances)
    return {
        "trace": trace,
        "frobenius_cross": jnp.sum(first * second),
        "frobenius_self": square,
        "energy_train": square + ridge * trace,
        "energy_fresh": fresh,
    }


def _generated(models, roots, noise, num_samples):
    """Samples that both models make from the same noise."""
    coefficients = jnp.einsum("dk,mid->mki", noise, models.axes) * roots[:, None, :]
    generated = coefficients @ models.axes
    norms = jnp.linalg.norm(generated, axis=2)
    cosine = jnp.sum(generated[0] * generated[1], axis=1) / (norms[0] * norms[1])
    dim = noise.shape[0]
    is_inside = jnp.arange(dim) >= dim - num_samples
    inside = jnp.sum(jnp.where(is_inside[None, None, :], coefficients**2, 0.0))
    directions = generated / norms[:, :, None]
    closest = [
        _largest_cosine(*x) for x in zip(models.samples, directions, strict=True)
    ]
    return {
        "q_cos": jnp.mean(cosine),
        "span": inside / jnp.sum(norms**2),
        "m_max": jnp.mean(jnp.stack(closest)),
    }


def _largest_cosine(samples, directions):
    """Mean over directions of the largest absolute cosine with a training point."""
    lengths = jnp.linalg.norm(samples, axis=0)
    lengths = jnp.where(lengths > 0, lengths, 1.0)
    cosines = jnp.abs(directions @ samples) / lengths[None, :]
    return jnp.mean(jnp.max(cosines, axis=1))


def _latents(models, variances, num_latents):
    """Leading eigenvectors against those of the truth and of the other model."""
    top = models.axes[:, ::-1][:, :num_latents]
    latent = jnp.arange(num_latents)
    overlaps = top[:, latent, latent] ** 2
    eigenvalue = models.values[0, ::-1][:num_latents]
    relative = eigenvalue[0] / variances[0]
    return {
        "overlap": overlaps[0],
        "overlap_second": overlaps[1],
        "overlap_pair": jnp.sum(top[0] * top[1], axis=1) ** 2,
        "eigenvalue": eigenvalue,
        "latent_distance": latent_distance(relative, overlaps[0, 0]),
    }


def latent_distance(
    relative: Float[Array, ""], overlap: Float[Array, ""]
) -> Float[Array, ""]:
    """Squared distance of the rank-one truncations, over the true eigenvalue."""
    return 1 + relative - 2 * jnp.sqrt(relative * overlap)
