"""A program: one simulator at one static signature, for one tile per device."""

import inspect
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from . import cache
from .canonical import canonical
from .errors import SpecificationError
from .reduction import Reduction, described, reduced, restored
from .signature import machine, numerics
from .simulator import Simulator
from .spec import Out, Policy
from .streams import IMPL, fold_in

Shapes = Mapping[str, jax.ShapeDtypeStruct]
LEVEL, EMITTERS = "xla_backend_optimization_level", "xla_cpu_use_fusion_emitters"
LEVELS = {"full": 3, "low": 1, "least": 0}
LIBRARY_CALLS = "custom_call", "stablehlo.fft"


@dataclass(frozen=True)
class Traced:
    """What tracing says of a lane.

    Attributes:
        shapes: Its kept outputs.
        lane_bytes: Estimate of the memory it needs at work, from above.
        operations: Estimate of its floating-point operations.
    """

    shapes: Mapping[str, jax.ShapeDtypeStruct]
    lane_bytes: int
    operations: float


@dataclass(frozen=True)
class Recipe:
    """All that decides a program but the devices: what is traced, and how.

    Attributes:
        sim: The simulator.
        static: Its static arguments.
        inputs: Shapes and dtypes of one lane's dynamic inputs.
        shared: Shapes and dtypes of the inputs that all lanes see.
        outputs: Kept outputs, with the part that is kept.
        policy: Numerics, complete.
        reduce: Reduction over the lanes of a batch, if any.
        batch: Number of these lanes; without reduction 1.
    """

    sim: Simulator
    static: Mapping[str, Any]
    inputs: Shapes
    shared: Shapes
    outputs: Mapping[str, Out]
    policy: Policy
    reduce: Reduction | None = None
    batch: int = 1

    def dims(self, name: str) -> tuple[str, ...]:
        """Names of the dimensions of an output of `lane`."""
        dims = self.sim.outputs[name]
        return dims if self.reduce is None else (self.reduce.dim, *dims)

    def context(self) -> Any:
        """The numerical settings of the policy."""
        return numerics(bool(self.policy.x64), self.policy.matmul)

    def plain(self) -> dict[str, Any]:
        """All of it but the simulator as plain data: for addresses and headers."""
        return {
            "static": dict(self.static),
            "inputs": {k: (s.shape, s.dtype.str) for k, s in self.inputs.items()},
            "shared": {k: (s.shape, s.dtype.str) for k, s in self.shared.items()},
            "outputs": {name: out.plain() for name, out in self.outputs.items()},
            "policy": {k: v for k, v in vars(self.policy).items() if k != "tile"},
            "reduce": described(self.reduce),
            "batch": self.batch,
        }

    @staticmethod
    def restored(sim: Simulator, plain: Mapping[str, Any]) -> "Recipe":
        """The recipe that `plain` describes."""
        inputs, shared = (
            {k: jax.ShapeDtypeStruct(*shape) for k, shape in plain[part].items()}
            for part in ("inputs", "shared")
        )
        outputs = {name: Out.restored(part) for name, part in plain["outputs"].items()}
        policy, reduce = Policy(**plain["policy"]), restored(plain["reduce"])
        static, batch = plain["static"], plain["batch"]
        return Recipe(sim, static, inputs, shared, outputs, policy, reduce, batch)

    @property
    def key(self) -> tuple[Any, str]:
        """What makes two recipes the same program in this process."""
        return inspect.unwrap(self.sim.function), canonical(self.plain())

    def one(
        self, key: Any, inputs: Mapping[str, Any], shared: Mapping[str, Any]
    ) -> Any:
        """One lane from its key data: the kept outputs, checked as declared."""
        sim = self.sim
        keys = () if sim.deterministic else (jax.random.wrap_key_data(key, impl=IMPL),)
        made = sim.function(*keys, **inputs, **shared, **self.static)
        _check_outputs(sim, made)
        return {name: out.part(made[name]) for name, out in self.outputs.items()}

    def lane(self, key: Any, inputs: Any, shared: Any) -> dict[str, Any]:
        """One lane from its key data, or a batch of lanes (several keys) reduced."""
        if self.reduce is None:
            return self.one(key, inputs, shared)
        rows = jax.vmap(lambda one: self.one(one, inputs, shared))(key)
        return reduced(self.reduce, rows, self.policy.dtype)

    def lane_keys(self, cells: np.ndarray, lanes: np.ndarray) -> np.ndarray:
        """Key data of lanes (of all lanes of a batch), from those of their cells."""
        if self.reduce is None:
            return fold_in(cells, lanes)
        batch = lanes[:, None] * self.batch + np.arange(self.batch)
        return fold_in(cells[:, None], batch)

    def arguments(self, lanes: int | None) -> tuple[Any, ...]:
        """Abstract arguments of `lane`, or of many lanes."""
        many = () if lanes is None else (lanes,)
        batch = () if self.reduce is None else (self.batch,)
        inputs = {
            k: jax.ShapeDtypeStruct((*many, *s.shape), s.dtype)
            for k, s in self.inputs.items()
        }
        key = jax.ShapeDtypeStruct((*many, *batch, 2), np.uint32)
        return key, inputs, dict(self.shared)

    def trace(self) -> Traced:
        """What tracing says of one lane, or of one batch.

        Raises:
            SpecificationError: If the simulator does not do what it declares.
        """
        with self.context():
            try:
                made = jax.make_jaxpr(self.lane, return_shape=True)
                jaxpr, shapes = made(*self.arguments(None))
            except (
                jax.errors.ConcretizationTypeError,
                jax.errors.NonConcreteBooleanIndexError,
            ) as error:
                raise SpecificationError(
                    f"`{self.sim.name}` uses a dynamic value where a static one is "
                    f"needed (a shape, an `if`): {str(error).splitlines()[0]}"
                ) from error
        _check_shapes(self, shapes)
        return Traced(dict(shapes), *measured(jaxpr.jaxpr))


