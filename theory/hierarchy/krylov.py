r"""How often the matrix-free learner must apply its operator.

The Chebyshev bound of the block Krylov space, at an outlier that lies at
$(r^{1/2} + r^{-1/2})/2$ times the edge, $r = n_k/n$.
"""

import math

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..maths.precision import float64
from .inputs import at_least, checked, positive

USUAL = 20


@float64
def krylov_error(
    relative: Float[Array, "*cells"],
    *,
    feature_dim: int,
    block: int = 4,
    applications: int = USUAL,
) -> Float[Array, "*cells"]:
    r"""Error $4(D/K)(n_k/n)^m$ of the squared overlap after $m$ applications.

    Args:
        relative: $n/n_k > 1$.
        feature_dim: $D$.
        block: Vectors per block, $K$.
        applications: $m$.

    Returns:
        The bound.

    Raises:
        DomainError: If $n/n_k \le 1$: there is no outlier.
        ValueError: If a size is out of range.

    Claim:
        HS-3c [classical: Chebyshev bound].
    """
    for name, size in (("feature_dim", feature_dim), ("block", block)):
        at_least(size, 1, name)
    at_least(applications, 1, "applications")
    message = "`relative` must exceed 1: below threshold there is no outlier."
    relative = checked(positive(relative, "relative"), relative > 1, message)
    return 4 * feature_dim / block * relative ** jnp.float64(-applications)


def krylov_applications(
    relative: float, *, feature_dim: int, block: int = 4, error: float = 1e-3
) -> int:
    r"""Number $m$ of applications that brings the error below `error`; at least 20.

    Args:
        relative: $n/n_k > 1$ of the weakest feature that is wanted.
        feature_dim: $D$.
        block: Vectors per block, $K$.
        error: Error of the squared overlap that is allowed, in (0, 1).

    Returns:
        $m \ge \log(4D/(K\,\mathrm{error}))/\log(n/n_k)$.

    Raises:
        DomainError: If $n/n_k \le 1$ or `error` is outside (0, 1).
        ValueError: If a size is out of range.

    Example:
        >>> krylov_applications(2.5, feature_dim=7260), krylov_applications(
        ...     1.5, feature_dim=7260
        ... )
        (20, 39)
    """
    first = float(krylov_error(relative, feature_dim=feature_dim, block=block))
    checked(error, 0 < error < 1, "`error` must lie in (0, 1).")
    missing = math.log(max(first / error, 1.0)) / math.log(relative)
    return USUAL + math.ceil(missing)
