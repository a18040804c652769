"""Reward simulators that are wrong on purpose."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ...sims.draws import normals
from ...sims.reward import chain, direction
from ...sims.reward.links import LINKS, transformed
from ...sims.sweep import simulator

Number = Float[Array, ""]


@simulator(outputs={"coefs": ("degree",)}, check=direction.check_signal)
def noisy_transform(
    key: Key[Array, ""],
    temperature: Number,
    noise: Number,
    *,
    link: str,
    transform: str,
    num_samples: int,
    order: int,
) -> dict[str, Array]:
    """RW-1: the noise is added to the transform instead of the label."""
    inputs, labels = jax.random.split(key)
    z = normals(inputs, (num_samples,), temperature.dtype)
    xi = normals(labels, z.shape, z.dtype)
    zero = jnp.zeros_like(temperature)
    gain = transformed(LINKS[link](z), temperature, zero, transform=transform)
    powers = [jnp.ones_like(z), z]
    for k in range(1, order):
        powers.append((z * powers[k] - k**0.5 * powers[k - 1]) / (k + 1) ** 0.5)
    return {"coefs": jnp.stack([jnp.mean((gain + noise * xi) * h) for h in powers])}


@simulator(outputs={"overlap": ("time",)}, check=chain.check_chain)
def chain_without_rest(
    key: Key[Array, ""],
    dim: Number,
    step: Number,
    temperature: Number,
    noise: Number,
    center: Number,
    phase: Number,
    start: Number,
    *,
    link: str,
    transform: str,
    record: tuple[int, ...],
) -> dict[str, Array]:
    """RW-9: the normalisation forgets the components outside the plane (chi)."""
    walk = chain.Walk(dim, step, temperature, noise, center, phase)
    m = jnp.where(jnp.abs(start) <= 1, start, chain.uniform_start(key, dim))

    def move(m: Number, t: Array) -> tuple[Number, Any]:
        drawn = normals(jax.random.fold_in(key, t), (3,), m.dtype)
        along, across, label = drawn
        p = jnp.sqrt(jnp.maximum(1 - m**2, 0))
        labels = LINKS[link](m * along + p * across) + walk.noise * label
        gain = transformed(labels, temperature, center, transform=transform)
        gamma = step / dim * gain * jnp.cos(along + phase)
        after = (m + gamma * p * across) / jnp.sqrt(1 + gamma**2 * across**2)
        return after, after

    _, path = jax.lax.scan(move, m, jnp.arange(record[-1]))
    return {"overlap": path[jnp.asarray(record) - 1]}
