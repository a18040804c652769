"""Exact moments of quadratic features, and the kernel baseline, by quadrature."""

import numpy as np
import pytest
from limen.theory import hierarchy
from numpy.testing import assert_allclose
from scipy import integrate, special

from ..reference import hierarchy as reference

WEIGHTS = np.array([1.0, -0.7])


def drawn(dim, traceless=False, count=2, seed=0):
    rng = np.random.default_rng(seed)
    return reference.random_features(rng, dim, count, traceless)


def score(features, points):
    return sum(
        b * (reference.form(A, points) ** 2 - 1)
        for b, A in zip(WEIGHTS, features, strict=True)
    )


@pytest.mark.parametrize("dim", [3, 4])
def test_population_operator_by_quadrature(dim):
    features = drawn(dim)
    points, weights = reference.gaussian_points(dim)
    s = score(features, points)
    U, V = reference.random_features(np.random.default_rng(5), dim, 2)
    direct = weights @ (s * reference.form(U, points) * reference.form(V, points))
    image = np.asarray(hierarchy.population_operator(features, WEIGHTS, U))
    assert_allclose(np.sum(V * image), direct, atol=1e-10)
    mean = weights @ s * np.sum(U * V)
    assert_allclose(mean, 0, atol=1e-10)


@pytest.mark.parametrize("dim", [3, 4])
def test_label_variance_by_quadrature(dim):
    features = drawn(dim)
    points, weights = reference.gaussian_points(dim)
    direct = weights @ score(features, points) ** 2
    found = hierarchy.label_variance(features, WEIGHTS, mode="gaussian")
    assert_allclose(found, direct, atol=1e-10)


@pytest.mark.parametrize("dim", [3, 4])
def test_square_covariance_on_the_sphere_by_quadrature(dim):
    A, B = drawn(dim, traceless=True)
    for pair in ((A, A), (A, B)):
        found = hierarchy.square_covariance(*pair, mode="sphere")
        direct = reference.sphere_square_covariance(*pair, dim)
        assert_allclose(found, direct, atol=1e-10)


def test_equivalent_model_has_the_gaussian_covariance():
    A, B = drawn(4)
    mixed = (A + B) / np.sqrt(2)
    assert_allclose(hierarchy.square_covariance(A, mixed, mode="gauss"), 1)
    both = hierarchy.label_variance(np.array([A, B]), WEIGHTS, mode="gauss")
    assert_allclose(both, 2 * np.sum(WEIGHTS**2))
    assert float(hierarchy.degree2_energy(np.array([A, B]), WEIGHTS, mode="gauss")) == 0


@pytest.mark.parametrize("dim", [3, 4])
def test_degree_two_energy_by_quadrature(dim):
    """Energy of the projection on all degree-two features."""
    features = drawn(dim)
    points, weights = reference.gaussian_points(dim)
    coefs = (weights * score(features, points)) @ reference.hermite_features(points)
    found = hierarchy.degree2_energy(features, WEIGHTS, mode="gaussian")
    assert_allclose(found, np.sum(coefs**2), atol=1e-10)


