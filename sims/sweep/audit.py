"""Audits: the same lanes elsewhere in a tile, or alone, must give the same numbers."""

import logging
from typing import Any

import jax
import numpy as np

from .errors import NonDeterministic
from .jobs import Arguments, Job
from .plan import Arrays
from .program import Program, Recipe

EVERY = 100
RTOL = {"float32": 1e-4, "float64": 1e-9}
log = logging.getLogger("limen")


def is_due(call: int, strict: bool) -> bool:
    """Whether a call is repeated: one in 100; the first too unless tests prove it."""
    first = strict or jax.default_backend() != "cpu"
    return call % EVERY == (0 if first else EVERY - 1)


def repeats(program: Program, arguments: Arguments, rows: Arrays) -> bool:
    """Whether a call gives the same bits when its lanes change places."""
    keys, inputs, shared = arguments
    shift = program.lanes // 2 + 1
    turned = {name: np.roll(table, shift, axis=0) for name, table in inputs.items()}
    again = program.call(np.roll(keys, shift, axis=0), turned, shared)
    return all(
        np.roll(rows[name], shift, axis=0).tobytes() == np.asarray(out).tobytes()
        for name, out in again.items()
    )


def judge(job: Job, equal: bool, strict: bool) -> None:
    """Say that a group is not bitwise reproducible.

    Raises:
        NonDeterministic: If strict.
    """
    if equal:
        return
    message = f"{job.group}: the same lanes at other places of a tile have other bits."
    if strict:
        raise NonDeterministic(message)
    log.warning(message)


def check_alone(job: Job, rows: Arrays) -> float:
    """Compare the first lane with the unbatched simulator; catches batching bugs.

    Returns:
        The largest deviation relative to the largest entry of its output.
    """
    recipe = job.group.recipe
    _, (keys, inputs, shared) = next(job.calls(0, 1))
    first = {name: table[0] for name, table in inputs.items()}
    with recipe.context():
        alone = jax.jit(recipe.lane)(keys[0], first, shared)
    pairs = (map(np.asarray, (out, rows[name][0])) for name, out in alone.items())
    worst = max((deviation(*pair) for pair in pairs), default=0.0)
    if worst > RTOL[str(recipe.policy.dtype)]:
        log.warning("%s: batched and alone differ by %.1e.", job.group, worst)
    return worst


def deviation(one: np.ndarray, other: np.ndarray) -> float:
    """Largest deviation, relative to the largest entry; equal NaN and inf are equal."""
    x, y = one.astype(np.float64), other.astype(np.float64)
    with np.errstate(invalid="ignore"):
        gap = np.where((x == y) | (np.isnan(x) & np.isnan(y)), 0.0, np.abs(x - y))
    if not gap.any():
        return 0.0
    scale = np.abs(y[np.isfinite(y)]).max(initial=1e-300)
    return float(np.nan_to_num(gap, nan=np.inf).max() / scale)


def check_pure(recipe: Recipe) -> None:
    """Refuse a simulator that is not the same program when traced twice.

    Raises:
        NonDeterministic: If it draws from anything but its key.
    """
    texts: list[Any] = []
    for _ in range(2):
        with recipe.context():
            traced = jax.make_jaxpr(recipe.lane)(*recipe.arguments(None))
        texts.append((str(traced), [np.asarray(c).tobytes() for c in traced.consts]))
    if texts[0] != texts[1]:
        raise NonDeterministic(
            f"`{recipe.sim.name}` is another program each time it is traced: it draws "
            "random numbers from something else than its key."
        )
