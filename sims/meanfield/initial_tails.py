r"""Heavy initial tails through training: mean excess over a high quantile.

Claim: MF-10.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ..sweep import simulator
from . import conditions
from .bounded import network_field, particle_drift
from .integrators import Noisy, langevin_step, noise_of

Scalar = Float[Array, ""]
Neurons = Float[Array, "width dim"]


@simulator(outputs={"mean_excess": ("checkpoint",)}, check=conditions.langevin, tile=8)
def tails(
    key: Key[Array, ""],
    X: Float[Array, "samples dim"],
    y: Float[Array, " samples"],
    lam: Scalar,
    tau: Scalar,
    step: Scalar,
    amplitude: Scalar,
    scale: Scalar,
    *,
    num_particles: int,
    num_steps: int,
    save_every: int,
    quantile: float,
) -> dict[str, Array]:
    r"""A tanh network ($p = 1$) that starts with Laplace tails.

    Args:
        key: Random key.
        X: Inputs, one column.
        y: Targets.
        lam: $\lambda$.
        tau: $\tau$.
        step: $h$.
        amplitude: $R$.
        scale: $b$ of the Laplace start.
        num_particles: Width.
        num_steps: Euler steps.
        save_every: Steps between checkpoints.
        quantile: Level of the threshold $u$.

    Returns:
        `mean_excess` of $|\theta|$ over its quantile $u$, entry 0 at the start.

    Raises:
        ValueError: If `X` and `y` disagree.
    """
    X = conditions.same_samples(X, y)

    def drift(theta: Neurons) -> Neurons:
        field = network_field(theta, X, amplitude)
        return particle_drift(theta, field, X, y, lam, amplitude)

    start_key, noise_key = jax.random.split(key)
    start = scale * jax.random.laplace(start_key, (num_particles, 1), X.dtype)
    advance = langevin_step(noise_key, drift, step, tau, "euler")
    state = (start, noise_of(noise_key, 0, start))
    return _excess_path(advance, state, num_steps, save_every, quantile)


@simulator(outputs={"mean_excess": ("checkpoint",)}, check=conditions.langevin, tile=8)
def riccati_tails(
    key: Key[Array, ""],
    mu: Scalar,
    lam: Scalar,
    tau: Scalar,
    step: Scalar,
    scale: Scalar,
    *,
    num_particles: int,
    num_steps: int,
    save_every: int,
    quantile: float,
) -> dict[str, Array]:
    r"""Second-Hermite neurons ($d = 1$) that start with Laplace tails.

    Args:
        key: Random key.
        mu: $\mu$.
        lam: $\lambda$.
        tau: $\tau$.
        step: $h$.
        scale: $b$ of the Laplace start.
        num_particles: Width.
        num_steps: Euler steps.
        save_every: Steps between checkpoints.
        quantile: Level of the threshold $u$.

    Returns:
        `mean_excess` of $|\theta|$ over its quantile $u$, entry 0 at the start.
    """

    def drift(theta: Neurons) -> Neurons:
        return (jnp.mean(theta**2) - mu + lam) * theta

    start_key, noise_key = jax.random.split(key)
    start = scale * jax.random.laplace(start_key, (num_particles, 1), scale.dtype)
    advance = langevin_step(noise_key, drift, step, tau, "euler")
    state = (start, noise_of(noise_key, 0, start))
    return _excess_path(advance, state, num_steps, save_every, quantile)


def _excess_path(
    advance: Callable[[Array, Noisy], Noisy],
    start: Noisy,
    num_steps: int,
    save_every: int,
    quantile: float,
) -> dict[str, Array]:
    """Mean excess at the start and after every block of steps."""
    count = start[0].shape[0]
    rank = min(int(quantile * count), count - 2)

    def excess(state: Noisy) -> Scalar:
        ordered = jnp.sort(jnp.abs(state[0][:, 0]))
        return jnp.mean(ordered[rank + 1 :]) - ordered[rank]

    def block(state: Noisy, index: Array) -> tuple[Noisy, Scalar]:
        first = index * save_every
        state = jax.lax.fori_loop(
            0, save_every, lambda t, now: advance(first + t, now), state
        )
        return state, excess(state)

    _, later = jax.lax.scan(block, start, jnp.arange(num_steps // save_every))
    return {"mean_excess": jnp.append(excess(start), later)}
