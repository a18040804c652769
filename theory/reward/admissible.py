"""Deployment temperatures that are safe after a finite number of samples.

Claim: `RW-17` (admissible deployment temperatures).
"""

import warnings
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.nn import softmax
from jaxtyping import Array, Bool, Float, Key

from ..maths.domain import is_traced, known
from ..maths.precision import float64
from . import domain
from .gibbs import share_of
from .links import link_spec
from .readout import WEIGHTS, checked_proxy, law_of, tanh_features, weighting
from .rules import gauss_grid
from .signal import Scalar

FEW = 10  # effective samples per feature, below which the readout's law misleads


class Admissible(NamedTuple):
    r"""Which temperatures reach the target gain, by three predictions.

    Attributes:
        bound: $V^* - q_{0.9}(\sigma_\beta\sqrt{\chi^2}) \ge V_0 + \delta$.
        predicted: $q_{0.1}(V(\hat\pi)) \ge V_0 + \delta$ for the predicted readouts.
        first_order: The explicit set from $\varepsilon^2$; a prediction, no guarantee.
        margin: Left minus right side of `bound`.
    """

    bound: Bool[Array, " num_temperatures"]
    predicted: Bool[Array, " num_temperatures"]
    first_order: Bool[Array, " num_temperatures"]
    margin: Float[Array, " num_temperatures"]


@float64
def admissible_sets(
    temperatures: Float[Array, " num_temperatures"],
    num_samples: int,
    target_gain: Scalar,
    quantile: Scalar,
    noise: Scalar,
    ridge: Scalar,
    half_width: Scalar,
    proxy: Float[Array, " nodes"] | None,
    key: Key[Array, ""],
    *,
    link: str,
    weights: str,
    num_features: int,
    num_draws: int = 600,
) -> Admissible:
    r"""Admissible deployment temperatures from the law of the fitted readout.

    Draws $a \sim N(a_{pop}, C/n)$, the same normals for all temperatures and proxies,
    deploys each, and takes quantiles of the value and of its chi-square bound. Warns
    where fewer than ten effective samples per feature make that law unreliable.

    Args:
        temperatures: $\beta_2 > 0$, of weights and deployment alike.
        num_samples: $n \ge 1$.
        target_gain: $\delta$, the gain over $V_0 = \mathbb{E}_{\pi_0} r^*$.
        quantile: $q$ in (0, 1), the confidence.
        noise: $\tau \ge 0$.
        ridge: $\lambda \ge 0$.
        half_width: Of the feature centres, positive.
        proxy: $r_{a_0}$ on the nodes of `gauss_grid(breaks=(0.,))` (surrogate only).
        key: Of the draws.
        link: Registered link.
        weights: label, surrogate or none.
        num_features: $p \ge 2$.
        num_draws: Readouts that are drawn; margins need 600.

    Returns:
        Three masks and the margin, one entry per temperature.

    Raises:
        DomainError: For bad input, or `num_features >= num_samples` without ridge.

    Claim:
        RW-17, set inclusion and ordering [paper: existence; sets derived].
    """
    domain.choice("weights", weights, WEIGHTS)
    temperatures = domain.positive("temperatures", temperatures)
    temperatures = domain.tilt_exists(temperatures, link, 2)
    noise = domain.nonnegative("noise", noise)
    ridge = checked_ridge(ridge, num_features, num_samples)
    nodes, base = (jnp.asarray(part) for part in gauss_grid(breaks=(0.0,)))
    features = tanh_features(nodes, half_width, num_features=num_features)
    proxy = checked_proxy(proxy, weights, features)
    reward = link_spec(link).fn(nodes)
    seen = reward if weights == "label" else proxy
    loss = jnp.asarray(noise if weights == "label" else 0.0, jnp.float64)
    _warn_of_few(temperatures, loss, seen, num_samples, num_features)
    model = _Model(
        features,
        reward,
        seen,
        domain.finite("target_gain", target_gain),
        domain.inside("quantile", quantile, 0, 1),
        jax.random.normal(key, (num_draws, num_features), jnp.float64),
    )
    cells = []
    for t in temperatures:
        found = weighting(reward, proxy, t, noise, weights)
        fit = law_of(base, reward, found, noise, ridge, features, t)
        cells.append(_margins(t, fit.coef, fit.cov / num_samples, model))
    return _sets(cells)


