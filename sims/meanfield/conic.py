r"""Conic Hermite dictionary: neurons $a|w|h_k(x\cdot w/|w|)$ on their population risk.

Claim: MF-12.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from ...theory.maths.domain import require
from ..draws import normals
from ..sweep import simulator

Scalar = Float[Array, ""]
Amplitudes = Float[Array, " width"]
Weights = Float[Array, "width dim"]
Teacher = Float[Array, " atoms"]
State = tuple[Amplitudes, Weights]


def conic_start(
    key: Key[Array, ""], *, width: int, dim: int, scale: float = 0.3
) -> dict[str, Array]:
    """Balanced neurons with random signs and uniform directions.

    Args:
        key: Random key.
        width: Number of neurons.
        dim: Dimension.
        scale: Size of a and of |w|.

    Returns:
        `a` and `w`.
    """
    sign_key, direction_key = jax.random.split(key)
    w = normals(direction_key, (width, dim))
    w = scale * w / jnp.linalg.norm(w, axis=1, keepdims=True)
    return {"a": scale * jax.random.rademacher(sign_key, (width,), w.dtype), "w": w}


def conic_flow(
    a0: Amplitudes,
    w0: Weights,
    c: Teacher,
    lam: Scalar,
    step: Scalar,
    *,
    degree: int,
    num_steps: int,
) -> dict[str, Array]:
    r"""Gradient descent towards $\sum_jc_jh_k(e_j\cdot x)$ with ridge $\lambda$.

    With masses $m_i = a_i|w_i|/N$ and $T = \sum m_iu_i^{\otimes k}-\sum c_je_j^{\otimes
    k}$: $\partial_a = |w|T[u^k]+\lambda a$ and $\partial_w =
    a((1-k)T[u^k]u+kT[u^{k-1},\cdot])+\lambda w$. The sums over neurons go through the
    tensor of degree $k$ where it is smaller than the Gram matrix.

    Args:
        a0: Amplitudes at the start.
        w0: Weights at the start.
        c: Teacher coefficients, at most one per dimension.
        lam: $\lambda \ge 0$.
        step: Step.
        degree: $k \ge 2$.
        num_steps: Steps.

    Returns:
        `a`, `w` and `energy` (entry $k$ before step $k$).

    Raises:
        ValueError: If `degree` is below 2 or the teacher has more atoms than
            dimensions.
        DomainError: If a row of `w0` is zero: it has no direction.
    """
    if degree < 2 or c.size > w0.shape[1]:
        raise ValueError("`degree` must be at least 2, atoms at most the dimension.")
    has_direction = jnp.sum(w0**2, axis=1, keepdims=True) > 0
    w0 = require(w0, has_direction, "Rows of `w0` must not be zero.")
    width = a0.size
    teacher = jnp.zeros(w0.shape[1], w0.dtype).at[: c.size].set(c)

    def moments(state: State) -> tuple[Array, Array, Array, Array]:
        a, w = state
        norm = jnp.linalg.norm(w, axis=1)
        u = w / jnp.where(norm > 0, norm, 1.0)[:, None]  # a dropped neuron underflows
        mass = a * norm / width
        inner = _contracted(u, mass, degree) - teacher[None, :] * u ** (degree - 1)
        return u, norm, mass, inner

    def energy(state: State) -> Scalar:
        u, _norm, mass, inner = moments(state)
        fit = mass @ jnp.sum(inner * u, axis=1)
        cross = mass @ (u**degree @ teacher)
        ridge = lam / (2 * width) * (jnp.sum(state[0] ** 2) + jnp.sum(state[1] ** 2))
        return (fit - cross + jnp.sum(teacher**2)) / 2 + ridge

    def advance(state: State, _: None) -> tuple[State, Scalar]:
        a, w = state
        u, norm, _mass, inner = moments(state)
        full = jnp.sum(inner * u, axis=1)
        slope_a = norm * full + lam * a
        slope_w = (1 - degree) * full[:, None] * u + degree * inner
        slope_w = a[:, None] * slope_w + lam * w
        return (a - step * slope_a, w - step * slope_w), energy(state)

    state, energies = jax.lax.scan(advance, (a0, w0), None, length=num_steps)
    energies = jnp.append(energies, energy(state))
    return {"a": state[0], "w": state[1], "energy": energies}


def _contracted(u: Weights, mass: Amplitudes, degree: int) -> Weights:
    r"""$\sum_jm_j(u_i\cdot u_j)^{k-1}u_j$ for every neuron $i$."""
    width, dim = u.shape
    if dim ** (degree - 1) >= width:
        return (u @ u.T) ** (degree - 1) @ (mass[:, None] * u)
    power = u
    for _ in range(degree - 2):
        power = (power[:, :, None] * u[:, None, :]).reshape(width, -1)
    return power @ (power.T @ (mass[:, None] * u))


@simulator(
    outputs={
        "a": ("neuron",),
        "w": ("neuron", "direction"),
        "energy": (),
    },
    dtype="float64",
    quantum=1,
    tile=1,
)
def sparse_dictionary(
    key: Key[Array, ""],
    c: Teacher,
    lam: Scalar,
    step: Scalar,
    *,
    width: int,
    dim: int,
    degree: int,
    num_steps: int,
) -> dict[str, Array]:
    r"""The conic flow from a random start, in float64.

    Args:
        key: Random key of the start.
        c: Teacher coefficients.
        lam: $\lambda$.
        step: Step.
        width: Number of neurons.
        dim: Dimension.
        degree: $k$.
        num_steps: Steps.

    Returns:
        Final `a`, `w` and `energy`.
    """
    start = conic_start(key, width=width, dim=dim)
    end = conic_flow(
        start["a"], start["w"], c, lam, step, degree=degree, num_steps=num_steps
    )
    return {"a": end["a"], "w": end["w"], "energy": end["energy"][-1]}


def cluster_atoms(
    a: Float[np.ndarray, " width"],
    w: Float[np.ndarray, "width dim"],
    *,
    degree: int,
    mass_tol: float = 1e-3,
    angle_tol: float = 0.05,
) -> list[tuple[float, np.ndarray]]:
    r"""Atoms of a trained conic network (host).

    Greedy from the largest mass; neurons within `angle_tol` of an atom join it,
    antipodes with sign $(-1)^k$.

    Args:
        a: Amplitudes.
        w: Weights.
        degree: $k$, for the sign of antipodes.
        mass_tol: Smallest mass of an atom.
        angle_tol: Radius of a cluster, radians.

    Returns:
        Pairs (mass, unit direction), largest first.

    Raises:
        ValueError: If the shapes disagree.
    """
    a, w = np.asarray(a, dtype=float), np.asarray(w, dtype=float)
    if a.shape != w.shape[:1]:
        raise ValueError(f"`a` and `w` disagree: shapes {a.shape} and {w.shape}.")
    norm = np.linalg.norm(w, axis=1)
    mass, unit = a * norm / a.size, w / np.where(norm > 0, norm, 1.0)[:, None]
    free = np.ones(a.size, dtype=bool)
    atoms: list[tuple[float, np.ndarray]] = []
    for index in np.argsort(-np.abs(mass)):
        if not free[index]:
            continue
        cosine = unit @ unit[index]
        members = free & (np.abs(cosine) > np.cos(angle_tol))
        signs = np.where(cosine < 0, (-1.0) ** degree, 1.0)
        free &= ~members
        total = float(np.sum((mass * signs)[members]))
        if abs(total) > mass_tol:
            atoms.append((total, unit[index]))
    return sorted(atoms, key=lambda atom: -abs(atom[0]))
