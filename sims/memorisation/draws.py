"""Gaussian data with a number of samples that is known only at run time.

Every program is compiled for `max_samples` rows; rows beyond `num_samples` are zero.
The first rows do not depend on `max_samples`.
"""

from typing import Any, TypeAlias

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from ..draws import normals

Number: TypeAlias = Int[Array, ""] | int
Scalar: TypeAlias = Float[Array, ""] | float


def normal_rows(
    key: Key[Array, ""],
    num_samples: Number,
    max_samples: int,
    variances: Float[Array, " dim"],
) -> Float[Array, "max_samples dim"]:
    """Independent rows N(0, diag(variances)), zero from `num_samples` on."""
    drawn = normals(key, (max_samples, variances.shape[0]), variances.dtype)
    exists = row_mask(num_samples, max_samples)
    return jnp.where(exists, drawn, 0.0) * jnp.sqrt(variances[None, :])


def row_mask(num_samples: Number, max_samples: int) -> Bool[Array, "max_samples 1"]:
    """Which rows exist, as a column."""
    return (jnp.arange(max_samples) < jnp.asarray(num_samples, int))[:, None]


def covariance(
    samples: Float[Array, "*models rows dim"], num_samples: Number
) -> Float[Array, "*models dim dim"]:
    """Empirical covariance X'X/n, not centred."""
    product = jnp.einsum("...ri,...rj->...ij", samples, samples)
    return product / jnp.asarray(num_samples, samples.dtype)


def check_samples(num_samples: Any, max_samples: int | None = None) -> str | None:
    """What is wrong with a number of samples, or None."""
    if num_samples != int(num_samples) or num_samples < 1:
        return f"`num_samples` must be a positive integer, got {num_samples}"
    if max_samples is not None and num_samples > max_samples:
        return f"`num_samples` must not exceed `max_samples`, got {num_samples}"
    return None