@dataclass(frozen=True)
class Program:
    """A compiled recipe: call it tile after tile.

    Attributes:
        call: The compiled function of (key data, inputs, shared).
        lanes: Lanes of one call: tile × devices.
        seconds: Time to trace, lower and compile.
        temp_bytes: Temporary memory of a call, from the compiler's own analysis.
        io_bytes: Arguments and outputs of a call.
        flops: Floating-point operations of one lane, from the compiler's cost model.
        library: Whether it calls code outside XLA that may wait for the pool (LAPACK).
        cached: Whether the executable came from the persistent cache.
    """

    call: Callable[..., dict[str, jax.Array]] = field(repr=False)
    lanes: int
    seconds: float
    temp_bytes: int
    io_bytes: int
    flops: float
    library: bool = False
    cached: bool = False

    @property
    def call_bytes(self) -> int:
        """Memory of a call."""
        return self.temp_bytes + self.io_bytes

    def facts(self) -> dict[str, Any]:
        """What a block records about its program."""
        return {k: v for k, v in vars(self).items() if k != "call"}


def effort(name: str) -> dict[str, Any]:
    """The compiler's options for an effort; only CPUs know another than full."""
    options: dict[str, Any] = {LEVEL: LEVELS[name]}
    if jax.__version_info__ < (0, 11):  # later compilers have no other emitters
        options[EMITTERS] = name == "full"
    return options


def side_by_side(size: int, budget: int, cores: int, *, library: bool) -> int:
    """Calls of a program that run at the same time.

    On CPUs one a core (and thread of the pool), since XLA spreads scans of small
    operations badly over cores; but library calls side by side could lock the pool
    (see `theory.threads`). Accelerators run one while another is fetched.

    Args:
        size: Bytes of a call.
        budget: Bytes for all.
        cores: Cores for all.
        library: Whether the program calls a library.
    """
    if jax.default_backend() != "cpu":
        return 2
    room = 1 if library else budget // max(size, 1)
    return max(1, min(cores, machine()["threads"], room))


def spare_effort_elsewhere() -> None:
    """From now on what no policy rules, theory and figures, compiles with the least.

    It runs a few times only. To be called before the first computation; flags that the
    user has set win.
    """
    ours = [f"--{k}={str(v).lower()}" for k, v in effort("least").items()]
    os.environ["XLA_FLAGS"] = " ".join([*ours, os.environ.get("XLA_FLAGS", "")])


def build(recipe: Recipe, tile: int, devices: tuple[Any, ...]) -> Program:
    """Compile a recipe for `tile` lanes on each device."""
    started, hits, lanes = time.perf_counter(), cache.hits(), tile * len(devices)
    first = devices[0]
    batched: Any = jax.vmap(recipe.lane, in_axes=(0, 0, None))
    if len(devices) > 1:
        batched = _sharded(batched, devices)
    options = effort(str(recipe.policy.effort) if first.platform == "cpu" else "full")
    with recipe.context(), jax.default_device(first):
        lowered = jax.jit(batched).lower(*recipe.arguments(lanes))
        text, compiled = lowered.as_text(), lowered.compile(compiler_options=options)
    memory, cost = compiled.memory_analysis(), compiled.cost_analysis() or {}
    temp, *io = (
        int(getattr(memory, f"{part}_size_in_bytes", 0))
        for part in ("temp", "argument", "output")
    )
    return Program(
        call=compiled,
        lanes=lanes,
        seconds=time.perf_counter() - started,
        temp_bytes=temp,
        io_bytes=sum(io),
        flops=float(cost.get("flops", 0.0)) / tile,
        library=any(name in text for name in LIBRARY_CALLS),
        cached=cache.hits() > hits,
    )


