"""One lane again, alone: the way from a strange number to its cause."""

import os
from dataclasses import dataclass
from typing import Any

import jax
import jax.extend.core as jexc
import jax.numpy as jnp
import numpy as np

from .audit import deviation
from .block import read_block
from .errors import SpecificationError
from .grid import describe
from .keep import shared_file
from .program import Recipe
from .simulator import resolve
from .source import source_hash
from .store import find_block, opened


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
    low: float = 0.0
    high: float = 0.0
    finite: bool = True


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
        steps: Intermediate arrays, equation by equation, if asked for.
        same_source: Whether the simulator's source is the one that made the block.
    """

    simulator: str
    cell: dict[str, Any]
    seed: int
    replica: int
    outputs: dict[str, np.ndarray]
    stored: dict[str, np.ndarray]
    steps: list[Step]
    same_source: bool

    @property
    def deviation(self) -> dict[str, float]:
        """Largest relative deviation between the two, per output."""
        return {n: deviation(out, self.stored[n]) for n, out in self.outputs.items()}

    def __str__(self) -> str:
        cell = describe(self.cell) or "its only cell"
        head = f"{self.simulator} at {cell}, seed {self.seed}, replica {self.replica}"
        note = "" if self.same_source else "\nThe simulator has changed since."
        lines = [
            f"  {name}: stored {_short(self.stored[name])}, alone "
            f"{_short(self.outputs[name])}, deviation {gap:.1e}"
            for name, gap in self.deviation.items()
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
    number, cell = index * width + lane % width, header["cells"][key]
    if "stream" not in cell:
        raise SpecificationError(f"{block.path} was written by an earlier limen.")
    recipe = Recipe.restored(resolve(header["reference"]), header["recipe"])
    shared = {n: np.load(shared_file(base, d)) for n, d in header["shared"].items()}
    inputs = {name: arrays[f"input:{name}"][cell["row"]] for name in recipe.inputs}
    keys = recipe.lane_keys(np.array([cell["stream"]], np.uint32), np.array([number]))
    arguments = (keys[0], inputs, shared)
    with recipe.context():
        outputs = jax.jit(recipe.lane)(*arguments)
        steps = _walk(recipe, arguments) if trace else []
    rows = {name: a.reshape(-1, *a.shape[2:]) for name, a in block.outputs.items()}
    return Lane(
        simulator=header["simulator"],
        cell=cell["values"],
        seed=number // header["replicas"],
        replica=number % header["replicas"],
        outputs={name: np.asarray(out) for name, out in outputs.items()},
        stored={name: np.asarray(array[lane]) for name, array in rows.items()},
        steps=steps,
        same_source=source_hash(recipe.sim) == header["source"],
    )


def _walk(recipe: Recipe, arguments: tuple[Any, ...]) -> list[Step]:
    """Evaluate equation by equation and describe every intermediate array."""
    closed = jax.make_jaxpr(recipe.lane)(*arguments)
    jaxpr: Any = closed.jaxpr
    made = [(e.primitive.name, v) for e in jaxpr.eqns for v in e.outvars]
    unnamed = jaxpr.debug_info.with_unknown_names()
    every = jaxpr.replace(outvars=[v for _, v in made], debug_info=unnamed)
    run = jexc.jaxpr_as_fun(jexc.ClosedJaxpr(every, closed.consts))
    outs = run(*jax.tree.leaves(arguments))
    return [_step(name, out) for (name, _), out in zip(made, outs, strict=True)]


def _step(name: str, out: Any) -> Step:
    if jnp.issubdtype(out.dtype, jax.dtypes.prng_key) or not out.size:
        return Step(name, out.shape)
    array = np.asarray(out)
    finite = bool(np.isfinite(array).all())
    return Step(name, array.shape, float(array.min()), float(array.max()), finite)


def _short(value: np.ndarray) -> str:
    return np.array2string(value, precision=6, threshold=6, edgeitems=2)
