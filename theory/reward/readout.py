"""Weighted ridge regression of the reward on index features: sandwich constants.

Claims: `RW-16` (constants and noise inflation), `RW-20` (order of the weightings).
"""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jax.nn import softmax
from jaxtyping import Array, Float

from ..maths.domain import require
from ..maths.precision import float64
from . import domain
from .links import link_spec
from .rules import gauss_grid
from .signal import Scalar

WEIGHTS = ("label", "surrogate", "none")


class Readout(NamedTuple):
    r"""Large-sample law of the fitted readout, $\hat a \approx N(a, C/n)$.

    Attributes:
        coef: $a$, the population coefficient.
        cov: $C$.
        error_const: $K_\varepsilon = \lim n\,\mathbb{E}\,\varepsilon^2$ (realisable).
        objective_const: $K_J = \lim n\,\mathbb{E}[J\text{-gap}]$.
        value_const: $K_V = \lim n\,\mathbb{E}[V\text{-gap}^2]$.
    """

    coef: Float[Array, " num_features"]
    cov: Float[Array, "num_features num_features"]
    error_const: Float[Array, ""]
    objective_const: Float[Array, ""]
    value_const: Float[Array, ""]


@float64
def tanh_features(
    z: Float[Array, "*shape"], half_width: Scalar, *, num_features: int
) -> Float[Array, "*shape {num_features}"]:
    r"""Index features $1$ and $\tanh(2(z - b_j))$, centres equally spaced.

    Args:
        z: Index values.
        half_width: Centres span $[-b_{max}, b_{max}]$, positive.
        num_features: $p \ge 2$, the constant included.

    Returns:
        Features, last.

    Raises:
        DomainError: If `half_width <= 0` or `num_features < 2`.
    """
    half_width = domain.positive("half_width", half_width)
    domain.at_least("num_features", num_features, 2)
    return _tanh_features(z, half_width, num_features)


@eqx.filter_jit
def _tanh_features(z: Array, half_width: Array, num_features: int) -> Array:
    centres = half_width * jnp.linspace(-1.0, 1.0, num_features - 1)
    waves = jnp.tanh(2 * (z[..., None] - centres.reshape((1,) * z.ndim + (-1,))))
    return jnp.concatenate([jnp.ones_like(z)[..., None], waves], axis=-1)


@float64
def sandwich(
    temperature: Scalar,
    noise: Scalar,
    ridge: Scalar,
    features: Float[Array, "nodes num_features"],
    proxy: Float[Array, " nodes"] | None,
    *,
    link: str,
    weights: str,
    deploy_temperature: Scalar | None = None,
) -> Readout:
    r"""Population coefficient, covariance and deployment constants of weighted ridge.

    Weights $\omega$: $H = \mathbb{E}[\omega FF^\top] + \lambda\mathbb{E}[\omega]I$,
    $a = H^{-1}\mathbb{E}[\omega yF]$ and
    $S = \mathbb{E}[\omega^2(eF - \lambda a)(eF - \lambda a)^\top]$, $e = y - a^\top F$:
    $C = H^{-1}SH^{-1}$. The ridge multiplies the *random* sum of the weights, hence the
    $-\lambda a$ inside.

    Args:
        temperature: $\beta > 0$ of the weights $e^{y/\beta}$ or $e^{r_{a_0}/\beta}$.
        noise: $\tau \ge 0$.
        ridge: $\lambda \ge 0$, weights normalised to sum one.
        features: $F$ on the nodes of `gauss_grid(breaks=(0.,))`.
        proxy: $r_{a_0}$ on the same nodes (surrogate only).
        link: Registered link.
        weights: label, surrogate or none.
        deploy_temperature: $\beta_2$ of the deployed policy; that of the weights if
            None.

    Returns:
        The five entries of `Readout`.

    Raises:
        DomainError: For bad input, a tilt with infinite variance, or surrogate weights
            without a finite proxy.

    Claim:
        RW-16, asymptotic limit [sandwich classical; constants derived].
    """
    domain.choice("weights", weights, WEIGHTS)
    temperature, noise = domain.labels(temperature, noise, link, "exp", 2)
    ridge = domain.nonnegative("ridge", ridge)
    deploy = temperature
    if deploy_temperature is not None:
        deploy = domain.positive("deploy_temperature", deploy_temperature)
    proxy = checked_proxy(proxy, weights, features)
    nodes, base = (jnp.asarray(part) for part in gauss_grid(breaks=(0.0,)))
    reward = link_spec(link).fn(nodes)
    found = weighting(reward, proxy, temperature, noise, weights)
    return law_of(base, reward, found, noise, ridge, features, deploy)


