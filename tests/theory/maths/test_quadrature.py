"""Quadrature rules against moments and integrals known by hand."""

import math

import numpy as np
import pytest
from limen.theory.maths import quadrature


@pytest.mark.parametrize("order", [5, 40, 150])
def test_normal_moments(order):
    nodes, weights = quadrature.normal_rule(order)
    for k in range(0, 2 * min(order, 10), 2):
        exact = math.prod(range(1, k, 2))
        assert weights @ nodes**k == pytest.approx(exact, rel=1e-12)


def test_normal_rule_is_not_exact_beyond_its_degree():
    nodes, weights = quadrature.normal_rule(3)
    assert weights @ nodes**4 == pytest.approx(3)
    assert weights @ nodes**6 == pytest.approx(9)  # exact would be 15


def test_legendre_on_an_interval():
    nodes, weights = quadrature.legendre_rule(20, 1.0, 3.0)
    assert weights @ np.exp(nodes) == pytest.approx(math.e**3 - math.e, rel=1e-13)


def test_trapezoid_of_a_density():
    nodes, weights = quadrature.trapezoid_rule(8001, -12.0, 14.0)
    density = np.exp(-(nodes**2) / 2) / math.sqrt(2 * math.pi)
    assert weights @ density == pytest.approx(1, abs=1e-14)
