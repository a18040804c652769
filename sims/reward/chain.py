"""The overlap of online SGD as a Markov chain of its own: any dimension at O(1) a step.

Claims: `RW-9` (exact in law), `RW-10`, `RW-11`, `RW-12`.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from ..draws import normals
from ..sweep import simulator
from .links import LINKS, bad_link, bad_range, complaints, transformed

Number = Float[Array, ""]
BLOCK, BLOCKS = 64, 16  # steps drawn together; such blocks between two looks
START = 2**31  # no block has this number
DRAWS = 4  # along the student, along the hidden direction, the rest, the label noise


class Walk(NamedTuple):
    """Parameters of one chain."""

    dim: Number
    step: Number
    temperature: Number
    noise: Number
    center: Number
    phase: Number


def check_chain(
    dim: Any,
    step: Any,
    temperature: Any,
    noise: Any,
    center: Any,
    phase: Any,
    link: str,
    transform: str,
    start: Any = 0.0,
    record: tuple[int, ...] = (1,),
    hit: Any = 0.5,
    max_steps: int = 1,
    count: Any = 1,
) -> str | None:
    """What is wrong with one cell of the chain."""
    parts = [
        bad_link(link, transform, temperature),
        bad_range("noise", noise, 0, strict=False),
        bad_range("dim", dim, 4, strict=False),
        bad_range("step", step, 0),
        bad_range("center", center, -1e300),
        bad_range("phase", phase, -1e300),
        bad_range("max_steps", max_steps, 1, strict=False),
        bad_range("count", count, 1, strict=False),
    ]
    if start < -1:
        parts.append(f"`start` must be at least -1 (or nan), got {start}.")
    if not 0 < hit < 1:
        parts.append(f"`hit` must lie in (0, 1), got {hit}.")
    if not record or min(record) < 1 or tuple(sorted(set(record))) != record:
        parts.append(f"`record` must be increasing and positive, got {record}.")
    return complaints(*parts)


def advance(
    m: Number, draws: Float[Array, " draws"], walk: Walk, *, link: str, transform: str
) -> Number:
    r"""One step: $m' = (m + \gamma p v)/\sqrt{1 + \gamma^2(v^2 + \chi)}$."""
    along, across, rest, label = draws
    p = jnp.sqrt(jnp.maximum(1 - m**2, 0))
    labels = LINKS[link](m * along + p * across) + walk.noise * label
    gain = transformed(labels, walk.temperature, walk.center, transform=transform)
    gamma = walk.step / walk.dim * gain * jnp.cos(along + walk.phase)
    free = walk.dim - 2
    # Gaussian chi-square: exact would cost twenty times as much (RW-9).
    chi = jnp.maximum(free + jnp.sqrt(2 * free) * rest, 0)
    return (m + gamma * p * across) / jnp.sqrt(1 + gamma**2 * (across**2 + chi))


def uniform_start(key: Key[Array, ""], dim: Number) -> Number:
    """First coordinate of a uniform point on the sphere (Wilson–Hilferty cube)."""
    along, rest = normals(key, (2,), dim.dtype)
    spread = 2 / (9 * (dim - 1))
    chi = (dim - 1) * (1 - spread + jnp.sqrt(spread) * rest) ** 3
    return along / jnp.sqrt(along**2 + jnp.maximum(chi, 0))


def fresh_start(
    key: Key[Array, ""], dim: Number, index: Int[Array, ""] | int = 0
) -> Number:
    """The uniform start of a lane's search of this number."""
    starts = jax.random.fold_in(key, START)
    return uniform_start(jax.random.fold_in(starts, index), dim)


def block(
    key: Key[Array, ""], m: Number, index: Int[Array, ""], walk: Walk, **static: str
) -> Float[Array, " block"]:
    """Overlaps after each of the next steps, whose draws are made together."""
    draws = normals(jax.random.fold_in(key, index), (BLOCK, DRAWS), m.dtype)

    def move(m: Number, drawn: Array) -> tuple[Number, Number]:
        after = advance(m, drawn, walk, **static)
        return after, after

    return jax.lax.scan(move, m, draws, unroll=4)[1]


