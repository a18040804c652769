r"""Bounded neurons $\varphi = R\tanh(\theta\cdot x)$ under noisy gradient descent.

$\theta_i \leftarrow \theta_i-h(\mathbb{E}[(f-y)\nabla\varphi(x;\theta_i)]+\lambda
\theta_i)+\sqrt{2\tau h}\,\xi_i$, gradients per neuron. Memory $O(Nn)$: no array
(neurons, samples, dim) is formed.

Claims: MF-7, MF-8b, MF-9, MF-15.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ..draws import normals
from ..sweep import simulator
from . import conditions
from .integrators import checkpointed, langevin_step, noise_of, time_average

Scalar = Float[Array, ""]
Neurons = Float[Array, "width dim"]
Inputs = Float[Array, "samples dim"]
Targets = Float[Array, " samples"]
NOISES = ("shared", "independent")


def network_field(theta: Neurons, X: Inputs, amplitude: Scalar) -> Targets:
    r"""Predictions $f_N(x_j) = \frac RN\sum_i\tanh(\theta_i\cdot x_j)$.

    Args:
        theta: Neurons.
        X: Inputs.
        amplitude: $R$.

    Returns:
        One prediction per sample.
    """
    return amplitude * jnp.mean(jnp.tanh(theta @ X.T), axis=0)


def particle_drift(
    theta: Neurons,
    field: Targets,
    X: Inputs,
    y: Targets,
    lam: Scalar,
    amplitude: Scalar,
) -> Neurons:
    r"""$\mathbb{E}[(f-y)\nabla\varphi]+\lambda\theta$ for every neuron.

    Args:
        theta: Neurons.
        field: Predictions $f$ they react to.
        X: Inputs.
        y: Targets.
        lam: $\lambda$.
        amplitude: $R$.

    Returns:
        The drift, to be subtracted.
    """
    return _drift(jnp.tanh(theta @ X.T), theta, field, X, y, lam, amplitude)


@simulator(
    outputs={"field": ("step", "sample")}, check=conditions.langevin, quantum=1, tile=1
)
def reference_path(
    key: Key[Array, ""],
    X: Inputs,
    y: Targets,
    lam: Scalar,
    tau: Scalar,
    step: Scalar,
    amplitude: Scalar,
    init_var: Scalar,
    *,
    num_particles: int,
    num_steps: int,
) -> dict[str, Array]:
    r"""Mean-field predictions along the run, from one very wide network.

    Args:
        key: Random key.
        X: Inputs.
        y: Targets.
        lam: $\lambda$.
        tau: $\tau$.
        step: $h$.
        amplitude: $R$.
        init_var: $c_0$.
        num_particles: Width of the reference; its error inflates coupling errors by
            the factor $1+N/N_{\mathrm{ref}}$.
        num_steps: Number of entries.

    Returns:
        `field`, entry $k$ before step $k$.

    Raises:
        ValueError: If `X` and `y` disagree.
    """
    X = conditions.same_samples(X, y)
    start_key, noise_key = jax.random.split(key)
    shape = (num_particles, X.shape[1])
    theta = jnp.sqrt(init_var) * normals(start_key, shape, X.dtype)

    def advance(theta: Neurons, t: Array) -> tuple[Neurons, Targets]:
        value = jnp.tanh(theta @ X.T)
        field = amplitude * jnp.mean(value, axis=0)
        drift = _drift(value, theta, field, X, y, lam, amplitude)
        xi = normals(jax.random.fold_in(noise_key, t), shape, X.dtype)
        return theta - step * drift + jnp.sqrt(2 * tau * step) * xi, field

    _, path = jax.lax.scan(advance, theta, jnp.arange(num_steps))
    return {"field": path}


def _coupled_cell(
    step: float, lam: float, tau: float, width: float, max_width: int
) -> str | None:
    masked = conditions.masked_width(width, max_width)
    return masked or conditions.langevin(step, lam, tau)


@simulator(
    outputs={"coupling_error": ("checkpoint",), "field": ("checkpoint", "sample")},
    check=_coupled_cell,
)
def coupled(
    key: Key[Array, ""],
    X: Inputs,
    y: Targets,
    field_path: Float[Array, "path samples"],
    lam: Scalar,
    tau: Scalar,
    step: Scalar,
    amplitude: Scalar,
    init_var: Scalar,
    width: Scalar,
    *,
    max_width: int,
    num_steps: int,
    save_every: int,
    noise: str = "shared",
) -> dict[str, Array]:
    r"""A network of width $N$ beside nonlinear particles with the same start and noise.

    Args:
        key: Random key.
        X: Inputs.
        y: Targets.
        field_path: Mean-field predictions, row $k$ before step $k$.
        lam: $\lambda$.
        tau: $\tau$.
        step: $h$.
        amplitude: $R$.
        init_var: $c_0$.
        width: $N$, at most `max_width`; the rest is masked.
        max_width: Padded width.
        num_steps: Euler steps.
        save_every: Steps between checkpoints.
        noise: "shared", or "independent" (a control in which coupling fails).

    Returns:
        `coupling_error` $\frac1N\sum_i|\theta_i-\bar\theta_i|^2$ and `field` $f_N$,
        entry $j$ after $(j+1)\,$`save_every` steps.

    Raises:
        ValueError: If `noise` is unknown, `field_path` too short, or `X` and `y`
            disagree.
    """
    X = conditions.same_samples(X, y)
    if noise not in NOISES:
        raise ValueError(f"`noise` must be one of {NOISES}, got {noise}.")
    if field_path.shape[0] < num_steps:
        raise ValueError(f"`field_path` needs {num_steps} rows.")
    start_key, noise_key, other_key = jax.random.split(key, 3)
    shape = (max_width, X.shape[1])
    active = jnp.arange(max_width, dtype=X.dtype) < width
    weight = active.astype(X.dtype) / width
    start = jnp.sqrt(init_var) * normals(start_key, shape, X.dtype)
    kick = jnp.sqrt(2 * tau * step)

    def advance(t: Array, state: tuple[Neurons, Neurons]) -> tuple[Neurons, Neurons]:
        theta, free = state
        xi = normals(jax.random.fold_in(noise_key, t), shape, X.dtype)
        zeta = xi
        if noise == "independent":
            zeta = normals(jax.random.fold_in(other_key, t), shape, X.dtype)
        value, mean_value = jnp.tanh(theta @ X.T), jnp.tanh(free @ X.T)
        field = amplitude * (weight @ value)
        drift = _drift(value, theta, field, X, y, lam, amplitude)
        mean_drift = _drift(mean_value, free, field_path[t], X, y, lam, amplitude)
        moved = theta - step * drift + kick * xi
        return moved, free - step * mean_drift + kick * zeta

    def observe(state: tuple[Neurons, Neurons]) -> dict[str, Array]:
        theta, free = state
        error = weight @ jnp.sum((theta - free) ** 2, axis=1)
        field = amplitude * (weight @ jnp.tanh(theta @ X.T))
        return {"coupling_error": error, "field": field}

    return checkpointed(advance, observe, (start, start), num_steps, save_every)


@simulator(outputs={"fluctuation": ()}, check=conditions.stationary)
def stationary(
    key: Key[Array, ""],
    X: Inputs,
    y: Targets,
    field: Targets,
    lam: Scalar,
    tau: Scalar,
    step: Scalar,
    amplitude: Scalar,
    *,
    width: int,
    num_steps: int,
    burn_steps: int,
    sample_every: int,
    scheme: str = "lm",
) -> dict[str, Array]:
    r"""$N$ times the time average of $\mathrm{mean}_j(f_N-f_*)^2(x_j)$.

    The Leimkuhler–Matthews scheme averages successive noises; its stationary bias is
    $O(h^2)$ instead of Euler's $O(h)$.

    Args:
        key: Random key.
        X: Inputs.
        y: Targets.
        field: $f_*$, the stationary mean-field prediction.
        lam: $\lambda > 0$.
        tau: $\tau > 0$.
        step: $h$.
        amplitude: $R$.
        width: $N$.
        num_steps: Steps in all, from $N(0,(\tau/\lambda)I)$.
        burn_steps: Steps before the first sample.
        sample_every: Steps between samples.
        scheme: "lm" or "euler".

    Returns:
        `fluctuation`.

    Raises:
        ValueError: If `scheme` is unknown, or `X` and `y` disagree.
    """
    X = conditions.same_samples(X, y)
    shape = (width, X.shape[1])

    def drift(theta: Neurons) -> Neurons:
        value = jnp.tanh(theta @ X.T)
        now = amplitude * jnp.mean(value, axis=0)
        return _drift(value, theta, now, X, y, lam, amplitude)

    def measure(theta: Neurons) -> Scalar:
        return width * jnp.mean((network_field(theta, X, amplitude) - field) ** 2)

    start_key, noise_key = jax.random.split(key)
    start = jnp.sqrt(tau / lam) * normals(start_key, shape, X.dtype)
    advance = langevin_step(noise_key, drift, step, tau, scheme)
    samples = (num_steps - burn_steps) // sample_every
    state = (start, noise_of(noise_key, 0, start))
    mean = time_average(advance, measure, state, burn_steps, samples, sample_every)
    return {"fluctuation": mean}


def _drift(
    value: Float[Array, "width samples"],
    theta: Neurons,
    field: Targets,
    X: Inputs,
    y: Targets,
    lam: Scalar,
    amplitude: Scalar,
) -> Neurons:
    """Drift from the activations, which the field needs as well."""
    residual = amplitude * (field - y) / y.size
    return ((1 - value**2) * residual[None, :]) @ X + lam * theta
