"""Checks of the parameters that several formulas of streaming bandits share."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeAlias, TypeVar

import numpy as np
from jaxtyping import Array, Float

from ..maths.domain import known, require
from ..maths.precision import float64

# What callers may pass; `@float64` makes float64 arrays of all of them.
Scalar: TypeAlias = Float[Array | np.ndarray, ""] | float
Cells: TypeAlias = Float[Array | np.ndarray, "*#cells"] | float
Points: TypeAlias = Float[Array | np.ndarray, "*cells"] | float
Vector: TypeAlias = Float[Array | np.ndarray, " arms"]
Levels: TypeAlias = Float[Array | np.ndarray, " levels"]
Stages: TypeAlias = Float[Array | np.ndarray, " stages"]
P = ParamSpec("P")
R = TypeVar("R")


def pull_counts(function: Callable[P, R]) -> Callable[P, R]:
    """Evaluate in float64, and refuse a `horizon` that came as a narrow integer array.

    An int32 horizon may have overflowed before it arrives; Python integers, which do
    not overflow, are welcome.
    """
    signature = inspect.signature(function)
    in_double = float64(function)

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        horizon = signature.bind(*args, **kwargs).arguments.get("horizon")
        reject_narrow_integers(horizon)
        return in_double(*args, **kwargs)

    return checked


def reject_narrow_integers(horizon: Any) -> None:
    """Raise ValueError if `horizon` is an integer array of at most 32 bits."""
    dtype = getattr(horizon, "dtype", None)
    if dtype is None or not np.issubdtype(dtype, np.integer):
        return
    if np.dtype(dtype).itemsize <= 4:
        raise ValueError(f"`horizon` must be a float, not {dtype}: int32 overflows.")


def check_arms(arms: int) -> None:
    """At least two arms."""
    require(arms, arms >= 2, "`arms` must be at least 2.")


def check_game(arms: int, horizon: Any) -> None:
    """At least two arms, and a finite number of pulls that serves all of them."""
    check_arms(arms)
    holds = (known(horizon) >= arms) & (known(horizon) < np.inf)
    require(horizon, holds, f"`horizon` must be finite and at least `arms` = {arms}.")


def check_noise(sigma: Any) -> None:
    """A positive noise."""
    require(sigma, known(sigma) > 0, "`sigma` must be positive.")


def check_largest_gap(gap_max: Any) -> None:
    """A positive largest gap."""
    require(gap_max, known(gap_max) > 0, "`gap_max` must be positive.")


def check_exploration(arms: int, pulls: Any, horizon: Any) -> None:
    """A game whose uniform exploration fits into the horizon."""
    check_game(arms, horizon)
    require(pulls, known(pulls) > 0, "`pulls` must be positive.")
    fits = arms * known(pulls) <= known(horizon)
    require(pulls, fits, "`pulls` times `arms` must not exceed `horizon`.")


def check_increasing(name: str, values: Any) -> None:
    """Positive and strictly increasing along the last axis."""
    require(values, known(values) > 0, f"`{name}` must be positive.")
    rises = known(values)[..., 1:] > known(values)[..., :-1]
    require(values[..., 1:], rises, f"`{name}` must be strictly increasing.")


def check_groups(arms: int, groups: Sequence[int]) -> None:
    """Groups of at least two that reduce all arms to one."""
    check_arms(arms)
    for group in groups:
        require(group, group >= 2, "`groups` must all be at least 2.")
    reach = float(np.prod([float(group) for group in groups]))
    require(reach, reach >= arms, f"The product of `groups` must reach {arms} arms.")
