"""Exact simulation by branching: generations of events, neither sorted nor thinned.

Sizes of the generations come first (their superpositions are Poisson), then each child
picks its parent uniformly in the generation before. Arrays are fixed by `stages`; a
path that does not fit says so in `overflow`.
"""

import functools
import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from ..draws import poisson

Stages = tuple[tuple[int, int], ...]
Pick = Callable[
    [Int[Array, " n"], Float[Array, " n"]], tuple[Int[Array, " n"], Bool[Array, " n"]]
]
Generation = tuple[Float[Array, " n"], Int[Array, " n"]]
Run = tuple[Float[Array, "g n"], Int[Array, "g n"]]  # generations of one shape
LAST = 64  # so small a stage goes on to the end: fewer stages compile faster


class Events(NamedTuple):
    """Events of one path; slots that are not used have time +inf.

    Attributes:
        times: Time of each event, in [0, T) or +inf.
        nodes: Node of each event.
        overflow: The path did not fit its arrays and must not be used.
    """

    times: Float[Array, " N"]
    nodes: Int[Array, " N"]
    overflow: Bool[Array, ""]


class ChildTable(NamedTuple):
    """Children of each node, for picking the node of a child.

    Attributes:
        children: Nodes that node j points to, padded.
        cumulative: Cumulative shares of their weights, padded with 1.
        accept: Column sum of node j over the largest one.
        branching_max: The largest column sum.
    """

    children: Int[Array, "d k"]
    cumulative: Float[Array, "d k"]
    accept: Float[Array, " d"]
    branching_max: Float[Array, ""]


def child_table(weights: np.ndarray | Float[Array, "d d"]) -> ChildTable:
    """The compact table of children of a weight matrix, on the host.

    Args:
        weights: `[child, parent]`, not negative, finite.

    Returns:
        The table, as wide as the largest out-degree.

    Raises:
        ValueError: If `weights` is not square, negative or not finite, or a column sum
            is not below 1 (use `simulate_recursion` for such networks).
    """
    matrix = np.asarray(weights)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"`weights` must be (d, d), not {matrix.shape}.")
    if not (np.isfinite(matrix).all() and (matrix >= 0).all()):
        bad = matrix[~(np.isfinite(matrix) & (matrix >= 0))][0]
        raise ValueError(f"`weights` must be finite and not negative. Got {bad}.")
    sums = matrix.sum(axis=0)
    if sums.max() >= 1:
        raise ValueError(
            f"`weights` must have column sums below 1, not {sums.max():.6g}; "
            "`simulate_recursion` takes any stationary network."
        )
    width = max(int((matrix > 0).sum(axis=0).max()), 1)
    order = np.argsort(-matrix, axis=0, kind="stable")[:width].T
    shares = np.take_along_axis(matrix.T, order, axis=1)
    cumulative = np.cumsum(shares, axis=1) / np.where(sums > 0, sums, 1)[:, None]
    cumulative[:, -1] = 1.0
    largest = sums.max() if sums.max() > 0 else 1.0
    dtype = jnp.result_type(float)
    return ChildTable(
        jnp.asarray(order, jnp.int32),
        jnp.asarray(cumulative, dtype),
        jnp.asarray(sums / largest, dtype),
        jnp.asarray(sums.max(), dtype),
    )


def dense_table(weights: Float[Array, "d d"]) -> ChildTable:
    """The table of children with one slot per node, for traced weights of small d."""
    num_nodes = weights.shape[0]
    sums = weights.sum(axis=0)
    safe = jnp.where(sums > 0, sums, 1)
    cumulative = jnp.cumsum(weights.T, axis=1) / safe[:, None]
    slots = jnp.arange(num_nodes, dtype=jnp.int32)
    largest = sums.max()
    accept = sums / jnp.where(largest > 0, largest, 1)
    children = jnp.broadcast_to(slots, (num_nodes, num_nodes))
    return ChildTable(children, cumulative, accept, largest)