@simulator(outputs={"overlap": ("time",)}, check=check_chain)
def lumped_chain(
    key: Key[Array, ""],
    dim: Number,
    step: Number,
    temperature: Number,
    noise: Number,
    center: Number,
    phase: Number,
    start: Number,
    *,
    link: str,
    transform: str,
    record: tuple[int, ...],
) -> dict[str, Array]:
    r"""Overlap of spherical online SGD after given numbers of steps.

    Args:
        key: Random key.
        dim: $d \ge 4$.
        step: $\eta > 0$ ($\eta/d$ per sample).
        temperature: $\beta > 0$.
        noise: $\tau \ge 0$.
        center: $c_0$.
        phase: $b$ of the student $\sin(s + b)$, in radians.
        start: $m_0$; nan, or above 1 (a sweep refuses nan): uniform on the sphere.
        link: Registered link.
        transform: plain, exp or exp_y.
        record: Step numbers, increasing.

    Returns:
        `overlap` after each of them.

    Claim:
        RW-9, RW-10, RW-12.
    """
    walk = Walk(dim, step, temperature, noise, center, phase)
    m = jnp.where(jnp.abs(start) <= 1, start, fresh_start(key, dim))
    wanted = jnp.asarray(record) - 1
    blocks = -(-record[-1] // BLOCK)

    def move(carry: tuple[Array, Array], index: Array) -> tuple[Any, None]:
        m, kept = carry
        path = block(key, m, index, walk, link=link, transform=transform)
        is_here = wanted // BLOCK == index
        return (path[-1], jnp.where(is_here, path[wanted % BLOCK], kept)), None

    carry = (m, jnp.zeros(len(record), m.dtype))
    (_, kept), _ = jax.lax.scan(move, carry, jnp.arange(blocks))
    return {"overlap": kept}


class Search(NamedTuple):
    """Where consecutive searches stand.

    Attributes:
        overlap: Of the search that runs.
        block: Number of the next block.
        since: The block with which the search that runs began.
        found: Searches that have ended.
        steps: Their steps, all together.
    """

    overlap: Number
    block: Int[Array, ""]
    since: Int[Array, ""]
    found: Int[Array, ""]
    steps: Int[Array, ""]


def searches(
    key: Key[Array, ""],
    walk: Walk,
    hit: Number,
    count: Int[Array, ""],
    *,
    max_steps: int,
    **static: str,
) -> Search:
    """Search `count` times, one after the other, each from a new uniform start.

    A search ends where the overlap first reaches `hit`; the rest of that block is
    dropped.
    """
    last = -(-max_steps // (BLOCK * BLOCKS)) * BLOCKS

    def start(index: Array) -> Number:
        return fresh_start(key, walk.dim, index)

    def is_searching(at: Search) -> Array:
        return (at.found < count) & (at.block < last)

    def step_block(at: Search, _: None) -> tuple[Search, None]:
        path = block(key, at.overlap, at.block, walk, **static)
        path = jnp.concatenate([at.overlap[None], path])
        is_beyond = jnp.abs(path) >= hit
        is_hit = is_beyond.any()
        first = jnp.argmax(is_beyond).astype(jnp.int32)
        steps = (at.block - at.since) * BLOCK + first
        is_new = is_hit & (at.found < count)
        found = at.found + is_new.astype(jnp.int32)
        return Search(
            overlap=jnp.where(is_hit, start(found), path[-1]),
            block=at.block + 1,
            since=jnp.where(is_hit, at.block + 1, at.since),
            found=found,
            steps=at.steps + jnp.where(is_new, steps, 0),
        ), None

    def look(at: Search) -> Search:
        return jax.lax.scan(step_block, at, None, length=BLOCKS)[0]

    zero = jnp.int32(0)
    first = Search(start(zero), zero, zero, zero, zero)
    return jax.lax.while_loop(is_searching, look, first)


def steps_to_hit(*, dim: float, hit: float, **_: Any) -> float:
    """Relative run time of a lane, so that equal lanes share a tile."""
    return float(dim) ** 2 * hit


@simulator(
    outputs={"num_steps": (), "censored": ()}, check=check_chain, cost=steps_to_hit
)
def lumped_hit(
    key: Key[Array, ""],
    dim: Number,
    step: Number,
    temperature: Number,
    noise: Number,
    center: Number,
    phase: Number,
    hit: Number,
    *,
    link: str,
    transform: str,
    max_steps: int,
) -> dict[str, Array]:
    r"""First number of steps at which $|m| \ge$ hit, from a uniform start.

    Args:
        key: Random key.
        dim: $d \ge 4$.
        step: $\eta > 0$, already with its power of $d$.
        temperature: $\beta > 0$.
        noise: $\tau \ge 0$.
        center: $c_0$.
        phase: $b$ of the student, in radians.
        hit: In (0, 1).
        link: Registered link.
        transform: plain, exp or exp_y.
        max_steps: Where the search ends, rounded up to a multiple of 1024.

    Returns:
        `num_steps`, 0 if the start is beyond (`max_steps` if censored), and `censored`.

    Claim:
        RW-11.
    """
    walk = Walk(dim, step, temperature, noise, center, phase)
    static = {"link": link, "transform": transform}
    end = searches(key, walk, hit, jnp.int32(1), max_steps=max_steps, **static)
    censored = end.found < 1
    return {
        "num_steps": jnp.where(censored, end.block * BLOCK, end.steps),
        "censored": censored,
    }


@simulator(outputs={"num_steps": (), "censored": ()}, check=check_chain)
def lumped_hits(
    key: Key[Array, ""],
    dim: Number,
    step: Number,
    temperature: Number,
    noise: Number,
    center: Number,
    phase: Number,
    hit: Number,
    count: Int[Array, ""],
    *,
    link: str,
    transform: str,
    max_steps: int,
) -> dict[str, Array]:
    r"""Mean number of steps to $|m| \ge$ hit over searches one after the other.

    Lanes of one call end together if their numbers of searches are inverse to the mean
    times: single searches, whose times are nearly exponential, wait for the longest.

    Args:
        key: Random key.
        dim: $d \ge 4$.
        step: $\eta > 0$, already with its power of $d$.
        temperature: $\beta > 0$.
        noise: $\tau \ge 0$.
        center: $c_0$.
        phase: $b$ of the student, in radians.
        hit: In (0, 1).
        count: Number of searches, at least 1.
        link: Registered link.
        transform: plain, exp or exp_y.
        max_steps: Of all searches together, rounded up to a multiple of 1024.

    Returns:
        `num_steps`, the mean of the searches that ended (nan if none), and `censored`,
        whether some did not.

    Claim:
        RW-11.
    """
    walk = Walk(dim, step, temperature, noise, center, phase)
    static = {"link": link, "transform": transform}
    end = searches(key, walk, hit, count, max_steps=max_steps, **static)
    mean = end.steps.astype(dim.dtype) / end.found.astype(dim.dtype)
    return {"num_steps": mean, "censored": end.found < count}
