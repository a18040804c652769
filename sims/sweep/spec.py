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

    from .control import MemoryBudget
    from .plan import Plan

RESERVED = ("seed", "replica", "valid", "key")
EFFORTS = ("full", "low")


@dataclass(frozen=True)
class Policy:
    """How lanes are computed; every entry is part of the numerics signature.

    Attributes:
        dtype: Floating dtype; None takes the simulator's.
        x64: Whether to trace under x64; None follows the dtype.
        matmul: Default precision of matrix products.
        tile: Lanes computed together; None takes the simulator's or the planner's.
        effort: Of the compiler. On a CPU "low" compiles in half the time and less, and
            what it makes runs up to twice as long: for small work. None leaves it to
            who draws; alone it is "full".
    """

    dtype: str | None = None
    x64: bool | None = None
    matmul: str = "highest"
    tile: int | None = None
    effort: str | None = None

    def of(self, sim: Simulator) -> "Policy":
        """The same policy with what it left to the simulator filled in."""
        dtype = self.dtype or sim.dtype
        if dtype not in ("float32", "float64"):
            raise SpecificationError("`dtype` must be float32 or float64.")
        x64 = dtype == "float64" if self.x64 is None else self.x64
        tile = sim.tile if self.tile is None else self.tile
        if tile is not None and not (isinstance(tile, int) and tile > 0):
            raise SpecificationError("`tile` must be a positive integer.")
        effort = self.effort or "full"
        if effort not in EFFORTS:
            raise SpecificationError("`effort` must be full or low.")
        return Policy(dtype, x64, self.matmul, tile, effort)


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

    def __post_init__(self) -> None:
        if not isinstance(self.sim, Simulator):
            raise SpecificationError("`sim` must carry the decorator `@simulator`.")

    @functools.cached_property
    def axes(self) -> list[grid.Axis]:
        """Static axes, then dynamic ones, in the order given; sound values only."""
        return self._read[0]

    @functools.cached_property
    def _read(self) -> tuple[list[grid.Axis], list[str]]:
        problems: list[str] = []
        static = grid.axes(self.sim, self.static, "static", problems)
        dynamic = grid.axes(self.sim, self.dynamic, "dynamic", problems)
        return static + dynamic, problems

    @functools.cached_property
    def static_names(self) -> set[str]:
        """Names on the static axes."""
        return {name for axis in self.axes[: len(self.static)] for name in axis.names}

    @functools.cached_property
    def problems(self) -> list[str]:
        """What is wrong with names, options and axis values."""
        return _misnamed(self) + _misused(self) + self._read[1]

    @functools.cached_property
    def kept(self) -> list[tuple[tuple[int, ...], dict[str, Any]]]:
        """Place in the grid, and values, of every sound cell that exists."""
        if _misnamed(self):
            return []
        cells, where = grid.product(self.axes), self.where
        if where is None:
            return list(cells)
        return [(i, c) for i, c in cells if where(**grid.named(where, c))]

    def cells(self) -> list[dict[str, Any]]:
        """The axis values of every cell that `where` keeps, in the order of the grid.

        Raises:
            SpecificationError: If the sweep is not well formed.
        """
        grid.report(f"The sweep of {self.sim!r} cannot run", self.problems)
        return [dict(cell) for _, cell in self.kept]

    def inputs(self, cell: Mapping[str, Any]) -> dict[str, Any]:
        """All a cell knows by name: axis values, derived, shared inputs, defaults."""
        made = {**self.derive, **self.shared}
        known = {name: f(**grid.named(f, cell)) for name, f in made.items()}
        return {**self.sim.defaults, **cell, **known}

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
        results = []
        for cell in self.cells():
            arguments = grid.named(function, self.inputs(cell))
            try:
                inspect.signature(function).bind(**arguments)
            except TypeError as error:
                raise SpecificationError(f"No cell has it: {error}.") from error
            results.append(np.asarray(function(**arguments)))
        return np.asarray(results, dtype=np.float64)

    def plan(
        self,
        seeds: int,
        *,
        budget: "MemoryBudget | None" = None,
        base_seed: int = 0,
        compile: bool = False,
    ) -> "Plan":
        """What `run` would do: groups, tiles, lanes, bytes; nothing runs.

        Args:
            seeds: Number of seeds.
            budget: Memory that one program may take.
            base_seed: Root of all random streams.
            compile: Also compile, as `run` would have to: the memory of a lane is then
                the compiler's number and no estimate.
        """
        from . import control, execute, plan

        made = plan.plan([(self, seeds)], base_seed=base_seed, budget=budget)
        if compile:
            made.programs = execute.compiled(made, control.Control())
        return made

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


def _misnamed(sweep: Sweep) -> list[str]:
    """Names that do not fit the simulator."""
    sim, static = sweep.sim, sweep.static_names
    axes = [name for axis in sweep.axes for name in axis.names]
    given = [*axes, *sweep.derive, *sweep.shared]
    used = {
        parameter
        for f in (*sweep.derive.values(), *sweep.shared.values())
        for parameter in inspect.signature(f).parameters
    }
    known = {*sim.dynamic, *sim.static}
    taken = {*RESERVED, *sim.outputs}
    needed = [p for p in (*sim.dynamic, *sim.static) if p not in sim.defaults]
    wrong = {
        "is given twice": {n for n in given if given.count(n) > 1},
        "is named like an output or a dimension": taken & set(axes),
        "is dynamic, not static": static & set(sim.dynamic),
        "is static, not dynamic": set(given) & set(sim.static) - static,
        "is no parameter": set(given) - known - used,
        "is missing": set(needed) - set(given),
        "is no output": set(sweep.outputs) - set(sim.outputs),
    }
    return [f"`{n}` {what}" for what, names in wrong.items() for n in sorted(names)]


def _misused(sweep: Sweep) -> list[str]:
    """Options that do not go together."""
    sim, reduces = sweep.sim, sweep.reduce is not None
    keeps = [out.keep for out in sweep.outputs.values() if out.keep is not None]
    parts = [keep for keep in keeps if isinstance(keep, slice)]
    backwards = any((part.start or 0) < 0 or (part.step or 1) < 0 for part in parts)
    wrong = {
        "`replicas` must be a positive integer": type(sweep.replicas) is not int
        or sweep.replicas < 1,
        "`keep` must count forwards from the start": backwards,
        "`reduce` takes whole outputs, and `status` with them": reduces
        and bool(keeps or "status" in sweep.outputs),
        "`reduce` needs seeds, but the simulator is deterministic": reduces
        and sim.deterministic,
        "the simulator closes over local variables: pass them instead": bool(
            inspect.unwrap(sim.function).__code__.co_freevars
        ),
    }
    return [what for what, is_so in wrong.items() if is_so]