def plan_stages(
    num_immigrants: float, branching_ratio: float, *, risk: float = 1e-10
) -> Stages:
    """Array sizes for the generations of a path, on the host.

    Args:
        num_immigrants: Expected number of immigrants, burn-in included.
        branching_ratio: Mean number of children of an event, in [0, 1).
        risk: Bound on the probability that a path does not fit.

    Returns:
        `(capacity, generations)` per stage; the first stage begins with the immigrants.

    Raises:
        ValueError: If `num_immigrants` is not positive, the ratio outside [0, 1), or
            the risk outside (0, 1).
    """
    if not num_immigrants > 0:
        raise ValueError(f"`num_immigrants` must be positive. Got {num_immigrants}.")
    if not 0 <= branching_ratio < 1:
        raise ValueError(f"`branching_ratio` must be in [0, 1). Got {branching_ratio}.")
    if not 0 < risk < 1:
        raise ValueError(f"`risk` must be in (0, 1). Got {risk}.")
    needed = _largest_generations(float(num_immigrants), branching_ratio, risk)
    stages: list[tuple[int, int]] = []
    while needed.size:
        capacity = 8 * math.ceil(needed[0] / 8)
        fewer = np.flatnonzero(needed <= 0.35 * capacity)
        end = fewer[0] if capacity > LAST and fewer.size else needed.size
        stages.append((capacity, int(end)))
        needed = needed[end:]
    return tuple(stages)


def _largest_generations(mean: float, ratio: float, risk: float) -> np.ndarray:
    r"""Sizes that no generation from g on exceeds, up to the last one, but for `risk`.

    Markov's inequality $P(Z_g \ge c) \le \mathbb{E}(e^{sZ_g} - 1)/(e^{sc} - 1)$ at
    the best s, with $\mathbb{E} e^{sZ_g} = e^{m f_g}$ for Poisson immigrants of mean m,
    $f_0 = e^s - 1$ and $f_g = e^{\rho f_{g-1}} - 1$. Half of the risk is that of an
    event after the last generation.
    """
    number, alive = 1, mean * ratio
    while alive > risk / 2:
        number, alive = number + 1, alive * ratio
    each, slopes, sizes = risk / (2 * number), np.geomspace(1e-3, 30, 600), []
    factors = np.expm1(slopes)
    with np.errstate(over="ignore"):
        for _ in range(number):
            logs = mean * factors
            odds = np.log1p(np.expm1(np.minimum(logs, 30)) / each)
            odds = np.where(logs < 30, odds, logs - math.log(each))
            sizes.append(math.ceil(np.min(odds / slopes)))
            factors = np.expm1(ratio * factors)
    return np.maximum.accumulate(sizes[::-1])[::-1]


def simulate_clusters(
    key: Key[Array, ""],
    table: ChildTable,
    mu: Float[Array, " d"],
    beta: Float[Array, ""],
    T: Float[Array, ""],
    burn_in: Float[Array, ""],
    *,
    stages: Stages,
    delay_shape: int | Float[Array, ""] = 1,
) -> Events:
    r"""Events on [0, T) of a network with any column sums below 1, unsorted.

    All nodes breed at the largest column sum; the children of a node with a smaller one
    are thinned, and with them their descendants.

    Args:
        key: Random key.
        table: From `child_table` or `dense_table`.
        mu: Baseline rates.
        beta: Decay of the kernel, in 1/time.
        T: Observation time.
        burn_in: Time simulated before 0; $12/(\beta(1-\rho))$ leaves a relative deficit
            of the rates below 1e-5.
        stages: From `plan_stages`, for the largest T and rates of a sweep.
        delay_shape: 1 for the exponential kernel; 2 gives Gamma delays of the same mean
            (a wrong kernel, for negative controls). An integer, or a traced number.

    Returns:
        Events; slots outside [0, T) have time +inf.
    """
    shares = jnp.cumsum(mu) / mu.sum()
    last = mu.shape[0] - 1

    def root(draws: Float[Array, " n"]) -> Int[Array, " n"]:
        found = jnp.searchsorted(shares, draws, side="right").astype(jnp.int32)
        return jnp.minimum(found, last)

    def pick(
        parents: Int[Array, " n"], draws: Float[Array, " n"]
    ) -> tuple[Int[Array, " n"], Bool[Array, " n"]]:
        accept = table.accept[parents]
        kept = draws < accept
        share = draws / jnp.where(accept > 0, accept, 1)
        return table.children[parents, _slot(table, parents, share)], kept

    ratio, window = table.branching_max, (T, burn_in)
    return _grow(key, root, pick, (mu.sum(), ratio, beta), window, stages, delay_shape)


