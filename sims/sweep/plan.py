"""Planning: cells into groups, groups into tiles; nothing compiles, nothing runs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from . import grid
from .canonical import array_digest, canonical, digest, words
from .errors import SpecificationError
from .memory import MemoryBudget
from .program import Recipe
from .signature import machine
from .simulator import Simulator
from .source import source_hash
from .spec import Out, Sweep

TILES = {"cpu": (32 * 2**20, 256)}
TILES_ELSEWHERE = (4 * 2**30, 4096)
LANES = 2**32
STREAMS = 2  # raised when a program's arguments, hence perhaps its bits, change
Quantum = tuple[str, int]
_traces: dict[Any, tuple[dict[str, jax.ShapeDtypeStruct], int, float]] = {}


@dataclass(frozen=True)
class Cell:
    """One combination of values.

    Attributes:
        values: Axis values by name; they name the random stream.
        inputs: Dynamic inputs as arrays.
        words: The stream's two words.
        key: Digest of the values and of all inputs that are not axis values.
    """

    values: dict[str, Any]
    inputs: dict[str, np.ndarray]
    words: tuple[int, int]
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
        shapes: Stored outputs of one lane.
        lane_bytes: Estimated memory of one lane at work.
        operations: Estimated floating-point operations of one lane.
        base_seed: Root of all streams.
        stream: Word of the experiment.
        address: Digest of all that, of the source and of the machine: the folder.
    """

    recipe: Recipe
    shared: dict[str, np.ndarray]
    replicas: int
    quantum: int
    tile: int | str
    shapes: dict[str, jax.ShapeDtypeStruct]
    lane_bytes: int
    operations: float
    base_seed: int
    stream: int
    address: str

    @property
    def sim(self) -> Simulator:
        """The simulator."""
        return self.recipe.sim

    @property
    def width(self) -> int:
        """Lanes of one quantum."""
        return self.quantum * self.replicas

    @property
    def stored_bytes(self) -> int:
        """Stored bytes of one lane."""
        return sum(
            int(np.prod(s.shape)) * s.dtype.itemsize for s in self.shapes.values()
        )

    def __str__(self) -> str:
        static = grid.describe(self.recipe.static) or "no static arguments"
        return f"{self.sim.name}[{static}] {self.address[:8]}"


@dataclass(frozen=True)
class Layout:
    """Where the cells of one sweep live: group and cell of each, in grid order."""

    places: list[tuple[Group, Cell]]


@dataclass(frozen=True)
class Request:
    """One sweep with the number of rows that will be returned."""

    sweep: Sweep
    rows: int
    layout: Layout


