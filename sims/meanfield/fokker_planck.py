r"""The mean-field limit itself: a finite-volume Fokker–Planck solver, $p = 1$.

Claim: MF-8.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...theory.maths.domain import require
from ..sweep import simulator
from . import conditions

Scalar = Float[Array, ""]
Cells = Float[Array, " cells"]
WALL_MASS = 1e-8


def _explicit_step(
    step: float, lam: float, tau: float, num_cells: int, half_width: float
) -> str | None:
    width = 2 * half_width / num_cells
    if tau > 0 and step >= width**2 / (2 * tau):
        return f"`step` must be below Δ²/(2τ) = {width**2 / (2 * tau):.3g}."
    return conditions.langevin(step, lam, tau)


@simulator(
    outputs={
        "grid": ("cell",),
        "density": ("cell",),
        "field": ("checkpoint", "sample"),
        "free_energy": ("checkpoint",),
        "wall_mass": (),
    },
    check=_explicit_step,
    dtype="float64",
    tile=8,
    deterministic=True,
)
def fokker_planck_1d(
    X: Float[Array, "samples dim"],
    y: Float[Array, " samples"],
    lam: Scalar,
    tau: Scalar,
    step: Scalar,
    amplitude: Scalar,
    init_var: Scalar,
    *,
    num_cells: int,
    half_width: float,
    num_steps: int,
    save_every: int,
) -> dict[str, Array]:
    r"""$\partial_tm = \nabla\cdot(m\nabla V[m])+\tau\Delta m$ from $N(0,c_0)$.

    Scharfetter–Gummel fluxes, no flux through the walls: mass is preserved exactly and
    the discrete Gibbs state is exactly stationary.

    Args:
        X: Inputs, one column.
        y: Targets.
        lam: $\lambda$.
        tau: $\tau > 0$.
        step: Explicit step, below $\Delta^2/(2\tau)$.
        amplitude: $R$.
        init_var: $c_0$.
        num_cells: Number of cells.
        half_width: Half the width of the grid.
        num_steps: Steps.
        save_every: Steps between checkpoints.

    Returns:
        `grid`, final `density`, `field` and `free_energy` (entry 0 at the start), and
        `wall_mass`, the final mass of the two outermost cells.

    Raises:
        DomainError: If mass has reached the walls.
        ValueError: If `X` and `y` disagree.
    """
    X = conditions.same_samples(X, y)
    width = 2 * half_width / num_cells
    grid = -half_width + width * (jnp.arange(num_cells, dtype=X.dtype) + 0.5)
    features = amplitude * jnp.tanh(grid[:, None] * X[:, 0][None, :])
    confinement = lam * grid**2 / 2
    start = jnp.exp(-(grid**2) / (2 * init_var))
    start = start / (jnp.sum(start) * width)

    def field_of(density: Cells) -> Float[Array, " samples"]:
        return width * (density @ features)

    def advance(_: Array, density: Cells) -> Cells:
        potential = features @ (field_of(density) - y) / y.size + confinement
        inner = _flux(potential / tau, density) * tau / width
        flux = jnp.pad(inner, 1)
        return density - step / width * jnp.diff(flux)

    def observe(density: Cells) -> dict[str, Array]:
        field = field_of(density)
        safe = jnp.where(density > 0, density, 1.0)
        entropy = width * jnp.sum(density * jnp.log(safe))
        energy = jnp.mean((field - y) ** 2) / 2 + width * (density @ confinement)
        return {"field": field, "free_energy": energy + tau * entropy}

    def block(density: Cells, _: Array) -> tuple[Cells, dict[str, Array]]:
        density = jax.lax.fori_loop(0, save_every, advance, density)
        return density, observe(density)

    density, path = jax.lax.scan(block, start, jnp.arange(num_steps // save_every))
    wall_mass = width * (density[0] + density[-1])
    density = require(
        density, wall_mass <= WALL_MASS, "Mass reached the walls: widen the grid."
    )
    first = observe(start)
    path = {k: jnp.concatenate([first[k][None], path[k]]) for k in first}
    return {"grid": grid, "density": density, "wall_mass": wall_mass, **path}


def _flux(potential: Cells, density: Cells) -> Float[Array, " edges"]:
    """Flux through inner edges, in units of τ/Δ: B(δ)m_j − B(δ)e^δ m_{j+1}."""
    jump = jnp.diff(potential)
    is_small = jnp.abs(jump) < 1e-8
    safe = jnp.where(is_small, 1.0, jump)
    forward = jnp.where(is_small, 1 - jump / 2, safe / jnp.expm1(safe))
    backward = jnp.where(is_small, 1 + jump / 2, -safe / jnp.expm1(-safe))
    return forward * density[:-1] - backward * density[1:]