def _slot(
    table: ChildTable, parents: Int[Array, " n"], share: Float[Array, " n"]
) -> Int[Array, " n"]:
    """Last slot of each parent whose share begins at or below `share`, by bisection."""
    last = table.children.shape[1] - 1
    slot = jnp.zeros(parents.shape, jnp.int32)
    for power in reversed(range(last.bit_length())):
        ahead = slot + (1 << power)
        begins = table.cumulative[parents, jnp.minimum(ahead, last) - 1]
        slot = jnp.where((ahead <= last) & (share >= begins), ahead, slot)
    return slot


def simulate_regular(
    key: Key[Array, ""],
    children: Int[Array, "d s"],
    rate: Float[Array, ""],
    branching_ratio: Float[Array, ""],
    beta: Float[Array, ""],
    T: Float[Array, ""],
    burn_in: Float[Array, ""],
    *,
    stages: Stages,
) -> Events:
    """Events on [0, T) of a network with equal weights, degrees and rates, unsorted.

    Args:
        key: Random key.
        children: Nodes that each node points to.
        rate: Common stationary rate.
        branching_ratio: Degree times edge weight, below 1.
        beta: Decay of the kernel.
        T: Observation time.
        burn_in: Time simulated before 0.
        stages: From `plan_stages`.

    Returns:
        Events; slots outside [0, T) have time +inf.
    """
    num_nodes, degree = children.shape

    def root(draws: Float[Array, " n"]) -> Int[Array, " n"]:
        return jnp.minimum((draws * num_nodes).astype(jnp.int32), num_nodes - 1)

    def pick(
        parents: Int[Array, " n"], draws: Float[Array, " n"]
    ) -> tuple[Int[Array, " n"], Bool[Array, " n"]]:
        slot = jnp.minimum((draws * degree).astype(jnp.int32), degree - 1)
        return children[parents, slot], jnp.ones(draws.shape, bool)

    total = num_nodes * rate * (1 - branching_ratio)
    parameters = (total, branching_ratio, beta)
    return _grow(key, root, pick, parameters, (T, burn_in), stages, 1)


