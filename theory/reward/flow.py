"""Online SGD of one neuron on the sphere: drift, noise, critical step.

Claim: `RW-10` (drift and diffusion, critical step, linear phase).
"""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jax.scipy.special import gammaln
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..maths.precision import float64
from . import domain
from .rules import Labels, labels
from .signal import Scalar, coefs

DRIFT_ORDER = 40


class Neuron(NamedTuple):
    r"""One neuron and its labels: $\beta$, $\tau$, $b$, $c_0$, link and transform."""

    temperature: Array
    noise: Array
    phase: Array
    center: Array | str
    link: str
    transform: str


def neuron(
    temperature: Scalar,
    noise: Scalar,
    phase: Scalar,
    center: ArrayLike | str,
    link: str,
    transform: str,
    power: int = 2,
) -> Neuron:
    """Check the numbers of a neuron; moments up to `power` must exist."""
    temperature, noise = domain.labels(temperature, noise, link, transform, power)
    phase, center = domain.finite("phase", phase), domain.centring(center)
    return Neuron(temperature, noise, phase, center, link, transform)


def moments(cell: Neuron, power: int = 2) -> Labels:
    """Moments of the label transform that a neuron sees."""
    return labels(
        cell.temperature,
        cell.noise,
        cell.center,
        link=cell.link,
        transform=cell.transform,
        power=power,
    )


@float64
def student_coefs(phase: Scalar, *, order: int) -> Float[Array, " {order}+1"]:
    r"""Hermite coefficients $b_k = e^{-1/2}\sin(b + k\pi/2)/\sqrt{k!}$ of the student.

    Args:
        phase: $b$ of $\sin(s + b)$, in radians.
        order: Highest $k \ge 0$.

    Returns:
        $b_0, …, b_{\mathrm{order}}$.

    Raises:
        DomainError: If `order < 0` or the phase is not finite.

    Claim:
        RW-7, exact identity [classical].
    """
    domain.at_least("order", order, 0)
    return wave(domain.finite("phase", phase), 1.0, order)


def wave(phase: Scalar, frequency: float, order: int) -> Float[Array, " {order}+1"]:
    r"""Hermite coefficients of $\sin(\omega s + b)$."""
    k = jnp.arange(order + 1, dtype=jnp.float64)
    size = jnp.exp(k * jnp.log(frequency) - gammaln(k + 1) / 2 - frequency**2 / 2)
    return size * jnp.sin(phase + k * jnp.pi / 2)


@float64
def drift(
    overlap: Scalar,
    temperature: Scalar,
    noise: Scalar,
    phase: Scalar,
    *,
    link: str,
    transform: str,
    center: ArrayLike | str = "mean",
) -> Float[Array, ""]:
    r"""Drift $(1 - m^2) G'(m)$, $G(m) = \sum_k c_k b_k m^k$, without the step.

    Equals $\mathbb{E}[(t_1 - c_0)\cos(s + b)(z - ms)]$, but keeps its relative accuracy
    at small overlaps.

    Args:
        overlap: $m \in [-1, 1]$.
        temperature: $\beta > 0$; the tilt must exist.
        noise: $\tau \ge 0$.
        phase: $b$, in radians.
        link: Registered link.
        transform: plain, exp or exp_y.
        center: $c_0$, or "mean".

    Returns:
        The drift.

    Raises:
        DomainError: For bad input or an undefined tilt.

    Claim:
        RW-10, exact identity [derived].
    """
    cell = neuron(temperature, noise, phase, center, link, transform, power=1)
    overlap = domain.within("overlap", overlap, -1, 1)
    return _drift(overlap, moments(cell, power=1), cell.phase)


@eqx.filter_jit
def _drift(overlap: Array, found: Labels, phase: Array) -> Array:
    slope = slope_series(found, phase) * jnp.exp(found.log_scale)
    return (1 - overlap**2) * jnp.polyval(slope[::-1], overlap, unroll=1)


def slope_series(found: Labels, phase: Float[Array, ""]) -> Float[Array, " order"]:
    """Coefficients of the powers of the overlap in G'."""
    k = jnp.arange(DRIFT_ORDER + 1, dtype=jnp.float64)
    series = k * coefs(found, DRIFT_ORDER) * wave(phase, 1.0, DRIFT_ORDER)
    return series[1:]