def _sharded(batched: Any, devices: tuple[Any, ...]) -> Any:
    """Lanes spread over a mesh of devices; they never communicate."""
    auto = (jax.sharding.AxisType.Auto,)
    mesh = jax.make_mesh((len(devices),), ("seeds",), auto, devices=devices)
    split = jax.P("seeds")
    specs = {"in_specs": (split, split, jax.P()), "out_specs": split}
    return jax.shard_map(batched, mesh=mesh, **specs, check_vma=False)


def measured(jaxpr: Any) -> tuple[int, float]:
    """Memory and operations of a program, run equation by equation.

    Bytes alive at the worst time are an upper estimate of what the compiler needs,
    since it fuses; but it is the same in every process and costs no compilation.
    Operations are rough: one per entry of an output, products counted.
    """
    used = [{v for v in e.invars if not hasattr(v, "val")} for e in jaxpr.eqns]
    last: dict[Any, int] = {v: i for i, some in enumerate(used) for v in some}
    last |= {v: len(used) for v in jaxpr.outvars if not hasattr(v, "val")}
    alive = worst = sum(_bytes(v.aval) for v in jaxpr.invars)
    total = 0.0
    for i, equation in enumerate(jaxpr.eqns):
        inner = [measured(sub) for sub in _inner(equation)]
        alive += sum(_bytes(v.aval) for v in equation.outvars)
        worst = max(worst, alive + max((size for size, _ in inner), default=0))
        ended = (v for v in used[i] | set(equation.outvars) if last.get(v, i) == i)
        alive -= sum(_bytes(v.aval) for v in ended)
        times = equation.params.get("length", 1) if inner else 1
        total += times * sum(count for _, count in inner) or _entries(equation)
    return worst, total


def _inner(equation: Any) -> list[Any]:
    """The programs inside an equation: of a scan, a branch, a call."""
    values = equation.params.values()
    lists = (v if isinstance(v, tuple | list) else (v,) for v in values)
    programs = (getattr(item, "jaxpr", item) for items in lists for item in items)
    return [program for program in programs if hasattr(program, "eqns")]


def _entries(equation: Any) -> float:
    out = float(sum(math.prod(getattr(v.aval, "shape", ())) for v in equation.outvars))
    if equation.primitive.name != "dot_general":
        return out
    (contracted, _), _ = equation.params["dimension_numbers"]
    shape = equation.invars[0].aval.shape
    return out * 2 * math.prod(shape[i] for i in contracted)


def _bytes(aval: Any) -> int:
    size = math.prod(getattr(aval, "shape", ()))
    return size * getattr(getattr(aval, "dtype", None), "itemsize", 0)


def _check_outputs(sim: Simulator, made: Any) -> None:
    """Refuse outputs that are not the declared ones, or are no arrays."""
    if not isinstance(made, dict) or set(made) != set(sim.outputs):
        got = sorted(made) if isinstance(made, dict) else type(made).__name__
        raise SpecificationError(
            f"`{sim.name}` declares outputs {sorted(sim.outputs)}, but returns {got}."
        )
    for name, value in made.items():
        if not isinstance(value, jax.Array | np.ndarray):
            raise SpecificationError(f"`{sim.name}` returns no arrays for `{name}`.")
        if value.ndim != len(sim.outputs[name]):
            raise SpecificationError(
                f"`{sim.name}`: shapes and dimensions differ: `{name}` has "
                f"{value.shape}, not {sim.outputs[name]}."
            )


def _check_shapes(recipe: Recipe, shapes: Mapping[str, Any]) -> None:
    """Refuse empty outputs, and dimensions of one name and two sizes."""
    sizes: dict[str, int] = {}
    for name, shape in shapes.items():
        for dim, size in zip(recipe.dims(name), shape.shape, strict=True):
            if size == 0 or sizes.setdefault(dim, size) != size:
                raise SpecificationError(
                    f"`{recipe.sim.name}`: dimension `{dim}` of `{name}` has size "
                    f"{size}, but {sizes.get(dim, 'at least 1')} was expected."
                )
