"""Data sets and small tools that the claims on mean-field networks share."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from xarray import DataArray, Dataset

from ...sims import meanfield as sims
from ...sims.sweep.program import effort
from ..harness import Design, Tolerance

EXACT = "rounding in float64"
Data = Mapping[str, Dataset]


@functools.cache
def plane_data(amplitude: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Data set D2: eight points on an arc in the plane, targets scaled by R."""
    angle = np.pi * np.arange(8) / 16 + 0.1
    X = 1.5 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return X, amplitude * 0.6 * np.tanh(X @ np.array([1.0, -0.5]))


@functools.cache
def line_data() -> tuple[np.ndarray, np.ndarray]:
    """Data set D1: eight points on a line."""
    X = np.linspace(0.3, 1.7, 8)[:, None]
    return X, 0.6 * np.tanh(X[:, 0])


@functools.cache
def training_data() -> tuple[np.ndarray, np.ndarray]:
    """Data of MF-2 and MF-3: n = 24 normal inputs in d = 6, target tanh(1.5 x₁)."""
    X = np.random.default_rng(0).standard_normal((24, 6))
    return X, np.tanh(1.5 * X[:, 0])


@functools.cache
def reference_field(
    amplitude: float,
    lam: float,
    tau: float,
    step: float,
    num_particles: int,
    num_steps: int,
) -> np.ndarray:
    """Mean-field predictions on D2 from one very wide network (c₀ = 1).

    Long enough a run to be worth a compilation with full effort: a tenth of the time.
    """
    X, y = plane_data(amplitude)
    run = jax.jit(
        functools.partial(
            sims.reference_path.function,
            num_particles=num_particles,
            num_steps=num_steps,
        ),
        compiler_options=effort("full"),
    )
    arrays = (X, y, lam, tau, step, amplitude, 1.0)
    values = [jnp.asarray(array, jnp.float32) for array in arrays]
    return np.asarray(run(jax.random.key(2605), *values)["field"], dtype=np.float64)


def number(function: Callable[..., Any], *args: Any, **kwargs: Any) -> np.ndarray:
    """A theory function's value, taken out of JAX at once."""
    return np.asarray(function(*args, **kwargs), dtype=np.float64)


def promoted(*values: Any) -> Any:
    """Arguments that a theory function turns into float64 arrays itself."""
    return values


def double(function: Callable[..., Any], *args: Any) -> Any:
    """Compile and run a pure function in float64; results as NumPy."""
    with jax.enable_x64(True):
        arrays = [jnp.asarray(value) for value in args]
        found = jax.jit(function)(*arrays)
        return jax.tree.map(np.asarray, found)


def fixed(**values: Any) -> dict[str, Callable[..., Any]]:
    """Constants as `derive` or `shared` inputs of a sweep."""
    return {name: functools.partial(_constant, value) for name, value in values.items()}


def _constant(value: Any, /, **_: Any) -> Any:
    return value


def computed(
    values: Any,
    claimed: Any,
    tol: Any,
    origin: str = EXACT,
    *,
    error: float = 0.0,
    at: Mapping[Any, Any] | None = None,
) -> Design:
    """Exact evidence without seeds: numbers against numbers, one per point.

    Args:
        values: What was computed one way.
        claimed: The same by the other way.
        tol: Tolerance, one for all or one per point.
        origin: Where the tolerance comes from.
        error: Numerical error of `values`.
        at: Coordinates of the points.
    """
    array = DataArray(
        np.ravel(np.asarray(values, dtype=np.float64)),
        dims="point",
        attrs={"error": error},
    )
    if at:
        array = array.assign_coords({k: ("point", list(v)) for k, v in at.items()})
    claimed = np.ravel(np.asarray(claimed, dtype=np.float64))
    return Design(
        observe=lambda _: array,
        claimed=np.broadcast_to(claimed, array.shape),
        tol=Tolerance(np.broadcast_to(np.asarray(tol, float), array.shape), origin),
    )


def claiming(compute: Callable[[], Any]) -> Callable[[Design], Design]:
    """A theory mutant: the same samples against other numbers."""

    def change(design: Design) -> Design:
        wrong = np.ravel(np.asarray(compute(), dtype=np.float64))
        return replace(design, claimed=np.broadcast_to(wrong, design.claimed.shape))

    return change


def scaled(factor: Any) -> Callable[[Design], Design]:
    """A theory mutant: the claimed numbers times a factor."""
    return lambda design: replace(
        design, claimed=design.claimed * np.asarray(factor, dtype=np.float64)
    )


def instead(make: Callable[..., Design], **sizes: Any) -> Callable[[Design], Design]:
    """A mutant that observes something else against the same claimed numbers."""

    def change(design: Design) -> Design:
        other = make(**sizes)
        return replace(design, observe=other.observe, sweeps=other.sweeps)

    return change
