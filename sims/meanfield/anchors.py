r"""Particles of the solvable anchors: linear neurons and second-Hermite neurons.

Claims: MF-4, MF-5, MF-6, MF-13.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ..draws import normals
from ..sweep import simulator
from . import conditions
from .integrators import (
    Noisy,
    checkpointed,
    langevin_step,
    noise_of,
    time_average,
)

Scalar = Float[Array, ""]
Vector = Float[Array, " dim"]
Matrix = Float[Array, "dim dim"]
Neurons = Float[Array, "width dim"]
Paired = tuple[Neurons, Neurons, Vector]


@simulator(
    outputs={
        "coupling_error": ("checkpoint",),
        "coupling_spread": ("checkpoint",),
        "mean": ("checkpoint", "direction"),
        "variance": ("checkpoint", "direction"),
    },
    check=conditions.linear,
)
def linear_coupled(
    key: Key[Array, ""],
    curvature: Vector,
    target: Vector,
    lam: Scalar,
    tau: Scalar,
    step: Scalar,
    init_mean: Vector,
    init_var: Scalar,
    *,
    width: int,
    num_steps: int,
    save_every: int,
    noise: str = "shared",
) -> dict[str, Array]:
    r"""Linear neurons in the eigenbasis of $\Sigma$ beside nonlinear particles.

    Args:
        key: Random key.
        curvature: Eigenvalues $s$.
        target: $b = \mathbb{E}\,yx$.
        lam: $\lambda$.
        tau: $\tau$.
        step: $h$.
        init_mean: $u_0$.
        init_var: $c_0$.
        width: $N$.
        num_steps: Euler steps.
        save_every: Steps between checkpoints.
        noise: "shared", or "independent" (a control).

    Returns:
        `coupling_error` $\frac1N\sum_i|e_i|^2$, `coupling_spread`
        $\max_i|e_i-\bar e|$ (zero: every $e_i$ is the same), `mean` $\bar u_N$ and
        `variance` $\frac1N\sum_i(\theta_i-u_k)^2$ around the mean-field mean $u_k$.

    Raises:
        ValueError: If `noise` is unknown.
    """
    if noise not in ("shared", "independent"):
        raise ValueError(f"`noise` must be shared or independent, got {noise}.")
    start_key, noise_key, other_key = jax.random.split(key, 3)
    shape, dtype = (width, curvature.size), curvature.dtype
    start = normals(start_key, shape, dtype) * jnp.sqrt(init_var)
    start = init_mean[None, :] + start
    kick = jnp.sqrt(2 * tau * step)

    def move(theta: Neurons, mean: Vector, xi: Neurons) -> Neurons:
        force = (curvature * mean - target)[None, :] + lam * theta
        return theta - step * force + kick * xi

    def advance(t: Array, state: Paired) -> Paired:
        theta, free, mean = state
        xi = normals(jax.random.fold_in(noise_key, t), shape, dtype)
        zeta = xi
        if noise == "independent":
            zeta = normals(jax.random.fold_in(other_key, t), shape, dtype)
        moved = move(theta, jnp.mean(theta, axis=0), xi)
        following = mean - step * ((curvature + lam) * mean - target)
        return moved, move(free, mean, zeta), following

    def observe(state: Paired) -> dict[str, Array]:
        theta, free, mean = state
        error = theta - free
        spread = error - jnp.mean(error, axis=0)[None, :]
        return {
            "coupling_error": jnp.mean(jnp.sum(error**2, axis=1)),
            "coupling_spread": jnp.max(jnp.linalg.norm(spread, axis=1)),
            "mean": jnp.mean(theta, axis=0),
            "variance": jnp.mean((theta - mean[None, :]) ** 2, axis=0),
        }

    state = (start, start, init_mean)
    return checkpointed(advance, observe, state, num_steps, save_every)


@simulator(
    outputs={"moment": ("axis", "other_axis"), "fluctuation": ()},
    check=conditions.riccati,
)
def riccati_particles(
    key: Key[Array, ""],
    M_star: Matrix,
    M_reference: Matrix,
    lam: Scalar,
    tau: Scalar,
    step: Scalar,
    init_var: Scalar,
    *,
    width: int,
    num_steps: int,
    burn_steps: int,
    sample_every: int,
    scheme: str = "lm",
) -> dict[str, Array]:
    r"""Second-Hermite neurons: drift $-(M_N-M_*+\lambda I)\theta$.

    Args:
        key: Random key.
        M_star: $M_*$.
        M_reference: Where fluctuations are measured from.
        lam: $\lambda$.
        tau: $\tau$.
        step: $h$.
        init_var: $c_0$.
        width: $N$.
        num_steps: Steps in all.
        burn_steps: Steps before the first sample.
        sample_every: Steps between samples.
        scheme: "lm" or "euler".

    Returns:
        `moment`, the time mean of $M_N$, and `fluctuation`, $N$ times the time mean of
        $\|M_N-M_{\mathrm{reference}}\|_F^2$.

    Raises:
        ValueError: If `scheme` is unknown.
    """
    dim, dtype = M_star.shape[0], M_star.dtype
    gain = lam * jnp.eye(dim, dtype=dtype) - M_star

    def drift(theta: Neurons) -> Neurons:
        return theta @ (theta.T @ theta / width + gain)

    def measure(theta: Neurons) -> Array:
        moment = theta.T @ theta / width
        return jnp.append(moment.ravel(), width * jnp.sum((moment - M_reference) ** 2))

    start_key, noise_key = jax.random.split(key)
    start = jnp.sqrt(init_var) * normals(start_key, (width, dim), dtype)
    advance = langevin_step(noise_key, drift, step, tau, scheme)
    samples = (num_steps - burn_steps) // sample_every
    state = (start, noise_of(noise_key, 0, start))
    mean = time_average(advance, measure, state, burn_steps, samples, sample_every)
    return {"moment": mean[:-1].reshape(dim, dim), "fluctuation": mean[-1]}


@simulator(outputs={"moment": ("checkpoint",)}, check=conditions.langevin)
def riccati_path(
    key: Key[Array, ""],
    mu: Scalar,
    lam: Scalar,
    tau: Scalar,
    step: Scalar,
    init_var: Scalar,
    *,
    width: int,
    num_steps: int,
    save_every: int,
) -> dict[str, Array]:
    r"""Second moment $q_N(t)$ of one-dimensional second-Hermite neurons, Euler.

    Args:
        key: Random key.
        mu: $\mu$.
        lam: $\lambda$.
        tau: $\tau$.
        step: $h$.
        init_var: $q_0$.
        width: $N$.
        num_steps: Steps.
        save_every: Steps between checkpoints.

    Returns:
        `moment`, entry $j$ after $(j+1)\,$`save_every` steps.
    """
    start_key, noise_key = jax.random.split(key)
    start = normals(start_key, (width, 1), mu.dtype) * jnp.sqrt(init_var)

    def drift(theta: Neurons) -> Neurons:
        return (jnp.mean(theta**2) - mu + lam) * theta

    advance = langevin_step(noise_key, drift, step, tau, "euler")

    def observe(state: Noisy) -> dict[str, Array]:
        return {"moment": jnp.mean(state[0] ** 2)}

    state = (start, noise_of(noise_key, 0, start))
    return checkpointed(advance, observe, state, num_steps, save_every)


@simulator(outputs={"excess": ()}, check=conditions.ridge)
def ridge_error(
    key: Key[Array, ""],
    eigenvalues: Vector,
    beta: Vector,
    tail: Scalar,
    noise: Scalar,
    lam: Scalar,
    *,
    num_samples: int,
) -> dict[str, Array]:
    r"""Statistical error of the infinitely trained linear network on one data set.

    Args:
        key: Random key of the data.
        eigenvalues: Diagonal of $\Sigma$.
        beta: $\beta$.
        tail: $g_2$.
        noise: Standard deviation of the label noise.
        lam: $\lambda > 0$.
        num_samples: $n$.

    Returns:
        `excess` $n\|\hat A^{-1}\hat b-u_\lambda\|_\Sigma^2$.
    """
    input_key, noise_key = jax.random.split(key)
    shape, dtype = (num_samples, beta.size), beta.dtype
    z = normals(input_key, shape, dtype)
    x = z * jnp.sqrt(eigenvalues)[None, :]
    label = x @ beta + tail * (z[:, 0] ** 2 - 1) / jnp.sqrt(jnp.asarray(2.0, dtype))
    label = label + noise * normals(noise_key, (num_samples,), dtype)
    gram = x.T @ x / num_samples + lam * jnp.eye(beta.size, dtype=dtype)
    learned = jnp.linalg.solve(gram, x.T @ label / num_samples)
    gap = learned - eigenvalues * beta / (eigenvalues + lam)
    return {"excess": num_samples * jnp.sum(eigenvalues * gap**2)}
