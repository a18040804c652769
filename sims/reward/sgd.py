"""Online SGD in full dimension, and both stages end to end.

Claims: `RW-9` (against the lumped chain), `RW-12`, end-to-end runs.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ..sweep import simulator
from .links import (
    LINKS,
    bad_choice,
    bad_link,
    bad_range,
    complaints,
    noisy_labels,
    population_mean,
    transformed,
)
from .ridge import log_weights, weighted_ridge

Number = Float[Array, ""]
CENTRES = 2.5
FEW = 0.01


class Sample(NamedTuple):
    """How labels are made and transformed."""

    temperature: Number
    noise: Number
    center: Number


def sphere(key: Key[Array, ""], num: int, dim: int, dtype: Any) -> Float[Array, "n d"]:
    """Independent uniform points on the sphere."""
    points = jax.random.normal(key, (num, dim), dtype)
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
        draws = jax.random.normal(jax.random.fold_in(key, t), (dim + 1,), dtype)
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


class Deployed(NamedTuple):
    """A policy tilted on samples of the base policy."""

    value: Number
    objective: Number
    ess: Number


def deploy_is(
    estimate: Float[Array, " num_deploy"],
    reward: Float[Array, " num_deploy"],
    temperature: Number,
) -> Deployed:
    """Self-normalised importance sampling of the tilted policy, in log space."""
    log_policy = jax.nn.log_softmax(estimate / temperature)
    policy = jnp.exp(log_policy)
    count = estimate.shape[0]
    value = policy @ reward
    kl = policy @ (log_policy + jnp.log(float(count)))
    return Deployed(value, value - temperature * kl, 1 / (policy @ policy) / count)


def check_two_stage(
    feature_temperature: Any,
    readout_temperature: Any,
    noise: Any,
    step: Any,
    ridge: Any,
    link: str,
    weights: str,
    dim: int,
    num_neurons: int,
    num_readout: int,
) -> str | None:
    """What is wrong with one cell of the two stages."""
    parts = [
        bad_link(link, "exp", feature_temperature),
        bad_link(link, "exp", readout_temperature),
        bad_choice("weights", weights, ("label", "fitted", "none")),
        bad_range("noise", noise, 0, strict=False),
        bad_range("step", step, 0),
        bad_range("ridge", ridge, 0, strict=False),
        bad_range("dim", dim, 3, strict=False),
        bad_range("num_neurons", num_neurons, 1, strict=False),
    ]
    if ridge == 0 and num_neurons + 1 >= num_readout:
        parts.append("`num_neurons` + 1 must be below `num_readout` without ridge.")
    return complaints(*parts)


@simulator(
    outputs={
        "overlap": ("neuron",),
        "value": (),
        "objective": (),
        "ess": (),
        "is_reliable": (),
    },
    check=check_two_stage,
    dtype="float64",
    quantum=1,
    tile=8,
)
def two_stage(
    key: Key[Array, ""],
    feature_temperature: Number,
    readout_temperature: Number,
    noise: Number,
    step: Number,
    ridge: Number,
    *,
    link: str,
    weights: str,
    dim: int,
    num_neurons: int,
    num_steps: int,
    num_readout: int,
    num_deploy: int,
) -> dict[str, Array]:
    r"""From samples to the deployed policy: features by SGD, readout, tilt.

    Random phases and starts, labels centred at the population mean; features
    $\tanh(2(\langle w_j, x\rangle - b_j))$ with $b_j$ uniform on $[-2.5, 2.5]$ and the
    constant; weighted ridge on fresh samples; deployment by importance sampling.

    Args:
        key: Random key.
        feature_temperature: $\beta_1 > 0$.
        readout_temperature: $\beta_2 > 0$, of the weights and of the deployment.
        noise: $\tau \ge 0$.
        step: $\eta > 0$.
        ridge: $\lambda \ge 0$.
        link: Registered link.
        weights: label, fitted (surrogate from an unweighted fit on other samples) or
            none.
        dim: $d \ge 3$.
        num_neurons: $N$.
        num_steps: Samples of the first stage.
        num_readout: Samples of the second stage.
        num_deploy: Samples of the base policy for deployment.

    Returns:
        `overlap` per neuron, `value`, `objective`, `ess` (share of the deployment
        samples) and `is_reliable` (`ess` of at least one percent).

    Claim:
        RW-18, end to end.
    """
    first, second = jax.random.split(key)
    shape, sizes = (num_neurons, dim), (num_readout, num_deploy)
    stage = First(feature_temperature, noise, step)
    neurons = learn_features(first, stage, link=link, shape=shape, num_steps=num_steps)
    case = Second(readout_temperature, noise, ridge)
    found = learn_readout(
        second, neurons, case, link=link, weights=weights, sizes=sizes
    )
    overlaps = {"overlap": neurons[:, 0], "is_reliable": found.ess >= FEW}
    return overlaps | found._asdict()


class First(NamedTuple):
    """Numbers of the first stage."""

    temperature: Number
    noise: Number
    step: Number


class Second(NamedTuple):
    """Numbers of the second stage."""

    temperature: Number
    noise: Number
    ridge: Number


def learn_features(
    key: Key[Array, ""],
    stage: First,
    *,
    link: str,
    shape: tuple[int, int],
    num_steps: int,
) -> Float[Array, "num_neurons dim"]:
    """First stage: random phases and starts, tilted labels with the mean taken off."""
    stream, starts, phases = jax.random.split(key, 3)
    temperature, noise, step = stage
    center = population_mean(temperature, noise, link=link, top=0.0)
    return train(
        stream,
        sphere(starts, *shape, noise.dtype),
        jax.random.uniform(phases, shape[:1], noise.dtype, 0, 2 * jnp.pi),
        step,
        Sample(temperature, noise, center),
        link=link,
        transform="exp",
        num_steps=num_steps,
    )


def learn_readout(
    key: Key[Array, ""],
    neurons: Float[Array, "num_neurons dim"],
    case: Second,
    *,
    link: str,
    weights: str,
    sizes: tuple[int, int],
) -> Deployed:
    """Second stage: weighted ridge on fresh samples, deployed on further ones."""
    temperature, noise, ridge = case
    num_neurons, dim = neurons.shape
    dtype = neurons.dtype
    where, first, second, last = jax.random.split(key, 4)
    centres = jax.random.uniform(where, (num_neurons,), dtype, -CENTRES, CENTRES)

    def draw(key: Key[Array, ""], count: int) -> tuple[Array, Array]:
        x = jax.random.normal(key, (count, dim), dtype)
        waves = jnp.tanh(2 * (x @ neurons.T - centres[None, :]))
        return jnp.concatenate([jnp.ones((count, 1), dtype), waves], axis=1), x[:, 0]

    def labelled(key: Key[Array, ""]) -> tuple[Array, Array]:
        inputs, labels = jax.random.split(key)
        features, index = draw(inputs, sizes[0])
        return features, noisy_labels(labels, index, noise, link)

    features, labels = labelled(first)
    log_weight = log_weights(
        features, labels, temperature, ridge, labelled(second), weights=weights
    )
    coef = weighted_ridge(features, labels, log_weight, ridge)
    fresh, index = draw(last, sizes[1])
    return deploy_is(fresh @ coef, LINKS[link](index), temperature)
