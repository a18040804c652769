r"""How fast the free energy decays in the end: the linearised Fokker–Planck operator.

Arguments, everywhere: inputs `X` (one column; more raise `ValueError`), targets `y`,
ridge `lam` $\lambda > 0$, temperature `tau` $\tau > 0$, `amplitude` $R > 0$
(`DomainError` outside), and the finite-volume grid: `num_cells` cells on
$[-$`half_width`$,\,$`half_width`$]$.

Claim: MF-8d.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..maths.domain import known, require
from ..maths.precision import float64
from .chaos import finite_data
from .gibbs import solve_residual

Scalar = Float[Array, ""]
Inputs = Float[Array, "samples dim"]
Targets = Float[Array, " samples"]


@float64
def linearised_gap(
    X: Inputs,
    y: Targets,
    lam: Scalar,
    tau: Scalar,
    amplitude: Scalar,
    *,
    half_width: float,
    num_cells: int,
    has_interaction: bool = True,
) -> Scalar:
    r"""Rate $\gamma$ with $\mathcal F(m_t)-\mathcal F_* \sim e^{-2\gamma t}$, $p = 1$.

    Smallest nonzero eigenvalue of $\epsilon\mapsto-\frac\tau{m_*}\partial(m_*\partial
    (\epsilon+\frac1\tau\mathcal K(m_*\epsilon)))$ on the finite-volume grid, at the
    *discrete* Gibbs state. The control `has_interaction=False` drops $\mathcal K$.

    Returns:
        $\gamma$ in continuous time; an Euler scheme decays at $-\log(1-h\gamma)/h$.

    Claim:
        MF-8d, exact asymptotic rate [derived].
    """
    weight = jnp.asarray(1.0 if has_interaction else 0.0)
    return gap_with_interaction(
        X, y, lam, tau, amplitude, weight, half_width, num_cells
    )


@float64
def gap_with_interaction(
    X: Inputs,
    y: Targets,
    lam: Scalar,
    tau: Scalar,
    amplitude: Scalar,
    weight: Scalar,
    half_width: float,
    num_cells: int,
) -> Scalar:
    r"""The same gap with $\mathcal K$ multiplied by `weight` (−1 is a control).

    Returns:
        The smallest nonzero eigenvalue.
    """
    y, lam, tau, amplitude = _checked(X, y, lam, tau, amplitude)
    features, centres, width = _grid(X, amplitude, half_width, num_cells)
    state = _discrete_gibbs(features, centres, y, lam, tau)
    return _smallest(features, width, *state, tau, weight)


@float64
def discrete_free_energy(
    X: Inputs,
    y: Targets,
    lam: Scalar,
    tau: Scalar,
    amplitude: Scalar,
    half_width: float,
    num_cells: int,
) -> Scalar:
    r"""$\mathcal F_*$ of the discrete Gibbs state on the finite-volume grid.

    $\frac12\mathrm{mean}(f-y)^2+\frac\lambda2\int x^2+\tau\int m\log m$ with cell sums.

    Returns:
        The limit of the solver's free energy.

    Claim:
        MF-8d [derived].
    """
    y, lam, tau, amplitude = _checked(X, y, lam, tau, amplitude)
    features, centres, width = _grid(X, amplitude, half_width, num_cells)
    _, mass = _discrete_gibbs(features, centres, y, lam, tau)
    return _free_energy(features, centres, width, mass, y, lam, tau)


@jax.jit
def _free_energy(
    features: Float[Array, "cells samples"],
    centres: Float[Array, " cells"],
    width: Scalar,
    mass: Float[Array, " cells"],
    y: Targets,
    lam: Scalar,
    tau: Scalar,
) -> Scalar:
    """`discrete_free_energy` of cell masses."""
    safe = jnp.where(mass > 0, mass, 1.0)
    entropy = mass @ jnp.log(safe / width)
    energy = jnp.mean((mass @ features - y) ** 2) / 2 + mass @ (lam * centres**2 / 2)
    return energy + tau * entropy


@jax.jit
def _smallest(
    features: Float[Array, "cells samples"],
    width: Scalar,
    potential: Float[Array, " cells"],
    mass: Float[Array, " cells"],
    tau: Scalar,
    weight: Scalar,
) -> Scalar:
    """Smallest nonzero eigenvalue of the operator linearised at a state."""
    laplacian = _edge_matrix(potential / tau, mass) * tau / width**2
    root, cells = jnp.sqrt(mass), mass.size
    generator = laplacian / (root[:, None] * root[None, :])
    coupling = features * root[:, None]
    interaction = weight * (coupling @ coupling.T) / (features.shape[1] * tau)
    values, basis = jnp.linalg.eigh(generator)
    half = (basis * jnp.sqrt(jnp.maximum(values, 0.0))[None, :]) @ basis.T
    spectrum = jnp.linalg.eigvalsh(half @ (jnp.eye(cells) + interaction) @ half)
    conserved = jnp.argmin(jnp.abs(spectrum))  # mass: the zero mode
    return jnp.min(jnp.where(jnp.arange(cells) == conserved, jnp.inf, spectrum))


def _grid(
    X: Inputs, amplitude: Scalar, half_width: float, num_cells: int
) -> tuple[Float[Array, "cells samples"], Float[Array, " cells"], float]:
    """Neurons at the cell centres, the centres, and the width of a cell."""
    if X.shape[1] != 1:
        raise ValueError(f"`X` must have one column, got {X.shape[1]}.")
    width = 2 * half_width / num_cells
    centres = jnp.asarray(-half_width + width * (np.arange(num_cells) + 0.5))
    return _neurons(centres, X, amplitude), centres, width


@jax.jit
def _neurons(
    centres: Float[Array, " cells"], X: Inputs, amplitude: Scalar
) -> Float[Array, "cells samples"]:
    """Neurons at the cell centres."""
    return amplitude * jnp.tanh(centres[:, None] * X[:, 0][None, :])


def _checked(
    X: Inputs, y: Targets, lam: Scalar, tau: Scalar, amplitude: Scalar
) -> tuple[Targets, Scalar, Scalar, Scalar]:
    y = finite_data(X, y)
    lam = require(lam, known(lam) > 0, "`lam` must be positive.")
    tau = require(tau, known(tau) > 0, "`tau` must be positive.")
    holds = known(amplitude) > 0
    amplitude = require(amplitude, holds, "`amplitude` must be positive.")
    return y, lam, tau, amplitude


@jax.jit
def _discrete_gibbs(
    features: Float[Array, "cells samples"],
    centres: Float[Array, " cells"],
    y: Targets,
    lam: Scalar,
    tau: Scalar,
) -> tuple[Float[Array, " cells"], Float[Array, " cells"]]:
    """Potential and cell masses of the self-consistent state on the grid."""
    confinement = lam * centres**2 / 2
    prior = -confinement / tau
    prior = prior - jnp.log(jnp.sum(jnp.exp(prior)))
    residual, _ = solve_residual(y, features, prior, tau)
    potential = features @ residual / y.size + confinement
    mass = jnp.exp(-(potential - jnp.min(potential)) / tau)
    return potential, mass / jnp.sum(mass)


def _edge_matrix(
    potential: Float[Array, " cells"], mass: Float[Array, " cells"]
) -> Float[Array, "cells cells"]:
    """Symmetric edge matrix with weights B(δ)m_j; no flux through the walls."""
    jump = jnp.diff(potential)
    safe = jnp.where(jnp.abs(jump) < 1e-8, 1.0, jump)
    bernoulli = jnp.where(jnp.abs(jump) < 1e-8, 1 - jump / 2, safe / jnp.expm1(safe))
    edge = bernoulli * mass[:-1]
    degree = jnp.zeros_like(mass).at[:-1].add(edge).at[1:].add(edge)
    return jnp.diag(degree) - jnp.diag(edge, 1) - jnp.diag(edge, -1)