@pytest.mark.parametrize("dim", [3, 4])
def test_degree_two_energy_on_the_sphere_by_quadrature(dim):
    """Projection of h² (degree four in x) on the traceless forms (degree two)."""
    features = drawn(dim, traceless=True)
    points, weights = reference.gaussian_points(dim)
    scale = np.sqrt((dim + 2) / dim)
    squares = sum(
        b * (scale * reference.form(A, points)) ** 2
        for b, A in zip(WEIGHTS, features, strict=True)
    )
    basis = drawn(dim, traceless=True, count=dim * (dim + 1) // 2 - 1, seed=1)
    moment = reference.sphere_moment_factor(dim, 6)
    coefs = [weights @ (squares * scale * reference.form(U, points)) for U in basis]
    found = hierarchy.degree2_energy(features, WEIGHTS, mode="sphere")
    assert_allclose(found, np.sum((moment * np.array(coefs)) ** 2), atol=1e-10)


def test_vector_readout_against_least_squares():
    """HS-2v: the best second layer on quadrature points, d = 4."""
    features, vectors = drawn(4), drawn(4, seed=3)
    points, weights = reference.gaussian_points(4)
    s = score(features, points)
    design = np.stack([reference.form(V, points) ** 2 for V in vectors] + [s * 0 + 1])
    root = np.sqrt(weights)
    left = np.linalg.lstsq((design * root).T, s * root, rcond=None)
    rest = s - design.T @ left[0]
    expected = weights @ rest**2 / (weights @ s**2)
    found = hierarchy.vector_readout_nmse(features, WEIGHTS, vectors, mode="gaussian")
    assert_allclose(found, expected, atol=1e-10)
    perfect = hierarchy.vector_readout_nmse(
        features, WEIGHTS, features, mode="gaussian"
    )
    assert_allclose(perfect, 0, atol=1e-12)


def test_readout_of_the_equivalent_model_is_the_diagonal_formula():
    features = drawn(5)
    rest = drawn(5, count=8, seed=4)
    angle = np.array([0.3, 0.9])[:, None, None]
    orthogonal = [reference.flatten(A) for A in features]
    basis = np.linalg.qr(np.array([*orthogonal, *map(reference.flatten, rest)]).T)[0].T
    spare = np.array([reference.unflatten(v, 5) for v in basis[2:4]])
    vectors = np.cos(angle) * features + np.sin(angle) * spare
    found = hierarchy.vector_readout_nmse(features, WEIGHTS, vectors, mode="gauss")
    expected = hierarchy.population_nmse(WEIGHTS, np.cos(angle.ravel()) ** 2)
    assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("dim", [3, 5, 16])
def test_kernel_eigenvalues_by_integration(dim):
    found = hierarchy.kernel_eigenvalues(np.exp, dim=dim, max_degree=4)
    alpha = (dim - 2) / 2

    def mean(function):
        def weighted(t):
            return function(t) * (1 - t**2) ** ((dim - 3) / 2)

        return integrate.quad(weighted, -1, 1, epsabs=1e-13)[0]

    total = mean(lambda t: 1.0)
    for degree in range(5):
        at_one = special.eval_gegenbauer(degree, alpha, 1.0)
        direct = mean(
            lambda t, k=degree, one=at_one: (
                np.exp(t) * special.eval_gegenbauer(k, alpha, t) / one
            )
        )
        assert_allclose(found.eigenvalues[degree], direct / total, atol=1e-11)
    trace = hierarchy.kernel_eigenvalues(np.exp, dim=dim, max_degree=20)
    assert_allclose(np.sum(np.prod(np.asarray(trace), axis=0)), np.e, rtol=1e-10)


def test_multiplicities_by_hand():
    found = hierarchy.kernel_eigenvalues(np.exp, dim=3, max_degree=4).multiplicities
    assert_allclose(found, [1, 3, 5, 7, 9])
    assert_allclose(
        hierarchy.kernel_eigenvalues(np.exp, dim=16, max_degree=2).multiplicities,
        [1, 16, 135],
    )


def test_kernel_curve_in_its_limits():
    spectrum = hierarchy.kernel_eigenvalues(np.exp, dim=16)
    energies = np.array([0, 0, 1.0, 0, 2.0, 0, 0, 0, 0])
    few = hierarchy.kernel_mse(1.0, 1e6, *spectrum, energies)
    assert_allclose(few, 3.0, rtol=1e-5)
    many = hierarchy.kernel_mse(1e9, 0.01, *spectrum, energies)
    assert float(many) < 1e-6
    noisy = hierarchy.kernel_mse(1e9, 0.01, *spectrum, energies, 0.5)
    assert_allclose(noisy, 0.25, rtol=1e-3)


def test_kernel_curve_solves_its_equation():
    """The fixed point by scipy's root finder."""
    from scipy.optimize import brentq

    spectrum = hierarchy.kernel_eigenvalues(np.exp, dim=12)
    xi, count = (np.asarray(part) for part in spectrum)
    energies = np.array([0, 0, 0.2, 0, 0.8, 0, 0, 0, 0])

    def excess(log_kappa):
        kappa = np.exp(log_kappa)
        return count @ (xi / (xi + kappa)) + 0.01 / kappa - 400

    kappa = np.exp(brentq(excess, -30, 10, xtol=1e-14))
    learned = xi / (xi + kappa)
    expected = energies @ (1 - learned) ** 2 / (1 - count @ learned**2 / 400)
    found = hierarchy.kernel_mse(400.0, 0.01, *spectrum, energies)
    assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: hierarchy.label_variance(drawn(4), WEIGHTS, mode="cube"), "mode"),
        (
            lambda: hierarchy.label_variance(drawn(4), WEIGHTS, mode="sphere"),
            "features",
        ),
        (
            lambda: hierarchy.degree2_energy(drawn(4), WEIGHTS, mode="sphere"),
            "features",
        ),
        (lambda: hierarchy.kernel_eigenvalues(np.exp, dim=2), "dim"),
        (
            lambda: hierarchy.kernel_mse(9.0, 0.0, *np.ones((3, 9))),
            "ridge",
        ),
        (
            lambda: hierarchy.kernel_mse(0.0, 1.0, *np.ones((3, 9))),
            "num_samples",
        ),
        (
            lambda: hierarchy.kernel_mse(9.0, 1.0, -np.ones(9), *np.ones((2, 9))),
            "eigenvalues",
        ),
    ],
)
def test_bad_input(call, name):
    with pytest.raises(ValueError, match=f"`{name}`"):
        call()
