"""Instances: the means of the arms in their order of arrival."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

ORDERS = ("first", "last", "random", "ascending", "descending", "given")
INSTANCES = ("slippage", "clear-cut", "mix-in", "chain")


def gaps_of(means: Float[Array, " arms"]) -> Float[Array, " arms"]:
    r"""Gaps $\Delta_i = \mu^* - \mu_i$; infinite for absent arms (mean −∞)."""
    return jnp.max(means) - means


def slippage(
    arms: int, position: int, base: float | Array, gap: float | Array
) -> Float[Array, " {arms}"]:
    """One arm with mean base + gap, all others with mean base.

    Args:
        arms: $K$.
        position: Where the good arm stands, 0 … K−1 (−1: the last).
        base: Mean of the others.
        gap: Lead of the good arm.

    Returns:
        Means in order of arrival.
    """
    means = jnp.full(arms, base, dtype=jnp.result_type(float))
    return means.at[position].add(gap)


def hard_instance(
    arms: int,
    horizon: float,
    memory: float | int,
    index: int,
    *,
    sigma: float = 0.5,
    good_gap: float = 0.5,
) -> Float[Array, " {arms}"]:
    r"""An instance of the hard prior SB-4: $A_j$ for index j < K−1, else $B$.

    In $A_j$ arm j has mean ½ + ε, ε = (2σ²G a n/T)^{1/3}; in $B$ the last arm has
    mean ½ + G; all other arms have mean ½.

    Args:
        arms: $K$.
        horizon: $T$.
        memory: $M < K-1$ of the player.
        index: 0 … K−1.
        sigma: Standard deviation of a reward.
        good_gap: $G$.

    Returns:
        Means in order of arrival.

    Raises:
        ValueError: If the memory holds all other arms, or ½ + G exceeds 1.
    """
    others = arms - 1
    if memory >= others:
        raise ValueError(f"`memory` must be below {others} (vacuous), got {memory}.")
    if good_gap > 0.5:
        raise ValueError(f"`good_gap` must not exceed 1/2, got {good_gap}.")
    if not 0 <= index < arms:
        raise ValueError(f"`index` must lie in 0 … {others}, got {index}.")
    share = 1 - memory / others
    eps = float(np.cbrt(2 * sigma**2 * good_gap * share * others / horizon))
    return slippage(arms, index, 0.5, good_gap if index == others else eps)


def uniform_means(key: Key[Array, ""], arms: int) -> Float[Array, " {arms}"]:
    """All means uniform on [0, 1] (the paper's family "mix-in")."""
    return jax.random.uniform(key, (arms,))


def clear_cut(key: Key[Array, ""], arms: int) -> Float[Array, " {arms}"]:
    """K−1 means from N(0.5, 0.1²) cut to [0, 0.8], one arm at 0.82, random order."""
    draw_key, order_key = jax.random.split(key)
    others = 0.5 + 0.1 * jax.random.truncated_normal(draw_key, -5.0, 3.0, (arms - 1,))
    means = jnp.append(others, jnp.asarray(0.82, others.dtype))
    return jax.random.permutation(order_key, means)


def chain(
    arms: int, low: float | Array, high: float | Array
) -> Float[Array, " {arms}"]:
    """Means that climb evenly from `low` to `high`, in ascending order."""
    return jnp.linspace(low, high, arms)


def reorder(
    key: Key[Array, ""], means: Float[Array, " arms"], order: str
) -> Float[Array, " arms"]:
    """The same arms in another order of arrival, by their *true* means.

    Args:
        key: Random key (used by "random" only).
        means: Means.
        order: "first" or "last" moves the best arm only; "ascending" and "descending"
            sort; "random" permutes; "given" leaves them.

    Returns:
        The means, reordered.

    Raises:
        ValueError: On an unknown order.
    """
    if order not in ORDERS:
        raise ValueError(f"`order` must be one of {', '.join(ORDERS)}, not {order!r}.")
    if order == "random":
        return jax.random.permutation(key, means)
    if order in ("ascending", "descending"):
        ranked = jnp.sort(means)
        return ranked if order == "ascending" else ranked[::-1]
    if order == "given":
        return means
    best, others = jnp.argmax(means), jnp.arange(means.shape[0] - 1)
    rest = means[jnp.where(others >= best, others + 1, others)]
    parts = [means[best][None], rest]
    return jnp.concatenate(parts if order == "first" else parts[::-1])


def padded(means: np.ndarray, width: int) -> np.ndarray:
    """Means followed by absent arms (−∞), which never arrive and cost nothing.

    A stream of any K ≤ `width` then runs in the program compiled for `width` arms.
    """
    fill = np.full(width - len(means), -np.inf)
    return np.concatenate([np.asarray(means, dtype=np.float64), fill])
