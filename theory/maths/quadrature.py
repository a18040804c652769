"""Gauss quadrature rules as nodes and weights (NumPy, float64)."""

import functools

import numpy as np
from scipy import special

Rule = tuple[np.ndarray, np.ndarray]


@functools.cache
def normal_rule(order: int) -> Rule:
    r"""Nodes and weights of Gauss–Hermite quadrature for a standard normal.

    $\mathbb{E} f(Z) \approx \sum_i w_i f(x_i)$, exact for polynomials of degree
    $2\,\mathrm{order} - 1$; the weights sum to one.

    Args:
        order: Number of nodes, at least 1.

    Returns:
        `(nodes, weights)`, each of length `order`.
    """
    nodes, weights = special.roots_hermitenorm(order)
    return nodes, weights / np.sqrt(2 * np.pi)


@functools.cache
def legendre_rule(order: int, low: float = -1.0, high: float = 1.0) -> Rule:
    r"""Nodes and weights of Gauss–Legendre quadrature on an interval.

    $\int_a^b f(x)\,dx \approx \sum_i w_i f(x_i)$.

    Args:
        order: Number of nodes, at least 1.
        low: Lower end $a$.
        high: Upper end $b > a$.

    Returns:
        `(nodes, weights)`, each of length `order`.
    """
    nodes, weights = special.roots_legendre(order)
    half = (high - low) / 2
    return low + half * (nodes + 1), half * weights


@functools.cache
def trapezoid_rule(order: int, low: float, high: float) -> Rule:
    r"""Equidistant nodes and weights of the trapezoid rule on an interval.

    Spectrally accurate for smooth functions that vanish at both ends, such as anything
    times a normal density on $[-12, 12]$.

    Args:
        order: Number of nodes, at least 2.
        low: Lower end.
        high: Upper end.

    Returns:
        `(nodes, weights)`, each of length `order`.
    """
    nodes, step = np.linspace(low, high, order, retstep=True)
    weights = np.full(order, float(step))
    weights[[0, -1]] /= 2
    return nodes, weights
