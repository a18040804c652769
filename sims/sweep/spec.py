"""What a sweep is: a simulator on a grid of cells, at any number of seeds."""

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from . import grid
from .errors import SpecificationError
from .reduction import Reduction
from .simulator import Simulator

if TYPE_CHECKING:
    from xarray import Dataset

    from .memory import MemoryBudget
    from .plan import Plan


@dataclass(frozen=True)
class Policy:
    """How lanes are computed; every entry is part of the numerics signature.

    Attributes:
        dtype: Floating dtype; None takes the simulator's.
        x64: Whether to trace under x64; None follows the dtype.
        matmul: Default precision of matrix products.
        tile: Lanes computed together; None takes the simulator's or the planner's,
            `"all"` one vmap over the whole request (not bitwise reproducible).
    """

    dtype: str | None = None
    x64: bool | None = None
    matmul: str = "highest"
    tile: int | str | None = None

    def of(self, sim: Simulator) -> "Policy":
        """The same policy with what it left to the simulator filled in."""
        dtype = self.dtype or sim.dtype
        if dtype not in ("float32", "float64"):
            raise SpecificationError("`dtype` must be float32 or float64.")
        x64 = dtype == "float64" if self.x64 is None else self.x64
        tile = sim.tile if self.tile is None else self.tile
        if tile not in (None, "all") and not (isinstance(tile, int) and tile > 0):
            raise SpecificationError("`tile` must be a positive integer or 'all'.")
        return Policy(dtype, x64, self.matmul, tile)


@dataclass(frozen=True)
class Out:
    """Which part of an output is kept.

    Attributes:
        keep: Slice or indices along the first dimension; None keeps all.
        drop: Leave the output out altogether.
    """

    keep: slice | tuple[int, ...] | None = None
    drop: bool = False

    def part(self, output: Any) -> Any:
        """What is kept of an output."""
        keep = self.keep
        if keep is None or isinstance(keep, slice):
            return output if keep is None else output[keep]
        return output[np.asarray(keep, np.int32)]

    def plain(self) -> Any:
        """What is kept, as plain data."""
        keep = self.keep
        if isinstance(keep, slice):
            return ("slice", keep.start, keep.stop, keep.step)
        return keep

    @staticmethod
    def restored(plain: Any) -> "Out":
        """The output that `plain` describes."""
        return Out(slice(*plain[1:]) if plain and plain[0] == "slice" else plain)


