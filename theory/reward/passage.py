"""First passage of the overlap: the law of the number of steps to weak recovery.

Claim: `RW-11` (weak recovery: growth with the dimension and the limit law).
"""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.special import betaln
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..maths.domain import require
from ..maths.precision import float64
from . import domain
from .flow import (
    Start,
    gradient_powers,
    linearised,
    moments,
    neuron,
    slope_series,
)
from .rules import LOG_ROOT_TWO_PI, Labels
from .signal import Scalar

POINTS, STEPS = 401, 1000


@float64
def hitting_cdf(
    times: Float[Array, " num_times"],
    dim: Scalar,
    step: Scalar,
    hit: Scalar,
    temperature: Scalar,
    noise: Scalar,
    phase: Scalar,
    *,
    link: str,
    transform: str,
    center: ArrayLike | str = "mean",
) -> Float[Array, " num_times"]:
    r"""Probability that $|m| \ge$ hit by $t = $ steps$/d$, uniform start, finite $d$.

    The survival $S(t) = \int p_0 u(t)$ with
    $u_t = b(m)u_m + \frac12\sigma^2(m)u_{mm}$, $u = 0$ at $\pm$hit,
    $b = \eta(1-m^2)G' - \frac12\eta^2mV_d$, $\sigma^2 = \eta^2D/d$,
    $V_d = ((d-2)V + D/(1-m^2))/d$, is solved by central differences and Crank–Nicolson.

    Args:
        times: Not negative, in any order.
        dim: $d \ge 4$.
        step: $\eta > 0$, already with its power of $d$.
        hit: In (0, 1).
        temperature: $\beta > 0$; the second moment of the tilt must exist.
        noise: $\tau \ge 0$.
        phase: $b$, in radians.
        link: Registered link.
        transform: plain, exp or exp_y.
        center: $c_0$, or "mean".

    Returns:
        Distribution function, to about $10^{-4}$.

    Raises:
        DomainError: For bad input or an infinite second moment.

    Claim:
        RW-11, law [derived].
    """
    times = domain.nonnegative("times", times)
    cell = neuron(temperature, noise, phase, center, link, transform)
    walk = checked(dim, step, hit)
    return 1 - survival(times, diffusion_of(walk, moments(cell), cell.phase))


@float64
def hitting_mean(
    dim: Scalar,
    step: Scalar,
    hit: Scalar,
    temperature: Scalar,
    noise: Scalar,
    phase: Scalar,
    *,
    link: str,
    transform: str,
    center: ArrayLike | str = "mean",
) -> Float[Array, ""]:
    r"""Mean of steps$/d$ until $|m| \ge$ hit, uniform start, finite $d$.

    $\int p_0 u$ with $b(m)u_m + \frac12\sigma^2(m)u_{mm} = -1$, $u = 0$ at $\pm$hit:
    the integral of the survival of `hitting_cdf`, in one solve and without a horizon.

    Args:
        dim: $d \ge 4$.
        step: $\eta > 0$, already with its power of $d$.
        hit: In (0, 1).
        temperature: $\beta > 0$; the second moment of the tilt must exist.
        noise: $\tau \ge 0$.
        phase: $b$, in radians.
        link: Registered link.
        transform: plain, exp or exp_y.
        center: $c_0$, or "mean".

    Returns:
        The mean.

    Raises:
        DomainError: For bad input or an infinite second moment.

    Claim:
        RW-11, growth with the dimension [derived].
    """
    cell = neuron(temperature, noise, phase, center, link, transform)
    walk = checked(dim, step, hit)
    return _mean(diffusion_of(walk, moments(cell), cell.phase))


class Walk(NamedTuple):
    """Dimension, step and threshold of a search."""

    dim: Array
    step: Array
    hit: Array


class Diffusion(NamedTuple):
    """A diffusion on a grid between two absorbing ends, and its start."""

    x: Float[Array, " points"]
    velocity: Float[Array, " points"]
    diffusion: Float[Array, " points"]
    density: Float[Array, " points"]


def checked(dim: Scalar, step: Scalar, hit: Scalar) -> Walk:
    """Refuse a search outside its domain."""
    dim = domain.positive("dim", dim)
    dim = require(dim, dim >= 4, "`dim` must be at least 4.")
    return Walk(dim, domain.positive("step", step), domain.inside("hit", hit, 0, 1))


@eqx.filter_jit
def diffusion_of(walk: Walk, found: Labels, phase: Float[Array, ""]) -> Diffusion:
    """The overlap at finite dimension, in time steps over dimension."""
    dim, step, hit = walk
    scaled = step * jnp.exp(found.log_scale)
    m = jnp.linspace(-hit, hit, POINTS)
    power, spread = jax.vmap(lambda x: gradient_powers(found, x, phase))(m)
    rest = 1 - m**2
    power = ((dim - 2) * power + spread / rest) / dim
    pull = rest * jnp.polyval(slope_series(found, phase)[::-1], m, unroll=1)
    log_start = (dim - 3) / 2 * jnp.log(rest) - betaln(0.5, (dim - 1) / 2)
    velocity = scaled * pull - scaled**2 * m * power / 2
    return Diffusion(m, velocity, scaled**2 * spread / dim, jnp.exp(log_start))


