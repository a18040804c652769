"""HK-1, HK-2, HK-3, HK-5, HK-14: the spec's numbers, and routes of their own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limen.theory import hawkes
from limen.theory.maths.domain import DomainError
from scipy import integrate, linalg


def circulant(num_nodes, weight, offsets):
    weights = np.zeros((num_nodes, num_nodes))
    for offset in offsets:
        weights += weight * np.eye(num_nodes, k=offset)
        weights += weight * np.eye(num_nodes, k=offset - num_nodes)
    return weights


RANDOM = np.random.default_rng(5).uniform(0, 0.3, (4, 4))
MU = np.array([0.4, 0.1, 0.0, 1.2])


def density(lag, mu=MU, weights=RANDOM, beta=1.3):
    return np.asarray(hawkes.covariance_density(mu, weights, beta, lag))


def test_rates_solve_the_balance_equation():
    rates = np.asarray(hawkes.stationary_rates(MU, RANDOM))
    np.testing.assert_allclose(rates, MU + RANDOM @ rates, rtol=1e-13)


def test_transient_interpolates_between_baseline_and_stationary_rates():
    start = np.asarray(hawkes.transient_rates(MU, RANDOM, 1.3, 0.0))
    late = np.asarray(hawkes.transient_rates(MU, RANDOM, 1.3, 200.0))
    np.testing.assert_allclose(start, MU, atol=1e-14)
    np.testing.assert_allclose(late, hawkes.stationary_rates(MU, RANDOM), rtol=1e-12)


def test_mean_count_from_an_empty_past_matches_the_specification():
    weights, mu = circulant(20, 0.3, (1, 4)), np.full(20, 0.4)

    def rate(time):
        return float(hawkes.transient_rates(mu, weights, 1.0, time)[0])

    assert integrate.quad(rate, 0, 1)[0] == pytest.approx(0.50548, abs=5e-6)


def test_covariance_density_against_the_cluster_integral():
    """HK-2: c = Psi Sigma + integral of Psi(tau + s) Sigma Psi(s)'."""
    beta, lag = 1.3, 0.7
    drift = beta * (np.eye(4) - RANDOM)
    sigma = np.diag(np.asarray(hawkes.stationary_rates(MU, RANDOM)))

    def resolvent(t):
        return beta * RANDOM @ linalg.expm(-drift * t)

    nodes, weights = np.polynomial.legendre.leggauss(60)
    times, weights = 40 * ((nodes + 1) / 2) ** 3, weights * 60 * ((nodes + 1) / 2) ** 2
    direct = resolvent(lag) @ sigma
    for t, weight in zip(times, weights, strict=True):
        direct += weight * resolvent(lag + t) @ sigma @ resolvent(t).T
    np.testing.assert_allclose(density(lag), direct, rtol=1e-10)


def test_spectrum_at_zero_is_the_integrated_covariance():
    sigma = np.diag(np.asarray(hawkes.stationary_rates(MU, RANDOM)))
    tail = np.linalg.solve(1.3 * (np.eye(4) - RANDOM), density(0.0))
    spectrum = np.asarray(hawkes.bartlett_spectrum(MU, RANDOM, 1.3, 0.0))
    np.testing.assert_allclose(spectrum, sigma + tail + tail.T, rtol=1e-12)


def test_spectrum_is_hermitian_and_the_transform_of_the_density():
    frequency = 2.1
    spectrum = np.asarray(hawkes.bartlett_spectrum(MU, RANDOM, 1.3, frequency))
    sigma = np.diag(np.asarray(hawkes.stationary_rates(MU, RANDOM)))
    drift = 1.3 * (np.eye(4) - RANDOM) + 1j * frequency * np.eye(4)
    half = np.linalg.solve(drift, density(0.0))
    np.testing.assert_allclose(spectrum, sigma + half + half.conj().T, rtol=1e-12)
    np.testing.assert_allclose(spectrum, spectrum.conj().T, rtol=1e-13)


