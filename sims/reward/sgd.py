"""Online SGD in full dimension.

Claims: `RW-9` (against the lumped chain), `RW-12`.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ..draws import normals
from ..sweep import simulator
from .links import LINKS, bad_link, bad_range, complaints, transformed

Number = Float[Array, ""]


class Sample(NamedTuple):
    """How labels are made and transformed."""

    temperature: Number
    noise: Number
    center: Number


def sphere(key: Key[Array, ""], num: int, dim: int, dtype: Any) -> Float[Array, "n d"]:
    """Independent uniform points on the sphere."""
    points = normals(key, (num, dim), dtype)
    return points / jnp.linalg.norm(points, axis=1, keepdims=True)


def sgd_step(
    weights: Float[Array, "num_neurons dim"],
    x: Float[Array, " dim"],
    gain: Number,
    phases: Float[Array, " num_neurons"],
    step: Number,
) -> Float[Array, "num_neurons dim"]:
    """One step of all neurons on one sample: projected gradient, normalised."""
    along = weights @ x
    gamma = step / x.shape[0] * gain * jnp.cos(along + phases)
    moved = weights * (1 - gamma * along)[:, None] + gamma[:, None] * x[None, :]
    return moved / jnp.linalg.norm(moved, axis=1, keepdims=True)


def train(
    key: Key[Array, ""],
    weights: Float[Array, "num_neurons dim"],
    phases: Float[Array, " num_neurons"],
    step: Number,
    sample: Sample,
    *,
    link: str,
    transform: str,
    num_steps: int,
) -> Float[Array, "num_neurons dim"]:
    """All neurons after one pass over one stream of samples."""
    dim, dtype = weights.shape[1], weights.dtype

    def move(weights: Array, t: Array) -> tuple[Array, None]:
        draws = normals(jax.random.fold_in(key, t), (dim + 1,), dtype)
        x, label = draws[:dim], LINKS[link](draws[0]) + sample.noise * draws[dim]
        gain = transformed(
            label, sample.temperature, sample.center, transform=transform
        )
        return sgd_step(weights, x, gain, phases, step), None

    return jax.lax.scan(move, weights, jnp.arange(num_steps))[0]


def check_sgd(
    step: Any,
    temperature: Any,
    noise: Any,
    center: Any,
    link: str,
    transform: str,
    dim: int,
    num_steps: int,
) -> str | None:
    """What is wrong with one cell of online SGD."""
    return complaints(
        bad_link(link, transform, temperature),
        bad_range("noise", noise, 0, strict=False),
        bad_range("step", step, 0),
        bad_range("center", center, -1e300),
        bad_range("dim", dim, 3, strict=False),
        bad_range("num_steps", num_steps, 1, strict=False),
    )


@simulator(
    outputs={"overlap": ("neuron",), "weights": ("neuron", "coordinate")},
    check=check_sgd,
    tile=64,
)
def online_sgd(
    key: Key[Array, ""],
    step: Number,
    temperature: Number,
    noise: Number,
    center: Number,
    phases: Float[Array, " num_neurons"],
    *,
    link: str,
    transform: str,
    dim: int,
    num_steps: int,
) -> dict[str, Array]:
    r"""One-pass spherical SGD on the correlation loss, neurons sharing the samples.

    $w \leftarrow (w + \frac\eta d\,g\,P_w^\perp x)/\|\cdot\|$,
    $g = (T(y) - c_0)\cos(\langle w, x\rangle + b)$, starts uniform on the sphere.

    Args:
        key: Random key.
        step: $\eta > 0$.
        temperature: $\beta > 0$.
        noise: $\tau \ge 0$.
        center: $c_0$.
        phases: $b$ of every neuron, in radians.
        link: Registered link.
        transform: plain, exp or exp_y.
        dim: $d \ge 3$.
        num_steps: Samples in the stream.

    Returns:
        `overlap` with the hidden direction and `weights`, per neuron.

    Claim:
        RW-9, RW-12.
    """
    start_key, stream = jax.random.split(key)
    weights = sphere(start_key, phases.shape[0], dim, temperature.dtype)
    sample = Sample(temperature, noise, center)
    weights = train(
        stream,
        weights,
        phases,
        step,
        sample,
        link=link,
        transform=transform,
        num_steps=num_steps,
    )
    return {"overlap": weights[:, 0], "weights": weights}
