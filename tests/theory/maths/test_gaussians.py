"""Divergences and distances between Gaussians."""

import jax
import numpy as np
import pytest
from limen.theory.maths import gaussians
from scipy import linalg, stats


def covariances(seed, cells=3, dim=4):
    factors = np.random.default_rng(seed).normal(size=(2, cells, dim, dim + 2))
    return factors @ factors.swapaxes(-1, -2)


def test_divergence_against_monte_carlo_free_formula():
    covariance, reference = covariances(1)
    shift = np.random.default_rng(2).normal(size=(3, 4))
    for a, b, m, kl in zip(
        covariance,
        reference,
        shift,
        np.asarray(gaussians.gaussian_kl(covariance, reference, shift)),
        strict=True,
    ):
        inverse = np.linalg.inv(b)
        logs = np.linalg.slogdet(b)[1] - np.linalg.slogdet(a)[1]
        expected = (np.trace(inverse @ a) - 4 + logs + m @ inverse @ m) / 2
        assert kl == pytest.approx(expected, rel=1e-11)


def test_divergence_is_the_mean_log_ratio():
    covariance, reference = (part[0] for part in covariances(3))
    samples = np.random.default_rng(4).multivariate_normal(
        np.zeros(4), covariance, 40000
    )
    ratio = stats.multivariate_normal(cov=covariance).logpdf(
        samples
    ) - stats.multivariate_normal(cov=reference).logpdf(samples)
    error = ratio.std() / np.sqrt(len(ratio))
    assert float(gaussians.gaussian_kl(covariance, reference)) == pytest.approx(
        ratio.mean(), abs=6 * error
    )


def test_distance_against_matrix_square_roots():
    covariance, reference = covariances(5)
    shift = np.random.default_rng(6).normal(size=(3, 4))
    distances = np.asarray(gaussians.bures_wasserstein(covariance, reference, shift))
    for a, b, m, distance in zip(covariance, reference, shift, distances, strict=True):
        root = linalg.sqrtm(b)
        cross = np.trace(linalg.sqrtm(root @ a @ root)).real
        expected = np.trace(a) + np.trace(b) - 2 * cross + m @ m
        assert distance == pytest.approx(expected, rel=1e-10)


def test_distance_is_a_symmetric_metric_and_allows_singular_matrices():
    covariance, reference = covariances(7)
    forth = np.asarray(gaussians.bures_wasserstein(covariance, reference))
    back = np.asarray(gaussians.bures_wasserstein(reference, covariance))
    assert np.allclose(forth, back, rtol=1e-11)
    assert np.allclose(gaussians.bures_wasserstein(reference, reference), 0, atol=1e-12)
    point = gaussians.bures_wasserstein(covariance, np.zeros_like(covariance))
    assert np.allclose(point, np.trace(covariance, axis1=1, axis2=2), rtol=1e-12)


def test_diagonal_matrices_have_closed_forms():
    a, b = np.array([1.0, 4.0]), np.array([9.0, 0.25])
    distance = gaussians.bures_wasserstein(np.diag(a), np.diag(b))
    assert float(distance) == pytest.approx(np.sum((np.sqrt(a) - np.sqrt(b)) ** 2))
    kl = gaussians.gaussian_kl(np.diag(a), np.diag(b))
    assert float(kl) == pytest.approx(np.sum(a / b - 1 - np.log(a / b)) / 2)


def test_indefinite_matrix_gives_nan():
    assert np.isnan(float(gaussians.gaussian_kl(-np.eye(2), np.eye(2))))


def test_divergence_is_differentiable():
    with jax.enable_x64(True):
        slope = jax.grad(lambda v: gaussians.gaussian_kl(v * np.eye(2), np.eye(2)))(2.0)
    assert float(slope) == pytest.approx(0.5, rel=1e-12)  # d/dv (v - 1 - log v)
