"""What the claims of streaming bandits share: sweeps, mixtures, transforms."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from inspect import Parameter, Signature
from typing import Any

import numpy as np
from xarray import DataArray, Dataset

from ...sims.bandits.drawn import FIELDS
from ...sims.sweep import Simulator, Sweep
from ...theory import bandits as theory
from ..harness import Design, Mutant

KEYWORD_ONLY = Parameter.KEYWORD_ONLY
SIGMA, GOOD_GAP, WEIGHT = 0.5, 0.5, 1 / 3
WIDTH, STAGES = 1024, 13  # arms, and stages of the bar, of programs that quick shares
EXACT = 1e-9  # error of quadrature relative to numbers of order one


def game(
    sim: Simulator,
    axes: Mapping[Any, Any],
    static: Mapping[str, Any] | None = None,
    replicas: int = 1,
    **inputs: Any,
) -> Sweep:
    """A sweep whose other inputs are constants or functions of the axis values.

    Of the players on drawn instances, `family`, `gap`, `arms`, `first` and `last` are
    given one by one, here or as axes; by default a slippage instance whose best arm may
    stand anywhere.

    Args:
        sim: The simulator.
        axes: Dynamic axes by name; names that are no parameters feed the functions.
        static: One value per static parameter.
        replicas: Lanes per seed.
        inputs: Constants, or host functions of a cell's axis values.
    """
    made = {k: v if callable(v) else constant(v) for k, v in inputs.items()}
    fields = {k: made.pop(k) for k in FIELDS if k in made}
    if "instance" in sim.dynamic:
        made["instance"] = InstanceOf(fields, list(axes))
    fixed = {name: [value] for name, value in (static or {}).items()}
    return Sweep(sim=sim, static=fixed, dynamic=axes, derive=made, replicas=replicas)


class InstanceOf:
    """The instance of a cell: a host function of the sweep's axis values."""

    def __init__(self, fields: Mapping[str, Any], axes: Sequence[Any]):
        self.fields, self.axes = fields, axes
        names = [
            n for axis in axes for n in ([axis] if isinstance(axis, str) else axis)
        ]
        self.__signature__ = Signature([Parameter(n, KEYWORD_ONLY) for n in names])

    def __call__(self, **cell: Any) -> np.ndarray:
        """Family, gap, arms, first and last position of a cell."""
        values = {"family": 0.0, "first": 0.0}
        values |= {k: v for k, v in cell.items() if k in FIELDS}
        values |= {name: made(**cell) for name, made in self.fields.items()}
        values.setdefault("last", values["arms"] - 1.0)
        return np.array([values[name] for name in FIELDS], dtype=np.float64)

    def but(self, **fields: Any) -> "InstanceOf":
        """The same with some fields replaced."""
        return InstanceOf({**self.fields, **fields}, self.axes)


def constant(value: Any) -> Callable[..., Any]:
    """A host function of the axis values that is always `value`."""
    return lambda **_: value


def exactly(values: Any, error: Any = EXACT, **coordinates: Any) -> DataArray:
    """Computed numbers as points, with their numerical error."""
    values = np.atleast_1d(np.asarray(values, dtype=np.float64))
    coords = {k: ("point", np.asarray(v)) for k, v in coordinates.items()}
    return DataArray(values, dims="point", coords=coords, attrs={"error": error})


def number(value: Any) -> float:
    """A theory value as a Python number."""
    return float(np.asarray(value))


def claimed(values: Any) -> Callable[[Design], Design]:
    """The mutation that claims other numbers (given, or a function of the claim)."""

    def change(design: Design) -> Design:
        made = values(design.claimed) if callable(values) else values
        return replace(design, claimed=made)

    return change


def seen(observe: Callable[..., DataArray]) -> Callable[[Design], Design]:
    """The mutation that observes something else."""
    return lambda design: replace(design, observe=observe)


def played(**changes: Callable[[Sweep], Sweep]) -> Callable[[Design], Design]:
    """The mutation that plays something else in the named sweeps."""

    def change(design: Design) -> Design:
        moved = {name: make(design.sweeps[name]) for name, make in changes.items()}
        return replace(design, sweeps={**design.sweeps, **moved})

    return change


def scaled(name: str, factor: float) -> Mutant:
    """The mutant that claims `factor` times as much."""
    return Mutant(name, claimed(lambda value: factor * np.asarray(value)))


def with_inputs(**inputs: Any) -> Callable[[Sweep], Sweep]:
    """The same sweep with some inputs replaced by constants or functions."""
    made = {k: v if callable(v) else constant(v) for k, v in inputs.items()}
    fields = {k: made.pop(k) for k in FIELDS if k in made}

    def change(sweep: Sweep) -> Sweep:
        derive = {**sweep.derive, **made}
        if fields:
            derive["instance"] = derive["instance"].but(**fields)
        return replace(sweep, derive=derive)

    return change


def spread(chosen: DataArray, law: Any) -> DataArray:
    """Randomised probability transform of arm indices: uniform if the law is right.

    Args:
        chosen: Arm indices (seed, point).
        law: Probabilities of the arms, one law for all points or one per point.
    """
    probabilities = np.atleast_2d(np.asarray(law, dtype=np.float64))
    points = chosen.sizes["point"]
    table = np.broadcast_to(probabilities, (points, probabilities.shape[-1]))
    upper = np.cumsum(table, axis=1)
    arms = chosen.values.astype(int)
    rows = np.arange(points)[None]
    jitter = np.random.default_rng(0).random(arms.shape)
    return chosen.copy(data=upper[rows, arms] - jitter * table[rows, arms])


def uniform_law(x: np.ndarray) -> np.ndarray:
    """Distribution function of the uniform law on [0, 1]."""
    return np.clip(x, 0.0, 1.0)


def prior(regret: DataArray) -> DataArray:
    """R(B)/3 + 2 R(A)/3 from rows on both instances of the hard prior (axis `late`)."""
    late = regret.sel(late=1.0, drop=True)
    early = regret.sel(late=0.0, drop=True)
    return WEIGHT * late + (1 - WEIGHT) * early


def hard(arms: int, memory: Callable[..., float] | float = 1.0) -> dict[str, Any]:
    """Inputs of the hard prior: late = 1 is B (the last arm leads by ½), 0 is A_J."""

    def gap(late: float, per_arm: float, **cell: Any) -> float:
        if late:
            return GOOD_GAP
        kept = memory(**cell) if callable(memory) else memory
        return number(theory.regret_lower_bound(arms, arms * per_arm, kept).eps)

    return {
        "family": 0.0,
        "gap": gap,
        "arms": float(arms),
        "first": lambda late, **_: (arms - 1.0) * late,
        "last": lambda late, **_: arms - 2.0 + late,
        "horizon": lambda per_arm, **_: arms * per_arm,
    }


def widened(groups: Sequence[int], width: int) -> tuple[int, ...]:
    """The same ladder for up to `width` arms: its last group takes the rest."""
    inner = tuple(groups[:-1])
    return *inner, max(groups[-1], -(-width // int(np.prod(inner, dtype=int))))


def padded_stages(stages: np.ndarray, length: int = STAGES) -> np.ndarray:
    """Stages with the last one repeated, so that one program serves all."""
    return np.append(stages, np.full(max(length - len(stages), 0), stages[-1]))


def averaged(array: DataArray) -> DataArray:
    """Replicas averaged, other dimensions kept."""
    array = array.astype(np.float64)
    return array.mean("replica") if "replica" in array.dims else array


Observed = Mapping[str, Dataset]
