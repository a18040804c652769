"""Which eigenvectors are selected, and which feature each belongs to."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int


def selected_places(
    weights: Float[Array, " features"], size: int
) -> Int[Array, " features"]:
    """Place of each feature's eigenvector among `size` ascending eigenvalues.

    The j-th largest positive weight belongs to the j-th largest eigenvalue, the j-th
    most negative one to the j-th smallest; ties keep their order.
    """
    p = weights.shape[0]
    order = jnp.argsort(-jnp.abs(weights), stable=True)
    is_up = (weights > 0)[order]
    up, down = jnp.cumsum(is_up) - 1, jnp.cumsum(~is_up) - 1
    sorted_places = jnp.where(is_up, size - 1 - up, down)
    return jnp.zeros(p, sorted_places.dtype).at[order].set(sorted_places)


def edge_places(weights: Float[Array, " features"], size: int) -> Int[Array, " 2"]:
    """Places of the first unselected eigenvalue on the left and on the right."""
    num_up = jnp.sum(weights > 0)
    return jnp.stack([weights.shape[0] - num_up, size - 1 - num_up])
