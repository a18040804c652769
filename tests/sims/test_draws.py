"""Draws: bits and normals against JAX, Poisson numbers against SciPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from limen.sims import draws
from scipy import stats

SHAPES = [(), (1,), (7,), (3, 5), (1024,), (33, 47)]  # in one piece, in two halves


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", [0, 2**31 + 5])
def test_words_are_those_of_jax(shape, seed):
    key = jax.random.key(seed)
    expected = jax.random.bits(key, shape, jnp.uint32)
    np.testing.assert_array_equal(draws.words(key, shape), expected)


@pytest.mark.parametrize("shape", SHAPES)
def test_normals_are_those_of_jax_in_single_precision(shape):
    key = jax.random.key(3)
    expected = jax.random.normal(key, shape, jnp.float32)
    np.testing.assert_allclose(draws.normals(key, shape), expected, rtol=1e-6)
    with jax.enable_x64(True):
        found = draws.normals(key, shape, jnp.float64)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_batch_of_keys_and_a_longer_draw_begin_alike():
    keys = jax.random.split(jax.random.key(1), 4)
    short = jax.vmap(lambda key: draws.normals(key, (6,)))(keys)
    longer = jnp.stack([draws.normals(key, (1500,)) for key in keys])
    np.testing.assert_array_equal(short, longer[:, :6])
    assert np.unique(short).size == 24


def test_moments_are_those_of_a_normal_over_all_words(monkeypatch):
    """All 2^23 values that a word can name: no chance in it."""
    every = jnp.arange(2**23, dtype=jnp.uint32) << jnp.uint32(9)
    monkeypatch.setattr(draws, "words", lambda *_: every)
    found = np.asarray(draws.normals(jax.random.key(0), every.shape), float)
    assert abs(found.mean()) < 1e-6
    assert (found**2).mean() == pytest.approx(1, abs=1e-6)
    assert (found**4).mean() == pytest.approx(3, abs=3e-5)
    assert 5.1 < found.max() < -found.min() < 5.5


@pytest.mark.parametrize("mean", [0.0, 0.01, 0.5, 3.0, 20.0, 63.0, 79.0])
@pytest.mark.parametrize("x64", [False, True])
def test_poisson_numbers_are_quantiles(mean, x64, monkeypatch):
    """On a grid of words; only in the last millionth may rounding tell."""
    grid = np.linspace(0, 2**32 - 1, 20001).astype(np.uint32)
    monkeypatch.setattr(draws, "words", lambda _, shape: grid.reshape(shape))
    with jax.enable_x64(x64):
        means = jnp.full(grid.shape, mean, float)
        found = np.asarray(draws.poisson(jax.random.key(0), means, 63))
    level = ((grid >> 8) + 0.5) / 2**24
    expected = stats.poisson.ppf(level, mean)
    ours, shifted = (stats.poisson.cdf(found + k, mean) for k in (0, -1))
    assert np.all((ours > level - 1e-6) & (shifted < level + 1e-6))
    assert np.mean(found != expected) < 1e-3


@pytest.mark.stats
@pytest.mark.parametrize("mean", [100.0, 1800.0])
def test_shares_add_up_to_large_means(mean):
    """Mean and variance of 40,000 draws, each within 5.5 standard errors."""
    means = jnp.full(40_000, mean)
    found = np.asarray(draws.poisson(jax.random.key(5), means, 2000), float)
    assert found.mean() == pytest.approx(mean, abs=5.5 * np.sqrt(mean / found.size))
    assert found.var() == pytest.approx(mean, rel=5.5 * np.sqrt(2 / found.size))


def test_what_does_not_fit_the_shares_is_reported():
    means = jnp.array([81.0, 1e6, jnp.inf, jnp.nan, 79.0])
    found = draws.poisson(jax.random.key(0), means, 63)
    assert found[:4].tolist() == [64] * 4
    assert found[4] not in (0, 64)
