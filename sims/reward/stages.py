"""Both stages end to end: features by SGD, weighted readout, tilted policy.

Claim: `RW-18`, end to end in full dimension.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Key

from ..draws import normals
from ..sweep import simulator
from .links import (
    LINKS,
    bad_choice,
    bad_link,
    bad_range,
    complaints,
    noisy_labels,
    population_mean,
)
from .ridge import log_weights, weighted_ridge
from .sgd import sphere

Number = Float[Array, ""]
CENTRES = 2.5
FEW = 0.01


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
        "span": (),
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
        `overlap` per neuron, `span` (norm of the hidden direction's projection on the
        span of the neurons: the overlap of the best direction that the readout sees),
        `value`, `objective`, `ess` (share of the deployment samples) and `is_reliable`
        (`ess` of at least one percent).

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
    overlaps = {"overlap": neurons[:, 0], "span": span_overlap(neurons)}
    return overlaps | found._asdict() | {"is_reliable": found.ess >= FEW}


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
    """First stage: random phases and starts, tilted labels with the mean taken off.

    Optax's SGD on the correlation loss, the gradient projected on the sphere.
    """
    stream, starts, phases = jax.random.split(key, 3)
    (num_neurons, dim), dtype = shape, stage.noise.dtype
    center = population_mean(stage.temperature, stage.noise, link=link, top=0.0)
    phase = jax.random.uniform(phases, (num_neurons,), dtype, 0, 2 * jnp.pi)
    optimiser = optax.sgd(stage.step / dim)

    def move(carry: tuple[Array, Any], t: Array) -> tuple[tuple[Array, Any], None]:
        weights, state = carry
        draws = normals(jax.random.fold_in(stream, t), (dim + 1,), dtype)
        x, label = draws[:dim], LINKS[link](draws[0]) + stage.noise * draws[dim]
        gain = jnp.exp(label / stage.temperature) - center
        slope = jax.grad(correlation_loss)(weights, x, gain, phase)
        tangent = slope - weights * jnp.sum(weights * slope, axis=1, keepdims=True)
        updates, state = optimiser.update(tangent, state)
        moved = jnp.asarray(optax.apply_updates(weights, updates))
        return (moved / jnp.linalg.norm(moved, axis=1, keepdims=True), state), None

    weights = sphere(starts, *shape, dtype)
    carry = (weights, optimiser.init(weights))
    return jax.lax.scan(move, carry, jnp.arange(num_steps))[0][0]


def correlation_loss(
    weights: Float[Array, "num_neurons dim"],
    x: Float[Array, " dim"],
    gain: Number,
    phases: Float[Array, " num_neurons"],
) -> Number:
    r"""$-(T(y) - c_0)\sum_j \sin(\langle w_j, x\rangle + b_j)$."""
    return -gain * jnp.sum(jnp.sin(weights @ x + phases))


def span_overlap(neurons: Float[Array, "num_neurons dim"]) -> Number:
    """Norm of the first axis projected on the span of the neurons."""
    basis = jnp.linalg.qr(neurons.T)[0]
    return jnp.linalg.norm(basis[0])


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
        x = normals(key, (count, dim), dtype)
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
