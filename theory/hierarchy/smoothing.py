r"""Finite-size smoothing of a threshold by the universal window function $c(w)$.

Claims: `HS-8`. The table of $c(w)$ is an argument: it is sampled, never hard-coded.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..maths.precision import float64
from .inputs import at_least
from .outliers import Window


@float64
def window_function(
    distance: Float[Array, "*cells"], table: Float[Array, "knots 2"]
) -> Float[Array, "*cells"]:
    r"""Universal window function $c(w)$, interpolated by a monotone cubic.

    Beyond the table its tails: $1/w^2$ on the left and $2w$ on the right.

    Args:
        distance: $w$.
        table: Columns $w$ (increasing) and $c(w)$.

    Returns:
        $c(w)$.

    Raises:
        ValueError: If the table has fewer than three rows.
    """
    at_least(table.shape[0], 3, "rows of `table`")
    return _interpolated(distance, table)


@jax.jit
def _interpolated(
    distance: Float[Array, "*cells"], table: Float[Array, "knots 2"]
) -> Float[Array, "*cells"]:
    """`window_function` of a table that is long enough."""
    knots, heights = table[:, 0], table[:, 1]
    slopes = _monotone_slopes(knots, heights)
    right = jnp.clip(jnp.searchsorted(knots, distance), 1, knots.shape[0] - 1)
    left = right - 1
    width = knots[right] - knots[left]
    u = jnp.clip((distance - knots[left]) / width, 0.0, 1.0)
    rise = heights[right] - heights[left]
    start, end = width * slopes[left], width * slopes[right]
    bend = (3 * rise - 2 * start - end) + u * (start + end - 2 * rise)
    inside = heights[left] + u * (start + u * bend)
    far_left = 1 / jnp.minimum(distance, knots[0]) ** 2
    outside = jnp.where(distance < knots[0], far_left, 2 * distance)
    is_outside = (distance < knots[0]) | (distance > knots[-1])
    return jnp.where(is_outside, outside, inside)


@float64
def smoothed_overlap(
    overlap: Float[Array, ""],
    window: Window,
    table: Float[Array, "knots 2"],
    feature_dim: Float[Array, ""],
) -> Float[Array, ""]:
    r"""Mean squared overlap at finite $D$: $q_k + KD^{-1/3}[c(w) - 2w_+]$.

    Args:
        overlap: Limit $q_k$ of HS-3.
        window: Distance and amplitude from `spectral_window`.
        table: Columns $w$ and $c(w)$.
        feature_dim: $D$.

    Returns:
        $\mathbb{E}\, q_k$ up to $O(D^{-2/3})$.

    Claim:
        HS-8, asymptotic scaling [paper: smoothing; derived: law].
    """
    scale = feature_dim ** (1 / 3)
    w = scale * window.distance
    excess = window_function(w, table) - 2 * jnp.maximum(w, 0.0)
    return overlap + window.amplitude / scale * excess


def _monotone_slopes(
    x: Float[Array, " knots"], y: Float[Array, " knots"]
) -> Float[Array, " knots"]:
    """Slopes of the monotone cubic of Fritsch and Butland; secants at both ends."""
    width = jnp.diff(x)
    secant = jnp.diff(y) / width
    before, after = secant[:-1], secant[1:]
    near, far = width[1:] + 2 * width[:-1], 2 * width[1:] + width[:-1]
    product = before * after
    mean = (near + far) * product / (far * after + near * before)
    inner = jnp.where(product > 0, mean, 0.0)
    return jnp.concatenate([secant[:1], inner, secant[-1:]])
