"""`limen doctor` on machines that are not well."""

import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from limen.paper_repro import doctor


@pytest.fixture
def cache(tmp_path):
    """A compile cache of one's own with one program in it."""
    before = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", str(tmp_path))
    (tmp_path / "program").write_bytes(b"code")
    yield tmp_path
    jax.config.update("jax_compilation_cache_dir", before)


def finding(subject):
    """What the doctor says about it."""
    (found,) = [found for found in doctor.examine() if found.subject == subject]
    return found


def test_rounded_products_are_named(monkeypatch):
    """TF32 keeps ten bits of the factors."""

    def tf32(a, b, **_):
        return jnp.asarray(np.float32(np.float16(a)) @ np.float32(np.float16(b)))

    assert finding("float32 products").ok
    monkeypatch.setattr(doctor.jnp, "matmul", tf32)
    found = finding("float32 products")
    assert not found.ok
    assert "TF32" in found.advice


def test_a_fresh_cache_is_well(cache):
    assert finding("compile cache").ok


def test_programs_of_an_older_jaxlib_are_stale(cache):
    os.utime(cache / "program", (0, 0))
    found = finding("compile cache")
    assert not found.ok
    assert "1 from before this jaxlib" in found.fact
    assert "Delete" in found.advice


def test_silent_broadcasting_is_named(monkeypatch):
    assert finding("rank promotion").fact == "raise"
    monkeypatch.setattr(doctor, "_config", _Config())
    assert "RANK_PROMOTION=raise" in finding("rank promotion").fact
    assert not finding("global x64").ok


class _Config:
    jax_numpy_rank_promotion = "allow"
    jax_enable_x64 = True
    jax_compilation_cache_dir = "."
