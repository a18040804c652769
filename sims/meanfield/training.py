r"""Two-layer networks trained without noise, in four parametrizations.

One compiled program per parametrization serves every width: networks are padded to
`max_width` and masked.

Claims: MF-1, MF-2, MF-3.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ..draws import normals
from ..sweep import simulator
from . import conditions

Scalar = Float[Array, ""]
Amplitudes = Float[Array, " width"]
Weights = Float[Array, "width dim"]
Inputs = Float[Array, "samples dim"]
Targets = Float[Array, " samples"]
Raw = tuple[Amplitudes, Weights]
PARAMETRIZATIONS = ("abc", "mup", "sp", "unscaled")


def antisymmetric_start(
    key: Key[Array, ""], width: Scalar, *, max_width: int, dim: int
) -> dict[str, Array]:
    r"""Pairs $(a,w),(-a,w)$ of standard normals, so that $f_0 = 0$.

    Args:
        key: Random key.
        width: Active neurons, even.
        max_width: Padded width, even.
        dim: Input dimension.

    Returns:
        `a`, `w` and the `mask` of active neurons; pairs stand side by side, so that
        every even prefix is antisymmetric.

    Raises:
        ValueError: If `max_width` is odd.
    """
    if max_width % 2:
        raise ValueError(f"`max_width` must be even, got {max_width}.")
    outer_key, inner_key = jax.random.split(key)
    half = normals(outer_key, (max_width // 2,))
    w = jnp.repeat(normals(inner_key, (max_width // 2, dim)), 2, axis=0)
    mask = (jnp.arange(max_width, dtype=w.dtype) < width).astype(w.dtype)
    return {"a": jnp.stack([half, -half], axis=1).ravel(), "w": w, "mask": mask}


def train_network(
    a0: Amplitudes,
    w0: Weights,
    mask: Amplitudes,
    X: Inputs,
    y: Targets,
    rate: Scalar,
    output_exponent: Scalar,
    *,
    num_steps: int,
    activation: str = "tanh",
    parametrization: str = "abc",
) -> dict[str, Array]:
    r"""Full-batch gradient descent on $\frac12\mathrm{mean}_j(f-y)^2$.

    "abc": $f = N^{-s}\sum a\sigma$ with rate times $N^{2s-1}$; "mup": on $(u^1,u^2)$
    with $w = \sqrt Nu^1$, $a = \sqrt Nu^2$; "sp": on $W^2 = a/\sqrt N$ and $w$;
    "unscaled": $f = \frac1N\sum a\sigma$, rate as it is (a control).

    Args:
        a0: Output amplitudes.
        w0: Input weights.
        mask: One for active neurons; $N$ is its sum.
        X: Inputs.
        y: Targets.
        rate: Learning rate.
        output_exponent: $s$, used by "abc" only.
        num_steps: Steps.
        activation: One of tanh, erf, relu, identity.
        parametrization: One of abc, mup, sp, unscaled.

    Returns:
        `a` and `w` after training (in the mean-field scale) and `loss`, entry $k$
        before step $k$.

    Raises:
        ValueError: If a name is unknown, or `X` and `y` disagree.
    """
    X = conditions.same_samples(X, y)
    sigma = activation_function(activation)
    outer, inner, output, pace = _scales(
        parametrization, jnp.sum(mask), rate, output_exponent
    )

    def loss(raw: Raw) -> Scalar:
        hidden = sigma((inner * raw[1]) @ X.T)
        field = output * ((mask * outer * raw[0]) @ hidden)
        return jnp.mean((field - y) ** 2) / 2

    def advance(raw: Raw, _: None) -> tuple[Raw, Scalar]:
        value, (slope_a, slope_w) = jax.value_and_grad(loss)(raw)
        return (raw[0] - pace * slope_a, raw[1] - pace * slope_w), value

    raw, losses = jax.lax.scan(
        advance, (a0 / outer, w0 / inner), None, length=num_steps
    )
    losses = jnp.append(losses, loss(raw))
    return {"a": outer * raw[0], "w": inner * raw[1], "loss": losses}


@simulator(outputs={"loss": ("step",), "movement": ()}, check=conditions.trained)
def learning_curve(
    key: Key[Array, ""],
    X: Inputs,
    y: Targets,
    rate: Scalar,
    output_exponent: Scalar,
    width: Scalar,
    *,
    max_width: int,
    num_steps: int,
    activation: str = "tanh",
    parametrization: str = "abc",
) -> dict[str, Array]:
    r"""Training from a random antisymmetric start.

    Args:
        key: Random key of the start.
        X: Inputs.
        y: Targets.
        rate: Learning rate.
        output_exponent: $s$ of "abc".
        width: $N$, even, at most `max_width`.
        max_width: Padded width.
        num_steps: Steps.
        activation: Name of the activation.
        parametrization: Name of the parametrization.

    Returns:
        `loss`, entry $k$ before step $k$, and `movement`
        $\Delta_N = \sqrt{\mathrm{mean}_i|\theta_i(T)-\theta_i(0)|^2}$.
    """
    start = antisymmetric_start(key, width, max_width=max_width, dim=X.shape[1])
    a0, w0, mask = start["a"], start["w"], start["mask"]
    end = train_network(
        a0,
        w0,
        mask,
        X,
        y,
        rate,
        output_exponent,
        num_steps=num_steps,
        activation=activation,
        parametrization=parametrization,
    )
    square = (end["a"] - a0) ** 2 + jnp.sum((end["w"] - w0) ** 2, axis=1)
    movement = jnp.sqrt(jnp.sum(mask * square) / width)
    return {"loss": end["loss"], "movement": movement}


def activation_function(name: str) -> Callable[[Array], Array]:
    """The activation of that name; erf means erf(z/√2)."""
    known: dict[str, Callable[[Array], Array]] = {
        "tanh": jnp.tanh,
        "erf": lambda z: jax.lax.erf(z / jnp.sqrt(jnp.asarray(2.0, z.dtype))),
        "relu": jax.nn.relu,
        "identity": lambda z: z,
    }
    if name not in known:
        raise ValueError(f"`activation` must be one of {sorted(known)}, got {name}.")
    return known[name]


def _scales(
    parametrization: str, count: Scalar, rate: Scalar, exponent: Scalar
) -> tuple[Scalar, Scalar, Scalar, Scalar]:
    """Factors (a/raw, w/raw, f/Σaσ) and the raw learning rate."""
    if parametrization not in PARAMETRIZATIONS:
        raise ValueError(
            f"`parametrization` must be one of {PARAMETRIZATIONS}, "
            f"got {parametrization}."
        )
    one, root = jnp.ones_like(count), jnp.sqrt(count)
    return {
        "abc": (one, one, count**-exponent, rate * count ** (2 * exponent - 1)),
        "mup": (root, root, 1 / count, rate * one),
        "sp": (root, one, 1 / root, rate * one),
        "unscaled": (one, one, 1 / count, rate * one),
    }[parametrization]
