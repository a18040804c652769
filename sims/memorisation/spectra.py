"""Single models: half moments of white data, divergences, linear denoisers."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ..draws import words
from ..sweep import simulator
from .draws import Number, Scalar, check_samples, covariance, normal_columns


def _check_white(num_samples, max_samples, dim):
    if dim < 1:
        return f"`dim` must be at least 1, got {dim}"
    return check_samples(num_samples, max_samples)


@simulator(
    {"half_moment": (), "half_moment_controlled": ()},
    check=_check_white,
    dtype="float64",
)
def simulate_white(
    key: Key[Array, ""], num_samples: Number, *, max_samples: int, dim: int
) -> dict[str, Array]:
    """Mean root of the eigenvalues w of S for white data.

    Args:
        key: Random key.
        num_samples: n.
        max_samples: Rows in the program, at least n.
        dim: d.

    Returns:
        `half_moment` = tr sqrt(S) / d, and `half_moment_controlled` =
        1 - sum (sqrt(w) - 1)^2 / 2d, of the same mean and much smaller variance.
    """
    names = words(key, (max_samples, dim))
    samples = normal_columns(names, num_samples, jnp.ones(dim))
    values = jnp.linalg.svd(samples, compute_uv=False)
    roots = values / jnp.sqrt(jnp.asarray(num_samples, values.dtype))
    roots = jnp.concatenate([roots, jnp.zeros(dim - roots.shape[0], roots.dtype)])
    return {
        "half_moment": jnp.mean(roots),
        "half_moment_controlled": 1 - jnp.mean((roots - 1) ** 2) / 2,
    }


def _check_divergence(num_samples, max_samples, variances):
    if not (variances > 0).all():
        return "`variances` must be positive"
    if num_samples <= len(variances) + 1:
        return f"`num_samples` must exceed the dimension plus 1, got {num_samples}"
    return check_samples(num_samples, max_samples)


@simulator(
    {"kl_model_truth": (), "kl_truth_model": ()},
    check=_check_divergence,
    dtype="float64",
)
def simulate_divergence(
    key: Key[Array, ""],
    variances: Float[Array, " dim"],
    num_samples: Number,
    *,
    max_samples: int,
) -> dict[str, Array]:
    """Divergences between N(0, S) and the truth, in nats; finite for n > d + 1.

    Args:
        key: Random key.
        variances: Eigenvalues of the true covariance.
        num_samples: n.
        max_samples: Rows in the program, at least n.

    Returns:
        `kl_model_truth` = KL(N(0, S) || truth) and `kl_truth_model`.
    """
    names = words(key, (max_samples, variances.shape[0]))
    samples = normal_columns(names, num_samples, variances)
    values, vectors = jnp.linalg.eigh(covariance(samples, num_samples))
    log_ratio = jnp.sum(jnp.log(values)) - jnp.sum(jnp.log(variances))
    weights = vectors**2
    forth = jnp.sum(weights * values[None, :] / variances[:, None])
    back = jnp.sum(weights * variances[:, None] / values[None, :])
    dim = variances.shape[0]
    return {
        "kl_model_truth": (forth - dim - log_ratio) / 2,
        "kl_truth_model": (back - dim + log_ratio) / 2,
    }


def _check_denoiser(num_samples, max_samples, variances, noise_variance, weight_ridge):
    if not (variances > 0).all():
        return "`variances` must be positive"
    if not noise_variance > 0:
        return f"`noise_variance` must be positive, got {noise_variance}"
    if not weight_ridge >= 0:
        return f"`weight_ridge` must not be negative, got {weight_ridge}"
    return check_samples(num_samples, max_samples)


@simulator({"train": (), "test": ()}, check=_check_denoiser, dtype="float64")
def simulate_denoiser(
    key: Key[Array, ""],
    variances: Float[Array, " dim"],
    num_samples: Number,
    noise_variance: Scalar,
    weight_ridge: Scalar = 0.0,
    *,
    max_samples: int,
) -> dict[str, Array]:
    """Errors of the linear denoiser A = S (S + noise + ridge)^-1, by traces.

    Args:
        key: Random key.
        variances: Eigenvalues of the true covariance.
        num_samples: n.
        noise_variance: Of the noise, at training and at test.
        weight_ridge: Weight decay besides.
        max_samples: Rows in the program, at least n.

    Returns:
        `train` over the training points and `test` over fresh ones: squared errors
        with fresh noise, total over the dimensions.
    """
    names = words(key, (max_samples, variances.shape[0]))
    samples = normal_columns(names, num_samples, variances)
    values, vectors = jnp.linalg.eigh(covariance(samples, num_samples))
    values = jnp.maximum(values, 0.0)
    kept = values / (values + noise_variance + weight_ridge)
    noise = noise_variance * jnp.sum(kept**2)
    fresh = variances @ vectors**2
    return {
        "train": jnp.sum((1 - kept) ** 2 * values) + noise,
        "test": jnp.sum((1 - kept) ** 2 * fresh) + noise,
    }
