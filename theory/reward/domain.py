"""Domain checks of the reward theory, one helper per parameter."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..maths.domain import DomainError, is_traced, require
from .links import link_spec

TRANSFORMS = ("plain", "exp", "exp_y")


def positive(name: str, value: Any) -> Float[Array, "*shape"]:
    """The value, if it is positive and finite."""
    holds = (_known(value) > 0) & _finite(value)
    return require(_double(value), holds, f"`{name}` must be positive and finite.")


def nonnegative(name: str, value: Any) -> Float[Array, "*shape"]:
    """The value, if it is finite and not negative."""
    holds = (_known(value) >= 0) & _finite(value)
    return require(_double(value), holds, f"`{name}` must be finite and not negative.")


def within(
    name: str, value: Any, low: float | int, high: float | int
) -> Float[Array, "*shape"]:
    """The value, if it lies in the closed interval."""
    holds = (_known(value) >= low) & (_known(value) <= high)
    return require(_double(value), holds, f"`{name}` must lie in [{low:g}, {high:g}].")


def inside(
    name: str, value: Any, low: float | int, high: float | int
) -> Float[Array, "*shape"]:
    """The value, if it lies in the open interval."""
    holds = (_known(value) > low) & (_known(value) < high)
    return require(_double(value), holds, f"`{name}` must lie in ({low:g}, {high:g}).")


def at_least(name: str, value: int | None, low: int) -> None:
    """Refuse an integer that is too small; None passes."""
    if value is not None and not value >= low:
        raise DomainError(f"`{name}` must be at least {low}, got {value}.")


def choice(name: str, value: str, options: tuple[str, ...]) -> None:
    """Refuse a word that is not among the options."""
    if value not in options:
        raise DomainError(f"`{name}` must be one of {options}, got {value!r}.")


def finite(name: str, value: Any) -> Float[Array, "*shape"]:
    """The value, if all its entries are finite."""
    return require(_double(value), _finite(value), f"`{name}` must be finite.")


def tilt_exists(
    temperature: Float[Array, "*shape"], link: str, power: int
) -> Float[Array, "*shape"]:
    r"""Refuse $\mathbb{E} e^{p\sigma^*/\beta} = \infty$; the temperature otherwise."""
    spec = link_spec(link)
    if spec.degree > 2:
        raise DomainError(
            f"`link` {link!r} grows like a polynomial of degree {spec.degree}: the "
            "tilt is undefined at every temperature."
        )
    if spec.degree < 2:
        return temperature
    critical = 2 * power * spec.leading
    return require(
        temperature,
        _known(temperature) > critical,
        f"`temperature` must exceed {critical:.6f}: the moment of order {power:g} of "
        f"the tilt of {link!r} is infinite.",
    )


def labels(
    temperature: Any, noise: Any, link: str, transform: str, power: int
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Check a label transform; returns temperature and noise."""
    choice("transform", transform, TRANSFORMS)
    link_spec(link)
    temperature = positive("temperature", temperature)
    if transform != "plain":
        temperature = tilt_exists(temperature, link, power)
    return temperature, nonnegative("noise", noise)


def centring(center: Any) -> Float[Array, ""] | str:
    """The centre as an array, or the word mean; anything else is refused."""
    if isinstance(center, str):
        choice("center", center, ("mean",))
        return center
    if not (isinstance(center, int | float) or hasattr(center, "dtype")):
        raise DomainError(f'`center` must be a number or "mean", got {center!r}.')
    return jnp.asarray(center, dtype=jnp.float64)


def _double(value: Any) -> Float[Array, "*shape"]:
    """The value as an array; callers run in double precision."""
    return value if isinstance(value, jax.Array) else jnp.asarray(value, jnp.float64)


def _known(value: Any) -> Any:
    """The value in NumPy where it is known, so that conditions are cheap."""
    return value if is_traced(value) else np.asarray(value)


def _finite(value: Any) -> Any:
    return jnp.isfinite(value) if is_traced(value) else np.isfinite(np.asarray(value))
