"""Value of a deployed policy whose reward model sees a wrong direction.

Claim: `RW-18` (value as a function of the overlap).
"""

import functools
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.nn import softmax
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float

from ..maths.precision import float64
from . import domain
from .links import link_spec
from .rules import gauss_grid, stretched
from .signal import Scalar

FITS = ("label", "regress")
Cells = Float[Array, "*#cells"] | float


class OverlapValue(NamedTuple):
    """Value, objective and divergence from the base policy of the deployed policy."""

    value: Float[Array, "*cells"]
    objective: Float[Array, "*cells"]
    kl: Float[Array, "*cells"]


@float64
def value_at_overlap(
    overlap: Cells, temperature: Cells, *, link: str, fit: str
) -> OverlapValue:
    r"""Value of the population fit that only sees $s$, at overlap $m$ with the truth.

    With $(P_m\sigma)(s) = \mathbb{E}\,\sigma^*(ms + \sqrt{1-m^2}\,v)$ the unweighted
    fit (`regress`) is $P_m\sigma$, the label-weighted fit (`label`) is
    $P_m[\sigma e^{\sigma/\beta}]/P_m[e^{\sigma/\beta}]$ up to a constant. Deployed at
    the same temperature; $V = \mathbb{E}_{\hat\pi} P_m\sigma$.

    Args:
        overlap: $m \in [-1, 1]$.
        temperature: $\beta > 0$; the tilt must exist.
        link: Registered link.
        fit: label or regress.

    Returns:
        Value, objective $V - \beta\,\mathrm{KL}$ and KL; the inputs broadcast.

    Raises:
        DomainError: For bad input or an undefined tilt.

    Claim:
        RW-18, ordering, slope and upper bound [derived].
    """
    domain.choice("fit", fit, FITS)
    overlap = domain.within("overlap", overlap, -1, 1)
    temperature = domain.positive("temperature", temperature)
    temperature = domain.tilt_exists(temperature, link, 1)
    return _values_at_overlap(overlap, temperature, link=link)[fit]


@eqx.filter_jit
def _values_at_overlap(
    overlap: Array, temperature: Array, *, link: str
) -> dict[str, OverlapValue]:
    """Of both fits, in one program: most of it is the rewards that both see."""
    cell = functools.partial(_of_both_fits, link=link)
    found = jnp.vectorize(cell)(overlap, temperature)
    return {"label": OverlapValue(*found[:3]), "regress": OverlapValue(*found[3:])}


def _of_both_fits(
    overlap: Array, temperature: Array, *, link: str
) -> tuple[Array, ...]:
    """`OverlapValue` of the label-weighted fit, then of the unweighted one."""
    spec = link_spec(link)
    scale = jnp.ones(())
    if spec.degree == 2:
        scale = 1 / jnp.sqrt(1 - 2 * spec.leading / temperature)
    outer, log_outer = _scaled(9.0, 60, scale)
    inner, log_inner = _scaled(9.0, 40, scale)
    rest = jnp.sqrt(jnp.maximum(1 - overlap**2, 0))
    reward = spec.fn(overlap * outer[:, None] + rest * inner[None, :])
    seen = reward @ jnp.exp(log_inner)
    tilted = softmax(log_inner[None, :] + reward / temperature, axis=-1)

    def deployed(estimate: Array) -> OverlapValue:
        log_tilt = log_outer + estimate / temperature
        policy = softmax(log_tilt)
        value = policy @ seen
        kl = policy @ estimate / temperature - logsumexp(log_tilt)
        return OverlapValue(value, value - temperature * kl, kl)

    label = deployed(jnp.sum(tilted * reward, axis=-1))
    return *label, *deployed(seen)


def _scaled(half_width: float, panels: int, scale: Array) -> tuple[Array, Array]:
    """A Gauss grid widened by a factor: nodes and log weights."""
    nodes, weights = (
        jnp.asarray(part)
        for part in gauss_grid(half_width, panels=panels, order=8, breaks=(0.0,))
    )
    log_weights = jnp.log(weights) + nodes**2 / 2 - (scale * nodes) ** 2 / 2
    log_weights = log_weights + jnp.log(scale)
    return scale * nodes, log_weights


@float64
def direction_slope(temperature: Scalar, *, link: str) -> Float[Array, ""]:
    r"""Slope $\lim_{m\to1}(J^* - J(m))/(1 - m)$ of the objective in the direction.

    It equals $\mathbb{E}_{\pi^*}[\sigma^{*\prime}(z)^2]/\beta$.

    The same for both fits: the Dirichlet form of the Ornstein–Uhlenbeck semigroup. The
    derivative of the link is taken by automatic differentiation.

    Args:
        temperature: $\beta > 0$; the tilt must exist.
        link: Registered link.

    Returns:
        The slope.

    Raises:
        DomainError: For bad input or an undefined tilt.

    Claim:
        RW-18, asymptotic slope [derived].
    """
    temperature = domain.positive("temperature", temperature)
    temperature = domain.tilt_exists(temperature, link, 1)
    return _direction_slope(temperature, link=link)


@eqx.filter_jit
def _direction_slope(temperature: Array, *, link: str) -> Array:
    nodes, policy = _policy(temperature, link)
    slope = jax.vmap(jax.grad(link_spec(link).fn))(nodes)
    return policy @ slope**2 / temperature


@float64
def convexity_upper_bound(
    overlap: Cells, temperature: Cells, *, link: str
) -> Float[Array, "*cells"]:
    r"""Bound $J^* - J_{reg}(m) \le \mathbb{E}_{\pi^*}[\sigma^* - P_m\sigma^*]$.

    Convexity of the log partition function, at every overlap.

    Args:
        overlap: $m \in [-1, 1]$.
        temperature: $\beta > 0$; the tilt must exist.
        link: Registered link.

    Returns:
        The bound; the inputs broadcast.

    Raises:
        DomainError: For bad input or an undefined tilt.

    Claim:
        RW-18, upper bound [derived].
    """
    overlap = domain.within("overlap", overlap, -1, 1)
    temperature = domain.positive("temperature", temperature)
    temperature = domain.tilt_exists(temperature, link, 1)
    return _convexity(overlap, temperature, link=link)


@eqx.filter_jit
def _convexity(overlap: Array, temperature: Array, *, link: str) -> Array:
    cell = functools.partial(_convexity_of, link=link)
    return jnp.vectorize(cell)(overlap, temperature)


def _convexity_of(overlap: Array, temperature: Array, *, link: str) -> Array:
    nodes, policy = _policy(temperature, link)
    inner, weights = (
        jnp.asarray(part) for part in gauss_grid(9.0, panels=40, order=8, breaks=(0.0,))
    )
    rest = jnp.sqrt(1 - overlap**2)
    fn = link_spec(link).fn
    smoothed = fn(overlap * nodes[:, None] + rest * inner[None, :]) @ weights
    return policy @ (fn(nodes) - smoothed)


def _policy(temperature: Array, link: str) -> tuple[Array, Array]:
    """Nodes and the optimal policy on them."""
    nodes, log_weights = stretched(link, temperature, 1)
    return nodes, softmax(log_weights + link_spec(link).fn(nodes) / temperature)
