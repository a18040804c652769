"""Random networks of the Hawkes system, as parents of each node."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key


def default_offsets(*, num_nodes: int, degree: int) -> tuple[int, ...]:
    """Offsets 1, 4, 16, … of the regular ensemble, if no short cycles arise.

    Args:
        num_nodes: d, at least 2.
        degree: Number of offsets, in 1…d-1.

    Returns:
        `4**0 … 4**(degree-1)`.

    Raises:
        ValueError: If residues modulo d of the offsets, of their negatives, of their
            sums or of their differences coincide (two-cycles, feed-forward triangles,
            siblings that are grandparents): give explicit offsets then.
    """
    check_degree(num_nodes, degree)
    offsets = tuple(4**k for k in range(degree))
    groups = [
        {o % num_nodes for o in offsets},
        {-o % num_nodes for o in offsets},
        {(o + p) % num_nodes for o in offsets for p in offsets},
        {(o - p) % num_nodes for o in offsets for p in offsets if o != p},
    ]
    sizes = degree == len(groups[0]) and 0 not in groups[0]
    if not sizes or sum(map(len, groups)) != len(set().union(*groups)):
        raise ValueError(
            f"`num_nodes` {num_nodes} gives the offsets {offsets} short cycles: pass "
            "explicit offsets."
        )
    return offsets


def regular_graph(
    key: Key[Array, ""], offsets: tuple[int, ...], *, num_nodes: int
) -> Int[Array, "d s"]:
    """Parents in the regular ensemble: a randomly relabelled circulant.

    The parents of `label[a]` are `label[(a + o) mod d]` for each offset `o`.

    Args:
        key: Random key.
        offsets: Distinct offsets in 1…d-1; coincidences among them are not checked.
        num_nodes: d.

    Returns:
        The parents of each node, int32.

    Raises:
        ValueError: If offsets are repeated or out of range.
    """
    check_offsets(offsets, num_nodes)
    label = jax.random.permutation(key, num_nodes).astype(jnp.int32)
    place = jnp.arange(num_nodes)[:, None] + jnp.array(offsets)[None, :]
    parents = jnp.zeros((num_nodes, len(offsets)), jnp.int32)
    return parents.at[label].set(label[place % num_nodes])


def random_in_degree_graph(
    key: Key[Array, ""], *, num_nodes: int, degree: int
) -> Int[Array, "d s"]:
    """Parents drawn uniformly, `degree` distinct ones per node and never itself.

    Args:
        key: Random key.
        num_nodes: d, at least 2.
        degree: In-degree, in 1…d-1.

    Returns:
        The parents of each node, int32.

    Raises:
        ValueError: If `num_nodes` or `degree` is out of range.
    """
    check_degree(num_nodes, degree)
    priority = jax.random.uniform(key, (num_nodes, num_nodes))
    priority = jnp.where(jnp.eye(num_nodes, dtype=bool), -1.0, priority)
    return jax.lax.top_k(priority, degree)[1].astype(jnp.int32)


def weight_matrix(
    parents: Int[Array, "d s"], edge_weight: Float[Array, ""]
) -> Float[Array, "d d"]:
    """Weights `[child, parent]` of a graph whose edges all weigh the same."""
    edge_weight = jnp.asarray(edge_weight)
    num_nodes = parents.shape[0]
    weights = jnp.zeros((num_nodes, num_nodes), edge_weight.dtype)
    return weights.at[jnp.arange(num_nodes)[:, None], parents].set(edge_weight)


def check_degree(num_nodes: int, degree: int) -> None:
    """Refuse fewer than two nodes and degrees outside 1…d-1."""
    if num_nodes < 2:
        raise ValueError(f"`num_nodes` must be at least 2. Got {num_nodes}.")
    if not 1 <= degree <= num_nodes - 1:
        raise ValueError(f"`degree` must lie in 1…{num_nodes - 1}. Got {degree}.")


def check_offsets(offsets: tuple[int, ...], num_nodes: int) -> None:
    """Refuse repeated offsets and those outside 1…d-1."""
    check_degree(num_nodes, max(len(offsets), 1))
    if len(set(offsets)) < len(offsets) or not all(0 < o < num_nodes for o in offsets):
        raise ValueError(
            f"`offsets` must be distinct and in 1…{num_nodes - 1}. Got {offsets}."
        )