@dataclass
class Plan:
    """What a run would do.

    Attributes:
        requests: The sweeps with their rows.
        groups: All groups by address.
        cells: Cells of each group by key.
        quanta: Quanta needed of each cell, by group and key.
        budget: Memory that one program may take.
    """

    requests: list[Request]
    groups: dict[str, Group] = field(default_factory=dict)
    cells: dict[str, dict[str, Cell]] = field(default_factory=dict)
    quanta: dict[str, dict[str, int]] = field(default_factory=dict)
    budget: MemoryBudget = field(default_factory=MemoryBudget)

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
    made = Plan([], budget=budget or MemoryBudget())
    for sweep, seeds in requests:
        layout = _layout(sweep, base_seed)
        rows = _rows(sweep, layout, _checked(seeds, sweep), fill)
        made.requests.append(Request(sweep, rows, layout))
        for group, cell in layout.places:
            made.groups[group.address] = group
            made.cells.setdefault(group.address, {})[cell.key] = cell
            quanta = made.quanta.setdefault(group.address, {})
            quanta[cell.key] = max(quanta.get(cell.key, 0), -(-rows // group.quantum))
    _check_fits(made)
    return made


def _checked(seeds: int, sweep: Sweep) -> int:
    if isinstance(seeds, bool) or not isinstance(seeds, int | np.integer) or seeds < 0:
        raise SpecificationError(f"`seeds` must be an integer >= 0, but is {seeds!r}.")
    if (int(seeds) + sweep.sim.quantum) * sweep.replicas >= LANES:
        raise SpecificationError("`seeds * replicas` must be below 2**32.")
    if sweep.reduce is not None:
        if seeds % sweep.sim.quantum:
            raise SpecificationError(
                f"With `reduce`, `seeds` must be a multiple of {sweep.sim.quantum}."
            )
        return int(seeds) // sweep.sim.quantum
    return min(int(seeds), 1) if sweep.sim.deterministic else int(seeds)


def _sizes(sweep: Sweep) -> tuple[int, int, int]:
    """Lanes per seed, seeds per quantum, lanes reduced to one (then both are 1)."""
    replicas, quantum = sweep.replicas, sweep.sim.quantum
    return (
        (replicas, quantum, 1) if sweep.reduce is None else (1, 1, quantum * replicas)
    )


def _rows(sweep: Sweep, layout: Layout, seeds: int, fill: bool) -> int:
    """Seeds to return: those asked for, or as many as the same calls can hold."""
    if not fill or sweep.sim.deterministic or not layout.places or not seeds:
        return seeds
    counts: dict[str, list[Any]] = {}
    for group, _ in layout.places:
        counts.setdefault(group.address, [group, 0])[1] += 1
    return min(_filled(group, cells, seeds) for group, cells in counts.values())


def _filled(group: Group, cells: int, seeds: int) -> int:
    step = cells * group.width
    quanta = -(-seeds // group.quantum)
    if group.tile == "all":
        return quanta * group.quantum
    calls = -(-quanta * step // int(group.tile))
    return calls * int(group.tile) // step * group.quantum


def _layout(sweep: Sweep, base_seed: int) -> Layout:
    """Groups and cells of a sweep; kept with the sweep, which never changes."""
    known = sweep.__dict__.setdefault("_layouts", {})
    if base_seed not in known:
        known[base_seed] = _make_layout(sweep, base_seed)
    return known[base_seed]


def _make_layout(sweep: Sweep, base_seed: int) -> Layout:
    values = sweep.cells()
    policy = sweep.policy.of(sweep.sim)
    inputs = _all_inputs(sweep, values, str(policy.dtype))
    groups: dict[str, tuple[Group, str]] = {}
    places = []
    for cell, arrays in zip(values, inputs, strict=True):
        static = {k: cell.get(k, sweep.sim.defaults.get(k)) for k in sweep.sim.static}
        shapes = {k: (a.shape, a.dtype.str) for k, a in arrays.items()}
        signature = canonical([static, _shared_cell(sweep, cell), shapes])
        if signature not in groups:
            shared = _shared(sweep, cell, str(policy.dtype))
            group = _group(sweep, static, shared, arrays, base_seed)
            groups[signature] = group, digest(_digests(shared))
        group, common = groups[signature]
        extra = {k: a for k, a in arrays.items() if k not in cell}
        key = digest([cell, _digests(extra), common])
        stream = (0, 0) if sweep.crn else words(cell)
        places.append((group, Cell(cell, arrays, stream, key)))
    if not sweep.crn and len({c.words for _, c in places}) < len(places):
        raise SpecificationError("Two cells share a random stream; rename an axis.")
    return Layout(places)


def _shared_cell(sweep: Sweep, cell: Mapping[str, Any]) -> Any:
    """The static values that shared inputs may depend on."""
    if not sweep.shared:
        return None
    return {k: v for k, v in cell.items() if k in _static_names(sweep)}


def _static_names(sweep: Sweep) -> set[str]:
    return {
        n
        for names in sweep.static
        for n in ([names] if isinstance(names, str) else names)
    }


def _shared(sweep: Sweep, cell: Mapping[str, Any], dtype: str) -> dict[str, np.ndarray]:
    static = _shared_cell(sweep, cell) or {}
    return {
        name: _array(name, function(**grid.named(function, static)), None, dtype)
        for name, function in sweep.shared.items()
    }


def _all_inputs(
    sweep: Sweep, cells: Sequence[Mapping[str, Any]], dtype: str
) -> list[dict[str, np.ndarray]]:
    """Dynamic inputs of every cell; all cells that are wrong in one error."""
    sim, made, problems = sweep.sim, [], []
    wanted = [n for n in sim.dynamic if n not in sweep.shared]
    for cell in cells:
        known = {**sim.defaults, **cell}
        try:
            derived = {k: f(**grid.named(f, cell)) for k, f in sweep.derive.items()}
            known |= derived
            arrays = {k: _array(k, known[k], sim.kinds.get(k), dtype) for k in wanted}
            wrong = sim.check(**grid.named(sim.check, known)) if sim.check else None
        except ValueError as error:
            wrong, arrays = str(error), {}
        if wrong:
            problems.append(f"{grid.describe(cell)}: {wrong}")
        made.append(arrays)
    grid.report(f"`{sim.name}` refuses cells", problems)
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


def _abstract(arrays: Mapping[str, np.ndarray]) -> dict[str, jax.ShapeDtypeStruct]:
    return {k: jax.ShapeDtypeStruct(a.shape, a.dtype) for k, a in arrays.items()}


def _group(
    sweep: Sweep,
    static: dict[str, Any],
    shared: dict[str, np.ndarray],
    inputs: Mapping[str, np.ndarray],
    base_seed: int,
) -> Group:
    sim, policy = sweep.sim, sweep.policy.of(sweep.sim)
    replicas, quantum, batch = _sizes(sweep)
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
    shapes, lane_bytes, operations = _traced(recipe)
    tile = policy.tile or _tile(lane_bytes)
    if sweep.reduce is not None and tile != "all":
        tile = max(1, int(policy.tile or tile * batch) // batch)
    stream = int(digest(sweep.crn_group or sim.name, 4), 16)
    seed = 0 if sim.deterministic else int(base_seed)
    signature = [
        {"streams": STREAMS, "simulator": sim.name, "source": source_hash(sim)},
        [replicas, quantum, seed, stream, sweep.crn],
        [tile, machine(), recipe.plain(), _digests(shared)],
    ]
    return Group(
        recipe=recipe,
        shared=shared,
        replicas=replicas,
        quantum=quantum,
        tile=tile,
        shapes=shapes,
        lane_bytes=lane_bytes,
        operations=operations,
        base_seed=seed,
        stream=stream,
        address=digest(signature),
    )


def _traced(recipe: Recipe) -> tuple[dict[str, jax.ShapeDtypeStruct], int, float]:
    """What tracing says of a recipe; each is traced once in a process."""
    key = recipe.key
    if key not in _traces:
        _traces[key] = recipe.trace()
    return _traces[key]


def _tile(lane_bytes: int) -> int:
    """Lanes per inner vmap: by rule, since it decides bits; not by timing."""
    memory, most = TILES.get(jax.default_backend(), TILES_ELSEWHERE)
    fit = min(max(memory // max(lane_bytes, 1), 1), most)
    return 2 ** (int(fit).bit_length() - 1)


def _check_fits(plan: Plan) -> None:
    """Refuse tiles that the budget cannot hold."""
    budget = plan.budget.bytes()
    offenders = [
        f"{group}: tile {group.tile} at {group.lane_bytes:,} B per lane"
        for group in plan.groups.values()
        if group.tile != "all" and int(group.tile) * group.lane_bytes > budget
    ]
    grid.report(f"Beyond the memory budget of {budget:,} B: declare a tile", offenders)
