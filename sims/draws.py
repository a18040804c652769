"""Normal and Poisson draws, most of what these simulators do: no word is wasted."""

import itertools
import math

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int, Key, UInt32

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA
BULK = 1024  # so many words that halves pay
SHARE = 64  # e^-64 and its inverse are still numbers in float32
RARE = 1e-10  # terms beyond the mode that are left out


def words(key: Key[Array, ""], shape: tuple[int, ...]) -> UInt32[Array, "*shape"]:
    """Random words: those of `jax.random.bits`, bit by bit.

    The compiled hash of JAX (Threefry-2x32, twenty rounds) keeps its rounds in memory;
    written out, they stay in registers: three times as fast. Many words come in two
    halves, for XLA keeps a concatenation in memory. Otherwise it computes each word
    where it is used, there without vector instructions.

    Args:
        key: A Threefry key.
        shape: Of the words.

    Returns:
        The words; the first ones do not depend on how many there are.
    """
    count = math.prod(shape)
    ends = (0, count // 2, count) if count >= BULK else (0, count)
    parts = [_hashed(key, *part) for part in itertools.pairwise(ends)]
    return jnp.concatenate(parts).reshape(shape)


def _hashed(
    key: Key[Array, ""], begin: int, end: int
) -> UInt32[Array, " {end}-{begin}"]:
    """Words `begin` … `end` - 1 of a key."""
    first, second = jax.random.key_data(key)
    keys = first, second, first ^ second ^ jnp.uint32(PARITY)
    right = jax.lax.iota(jnp.uint32, end - begin) + (keys[1] + jnp.uint32(begin))
    left = jnp.full_like(right, keys[0])
    for group in range(5):
        for turn in ROTATIONS[group % 2]:
            left = left + right
            right = right << jnp.uint32(turn) | right >> jnp.uint32(32 - turn)
            right = left ^ right
        left = left + keys[(group + 1) % 3]
        right = right + keys[(group + 2) % 3] + jnp.uint32(group + 1)
    return left ^ right


def normals(
    key: Key[Array, ""], shape: tuple[int, ...], dtype: DTypeLike = float
) -> Float[Array, "*shape"]:
    r"""Independent standard normals: those of `jax.random.normal` in float32.

    A word's first 23 bits name a number in $(-1, 1)$, and the inverse error function
    makes it a normal, below 5.5. Widened to float64 they take a sixth of the time of
    JAX's, and their moments are those of a normal to six digits.

    Args:
        key: A Threefry key.
        shape: Of the draws.
        dtype: Floating dtype of the result.

    Returns:
        The draws; the first ones do not depend on how many there are.
    """
    drawn = named_normals(words(key, (math.prod(shape),)), jnp.float32)
    return drawn.reshape(shape).astype(dtype)


def named_normals(
    names: UInt32[Array, "*shape"], dtype: DTypeLike = float
) -> Float[Array, "*shape"]:
    """The standard normal that each word names; see `normals`.

    Args:
        names: Words.
        dtype: Floating dtype of the result.
    """
    mantissa = names >> jnp.uint32(9) | jnp.uint32(0x3F800000)
    places = jax.lax.bitcast_convert_type(mantissa, jnp.float32) - 1
    lowest = jnp.nextafter(jnp.float32(-1), jnp.float32(0))
    uniform = jnp.maximum(2 * places + lowest, lowest)
    return (jnp.float32(2**0.5) * jax.lax.erf_inv(uniform)).astype(dtype)


def poisson(
    key: Key[Array, ""], mean: Float[Array, "*shape"], largest: int
) -> Int[Array, "*shape"]:
    r"""Independent Poisson numbers, by inversion of the distribution function.

    The smallest $k$ with $F(k) \ge u$, term by term. A mean is divided into equal
    shares, whose numbers add up, so that $e^{-\mathrm{mean}}$ does not underflow.
    An eighth of the code of `jax.random.poisson`, which compiles two samplers.

    Args:
        key: A Threefry key.
        mean: Means.
        largest: A number that is hardly ever met; it decides the number of shares.

    Returns:
        The draws; `largest + 1` where the mean is above 1.25 `largest` and does not
        fit the shares.
    """
    shares = 1 + largest // SHARE
    shape = (shares, *mean.shape)
    places = words(key, shape) >> jnp.uint32(8)
    level = (places.astype(mean.dtype) + 0.5) * 2.0**-24
    part = jnp.broadcast_to(mean / shares, shape)

    def unfinished(state: tuple[Array, ...]) -> Array:
        return jnp.any(state[1] > 0)

    def step(state: tuple[Array, ...]) -> tuple[Array, ...]:
        k, level, term, found = state
        goes_on = (level > term) & ((term > RARE) | (k < part))
        level = jnp.where(goes_on, level - term, 0)
        return k + 1, level, term * part / (k + 1), found + goes_on.astype(int)

    start = jnp.zeros((), mean.dtype), level, jnp.exp(-part), jnp.zeros(shape, int)
    found = jax.lax.while_loop(unfinished, step, start)[3].sum(axis=0)
    return jnp.where(part[0] <= 1.25 * SHARE, found, largest + 1)
