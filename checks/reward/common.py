"""What the claims of reward learning share: sweeps, exact points, mutations."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from xarray import DataArray, Dataset

from ...sims.sweep import Simulator, Sweep
from ...theory import reward as theory
from ..harness import Design, rows

Changes = Callable[[Design], Design]
QUADRATURE = 1e-12  # error of theory numbers of order one
TURN = -np.pi / 2  # phase at which the student's odd coefficients vanish
CENSORED = 0.25  # share of searches that end unfinished, beyond which means mislead


def sweep(
    sim: Simulator,
    static: Mapping[str, Any],
    dynamic: Mapping[Any, Any],
    replicas: int = 1,
    **inputs: Any,
) -> Sweep:
    """A sweep with one value per static parameter.

    Args:
        sim: The simulator.
        static: Static parameters.
        dynamic: Axes, as in `Sweep`.
        replicas: Lanes per seed.
        inputs: Other dynamic inputs: constants, or functions of a cell's axis values.
    """
    derive = {k: v if callable(v) else _constant(v) for k, v in inputs.items()}
    fixed = {name: [value] for name, value in static.items()}
    return Sweep(
        sim=sim, static=fixed, dynamic=dynamic, derive=derive, replicas=replicas
    )


def _constant(value: Any) -> Callable[..., Any]:
    return lambda **_: value


def number(value: Any) -> float:
    """A theory value as a Python number."""
    return float(np.asarray(value))


def numbers(values: Any) -> np.ndarray:
    """Theory values as a NumPy array."""
    return np.array([number(value) for value in values])


def exactly(values: Any, error: Any = QUADRATURE, **coordinates: Any) -> DataArray:
    """Computed numbers as points, with their numerical error."""
    values = np.atleast_1d(np.asarray(values, dtype=np.float64))
    coords = {k: ("point", np.asarray(v)) for k, v in coordinates.items()}
    return DataArray(values, dims="point", coords=coords, attrs={"error": error})


def joined(*arrays: DataArray) -> DataArray:
    """Rows of several sweeps side by side, cut to the same number of seeds."""
    count = min(array.sizes["seed"] for array in arrays)
    plain = [
        rows(array).isel(seed=slice(count)).reset_coords(drop=True) for array in arrays
    ]
    return xr.concat(plain, dim="point")


def uncensored(data: Dataset) -> Dataset:
    """First-passage rows as they are, with a warning if too many are censored."""
    share = float(data.censored.mean())
    if share > CENSORED:
        warnings.warn(
            f"{share:.0%} of the searches ended at `max_steps` without a hit.",
            stacklevel=2,
        )
    return data


def admissible(*args: Any, **options: Any) -> theory.Admissible:
    """The theory's sets, also where it warns: there the bound admits nothing."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*effective samples per feature")
        return theory.admissible_sets(*args, **options)


def claims(values: Any) -> Changes:
    """The mutation that claims something else (a value, or a function of the claim)."""

    def change(design: Design) -> Design:
        made = values(design.claimed) if callable(values) else values
        return replace(design, claimed=made)

    return change


def observes(observe: Callable[..., DataArray]) -> Changes:
    """The mutation that observes something else."""
    return lambda design: replace(design, observe=observe)


def runs(**changes: Callable[[Sweep], Sweep]) -> Changes:
    """The mutation that runs something else in the named sweeps."""

    def change(design: Design) -> Design:
        moved = {name: make(design.sweeps[name]) for name, make in changes.items()}
        return replace(design, sweeps={**design.sweeps, **moved})

    return change


def given(**inputs: Any) -> Callable[[Sweep], Sweep]:
    """The sweep with other inputs: constants, or functions of a cell's axis values."""
    made = {k: v if callable(v) else _constant(v) for k, v in inputs.items()}

    def change(before: Sweep) -> Sweep:
        axes = {k: [inputs[k]] for k in before.dynamic if k in inputs}
        derived = {k: f for k, f in made.items() if k not in axes}
        return replace(
            before,
            dynamic={**before.dynamic, **axes},
            derive={**before.derive, **derived},
        )

    return change


def center_of(link: str, transform: str) -> Callable[..., float]:
    """The population mean of the labels of a cell."""

    def center(temperature: float, noise: float, **_: Any) -> float:
        return number(
            theory.label_mean(temperature, noise, link=link, transform=transform)
        )

    return center


def nodes() -> tuple[np.ndarray, np.ndarray]:
    """The rule Q1."""
    return theory.gauss_grid(breaks=(0.0,))


def reward_at(link: str, z: np.ndarray) -> np.ndarray:
    """A link of the theory in NumPy, double precision."""
    with jax.enable_x64(True):
        return np.asarray(theory.link_spec(link).fn(jnp.asarray(z)))
