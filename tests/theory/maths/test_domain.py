"""`require`: at once with concrete values, at run time under jit."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from limen.theory.maths.domain import DomainError, require


def test_a_scalar_is_named_with_its_value():
    with pytest.raises(DomainError, match=r"`rate` must be positive\. Got -1\.0\."):
        require(-1.0, np.asarray(-1.0) > 0, "`rate` must be positive.")


def test_the_first_offending_index_is_named():
    value = jnp.array([1.0, -2.0, -3.0])
    with pytest.raises(DomainError, match=r"First violated at index \(1,\): -2\.0"):
        require(value, value > 0, "`rate` must be positive.")


def test_nan_is_outside_every_domain():
    with pytest.raises(DomainError):
        require(np.nan, np.asarray(np.nan) > 0, "`rate` must be positive.")


def test_the_value_is_handed_through():
    value = np.array([1.0, 2.0])
    assert require(value, value > 0, "") is value


def test_traced_values_fail_at_run_time():
    @eqx.filter_jit
    def root(x):
        return jnp.sqrt(require(x, x >= 0, "`x` must not be negative."))

    assert root(jnp.array(4.0)) == 2.0
    with pytest.raises(RuntimeError, match="`x` must not be negative"):
        root(jnp.array(-4.0)).block_until_ready()
