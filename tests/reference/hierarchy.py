"""Slow oracles of the hierarchy system: NumPy, brute force, no limen."""

import itertools

import numpy as np


def normal_axis(order):
    """Nodes and weights of a standard normal."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(order)
    return nodes, weights / weights.sum()


def half_axis(order):
    """Nodes h ≥ 0 with doubled weights, for functions even in h."""
    nodes, weights = normal_axis(order)
    return nodes[nodes > 0], 2 * weights[nodes > 0]


def tensor_expectations(function, weights, order=60):
    """E F(s) and E F(s) h_k² by tensor Gauss–Hermite in the hidden features."""
    nodes, mass = half_axis(order)
    p = len(weights)
    squares = np.meshgrid(*[nodes**2] * p, indexing="ij", sparse=True)
    masses = np.meshgrid(*[mass] * p, indexing="ij", sparse=True)
    score = sum(b * (h2 - 1) for b, h2 in zip(weights, squares, strict=True))
    weighted = function(score) * np.prod(np.broadcast_arrays(*masses), axis=0)
    return weighted.sum(), np.array([(weighted * h2).sum() for h2 in squares])


def gaussian_points(dim, order=6):
    """Tensor Gauss–Hermite points in d dimensions and their weights."""
    nodes, mass = normal_axis(order)
    points = np.array(list(itertools.product(nodes, repeat=dim)))
    weights = np.array([np.prod(m) for m in itertools.product(mass, repeat=dim)])
    return points, weights


def form(matrix, points):
    """(xᵀAx − tr A)/√2 at every point."""
    values = np.einsum("na,ab,nb->n", points, matrix, points)
    return (values - np.trace(matrix)) / np.sqrt(2)


def sphere_moment_factor(dim, degree):
    """E_sphere f / E_gauss f for a homogeneous f of even degree, radius √d."""
    return dim ** (degree / 2) / np.prod(dim + np.arange(0, degree, 2))


def sphere_square_covariance(first, second, dim):
    """Cov(h_A², h_B²) on the sphere for traceless A, B, by exact quadrature."""
    points, weights = gaussian_points(dim)
    scale = np.sqrt((dim + 2) / dim)
    squares = [(scale * form(A, points)) ** 2 for A in (first, second)]
    joint = weights @ (squares[0] * squares[1]) * sphere_moment_factor(dim, 8)
    means = [weights @ s * sphere_moment_factor(dim, 4) for s in squares]
    return joint - means[0] * means[1]


def random_features(rng, dim, count, traceless=False):
    """Orthonormal random symmetric matrices in the flat isometry."""
    rows, columns = np.triu_indices(dim)
    flat = rng.standard_normal((len(rows), count))
    if traceless:
        identity = np.where(rows == columns, 1.0, 0.0) / np.sqrt(dim)
        flat -= np.outer(identity, identity @ flat)
    vectors = np.linalg.qr(flat)[0].T
    return np.array([unflatten(v, dim) for v in vectors])


def unflatten(vector, dim):
    """Symmetric matrix of a flat vector (off-diagonal entries over √2)."""
    rows, columns = np.triu_indices(dim)
    matrix = np.zeros((dim, dim))
    entries = np.where(rows == columns, vector, vector / np.sqrt(2))
    matrix[rows, columns] = entries
    matrix[columns, rows] = entries
    return matrix


def flatten(matrix):
    """Flat vector of a symmetric matrix."""
    rows, columns = np.triu_indices(len(matrix))
    return np.where(rows == columns, 1.0, np.sqrt(2)) * matrix[rows, columns]


def hermite_features(points):
    """Degree-two features: x_i x_j off the diagonal, (x_i² − 1)/√2 on it."""
    rows, columns = np.triu_indices(points.shape[1])
    products = points[:, rows] * points[:, columns]
    return np.where(rows == columns, (products - 1) / np.sqrt(2), products)


def matched(weights, size):
    """Positions of each feature's eigenvector among ascending eigenvalues."""
    places = np.empty(len(weights), dtype=int)
    up = [k for k in np.argsort(-weights, kind="stable") if weights[k] > 0]
    down = [k for k in np.argsort(weights, kind="stable") if weights[k] < 0]
    places[up] = size - 1 - np.arange(len(up))
    places[down] = np.arange(len(down))
    return places


def learn(features, labels, targets, weights):
    """Overlaps and eigenvalues of Ĉ from samples, in plain NumPy.

    `features` (n, D), `labels` T(y) (n,), `targets` (p, D) unit vectors.
    """
    moment = (features * labels[:, None]).T @ features / len(labels)
    centred = (moment - labels.mean() * np.eye(features.shape[1])) / 2
    values, vectors = np.linalg.eigh(centred)
    places = matched(weights, len(values))
    overlap = (targets @ vectors[:, places]) ** 2
    return np.diag(overlap), values[places], values, vectors[:, places]


def spiked_goe(diagonal, squares, theta):
    """Top eigenvalue and squared overlap with e₁ of a spiked tridiagonal matrix."""
    off = np.sqrt(squares)
    matrix = np.diag(diagonal) + np.diag(off, 1) + np.diag(off, -1)
    matrix[0, 0] += theta
    values, vectors = np.linalg.eigh(matrix)
    return values[-1], vectors[0, -1] ** 2
