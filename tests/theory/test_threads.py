"""The pool is settled before the first computation, and the hang is gone."""

import os
import subprocess
import sys

import pytest
from limen.theory import threads

BATCH = """
import limen.{floor}, jax, jax.numpy as jnp
def lane(key):
    a = jax.random.normal(key, (128, 128))
    b = a @ a.T
    u = jnp.linalg.eigh(b)[1] @ jnp.linalg.eigh(b + a + a.T)[1]
    return jnp.linalg.eigvalsh(u + u.T).sum()
run = jax.jit(jax.vmap(lane))
for i in range(13):
    run(jax.random.split(jax.random.key(i), 32)).block_until_ready()
"""
COUNT = """
import jax, limen.theory
jax.numpy.ones(3).block_until_ready()
print(limen.theory.threads.pool_threads())
"""


def fresh(code: str, timeout: float = 60, **environment: str) -> str:
    clean = {k: v for k, v in os.environ.items() if k != "NPROC"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=clean | environment,
        timeout=timeout,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_batched_linear_algebra_does_not_hang():
    fresh(BATCH.format(floor="sims"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_pool_has_the_stated_size_even_after_importing_jax():
    assert int(fresh(COUNT)) == threads.pool_size()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_user_has_the_last_word():
    assert int(fresh(COUNT, NPROC="3")) == 3


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no affinity")
@pytest.mark.parametrize("part", [0, 1, 2])
def test_processes_side_by_side_keep_to_a_share_of_the_cores(part):
    code = f"""
import os
from limen.theory.threads import keep_to_share
before = sorted(os.sched_getaffinity(0))
keep_to_share({part}, len(before) + 1)
assert sorted(os.sched_getaffinity(0)) == before
keep_to_share({part} % len(before), len(before))
print(before.index(*os.sched_getaffinity(0)) == {part} % len(before))
"""
    assert fresh(code) == "True"


@pytest.mark.parametrize(
    "floor", ["theory", "sims", "checks", "figures", "paper_repro"]
)
def test_every_floor_settles_it(floor):
    code = f"import os, limen.{floor}; print(os.environ['NPROC'])"
    assert int(fresh(code)) >= 8
