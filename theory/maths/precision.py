"""Double precision for theory, without touching the global setting."""

import functools
import inspect
from collections.abc import Callable
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import jax
import jax.numpy as jnp
from jaxtyping import AbstractArray

R = TypeVar("R")


def float64(function: Callable[..., R]) -> Callable[..., R]:
    """Evaluate a theory function in double precision, whatever the global setting.

    Enters `jax.enable_x64(True)` around the call and promotes every argument that is
    annotated as a floating array (`Float[Array, …]`) to float64, be it a Python number,
    a list, a NumPy or a JAX array. Arguments with other annotations (`int`, `str`,
    tuples) stay what they are. Jit belongs inside the decorator, not outside.

    Arithmetic on the returned arrays outside the context falls back to float32: cross
    to NumPy with `np.asarray` at once.

    Args:
        function: A pure function with annotated parameters.

    Returns:
        The same function, in double precision.
    """
    signature = inspect.signature(function)
    floating = {
        name for name, p in signature.parameters.items() if _is_floating(p.annotation)
    }

    @functools.wraps(function)
    def in_double(*args: Any, **kwargs: Any) -> R:
        bound = signature.bind(*args, **kwargs)
        with jax.enable_x64(True):
            bound.apply_defaults()
            for name in floating & bound.arguments.keys():
                bound.arguments[name] = _promote(bound.arguments[name])
            return function(*bound.args, **bound.kwargs)

    return in_double


def _is_floating(annotation: Any) -> bool:
    """Whether an annotation is, or allows, an array with a floating dtype."""
    if isinstance(annotation, type) and issubclass(annotation, AbstractArray):
        return "float64" in annotation.dtypes
    is_union = get_origin(annotation) in (Union, UnionType)
    return is_union and any(map(_is_floating, get_args(annotation)))


def _promote(value: Any) -> Any:
    """The value as a float64 array; None (an absent argument) stays None."""
    return None if value is None else jnp.asarray(value, dtype=jnp.float64)
