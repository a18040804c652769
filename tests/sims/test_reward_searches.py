"""Searches of the chain one after the other, against a loop in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from limen.sims import reward as sims
from limen.sims.reward import chain


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
    assert hit > 0.3 or min(slow) == 0


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