@eqx.filter_jit
def _mean(walked: Diffusion) -> Float[Array, ""]:
    up, down = _rates(walked)
    mean = _solver(-up, up + down, -down)(jnp.ones_like(up))
    return (walked.x[1] - walked.x[0]) * mean @ walked.density[1:-1]


@float64
def hitting_limit_cdf(
    scaled_times: Float[Array, " num_times"],
    scaled_step: Scalar,
    scaled_hit: Scalar,
    temperature: Scalar,
    noise: Scalar,
    phase: Scalar,
    *,
    link: str,
    transform: str,
    order: int,
    center: ArrayLike | str = "mean",
) -> Float[Array, " num_times"]:
    r"""Limit law of steps$/d^{k-1}$ until $\sqrt d\,|m| \ge X_{hit}$, for $k \ge 3$.

    With $\eta = \eta_0 d^{-(k-2)/2}$, $X = \sqrt d\,m$ converges to
    $dX = [k\eta_0c_kb_kX^{k-1} - \frac12\eta_0^2V(0)X]dt' + \eta_0\sqrt{D(0)}\,dB$ from
    a standard normal start, whatever the dimension.

    Args:
        scaled_times: Steps$/d^{k-1}$, not negative.
        scaled_step: $\eta_0 > 0$.
        scaled_hit: $X_{hit} > 0$.
        temperature: $\beta > 0$; the second moment of the tilt must exist.
        noise: $\tau \ge 0$.
        phase: $b$, in radians; lower $c_jb_j$ must vanish.
        link: Registered link.
        transform: plain, exp or exp_y.
        order: $k \ge 3$.
        center: $c_0$, or "mean".

    Returns:
        Distribution function, to about $10^{-4}$.

    Raises:
        DomainError: For bad input or an infinite second moment.

    Claim:
        RW-11, exact limit law [derived].
    """
    cell = neuron(temperature, noise, phase, center, link, transform)
    scaled_times = domain.nonnegative("scaled_times", scaled_times)
    scaled_step = domain.positive("scaled_step", scaled_step)
    scaled_hit = domain.positive("scaled_hit", scaled_hit)
    domain.at_least("order", order, 3)
    found = linearised(cell, order)
    limit = _limit(scaled_step, scaled_hit, found, order)
    return 1 - survival(scaled_times, limit)


@eqx.filter_jit
def _limit(step: Array, hit: Array, found: Start, order: int) -> Diffusion:
    """The overlap in units of its start, in time steps over a power of dimension."""
    x = jnp.linspace(-hit, hit, POINTS)
    velocity = order * step * found.signal * x ** (order - 1)
    velocity = velocity - step**2 * found.power * x / 2
    diffusion = jnp.full_like(x, step**2 * found.spread)
    return Diffusion(x, velocity, diffusion, jnp.exp(-(x**2) / 2 - LOG_ROOT_TWO_PI))


@eqx.filter_jit
def survival(
    times: Float[Array, " num_times"], found: Diffusion
) -> Float[Array, " num_times"]:
    """Mass that has not left the interval, from the backward Kolmogorov equation."""
    dt = jnp.maximum(jnp.max(times), 1e-12) / STEPS
    up, down = _rates(found)
    mass = (found.x[1] - found.x[0]) * found.density[1:-1]
    first = jnp.ones_like(up)
    # Two half steps of implicit Euler damp the jump at the ends; then Crank–Nicolson.
    half = _solver(-dt / 2 * up, 1 + dt / 2 * (up + down), -dt / 2 * down)
    rough = half(half(first))

    def advance(u: Array, _: None) -> tuple[Array, Array]:
        moved = half(u + dt / 2 * _generator(up, down, u))
        return moved, moved @ mass

    _, later = jax.lax.scan(advance, rough, None, length=STEPS - 1)
    path = jnp.concatenate([jnp.stack([first @ mass, rough @ mass]), later])
    return jnp.interp(times, dt * jnp.arange(STEPS + 1, dtype=found.x.dtype), path)


def _rates(found: Diffusion) -> tuple[Array, Array]:
    """Rates up and down of the walk on the inner grid points: central differences."""
    width = found.x[1] - found.x[0]
    along, across = found.velocity / (2 * width), found.diffusion / (2 * width**2)
    return (across + along)[1:-1], (across - along)[1:-1]


def _generator(up: Array, down: Array, u: Array) -> Array:
    right = jnp.concatenate([u[1:], jnp.zeros(1)])
    left = jnp.concatenate([jnp.zeros(1), u[:-1]])
    return up * right + down * left - (up + down) * u


def _solver(upper: Array, middle: Array, lower: Array) -> Callable[[Array], Array]:
    """Solver of a tridiagonal system; the corners beyond the matrix are dropped."""
    lower, upper = lower.at[0].set(0.0), upper.at[-1].set(0.0)

    def solve(u: Array) -> Array:
        return jax.lax.linalg.tridiagonal_solve(lower, middle, upper, u[:, None])[:, 0]

    return solve