def zip_(**axes: Collection[Any]) -> dict[tuple[str, ...], list[tuple[Any, ...]]]:
    """Axes that advance together: one dimension, named like the first of them.

    Args:
        axes: Values by name, all of one length.

    Returns:
        A mapping for `static` or `dynamic`, alone or merged with further axes.

    Raises:
        SpecificationError: If the lengths differ.
    """
    if len({len(values) for values in axes.values()}) != 1:
        raise SpecificationError(f"Zipped axes {list(axes)} differ in length.")
    return {tuple(axes): list(zip(*axes.values(), strict=True))}


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A simulator on a grid; it carries no number of seeds.

    Attributes:
        sim: The simulator.
        static: Axes of static parameters, by name, or `zip_(…)`.
        dynamic: Axes of dynamic parameters, by name, or `zip_(…)`.
        derive: Dynamic inputs as host functions of a cell's axis values.
        shared: Inputs common to all cells of a program: functions of static values.
        where: Which cells exist.
        outputs: Parts of outputs to keep.
        reduce: `Moments()` or `Histogram(…)` per cell on the device, instead of rows.
        replicas: Lanes per seed; replica r of seed i is lane i·replicas + r.
        crn: Common random numbers: the same keys in every cell.
        crn_group: Name of a stream that several simulators share.
        policy: How lanes are computed.
    """

    sim: Simulator
    static: Mapping[Any, Collection[Any]] = field(default_factory=dict)
    dynamic: Mapping[Any, Collection[Any]] = field(default_factory=dict)
    derive: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    shared: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    where: Callable[..., bool] | None = None
    outputs: Mapping[str, Out] = field(default_factory=dict)
    reduce: Reduction | None = None
    replicas: int = 1
    crn: bool = False
    crn_group: str | None = None
    policy: Policy = Policy()

    @functools.cached_property
    def axes(self) -> list[grid.Axis]:
        """Static axes, then dynamic ones, in the order given."""
        if not isinstance(self.sim, Simulator):
            raise SpecificationError("`sim` must carry the decorator `@simulator`.")
        static = grid.axes(self.sim, self.static, "static")
        return static + grid.axes(self.sim, self.dynamic, "dynamic")

    @functools.cached_property
    def positions(self) -> list[tuple[int, ...]]:
        """Where each cell of `cells()` stands in the grid."""
        return [index for index, _ in self._kept]

    @functools.cached_property
    def _kept(self) -> list[tuple[tuple[int, ...], dict[str, Any]]]:
        _check_names(self)
        cells = list(grid.product(self.axes))
        if self.where is None:
            return cells
        return [(i, c) for i, c in cells if self.where(**grid.named(self.where, c))]

    def cells(self) -> list[dict[str, Any]]:
        """The axis values of every cell that `where` keeps, in the order of the grid.

        Raises:
            SpecificationError: If the sweep is not well formed.
        """
        return [dict(cell) for _, cell in self._kept]

    def inputs(self, cell: Mapping[str, Any]) -> dict[str, Any]:
        """All a cell knows by name: axis values, derived, shared inputs, defaults."""
        derived = {k: f(**grid.named(f, cell)) for k, f in self.derive.items()}
        shared = {k: f(**grid.named(f, cell)) for k, f in self.shared.items()}
        return {**self.sim.defaults, **cell, **derived, **shared}

    def map(self, function: Callable[..., Any]) -> np.ndarray:
        """Evaluate a theory function in every cell.

        Args:
            function: Takes any of the cell's axis values, derived and shared inputs
                by name; returns a number (or an array of one shape).

        Returns:
            Float64, one entry (or row) per cell of `cells()`.

        Raises:
            SpecificationError: If the function asks for a name that no cell has.
        """
        parameters = inspect.signature(function).parameters.values()
        results = []
        for cell in self.cells():
            known = self.inputs(cell)
            missing = [
                p.name
                for p in parameters
                if p.default is p.empty
                and p.name not in known
                and p.kind < p.VAR_KEYWORD
                if p.kind is not p.VAR_POSITIONAL
            ]
            if missing:
                raise SpecificationError(
                    f"No cell has {missing}, asked by the function."
                )
            results.append(np.asarray(function(**grid.named(function, known))))
        return np.asarray(results, dtype=np.float64)

    def plan(
        self, seeds: int, *, budget: "MemoryBudget | None" = None, base_seed: int = 0
    ) -> "Plan":
        """What `run` would do: groups, tiles, lanes, bytes; nothing runs."""
        from .plan import plan

        return plan([(self, seeds)], base_seed=base_seed, budget=budget)

    def run(self, seeds: int, **options: Any) -> "Dataset":
        """Evaluate seeds 0 … seeds−1 of every cell; see `limen.sims.sweep.run`.

        Args:
            seeds: Number of seeds.
            options: `store`, `workers`, `progress`, `base_seed`, `strict`, ….

        Returns:
            Dataset with dimensions (*axes, seed, [replica], *output dimensions).
        """
        from .run import run

        return run(self, seeds, **options)


def _check_names(sweep: Sweep) -> None:
    """Refuse a sweep whose names do not fit its simulator."""
    sim = sweep.sim
    names = [name for axis in sweep.axes for name in axis.names]
    static = {n for a in grid.axes(sim, sweep.static, "static") for n in a.names}
    given = [*names, *sweep.derive, *sweep.shared]
    twice = sorted({name for name in given if given.count(name) > 1})
    used = {
        p
        for f in (*sweep.derive.values(), *sweep.shared.values())
        for p in inspect.signature(f).parameters
    }
    known = {*sim.dynamic, *sim.static}
    needed = [p for p in (*sim.dynamic, *sim.static) if p not in sim.defaults]
    problems = [
        *(f"`{n}` is given twice" for n in twice),
        *(f"`{n}` is dynamic, not static" for n in static & set(sim.dynamic)),
        *(
            f"`{n}` is static, not dynamic"
            for n in set(given) - static & set(sim.static)
        ),
        *(f"`{n}` is no parameter" for n in given if n not in known | used),
        *(f"`{n}` is missing" for n in needed if n not in given),
        *(
            f"output `{n}` does not exist"
            for n in sweep.outputs
            if n not in sim.outputs
        ),
    ]
    if type(sweep.replicas) is not int or sweep.replicas < 1:
        problems.append("`replicas` must be a positive integer")
    kept = [out.keep for out in sweep.outputs.values() if isinstance(out.keep, slice)]
    if any((part.start or 0) < 0 or (part.step or 1) < 0 for part in kept):
        problems.append("`keep` must count forwards from the start")
    thinned = any(out.keep is not None for out in sweep.outputs.values())
    if sweep.reduce is not None and (thinned or "status" in sweep.outputs):
        problems.append("`reduce` takes whole outputs, and `status` with them")
    if sweep.reduce is not None and sim.deterministic:
        problems.append("`reduce` needs seeds, but the simulator is deterministic")
    if inspect.unwrap(sim.function).__code__.co_freevars:
        problems.append("the simulator closes over local variables: pass them instead")
    grid.report(f"The sweep of {sim!r} cannot run", problems)
