"""What data and the values of a cell must satisfy before anything compiles."""

import numpy as np
from jaxtyping import Array, Float

Number = float | np.ndarray  # a value of a cell, as it was given or derived


def same_samples(
    X: Float[Array, "samples dim"], y: Float[Array, " targets"]
) -> Float[Array, "samples dim"]:
    """The inputs, if there is one target for each.

    Raises:
        ValueError: If there is no sample, or the numbers of inputs and targets differ.
    """
    if X.shape[0] < 1 or X.shape[:1] != y.shape:
        raise ValueError(f"`X` and `y` disagree: shapes {X.shape} and {y.shape}.")
    return X


def langevin(
    step: Number, lam: Number, tau: Number, width: Number = 1, num_particles: int = 1
) -> str | None:
    """Neurons, a positive step, nonnegative ridge and temperature."""
    if not step > 0:
        return "`step` must be positive."
    if lam < 0 or tau < 0:
        return "`lam` and `tau` must not be negative."
    return _counts(width=width, num_particles=num_particles)


def stationary(step: Number, lam: Number, tau: Number, width: Number = 1) -> str | None:
    """A stationary law needs confinement and temperature."""
    if not (lam > 0 and tau > 0):
        return "`lam` and `tau` must be positive: there is no stationary law without."
    return langevin(step, lam, tau, width)


def linear(
    curvature: np.ndarray, step: Number, lam: Number, tau: Number, width: int
) -> str | None:
    """Linear neurons: a step at which the Euler scheme is stable."""
    if np.min(curvature) < 0:
        return "`curvature` must not be negative."
    if step * (np.max(curvature) + lam) >= 2:
        return "`step` times (`curvature` + `lam`) must be below 2 (stability)."
    return langevin(step, lam, tau, width)


def riccati(
    M_star: np.ndarray, step: Number, lam: Number, tau: Number, width: int
) -> str | None:
    """Second-Hermite neurons: a symmetric target."""
    if not np.allclose(M_star, np.swapaxes(M_star, -1, -2)):
        return "`M_star` must be symmetric."
    return stationary(step, lam, tau, width)


def ridge(lam: Number, num_samples: int) -> str | None:
    """A ridge regression on at least one sample."""
    if not lam > 0:
        return "`lam` must be positive."
    return _counts(num_samples=num_samples)


def masked_width(width: Number, max_width: int) -> str | None:
    """An active width inside the padded one."""
    if not 1 <= width <= max_width:
        return f"`width` must lie between 1 and `max_width` = {max_width}."
    return None


def trained(
    width: Number, max_width: int, output_exponent: Number, rate: Number
) -> str | None:
    """Pairs (a, w), (−a, w) need an even width; s lies between NTK and μP."""
    if width % 2 or max_width % 2:
        return "`width` and `max_width` must be even: neurons come in pairs."
    if not 0.5 <= output_exponent <= 1:
        return "`output_exponent` must lie in [1/2, 1]."
    if not rate > 0:
        return "`rate` must be positive."
    return masked_width(width, max_width)


def _counts(**counts: Number) -> str | None:
    wrong = [name for name, value in counts.items() if value < 1]
    return f"`{wrong[0]}` must be at least 1." if wrong else None
