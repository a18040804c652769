"""Random streams: named by experiment, values and seed."""

import hashlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from limen.sims.sweep import Sweep, draw
from limen.sims.sweep.canonical import canonical, digest, words
from limen.sims.sweep.streams import IMPL, cell_keys, fold_in


def test_against_a_hand_written_loop(sims):
    sweep = Sweep(sim=sims.raw, dynamic={"level": [3, 7]}, replicas=2)
    rows = sweep.run(5, base_seed=11)
    for i, level in enumerate((3, 7)):
        text = f'{{"level":{level}}}'
        cell = int(hashlib.blake2b(text.encode(), digest_size=8).hexdigest(), 16)
        name = hashlib.blake2b(b'"s:simulators.raw"', digest_size=4).hexdigest()
        for lane in range(10):
            key = jax.random.key(11, impl="threefry2x32")
            for word in (int(name, 16), cell >> 32, cell & 0xFFFFFFFF, lane):
                key = jax.random.fold_in(key, jnp.uint32(word))
            bits = int(jax.random.bits(key, (), jnp.uint32))
            assert int(rows.bits[i, lane // 2, lane % 2]) == bits


def test_keys_are_distinct():
    cells = np.array([words({"rate": 0.1 * i}) for i in range(100)], np.uint32)
    table = fold_in(cell_keys(0, 1, cells)[:, None], np.arange(1000))
    assert len(np.unique(table.reshape(-1, 2), axis=0)) == 10**5


@given(
    seed=st.integers(0, 2**32 - 1),
    path=st.lists(st.integers(0, 2**32 - 1), min_size=4, max_size=4),
)
@example(seed=0, path=[0, 0, 0, 0])
@example(seed=2**32 - 1, path=[2**32 - 1] * 4)
def test_keys_on_the_host_are_those_of_jax(seed, path):
    """Experiment, two words of the cell and lane, folded in by jax one by one."""
    key = jax.random.key(np.uint32(seed), impl=IMPL)
    for word in path:
        key = jax.random.fold_in(key, np.uint32(word))
    stream, high, low, lane = path
    cell = cell_keys(seed, stream, np.array([[high, low]], np.uint32))
    ours = fold_in(cell, np.array([lane]))
    np.testing.assert_array_equal(ours[0], jax.random.key_data(key))


def test_common_random_numbers(sims):
    sweep = Sweep(sim=sims.raw, dynamic={"level": [3, 7]}, crn=True)
    rows = sweep.run(16)
    np.testing.assert_array_equal(rows.bits[0], rows.bits[1])
    apart = Sweep(sim=sims.raw, dynamic={"level": [3, 7]}).run(16)
    assert not np.array_equal(apart.bits[0], apart.bits[1])


def test_a_group_of_streams_is_shared(sims):
    one = Sweep(sim=sims.raw, dynamic={"level": [3]}, crn_group="pair").run(16)
    other = Sweep(sim=sims.raw, dynamic={"level": [3]}).run(16)
    assert not np.array_equal(one.bits, other.bits)


def test_base_seed_changes_everything_and_compiles_nothing(coins):
    first = coins(0.5).run(16)
    second = coins(0.5).run(16, base_seed=1)
    assert not np.array_equal(first["count"], second["count"])
    assert second.attrs["programs"] == 0


def test_prefix_property_of_draws():
    """Draws of a longer array begin with those of a shorter one (leading axis)."""
    key = jax.random.key(3)
    long = jax.random.normal(key, (16,), jnp.float32)
    with jax.debug_key_reuse(False):
        np.testing.assert_array_equal(
            jax.random.normal(key, (10,), jnp.float32), long[:10]
        )
        wide = jax.random.normal(key, (6, 10), jnp.float32)
        np.testing.assert_array_equal(
            jax.random.normal(key, (4, 10), jnp.float32), wide[:4]
        )


def test_replicas_are_lanes_of_their_seed(sims):
    flat = Sweep(sim=sims.raw, dynamic={"level": [3]}).run(32)
    paired = Sweep(sim=sims.raw, dynamic={"level": [3]}, replicas=2).run(16)
    np.testing.assert_array_equal(paired.bits.values.reshape(1, 32), flat.bits)


def test_no_seed_lies_twice_in_a_dataset(sims):
    (rows,) = draw([(Sweep(sim=sims.raw, dynamic={"level": [3]}), 300)], store=None)
    assert len(np.unique(rows.bits)) == rows.bits.size


@pytest.mark.parametrize("value", [{"rate": 0.1}, {"rate": 0.1, "dim": 4}, {}])
def test_names_are_stable(value):
    """Pinned: a change here would void every store and every published draw."""
    pinned = {
        '{"rate":"f:0x1.999999999999ap-4"}': "f5cc",
        '{"dim":4,"rate":"f:0x1.999999999999ap-4"}': "",
        "{}": "",
    }
    assert canonical(value) in pinned
    assert (
        digest(value)
        == hashlib.blake2b(canonical(value).encode(), digest_size=16).hexdigest()
    )
