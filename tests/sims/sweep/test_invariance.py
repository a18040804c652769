"""Draws depend on (experiment, values, seed) alone; bits on the signature alone."""

import os
import platform
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from limen.sims.sweep import Policy, Store, Sweep, draw, program
from limen.sims.sweep.signature import processor


@pytest.fixture(scope="module")
def grid(sims):
    def over(rates, **options):
        axes = {"rate": rates, "noise": [0.0, 0.1]}
        return Sweep(sim=sims.descent, static={"dim": [4]}, dynamic=axes, **options)

    return over


@pytest.fixture(scope="module")
def straight(grid):
    """The undisturbed run that all others must equal, bit by bit."""
    return grid([0.1, 0.5, 0.9]).run(80)


def test_growing_requests(grid, straight):
    store = Store()
    for seeds in (1, 16, 17, 40, 80):
        rows = grid([0.1, 0.5, 0.9]).run(seeds, store=store)
        np.testing.assert_array_equal(rows.loss, straight.loss[:, :, :, :seeds])


def test_order_of_the_grid(grid, straight):
    turned = grid([0.9, 0.1, 0.5]).run(80)
    same = turned.sel(rate=[0.1, 0.5, 0.9])
    np.testing.assert_array_equal(same.loss, straight.loss)


def test_subset_then_extension(grid, straight):
    store = Store()
    grid([0.5]).run(16, store=store)
    grid([0.5, 0.9]).run(48, store=store)
    np.testing.assert_array_equal(
        grid([0.1, 0.5, 0.9]).run(80, store=store).loss, straight.loss
    )


def test_other_cells_in_the_tile(grid, straight):
    requests = [(grid([0.5]), 80), (grid([0.2, 0.3]), 7)]
    alone = draw(requests, store=None)[0]
    np.testing.assert_array_equal(alone.loss[:, 0, :, :80], straight.sel(rate=0.5).loss)


def test_looks_compile_nothing_new(sims):
    """Looks 16, 32, …, 1024 of one claim compile each program once."""
    sweep = Sweep(
        sim=sims.descent,
        static={"dim": [5]},
        dynamic={"rate": [0.1, 0.2, 0.3], "noise": [0.0]},
    )
    store, compiled = Store(), []
    for seeds in (16, 32, 64, 128, 256, 512, 1024):
        (rows,) = draw([(sweep, seeds)], store=store)
        assert rows.sizes["seed"] >= seeds
        compiled.append(rows.attrs["programs"])
    assert compiled == [1, 0, 0, 0, 0, 0, 0]


def test_draw_returns_a_number_of_rows_that_depends_on_the_request_alone(grid):
    empty, full = Store(), Store()
    grid([0.1, 0.5]).run(512, store=full)
    (one,), (other,) = (draw([(grid([0.1, 0.5]), 16)], store=s) for s in (empty, full))
    assert one.sizes == other.sizes
    np.testing.assert_array_equal(one.loss, other.loss)


def test_plain_vmap_is_not_enough(sims):
    """Anti-test: if this starts to fail, relax the documents, keep the design."""

    def loss(batch):
        keys = jax.vmap(lambda i: jax.random.fold_in(jax.random.key(0), i))(
            jnp.arange(batch)
        )
        run = jax.vmap(
            lambda key: sims.descent.function(
                key, jnp.float32(0.3), jnp.float32(0.1), dim=48, steps=100
            )["loss"]
        )
        made = jax.jit(run, compiler_options=program.effort("full"))
        return np.asarray(made(keys))[:8]

    assert not np.array_equal(loss(8), loss(256))
    np.testing.assert_allclose(loss(8), loss(256), rtol=1e-3)


ELSEWHERE = """
import sys, hashlib, numpy as np
from limen.sims.sweep import Sweep, program, resolve
import jax
if sys.argv[2:]:
    program.spare_effort_elsewhere()
sim = resolve(sys.argv[1] + ":descent")
axes = {"rate": [0.1, 0.5, 0.9], "noise": [0.0, 0.1]}
sweep = Sweep(sim=sim, static={"dim": [4]}, dynamic=axes)
loss = sweep.run(80, progress=False).loss.values
print(jax.device_count(), hashlib.blake2b(loss.tobytes()).hexdigest())
print(*sweep.plan(80).groups)
"""


@pytest.mark.parametrize(
    ("devices", "setting", "spare"),
    [
        (4, {"XLA_FLAGS": "--xla_force_host_platform_device_count=4"}, []),
        (4, {"XLA_FLAGS": "--xla_force_host_platform_device_count=4"}, ["spare"]),
        (1, {"PYTHONHASHSEED": "7"}, []),
        (1, {"NPROC": "2"}, []),
    ],
)
def test_other_devices_pools_and_compilers(
    sims, grid, straight, devices, setting, spare
):
    """Another pool is another signature, for large products; small ones are equal."""
    import hashlib

    run = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(sims.file), *spare],
        env=os.environ | setting,
        capture_output=True,
        text=True,
        check=True,
    )
    expected = hashlib.blake2b(straight.loss.values.tobytes()).hexdigest()
    groups = list(grid([0.1, 0.5, 0.9]).plan(80).groups)
    count, loss, *addresses = run.stdout.split()
    assert (count, loss) == (str(devices), expected)
    assert (addresses == groups) == ("NPROC" not in setting)


def test_another_processor_is_another_signature():
    """Kernels follow the vector unit, the parts of large sums the cache."""
    wide, narrow = "flags\t: fpu avx2 avx512f sse\n", "flags\t: fpu avx2 sse\n"
    assert processor(wide, "48K").endswith(" avx512f 48K")
    kinds = [(wide, "48K"), (wide, "32K"), (narrow, "32K"), (narrow, "")]
    assert len({processor(*kind) for kind in kinds}) == 4
    assert processor("", "") == platform.machine()


def test_another_tile_moves_floats_by_rounding_only(grid, straight):
    rows = grid([0.1, 0.5, 0.9], policy=Policy(tile=64)).run(80)
    np.testing.assert_allclose(rows.loss, straight.loss, rtol=1e-3, atol=1e-6)


def test_low_effort_moves_floats_by_rounding_only_and_is_bitwise_itself(grid, straight):
    """Other code, hence another signature; within it nothing may move."""
    low = Policy(effort="low")
    rows = grid([0.1, 0.5, 0.9], policy=low).run(80)
    np.testing.assert_allclose(rows.loss, straight.loss, rtol=1e-3, atol=1e-6)
    assert set(grid([0.1]).plan(16).groups).isdisjoint(
        grid([0.1], policy=low).plan(16).groups
    )
    again = grid([0.9, 0.1], policy=low).run(48)
    same = rows.isel(seed=slice(48)).sel(rate=again.rate)
    np.testing.assert_array_equal(again.loss, same.loss)


def test_strict_audits_every_group(grid, straight):
    rows = grid([0.1, 0.5, 0.9]).run(80, strict=True)
    assert rows.attrs["bitwise"] == "yes"
    np.testing.assert_array_equal(rows.loss, straight.loss)
