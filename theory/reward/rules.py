"""Quadrature of a standard normal for smooth links with at most a few kinks."""

import functools
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float

from ..maths.domain import DomainError
from ..maths.hermite import hermite_values
from ..maths.precision import float64
from ..maths.quadrature import legendre_rule
from .links import link_spec

LOG_ROOT_TWO_PI = 0.5 * np.log(2 * np.pi)
HALF_WIDTH, PANELS, ORDER = 12.0, 96, 16


def gauss_grid(
    half_width: float | int = HALF_WIDTH,
    *,
    panels: int = PANELS,
    order: int = ORDER,
    breaks: tuple[float, ...] = (),
) -> tuple[Float[np.ndarray, " nodes"], Float[np.ndarray, " nodes"]]:
    r"""Composite Gauss–Legendre nodes and weights for a standard normal.

    $\mathbb{E} f(Z) \approx \sum_i w_i f(z_i)$ on $[-L, L]$; the weights contain the
    normal density and sum to one. Unlike Gauss–Hermite it copes with kinks (they are
    panel edges) and with the exponential tilts of small temperatures.

    Args:
        half_width: $L > 0$.
        panels: Equal panels, at least 1.
        order: Nodes per panel.
        breaks: Further panel edges, such as the kinks of a link.

    Returns:
        `(nodes, weights)` in float64, NumPy.

    Raises:
        DomainError: If `half_width <= 0`, `panels < 1` or `order < 1`.
    """
    if not (half_width > 0 and panels >= 1 and order >= 1):
        raise DomainError("`half_width`, `panels` and `order` must be positive.")
    nodes, log_weights = _composite(half_width, panels, order, tuple(breaks))
    weights = np.exp(log_weights - nodes**2 / 2 - LOG_ROOT_TWO_PI)
    return nodes.copy(), weights / weights.sum()


@functools.cache
def _composite(
    half_width: float, panels: int, order: int, breaks: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and log weights of the Lebesgue measure on [-L, L]."""
    inner = [edge for edge in breaks if -half_width < edge < half_width]
    edges = np.union1d(np.linspace(-half_width, half_width, panels + 1), inner)
    unit, weights = legendre_rule(order)
    half = np.diff(edges)[:, None] / 2
    middle = (edges[1:] + edges[:-1])[:, None] / 2
    return (middle + half * unit).ravel(), np.log(half * weights).ravel()


def stretched(
    link: str, temperature: Float[Array, ""], power: int
) -> tuple[Float[Array, " nodes"], Float[Array, " nodes"]]:
    r"""The rule Q1, widened so that it carries $e^{p\sigma^*/\beta}$ for this link.

    Returns:
        Nodes and the logarithms of their weights (density included).
    """
    spec = link_spec(link)
    base, log_weights = _composite(HALF_WIDTH, PANELS, ORDER, (0.0,))
    if not spec.degree:
        log_weights = log_weights - base**2 / 2 - LOG_ROOT_TWO_PI
        return jnp.asarray(base), jnp.asarray(log_weights)
    scale = _stretch(spec.degree, spec.leading, temperature, power)
    nodes = scale * jnp.asarray(base)
    log_weights = jnp.asarray(log_weights)
    return nodes, log_weights + jnp.log(scale) - nodes**2 / 2 - LOG_ROOT_TWO_PI


def _stretch(degree: int, leading: float, temperature: Array, power: int) -> Array:
    tilt = power * leading / temperature
    if degree == 2:
        return 1 / jnp.sqrt(1 - 2 * tilt)
    return 1 + jnp.abs(tilt) / HALF_WIDTH


class Labels(NamedTuple):
    r"""Conditional moments of a label transform on quadrature nodes.

    The transform is divided by $e^{\ell}$, so that nothing overflows.

    Attributes:
        nodes: $z$.
        weights: Weights of the standard normal.
        first: Weights times $\mathbb{E}[T - c_0 \mid z]$.
        second: Weights times $\mathbb{E}[(T - c_0)^2 \mid z]$.
        log_scale: $\ell$, the log of the mean weight $\mathbb{E} e^{y/\beta}$, or 0.
    """

    nodes: Float[Array, " nodes"]
    weights: Float[Array, " nodes"]
    first: Float[Array, " nodes"]
    second: Float[Array, " nodes"]
    log_scale: Float[Array, ""]


def labels(
    temperature: Float[Array, ""],
    noise: Float[Array, ""],
    center: Float[Array, ""] | float | str,
    *,
    link: str,
    transform: str,
    power: int = 2,
) -> Labels:
    """Moments up to `power` of the (centred) transform on a rule that carries them."""
    tilt = 0 if transform == "plain" else power
    rule = stretched(link, temperature, tilt)
    reward = link_spec(link).fn(rule[0])  # outside of jit: one program for all links
    return _moments(rule, reward, temperature, noise, center, transform)


@eqx.filter_jit
def _moments(
    rule: tuple[Array, Array],
    reward: Array,
    temperature: Array,
    noise: Array,
    center: Array | float | str,
    transform: str,
) -> Labels:
    nodes, log_weights = rule
    weights = jnp.exp(log_weights)
    shift = noise**2 / temperature
    if transform == "plain":
        log_scale = jnp.zeros_like(temperature)
        first, second = weights * reward, weights * (reward**2 + noise**2)
    else:
        log_first = log_weights + reward / temperature + shift / (2 * temperature)
        log_scale = logsumexp(log_first)
        first = jnp.exp(log_first - log_scale)
        second = jnp.exp(
            2 * (log_first - log_scale) - log_weights + shift / temperature
        )
    if transform == "exp_y":
        first, second = (
            first * (reward + shift),
            second * ((reward + 2 * shift) ** 2 + noise**2),
        )
    middle = first.sum() if isinstance(center, str) else center * jnp.exp(-log_scale)
    return Labels(
        nodes,
        weights,
        first - middle * weights,
        second - 2 * middle * first + middle**2 * weights,
        log_scale,
    )


def hermite_means(
    nodes: Float[Array, " nodes"], weights: Float[Array, " nodes"], order: int
) -> Float[Array, " {order}+1"]:
    """Weighted sums of the Hermite polynomials up to an order.

    A loop: sixty terms written out take seconds to compile.
    """

    def advance(last: tuple[Array, Array], k: Array) -> tuple[Any, Array]:
        before, at = last
        after = (nodes * at - jnp.sqrt(k) * before) / jnp.sqrt(k + 1)
        return (at, after), weights @ at

    first = jnp.zeros_like(nodes), jnp.ones_like(nodes)
    return jax.lax.scan(advance, first, jnp.arange(order + 1, dtype=nodes.dtype))[1]


@float64
def hermite(
    z: Float[Array, "*shape"], *, order: int
) -> Float[Array, "{order}+1 *shape"]:
    r"""Orthonormal probabilists' Hermite polynomials $h_0, …, h_{\mathrm{order}}$.

    Args:
        z: Points.
        order: Highest degree, at least 0.

    Returns:
        Values, the degree first.

    Raises:
        DomainError: If `order < 0`.

    Example:
        >>> [round(float(h), 4) for h in hermite(2.0, order=2)]
        [1.0, 2.0, 2.1213]
    """
    if order < 0:
        raise DomainError(f"`order` must be at least 0, got {order}.")
    return jnp.moveaxis(hermite_values(z, order), -1, 0)
