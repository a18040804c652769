"""The optimal policy of a known reward, and the weights that realise it.

Claims: `RW-13` (Gibbs identities), `RW-14` (label weights realise the oracle tilt).
"""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jax.nn import softmax
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float

from ..maths.precision import float64
from . import domain
from .exponents import tilt_moment_exists
from .links import link_spec
from .rules import stretched
from .signal import Scalar


class Gibbs(NamedTuple):
    r"""The policy $\pi^*_\beta \propto e^{r/\beta}\pi_0$.

    Attributes:
        value: $V^* = \mathbb{E}_{\pi^*} r$.
        objective: $J^* = \beta \log Z_\beta = V^* - \beta\,\mathrm{KL}$.
        kl: $\mathrm{KL}(\pi^* \| \pi_0)$.
        variance: $\mathrm{Var}_{\pi^*}(r) = -\beta^2\, dV^*/d\beta$.
        ess: $Z_\beta^2/Z_{\beta/2}$, the effective share of samples; 0 if infinite
            variance.
    """

    value: Float[Array, ""]
    objective: Float[Array, ""]
    kl: Float[Array, ""]
    variance: Float[Array, ""]
    ess: Float[Array, ""]


@float64
def gibbs(temperature: Scalar, *, link: str) -> Gibbs:
    r"""Value, objective and spread of the optimal policy of the true reward.

    Args:
        temperature: $\beta > 0$; the tilt must exist.
        link: Registered link.

    Returns:
        The five numbers of `Gibbs`.

    Raises:
        DomainError: For bad input or an undefined tilt.

    Claim:
        RW-13, exact identities [classical].

    Example:
        >>> g = gibbs(0.5, link="linear")
        >>> round(float(g.value), 6), round(float(g.objective), 6)
        (2.0, 1.0)
    """
    temperature = domain.positive("temperature", temperature)
    temperature = domain.tilt_exists(temperature, link, 1)
    nodes, log_weights = stretched(link, temperature, 1)
    found = _gibbs(log_weights, link_spec(link).fn(nodes), temperature)
    exists = tilt_moment_exists(temperature, 2.0, link=link)
    wide = jnp.where(exists, temperature, 4 * link_spec(link).leading + 1)
    return found._replace(ess=jnp.where(exists, _ess(wide, link=link), 0.0))


@eqx.filter_jit
def _gibbs(log_weights: Array, reward: Array, temperature: Array) -> Gibbs:
    log_tilt = log_weights + reward / temperature
    policy = softmax(log_tilt)
    value = policy @ reward
    objective = temperature * logsumexp(log_tilt)
    variance = policy @ (reward - value) ** 2
    kl = (value - objective) / temperature
    return Gibbs(value, objective, kl, variance, jnp.zeros_like(value))


def _ess(temperature: Array, *, link: str) -> Array:
    nodes, log_weights = stretched(link, temperature, 2)
    return share_of(log_weights, link_spec(link).fn(nodes) / temperature)


@eqx.filter_jit
def share_of(
    log_weights: Float[Array, " nodes"], tilt: Float[Array, " nodes"]
) -> Float[Array, ""]:
    """Effective share of samples under weights that tilt the base policy."""
    return jnp.exp(
        2 * logsumexp(log_weights + tilt) - logsumexp(log_weights + 2 * tilt)
    )


@float64
def label_ess(temperature: Scalar, noise: Scalar, *, link: str) -> Float[Array, ""]:
    r"""Limit of ESS$/n$ of label weights: $(Z_\beta^2/Z_{\beta/2})e^{-\tau^2/\beta^2}$.

    Args:
        temperature: $\beta > 0$; the second moment of the tilt must exist.
        noise: $\tau \ge 0$.
        link: Registered link.

    Returns:
        The share in (0, 1].

    Raises:
        DomainError: For bad input or an infinite second moment.

    Claim:
        RW-14, exact limit [derived].
    """
    temperature, noise = domain.labels(temperature, noise, link, "exp", 2)
    return _ess(temperature, link=link) * jnp.exp(-((noise / temperature) ** 2))