@jax.jit
def _sets(cells: list[tuple[Array, Array, Array]]) -> Admissible:
    margin, typical, first = (jnp.stack(part) for part in zip(*cells, strict=True))
    return Admissible(margin >= 0, typical >= 0, first >= 0, margin)


def checked_ridge(
    ridge: Scalar, num_features: int, num_samples: int
) -> Float[Array, ""]:
    """The ridge, which must be positive if there are too few samples without it."""
    domain.at_least("num_samples", num_samples, 1)
    if num_features >= num_samples:
        return domain.positive("ridge", ridge)
    return domain.nonnegative("ridge", ridge)


def _warn_of_few(
    temperatures: Array, noise: Array, seen: Array, num_samples: int, num_features: int
) -> None:
    """Name the temperatures at which the weights leave too few effective samples."""
    few = []
    for t in known(temperatures):
        share = _share(t, noise, seen)
        if is_traced(share):
            return
        if share * num_samples < FEW * num_features:
            few.append(round(float(t), 4))
    if few:
        warnings.warn(
            f"Fewer than {FEW} effective samples per feature: the law of the readout "
            f"is unreliable at `temperatures` {few}.",
            stacklevel=4,
        )


@jax.jit
def _share(temperature: Array, noise: Array, seen: Array) -> Array:
    log_base = jnp.log(gauss_grid(breaks=(0.0,))[1])
    lost = jnp.exp(-((noise / temperature) ** 2))
    return share_of(log_base, seen / temperature) * lost


class _Model(NamedTuple):
    """What all temperatures share; `seen` is the reward that the weights tilt by."""

    features: Float[Array, "nodes num_features"]
    reward: Float[Array, " nodes"]
    seen: Float[Array, " nodes"]
    target_gain: Float[Array, ""]
    quantile: Float[Array, ""]
    draws: Float[Array, "num_draws num_features"]


@eqx.filter_jit
def _margins(
    temperature: Array, coef: Array, cov: Array, model: _Model
) -> tuple[Array, Array, Array]:
    """By how much bound, prediction and first-order set reach the gain."""
    base = jnp.asarray(gauss_grid(breaks=(0.0,))[1])
    features, reward, seen, target_gain, quantile, draws = model
    log_base, goal = jnp.log(base), base @ reward + target_gain
    values, root_chi2 = _deploy(
        log_base, reward, features, coef, _root(cov), draws, temperature
    )
    best = softmax(log_base + reward / temperature)
    sigma = jnp.sqrt(best @ (reward - best @ reward) ** 2)
    worst = jnp.quantile(root_chi2, quantile, method="higher")
    typical = jnp.quantile(values, 1 - quantile, method="lower")
    error = _proxy_error(log_base, reward, features, coef, cov, seen / temperature)
    transfer = jnp.exp(jnp.ptp(reward - seen) / temperature)
    first = sigma / temperature * jnp.sqrt(transfer * error)
    value = best @ reward - goal
    return value - sigma * worst, typical - goal, value - first


def _root(cov: Array) -> Array:
    """Symmetric square root, which varies smoothly with the matrix."""
    values, vectors = jnp.linalg.eigh(cov)
    return (vectors * jnp.sqrt(jnp.maximum(values, 0))[None, :]) @ vectors.T


def _deploy(
    log_base: Array,
    reward: Array,
    features: Array,
    coef: Array,
    root: Array,
    draws: Array,
    temperature: Array,
) -> tuple[Array, Array]:
    """Value and root chi-square of the policy of every drawn readout."""
    estimates = (coef[None, :] + draws @ root) @ features.T
    best = log_base + reward / temperature
    best = best - jax.scipy.special.logsumexp(best)
    policies = softmax(log_base[None, :] + estimates / temperature, axis=-1)
    ratio = policies * jnp.exp(-best)[None, :]
    chi2 = (ratio - 1) ** 2 @ jnp.exp(best)
    return policies @ reward, jnp.sqrt(chi2)


def _proxy_error(
    log_base: Array,
    reward: Array,
    features: Array,
    coef: Array,
    spread: Array,
    scaled_proxy: Array,
) -> Array:
    """Squared error under the proxy's policy: variance of the fit and of its bias."""
    policy = softmax(log_base + scaled_proxy)
    centred = features - (policy @ features)[None, :]
    bias = features @ coef - reward
    noise = jnp.trace(centred.T @ (policy[:, None] * centred) @ spread)
    return noise + policy @ (bias - policy @ bias) ** 2
