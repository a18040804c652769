"""Bounded and trained networks: certificates, sharp constants, kernels."""

import jax
import numpy as np
import pytest
from jaxtyping import TypeCheckError
from limen.theory import meanfield as mf
from limen.theory.maths.domain import DomainError
from limen.theory.meanfield.linearised import gap_with_interaction
from scipy import integrate

ANGLE = np.pi * np.arange(8) / 16 + 0.1
X2 = 1.5 * np.stack([np.cos(ANGLE), np.sin(ANGLE)], axis=1)
Y2 = 0.6 * np.tanh(X2 @ np.array([1.0, -0.5]))
X1 = np.linspace(0.3, 1.7, 8)[:, None]
Y1 = 0.6 * np.tanh(X1[:, 0])


class TestGibbs:
    def test_spec_numbers(self):
        found = mf.stationary_fluctuation(X2, Y2, 0.2, 0.05, 1.0)
        found = {name: float(value) for name, value in found.items()}
        assert found["fluctuation"] == pytest.approx(0.066415, abs=5e-7)
        assert found["iid"] == pytest.approx(0.25259, abs=5e-6)
        assert found["free_energy_gap"] == pytest.approx(0.05838, abs=5e-6)
        bound = found["free_energy_gap_upper_bound"]
        assert bound == pytest.approx(0.12630, abs=5e-6)
        assert found["free_energy_gap"] <= bound <= 0.5
        assert found["relative_entropy"] <= found["relative_entropy_upper_bound"]
        value = float(mf.fixed_point(X2, Y2, 0.2, 0.05, 1.0)["value"])
        assert value == pytest.approx(0.0259131, abs=5e-8)

    def test_duality_gap_is_the_residual(self):
        rng = np.random.default_rng(0)
        for _ in range(3):
            g = rng.standard_normal(8)
            state = mf.gibbs_state(g, X2, 0.2, 0.05, 1.0)
            primal = float(mf.primal_value(g, X2, Y2, 0.2, 0.05, 1.0))
            dual = float(mf.dual_value(g, X2, Y2, 0.2, 0.05, 1.0))
            gap = np.mean((np.asarray(state["field"]) - Y2 - g) ** 2) / 2
            assert primal - dual == pytest.approx(gap, abs=1e-10)

    def test_state_by_adaptive_quadrature(self):
        g, lam, tau = 0.3 * np.cos(np.arange(8.0)), 0.5, 0.1

        def weight(t, k):
            phi = np.tanh(t * X1[:, 0])
            log = -lam * t**2 / (2 * tau) - g @ phi / (8 * tau)
            return np.exp(log) * (phi[3] if k else 1.0)

        total, first = (
            integrate.quad(weight, -6, 6, args=(k,), epsabs=1e-13)[0] for k in (0, 1)
        )
        state = mf.gibbs_state(g, X1, lam, tau, 1.0)
        log_z = np.log(total * np.sqrt(lam / (2 * np.pi * tau)))
        assert float(state["field"][3]) == pytest.approx(first / total, abs=1e-9)
        assert float(state["log_partition"]) == pytest.approx(log_z, abs=1e-9)

    def test_newton_converges_and_stationarity_holds(self):
        found = mf.fixed_point(X2, Y2, 0.2, 0.05, 1.0)
        assert int(found["num_steps"]) <= 20
        residual = np.asarray(found["residual"])
        np.testing.assert_allclose(
            residual, np.asarray(found["field"]) - Y2, atol=1e-12
        )
        coarse = float(mf.fixed_point(X2, Y2, 0.2, 0.05, 1.0, degree=24)["value"])
        assert abs(coarse - float(found["value"])) < 1e-8

    def test_constants_of_linear_neurons(self):
        """MF-9 with φ = θx gives Z = s/λ, hence the linear anchor's formulas."""
        x, lam, tau = np.array([0.5, 1.0, -0.7]), 0.4, 0.2
        s = np.mean(x**2)
        found = mf.stationary_constants(tau / lam * np.outer(x, x), tau)
        gap = float(mf.linear_free_energy_gap(s, lam, tau))
        entropy = float(mf.linear_relative_entropy(s, lam))
        assert float(found["free_energy_gap"]) == pytest.approx(gap, rel=1e-12)
        assert float(found["relative_entropy"]) == pytest.approx(entropy, rel=1e-12)
        late = float(mf.linear_variance(1e3, s + lam, tau, 1.0))
        assert float(found["fluctuation"]) == pytest.approx(s * late, rel=1e-12)

    @pytest.mark.parametrize("name", ["lam", "tau", "amplitude"])
    def test_bad_input(self, name):
        values = {"lam": 0.2, "tau": 0.05, "amplitude": 1.0, name: 0.0}
        with pytest.raises(DomainError, match=name):
            mf.fixed_point(X2, Y2, *values.values())

    def test_bad_data(self):
        with pytest.raises((ValueError, TypeCheckError), match=r"disagree|'y'"):
            mf.chaos_contraction(X2, Y2[:3], 0.2, 1.0)
        with pytest.raises(DomainError, match="finite"):
            mf.fixed_point(X2, Y2 * np.nan, 0.2, 0.05, 1.0)
        with pytest.raises(ValueError, match="importance"):
            mf.gibbs_state(Y2, np.ones((8, 4)), 0.2, 0.05, 1.0)


