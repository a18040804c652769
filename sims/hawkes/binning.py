r"""Events to bins: counts, states at bin starts, and the exact event-level products.

A state is $x_j(t) = \sum_{r<t} \beta e^{-\beta(t-r)}$ over the events $r$ of node $j$.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

UNROLL = 8


class Binned(NamedTuple):
    """Counts and states in consecutive bins.

    Attributes:
        counts: Events per bin and node.
        states: State of each node at the start of each bin.
        end_state: State at the end of the last bin.
    """

    counts: Float[Array, "n d"]
    states: Float[Array, "n d"]
    end_state: Float[Array, " d"]


class CrossStats(NamedTuple):
    r"""Event-level sums, sufficient for every least-squares regression.

    Attributes:
        cross: $R_{ik} = \sum_{t \in N_i} x_k(t-)$.
        counts: Events per node.
        end_state: $x(T)$.
        overflow: A bin held more than `max_per_bin` events.
    """

    cross: Float[Array, "d d"]
    counts: Float[Array, " d"]
    end_state: Float[Array, " d"]
    overflow: Bool[Array, ""]


def bin_events(
    times: Float[Array, " N"],
    nodes: Int[Array, " N"],
    beta: Float[Array, ""],
    bin_width: Float[Array, ""],
    *,
    num_nodes: int,
    num_bins: int,
) -> Binned:
    """Counts per bin and states at bin starts, from events in any order.

    Args:
        times: Times from 0 on; those at or beyond the last bin are left out.
        nodes: Node of each event.
        beta: Decay of the kernel.
        bin_width: Width of a bin.
        num_nodes: d.
        num_bins: n.

    Returns:
        Counts, states (from an empty past at 0) and the final state.
    """
    place = jnp.minimum(times / bin_width, num_bins).astype(jnp.int32)
    flat = place * num_nodes + nodes
    age = (place + 1).astype(times.dtype) * bin_width - times
    inside = place < num_bins
    trace = beta * jnp.exp(-beta * jnp.where(inside, age, 0))
    sums = jnp.zeros((num_bins * num_nodes, 2), times.dtype)
    both = jnp.stack([jnp.ones_like(trace), trace], axis=1)
    sums = sums.at[jnp.where(inside, flat, num_bins * num_nodes)].add(both, mode="drop")
    counts, traces = jnp.moveaxis(sums.reshape(num_bins, num_nodes, 2), 2, 0)
    decay = jnp.exp(-beta * bin_width)

    def step(state, trace):
        return decay * state + trace, state

    zero = jnp.zeros(num_nodes, times.dtype)
    end_state, states = jax.lax.scan(step, zero, traces, unroll=UNROLL)
    return Binned(counts, states, end_state)


def event_cross(
    times: Float[Array, " N"],
    nodes: Int[Array, " N"],
    beta: Float[Array, ""],
    bin_width: Float[Array, ""],
    *,
    num_nodes: int,
    num_bins: int,
    max_per_bin: int,
) -> CrossStats:
    """The exact products of events with states, whatever the bins.

    A far field (states at bin starts, one matrix product) plus the pairs inside a bin.
    Events with equal times do not excite each other.

    Args:
        times: Sorted times from 0 on; those at or beyond the last bin are left out.
        nodes: Node of each event.
        beta: Decay of the kernel.
        bin_width: Width of a bin: only the cost depends on it.
        num_nodes: d.
        num_bins: n.
        max_per_bin: Most events in a bin.

    Returns:
        The sums; `overflow` if a bin holds more than `max_per_bin` events.
    """
    binned = bin_events(
        times, nodes, beta, bin_width, num_nodes=num_nodes, num_bins=num_bins
    )
    place = jnp.minimum(times / bin_width, num_bins).astype(jnp.int32)
    inside = place < num_bins
    start = place.astype(times.dtype) * bin_width
    fading = jnp.where(inside, jnp.exp(-beta * jnp.where(inside, times - start, 0)), 0)
    far = jnp.zeros((num_bins + 1, num_nodes), times.dtype).at[place, nodes].add(fading)
    cross = jnp.matmul(
        far[:num_bins].T, binned.states, precision=jax.lax.Precision.HIGHEST
    )

    def pairs(lag, cross):
        apart = times - jnp.roll(times, lag)
        later = jnp.arange(times.shape[0]) >= lag
        same = later & inside & (place == jnp.roll(place, lag)) & (apart > 0)
        weight = beta * jnp.exp(-beta * jnp.where(same, apart, 0))
        return cross.at[nodes, jnp.roll(nodes, lag)].add(jnp.where(same, weight, 0))

    cross = jax.lax.fori_loop(1, max_per_bin, pairs, cross)
    per_bin = binned.counts.sum(axis=1)
    return CrossStats(
        cross, binned.counts.sum(axis=0), binned.end_state, per_bin.max() > max_per_bin
    )
