"""How well one estimate of the direction does: first order, one step, spectral.

Claims: `RW-7` (first-order overlap), `RW-8` (spectral transition), `RW-19` (preference
labels).
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..maths.domain import DomainError
from ..maths.precision import float64
from . import domain
from .links import link_spec
from .rules import Labels, gauss_grid, labels, stretched
from .signal import Scalar

NEAREST, FARTHEST = 1e-6, 1e4


@float64
def first_order_overlap(
    ratio: Float[Array, "*cells"] | float,
    temperature: Scalar,
    noise: Scalar = 0.0,
    *,
    link: str,
    transform: str,
    center: ArrayLike | str = "mean",
    dim: int | None = None,
) -> Float[Array, "*cells"]:
    r"""Overlap of the weighted mean $\frac1n\sum_i (T(y_i) - c_0)\, x_i$.

    $$m_1 = \frac{c_1}{\sqrt{c_1^2 + M_2/\alpha}},$$

    the limit $n, d \to \infty$ at $n/d = \alpha$. At finite $d$ replace $1/\alpha$ by
    $(d-1)/n$.

    Args:
        ratio: $\alpha = n/d > 0$, any shape.
        temperature: $\beta > 0$; the second moment of the tilt must exist.
        noise: $\tau \ge 0$.
        link: Registered link.
        transform: plain, exp or exp_y.
        center: $c_0$, or "mean".
        dim: $d \ge 3$ for the finite-dimension form; None for the limit.

    Returns:
        Signed overlap with the hidden direction, one per ratio.

    Raises:
        DomainError: For bad input or an infinite second moment.

    Claim:
        RW-7, asymptotic limit [classical concentration; derived].
    """
    temperature, noise = domain.labels(temperature, noise, link, transform, 2)
    center = domain.centring(center)
    found = labels(temperature, noise, center, link=link, transform=transform)
    return _first_order(found, _inverse_ratio(ratio, dim))


@jax.jit
def _first_order(found: Labels, inverse_ratio: Array) -> Array:
    return _overlap(found.first @ found.nodes, found.second.sum(), inverse_ratio)


@float64
def one_step_overlap(
    ratio: Scalar,
    temperature: Scalar,
    noise: Scalar,
    phase: Scalar,
    *,
    link: str,
    transform: str,
    center: ArrayLike | str = "mean",
    dim: int | None = None,
) -> Float[Array, ""]:
    r"""Overlap of the first gradient of a neuron $\sin(\langle w, x\rangle + b)$.

    As `first_order_overlap` with $c_1 \to c_1 b_1$ and
    $M_2 \to M_2 (1 + e^{-2}\cos 2b)/2$, at a random start.

    Args:
        ratio: $\alpha = n/d > 0$.
        temperature: $\beta > 0$; the second moment of the tilt must exist.
        noise: $\tau \ge 0$.
        phase: $b$, in radians.
        link: Registered link.
        transform: plain, exp or exp_y.
        center: $c_0$, or "mean".
        dim: $d \ge 3$ for the finite-dimension form; None for the limit.

    Returns:
        Signed overlap of the projected gradient.

    Raises:
        DomainError: For bad input or an infinite second moment.

    Claim:
        RW-7, asymptotic limit [derived].
    """
    temperature, noise = domain.labels(temperature, noise, link, transform, 2)
    phase, center = domain.finite("phase", phase), domain.centring(center)
    found = labels(temperature, noise, center, link=link, transform=transform)
    return _one_step(found, phase, _inverse_ratio(ratio, dim))


@jax.jit
def _one_step(found: Labels, phase: Array, inverse_ratio: Array) -> Array:
    power = found.second.sum() * (1 + jnp.exp(-2.0) * jnp.cos(2 * phase)) / 2
    signal = (found.first @ found.nodes) * jnp.exp(-0.5) * jnp.cos(phase)
    return _overlap(signal, power, inverse_ratio)


def _inverse_ratio(ratio: Float[Array, "*cells"] | float, dim: int | None) -> Array:
    ratio = domain.positive("ratio", ratio)
    domain.at_least("dim", dim, 3)
    return (1.0 if dim is None else (dim - 1) / dim) / ratio


@jax.jit
def _overlap(signal: Array, power: Array, inverse_ratio: Array) -> Array:
    return signal / jnp.sqrt(signal**2 + power * inverse_ratio)


class _Resolvent(NamedTuple):
    """Bounded transform divided by its supremum, on quadrature nodes."""

    nodes: Float[Array, " nodes"]
    weights: Float[Array, " nodes"]
    values: Float[Array, " nodes"]

    def mean(self, point: Array, power: int, factor: Array | float = 1.0) -> Array:
        r"""$\mathbb{E}[f\,(T/(\lambda - T))^p]$ at one point $\lambda > 1$."""
        return (self.weights * factor) @ (self.values / (point - self.values)) ** power


@float64
def spectral_overlap2(
    ratio: Scalar, temperature: Scalar, *, link: str, transform: str
) -> Float[Array, ""]:
    r"""Squared overlap of the top eigenvector of $\frac1n\sum_i T_i x_i x_i^\top$.

    Noiseless, bounded $T$. With $\phi(\lambda) = \lambda\mathbb{E}[z^2T/(\lambda-T)]$
    and $\psi(\lambda) = \lambda(1/\alpha + \mathbb{E}[T/(\lambda - T)])$, and
    $\bar\lambda$ the minimiser of $\psi$ above $\sup T$: zero if
    $\phi(\bar\lambda) \le \psi(\bar\lambda)$, otherwise
    $\psi'(\lambda^*)/(\psi'(\lambda^*) - \phi'(\lambda^*))$ where $\phi = \psi$.

    Args:
        ratio: $\alpha = n/d > 0$.
        temperature: $\beta > 0$.
        link: Registered link with bounded range.
        transform: plain, exp or exp_y.

    Returns:
        Squared overlap in [0, 1).

    Raises:
        DomainError: For bad input or an unbounded link.

    Claim:
        RW-8, asymptotic limit [classical: Lu and Li; Mondelli and Montanari].
    """
    ratio = domain.positive("ratio", ratio)
    temperature = _bounded(temperature, link, transform)
    found = _resolvent(temperature, link=link, transform=transform)
    return _spectral_overlap2(ratio, found)


@eqx.filter_jit
def _spectral_overlap2(ratio: Array, found: _Resolvent) -> Array:
    """Bisect in the log of the distance from the supremum, twice."""
    square = found.nodes**2

    def slope(log_distance: Array) -> Array:
        return 1 / ratio - found.mean(1 + jnp.exp(log_distance), 2)

    def excess(log_distance: Array) -> Array:
        return found.mean(1 + jnp.exp(log_distance), 1, square - 1) - 1 / ratio

    low, high = (jnp.log(jnp.full_like(ratio, x)) for x in (NEAREST, FARTHEST))
    bulk = jnp.where(slope(low) > 0, low, _bisect(slope, low, high))
    top = 1 + jnp.exp(_bisect(lambda x: -excess(x), bulk, high))
    steep = 1 / ratio - found.mean(top, 2)
    fall = found.mean(top, 2, square)
    overlap = steep / (steep + fall)
    return jnp.where(excess(bulk) > 0, overlap, 0.0)


def _bisect(function: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Root of a function that is negative at `low` and positive at `high`."""

    def halve(_: Array, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        middle = 0.5 * (ends[0] + ends[1])
        above = function(middle) > 0
        return jnp.where(above, ends[0], middle), jnp.where(above, middle, ends[1])

    low, high = jax.lax.fori_loop(0, 80, halve, (low, high))
    return 0.5 * (low + high)


def spectral_ratio_threshold(
    temperature: Scalar, *, link: str, transform: str
) -> float:
    r"""Smallest ratio $\alpha_c$ at which the spectral method sees the direction.

    The largest root $\lambda > \sup T$ of
    $\mathbb{E}[(z^2-1)T/(\lambda-T)] = \mathbb{E}[T^2/(\lambda-T)^2]$ gives
    $\alpha_c$ as one over that value.

    Args:
        temperature: $\beta > 0$.
        link: Registered link with bounded range.
        transform: plain, exp or exp_y.

    Returns:
        The threshold, `inf` if the method never sees it.

    Raises:
        DomainError: For bad input or an unbounded link.

    Claim:
        RW-8, sharp threshold [classical: Lu and Li; Mondelli and Montanari].
    """
    with jax.enable_x64(True):
        checked = _bounded(temperature, link, transform)
        found = _resolvent(checked, link=link, transform=transform)
    nodes, weights, values = (np.asarray(part) for part in found)

    def balance(distances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ratio = values / (1 + distances[:, None] - values)
        bulk = ratio**2 @ weights
        return ratio @ (weights * (nodes**2 - 1)) - bulk, bulk

    grid = np.geomspace(NEAREST, FARTHEST, 1200)
    hidden = np.flatnonzero(balance(grid)[0] <= 0)
    if hidden.size and hidden[-1] == grid.size - 1:
        return float("inf")
    last = hidden[-1] if hidden.size else 0
    low, high = grid[last], grid[last + 1]
    for _ in range(100):
        middle = np.sqrt(low * high)
        is_hidden = balance(np.array([middle]))[0][0] <= 0
        low, high = (middle, high) if is_hidden else (low, middle)
    return float(1 / balance(np.array([low]))[1][0])


def _bounded(temperature: Scalar, link: str, transform: str) -> Array:
    spec = link_spec(link)
    if not np.isfinite([spec.lower, spec.upper]).all():
        raise DomainError(f"`link` {link!r} is unbounded: no spectral law.")
    return domain.labels(temperature, 0.0, link, transform, 2)[0]


@functools.partial(jax.jit, static_argnames=("link", "transform"))
def _resolvent(temperature: Array, *, link: str, transform: str) -> _Resolvent:
    """The transform over its supremum, which is taken from the stated range."""
    spec = link_spec(link)
    nodes, log_weights = stretched(link, temperature, 0)
    reward = spec.fn(nodes) / spec.upper
    values = {
        "plain": reward,
        "exp": jnp.exp(spec.upper * (reward - 1) / temperature),
        "exp_y": reward * jnp.exp(spec.upper * (reward - 1) / temperature),
    }
    return _Resolvent(nodes, jnp.exp(log_weights), values[transform])


@float64
def preference_coef(*, link: str) -> Float[Array, ""]:
    r"""First-order signal of Bradley–Terry preferences.

    $c = \mathbb{E}[\tanh((\sigma^*(z) - \sigma^*(z'))/2)\,(z - z')/\sqrt2]$ with
    independent normals: the sigmoid is a label transform, so that links without plain
    first-order signal can have one.

    Args:
        link: Registered link.

    Returns:
        The coefficient $c$.

    Raises:
        DomainError: If the link is unknown.

    Claim:
        RW-19, asymptotic limit [derived].
    """
    fn = link_spec(link).fn
    nodes, weights = gauss_grid(9.0, panels=40, order=8, breaks=(0.0,))
    return _preference_coef(jnp.asarray(nodes), jnp.asarray(weights), fn)


@functools.partial(jax.jit, static_argnums=2)
def _preference_coef(
    nodes: Array, weights: Array, fn: Callable[[Array], Array]
) -> Array:
    reward = fn(nodes)
    gain = jnp.tanh((reward[:, None] - reward[None, :]) / 2)
    difference = (nodes[:, None] - nodes[None, :]) / jnp.sqrt(2.0)
    return weights @ (gain * difference) @ weights


@float64
def preference_overlap(
    ratio: Scalar, *, link: str, dim: int | None = None
) -> Float[Array, ""]:
    r"""Overlap of $\frac1n\sum_i (2\ell_i - 1)(x_i - x_i')$ with the direction.

    $m = c/\sqrt{c^2 + 1/\alpha}$ with $c$ from `preference_coef`.

    Args:
        ratio: Pairs per dimension, positive.
        link: Registered link.
        dim: $d \ge 3$ for the finite-dimension form; None for the limit.

    Returns:
        Signed overlap.

    Raises:
        DomainError: For bad input.

    Claim:
        RW-19, asymptotic limit [derived].
    """
    inverse = _inverse_ratio(ratio, dim)
    return _overlap(preference_coef(link=link), jnp.ones(()), inverse)
