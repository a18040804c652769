"""Orthonormal Hermite polynomials against NumPy's and against orthogonality."""

import math

import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from limen.theory.maths import hermite, quadrature
from numpy.polynomial import hermite_e


@given(st.floats(-6, 6), st.integers(0, 12))
def test_values_agree_with_numpy(x, degree):
    ours = np.asarray(hermite.hermite_values(x, degree))
    scale = [math.sqrt(math.factorial(k)) for k in range(degree + 1)]
    theirs = hermite_e.hermevander([x], degree)[0] / scale
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)


def test_orthonormal():
    nodes, weights = quadrature.normal_rule(60)
    values = np.asarray(hermite.hermite_values(nodes, 20))
    gram = (values.T * weights) @ values
    np.testing.assert_allclose(gram, np.eye(21), atol=1e-11)


def test_coefficients_of_a_cube():
    found = np.asarray(hermite.hermite_coefficients(lambda x: x**3, 4))
    np.testing.assert_allclose(found, [0, 3, 0, math.sqrt(6), 0], atol=1e-12)


def test_coefficients_of_a_generating_function():
    found = np.asarray(hermite.hermite_coefficients(lambda x: jnp.exp(x - 0.5), 8))
    exact = [1 / math.sqrt(math.factorial(k)) for k in range(9)]
    np.testing.assert_allclose(found, exact, rtol=1e-10)
