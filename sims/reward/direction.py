"""One estimate of the hidden direction from a weighted sample.

The hidden direction is the first axis. Claims: `RW-6`, `RW-7`, `RW-8`, `RW-19`.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ..draws import normals
from ..sweep import simulator
from .links import (
    LINKS,
    TOPS,
    UNBOUNDED,
    bad_link,
    bad_range,
    complaints,
    noisy_labels,
    transformed,
)

Number = Float[Array, ""]


def check_direction(
    link: str,
    dim: int,
    num_samples: int,
    temperature: Any = 1.0,
    noise: Any = 0.0,
    center: Any = 0.0,
    phase: Any = 0.0,
    transform: str = "plain",
    num_chunks: int = 1,
) -> str | None:
    """What is wrong with one cell of a direction estimate."""
    parts = [
        bad_link(link, transform, temperature),
        bad_range("noise", noise, 0, strict=False),
        bad_range("dim", dim, 3, strict=False),
        bad_range("num_samples", num_samples, 1, strict=False),
        bad_range("center", center, -1e300),
        bad_range("phase", phase, -1e300),
    ]
    if num_chunks < 1 or num_samples % num_chunks:
        parts.append(f"`num_chunks` must divide {num_samples}, got {num_chunks}.")
    return complaints(*parts)


def check_spectral(
    link: str, dim: int, num_samples: int, temperature: Any, transform: str
) -> str | None:
    """What is wrong with one cell of the spectral method."""
    unbounded = f"`link` {link!r} is unbounded." if link in UNBOUNDED else None
    return complaints(
        unbounded,
        check_direction(link, dim, num_samples, temperature, transform=transform),
    )


def _accumulate(
    key: Key[Array, ""],
    total: Array,
    chunk: Callable[[Key[Array, ""]], Array],
    num_chunks: int,
) -> Array:
    """Sum of a statistic over chunks, each with its own random numbers."""

    def add(sum_: Array, i: Array) -> tuple[Array, None]:
        return sum_ + chunk(jax.random.fold_in(key, i)), None

    return jax.lax.scan(add, total, jnp.arange(num_chunks))[0]


@simulator(outputs={"overlap": ()}, check=check_direction)
def first_order(
    key: Key[Array, ""],
    temperature: Number,
    noise: Number,
    center: Number,
    *,
    link: str,
    transform: str,
    dim: int,
    num_samples: int,
    num_chunks: int = 8,
) -> dict[str, Array]:
    r"""Overlap of $\frac1n\sum_i (T(y_i) - c_0)\,x_i$ with the hidden direction.

    Inputs are streamed in chunks: n × d numbers are never stored.

    Args:
        key: Random key.
        temperature: $\beta > 0$.
        noise: $\tau \ge 0$.
        center: $c_0$, a number (the population mean, usually).
        link: Registered link.
        transform: plain, exp or exp_y.
        dim: $d \ge 3$.
        num_samples: $n$, a multiple of `num_chunks`.
        num_chunks: Pieces in which the sample is drawn.

    Returns:
        `overlap`.

    Claim:
        RW-6, RW-7.
    """
    top = TOPS.get(link, 0.0)

    def chunk(key: Key[Array, ""]) -> Array:
        inputs, labels = jax.random.split(key)
        shape = (num_samples // num_chunks, dim)
        x = normals(inputs, shape, temperature.dtype)
        y = noisy_labels(labels, x[:, 0], noise, link)
        return transformed(y, temperature, center, transform=transform, top=top) @ x

    total = _accumulate(key, jnp.zeros(dim, temperature.dtype), chunk, num_chunks)
    return {"overlap": total[0] / jnp.linalg.norm(total)}


@simulator(outputs={"overlap": ()}, check=check_direction)
def one_step(
    key: Key[Array, ""],
    temperature: Number,
    noise: Number,
    center: Number,
    phase: Number,
    *,
    link: str,
    transform: str,
    dim: int,
    num_samples: int,
    num_chunks: int = 8,
) -> dict[str, Array]:
    r"""Overlap of the first gradient of a neuron, projected off its random start.

    $g = P_{w_0}^\perp \frac1n\sum_i (T(y_i) - c_0)\cos(w_0^\top x_i + b)\,x_i$.

    Args:
        key: Random key.
        temperature: $\beta > 0$.
        noise: $\tau \ge 0$.
        center: $c_0$.
        phase: $b$, in radians.
        link: Registered link.
        transform: plain, exp or exp_y.
        dim: $d \ge 3$.
        num_samples: $n$, a multiple of `num_chunks`.
        num_chunks: Pieces in which the sample is drawn.

    Returns:
        `overlap` with the hidden direction.

    Claim:
        RW-7.
    """
    top = TOPS.get(link, 0.0)
    start_key, sample_key = jax.random.split(key)
    start = normals(start_key, (dim,), temperature.dtype)
    start = start / jnp.linalg.norm(start)

    def chunk(key: Key[Array, ""]) -> Array:
        inputs, labels = jax.random.split(key)
        shape = (num_samples // num_chunks, dim)
        x = normals(inputs, shape, temperature.dtype)
        y = noisy_labels(labels, x[:, 0], noise, link)
        gain = transformed(y, temperature, center, transform=transform, top=top)
        return (gain * jnp.cos(x @ start + phase)) @ x

    zero = jnp.zeros(dim, temperature.dtype)
    total = _accumulate(sample_key, zero, chunk, num_chunks)
    total = total - start * (start @ total)
    return {"overlap": total[0] / jnp.linalg.norm(total)}


@simulator(outputs={"overlap2": (), "top": ()}, check=check_spectral)
def spectral(
    key: Key[Array, ""],
    temperature: Number,
    *,
    link: str,
    transform: str,
    dim: int,
    num_samples: int,
    num_chunks: int = 8,
) -> dict[str, Array]:
    r"""Top eigenvector of $\frac1n\sum_i T_i x_i x_i^\top$, noiseless labels.

    Args:
        key: Random key.
        temperature: $\beta > 0$.
        link: Registered link with bounded range.
        transform: plain, exp or exp_y.
        dim: $d \ge 3$.
        num_samples: $n$, a multiple of `num_chunks`.
        num_chunks: Pieces in which the sample is drawn.

    Returns:
        `overlap2`, the squared overlap with the hidden direction, and `top`, the
        largest eigenvalue.

    Claim:
        RW-8.
    """
    shift = 0.0 if transform == "plain" else TOPS[link]
    zero = jnp.zeros_like(temperature)

    def chunk(key: Key[Array, ""]) -> Array:
        shape = (num_samples // num_chunks, dim)
        x = normals(key, shape, temperature.dtype)
        values = transformed(
            LINKS[link](x[:, 0]), temperature, zero, transform=transform, top=shift
        )
        return x.T @ (values[:, None] * x)

    total = jnp.zeros((dim, dim), temperature.dtype)
    matrix = _accumulate(key, total, chunk, num_chunks) / num_samples
    projector = top_projector(matrix, is_positive=transform == "exp")
    top = jnp.sum(matrix * projector) * jnp.exp(shift / temperature)
    return {"overlap2": projector[0, 0], "top": top}


def top_projector(
    matrix: Float[Array, "dim dim"], *, is_positive: bool
) -> Float[Array, "dim dim"]:
    """Projector on the top eigenvector of a symmetric matrix, by repeated squaring.

    A power of 1,024 (16,384 after a shift that makes the matrix positive) separates
    eigenvalues a percent apart; products are an order of magnitude faster than `eigh`
    under vmap, and cannot put two threads to sleep (design.md §9).
    """
    if not is_positive:
        matrix = matrix + jnp.linalg.norm(matrix) * jnp.eye(len(matrix))

    def square(_: Array, power: Array) -> Array:
        power = power @ power
        return power / jnp.trace(power)

    return jax.lax.fori_loop(
        0, 10 if is_positive else 14, square, matrix / jnp.trace(matrix)
    )


@simulator(outputs={"overlap": ()}, check=check_direction)
def preference(
    key: Key[Array, ""], *, link: str, dim: int, num_samples: int
) -> dict[str, Array]:
    r"""Overlap of $\frac1n\sum_i(2\ell_i - 1)(x_i - x_i')$ under Bradley–Terry labels.

    Args:
        key: Random key.
        link: Registered link.
        dim: $d \ge 3$.
        num_samples: Number of compared pairs.

    Returns:
        `overlap` with the hidden direction.

    Claim:
        RW-19.
    """
    num_chunks = 8 if num_samples % 8 == 0 else 1
    shape = (num_samples // num_chunks, dim)

    def chunk(key: Key[Array, ""]) -> Array:
        first, second, coin = jax.random.split(key, 3)
        x, other = (normals(k, shape) for k in (first, second))
        gain = LINKS[link](x[:, 0]) - LINKS[link](other[:, 0])
        wins = jax.random.uniform(coin, shape[:1]) < jax.nn.sigmoid(gain)
        return jnp.where(wins, 1.0, -1.0) @ (x - other)

    total = _accumulate(key, jnp.zeros(dim), chunk, num_chunks)
    return {"overlap": total[0] / jnp.linalg.norm(total)}


def check_signal(
    link: str,
    transform: str,
    temperature: Any,
    noise: Any,
    num_samples: int,
    order: int,
) -> str | None:
    """What is wrong with one cell of the sampled signal."""
    return complaints(
        check_direction(link, 3, num_samples, temperature, noise, transform=transform),
        bad_range("order", order, 1, strict=False),
    )


@simulator(outputs={"coefs": ("degree",)}, check=check_signal)
def signal(
    key: Key[Array, ""],
    temperature: Number,
    noise: Number,
    *,
    link: str,
    transform: str,
    num_samples: int,
    order: int,
) -> dict[str, Array]:
    r"""Sample means of $T(y)\,h_k(z)$, $k = 0, …$, order.

    Args:
        key: Random key.
        temperature: $\beta > 0$.
        noise: $\tau \ge 0$, of the label (not of the transform).
        link: Registered link.
        transform: plain, exp or exp_y.
        num_samples: Size of the sample.
        order: Highest degree, at least 1.

    Returns:
        `coefs`.

    Claim:
        RW-1.
    """
    inputs, labels = jax.random.split(key)
    z = normals(inputs, (num_samples,), temperature.dtype)
    y = noisy_labels(labels, z, noise, link)
    zero = jnp.zeros_like(temperature)
    gain = transformed(y, temperature, zero, transform=transform)
    powers = [jnp.ones_like(z), z]
    for k in range(1, order):
        powers.append((z * powers[k] - k**0.5 * powers[k - 1]) / (k + 1) ** 0.5)
    return {"coefs": jnp.stack([jnp.mean(gain * h) for h in powers])}
