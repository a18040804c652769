"""The overlap of online SGD as a Markov chain of its own: any dimension at O(1) a step.

Claims: `RW-9` (exact in law), `RW-10`, `RW-11`, `RW-12`.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

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
    along, rest = jax.random.normal(key, (2,), dim.dtype)
    spread = 2 / (9 * (dim - 1))
    chi = (dim - 1) * (1 - spread + jnp.sqrt(spread) * rest) ** 3
    return along / jnp.sqrt(along**2 + jnp.maximum(chi, 0))


def block(
    key: Key[Array, ""], m: Number, index: Int[Array, ""], walk: Walk, **static: str
) -> Float[Array, " block"]:
    """Overlaps after each of the next steps, whose draws are made together."""
    draws = jax.random.normal(jax.random.fold_in(key, index), (BLOCK, DRAWS), m.dtype)

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
    random_start = uniform_start(jax.random.fold_in(key, START), dim)
    m = jnp.where(jnp.abs(start) <= 1, start, random_start)
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
    """Where a chain stands: overlap, next block, first hit (or minus one)."""

    overlap: Number
    block: Int[Array, ""]
    found: Int[Array, ""]


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
    m = uniform_start(jax.random.fold_in(key, START), dim)
    last = -(-max_steps // (BLOCK * BLOCKS)) * BLOCKS

    def searching(at: Search) -> Array:
        return (at.found < 0) & (at.block < last)

    def step_block(at: Search, _: None) -> tuple[Search, None]:
        path = block(key, at.overlap, at.block, walk, link=link, transform=transform)
        is_hit = jnp.abs(path) >= hit
        first = at.block * BLOCK + jnp.argmax(is_hit).astype(jnp.int32) + 1
        found = jnp.where((at.found < 0) & is_hit.any(), first, at.found)
        return Search(path[-1], at.block + 1, found), None

    def look(at: Search) -> Search:
        return jax.lax.scan(step_block, at, None, length=BLOCKS)[0]

    found = jnp.where(jnp.abs(m) >= hit, 0, -1).astype(jnp.int32)
    end = jax.lax.while_loop(searching, look, Search(m, jnp.int32(0), found))
    censored = end.found < 0
    return {
        "num_steps": jnp.where(censored, last * BLOCK, end.found),
        "censored": censored,
    }
