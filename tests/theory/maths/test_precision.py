"""`@float64`: double inside, the global setting untouched outside."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float
from limen.theory.maths.precision import float64


@float64
def third(x: Float[Array, "*n"], power: int = 1, scale: Float[Array, ""] | None = None):
    """x**power / 3, times a scale if one is given."""
    return x**power / 3.0 * (1.0 if scale is None else scale)


@pytest.mark.parametrize("x", [1, 1.0, np.float32(1), jnp.float32(1)])
def test_numbers_of_any_sort_become_double(x):
    assert np.asarray(third(x)) == 1 / 3


def test_lists_become_arrays_and_integers_stay_static():
    assert np.asarray(third([1.0, 2.0], 2)).tolist() == [1 / 3, 4 / 3]


def test_an_absent_argument_stays_absent():
    assert (
        np.asarray(third(1.0, scale=None)) == np.asarray(third(1.0, scale=1)) == 1 / 3
    )


def test_the_setting_outside_survives_an_error():
    @float64
    def broken(x: Float[Array, ""]) -> None:
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        broken(1.0)
    assert jnp.asarray(1.0).dtype == jnp.float32


def test_double_also_under_an_outer_vmap():
    batched = jax.vmap(third)(jnp.arange(3, dtype=jnp.float32))
    assert batched.dtype == jnp.float64
    np.testing.assert_array_equal(np.asarray(batched), np.arange(3) / 3)
