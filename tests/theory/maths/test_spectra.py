"""Bulk, resolvent and outliers of empirical covariances."""

import jax
import numpy as np
import pytest
from limen.theory.maths import spectra
from limen.theory.maths.domain import DomainError
from scipy import integrate, optimize


@pytest.mark.parametrize("load", [0.3, 1.0, 2.5])
def test_moments_of_the_bulk_are_those_of_marchenko_and_pastur(load):
    for power, moment in ((1, 1.0), (2, 1 + 1 / load), (3, 1 + 3 / load + 1 / load**2)):
        mean = spectra.marchenko_pastur_mean(lambda x, k=power: x**k, load)
        assert float(mean) == pytest.approx(moment, rel=1e-11)


@pytest.mark.parametrize("load", [0.3, 2.5])
def test_density_integrates_to_the_mass_without_the_atom(load):
    low, high = map(float, spectra.marchenko_pastur_edges(load))
    grid = np.linspace(low, high, 20001)
    density = np.asarray(spectra.marchenko_pastur_density(grid, load))
    assert integrate.simpson(density, x=grid) == pytest.approx(min(1, load), rel=1e-5)
    assert float(spectra.marchenko_pastur_density([high + 0.1], load)[0]) == 0.0


def brute_ridge(level, variances, counts, num_samples):
    def excess(log_ridge):
        ridge = np.exp(log_ridge)
        df1 = np.sum(counts * variances / (variances + ridge))
        return ridge * (1 - df1 / num_samples) - level

    return np.exp(optimize.brentq(excess, -60, 20, xtol=1e-15, rtol=1e-15))


@pytest.mark.parametrize("num_samples", [10.0, 40.0, 200.0])
@pytest.mark.parametrize("level", [0.01, 1.0])
def test_effective_ridge_is_the_root(num_samples, level):
    variances, counts = np.arange(1, 41) ** -0.7, np.ones(40)
    root = spectra.effective_ridge(level, variances, counts, num_samples)
    expected = brute_ridge(level, variances, counts, num_samples)
    assert float(root) == pytest.approx(expected, rel=1e-12)


def test_effective_ridge_has_no_cancellation_near_the_hard_edge():
    # white, n = d: s = lambda^2 / (1 + lambda), so lambda -> sqrt(s)
    for level in (1e-12, 1e-22, 1e-30):
        root = float(spectra.effective_ridge(level, [1.0], [5.0], 5.0))
        exact = level / 2 + np.sqrt(level + level**2 / 4)
        assert root == pytest.approx(exact, rel=1e-13)


def test_effective_ridge_at_level_zero():
    assert float(spectra.effective_ridge(0.0, [1.0, 2.0], [3.0, 1.0], 4.0)) == 0.0
    assert float(spectra.effective_ridge(0.0, [1.0], [8.0], 2.0)) == pytest.approx(3.0)


def test_tiny_levels_stay_in_the_bracket():
    for num_samples in (5.0, 10.0):
        root = float(spectra.effective_ridge(1e-22, [1.0], [2.0], num_samples))
        assert root == pytest.approx(1e-22 / (1 - 2 / num_samples), rel=1e-12)


@pytest.mark.parametrize("num_samples", [4.0, 8.0, 20.0])
def test_derivative_of_the_effective_ridge(num_samples):
    variances, counts = np.array([1.0, 0.3, 2.0]), np.array([3.0, 4.0, 1.0])

    def ridge(level, variances):
        return spectra.effective_ridge(level, variances, counts, num_samples)

    with jax.enable_x64(True):
        in_level, in_variances = jax.grad(ridge, argnums=(0, 1))(0.2, variances)
    step = 1e-6
    slope = (
        float(ridge(0.2 + step, variances)) - float(ridge(0.2 - step, variances))
    ) / (2 * step)
    assert float(in_level) == pytest.approx(slope, rel=1e-7)
    shift = np.array([step, 0, 0])
    slope = (
        float(ridge(0.2, variances + shift)) - float(ridge(0.2, variances - shift))
    ) / (2 * step)
    assert float(in_variances[0]) == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_resolvent_of_a_large_sample_matches():
    rng = np.random.default_rng(5)
    variances = np.concatenate([np.full(300, 1.0), np.full(300, 0.2)])
    samples = rng.normal(size=(400, 600)) * np.sqrt(variances)
    values, vectors = np.linalg.eigh(samples.T @ samples / 400)
    smoother = np.einsum("ij,j,ij->i", vectors, values / (values + 0.1), vectors)
    root = spectra.effective_ridge(0.1, [1.0, 0.2], [300.0, 300.0], 400.0)
    for part, variance in ((smoother[:300], 1.0), (smoother[300:], 0.2)):
        assert part.mean() == pytest.approx(
            variance / (variance + float(root)), abs=0.01
        )


def test_outlier_and_overlap_at_both_sides_of_the_threshold():
    assert float(spectra.spiked_eigenvalue(1.5, 1.0)) == pytest.approx(25 / 6)
    assert float(spectra.spiked_eigenvalue(0.5, 1.0)) == pytest.approx(4.0)
    assert float(spectra.spiked_overlap(0.5, 8.0)) == pytest.approx(0.4)
    assert float(spectra.spiked_overlap(0.5, 2.0)) == 0.0
    at = np.array([0.999999, 1.0, 1.000001])
    edge = np.asarray(spectra.spiked_eigenvalue(at, 1.0))
    assert np.allclose(edge, 4.0, atol=1e-5)


def test_overlap_is_the_derivative_of_the_outlier():
    # Q = d(log eigenvalue)/d(log(1 + spike)): first-order perturbation of the spike
    with jax.enable_x64(True):
        slope = jax.grad(lambda b: spectra.spiked_eigenvalue(b, 2.0))(1.3)
    value = float(spectra.spiked_eigenvalue(1.3, 2.0))
    expected = float(slope) * 2.3 / value
    assert float(spectra.spiked_overlap(1.3, 2.0)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spectra.effective_ridge(-1.0, [1.0], [1.0], 1.0), "level"),
        (
            lambda: spectra.effective_ridge(1.0, [1.0, 0.0], [1.0, 1.0], 1.0),
            "variances",
        ),
        (lambda: spectra.effective_ridge(1.0, [np.inf], [1.0], 1.0), "variances"),
        (lambda: spectra.effective_ridge(1.0, [1.0], [-1.0], 1.0), "counts"),
        (lambda: spectra.effective_ridge(1.0, [1.0], [1.0], 0.0), "num_samples"),
        (lambda: spectra.spiked_overlap(0.0, 1.0), "spike"),
        (lambda: spectra.spiked_eigenvalue(1.0, -1.0), "load"),
        (lambda: spectra.marchenko_pastur_edges(0.0), "load"),
    ],
)
def test_bad_input_names_the_argument(call, message):
    with pytest.raises(DomainError, match=f"`{message}`"):
        call()


def test_shapes_must_agree():
    # TypeError: the shape annotations, executed in tests, are the first to notice
    with pytest.raises((ValueError, TypeError), match="counts"):
        spectra.effective_ridge(1.0, np.ones(2), np.ones(3), 1.0)