class TestChaosBound:
    def test_spec_numbers(self):
        args = (X2, 0.3 * Y2, 1.0, 0.3)
        assert float(mf.chaos_contraction(*args)) == pytest.approx(0.558, abs=1e-3)
        bound = float(mf.chaos_upper_bound(*args, 1))
        assert bound == pytest.approx(0.0584, abs=1e-4)
        half = float(mf.chaos_upper_bound(*args, 1, 0.5 * 0.09))
        assert half == pytest.approx(bound / 2)

    def test_horizon(self):
        args = (X2, Y2, 0.2, 1.0, 16)  # outside the regime: κ < 0
        assert float(mf.chaos_upper_bound(*args)) == np.inf
        kappa = float(mf.chaos_contraction(*args[:4]))
        expected = 1.5**2 / 16 * (np.expm1(-kappa * 0.4) / kappa) ** 2
        found = float(mf.chaos_upper_bound(*args, None, 0.4))
        assert found == pytest.approx(expected, rel=1e-12)


GRID = {"half_width": 5.0, "num_cells": 200}


class TestLinearisedGap:
    def test_spec_numbers(self):
        args = (X1, Y1, 0.5, 0.1, 1.0)
        gap = float(mf.linearised_gap(*args, **GRID))
        bare = float(mf.linearised_gap(*args, **GRID, has_interaction=False))
        assert gap == pytest.approx(1.0177, abs=5e-5)
        assert bare == pytest.approx(0.5550, abs=5e-5)
        flipped = float(gap_with_interaction(*args, -1.0, 5.0, 200))
        assert flipped == pytest.approx(-0.12, abs=5e-3)

    def test_ornstein_uhlenbeck_without_data(self):
        """With a vanishing amplitude the gap is that of the OU process, λ."""
        gap = float(mf.linearised_gap(X1, Y1, 0.5, 0.1, 1e-6, **GRID))
        assert gap == pytest.approx(0.5, abs=2e-3)

    def test_needs_one_column(self):
        with pytest.raises(ValueError, match="column"):
            mf.linearised_gap(X2, Y2, 0.5, 0.1, 1.0, **GRID)


