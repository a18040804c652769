"""Planning: cells into groups, groups into tiles; nothing compiles, nothing runs."""

import collections
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from ...theory.threads import usable_cores
from . import grid
from .canonical import array_digest, canonical, digest, words
from .control import MemoryBudget
from .errors import SpecificationError
from .program import Program, Recipe, Traced, side_by_side
from .signature import machine
from .simulator import Simulator
from .source import source_hash
from .spec import Out, Sweep
from .streams import cell_keys

TILES = {"cpu": (32 * 2**20, 256)}
TILES_ELSEWHERE = (4 * 2**30, 4096)
LANES = 2**32
STREAMS = 2  # raised when a program's arguments, hence perhaps its bits, change
Quantum = tuple[str, int]
Arrays = dict[str, np.ndarray]
_traces: dict[Any, Traced] = {}


@dataclass(frozen=True)
class Cell:
    """One combination of values.

    Attributes:
        values: Axis values by name; they name the random stream.
        inputs: Dynamic inputs as arrays.
        stream: Key data from which those of the lanes are made.
        key: Digest of the values and of all inputs that are not axis values.
    """

    values: dict[str, Any]
    inputs: Arrays
    stream: tuple[int, int]
    key: str


@dataclass(frozen=True)
class Group:
    """Cells that share one program and one folder of the store.

    Attributes:
        recipe: What is compiled.
        shared: Inputs that all lanes see.
        replicas: Lanes per seed.
        quantum: Seeds stored together.
        tile: Lanes computed together on one device.
        traced: Stored outputs of one lane; estimates of its memory and operations.
        base_seed: Root of all streams.
        stream: Word of the experiment.
        address: Digest of all that, of the source and of the machine: the folder.
    """

    recipe: Recipe
    shared: Arrays
    replicas: int
    quantum: int
    tile: int
    traced: Traced
    base_seed: int
    stream: int
    address: str

    @property
    def sim(self) -> Simulator:
        """The simulator."""
        return self.recipe.sim

    @property
    def shapes(self) -> Mapping[str, jax.ShapeDtypeStruct]:
        """Stored outputs of one lane."""
        return self.traced.shapes

    @property
    def sizes(self) -> dict[str, int]:
        """Sizes of the output dimensions."""
        shapes = self.shapes.items()
        pairs = (zip(self.recipe.dims(n), s.shape, strict=True) for n, s in shapes)
        return {dim: size for sizes in pairs for dim, size in sizes}

    @property
    def width(self) -> int:
        """Lanes of one quantum."""
        return self.quantum * self.replicas

    @property
    def stored_bytes(self) -> int:
        """Stored bytes of one lane."""
        return sum(s.size * s.dtype.itemsize for s in self.shapes.values())

    def held(self, seeds: int, cells: int) -> int:
        """Seeds that the calls for `seeds` seeds of so many cells can hold."""
        step, quanta = cells * self.width, -(-seeds // self.quantum)
        calls = -(-quanta * step // self.tile)
        return calls * self.tile // step * self.quantum

    def __str__(self) -> str:
        static = grid.describe(self.recipe.static) or "no static arguments"
        return f"{self.sim.name}[{static}] {self.address[:8]}"


@dataclass(frozen=True)
class Request:
    """One sweep, the number of rows to return, group and cell of each place."""

    sweep: Sweep
    rows: int
    places: list[tuple[Group, Cell]]


@dataclass
class Plan:
    """What a run would do.

    Attributes:
        requests: The sweeps with their rows.
        groups: All groups by address.
        cells: Cells of each group by key.
        quanta: Quanta needed of each cell, by group and key.
        programs: What was compiled, by group, if the plan was asked to compile.
        budget: Bytes that one program may take.
    """

    requests: list[Request] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    cells: dict[str, dict[str, Cell]] = field(default_factory=dict)
    quanta: dict[str, dict[str, int]] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)
    budget: int = 0

    def lane_bytes(self, group: str) -> int:
        """Memory of a lane at work: the compiler's number, else the estimate."""
        program = self.programs.get(group)
        if program is not None:
            return -(-program.call_bytes // program.lanes)
        return self.groups[group].traced.lane_bytes

    def work_bytes(self, address: str) -> int:
        """Memory of a group at work: of the calls that run side by side."""
        program = self.programs.get(address)
        library = program is not None and program.library
        size = self.lane_bytes(address) * self.groups[address].tile
        most = side_by_side(size, self.budget, usable_cores(), library=library)
        return size * min(self.calls(address), most)

    def calls(self, address: str) -> int:
        """Calls of a group's program on one device, whether stored or not."""
        return -(-self.lanes(address) // self.groups[address].tile)

    def need(self, group: str) -> Iterable[Quantum]:
        """All quanta of a group that the requests call for, cell by cell."""
        for key, count in self.quanta[group].items():
            yield from ((key, index) for index in range(count))

    def lanes(self, group: str) -> int:
        """Lanes of a group, whether stored or not."""
        return sum(self.quanta[group].values()) * self.groups[group].width

    @property
    def stored_bytes(self) -> int:
        """Bytes of all rows."""
        return sum(self.lanes(a) * g.stored_bytes for a, g in self.groups.items())

    def __str__(self) -> str:
        from .progress import table

        return table(self)


def plan(
    requests: Sequence[tuple[Sweep, int]],
    *,
    base_seed: int = 0,
    budget: MemoryBudget | None = None,
    fill: bool = False,
) -> Plan:
    """Group the cells of all requests into programs.

    Args:
        requests: Sweeps with the number of seeds wanted.
        base_seed: Root of all random streams.
        budget: Memory that one program may take; default 60 % of what is there.
        fill: Add the seeds that come next while no call is added.

    Returns:
        The plan; nothing was compiled.

    Raises:
        SpecificationError: If a sweep is not well formed or does not fit.
    """
    if not 0 <= base_seed < LANES:
        raise SpecificationError(f"`base_seed` must lie in 0 … 2**32-1: {base_seed}.")
    made = Plan(budget=(budget or MemoryBudget()).bytes())
    for sweep, seeds in requests:
        rows, places = _checked(seeds, sweep), _places(sweep, int(base_seed))
        if fill and rows and places and not sweep.sim.deterministic:
            cells = collections.Counter(group.address for group, _ in places)
            rows = min(g.held(rows, cells[g.address]) for g, _ in places)
        made.requests.append(Request(sweep, rows, places))
        for group, cell in places:
            made.groups[group.address] = group
            made.cells.setdefault(group.address, {})[cell.key] = cell
            quanta = made.quanta.setdefault(group.address, {})
            quanta[cell.key] = max(quanta.get(cell.key, 0), -(-rows // group.quantum))
    offenders = [
        f"{group}: tile {group.tile} at {group.traced.lane_bytes:,} B per lane"
        for group in made.groups.values()
        if group.tile * group.traced.lane_bytes > made.budget
    ]
    grid.report(
        f"Beyond the memory budget of {made.budget:,} B: declare a tile", offenders
    )
    return made


def _checked(seeds: int, sweep: Sweep) -> int:
    """Rows of a request: seeds, or quanta where these are reduced to one."""
    quantum = sweep.sim.quantum
    if isinstance(seeds, bool) or not isinstance(seeds, int | np.integer) or seeds < 0:
        raise SpecificationError(f"`seeds` must be an integer >= 0, but is {seeds!r}.")
    if (int(seeds) + quantum) * sweep.replicas >= LANES:
        raise SpecificationError("`seeds * replicas` must be below 2**32.")
    if sweep.reduce is None:
        return min(int(seeds), 1) if sweep.sim.deterministic else int(seeds)
    if seeds % quantum:
        raise SpecificationError(
            f"With `reduce`, `seeds` must be a multiple of {quantum}."
        )
    return int(seeds) // quantum


def _places(sweep: Sweep, base_seed: int) -> list[tuple[Group, Cell]]:
    """Group and cell of each place; kept with the sweep, which never changes."""
    known = sweep.__dict__.setdefault("_places", {})
    if base_seed not in known:
        known[base_seed] = _placed(sweep, base_seed)
    return known[base_seed]


def _placed(sweep: Sweep, base_seed: int) -> list[tuple[Group, Cell]]:
    dtype = str(sweep.policy.of(sweep.sim).dtype)
    values, inputs = [cell for _, cell in sweep.kept], _all_inputs(sweep, dtype)
    groups: dict[str, tuple[Group, str]] = {}
    places = []
    streams = _streams(sweep, base_seed)
    for cell, arrays, stream in zip(values, inputs, streams, strict=True):
        static = {k: cell.get(k, sweep.sim.defaults.get(k)) for k in sweep.sim.static}
        seen = {k: cell[k] for k in sweep.static_names} if sweep.shared else None
        shapes = {k: (a.shape, a.dtype.str) for k, a in arrays.items()}
        signature = canonical([static, seen, shapes])
        if signature not in groups:
            shared = {
                name: _array(name, f(**grid.named(f, seen or {})), None, dtype)
                for name, f in sweep.shared.items()
            }
            group = _group(sweep, static, shared, arrays, base_seed)
            groups[signature] = group, digest(_digests(shared))
        group, common = groups[signature]
        extra = _digests({k: a for k, a in arrays.items() if k not in cell})
        key = digest([cell, extra, common])
        places.append((group, Cell(cell, arrays, stream, key)))
    return places


def _streams(sweep: Sweep, base_seed: int) -> list[tuple[int, int]]:
    """Key data of every cell."""
    names = [(0, 0) if sweep.crn else words(cell) for _, cell in sweep.kept]
    if not sweep.crn and len(set(names)) < len(names):
        raise SpecificationError("Two cells share a random stream; rename an axis.")
    table = np.array(names, np.uint32).reshape(-1, 2)
    keys = cell_keys(base_seed, _experiment(sweep), table)
    return [(int(high), int(low)) for high, low in keys]


def _experiment(sweep: Sweep) -> int:
    """The word that sets the streams of one experiment apart."""
    return int(digest(sweep.crn_group or sweep.sim.name, 4), 16)


def _all_inputs(sweep: Sweep, dtype: str) -> list[Arrays]:
    """Dynamic inputs of every cell; all that is wrong with the sweep in one error."""
    sim, made, problems = sweep.sim, [], list(sweep.problems)
    wanted = [n for n in sim.dynamic if n not in sweep.shared]
    for _, cell in sweep.kept:
        try:
            derived = {k: f(**grid.named(f, cell)) for k, f in sweep.derive.items()}
            known = {**sim.defaults, **cell, **derived}
            made.append(
                {k: _array(k, known[k], sim.kinds.get(k), dtype) for k in wanted}
            )
            wrong = sim.check(**grid.named(sim.check, known)) if sim.check else None
        except ValueError as error:
            wrong = str(error)
        if wrong:
            problems.append(f"cell {grid.describe(cell)}: {wrong}")
    grid.report(f"The sweep of {sim!r} cannot run", problems)
    return made


def _array(name: str, value: Any, kind: str | None, dtype: str) -> np.ndarray:
    """A dynamic input in the dtype in which lanes run."""
    array = np.asarray(value)
    if array.dtype.kind in "iu" and kind == "float":
        array = array.astype(np.float64)
    if array.dtype.kind == "f":
        if kind == "int":
            raise ValueError(f"`{name}` must be an integer, but is {value!r}")
        if np.isnan(array).any():
            raise ValueError(f"`{name}` is NaN")
        return array.astype(dtype)
    if array.dtype.kind in "iu" and array.dtype != np.uint32:
        if array.size and (array.max() >= 2**31 or array.min() < -(2**31)):
            raise ValueError(f"`{name}` does not fit 32 bits: {value!r}")
        return array.astype(np.int32)
    if array.dtype.kind not in "bu":
        raise ValueError(f"`{name}` is neither number nor array: {value!r}")
    return array


def _digests(arrays: Mapping[str, np.ndarray]) -> dict[str, str]:
    return {name: array_digest(array) for name, array in arrays.items()}


def _group(
    sweep: Sweep,
    static: dict[str, Any],
    shared: Arrays,
    inputs: Arrays,
    base_seed: int,
) -> Group:
    sim, policy = sweep.sim, sweep.policy.of(sweep.sim)
    reduces = sweep.reduce is not None
    batch = sim.quantum * sweep.replicas if reduces else 1
    replicas, quantum = (1, 1) if reduces else (sweep.replicas, sim.quantum)
    outputs = {k: sweep.outputs.get(k, Out()) for k in sim.outputs}
    recipe = Recipe(
        sim=sim,
        static=static,
        inputs=_abstract(inputs),
        shared=_abstract(shared),
        outputs={k: out for k, out in outputs.items() if not out.drop},
        policy=policy,
        reduce=sweep.reduce,
        batch=batch,
    )
    key = recipe.key
    if key not in _traces:
        _traces[key] = recipe.trace()
    traced = _traces[key]
    tile = max(1, policy.tile // batch) if policy.tile else _tile(traced.lane_bytes)
    stream = _experiment(sweep)
    seed = 0 if sim.deterministic else base_seed
    signature = [
        {"streams": STREAMS, "simulator": sim.name, "source": source_hash(sim)},
        [replicas, quantum, seed, stream, sweep.crn],
        [tile, machine(), recipe.plain(), _digests(shared)],
    ]
    return Group(
        recipe, shared, replicas, quantum, tile, traced, seed, stream, digest(signature)
    )


def _abstract(arrays: Arrays) -> dict[str, jax.ShapeDtypeStruct]:
    return {k: jax.ShapeDtypeStruct(a.shape, a.dtype) for k, a in arrays.items()}


def _tile(lane_bytes: int) -> int:
    """Lanes per inner vmap: by rule, since it decides bits; not by timing."""
    memory, most = TILES.get(jax.default_backend(), TILES_ELSEWHERE)
    fit = min(max(memory // max(lane_bytes, 1), 1), most)
    return 2 ** (int(fit).bit_length() - 1)
