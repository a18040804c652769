"""One spike in white data, exactly in law and in memory of the order of the dimension.

Householder bidiagonalisation of the Gaussian matrix leaves independent chi variables;
the top eigenvalue of the tridiagonal covariance and the overlap of its eigenvector with
the spike come from a continued fraction.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Key

from ..sweep import simulator
from .draws import Number, Scalar, check_samples
from .pairs import latent_distance

BISECTIONS = 60
UNROLL = 4


def _check(spike, num_samples):
    if not spike > -1:
        return f"`spike` must exceed -1, got {spike}"
    return check_samples(num_samples)


@simulator(
    {"eigenvalue": (), "overlap": (), "latent_distance": ()},
    check=_check,
    dtype="float64",
)
def simulate_spike(
    key: Key[Array, ""],
    spike: Scalar,
    num_samples: Number,
    *,
    dim: int,
) -> dict[str, Array]:
    """Top eigenvalue of S and overlap of its eigenvector with a single spike.

    Args:
        key: Random key.
        spike: beta: one population eigenvalue is 1 + beta, the others 1.
        num_samples: n; one program serves every n.
        dim: d.

    Returns:
        `eigenvalue`, `overlap` (squared) and `latent_distance`.
    """
    spike = jnp.asarray(spike)
    diagonal, squares = _tridiagonal(key, spike, num_samples, dim)
    top = _top_eigenvalue(diagonal, squares)
    slope = _continued_fraction(top, diagonal, squares)[1]
    overlap = 1 / slope
    distance = latent_distance(top / (1 + spike), overlap)
    return {"eigenvalue": top, "overlap": overlap, "latent_distance": distance}


def _tridiagonal(key, spike, num_samples, dim):
    """Diagonal and squared off-diagonal of S; rows beyond min(n, d) decouple as 0."""
    samples = jnp.asarray(num_samples).astype(spike.dtype)
    index = jnp.arange(dim, dtype=spike.dtype)
    alpha_key, beta_key = jax.random.split(key)
    alpha = _chi_square(alpha_key, samples - index, index < samples)
    alpha = alpha.at[0].multiply(1 + spike)
    beta = _chi_square(beta_key, dim - 1 - index, index < jnp.minimum(samples, dim - 1))
    shifted = jnp.concatenate([jnp.zeros(1, beta.dtype), beta[:-1]])
    return (alpha + shifted) / samples, alpha * beta / samples**2


def _chi_square(key, degrees, exists):
    """Independent chi-square variables; exact zeros where they do not exist."""
    shape = jnp.where(exists, degrees, 1.0) / 2
    return jnp.where(exists, 2 * jax.random.gamma(key, shape, dtype=shape.dtype), 0.0)


def _continued_fraction(level, diagonal, squares):
    """Whether `level` lies above the spectrum, and the slope of the first pivot."""

    def row(below, entry):
        pivot, slope, is_above = below
        centre, square = entry
        safe = jnp.where(is_above, pivot, 1.0)
        ratio = square / safe
        pivot = level - centre - ratio
        return (pivot, 1 + ratio / safe * slope, is_above & (pivot > 0)), None

    start = jnp.ones_like(level), jnp.zeros_like(level), level == level
    rows = (diagonal, squares)
    (_, slope, is_above), _ = jax.lax.scan(
        row, start, rows, reverse=True, unroll=UNROLL
    )
    return is_above, slope


def _top_eigenvalue(diagonal, squares):
    """Bisection between the largest diagonal entry and Gershgorin's bound."""
    off = jnp.sqrt(squares)
    before = jnp.concatenate([jnp.zeros(1, off.dtype), off[:-1]])

    def halve(_, ends):
        middle = (ends[0] + ends[1]) / 2
        is_above, _ = _continued_fraction(middle, diagonal, squares)
        return (
            jnp.where(is_above, ends[0], middle),
            jnp.where(is_above, middle, ends[1]),
        )

    ends = jnp.max(diagonal), jnp.max(diagonal + off + before)
    return jax.lax.fori_loop(0, BISECTIONS, halve, ends)[1]