class TestTraining:
    rng = np.random.default_rng(3)
    a, w = rng.standard_normal(40), rng.standard_normal((40, 3))
    X, y = rng.standard_normal((5, 3)), rng.standard_normal(5)

    def jacobians(self):
        value = np.tanh(self.w @ self.X.T)
        slope = (self.a[:, None] * (1 - value**2))[:, :, None] * self.X[None]
        return np.concatenate([value[:, :, None], slope], axis=2)  # (N, n, d+1)

    def test_displacement_by_explicit_sum(self):
        J, h, steps, n = self.jacobians(), 0.1, 30, 5
        kernel = np.einsum("ijp,ilp->jl", J, J) / (n * 40)
        rho, residual = np.zeros(n), self.y.copy()
        for _ in range(steps):
            rho -= h * residual
            residual = residual - h * kernel @ residual
        moved = np.einsum("j,ijp->ip", rho, J) / n
        expected = np.sqrt(np.mean(np.sum(moved**2, axis=1)))
        args = (self.a, self.w, self.X, self.y, 3.0)
        found = float(mf.lazy_displacement(*args, step=h))
        assert found == pytest.approx(expected, rel=1e-10)
        fine = float(mf.lazy_displacement(*args, step=1e-4))
        assert float(mf.lazy_displacement(*args)) == pytest.approx(fine, rel=1e-4)

    def test_edges_are_exchanged_by_the_width_of_one_layer(self):
        args = (self.a, self.w, self.X)
        mup = float(mf.stability_edge_threshold(*args, parametrization="mup"))
        sp = float(mf.stability_edge_threshold(*args, parametrization="sp"))
        J = self.jacobians()
        outer = np.einsum("ij,il->jl", J[:, :, 0], J[:, :, 0]) / 5
        inner = np.einsum("ijp,ilp->jl", J[:, :, 1:], J[:, :, 1:]) / 5
        top = np.linalg.eigvalsh((outer + inner) / 40)[-1]
        assert mup == pytest.approx(2 / top, rel=1e-10)
        assert sp == pytest.approx(2 / np.linalg.eigvalsh(outer + inner / 40)[-1])

    def test_relu_and_erf_slopes(self):
        """Homogeneous ReLU: K_w of unit a equals K_a when w·x·σ' = σ, d = 1."""
        w, X = np.array([[1.0], [2.0]]), np.array([[1.0], [3.0]])
        a = np.ones(2)
        edge = mf.stability_edge_threshold(
            a, w, X, activation="relu", parametrization="mup"
        )
        outer = np.array([[5, 15], [15, 45]]) / 2
        inner = np.array([[2, 6], [6, 18]]) / 2
        top = np.linalg.eigvalsh((outer + inner) / 2)[-1]
        assert float(edge) == pytest.approx(2 / top)

    def test_bad_names(self):
        args = (self.a, self.w, self.X)
        with pytest.raises(ValueError, match="activation"):
            mf.stability_edge_threshold(*args, activation="x", parametrization="mup")
        with pytest.raises(ValueError, match="parametrization"):
            mf.stability_edge_threshold(*args, parametrization="ntk")
        with pytest.raises(ValueError, match="step"):
            mf.lazy_displacement(*args, self.y, 1.0, step=0.0)


class TestVolterra:
    def test_linear_regime_gives_the_linear_anchor(self):
        """Tiny inputs make tanh linear: MF-15 must reduce to MF-5a."""
        small, steps, h, lam, tau = 1e-3, 20, 0.1, 0.3, 0.2
        X = small * np.array([[1.0], [0.5]])
        amplitude = 1.0 / small  # so that φ ≈ θ·x/small is of order one
        s = np.mean(np.array([1.0, 0.5]) ** 2)
        found = mf.dynamic_fluctuation(
            jax.random.key(0), np.zeros((steps + 1, 2)), X, np.zeros(2), lam, tau, h,
            amplitude, 1.0, num_particles=40000, checkpoints=(5, steps),
        )  # fmt: skip
        exact = mf.linear_coupling_discrete(np.array([5, steps]), h, s, lam, tau, 1.0)
        np.testing.assert_allclose(found["coupling"], np.asarray(exact), rtol=0.03)
        var = mf.linear_variance_discrete(np.array([5, steps]), h, s + lam, tau, 1.0)
        np.testing.assert_allclose(found["fluctuation"], s * np.asarray(var), rtol=0.03)

    def test_first_step_by_hand(self):
        """No feedback before step two: N·E|e_1|² = (h/n)² Σ G·E[∇φ·∇φ]."""
        form = {"num_particles": 50, "checkpoints": (1,)}
        args = (np.zeros((2, 8)), X2, Y2, 0.2, 0.05, 0.1, 1.0, 1.0)
        found = mf.dynamic_fluctuation(jax.random.key(0), *args, **form)
        start = jax.random.fold_in(jax.random.key(0), 1)
        with jax.enable_x64(True):
            theta = np.asarray(jax.random.normal(start, (50, 2), dtype=np.float64))
        value = np.tanh(theta @ X2.T)
        G = np.cov(value.T, bias=True)
        slope = (1 - value**2)[:, :, None] * X2[None]
        product = np.einsum("mjp,mlp->jl", slope, slope) / 50
        expected = (0.1 / 8) ** 2 * np.sum(G * product)
        np.testing.assert_allclose(found["coupling"], expected, rtol=1e-12)
        np.testing.assert_allclose(found["iid_coupling"], expected, rtol=1e-12)

    def test_short_path(self):
        with pytest.raises(ValueError, match="rows"):
            mf.dynamic_fluctuation(
                jax.random.key(0), np.zeros((4, 8)), X2, Y2, 0.2, 0.05, 0.1, 1.0, 1.0,
                num_particles=5, checkpoints=(4,),
            )  # fmt: skip
