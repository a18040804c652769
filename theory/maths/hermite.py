"""Orthonormal Hermite polynomials of a standard normal variable."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .precision import float64
from .quadrature import normal_rule


@float64
def hermite_values(
    x: Float[Array, "*points"], degree: int
) -> Float[Array, "*points {degree}+1"]:
    r"""Orthonormal probabilists' Hermite polynomials $h_0 … h_{\mathrm{degree}}$ at x.

    $h_k = \mathrm{He}_k / \sqrt{k!}$, so that for standard normal $Z$ the mean of
    $h_j(Z) h_k(Z)$ is one for $j = k$ and zero otherwise; recurrence
    $\sqrt{k+1}\, h_{k+1} = x h_k - \sqrt{k}\, h_{k-1}$.

    Args:
        x: Points.
        degree: Highest degree, at least 0.

    Returns:
        Values, the degree last.

    Example:
        >>> [round(float(h), 4) for h in hermite_values(2.0, 3)]
        [1.0, 2.0, 2.1213, 0.8165]
    """
    values = [jnp.ones_like(x), x]
    for k in range(1, degree):
        rest = x * values[k] - np.sqrt(k) * values[k - 1]
        values.append(rest / np.sqrt(k + 1))
    return jnp.stack(values[: degree + 1], axis=-1)


@float64
def hermite_coefficients(
    function: Callable[[Float[Array, " nodes"]], Float[Array, " nodes"]],
    degree: int,
    order: int = 200,
) -> Float[Array, " {degree}+1"]:
    r"""Coefficients $c_k = \mathbb{E}\, f(Z) h_k(Z)$ by Gauss–Hermite quadrature.

    Args:
        function: $f$, elementwise on an array of nodes.
        degree: Highest degree.
        order: Number of nodes; exact for polynomials up to degree $2\,\mathrm{order}-1$
            in the product. Functions with kinks converge slowly: use more nodes.

    Returns:
        Coefficients $c_0 … c_{\mathrm{degree}}$.
    """
    nodes, weights = (jnp.asarray(part) for part in normal_rule(order))
    return (weights * function(nodes)) @ hermite_values(nodes, degree)
