"""One lane again, alone: the way from a strange number to its cause."""

import os
from dataclasses import dataclass
from typing import Any

import jax
import jax.extend.core as jexc
import jax.numpy as jnp
import numpy as np

from .block import read_block
from .errors import SpecificationError
from .grid import describe
from .keep import shared_file
from .program import Recipe
from .simulator import resolve
from .source import source_hash
from .store import find_block, opened
from .streams import cell_keys


@dataclass(frozen=True)
class Step:
    """An intermediate array of a lane.

    Attributes:
        primitive: The operation that made it.
        shape: Its shape.
        low: Its smallest entry.
        high: Its largest entry.
        finite: Whether all entries are finite.
    """

    primitive: str
    shape: tuple[int, ...]
    low: float
    high: float
    finite: bool


@dataclass(frozen=True)
class Lane:
    """A lane run again.

    Attributes:
        simulator: Name of the simulator.
        cell: Axis values.
        seed: Number of the seed.
        replica: Number of the replica.
        outputs: What it returns now, unbatched.
        stored: What the store holds.
        deviation: Largest relative deviation between the two, per output.
        steps: Intermediate arrays, equation by equation, if asked for.
        same_source: Whether the simulator's source is the one that made the block.
    """

    simulator: str
    cell: dict[str, Any]
    seed: int
    replica: int
    outputs: dict[str, np.ndarray]
    stored: dict[str, np.ndarray]
    deviation: dict[str, float]
    steps: list[Step]
    same_source: bool

    def __str__(self) -> str:
        cell = describe(self.cell) or "its only cell"
        head = f"{self.simulator} at {cell}, seed {self.seed}, replica {self.replica}"
        note = "" if self.same_source else "\nThe simulator has changed since."
        lines = [
            f"  {name}: stored {_short(self.stored[name])}, alone {_short(value)}, "
            f"deviation {self.deviation[name]:.1e}"
            for name, value in self.outputs.items()
        ]
        return "\n".join([head + note, *lines])


def rerun_lane(
    address: str,
    lane: int,
    *,
    store: str | os.PathLike[str],
    trace: bool = False,
) -> Lane:
    """Run exactly one stored lane again, unbatched.

    Args:
        address: Address of a block, or its beginning.
        lane: Number of the lane in the block.
        store: The store.
        trace: Also evaluate it equation by equation and keep the intermediate arrays.

    Returns:
        The lane, with what was stored beside what comes out now.

    Raises:
        SpecificationError: If there is no such block or lane.
        CorruptBlock: If the block is damaged.
    """
    base = opened(store)
    block = read_block(find_block(base, address))
    header, arrays = block.header, block.arrays or {}
    width = header["quantum"] * header["replicas"]
    if not 0 <= lane < len(block.quanta) * width:
        raise SpecificationError(
            f"Lanes of this block are 0 … {len(block.quanta) * width - 1}."
        )
    key, index = block.quanta[lane // width]
    number = index * width + lane % width
    recipe = Recipe.restored(resolve(header["reference"]), header["recipe"])
    shared = {n: np.load(shared_file(base, d)) for n, d in header["shared"].items()}
    cell = header["cells"][key]
    inputs = {name: arrays[f"input:{name}"][cell["row"]] for name in recipe.inputs}
    words = np.array([cell["words"]], np.uint32)
    keys = cell_keys(header["base_seed"], header["stream"], words)
    arguments = (recipe.lane_keys(keys, np.array([number]))[0], inputs, shared)
    steps: list[Step] = []
    with recipe.context():
        outputs = jax.jit(recipe.lane)(*arguments)
        if trace:
            closed = jax.make_jaxpr(recipe.lane)(*arguments)
            steps = _walk(closed, jax.tree.leaves(arguments))
    now = {name: np.asarray(out) for name, out in outputs.items()}
    stored = {
        name: np.asarray(a.reshape(-1, *a.shape[2:])[lane])
        for name, a in block.outputs.items()
    }
    return Lane(
        simulator=header["simulator"],
        cell=cell["values"],
        seed=number // header["replicas"],
        replica=number % header["replicas"],
        outputs=now,
        stored=stored,
        deviation={name: _deviation(now[name], stored[name]) for name in now},
        steps=steps,
        same_source=source_hash(recipe.sim) == header["source"],
    )


def _walk(closed: Any, arguments: list[Any]) -> list[Step]:
    """Evaluate equation by equation and describe every intermediate array."""
    jaxpr = closed.jaxpr
    made = [(e.primitive.name, v) for e in jaxpr.eqns for v in e.outvars]
    unnamed = jaxpr.debug_info.with_unknown_names()
    every = jaxpr.replace(outvars=[v for _, v in made], debug_info=unnamed)
    outs = jexc.jaxpr_as_fun(jexc.ClosedJaxpr(every, closed.consts))(*arguments)
    return [_step(name, out) for (name, _), out in zip(made, outs, strict=True)]


def _step(name: str, out: Any) -> Step:
    if jnp.issubdtype(out.dtype, jax.dtypes.prng_key):
        return Step(name, out.shape, 0.0, 0.0, True)
    array = np.asarray(out)
    if not array.size:
        return Step(name, array.shape, 0.0, 0.0, True)
    finite = bool(np.isfinite(array).all())
    return Step(name, array.shape, float(array.min()), float(array.max()), finite)


def _deviation(one: np.ndarray, other: np.ndarray) -> float:
    x, y = one.astype(np.float64), other.astype(np.float64)
    if np.array_equal(x, y, equal_nan=True):
        return 0.0
    scale = max(float(np.nanmax(np.abs(y), initial=0.0)), 1e-300)
    return float(np.nanmax(np.abs(x - y), initial=0.0)) / scale


def _short(value: np.ndarray) -> str:
    return np.array2string(value, precision=6, threshold=6, edgeitems=2)