@float64
def noise_terms(
    overlap: Scalar,
    temperature: Scalar,
    noise: Scalar,
    phase: Scalar,
    *,
    link: str,
    transform: str,
    center: ArrayLike | str = "mean",
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    r"""Second moments $V(m)$ and $D(m)$ of the gradient.

    $V = \mathbb{E}[(T-c_0)^2\cos^2(s+b)]$ and
    $D = \mathbb{E}[(T-c_0)^2\cos^2(s+b)(z-ms)^2]$. Given $z$ the inner mean over $s$
    is that of a Gaussian times a cosine, hence closed: one quadrature over $z$ remains.

    Args:
        overlap: $m \in [-1, 1]$.
        temperature: $\beta > 0$; the second moment of the tilt must exist.
        noise: $\tau \ge 0$.
        phase: $b$, in radians.
        link: Registered link.
        transform: plain, exp or exp_y.
        center: $c_0$, or "mean".

    Returns:
        $(V, D)$.

    Raises:
        DomainError: For bad input or an infinite second moment.

    Claim:
        RW-10, exact identity [derived].
    """
    cell = neuron(temperature, noise, phase, center, link, transform)
    overlap = domain.within("overlap", overlap, -1, 1)
    return _noise_terms(overlap, moments(cell), cell.phase)


@eqx.filter_jit
def _noise_terms(overlap: Array, found: Labels, phase: Array) -> tuple[Array, Array]:
    scale = jnp.exp(2 * found.log_scale)
    power, spread = gradient_powers(found, overlap, phase)
    return scale * power, scale * spread


def gradient_powers(
    found: Labels, overlap: Float[Array, ""], phase: Float[Array, ""]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """V and D of the scaled transform."""
    z, rest = found.nodes, 1 - overlap**2
    angle = 2 * (overlap * z + phase)
    damp = jnp.exp(-2 * rest)
    along = rest * z**2 + overlap**2
    turn = (along - 4 * rest * overlap**2) * jnp.cos(angle)
    turn = turn + 4 * rest * overlap * z * jnp.sin(angle)
    power = found.second @ (1 + damp * jnp.cos(angle)) / 2
    return power, rest * (found.second @ (along + damp * turn)) / 2


class Start(NamedTuple):
    """Constants at overlap zero: signal, gradient power and its spread."""

    signal: Array
    power: Array
    spread: Array


def linearised(cell: Neuron, order: int = 2) -> Start:
    """$c_k b_k$, V(0) and D(0)."""
    return _linearised(moments(cell), cell.phase, order)


@eqx.filter_jit
def _linearised(found: Labels, phase: Array, order: int) -> Start:
    scale = jnp.exp(found.log_scale)
    power, spread = gradient_powers(found, jnp.zeros_like(phase), phase)
    signal = coefs(found, order)[order] * wave(phase, 1.0, order)[order]
    return Start(scale * signal, scale**2 * power, scale**2 * spread)


@float64
def critical_step(
    temperature: Scalar,
    noise: Scalar,
    phase: Scalar,
    *,
    link: str,
    transform: str,
    center: ArrayLike | str = "mean",
) -> Float[Array, ""]:
    r"""Critical step $\eta_c = 4c_2b_2/V(0)$ of a link with $k_T = 2$ and $b_1 = 0$.

    The linear rate $\Lambda(\eta) = 2\eta c_2b_2 - \eta^2V(0)/2$ is positive below it
    and largest at half of it.

    Args:
        temperature: $\beta > 0$; the second moment of the tilt must exist.
        noise: $\tau \ge 0$.
        phase: $b$, in radians.
        link: Registered link.
        transform: plain, exp or exp_y.
        center: $c_0$, or "mean".

    Returns:
        The step; negative if the signal pushes back to zero.

    Raises:
        DomainError: For bad input or an infinite second moment.

    Claim:
        RW-10, sharp threshold [derived].
    """
    found = linearised(neuron(temperature, noise, phase, center, link, transform))
    return 4 * found.signal / found.power


@float64
def linear_phase_variance(
    time: Scalar,
    step: Scalar,
    temperature: Scalar,
    noise: Scalar,
    phase: Scalar,
    *,
    link: str,
    transform: str,
    center: ArrayLike | str = "mean",
) -> Float[Array, ""]:
    r"""Variance $d\,\mathrm{Var}(m_t)$ of a uniform start while the phase is linear.

    $e^{2\Lambda t} + \eta^2 D(0)(e^{2\Lambda t} - 1)/2\Lambda$; $k_T = 2$, $b_1 = 0$.

    Args:
        time: $t = $ steps$/d \ge 0$.
        step: $\eta > 0$.
        temperature: $\beta > 0$; the second moment of the tilt must exist.
        noise: $\tau \ge 0$.
        phase: $b$, in radians.
        link: Registered link.
        transform: plain, exp or exp_y.
        center: $c_0$, or "mean".

    Returns:
        The variance times $d$.

    Raises:
        DomainError: For bad input or an infinite second moment.

    Claim:
        RW-10, asymptotic limit [derived].
    """
    time, step = domain.nonnegative("time", time), domain.positive("step", step)
    found = linearised(neuron(temperature, noise, phase, center, link, transform))
    return _linear_phase_variance(time, step, found)


@eqx.filter_jit
def _linear_phase_variance(time: Array, step: Array, found: Start) -> Array:
    rate = 2 * step * found.signal - step**2 * found.power / 2
    # (e^x - 1)/x without the removable singularity at the critical step.
    growth = jnp.exp(rate * time)
    small = jnp.abs(rate * time) < 1e-8
    safe = jnp.where(small, 1.0, rate * time)
    mean_growth = jnp.where(small, 1.0, growth * jnp.sinh(safe) / safe)
    return growth**2 + step**2 * found.spread * time * mean_growth
