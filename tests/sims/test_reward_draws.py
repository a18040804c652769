"""The chain's draws: bits against JAX, their law, and searches one after the other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.random import threefry_2x32
from limen.sims import draws
from limen.sims import reward as sims
from limen.sims.reward import chain
from scipy import stats


@pytest.mark.parametrize("count", [1, 2, 7, 256])
@pytest.mark.parametrize("seed", [0, 2**31 + 5])
def test_words_are_those_of_jax(count, seed):
    key = jax.random.key(seed)
    even = count + count % 2
    theirs = threefry_2x32(jax.random.key_data(key), jnp.arange(even, dtype=jnp.uint32))
    np.testing.assert_array_equal(draws.threefry_words(key, count), theirs)


def test_extreme_words_give_finite_symmetric_normals(monkeypatch):
    words = jnp.array([0, 2**32 - 1, 2**31 - 1, 2**31], jnp.uint32)
    monkeypatch.setattr(draws, "threefry_words", lambda *_: words)
    low, high, below, above = np.asarray(draws.normals(jax.random.key(0), (4,)))
    assert low == -high
    assert -high == pytest.approx(stats.norm.ppf(2.0**-25), rel=1e-5)
    assert below == -above
    assert above == pytest.approx(np.sqrt(np.pi / 2) * 2.0**-24, rel=1e-5)


def test_quantiles_are_those_of_a_normal_to_single_precision(monkeypatch):
    """The map from words to numbers, without chance: on a grid of words."""
    grid = np.linspace(0, 2**32 - 1, 4001).astype(np.uint32)
    monkeypatch.setattr(draws, "threefry_words", lambda *_: jnp.asarray(grid))
    found = np.asarray(draws.normals(jax.random.key(0), grid.shape), float)
    exact = stats.norm.ppf(((grid >> 8).astype(float) + 0.5) / 2**24)
    np.testing.assert_allclose(found, exact, rtol=2e-6, atol=1e-7)


@pytest.mark.stats
def test_law_and_independence_of_the_draws():
    """A million draws; false alarm 2e-7 by Kolmogorov and Smirnov, and 5.5 errors.

    Negative control: draws that are 2 % too wide fail the same test (power 1 - 1e-9).
    """
    keys = jax.random.split(jax.random.key(29), 4000)
    found = np.asarray(jax.vmap(lambda k: draws.normals(k, (256,)))(keys), float)
    assert stats.kstest(found.ravel(), "norm").pvalue > 1e-7
    assert stats.kstest(1.02 * found.ravel(), "norm").pvalue < 1e-7
    size = 5.5 / np.sqrt(found.size)
    for lag in (1, 2, 3, 4, 64, 128):  # the halves of the words lie 128 apart
        assert abs(np.mean(found[:, lag:] * found[:, :-lag])) < 1.5 * size
    assert abs(np.mean(found[1:] * found[:-1])) < size
    assert np.mean(found**4) == pytest.approx(3, abs=size * np.sqrt(96))


def test_shapes_are_filled_in_order_and_odd_counts_cut():
    key = jax.random.key(2)
    flat = draws.normals(key, (15,))
    np.testing.assert_array_equal(draws.normals(key, (3, 5)), flat.reshape(3, 5))
    assert np.unique(flat).size == 15
    assert draws.normals(key, ()).shape == ()


def test_double_precision_is_left_to_jax():
    with jax.enable_x64(True):
        found = draws.normals(jax.random.key(1), (6,), jnp.float64)
        np.testing.assert_array_equal(
            found, jax.random.normal(jax.random.key(1), (6,), jnp.float64)
        )


def consecutive(key, args, hit, count):
    """Searches one after the other, step by step in NumPy, from the chain's blocks."""
    walk = chain.Walk(*args)
    named = {"link": "sin3", "transform": "exp"}
    blocks = jax.jit(lambda m, index: chain.block(key, m, index, walk, **named))
    times, m, since, index = [], chain.fresh_start(key, walk.dim, 0), 0, 0
    while len(times) < count:
        path = np.append(m, blocks(m, jnp.int32(index)))
        beyond = np.abs(path) >= hit
        if beyond.any():
            times.append((index - since) * chain.BLOCK + beyond.argmax())
            m = chain.fresh_start(key, walk.dim, len(times))
            since = index + 1
        else:
            m = jnp.float32(path[-1])
        index += 1
    return times


@pytest.mark.parametrize("hit", [0.3, 0.6])  # the lower one is often met at the start
def test_mean_of_searches_is_that_of_a_loop(hit):
    args = tuple(jnp.float32(x) for x in (16, 1.5, 1.0, 0.0, 1.6, 0.3))
    options = {"link": "sin3", "transform": "exp", "max_steps": 2**20}
    key = jax.random.key(4)
    found = sims.lumped_hits(key, *args, jnp.float32(hit), jnp.int32(12), **options)
    slow = consecutive(key, args, hit, 12)
    assert float(found["num_steps"]) == pytest.approx(np.mean(slow), rel=1e-6)
    assert not bool(found["censored"])
    assert (min(slow) == 0) == (hit == 0.3)


def test_one_search_is_the_first_passage():
    args = tuple(jnp.float32(x) for x in (16, 1.5, 1.0, 0.0, 1.6, 0.3, 0.6))
    options = {"link": "sin3", "transform": "exp", "max_steps": 2**20}

    def both(key):
        one = sims.lumped_hit(key, *args, **options)["num_steps"]
        return one, sims.lumped_hits(key, *args, jnp.int32(1), **options)["num_steps"]

    keys = jax.random.split(jax.random.key(6), 32)
    one, mean = jax.vmap(both)(keys)
    np.testing.assert_array_equal(one, mean)


def test_unfinished_searches_are_censored():
    args = tuple(jnp.float32(x) for x in (16, 1.5, 1.0, 0.0, 1.6, 0.3, 0.9))
    options = {"link": "sin3", "transform": "exp", "max_steps": 1024}
    found = sims.lumped_hits(jax.random.key(8), *args, jnp.int32(500), **options)
    assert bool(found["censored"])
