"""Simulators of linear generative models that are wrong on purpose."""

import jax
from jaxtyping import Array, Float

from ...sims.memorisation.flow import linear_drift
from ...sims.sweep import simulator


@simulator(
    {"sample": ("coordinate", "sample_index")}, dtype="float64", deterministic=True
)
def euler_flow(
    covariance: Float[Array, "dim dim"],
    noise: Float[Array, "dim samples"],
    levels: Float[Array, " levels"],
) -> dict[str, Array]:
    """The probability flow by Euler steps: first order instead of second.

    Args:
        covariance: S.
        noise: Standard normal columns.
        levels: Noise levels, descending.

    Returns:
        `sample` at the last level.
    """
    drift = linear_drift(covariance)

    def step(x, ends):
        start, stop = ends
        return x + (stop - start) * drift(x, start), None

    sample, _ = jax.lax.scan(step, levels[0] * noise, (levels[:-1], levels[1:]))
    return {"sample": sample}