def _grow(
    key: Key[Array, ""],
    root: Callable[[Float[Array, " n"]], Int[Array, " n"]],
    pick: Pick,
    parameters: tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]],
    window: tuple[Float[Array, ""], Float[Array, ""]],
    stages: Stages,
    delay_shape: int | Float[Array, ""],
) -> Events:
    """Immigrants and all their descendants, generation by generation."""
    total, ratio, beta = parameters
    T, burn_in = window
    key_sizes, key_draws = jax.random.split(key)
    first, slots = stages[0][0], [cap for cap, n in stages for _ in range(n)]
    sizes = _generation_sizes(key_sizes, total * (T + burn_in), ratio, slots)
    # One call for all uniforms: each instance of the generator costs a second of
    # compilation.
    parts = delay_shape if isinstance(delay_shape, int) else 2
    draws = jax.random.uniform(key_draws, (2 + parts, sum(slots)), total.dtype)
    waits = -jnp.log1p(-draws[2:])
    delays = waits.mean(axis=0) / beta
    if not isinstance(delay_shape, int):
        delays = jnp.where(delay_shape > 1, delays, waits[0] / beta)
    alive = jnp.arange(first) < sizes[0]
    times = jnp.where(alive, draws[0, :first] * (T + burn_in) - burn_in, jnp.inf)
    collected: list[Run] = [(times[None], root(draws[1, :first])[None])]
    breed = functools.partial(_breed, pick=pick)
    for begin, end in _runs(stages):
        cut = slice(sum(slots[:begin]), sum(slots[:end]))
        shape = (end - begin, slots[begin])
        drawn = [part[cut].reshape(shape) for part in (draws[0], draws[1], delays)]
        births = (sizes[begin - 1 : end - 1], sizes[begin:end], *drawn)
        collected.append(_descend(breed, collected[-1], births))
    times = jnp.concatenate([part[0].reshape(-1) for part in collected])
    nodes = jnp.concatenate([part[1].reshape(-1) for part in collected])
    inside = (times >= 0) & (times < T)
    overflow = jnp.any(sizes > jnp.array([*slots, 0]))
    return Events(jnp.where(inside, times, jnp.inf), nodes, overflow)


def _runs(stages: Stages) -> list[tuple[int, int]]:
    """Ranges of generations of one shape, parents included; immigrants left out.

    The first generation of a stage has its parents in the arrays of the stage before.
    """
    runs, begin = [], 0
    for _, generations in stages:
        end = begin + generations
        bounds = (begin, begin + 1, end) if begin else (1, end)
        runs += [pair for pair in itertools.pairwise(bounds) if pair[0] < pair[1]]
        begin = end
    return runs


def _generation_sizes(
    key: Key[Array, ""],
    first: Float[Array, ""],
    ratio: Float[Array, ""],
    slots: list[int],
) -> Int[Array, " {len(slots)}+1"]:
    """Numbers of events by generation, which end with the first empty one.

    One Poisson sampler in the whole program.
    """
    number = len(slots) + 1

    def lives(state: tuple[Array, ...]) -> Bool[Array, ""]:
        index, mean, _ = state
        return (index < number) & (mean > 0)

    def step(state: tuple[Array, ...]) -> tuple[Array, ...]:
        index, mean, sizes = state
        size = poisson(jax.random.fold_in(key, index), mean, slots[0])
        return index + 1, ratio * size.astype(mean.dtype), sizes.at[index].set(size)

    start = jnp.int32(0), first, jnp.zeros(number, int)
    return jax.lax.while_loop(lives, step, start)[2]


def _descend(
    breed: Callable[..., Generation],
    before: Run,
    births: tuple[Array, ...],
) -> tuple[Float[Array, "h m"], Int[Array, "h m"]]:
    """A run of generations from the last generation of the run before it."""
    parents = before[0][-1], before[1][-1]
    if births[0].shape[0] == 1:
        times, nodes = breed(parents, *(part[0] for part in births))
        return times[None], nodes[None]

    def step(parents: Generation, birth: tuple[Array, ...]):
        generation = breed(parents, *birth)
        return generation, generation

    return jax.lax.scan(step, parents, births)[1]


def _breed(
    parents: Generation,
    number: Int[Array, ""],
    size: Int[Array, ""],
    choice: Float[Array, " m"],
    edge: Float[Array, " m"],
    delay: Float[Array, " m"],
    *,
    pick: Pick,
) -> tuple[Float[Array, " m"], Int[Array, " m"]]:
    """One generation from the `number` events of the one before."""
    times, nodes = parents
    chosen = (choice * number.astype(choice.dtype)).astype(jnp.int32)
    chosen = jnp.minimum(chosen, jnp.maximum(number - 1, 0))
    child, kept = pick(nodes[chosen], edge)
    alive = kept & (jnp.arange(choice.shape[0]) < size)
    return jnp.where(alive, times[chosen] + delay, jnp.inf), child
