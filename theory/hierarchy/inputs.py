"""Checks of arguments: at once for concrete values, silent under tracing."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ..maths.domain import Value, is_traced, known, require

Index = int | Int[Array, ""]
Side = int | Int[Array, ""]


def checked(value: Value, holds: Any, message: str) -> Value:
    """`require` for concrete values; traced ones pass, by the contract of the spec.

    Raises:
        DomainError: If a concrete `holds` fails somewhere.
    """
    return value if is_traced(holds) else require(value, holds, message)


def positive(value: Float[Array, "*cells"], name: str) -> Float[Array, "*cells"]:
    """A quantity that must be positive and finite."""
    holds = (known(value) > 0) & (known(value) < np.inf)
    return checked(value, holds, f"`{name}` must be positive and finite.")


def decay(gamma: Float[Array, "*cells"]) -> Float[Array, "*cells"]:
    """A decay exponent: finite and not negative."""
    holds = (known(gamma) >= 0) & (known(gamma) < np.inf)
    return checked(gamma, holds, "`gamma` must be finite and not negative.")


def signed(side: Side) -> Float[Array, ""]:
    """A side of the spectrum, +1 or −1, as a factor."""
    side = checked(side, abs(known(side)) == 1, "`side` must be +1 or -1.")
    return jnp.asarray(side, dtype=jnp.float64)


def at_least(value: int, minimum: int, name: str) -> int:
    """A static size with a lower bound.

    Raises:
        ValueError: If it is smaller.
    """
    if value < minimum:
        raise ValueError(f"`{name}` must be at least {minimum}, got {value}.")
    return value


def one_of(value: str, choices: tuple[str, ...], name: str) -> str:
    """A registered name.

    Raises:
        ValueError: If it is none of the choices.
    """
    if value not in choices:
        raise ValueError(f"`{name}` must be one of {choices}, got {value!r}.")
    return value
