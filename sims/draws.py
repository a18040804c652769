"""Normal draws, which are most of what these simulators do: no word is wasted."""

import math

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Key, UInt32

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA


def threefry_words(
    key: Key[Array, ""], count: int
) -> UInt32[Array, " {count}+{count}%2"]:
    """Random words, two from each call of Threefry-2x32 with twenty rounds.

    The words of `jax.extend.random.threefry_2x32` on 0 … count-1, bit by bit.
    `jax.random.bits` folds the two words of a call into one, and the compiled hash
    keeps its rounds in memory; written out, they stay in registers (twice as fast).

    Args:
        key: A Threefry key.
        count: Number of words; an odd one is rounded up.

    Returns:
        The words.
    """
    first, second = jax.random.key_data(key)
    keys = first, second, first ^ second ^ jnp.uint32(PARITY)
    left = jnp.arange((count + 1) // 2, dtype=jnp.uint32)
    right = left + jnp.uint32(left.size) + keys[1]
    left = left + keys[0]
    for group in range(5):
        for turn in ROTATIONS[group % 2]:
            left = left + right
            right = right << jnp.uint32(turn) | right >> jnp.uint32(32 - turn)
            right = left ^ right
        left = left + keys[(group + 1) % 3]
        right = right + keys[(group + 2) % 3] + jnp.uint32(group + 1)
    return jnp.concatenate([left, right])


def normals(
    key: Key[Array, ""], shape: tuple[int, ...], dtype: DTypeLike = jnp.float32
) -> Float[Array, "*shape"]:
    r"""Independent standard normals.

    In float32 a word's first 24 bits name an odd multiple of $2^{-24}$ in $(-1, 1)$,
    and the inverse error function makes it a normal: symmetric, and below 5.5. Other
    dtypes take `jax.random.normal`.

    Args:
        key: A Threefry key.
        shape: Of the draws.
        dtype: Floating dtype.

    Returns:
        The draws.
    """
    if dtype != jnp.float32:
        return jax.random.normal(key, shape, dtype)
    count = math.prod(shape)
    places = (threefry_words(key, count)[:count] >> jnp.uint32(8)).astype(jnp.int32)
    uniform = (2 * places - (2**24 - 1)).astype(jnp.float32) * jnp.float32(2**-24)
    return (jnp.float32(2**0.5) * jax.lax.erf_inv(uniform)).reshape(shape)
