r"""Sharp finite-width constants along the whole run: a discrete Volterra equation.

Claim: MF-15.
"""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from scipy import linalg

from ..maths.precision import float64

Scalar = Float[Array, ""]


class _Model(NamedTuple):
    """Data and parameters of the bounded network, as float64 NumPy."""

    X: np.ndarray
    residual: np.ndarray
    lam: float
    tau: float
    step: float
    amplitude: float


@float64
def dynamic_fluctuation(
    key: Key[Array, ""],
    field_path: Float[Array, "path samples"],
    X: Float[Array, "samples dim"],
    y: Float[Array, " samples"],
    lam: Scalar,
    tau: Scalar,
    step: Scalar,
    amplitude: Scalar,
    init_var: Scalar,
    *,
    num_particles: int,
    checkpoints: Sequence[int],
) -> dict[str, np.ndarray]:
    r"""$N\,\mathbb{E}|e_t|^2$ and $N\,\mathrm{Var}f_N$ as $N\to\infty$, at step $h$.

    Linearising the coupling error around nonlinear particles $\bar\theta$ gives
    $z = g-\frac hnKz$ for $z = \sqrt N(f_N-f_m)$, hence
    $C_z = (I+\frac hnK)^{-1}G(I+\frac hnK)^{-T}$ and
    $N\,\mathbb{E}|e_t|^2 = (\frac hn)^2\sum C_z[a,b]\,\mathbb{E}[B_t(a)\cdot B_t(b)]$
    with $B_t(s,j) = A_{t-1}\cdots A_{s+1}\nabla\varphi_j(\bar\theta_s)$. Expectations
    are means over nonlinear particles driven by `field_path`.

    Args:
        key: Random key of the nonlinear particles.
        field_path: Mean-field predictions, row $k$ before step $k$.
        X: Inputs.
        y: Targets.
        lam: $\lambda \ge 0$.
        tau: $\tau \ge 0$.
        step: $h > 0$.
        amplitude: $R > 0$.
        init_var: $c_0$.
        num_particles: Monte Carlo size; 4000 gives one to two percent.
        checkpoints: Numbers of steps after which to evaluate.

    Returns:
        `coupling`, `fluctuation` and `iid`, one entry per checkpoint; and
        `iid_coupling`, what `coupling` would be without feedback ($K = 0$), a control.

    Raises:
        ValueError: If `field_path` is shorter than the last checkpoint plus one.

    Claim:
        MF-15, exact asymptotic [derived].
    """
    horizon = max(checkpoints)
    if field_path.shape[0] <= horizon:
        raise ValueError(f"`field_path` needs {horizon + 1} rows.")
    if step <= 0 or lam < 0 or tau < 0:
        raise ValueError("`step` must be positive, `lam` and `tau` not negative.")
    residual = np.asarray(field_path - y[None, :])
    model = _Model(
        np.asarray(X), residual, float(lam), float(tau), float(step), float(amplitude)
    )
    paths = _paths(key, model, float(init_var), num_particles, horizon)
    kernel, features, tangents = _kernels(model, paths, checkpoints)
    return _covariances(model, kernel, features, tangents, checkpoints)


def _paths(
    key: Key[Array, ""], model: _Model, init_var: float, particles: int, horizon: int
) -> np.ndarray:
    """Nonlinear particles (horizon + 1, particles, dim) driven by the given field."""
    xi = np.asarray(_normals(key, horizon + 1, (particles, model.X.shape[1])))
    kick = np.sqrt(2 * model.tau * model.step)
    theta = np.sqrt(init_var) * xi[horizon]
    path = [theta]
    for t in range(horizon):
        slope = model.amplitude * (1 - np.tanh(theta @ model.X.T) ** 2)
        drift = (slope * model.residual[t]) @ model.X / len(model.X) + model.lam * theta
        theta = theta - model.step * drift + kick * xi[t]
        path.append(theta)
    return np.stack(path)


@functools.partial(jax.jit, static_argnums=(1, 2))
def _normals(
    key: Key[Array, ""], count: int, shape: tuple[int, int]
) -> Float[Array, "count particles dim"]:
    """Standard normals, those of every time with a key of their own."""

    def draw(t: Array) -> Array:
        return jax.random.normal(jax.random.fold_in(key, t), shape, dtype=jnp.float64)

    return jax.vmap(draw)(jnp.arange(count))


def _kernels(
    model: _Model, paths: np.ndarray, checkpoints: Sequence[int]
) -> tuple[np.ndarray, np.ndarray, dict[int, np.ndarray]]:
    """Volterra kernel K, features of all times, and E[B·B] at the checkpoints."""
    times, particles, dim = paths.shape
    samples = len(model.X)
    kernel = np.zeros((times * samples, times * samples))
    features = np.empty((times * samples, particles))
    tangent = np.empty((times * samples, dim, particles))  # B_t, rows (s, j)
    tangents = {}
    for t, theta in enumerate(paths):
        first, last = t * samples, (t + 1) * samples
        value = np.tanh(model.X @ theta.T)
        slope = model.amplitude * (1 - value**2)
        gradient = slope[:, None, :] * model.X[:, :, None]
        past = tangent[:first]
        flat = past.reshape(first, dim * particles)
        kernel[first:last, :first] = gradient.reshape(samples, -1) @ flat.T / particles
        if t in checkpoints:
            tangents[t] = flat @ flat.T / particles
        features[first:last] = model.amplitude * value
        _propagate(model, -2 * slope * value * model.residual[t][:, None], past)
        tangent[first:last] = gradient
    return kernel, features, tangents


def _propagate(model: _Model, curved: np.ndarray, past: np.ndarray) -> None:
    """Multiply all tangents by A_t = (1 - hλ)I - (h/n)Σ r_j ∇²φ_j, in place."""
    outer = model.X[:, :, None] * model.X[:, None, :]
    hessian = np.einsum("jm,jpq->pqm", curved, outer) * model.step / len(model.X)
    factor = (1 - model.step * model.lam) * np.eye(outer.shape[1])
    factor = factor[:, :, None] - hessian
    for row in past:  # one (s, j) at a time: stays in cache
        row[...] = np.sum(factor * row[None, :, :], axis=1)


def _covariances(
    model: _Model,
    kernel: np.ndarray,
    features: np.ndarray,
    tangents: dict[int, np.ndarray],
    checkpoints: Sequence[int],
) -> dict[str, np.ndarray]:
    """Solve the Volterra equation and read off the constants."""
    samples, weight = len(model.X), model.step / len(model.X)
    centred = features - features.mean(axis=1, keepdims=True)
    particles = centred.shape[1]
    covariance = centred @ centred.T / particles
    volterra = np.eye(len(kernel)) + weight * kernel
    response = linalg.solve_triangular(volterra, centred, lower=True)
    network = response @ response.T / particles
    result = {}
    for law, coupling, variance in (
        (network, "coupling", "fluctuation"),
        (covariance, "iid_coupling", "iid"),
    ):
        result[coupling] = np.array(
            [
                weight**2 * np.sum(law[: len(product), : len(product)] * product)
                for product in map(tangents.__getitem__, checkpoints)
            ]
        )
        diagonal = np.diag(law).reshape(-1, samples).mean(axis=1)
        result[variance] = diagonal[list(checkpoints)]
    return result
