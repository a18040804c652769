"""Relative entropies against sums, samples and SciPy; Fano against an exact test."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limen.theory.maths import information
from limen.theory.maths.domain import DomainError
from scipy import stats

probability = st.floats(0.01, 0.99)


def test_categorical_kl_against_scipy():
    p, q = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]]), np.array([0.1, 0.6, 0.3])
    q = np.broadcast_to(q, p.shape)
    expected = stats.entropy(p, q, axis=-1)
    np.testing.assert_allclose(information.categorical_kl(p, q), expected, rtol=1e-13)
    assert np.isinf(information.categorical_kl([0.5, 0.5], [1.0, 0.0]))


@settings(max_examples=20, deadline=None)
@given(p=probability, q=probability)
def test_bernoulli_is_a_categorical_with_two_outcomes(p, q):
    pair = information.categorical_kl([p, 1 - p], [q, 1 - q])
    np.testing.assert_allclose(information.bernoulli_kl(p, q), pair, atol=1e-14)
    assert float(information.bernoulli_kl(p, q)) >= -1e-15


def test_poisson_kl_against_the_sum_over_counts():
    counts = np.arange(200)
    p, q = stats.poisson(7.0), stats.poisson(4.5)
    direct = np.sum(p.pmf(counts) * (p.logpmf(counts) - q.logpmf(counts)))
    np.testing.assert_allclose(information.poisson_kl(7.0, 4.5), direct, rtol=1e-12)
    assert float(information.poisson_kl(3.0, 3.0)) == 0.0


def test_divergences_broadcast_like_a_loop():
    rates, reference = np.array([1.0, 2.0, 5.0]), 2.0
    loop = [float(information.poisson_kl(rate, reference)) for rate in rates]
    batch = information.poisson_kl(rates, np.full(3, reference))
    np.testing.assert_allclose(batch, loop, rtol=1e-15)


def test_fano_lies_below_the_error_of_the_best_test():
    """M noisy symbols: the channel keeps a symbol with probability 1 - noise."""
    size, noise = 16, 0.4
    row = np.full(size, noise / (size - 1))
    row[0] = 1 - noise
    mutual = np.log(size) - stats.entropy(row)
    bound = float(information.fano_error_lower_bound(mutual, np.log(size)))
    assert 0.2 < bound <= noise
    needed = information.fano_information_lower_bound(noise, np.log(size))
    assert 0 < float(needed) <= mutual


@settings(max_examples=20, deadline=None)
@given(error=probability, log_size=st.floats(3.0, 30.0))
def test_the_two_forms_of_fano_invert_each_other(error, log_size):
    needed = float(information.fano_information_lower_bound(error, log_size))
    back = float(information.fano_error_lower_bound(needed, log_size))
    assert back == pytest.approx(error, abs=1e-12) or needed == 0.0


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (information.categorical_kl, ([0.5, 0.6], [0.5, 0.5])),
        (information.categorical_kl, ([1.5, -0.5], [0.5, 0.5])),
        (information.bernoulli_kl, ([1.2], [0.5])),
        (information.poisson_kl, ([-1.0], [1.0])),
        (information.fano_error_lower_bound, ([-1.0], [1.0])),
        (information.fano_information_lower_bound, ([1.0], [1.0])),
        (information.fano_information_lower_bound, ([0.5], [0.0])),
    ],
)
def test_bad_input(function, arguments):
    with pytest.raises(DomainError):
        function(*arguments)
