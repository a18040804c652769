"""Recover a network from a list of events: your own data, in a few lines.

Events come from a small simulation here; replace `times` and `nodes` by yours, or read
them: `times, nodes = hawkes.read_events("events.csv")` (columns time, node).
"""

import jax
import jax.numpy as jnp
import numpy as np
from limen.sims import hawkes

NODES, T = 8, 800.0


def simulated(key: jax.Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sorted events of a random network in which every node has one parent."""
    key_graph, key_events = jax.random.split(key)
    graph = hawkes.random_in_degree_graph(key_graph, num_nodes=NODES, degree=1)
    weights = hawkes.weight_matrix(graph, jnp.float32(0.5))
    events = hawkes.simulate_recursion(
        key_events,
        jnp.full(NODES, 0.5),
        weights,
        jnp.float32(1.0),
        jnp.float32(T),
        jnp.float32(24.0),
        num_steps=9000,
    )
    number = int(jnp.isfinite(events.times).sum())
    if events.overflow:
        raise RuntimeError("more events than steps: raise `num_steps`")
    times, nodes = np.asarray(events.times), np.asarray(events.nodes)
    order = np.argsort(times)[:number]
    return times[order].astype(float), nodes[order], np.asarray(weights) > 0


def main() -> None:
    """Fit, print, and compare with the truth."""
    times, nodes, truth = simulated(jax.random.key(1))
    found = hawkes.fit(times, nodes, T)
    print(found)
    print(f"exact: {(found.adjacency == truth).all()}")


if __name__ == "__main__":
    main()
