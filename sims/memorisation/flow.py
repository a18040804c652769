"""The probability-flow equation of a linear denoiser."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..sweep import simulator


def _check(covariance, noise, levels):
    if covariance.shape[0] != noise.shape[0]:
        return "`noise` must have as many rows as `covariance`"
    if not (levels > 0).all() or not (levels[1:] < levels[:-1]).all():
        return "`levels` must be positive and descending"
    return None


@simulator(
    {"sample": ("coordinate", "sample_index")},
    check=_check,
    dtype="float64",
    deterministic=True,
)
def probability_flow(
    covariance: Float[Array, "dim dim"],
    noise: Float[Array, "dim samples"],
    levels: Float[Array, " levels"],
) -> dict[str, Array]:
    r"""Heun steps of $dx/d\sigma = (x - D(x))/\sigma$, $D = S (S + \sigma^2)^{-1}$.

    Args:
        covariance: S.
        noise: Standard normal columns; the flow starts at `levels[0]` times them.
        levels: Noise levels, descending.

    Returns:
        `sample` at the last level.
    """
    drift = linear_drift(covariance)

    def step(x, ends):
        start, stop = ends
        slope = drift(x, start)
        ahead = x + (stop - start) * slope
        return x + (stop - start) * (slope + drift(ahead, stop)) / 2, None

    sample, _ = jax.lax.scan(step, levels[0] * noise, (levels[:-1], levels[1:]))
    return {"sample": sample}


def linear_drift(
    covariance: Float[Array, "dim dim"],
) -> Callable[[Array, Array], Array]:
    """The right-hand side as a function of state and noise level."""
    identity = jnp.eye(covariance.shape[0], dtype=covariance.dtype)

    def drift(x, level):
        # x - D(x) = level^2 (S + level^2)^-1 x
        return level * jnp.linalg.solve(covariance + level**2 * identity, x)

    return drift
