"""Gaussian data with a number of samples that is known only at run time.

Every program is compiled for `max_samples` samples, one a column; columns beyond
`num_samples` are zero. The first ones do not depend on `max_samples`.
"""

from typing import Any, TypeAlias

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, UInt32

from ..draws import named_normals

Number: TypeAlias = Int[Array, ""] | int
Scalar: TypeAlias = Float[Array, ""] | float


def normal_columns(
    names: UInt32[Array, "max_samples dim"],
    num_samples: Number,
    variances: Float[Array, " dim"],
) -> Float[Array, "dim max_samples"]:
    """Independent columns N(0, diag(variances)), zero from `num_samples` on.

    Args:
        names: Random words, one sample a row.
        num_samples: How many of them exist.
        variances: One per dimension.
    """
    drawn = named_normals(names.T, variances.dtype)
    exists = row_mask(num_samples, len(names)).T
    return jnp.where(exists, drawn, 0.0) * jnp.sqrt(variances[:, None])


def row_mask(num_samples: Number, max_samples: int) -> Bool[Array, "max_samples 1"]:
    """Which rows exist, as a column."""
    return (jnp.arange(max_samples) < jnp.asarray(num_samples, int))[:, None]


def covariance(
    samples: Float[Array, "*models dim columns"], num_samples: Number
) -> Float[Array, "*models dim dim"]:
    """Empirical covariance XX'/n, not centred; twice as fast as X'X of rows."""
    product = jnp.einsum("...ir,...jr->...ij", samples, samples)
    return product / jnp.asarray(num_samples, samples.dtype)


def check_samples(num_samples: Any, max_samples: int | None = None) -> str | None:
    """What is wrong with a number of samples, or None."""
    if num_samples != int(num_samples) or num_samples < 1:
        return f"`num_samples` must be a positive integer, got {num_samples}"
    if max_samples is not None and num_samples > max_samples:
        return f"`num_samples` must not exceed `max_samples`, got {num_samples}"
    return None
