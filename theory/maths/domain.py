"""Domain checks of formulas: one helper, one exception."""

from typing import Any, TypeVar

import equinox as eqx
import numpy as np
from jax.core import Tracer

Value = TypeVar("Value")


class DomainError(ValueError):
    """A parameter lies outside the domain of a formula."""


def require(value: Value, holds: Any, message: str) -> Value:
    """Return `value` if `holds` everywhere, otherwise say where it does not.

    With concrete values the error is raised at once and names the first offending
    index; under tracing it is deferred to run time by `equinox.error_if`.

    Args:
        value: The quantity that is handed through; use the returned one.
        holds: The condition, elementwise; broadcasts against `value`.
        message: One sentence with the argument in backquotes.

    Returns:
        `value`, unchanged.

    Raises:
        DomainError: If the condition fails somewhere (concrete values).
    """
    if is_traced(holds):
        return eqx.error_if(value, ~holds, message)
    failed = np.logical_not(np.asarray(holds, dtype=bool))
    if failed.any():
        raise DomainError(f"{message} {_first_failure(value, failed)}")
    return value


def is_traced(value: Any) -> bool:
    """Whether `value` is known only at run time (inside jit, vmap or grad)."""
    return isinstance(value, Tracer)


def known(value: Any) -> Any:
    """The value in NumPy, where a condition on it compiles nothing; traced: itself."""
    return value if is_traced(value) else np.asarray(value)


def _first_failure(value: Any, failed: Any) -> str:
    """Where the condition fails first, with the value there when it is known."""
    if is_traced(value):
        return f"First violated at index {_first_index(failed)}."
    shown, failed = np.broadcast_arrays(np.asarray(value), failed)
    index = _first_index(failed)
    where = f"First violated at index {index}: " if index else "Got "
    return f"{where}{shown[index]}."


def _first_index(failed: Any) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(failed)[0])