def checked_proxy(
    proxy: Float[Array, " nodes"] | None,
    weights: str,
    features: Float[Array, "nodes num_features"],
) -> Float[Array, " nodes"]:
    """The proxy, which surrogate weights need; zeros where it is not used."""
    if weights != "surrogate":
        return jnp.zeros(features.shape[0])
    missing = jnp.asarray(jnp.nan) if proxy is None else proxy
    return require(
        jnp.asarray(missing),
        jnp.isfinite(missing),
        "`proxy` must be given and finite for surrogate weights.",
    )


class Weighting(NamedTuple):
    """Conditional moments of the weights given z, up to one common factor."""

    first: Float[Array, " nodes"]
    label: Float[Array, " nodes"]
    second: Float[Array, " nodes"]
    shift: Float[Array, ""]


def weighting(
    reward: Float[Array, " nodes"],
    proxy: Float[Array, " nodes"],
    temperature: Float[Array, ""],
    noise: Float[Array, ""],
    weights: str,
) -> Weighting:
    """Conditional moments of the weights, and the shifts of the label under them."""
    if weights == "label":
        variance = (noise / temperature) ** 2
        first = jnp.exp((reward - reward.max()) / temperature)
        shift = noise**2 / temperature
        # The common factor exp(variance/2) is left out: it cancels in the sandwich.
        return Weighting(first, reward + shift, first**2 * jnp.exp(variance), 2 * shift)
    first = jnp.ones_like(reward)
    if weights == "surrogate":
        first = jnp.exp((proxy - proxy.max()) / temperature)
    return Weighting(first, reward, first**2, jnp.zeros_like(noise))


@eqx.filter_jit
def law_of(
    base: Float[Array, " nodes"],
    reward: Float[Array, " nodes"],
    found: Weighting,
    noise: Float[Array, ""],
    ridge: Float[Array, ""],
    features: Float[Array, "nodes num_features"],
    deploy: Float[Array, ""],
) -> Readout:
    """`sandwich` without checks."""
    coef, cov = _law(base, features, reward, found, noise, ridge)
    policy = softmax(jnp.log(base) + reward / deploy)
    centred = features - (policy @ features)[None, :]
    spread = centred.T @ (policy[:, None] * centred)
    along = centred.T @ (policy * reward)
    error = jnp.trace(spread @ cov)
    return Readout(
        coef, cov, error, error / (2 * deploy), along @ cov @ along / deploy**2
    )


def _law(
    base: Array,
    features: Array,
    reward: Array,
    found: Weighting,
    noise: Array,
    ridge: Array,
) -> tuple[Array, Array]:
    """Population coefficient and covariance."""
    first, second = base * found.first, base * found.second
    identity = jnp.eye(features.shape[1])
    hessian = features.T @ (first[:, None] * features) + ridge * first.sum() * identity
    coef = jnp.linalg.solve(hessian, features.T @ (first * found.label))
    residual = reward + found.shift - features @ coef
    square = features.T @ ((second * (noise**2 + residual**2))[:, None] * features)
    mixed = jnp.outer(features.T @ (second * residual), coef)
    score = square - ridge * (mixed + mixed.T)
    score = score + ridge**2 * second.sum() * jnp.outer(coef, coef)
    half = jnp.linalg.solve(hessian, score)
    cov = jnp.linalg.solve(hessian, half.T)
    return coef, (cov + cov.T) / 2