def test_state_covariances_solve_the_normal_equations():
    gram = np.asarray(hawkes.state_covariance(MU, RANDOM, 1.3))
    cross = np.asarray(hawkes.cross_state_covariance(MU, RANDOM, 1.3))
    np.testing.assert_allclose(np.linalg.solve(gram.T, cross.T).T, RANDOM, atol=1e-12)


@pytest.mark.parametrize("lag", [0, 1, 2])
def test_binned_covariance_integrates_the_density_over_two_bins(lag):
    """HK-3 against a triangular weight on the covariance density."""
    delta = 0.8

    def triangle(t):
        value = density(abs(t)) if t >= 0 else density(-t).T
        return max(delta - abs(t - lag * delta), 0.0) * value

    direct = np.zeros((4, 4))
    nodes, weights = np.polynomial.legendre.leggauss(12)
    for low in ((lag - 1) * delta, lag * delta):
        for node, weight in zip(nodes, weights, strict=True):
            direct += delta / 2 * weight * triangle(low + delta / 2 * (node + 1))
    if lag == 0:
        direct += delta * np.diag(np.asarray(hawkes.stationary_rates(MU, RANDOM)))
    binned = hawkes.binned_covariance(MU, RANDOM, 1.3, delta, lag=lag)
    np.testing.assert_allclose(binned, direct, rtol=1e-9)


def test_binned_covariances_match_the_specification():
    weights, mu = circulant(6, 0.25, (1, 4)), np.full(6, 0.5)
    edges = weights > 0

    def mean(lag):
        binned = hawkes.binned_covariance(mu, weights, 1.0, 0.5, lag=lag)
        return np.asarray(binned)[edges].mean()

    assert [mean(lag) for lag in (0, 1, 2)] == pytest.approx(
        [0.03487, 0.04550, 0.03004], abs=5e-6
    )


@pytest.mark.parametrize(
    ("offsets", "weight", "num_nodes", "expected"),
    [
        ((1,), 0.5, 16, 0.57735),
        ((1, 4), 0.25, 16, 0.53732),
        ((1, 4), 0.25, 32, 0.53685),
        ((1, 4), 0.25, 64, 0.53684),
    ],
)
def test_circulant_variance(offsets, weight, num_nodes, expected):
    value = hawkes.circulant_state_variance(offsets, weight, 1.0, num_nodes=num_nodes)
    assert float(value) == pytest.approx(expected, abs=6e-6)
    weights = circulant(num_nodes, weight, offsets)
    mu = np.full(num_nodes, 1 - weight * len(offsets))
    dense = np.asarray(hawkes.lyapunov_covariance(mu, weights))
    np.testing.assert_allclose(np.diag(dense), float(value), rtol=1e-12)


def test_inar_moments_match_the_specification_and_a_direct_iteration():
    weights, mu = circulant(6, 0.2, (1, 4)), np.full(6, 0.6)
    edges, ratios = weights > 0, []
    for y in (0.4, 0.2, 0.1, 0.05):
        mean, _, lagged = hawkes.inar_moments(mu, weights, 1.0, y)
        exact = np.asarray(hawkes.binned_covariance(mu, weights, 1.0, y, lag=1))
        ratios.append((np.asarray(lagged) / exact)[edges].mean())
        np.testing.assert_allclose(mean, y, rtol=1e-12)
    assert ratios == pytest.approx([1.191, 1.092, 1.045, 1.022], abs=6e-4)


def test_inar_covariances_against_an_iterated_linear_recursion():
    y, beta = 0.4, 1.3
    mean, same, lagged = map(np.asarray, hawkes.inar_moments(MU, RANDOM, beta, y))
    decay = np.exp(-beta * y)
    gain = (1 - decay) / y
    states = np.zeros((4, 4))
    for _ in range(3000):
        joint = y * RANDOM @ states
        noise = y * joint @ RANDOM.T + np.diag(mean)
        now, cross = states, joint
        states = decay**2 * now + decay * gain * (cross + cross.T) + gain**2 * noise
    np.testing.assert_allclose(noise, same, rtol=1e-10)
    response = decay * cross.T + gain * noise
    np.testing.assert_allclose(y * RANDOM @ response, lagged, rtol=1e-10)


