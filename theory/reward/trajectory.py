"""Trajectories of the overlap: the ODE limit and the fraction of recovered neurons.

Claims: `RW-10` (ODE), `RW-12` (recovered fraction).
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..maths.domain import require
from ..maths.precision import float64
from . import domain
from .flow import moments, neuron, slope_series, wave
from .links import link_spec
from .rules import Labels, hermite_means
from .signal import Scalar

POWER_ORDER = 60
FIRST_OVERLAP = 1e-3
MIN_STEPS, MIN_SUBSTEPS = 2048, 32


@float64
def overlap_ode(
    times: Float[Array, " num_times"],
    start: Scalar,
    step: Scalar,
    temperature: Scalar,
    noise: Scalar,
    phase: Scalar,
    *,
    link: str,
    transform: str,
    center: ArrayLike | str = "mean",
) -> Float[Array, " num_times"]:
    r"""Overlap in the limit $d \to \infty$ at time $t = $ steps$/d$.

    $$\dot m = \eta(1 - m^2)\,G'(m) - \tfrac{\eta^2}{2}\,m\,V(m).$$

    Args:
        times: Sorted, not negative.
        start: $m_0 \in [-1, 1]$.
        step: $\eta > 0$.
        temperature: $\beta > 0$; the second moment of the tilt must exist.
        noise: $\tau \ge 0$.
        phase: $b$, in radians.
        link: Registered link.
        transform: plain, exp or exp_y.
        center: $c_0$, or "mean".

    Returns:
        Overlaps by the classical Runge–Kutta scheme, at least 2048 steps: to $10^{-9}$
        while the step times the largest rate stays below 0.02.

    Raises:
        DomainError: For bad input, unsorted times or an infinite second moment.

    Claim:
        RW-10, asymptotic limit [classical form; constants derived].
    """
    cell = neuron(temperature, noise, phase, center, link, transform)
    times = domain.nonnegative("times", times)
    times = require(times, jnp.diff(times) >= 0, "`times` must be sorted.")
    start, step = domain.within("start", start, -1, 1), domain.positive("step", step)
    return _overlaps(times, start, step, moments(cell), cell.phase)


@eqx.filter_jit
def _overlaps(
    times: Float[Array, " num_times"],
    start: Array,
    step: Array,
    found: Labels,
    phase: Array,
) -> Float[Array, " num_times"]:
    return _integrate(found, times, start, step, phase)


def _integrate(
    found: Labels,
    times: Float[Array, " num_times"],
    start: Array,
    step: Array,
    phase: Array,
) -> Float[Array, " num_times"]:
    """Solve the ODE, whose right-hand side is a polynomial in the overlap."""
    scaled = step * jnp.exp(found.log_scale)
    slope = scaled * slope_series(found, phase)
    slope = jnp.pad(slope, (0, POWER_ORDER + 2 - slope.size))
    slope = slope - jnp.concatenate([jnp.zeros(2), slope[:-2]])
    power = 0.5 * scaled**2 * power_series(found, phase)
    series = slope.at[1:].add(-power)
    series = series[::-1]
    substeps = max(MIN_SUBSTEPS, -(-MIN_STEPS // times.size))

    def velocity(overlap: Array) -> Array:
        return jnp.polyval(series, overlap, unroll=1)  # unrolled: slow to compile

    def advance(overlap: Array, interval: Array) -> tuple[Array, Array]:
        dt = interval / substeps
        after = jax.lax.fori_loop(
            0, substeps, lambda _, m: _runge_kutta(velocity, m, dt), overlap
        )
        return after, after

    intervals = jnp.diff(times, prepend=jnp.zeros(1))
    return jax.lax.scan(advance, start, intervals)[1]


def _runge_kutta(velocity: Callable[[Array], Array], m: Array, dt: Array) -> Array:
    """One classical step of order four."""
    first = velocity(m)
    second = velocity(m + dt / 2 * first)
    third = velocity(m + dt / 2 * second)
    fourth = velocity(m + dt * third)
    return m + dt / 6 * (first + 2 * second + 2 * third + fourth)


def power_series(found: Labels, phase: Float[Array, ""]) -> Float[Array, " order"]:
    """Coefficients of the powers of the overlap in V."""
    square = 0.5 * wave(2 * phase + jnp.pi / 2, 2.0, POWER_ORDER)
    square = square.at[0].add(0.5)
    return square * hermite_means(found.nodes, found.second, POWER_ORDER)


@float64
def recovered_fraction(
    time: Scalar,
    threshold: Scalar,
    step: Scalar,
    temperature: Scalar,
    noise: Scalar,
    *,
    link: str,
    transform: str,
    center: ArrayLike | str = "mean",
    num_phases: int = 240,
) -> Float[Array, ""]:
    r"""Fraction of neurons, phases uniform, with $|m(T; b)| \ge$ threshold.

    The ODE of `overlap_ode` on phases $2\pi(j + \frac12)/$num_phases. With $k_T = 1$ it
    starts at $m = 0$, where $c_1b_1$ pushes; with $k_T \ge 2$ zero is a fixed point
    (the fraction from there is 0), so it starts at $m = 10^{-3}$ instead.

    Args:
        time: $T > 0$, in units of steps$/d$.
        threshold: In (0, 1).
        step: $\eta > 0$.
        temperature: $\beta > 0$; the second moment of the tilt must exist.
        noise: $\tau \ge 0$.
        link: Registered link.
        transform: plain, exp or exp_y.
        center: $c_0$, or "mean".
        num_phases: Size of the phase grid.

    Returns:
        The fraction.

    Raises:
        DomainError: For bad input or an infinite second moment.

    Claim:
        RW-12, asymptotic limit [paper: a constant fraction; the number is derived].
    """
    time, step = domain.positive("time", time), domain.positive("step", step)
    threshold = domain.inside("threshold", threshold, 0, 1)
    domain.at_least("num_phases", num_phases, 1)
    cell = neuron(temperature, noise, 0.0, center, link, transform)
    spec = link_spec(link)
    exponent = spec.info_exponent if transform == "plain" else spec.tilt_exponent
    start = jnp.asarray(0.0 if exponent == 1 else FIRST_OVERLAP)
    phases = 2 * jnp.pi * (jnp.arange(num_phases, dtype=jnp.float64) + 0.5) / num_phases
    ends = _ends(jnp.reshape(time, (1,)), start, step, moments(cell), phases)
    return jnp.mean((jnp.abs(ends) >= threshold).astype(jnp.float64))


@eqx.filter_jit
def _ends(
    times: Float[Array, "1"],
    start: Array,
    step: Array,
    found: Labels,
    phases: Float[Array, " num_phases"],
) -> Float[Array, " num_phases"]:
    end = jax.vmap(lambda phase: _integrate(found, times, start, step, phase)[0])
    return end(phases)
