"""Time rescaling: what is left of the events once a model has explained them."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

FASTER = 4.0  # decay of the test weights over that of the kernel


def compensated_gaps(
    times: Float[Array, " N"],
    nodes: Int[Array, " N"],
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    beta: Float[Array, ""],
    T: Float[Array, ""],
    *,
    num_nodes: int,
) -> tuple[Float[Array, " N"], Bool[Array, " N"]]:
    r"""Gaps $\int \lambda_i$ between consecutive events of the same node.

    With the true parameters they are independent and exponential with mean one. Every
    gap that *starts* before T counts, also the one that straddles T; keeping the gaps
    completed before T would bias them short.

    Args:
        times: Sorted times from an empty past at 0; simulate beyond T to close gaps.
        nodes: Node of each event.
        mu: Baseline rates of the model.
        weights: Weights of the model, `[child, parent]`.
        beta: Decay of the kernel.
        T: End of the window in which gaps must start.
        num_nodes: d.

    Returns:
        `(gaps, valid)` in event order: the gap that event k closes, and whether it
        started before T. The first gap of a node starts at 0.
    """

    def step(carry, event):
        last, state, passed, started = carry
        time, node = event
        real = jnp.isfinite(time)
        wait = jnp.where(real, time - last, 0)
        fade = -jnp.expm1(-beta * wait) / beta
        excited = jnp.matmul(weights, state, precision=jax.lax.Precision.HIGHEST)
        passed = passed + mu * wait + excited * fade
        gap, valid = passed[node], real & (started[node] < T)
        state = state * jnp.exp(-beta * wait)
        state = state.at[node].add(jnp.where(real, beta, 0))
        passed = passed.at[node].set(jnp.where(real, 0, gap))
        started = started.at[node].set(jnp.where(real, time, started[node]))
        return (last + wait, state, passed, started), (gap, valid)

    zeros = jnp.zeros(num_nodes, times.dtype)
    start = (jnp.zeros((), times.dtype), zeros, zeros, zeros)
    return jax.lax.scan(step, start, (times, nodes))[1]


def filtered_residual(
    times: Float[Array, " N"],
    nodes: Int[Array, " N"],
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    beta: Float[Array, ""],
    T: Float[Array, ""],
    adjacency: Bool[Array, "d d"],
    *,
    num_nodes: int,
) -> Float[Array, ""]:
    r"""Compensated sum of a faster filter over the edges; its mean is 0 (HK-4b).

    $$S = \frac{1}{T\,\#E} \sum_{j \to i} \Big[\sum_{t \in N_i} z_j(t-)
    - \int_0^T z_j \lambda_i\,dt\Big],$$ with $z_j$ the state of decay $4\beta$. It sees
    the shape of the delays, to which the law of the gaps is blind.

    Args:
        times: Sorted times from an empty past at 0.
        nodes: Node of each event.
        mu: Baseline rates of the model.
        weights: Weights of the model, `[child, parent]`.
        beta: Decay of the kernel.
        T: Observation time; later events are ignored.
        adjacency: The edges summed over.
        num_nodes: d.

    Returns:
        S, in 1/time squared.
    """
    fast = FASTER * beta
    edges = adjacency.astype(times.dtype)

    def advance(last, state, filtered, time):
        """Move to a time; return the states there and the compensator on the way."""
        wait = time - last
        at_rest = -jnp.expm1(-fast * wait) / fast
        excited = -jnp.expm1(-(fast + beta) * wait) / (fast + beta)
        intensity = mu * at_rest + excited * jnp.matmul(
            weights, state, precision=jax.lax.Precision.HIGHEST
        )
        charge = intensity @ (edges @ filtered)
        state = state * jnp.exp(-beta * wait)
        return state, filtered * jnp.exp(-fast * wait), charge

    def step(carry, event):
        last, state, filtered, total = carry
        time, node = event
        real = time < T
        to = jnp.where(real, time, last)
        state, filtered, charge = advance(last, state, filtered, to)
        gain = jnp.where(real, edges[node] @ filtered, 0)
        state = state.at[node].add(jnp.where(real, beta, 0))
        filtered = filtered.at[node].add(jnp.where(real, fast, 0))
        return (to, state, filtered, total + gain - charge), None

    zeros = jnp.zeros(num_nodes, times.dtype)
    zero = jnp.zeros((), times.dtype)
    start = (zero, zeros, zeros, zero)
    (last, state, filtered, total), _ = jax.lax.scan(step, start, (times, nodes))
    _, _, charge = advance(last, state, filtered, T)
    return (total - charge) / (T * edges.sum())
