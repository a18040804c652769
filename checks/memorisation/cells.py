"""Cells, sweeps and the pieces that the claims on memorisation share.

All sweeps over pairs of models have the same axes, so that claims about the same cell
read the same stored samples, and one program per dimension serves every load.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import xarray as xr
from xarray import DataArray

from ...sims import memorisation as sims
from ...sims.sweep import Policy, Sweep, zip_
from ...theory import memorisation as theory
from ..harness import Design, Mutant

WHITE = 0.0  # the exponent of white data
AXES = ("exponent", "load", "ridge", "spike", "shared")
Cell = tuple[float, float, float, float, float]
EFFORT_FROM = 96  # smaller models run faster than a full compilation takes


def cell(
    exponent: float = WHITE,
    load: float = 1.0,
    ridge: float = 0.0,
    spike: float = 0.0,
    shared: float = 0.0,
) -> Cell:
    """One cell: a power law or white data with a spike, and the fraction shared."""
    return exponent, load, ridge, spike, shared


def grid(
    exponents: Iterable[float], loads: Iterable[float], ridges: Iterable[float] = (0.0,)
) -> list[Cell]:
    """The product of exponents, loads and ridges, without spike."""
    return [cell(*values) for values in product(exponents, loads, ridges)]


def spectrum(dim: int, exponent: float, spike: float = 0.0) -> np.ndarray:
    """Descending variances of trace `dim` (white: 1, with one spike)."""
    if exponent != WHITE:
        return np.asarray(theory.power_law_spectrum(dim, exponent).variances)
    return np.concatenate([[1.0 + spike], np.ones(dim - 1)])


def samples(load: float, dim: int) -> int:
    """Samples per model, n = round(load d)."""
    return round(load * dim)


def pairs(
    cells: Iterable[Cell],
    dim: int,
    *,
    latents: int = 12,
    top_load: float = 4.0,
    crn: bool = False,
) -> Sweep:
    """The sweep over pairs of models in the given cells, loads up to `top_load`."""
    columns = dict(zip(AXES, zip(*cells, strict=True), strict=True))
    return Sweep(
        sim=sims.simulate_pair,
        static={
            "max_samples": [round(top_load * dim)],
            "num_generated": [16],
            "num_latents": [latents],
        },
        dynamic={"dim": [dim], **zip_(**columns)},
        derive={
            "variances": spectrum,
            "num_samples": samples,
            "num_shared": lambda shared, load, dim: round(shared * samples(load, dim)),
        },
        policy=Policy(effort="full" if dim >= EFFORT_FROM else None),
        crn=crn,
    )


def counts(variances: np.ndarray) -> np.ndarray:
    """One for every variance."""
    return np.ones(len(variances))


def total(variances: np.ndarray, ridge: float) -> float:
    """Exact mean of tr G^2."""
    return float(np.sum(variances + ridge))


def convergence(variances: np.ndarray, num_samples: float, ridge: float) -> Any:
    """Convergence with its 1/n term."""
    parts = variances, counts(variances), num_samples, ridge
    return theory.convergence(*parts, corrected=True)


def residual(cross: DataArray, own: DataArray, claimed: Any, norm: Any) -> DataArray:
    """Rows of mean E t12 / E t11 without a ratio: E t11 = `norm` is known exactly."""
    return (cross - claimed * (own - norm)) / norm


def together(**parts: DataArray) -> DataArray:
    """Rows of several observables side by side, told apart by a coordinate."""
    named = [
        part.assign_coords(observable=("point", [name] * part.sizes["point"]))
        for name, part in parts.items()
    ]
    return xr.concat(named, dim="point")


def says(name: str, function: Callable[..., Any], sweep: str = "pair") -> Mutant:
    """A mutant of theory: claims what `function` gives in every cell."""
    return Mutant(
        name, lambda design: replace(design, claimed=design.sweeps[sweep].map(function))
    )


def scales(name: str, change: Callable[[np.ndarray], Any]) -> Mutant:
    """A mutant of theory: claims a function of the claimed numbers."""
    return Mutant(name, lambda design: replace(design, claimed=change(design.claimed)))


def trained_on_the_same_data(design: Design) -> Design:
    """Both models see the same samples."""
    sweep = design.sweeps["pair"]
    dynamic = {
        key: [_shared(values) for values in column]
        if isinstance(key, tuple)
        else column
        for key, column in sweep.dynamic.items()
    }
    return replace(design, sweeps={"pair": replace(sweep, dynamic=dynamic)})


def _shared(values):
    return (*values[:-1], 1.0)


def same_data(shift: float | None = None) -> Mutant:
    """The mutant simulator in which the data sets are not disjoint."""
    return Mutant("same data for both models", trained_on_the_same_data, shift=shift)
