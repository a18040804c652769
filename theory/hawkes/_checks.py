"""Domain checks of the Hawkes formulas, on the host."""

import numpy as np
from jaxtyping import Array, Float

from ..maths.domain import DomainError, require


def network(
    mu: Float[Array, " d"], weights: Float[Array, "d d"]
) -> tuple[np.ndarray, np.ndarray]:
    """Baseline rates and weights of a stationary network, as NumPy arrays."""
    mu_, weights_ = np.asarray(mu), np.asarray(weights)
    if weights_.shape != 2 * mu_.shape or mu_.ndim != 1 or mu_.size < 1:
        shapes = f"{mu_.shape} and {weights_.shape}"
        raise DomainError(f"`mu` must be (d,) and `weights` (d, d), not {shapes}.")
    require(mu_, np.isfinite(mu_) & (mu_ >= 0), "`mu` must be finite and not negative.")
    require(
        weights_,
        np.isfinite(weights_) & (weights_ >= 0),
        "`weights` must be finite and not negative (inhibition is out of scope).",
    )
    if not mu_.any():
        raise DomainError("`mu` must not be zero everywhere.")
    radius = abs(np.linalg.eigvals(weights_)).max()
    if radius >= 1:
        message = "`weights` must have a spectral radius below 1 (stationarity)."
        raise DomainError(f"{message} Got {radius}.")
    return mu_, weights_


def positive(**values: Float[Array, ""]) -> tuple[float, ...]:
    """Positive, finite scalars as Python floats, in the order given."""
    for name, value in values.items():
        value = np.atleast_1d(np.asarray(value))
        holds = np.isfinite(value) & (value > 0)
        if not holds.all():
            raise DomainError(f"`{name}` must be positive. Got {value[~holds][0]}.")
    return tuple(float(value) for value in values.values())


def fraction(**values: Float[Array, ""]) -> tuple[float, ...]:
    """Scalars strictly between 0 and 1 as Python floats, in the order given."""
    for name, value in values.items():
        if not 0 < float(value) < 1:
            raise DomainError(f"`{name}` must lie in (0, 1). Got {float(value)}.")
    return tuple(float(value) for value in values.values())


def members_mask(members: Float[Array, " d"], num_nodes: int) -> np.ndarray:
    """A 0/1 mask of nodes as float64."""
    mask = np.asarray(members)
    if mask.shape != (num_nodes,):
        raise DomainError(f"`members` must be ({num_nodes},), not {mask.shape}.")
    return require(mask, (mask == 0) | (mask == 1), "`members` must be 0 or 1.")