def test_binned_weights_on_a_ring():
    scaled = np.asarray(hawkes.binned_weights(circulant(12, 0.5, (1,)), 1.0, 0.25))
    row = scaled[0, 1:4] / -np.expm1(-0.25)
    assert row == pytest.approx([0.5, 0.0299, 0.0012], abs=6e-5)


def test_binned_efficiency():
    assert float(hawkes.binned_efficiency(0.25)) == pytest.approx(0.783, abs=5e-4)
    assert float(hawkes.binned_efficiency(0.1)) == pytest.approx(0.906, abs=5e-4)
    assert float(hawkes.binned_efficiency(1e-6)) == pytest.approx(1.0, abs=2e-6)


@settings(max_examples=10, deadline=None)
@given(scale=st.floats(0.2, 5.0), lag=st.floats(0.0, 3.0))
def test_units_of_time(scale, lag):
    """Slower clocks rescale rates by c and densities by the square of c."""
    fast = density(lag, mu=MU * scale, beta=1.3 * scale) / scale**2
    np.testing.assert_allclose(fast, density(lag * scale), rtol=1e-9)


@pytest.mark.parametrize(
    "call",
    [
        lambda: hawkes.stationary_rates([-0.1, 1.0], np.zeros((2, 2))),
        lambda: hawkes.stationary_rates([0.0, 0.0], np.zeros((2, 2))),
        lambda: hawkes.stationary_rates([1.0, 1.0], [[0.0, -0.1], [0.0, 0.0]]),
        lambda: hawkes.stationary_rates([1.0, 1.0], [[0.0, 1.2], [1.0, 0.0]]),
        lambda: hawkes.stationary_rates([1.0, np.nan], np.zeros((2, 2))),
        lambda: hawkes.state_covariance(MU, RANDOM, 0.0),
        lambda: hawkes.covariance_density(MU, RANDOM, 1.0, -0.1),
        lambda: hawkes.transient_rates(MU, RANDOM, 1.0, -0.1),
        lambda: hawkes.binned_covariance(MU, RANDOM, 1.0, 0.0, lag=1),
        lambda: hawkes.binned_covariance(MU, RANDOM, 1.0, 0.5, lag=-1),
        lambda: hawkes.circulant_state_variance((1, 1), 0.2, 1.0, num_nodes=5),
        lambda: hawkes.circulant_state_variance((0,), 0.2, 1.0, num_nodes=5),
        lambda: hawkes.circulant_state_variance((1, 2), 0.5, 1.0, num_nodes=5),
        lambda: hawkes.binned_efficiency(-1.0),
    ],
)
def test_bad_input(call):
    with pytest.raises(DomainError):
        call()


def test_errors_name_the_offending_entry():
    with pytest.raises(DomainError, match=r"`weights`.*\(0, 1\): -0\.1"):
        hawkes.stationary_rates([1.0, 1.0], [[0.0, -0.1], [0.0, 0.0]])


def test_gram_identity_on_random_events():
    """HK-5: an exact integral from one matrix of event sums."""
    rng = np.random.default_rng(1)
    beta, horizon, d = 1.7, 9.0, 3
    times = np.sort(rng.uniform(0, horizon, 60))
    nodes = rng.integers(0, d, 60)
    state, cross, gram, integral = np.zeros(d), np.zeros((d, d)), 0.0, np.zeros(d)
    last = 0.0
    for time, node in zip([*times, horizon], [*nodes, -1], strict=True):
        gap = time - last
        gram = gram + np.outer(state, state) * -np.expm1(-2 * beta * gap) / (2 * beta)
        integral += state * -np.expm1(-beta * gap) / beta
        state = state * np.exp(-beta * gap)
        last = time
        if node >= 0:
            cross[node] += state
            state[node] += beta
    counts = np.bincount(nodes, minlength=d).astype(float)
    ours = hawkes.state_gram(cross, counts, state, beta)
    np.testing.assert_allclose(ours, gram, rtol=1e-12)
    ours = hawkes.state_integral(counts, state, beta)
    np.testing.assert_allclose(ours, integral, rtol=1e-12)
