"""A program: one simulator at one static signature, for one tile per device."""

import inspect
import math
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
from .signature import numerics
from .simulator import Simulator
from .spec import Out, Policy
from .streams import IMPL, fold_in

Shapes = Mapping[str, jax.ShapeDtypeStruct]


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
        policy = self.policy
        return {
            "static": dict(self.static),
            "inputs": {k: (s.shape, s.dtype.str) for k, s in self.inputs.items()},
            "shared": {k: (s.shape, s.dtype.str) for k, s in self.shared.items()},
            "outputs": {name: out.plain() for name, out in self.outputs.items()},
            "policy": {
                "dtype": policy.dtype,
                "x64": policy.x64,
                "matmul": policy.matmul,
            },
            "reduce": described(self.reduce),
            "batch": self.batch,
        }

    @staticmethod
    def restored(sim: Simulator, plain: Mapping[str, Any]) -> "Recipe":
        """The recipe that `plain` describes."""
        shapes = {
            part: {k: jax.ShapeDtypeStruct(*s) for k, s in plain[part].items()}
            for part in ("inputs", "shared")
        }
        outputs = {name: Out.restored(part) for name, part in plain["outputs"].items()}
        numerical = Policy(**plain["policy"])
        reduce, batch = restored(plain["reduce"]), plain["batch"]
        return Recipe(
            sim,
            plain["static"],
            **shapes,
            outputs=outputs,
            policy=numerical,
            reduce=reduce,
            batch=batch,
        )

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

    def trace(self) -> tuple[dict[str, jax.ShapeDtypeStruct], int, float]:
        """Shapes of one lane's kept outputs, estimates of its bytes and operations.

        Raises:
            SpecificationError: If the simulator does not do what it declares.
        """
        with self.context():
            try:
                jaxpr, shapes = jax.make_jaxpr(self.lane, return_shape=True)(
                    *self.arguments(None)
                )
            except (
                jax.errors.ConcretizationTypeError,
                jax.errors.NonConcreteBooleanIndexError,
            ) as error:
                raise SpecificationError(
                    f"`{self.sim.name}` uses a dynamic value where a static one is "
                    f"needed (a shape, an `if`): {str(error).splitlines()[0]}"
                ) from error
        _check_shapes(self, shapes)
        return dict(shapes), live_bytes(jaxpr.jaxpr), operations(jaxpr.jaxpr)


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
        cached: Whether the executable came from the persistent cache.
    """

    call: Callable[..., dict[str, jax.Array]] = field(repr=False)
    lanes: int
    seconds: float
    temp_bytes: int
    io_bytes: int
    flops: float
    cached: bool = False

    def facts(self) -> dict[str, Any]:
        """What a block records about its program."""
        return {k: v for k, v in vars(self).items() if k != "call"}


def build(recipe: Recipe, tile: int, devices: tuple[Any, ...]) -> Program:
    """Compile a recipe for `tile` lanes on each device."""
    started, first, hits = time.perf_counter(), devices[0], cache.hits()
    batched: Any = jax.vmap(recipe.lane, in_axes=(0, 0, None))
    if len(devices) > 1:
        batched = _sharded(batched, devices)
    lanes = tile * len(devices)
    with recipe.context(), jax.default_device(first):
        compiled = jax.jit(batched).lower(*recipe.arguments(lanes)).compile()
    memory, cost = compiled.memory_analysis(), compiled.cost_analysis() or {}
    return Program(
        call=compiled,
        lanes=lanes,
        seconds=time.perf_counter() - started,
        temp_bytes=int(memory.temp_size_in_bytes) if memory else 0,
        io_bytes=int(memory.argument_size_in_bytes + memory.output_size_in_bytes)
        if memory
        else 0,
        flops=float(cost.get("flops", 0.0)) / tile,
        cached=cache.hits() > hits,
    )


def _sharded(batched: Any, devices: tuple[Any, ...]) -> Any:
    """Lanes spread over a mesh of devices; they never communicate."""
    mesh = jax.make_mesh(
        (len(devices),),
        ("seeds",),
        axis_types=(jax.sharding.AxisType.Auto,),
        devices=devices,
    )
    whole, split = jax.P(), jax.P("seeds")
    return jax.shard_map(
        batched,
        mesh=mesh,
        in_specs=(split, split, whole),
        out_specs=split,
        check_vma=False,
    )


def live_bytes(jaxpr: Any) -> int:
    """Bytes alive at once when a program runs equation by equation, at the worst time.

    An upper estimate of what the compiler needs, since it fuses; but it is the same in
    every process and costs no compilation.
    """
    last = {v: i for i, e in enumerate(jaxpr.eqns) for v in e.invars if not _literal(v)}
    last |= {v: len(jaxpr.eqns) for v in jaxpr.outvars if not _literal(v)}
    alive = sum(_bytes(v.aval) for v in jaxpr.invars)
    worst = alive
    for i, equation in enumerate(jaxpr.eqns):
        alive += sum(_bytes(v.aval) for v in equation.outvars)
        inner = [live_bytes(sub) for sub in _subjaxprs(equation)]
        worst = max(worst, alive + max(inner, default=0))
        used = {v for v in equation.invars if not _literal(v)} | set(equation.outvars)
        alive -= sum(_bytes(v.aval) for v in used if last.get(v, i) == i)
    return worst


def operations(jaxpr: Any) -> float:
    """Floating-point operations, roughly: one per output entry, products counted."""
    total = 0.0
    for equation in jaxpr.eqns:
        inner = [operations(sub) for sub in _subjaxprs(equation)]
        times = (
            equation.params.get("length", 1) if equation.primitive.name == "scan" else 1
        )
        total += times * sum(inner) if inner else _entries(equation)
    return total


def _entries(equation: Any) -> float:
    out = float(sum(math.prod(getattr(v.aval, "shape", ())) for v in equation.outvars))
    if equation.primitive.name != "dot_general":
        return out
    (contracted, _), _ = equation.params["dimension_numbers"]
    shape = equation.invars[0].aval.shape
    return out * 2 * math.prod(shape[i] for i in contracted)


def _subjaxprs(equation: Any) -> list[Any]:
    found = []
    for value in equation.params.values():
        for item in value if isinstance(value, tuple | list) else (value,):
            inner = getattr(item, "jaxpr", item)
            if hasattr(inner, "eqns"):
                found.append(inner)
    return found


def _literal(variable: Any) -> bool:
    return hasattr(variable, "val")


def _bytes(aval: Any) -> int:
    dtype = getattr(aval, "dtype", None)
    shape = getattr(aval, "shape", ())
    return math.prod(shape) * getattr(dtype, "itemsize", 4) if dtype is not None else 0


def _check_outputs(sim: Simulator, made: Any) -> None:
    """Refuse outputs that are not the declared ones, or are no arrays."""
    if not isinstance(made, dict) or set(made) != set(sim.outputs):
        got = sorted(made) if isinstance(made, dict) else type(made).__name__
        raise SpecificationError(
            f"`{sim.name}` declares outputs {sorted(sim.outputs)}, but returns {got}."
        )
    wrong = [k for k, v in made.items() if not isinstance(v, jax.Array | np.ndarray)]
    if wrong:
        raise SpecificationError(f"`{sim.name}` returns no arrays for {wrong}.")
    flat = [k for k, v in made.items() if np.ndim(v) != len(sim.outputs[k])]
    if flat:
        shown = {k: (np.shape(made[k]), sim.outputs[k]) for k in flat}
        raise SpecificationError(
            f"`{sim.name}`: shapes and dimensions differ: {shown}."
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
