r"""Noiseless training of $f = N^{-s}\sum a_i\sigma(w_i\cdot x)$: movement and edges.

Claims: MF-2 (how far features move), MF-3 (largest stable learning rate).
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..maths.domain import known, require
from ..maths.precision import float64
from .linear import geometric_sum

Scalar = Float[Array, ""]
Amplitudes = Float[Array, " width"]
Weights = Float[Array, "width dim"]
Inputs = Float[Array, "samples dim"]
Targets = Float[Array, " samples"]
Kernel = Float[Array, "samples samples"]


@float64
def lazy_displacement(
    a: Amplitudes,
    w: Weights,
    X: Inputs,
    y: Targets,
    time: Scalar,
    *,
    activation: str = "tanh",
    step: float | None = None,
) -> Scalar:
    r"""$c_{\mathrm{lazy}}$: limit of $N^{1-s}\Delta_N$ for $s < 1$.

    With the tangent kernel $K = \frac1{nN}\sum_iJ_iJ_i^T$ at the start and
    $\rho = -\int_0^Te^{-Kt}y\,dt$ (or the Euler sum $-h\sum_k(I-hK)^ky$),
    $c^2 = \frac1n\rho^TK\rho$, which is the mean over neurons of
    $|\frac1n\sum_j\rho_jJ_i(x_j)|^2$.

    Args:
        a: Output amplitudes at the start.
        w: Input weights at the start.
        X: Inputs.
        y: Targets; the network at the start is taken as zero.
        time: $T \ge 0$ in mean-field units.
        activation: One of tanh, erf, relu, identity.
        step: None for continuous time, otherwise the Euler step $h$.

    Returns:
        Root-mean-square displacement times $N^{1-s}$.

    Raises:
        ValueError: If the activation is unknown or `step` not positive.
        DomainError: If `time` is negative.

    Claim:
        MF-2, power law with constant [derived].
    """
    if step is not None and step <= 0:
        raise ValueError(f"`step` must be positive, got {step}.")
    time = require(time, known(time) >= 0, "`time` must not be negative.")
    return _displacement(a, w, X, y, time, activation, step)


@functools.partial(jax.jit, static_argnums=(5, 6))
def _displacement(
    a: Amplitudes,
    w: Weights,
    X: Inputs,
    y: Targets,
    time: Scalar,
    activation: str,
    step: float | None,
) -> Scalar:
    """`lazy_displacement` without checks."""
    outer, inner = tangent_kernels(a, w, X, activation)
    values, basis = jnp.linalg.eigh(outer + inner)
    values = jnp.maximum(values, 0.0)
    if step is None:
        safe = jnp.where(values > 0, values, 1.0)
        factor = jnp.where(values > 0, -jnp.expm1(-safe * time) / safe, time)
    else:
        factor = step * geometric_sum(step * values, jnp.round(time / step))
    rho = factor * (basis.T @ y)
    return jnp.sqrt(jnp.sum(values * rho**2) / y.size)


@float64
def stability_edge_threshold(
    a: Amplitudes,
    w: Weights,
    X: Inputs,
    *,
    activation: str = "tanh",
    parametrization: str,
) -> Scalar:
    r"""Learning rate at which the linearised loss starts to diverge.

    With $(K_a)_{jl} = \frac1n\sum_i\sigma\sigma$ and
    $(K_w)_{jl} = \frac1nx_j\cdot x_l\sum_ia_i^2\sigma'\sigma'$: $2/\lambda_{\max}
    ((K_a+K_w)/N)$ for "mup", $2/\lambda_{\max}(K_a+K_w/N)$ for "sp".

    Args:
        a: Output amplitudes at an antisymmetric start.
        w: Input weights at the start.
        X: Inputs.
        activation: One of tanh, erf, relu, identity.
        parametrization: "mup" or "sp".

    Returns:
        The edge: constant in width for mup, inversely proportional for sp.

    Raises:
        ValueError: If a name is unknown.

    Claim:
        MF-3, exponent and constant [derived].
    """
    kernel = edge_kernel(a, w, X, activation, parametrization)
    return 2 / jnp.linalg.eigvalsh(kernel)[-1]


def edge_kernel(
    a: Amplitudes, w: Weights, X: Inputs, activation: str, parametrization: str
) -> Kernel:
    """The kernel K of one linearised gradient step I - ηK."""
    if parametrization not in ("mup", "sp"):
        raise ValueError(f"`parametrization` must be mup or sp, got {parametrization}.")
    outer, inner = tangent_kernels(a, w, X, activation)
    return outer * (a.size if parametrization == "sp" else 1) + inner


@functools.partial(jax.jit, static_argnums=3)
def tangent_kernels(
    a: Amplitudes, w: Weights, X: Inputs, activation: str
) -> tuple[Kernel, Kernel]:
    """Tangent kernels of outer and inner layer, averaged over neurons and samples."""
    function = activation_function(activation)
    count = a.size * X.shape[0]
    value, slope = jax.jvp(function, (w @ X.T,), (jnp.ones((a.size, X.shape[0])),))
    slope = a[:, None] * slope
    return value.T @ value / count, (X @ X.T) * (slope.T @ slope) / count


def activation_function(name: str) -> Callable[[Array], Array]:
    """The activation of that name; erf means erf(z/√2)."""
    known: dict[str, Callable[[Array], Array]] = {
        "tanh": jnp.tanh,
        "erf": lambda z: jax.lax.erf(z / jnp.sqrt(2.0)),
        "relu": jax.nn.relu,
        "identity": lambda z: z,
    }
    if name not in known:
        raise ValueError(f"`activation` must be one of {sorted(known)}, got {name}.")
    return known[name]
