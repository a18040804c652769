"""Weighted readout on the index, and its deployment by quadrature.

Claims: `RW-3`, `RW-14` (effective sample size), `RW-15` to `RW-17` (readout and
deployment), `RW-18` (with an estimated direction).
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.nn import softmax
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float, Key

from ..draws import normals
from ..sweep import simulator
from .links import (
    LINKS,
    TOPS,
    bad_choice,
    bad_link,
    bad_range,
    complaints,
    noisy_labels,
    normal_grid,
    population_mean,
)
from .ridge import log_weights, weighted_ridge

Number = Float[Array, ""]
WEIGHTS = ("label", "surrogate", "fitted", "none")


def index_features(
    z: Float[Array, " n"], half_width: Number, num_features: int
) -> Float[Array, "n num_features"]:
    """The constant and hyperbolic tangents at equally spaced centres."""
    centres = half_width * jnp.linspace(-1, 1, num_features - 1, dtype=z.dtype)
    waves = jnp.tanh(2 * (z[:, None] - centres[None, :]))
    return jnp.concatenate([jnp.ones_like(z)[:, None], waves], axis=1)


def effective_share(log_weight: Float[Array, " n"]) -> Number:
    r"""$(\sum w)^2/(n\sum w^2)$, from the normalised weights that the fit uses too."""
    share = softmax(log_weight)
    return 1 / (share @ share) / log_weight.shape[0]


def check_ess(link: str, temperature: Any, noise: Any, num_samples: int) -> str | None:
    """What is wrong with one cell of the effective sample size."""
    # Infinite-variance weights are the subject of RW-3: any positive temperature goes.
    return complaints(
        bad_link(link, "plain", temperature),
        bad_range("noise", noise, 0, strict=False),
        bad_range("num_samples", num_samples, 1, strict=False),
    )


@simulator(outputs={"ess": ()}, check=check_ess)
def weight_ess(
    key: Key[Array, ""],
    temperature: Number,
    noise: Number,
    *,
    link: str,
    num_samples: int,
) -> dict[str, Array]:
    r"""Effective share of samples of label weights $e^{y/\beta}$.

    Args:
        key: Random key.
        temperature: $\beta > 0$, also where the weights have infinite variance.
        noise: $\tau \ge 0$.
        link: Registered link.
        num_samples: $n$.

    Returns:
        `ess`, $(\sum w)^2/(n\sum w^2)$.

    Claim:
        RW-3, RW-14.
    """
    inputs, labels = jax.random.split(key)
    z = normals(inputs, (num_samples,), temperature.dtype)
    return {"ess": effective_share(noisy_labels(labels, z, noise, link) / temperature)}


class Policy(NamedTuple):
    """A tilted policy on the nodes."""

    probabilities: Float[Array, " nodes"]
    value: Number
    objective: Number


def tilted(
    estimate: Float[Array, " nodes"],
    reward: Float[Array, " nodes"],
    log_base: Float[Array, " nodes"],
    temperature: Number,
) -> Policy:
    """Deploy an estimated reward: value and regularised objective under the truth."""
    log_tilt = log_base + estimate / temperature
    probabilities = softmax(log_tilt)
    value = probabilities @ reward
    kl = probabilities @ estimate / temperature - logsumexp(log_tilt)
    return Policy(probabilities, value, value - temperature * kl)


def check_readout(
    link: str,
    weights: str,
    temperature: Any,
    deploy_temperature: Any,
    noise: Any,
    ridge: Any,
    half_width: Any,
    proxy_error: Any,
    num_samples: int,
    num_features: int,
    augment: bool,
) -> str | None:
    """What is wrong with one cell of the readout."""
    parts = [
        bad_link(link, "exp", temperature),
        bad_link(link, "exp", deploy_temperature),
        bad_choice("weights", weights, WEIGHTS),
        bad_range("noise", noise, 0, strict=False),
        bad_range("ridge", ridge, 0, strict=False),
        bad_range("half_width", half_width, 0),
        bad_range("proxy_error", proxy_error, -1e300),
        bad_range("num_features", num_features, 2, strict=False),
    ]
    if ridge == 0 and num_features + augment >= num_samples:
        parts.append("`num_features` must be below `num_samples` without ridge.")
    return complaints(*parts)


@simulator(
    outputs={
        "coef": ("feature",),
        "value": (),
        "value_gap": (),
        "objective_gap": (),
        "error_variance": (),
        "chi2": (),
        "ess": (),
        "is_reliable": (),
    },
    check=check_readout,
    dtype="float64",
    tile=64,
)
def readout(
    key: Key[Array, ""],
    temperature: Number,
    deploy_temperature: Number,
    noise: Number,
    ridge: Number,
    half_width: Number,
    proxy_error: Number,
    *,
    link: str,
    weights: str,
    num_samples: int,
    num_features: int,
    augment: bool,
) -> dict[str, Array]:
    r"""Fit the readout on index features by weighted ridge and deploy it.

    Features $1, \tanh(2(z - b_j))$; the surrogate is $r^* + \kappa\sin(1.5z)$; gaps are
    exact given the fit (quadrature).

    Args:
        key: Random key.
        temperature: $\beta$ of the weights.
        deploy_temperature: $\beta_2$ of the deployed policy.
        noise: $\tau \ge 0$.
        ridge: $\lambda \ge 0$, weights normalised to sum one.
        half_width: Feature centres span $[-b_{max}, b_{max}]$.
        proxy_error: $\kappa$, for surrogate weights.
        link: Registered link.
        weights: label, surrogate, fitted or none.
        num_samples: $n$.
        num_features: $p$, the constant included.
        augment: Append $r^*$ itself (realisable case).

    Returns:
        `coef`, `value`, the gaps, $\varepsilon^2$, $\chi^2$, `ess` of the weights and
        `is_reliable` (at least ten effective samples per feature).

    Claim:
        RW-15, RW-16, RW-17.
    """
    case = Case(temperature, noise, ridge, half_width, proxy_error)
    coef, log_weight = fitted(
        key,
        case,
        link=link,
        weights=weights,
        num_samples=num_samples,
        num_features=num_features,
        augment=augment,
    )
    share = effective_share(log_weight)
    nodes = jnp.asarray(normal_grid()[0])
    estimate = features_of(nodes, half_width, link, num_features, augment) @ coef
    return deploy_index(estimate, deploy_temperature, link) | {
        "coef": coef,
        "ess": share,
        "is_reliable": share * num_samples >= 10 * coef.shape[0],
    }


class Case(NamedTuple):
    """Numbers of one readout."""

    temperature: Number
    noise: Number
    ridge: Number
    half_width: Number
    proxy_error: Number


def features_of(
    z: Float[Array, " n"],
    half_width: Number,
    link: str,
    num_features: int,
    augment: bool,
) -> Float[Array, "n num_columns"]:
    """Index features, with the true reward appended in the realisable case."""
    plain = index_features(z, half_width, num_features)
    if not augment:
        return plain
    return jnp.concatenate([plain, LINKS[link](z)[:, None]], axis=1)


def fitted(
    key: Key[Array, ""],
    case: Case,
    *,
    link: str,
    weights: str,
    num_samples: int,
    num_features: int,
    augment: bool,
) -> tuple[Float[Array, " num_columns"], Float[Array, " num_samples"]]:
    """Coefficient of one sample, and the logarithms of its weights."""

    def draw(key: Key[Array, ""]) -> tuple[Array, Array, Array]:
        inputs, labels = jax.random.split(key)
        z = normals(inputs, (num_samples,), case.noise.dtype)
        columns = features_of(z, case.half_width, link, num_features, augment)
        return z, columns, noisy_labels(labels, z, case.noise, link)

    first, second = jax.random.split(key)
    z, columns, labels = draw(first)
    log_weight = log_weights(
        columns,
        labels,
        case.temperature,
        case.ridge,
        draw(second)[1:],
        weights=weights,
        proxy=LINKS[link](z) + case.proxy_error * jnp.sin(1.5 * z),
    )
    return weighted_ridge(columns, labels, log_weight, case.ridge), log_weight


def deploy_index(
    estimate: Float[Array, " nodes"], temperature: Number, link: str
) -> dict[str, Number]:
    """Deploy an estimate on the nodes: value, gaps and divergences, by quadrature."""
    nodes, log_base = (jnp.asarray(part) for part in normal_grid())
    reward = LINKS[link](nodes)
    best = tilted(reward, reward, log_base, temperature)
    found = tilted(estimate, reward, log_base, temperature)
    error = estimate - reward
    ratio = found.probabilities / best.probabilities
    spread = best.probabilities @ (error - best.probabilities @ error) ** 2
    return {
        "value": found.value,
        "value_gap": best.value - found.value,
        "objective_gap": best.objective - found.objective,
        "error_variance": spread,
        "chi2": best.probabilities @ (ratio - 1) ** 2,
    }


def check_two_stage_index(
    link: str,
    fit: str,
    feature_temperature: Any,
    readout_temperature: Any,
    noise: Any,
    ridge: Any,
    half_width: Any,
    dim: int,
    num_features: int,
    num_readout: int,
) -> str | None:
    """What is wrong with one cell of the two stages on the index."""
    parts = [
        bad_link(link, "exp", feature_temperature),
        bad_link(link, "exp", readout_temperature),
        bad_choice("fit", fit, ("label", "regress")),
        bad_range("noise", noise, 0, strict=False),
        bad_range("ridge", ridge, 0, strict=False),
        bad_range("half_width", half_width, 0),
        bad_range("dim", dim, 3, strict=False),
        bad_range("num_features", num_features, 2, strict=False),
    ]
    if ridge == 0 and num_features >= num_readout:
        parts.append("`num_features` must be below `num_readout` without ridge.")
    return complaints(*parts)


@simulator(
    outputs={"overlap": (), "value": (), "objective": ()},
    check=check_two_stage_index,
    dtype="float64",
    tile=16,
)
def two_stage_index(
    key: Key[Array, ""],
    feature_temperature: Number,
    readout_temperature: Number,
    noise: Number,
    ridge: Number,
    half_width: Number,
    *,
    link: str,
    fit: str,
    dim: int,
    num_samples: int,
    num_readout: int,
    num_features: int,
) -> dict[str, Array]:
    r"""First-order direction in full dimension, then the readout on its index.

    Given the overlap $m$ of the estimated direction the pair $(s, z)$ is exactly
    bivariate normal, so that the second stage needs no full-dimensional samples.

    Args:
        key: Random key.
        feature_temperature: $\beta_1 > 0$.
        readout_temperature: $\beta_2 > 0$, of the weights and of the deployment.
        noise: $\tau \ge 0$.
        ridge: $\lambda \ge 0$.
        half_width: Of the feature centres.
        link: Registered link.
        fit: label (weights $e^{y/\beta_2}$) or regress (none).
        dim: $d \ge 3$.
        num_samples: Samples of the first stage.
        num_readout: Samples of the second stage.
        num_features: $p \ge 2$.

    Returns:
        `overlap` of the direction, `value` and `objective` of the deployed policy.

    Claim:
        RW-18.
    """
    first, second = jax.random.split(key)
    m = first_direction(
        first, feature_temperature, noise, link=link, shape=(num_samples, dim)
    )
    p = jnp.sqrt(1 - m**2)
    draws = normals(second, (3, num_readout), noise.dtype)
    s, z = draws[0], m * draws[0] + p * draws[1]
    labels = LINKS[link](z) + noise * draws[2]
    log_weight = labels / readout_temperature if fit == "label" else 0 * labels
    features = index_features(s, half_width, num_features)
    coef = weighted_ridge(features, labels, log_weight, ridge)
    outer, log_outer = (jnp.asarray(part) for part in normal_grid(9.0, 60, 8))
    inner, log_inner = (jnp.asarray(part) for part in normal_grid(9.0, 40, 8))
    seen = LINKS[link](m * outer[:, None] + p * inner[None, :]) @ jnp.exp(log_inner)
    estimate = index_features(outer, half_width, num_features) @ coef
    found = tilted(estimate, seen, log_outer, readout_temperature)
    return {"overlap": m, "value": found.value, "objective": found.objective}


def first_direction(
    key: Key[Array, ""],
    temperature: Number,
    noise: Number,
    *,
    link: str,
    shape: tuple[int, int],
) -> Number:
    """Overlap of the first-order estimate, centred at the population mean."""
    inputs, labels = jax.random.split(key)
    top = TOPS.get(link, 0.0)
    x = normals(inputs, shape, noise.dtype)
    y = noisy_labels(labels, x[:, 0], noise, link)
    center = population_mean(temperature, noise, link=link, top=top)
    direction = (jnp.exp((y - top) / temperature) - center) @ x
    return direction[0] / jnp.linalg.norm(direction)
