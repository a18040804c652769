"""Brute-force quadrature of the hierarchical model, for the exact identities."""

import itertools
from collections.abc import Callable

import numpy as np

from ...theory.maths.quadrature import normal_rule

Expectations = tuple[float, np.ndarray]


def label_expectations(
    function: Callable[[np.ndarray], np.ndarray], weights: np.ndarray, order: int = 60
) -> Expectations:
    """E F(s) and E F(s) h_k² by tensor Gauss–Hermite, half the nodes by symmetry.

    Args:
        function: F, elementwise.
        weights: $b_k$, at most four.
        order: Nodes per axis, even.

    Returns:
        Both.
    """
    nodes, mass = (part[order // 2 :] for part in normal_rule(order))
    squares = np.meshgrid(*[nodes**2] * len(weights), indexing="ij", sparse=True)
    masses = np.meshgrid(*[2 * mass] * len(weights), indexing="ij", sparse=True)
    score = sum(b * (h2 - 1) for b, h2 in zip(weights, squares, strict=True))
    weighted = function(np.asarray(score)) * np.prod(np.broadcast_arrays(*masses), 0)
    tilted = [float((weighted * h2).sum()) for h2 in squares]
    return float(weighted.sum()), np.array(tilted)


class Points:
    """Exact quadrature points for moments of degree ≤ 8 in Gaussian inputs.

    Attributes:
        dim: $d$.
        x: Points.
        weights: Their weights.
    """

    def __init__(self, dim: int) -> None:
        nodes, mass = normal_rule(6)
        self.dim = dim
        self.x = np.array(list(itertools.product(nodes, repeat=dim)))
        self.weights = np.array(
            [np.prod(m) for m in itertools.product(mass, repeat=dim)]
        )

    def form(self, matrix: np.ndarray) -> np.ndarray:
        """(xᵀAx − tr A)/√2 at every point."""
        values = np.einsum("na,ab,nb->n", self.x, matrix, self.x)
        return (values - np.trace(matrix)) / np.sqrt(2)

    def mean(self, values: np.ndarray) -> float:
        """E over Gaussian inputs."""
        return float(self.weights @ values)

    def sphere_mean(self, values: np.ndarray, degree: int) -> float:
        """E over the sphere of radius √d of a homogeneous function."""
        rising = np.prod(self.dim + np.arange(0, degree, 2))
        return self.mean(values) * self.dim ** (degree / 2) / float(rising)


def random_features(
    rng: np.random.Generator, dim: int, count: int, traceless: bool = False
) -> np.ndarray:
    """Orthonormal random symmetric matrices, by Gram–Schmidt on matrices."""
    found: list[np.ndarray] = [np.eye(dim) / np.sqrt(dim)] if traceless else []
    while len(found) < count + traceless:
        A = rng.standard_normal((dim, dim))
        A = A + A.T
        for B in found:
            A = A - np.sum(A * B) * B
        found.append(A / np.linalg.norm(A))
    return np.array(found[int(traceless) :])
