"""The anchors of the mean-field theory: spec numbers and independent routes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limen.theory import meanfield as mf
from limen.theory.maths.domain import DomainError
from scipy import integrate, linalg

S = np.array([1.0, 0.25])


def numbers(function, *args, **kwargs):
    return np.asarray(function(*args, **kwargs))


class TestLinear:
    def test_spec_numbers(self):
        discrete = numbers(mf.linear_coupling_discrete, 500, 0.02, S, 0.5, 0.2, 1.0)
        continuous = numbers(mf.linear_coupling, 10.0, S, 0.5, 0.2, 1.0)
        assert discrete.sum() == pytest.approx(0.16123, abs=5e-6)
        assert continuous.sum() == pytest.approx(0.16005, abs=5e-6)
        grown = numbers(mf.linear_coupling, np.array([5.0, 10, 20]), 1.0, 0.0, 0.2, 1.0)
        np.testing.assert_allclose(grown, [2.39, 4.40, 8.40], atol=0.005)

    @pytest.mark.parametrize("time", [1e-4, 0.3, 1.2, 40.0])
    @pytest.mark.parametrize("lam", [0.0, 0.5])
    def test_coupling_is_the_integral(self, time, lam):
        def integrand(r):
            return np.exp(-2 * lam * r) * np.expm1(-0.8 * r) ** 2

        noise, _ = integrate.quad(integrand, 0, time, epsrel=1e-12, epsabs=0)
        start = np.exp(-lam * time) * np.expm1(-0.8 * time)
        expected = 1.3 * start**2 + 2 * 0.2 * noise
        found = numbers(mf.linear_coupling, time, 0.8, lam, 0.2, 1.3)
        np.testing.assert_allclose(found, expected, rtol=1e-10)

    @pytest.mark.parametrize("lam", [0.0, 0.4])
    @pytest.mark.parametrize("steps", [0, 1, 7])
    def test_discrete_sums_by_brute_force(self, steps, lam):
        step, s, tau, c0, target, u = 0.9, 1.3, 0.3, 0.7, 0.4, -0.2
        fast, slow = 1 - step * (s + lam), 1 - step * lam
        powers = np.arange(steps)
        mean = u * fast**steps + step * target * np.sum(fast**powers)
        variance = c0 * slow ** (2 * steps)
        variance += 2 * tau * step * np.sum(slow ** (2 * powers))
        gap = 2 * tau * step * np.sum((fast**powers - slow**powers) ** 2)
        coupling = c0 * (fast**steps - slow**steps) ** 2 + gap
        for function, args, expected in (
            (mf.linear_mean_discrete, (steps, step, s, target, lam, u), mean),
            (mf.linear_variance_discrete, (steps, step, lam, tau, c0), variance),
            (mf.linear_coupling_discrete, (steps, step, s, lam, tau, c0), coupling),
        ):
            np.testing.assert_allclose(numbers(function, *args), expected, atol=1e-13)

    def test_small_steps_reach_continuous_time(self):
        fine = numbers(mf.linear_variance_discrete, 20000, 1e-4, 0.7, 0.3, 1.0)
        np.testing.assert_allclose(
            fine, numbers(mf.linear_variance, 2.0, 0.7, 0.3, 1.0), rtol=2e-4
        )
        fine = numbers(mf.linear_mean_discrete, 20000, 1e-4, 0.7, 0.3, 0.2, 1.0)
        np.testing.assert_allclose(
            fine, numbers(mf.linear_mean, 2.0, 0.7, 0.3, 0.2, 1.0), rtol=2e-4
        )

    def test_limits(self):
        limit = numbers(mf.linear_coupling_limit, S, 0.5, 0.2)
        np.testing.assert_allclose(
            numbers(mf.linear_coupling, 60.0, S, 0.5, 0.2, 1.0), limit, rtol=1e-10
        )
        assert numbers(mf.linear_variance, 3.0, 0.0, 0.2, 1.0) == pytest.approx(2.2)

    def test_finite_width_laws_against_dense_covariance(self):
        """Three rates from one dense continuous Lyapunov solution at N = 5."""
        width, s, lam, tau, c0, time = 5, 1.0, 0.5, 0.2, 1.0, 0.7
        drift = lam * np.eye(width) + s / width
        decay = linalg.expm(-drift * time)
        stationary = tau * np.linalg.inv(drift)
        dense = decay @ (c0 * np.eye(width) - stationary) @ decay.T + stationary
        single = float(mf.linear_variance(time, lam, tau, c0))
        root = linalg.sqrtm(dense)
        joint = np.trace(dense) + width * single - 2 * np.sqrt(single) * np.trace(root)
        marginal = (np.sqrt(dense[0, 0]) - np.sqrt(single)) ** 2
        args = (time, s, lam, tau, c0)
        np.testing.assert_allclose(
            numbers(mf.linear_w2_joint, *args), joint, atol=1e-12
        )
        np.testing.assert_allclose(
            numbers(mf.linear_w2_marginal, *args, width), marginal, atol=1e-15
        )
        ratio = np.linalg.eigvalsh(stationary) * lam / tau
        entropy = np.sum(ratio - 1 - np.log(ratio)) / 2
        np.testing.assert_allclose(
            numbers(mf.linear_relative_entropy, s, lam), entropy, rtol=1e-12
        )
        gap = tau / 2 * np.sum(np.log(np.linalg.eigvalsh(drift) / lam))
        np.testing.assert_allclose(
            numbers(mf.linear_free_energy_gap, s, lam, tau), gap, rtol=1e-12
        )

    def test_free_energy_excess_is_a_gaussian_divergence(self):
        """F - F_* = ½s(u-u∞)² + τ KL(m|m_*) for the convex quadratic energy."""
        time, s, b, lam, tau, u0, c0 = 0.4, 0.8, 0.5, 0.5, 0.2, 1.5, 1.3
        mean = float(mf.linear_mean(time, s, b, lam, u0))
        var = float(mf.linear_variance(time, lam, tau, c0))
        limit, prior = b / (s + lam), tau / lam
        kl = (var / prior - 1 - np.log(var / prior) + (mean - limit) ** 2 / prior) / 2
        expected = s * (mean - limit) ** 2 / 2 + tau * kl
        found = numbers(mf.linear_free_energy_excess, time, s, b, lam, tau, u0, c0)
        np.testing.assert_allclose(found, expected, rtol=1e-12)

    @given(st.floats(0, 3), st.floats(0.01, 2), st.integers(0, 60))
    @settings(max_examples=30, deadline=None)
    def test_coupling_is_nonnegative_and_linear_in_temperature(self, s, lam, steps):
        step = 0.5 / (s + lam + 1)
        one = numbers(mf.linear_coupling_discrete, steps, step, s, lam, 1.0, 0.0)
        two = numbers(mf.linear_coupling_discrete, steps, step, s, lam, 2.0, 0.0)
        assert one >= -1e-13
        np.testing.assert_allclose(two, 2 * one, rtol=1e-9, atol=1e-13)

    def test_batching_is_a_loop(self):
        times = jnp.array([0.1, 1.0, 5.0])
        batch = numbers(mf.linear_coupling, times, 0.8, 0.3, 0.2, 1.0)
        loop = [float(mf.linear_coupling(t, 0.8, 0.3, 0.2, 1.0)) for t in times]
        np.testing.assert_allclose(batch, loop, rtol=1e-14)


class TestRiccati:
    def test_spec_numbers(self):
        upper = float(mf.riccati_roots(1.0, 0.3, 0.1)[0])
        mean, _ = mf.riccati_finite_width(1.0, 0.3, 0.1, 16)
        assert upper == pytest.approx(0.82170, abs=5e-6)
        assert float(mean) == pytest.approx(0.80993, abs=5e-6)
        far, var = mf.riccati_finite_width(1.0, 0.3, 0.1, 1e5)
        assert (float(far) - upper) * 1e5 == pytest.approx(-0.1847, abs=2e-4)
        one = float(mf.riccati_fluctuation(np.array([1.0]), 0.3, 0.1))
        assert float(var) * 1e5 == pytest.approx(one, abs=2e-4)
        assert one == pytest.approx(0.1742, abs=5e-5)
        three = mf.riccati_fluctuation(np.array([1.2, 0.5, 0.1]), 0.3, 0.02)
        assert float(three) == pytest.approx(0.1670, abs=5e-5)

    def test_fluctuation_in_its_other_form(self):
        mu, lam, tau = np.array([1.2, 0.5, 0.1]), 0.3, 0.02
        q = numbers(mf.riccati_roots, mu, lam, tau)[0]
        product = q[:, None] * q[None, :]
        expected = np.sum(tau * product / (tau + product))
        expected += np.sum(tau * q**2 / (tau + q**2))
        found = numbers(mf.riccati_fluctuation, mu, lam, tau)
        np.testing.assert_allclose(found, expected, rtol=1e-12)

    @pytest.mark.parametrize("width", [1, 3, 16])
    def test_finite_width_by_adaptive_quadrature(self, width):
        gap, tau = 0.7, 0.1

        def density(q, power):
            log = -width / tau * (q**2 / 4 - gap * q / 2)
            return q ** (width / 2 - 1 + power) * np.exp(log)

        moments = [
            integrate.quad(lambda x, k=k: density(x**2, k) * 2 * x, 0, 3, epsabs=0)[0]
            for k in range(3)
        ]
        mean = moments[1] / moments[0]
        found = numbers(mf.riccati_finite_width, 1.0, 0.3, tau, width)
        expected = [mean, moments[2] / moments[0] - mean**2]
        np.testing.assert_allclose(found, expected, rtol=1e-7)

    def test_moment_and_flow_solve_their_equations(self):
        mu, lam, tau, q0, end = 1.0, 0.3, 0.1, 0.2, 2.0

        def slope(_, state):
            q, _ = state
            return [2 * (mu - lam - q) * q + 2 * tau, mu - lam - q]

        solved = integrate.solve_ivp(slope, (0, end), [q0, 0.0], rtol=1e-12, atol=1e-13)
        q, log_flow = solved.y[:, -1]
        args = (end, mu, lam, tau, q0)
        np.testing.assert_allclose(numbers(mf.riccati_moment, *args), q, rtol=1e-10)
        np.testing.assert_allclose(
            numbers(mf.riccati_flow, *args), np.exp(log_flow), rtol=1e-10
        )

    def test_matrix_is_the_hamiltonian_exponential(self):
        rng = np.random.default_rng(1)
        root, star = rng.standard_normal((2, 3, 3))
        M0, M_star = root @ root.T, (star + star.T) / 2
        lam, tau, time = 0.3, 0.2, 1.7
        gamma, eye = M_star - lam * np.eye(3), np.eye(3)
        flow = linalg.expm(time * np.block([[-gamma, 2 * eye], [2 * tau * eye, gamma]]))
        Z = flow @ np.concatenate([eye, M0])
        expected = Z[3:] @ np.linalg.inv(Z[:3])
        found = numbers(mf.riccati_matrix, time, M0, M_star, lam, tau)
        np.testing.assert_allclose(found, expected, atol=1e-12)
        late = numbers(mf.riccati_matrix, 1e5, M0, M_star, lam, tau)
        upper = numbers(mf.riccati_roots, np.linalg.eigvalsh(M_star), lam, tau)[0]
        np.testing.assert_allclose(np.linalg.eigvalsh(late), upper, rtol=1e-12)

    def test_discrete_matrix_reaches_the_flow(self):
        M0, M_star = np.diag([0.1, 0.4]), np.array([[1.0, 0.3], [0.3, 0.2]])
        fine = numbers(
            mf.riccati_matrix_discrete, M0, M_star, 0.3, 0.1, 1e-4, num_steps=10000
        )
        exact = numbers(mf.riccati_matrix, 1.0, M0, M_star, 0.3, 0.1)
        np.testing.assert_allclose(fine, exact, atol=2e-4)

    def test_roots_do_not_cancel(self):
        for mu in (-1e4, 1e4):
            upper, lower, root = (float(x) for x in mf.riccati_roots(mu, 0.0, 1e-6))
            assert upper * lower == pytest.approx(-1e-6, rel=1e-12)
            assert upper - lower == pytest.approx(root, rel=1e-12)
        assert [float(x) for x in mf.riccati_roots(0.3, 0.3, 0.0)] == [0.0, 0.0, 0.0]


class TestDecomposition:
    def test_constant(self):
        found = mf.statistical_constant([1, 0.4], [1, -0.5], 0.3, 0.2, 0.3)
        assert float(found) == pytest.approx(0.4357, abs=5e-5)

    def test_constant_by_gauss_hermite(self):
        nodes, weights = np.polynomial.hermite_e.hermegauss(12)
        z = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), -1).reshape(-1, 2)
        weight = np.outer(weights, weights).reshape(-1) / (2 * np.pi)
        e, beta, g, noise, lam = np.array([1, 0.4]), np.array([1, -0.5]), 0.3, 0.2, 0.3
        x = z * np.sqrt(e)
        ridge = e * beta / (e + lam)
        misfit = x @ (beta - ridge) + g * (z[:, 0] ** 2 - 1) / np.sqrt(2)
        second = (x * (weight * (misfit**2 + noise**2))[:, None]).T @ x
        V = second - np.outer(lam * ridge, lam * ridge)
        inverse = np.diag(1 / (e + lam))
        expected = np.trace(np.diag(e) @ inverse @ V @ inverse)
        found = numbers(mf.statistical_constant, e, beta, g, noise, lam)
        np.testing.assert_allclose(found, expected, rtol=1e-12)

    def test_terms_by_brute_force(self):
        e, beta = np.array([1.0, 0.4]), np.array([1.0, -0.5])
        hat, b_hat = np.array([[1.1, 0.2], [0.2, 0.5]]), np.array([0.9, -0.1])
        lam, tau, c0, t, width = 0.3, 0.1, 1.2, 0.8, 7
        u0, A = np.array([0.3, 0.1]), hat + lam * np.eye(2)
        Q = c0 * linalg.expm(-2 * A * t)
        Q += tau * np.linalg.inv(A) @ (np.eye(2) - linalg.expm(-2 * A * t))
        limit = np.linalg.solve(A, b_hat)
        now = limit + linalg.expm(-A * t) @ (u0 - limit)
        terms = mf.decomposition_terms(
            hat, b_hat, e, beta, 0.3, lam, tau, c0, u0, t, width
        )
        terms = {name: float(value) for name, value in terms.items()}
        chaos = np.trace(np.diag(e) @ Q) / width
        assert terms["chaos"] == pytest.approx(np.sqrt(chaos), rel=1e-12)
        total = chaos + np.sum(e * (now - beta) ** 2) + 0.3**2
        assert terms["total"] == pytest.approx(np.sqrt(total), rel=1e-12)
        parts = sum(terms[k] for k in ("chaos", "optimization", "statistical"))
        residual = np.hypot(terms["bias"], terms["tail"])
        assert terms["total"] <= parts + residual

    def test_rejects(self):
        with pytest.raises(DomainError, match="Sigma_hat"):
            mf.decomposition_terms(
                np.array([[1.0, 0.5], [0.0, 1.0]]), np.ones(2), np.ones(2), np.ones(2),
                0.0, 0.1, 0.1, 1.0, np.zeros(2), 1.0, 4,
            )  # fmt: skip


BAD = [
    (lambda: mf.linear_variance_discrete(3, 0.0, 1.0, 0.1, 1.0), "step"),
    (lambda: mf.linear_variance_discrete(3, 2.5, 1.0, 0.1, 1.0), "below 2"),
    (lambda: mf.linear_mean_discrete(3, 1.5, 1.0, 0.1, 0.5, 1.0), "below 2"),
    (lambda: mf.linear_variance(1.0, 1.0, -0.1, 1.0), "tau"),
    (lambda: mf.linear_coupling(1.0, 1.0, -0.5, 0.1, 1.0), "lam"),
    (lambda: mf.linear_coupling_limit(1.0, 0.0, 0.1), "lam"),
    (lambda: mf.linear_relative_entropy(1.0, 0.0), "lam"),
    (lambda: mf.linear_free_energy_excess(1.0, 1.0, 0.1, 0.5, 0.0, 0.0, 1.0), "tau"),
    (lambda: mf.linear_w2_marginal(1.0, 1.0, 0.5, 0.1, 1.0, 0), "width"),
    (lambda: mf.riccati_moment(1.0, 1.0, 0.5, 0.0, 1.0), "tau"),
    (lambda: mf.riccati_finite_width(1.0, 0.5, 0.1, 0), "width"),
    (
        lambda: mf.riccati_matrix(1.0, np.eye(2), np.triu(np.ones((2, 2))), 0.1, 0.1),
        "M_s",
    ),
    (lambda: mf.riccati_matrix(1.0, -np.eye(2), np.eye(2), 0.1, 0.1), "M0"),
    (lambda: mf.admissible_weight(-1.0, 1.0, 0.1), "time"),
    (lambda: mf.log_even_moment(1.0, 1.0, order=3), "even"),
    (lambda: mf.weight_ratio(1.0, -1.0, order=4), "variance"),
]


@pytest.mark.parametrize(("call", "words"), BAD)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_moment_ratio_is_exact_and_grows_for_gaussians():
    for scale in (0.3, 1.0, 2.0):
        found = float(mf.weight_ratio(scale, 0.1 * scale**2, order=24))
        assert found == pytest.approx(1 / scale, rel=1e-9)
    gauss = [float(mf.weight_ratio(0.0, 1.0, order=k)) for k in (10, 40)]
    np.testing.assert_allclose(gauss, np.sqrt([10, 40]), rtol=1e-12)


def test_even_moments_by_quadrature():
    """E(L+G)^4 with L Laplace(b), G normal(v): 24b⁴ + 12b²v + 3v²."""
    b, v = 0.7, 0.4
    expected = 24 * b**4 + 6 * 2 * b**2 * v + 3 * v**2
    found = numbers(mf.log_even_moment, b, v, order=4)
    np.testing.assert_allclose(found, np.log(expected), rtol=1e-13)
    assert float(mf.log_even_moment(b, v, order=0)) == pytest.approx(0.0, abs=1e-13)


def test_admissible_weights():
    assert float(mf.admissible_weight(2.0, 1.5, 0.5)) == pytest.approx(1.5 * np.e)
    args = (np.array([0.5, 1.0, 2.0]), 1 / 0.3, 1.5, 0.2, 0.05, 2 * 0.3**2)
    scale = 1 / numbers(mf.admissible_weight_riccati, *args)
    np.testing.assert_allclose(scale, [0.483, 0.628, 0.693], atol=6e-4)


def test_gradient_of_variance():
    slope = jax.grad(lambda t: mf.linear_variance(t, 0.7, 0.3, 1.0))
    with jax.enable_x64(True):
        found = float(slope(jnp.float64(1.3)))
    value = float(mf.linear_variance(1.3, 0.7, 0.3, 1.0))
    assert found == pytest.approx(-2 * 0.7 * value + 2 * 0.3, rel=1e-12)
