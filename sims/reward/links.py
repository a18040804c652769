"""Links and label transforms as the simulators use them, written without the theory."""

import functools
import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from ...theory.maths.quadrature import Rule, legendre_rule
from ..draws import normals

Samples = Float[Array, "*shape"]
UNBOUNDED = ("linear", "relu", "he2", "he3", "he4")
TRANSFORMS = ("plain", "exp", "exp_y")
HE2_SIGNAL = math.sqrt(2)  # smallest temperature at which the mean weight of he2 exists


def _sin3(z: Samples) -> Samples:
    return 0.7886163482759453 * (jnp.sin(z) - 2.2408445351690323 * jnp.sin(2 * z))


def _cos4(z: Samples) -> Samples:
    wave = jnp.cos(z) - 1.1204222675845161 * jnp.cos(2 * z)
    return 1.8361708696127712 * (wave - 0.45489799478447507)


def _gen4(z: Samples) -> Samples:
    return 7.754829068733486 * (z**2 * jnp.exp(-(z**2)) - 0.19245008972987526)


def _flip(z: Samples) -> Samples:
    return 0.7 * jnp.exp(-2 * (z - 1) ** 2) - 0.3 * jnp.tanh(z)


LINKS: dict[str, Callable[[Samples], Samples]] = {
    "linear": lambda z: z,
    "tanh": jnp.tanh,
    "sin": jnp.sin,
    "relu": lambda z: jnp.maximum(z, 0),
    "he2": lambda z: (z**2 - 1) / math.sqrt(2),
    "he3": lambda z: (z**3 - 3 * z) / math.sqrt(6),
    "he4": lambda z: (z**4 - 6 * z**2 + 3) / math.sqrt(24),
    "sin3": _sin3,
    "cos4": _cos4,
    "gen4": _gen4,
    "flip": _flip,
}
# Only a shift of the exponent: any number near the supremum does.
TOPS = {
    "tanh": 1.0,
    "sin": 1.0,
    "sin3": 2.34519,
    "cos4": 1.42687,
    "gen4": 1.36042,
    "flip": 0.47458,
}


def noisy_labels(
    key: Key[Array, ""], index: Samples, noise: Float[Array, ""], link: str
) -> Samples:
    r"""$y = \sigma^*(z) + \tau\xi$."""
    xi = normals(key, index.shape, index.dtype)
    return LINKS[link](index) + noise * xi


def transformed(
    labels: Samples,
    temperature: Float[Array, ""],
    center: Float[Array, ""],
    *,
    transform: str,
    top: float = 0.0,
) -> Samples:
    """$T(y) - c_0$, both multiplied by $e^{-top/β}$ if the transform is exponential."""
    if transform == "plain":
        return labels - center
    weights = jnp.exp((labels - top) / temperature)
    tilted = weights * labels if transform == "exp_y" else weights
    return tilted - center * jnp.exp(-top / temperature)


@functools.cache
def normal_grid(half_width: float = 12.0, panels: int = 96, order: int = 16) -> Rule:
    """Composite Gauss–Legendre nodes and log weights of a standard normal."""
    unit, weights = legendre_rule(order)
    edges = np.linspace(-half_width, half_width, panels + 1)
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    nodes = (middle[:, None] + half[:, None] * unit).ravel()
    log_density = -(nodes**2) / 2 - 0.5 * math.log(2 * math.pi)
    log_weights = np.log((half[:, None] * weights).ravel()) + log_density
    return nodes, log_weights


def population_mean(
    temperature: Float[Array, ""], noise: Float[Array, ""], *, link: str, top: float
) -> Float[Array, ""]:
    r"""$\mathbb{E} e^{(y - top)/\beta}$ of a bounded or slowly growing link."""
    nodes, log_weights = (jnp.asarray(part) for part in normal_grid())
    exponent = (LINKS[link](nodes) - top) / temperature + log_weights
    return jnp.sum(jnp.exp(exponent + (noise / temperature) ** 2 / 2))


def complaints(*found: str | None) -> str | None:
    """All complaints in one sentence, or None."""
    return " ".join(part for part in found if part) or None


def bad_link(link: str, transform: str = "exp", temperature: Any = 1.0) -> str | None:
    """What is wrong with a link, a transform and a temperature together."""
    if link not in LINKS:
        return f"`link` must be one of {sorted(LINKS)}, got {link!r}."
    if transform not in TRANSFORMS:
        return f"`transform` must be one of {TRANSFORMS}, got {transform!r}."
    if not _all(temperature, lambda t: (t > 0) & np.isfinite(t)):
        return f"`temperature` must be positive and finite, got {temperature}."
    if transform != "plain" and link in ("he3", "he4"):
        return f"`link` {link!r}: the tilt is undefined at every temperature."
    if transform != "plain" and link == "he2" and temperature <= HE2_SIGNAL:
        return f"`temperature` must exceed {HE2_SIGNAL:.6f} for the tilt of he2."
    return None


def bad_range(
    name: str, value: Any, low: float | int, strict: bool = True
) -> str | None:
    """What is wrong with a number that must be finite and above `low`."""
    holds = _all(
        value, lambda v: np.isfinite(v) & ((v > low) if strict else (v >= low))
    )
    word = "above" if strict else "at least"
    return (
        None if holds else f"`{name}` must be finite and {word} {low:g}, got {value}."
    )


def bad_choice(name: str, value: str, options: tuple[str, ...]) -> str | None:
    """What is wrong with a word."""
    return (
        None
        if value in options
        else f"`{name}` must be one of {options}, got {value!r}."
    )


def _all(value: Any, holds: Callable[[np.ndarray], np.ndarray]) -> bool:
    return bool(np.all(holds(np.asarray(value, dtype=float))))
