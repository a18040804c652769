"""Simulators of mean-field networks against oracles and exact identities."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import TypeCheckError
from limen.sims import meanfield as sm
from limen.sims.sweep import SpecificationError, Sweep
from limen.theory import meanfield as mf

from ..reference import meanfield as reference

ANGLE = np.pi * np.arange(8) / 16 + 0.1
X2 = 1.5 * np.stack([np.cos(ANGLE), np.sin(ANGLE)], axis=1)
Y2 = 0.6 * np.tanh(X2 @ np.array([1.0, -0.5]))
X1 = np.linspace(0.3, 1.7, 8)[:, None]
Y1 = 0.6 * np.tanh(X1[:, 0])


def singles(*values):
    return [jnp.asarray(value, jnp.float32) for value in values]


def doubles(*values):
    return [jnp.asarray(value, jnp.float64) for value in values]


class TestBounded:
    def run(self, width, max_width, noise="shared"):
        path = 0.1 * np.cos(np.arange(48.0)).reshape(6, 8)
        return sm.coupled(
            jax.random.key(1),
            *singles(X2, Y2, path, 0.2, 0.05, 0.1, 0.9, 1.0, width),
            max_width=max_width,
            num_steps=6,
            save_every=3,
            noise=noise,
        )

    def oracle(self, width):
        start_key, noise_key, _ = jax.random.split(jax.random.key(1), 3)
        path = 0.1 * np.cos(np.arange(48.0)).reshape(6, 8)
        theta = np.asarray(jax.random.normal(start_key, (width, 2)), dtype=float)
        free, errors = theta.copy(), []
        for t in range(6):
            xi = jax.random.normal(jax.random.fold_in(noise_key, t), (width, 2))
            xi = np.asarray(xi, dtype=float)
            field = reference.network_field(theta, X2, 0.9)
            args = (X2, Y2, 0.2, 0.05, 0.1, 0.9, xi)
            theta = reference.bounded_step(theta, field, *args)
            free = reference.bounded_step(free, path[t], *args)
            errors.append(np.mean(np.sum((theta - free) ** 2, axis=1)))
        return errors[2::3], reference.network_field(theta, X2, 0.9)

    def test_coupled_is_the_oracle(self):
        found = self.run(6, 6)
        errors, field = self.oracle(6)
        np.testing.assert_allclose(found["coupling_error"], errors, rtol=1e-4)
        np.testing.assert_allclose(found["field"][-1], field, atol=1e-5)

    def test_padding_changes_nothing(self):
        for name, value in self.run(6, 10).items():
            np.testing.assert_allclose(value, self.run(6, 6)[name], rtol=1e-5)

    def test_independent_noise_does_not_couple(self):
        shared = float(self.run(6, 6)["coupling_error"][-1])
        assert float(self.run(6, 6, "independent")["coupling_error"][-1]) > 5 * shared

    def test_drift_is_the_particle_gradient(self):
        theta, X, y = singles(np.cos(np.arange(10.0)).reshape(5, 2), X2, Y2)
        lam, amplitude = singles(0.3, 0.9)

        def energy(theta):
            field = sm.network_field(theta, X, amplitude)
            return 5 * jnp.mean((field - y) ** 2) / 2 + lam * jnp.sum(theta**2) / 2

        field = sm.network_field(theta, X, amplitude)
        drift = sm.particle_drift(theta, field, X, y, lam, amplitude)
        np.testing.assert_allclose(drift, jax.grad(energy)(theta), atol=1e-6)

    def test_reference_path_starts_at_zero_field(self):
        path = sm.reference_path(
            jax.random.key(0),
            *singles(X2, Y2, 0.2, 0.05, 0.1, 1.0, 1.0),
            num_particles=4000,
            num_steps=3,
        )["field"]
        np.testing.assert_allclose(path[0], 0.0, atol=6 / np.sqrt(4000))

    def test_stationary_at_zero_coupling_is_iid(self):
        """Targets equal to the field of the prior: f_* = 0 = y by symmetry."""
        state = mf.fixed_point(X2, 0 * Y2, 0.5, 0.2, 1.0)
        np.testing.assert_allclose(state["field"], 0.0, atol=1e-12)
        expected = mf.stationary_fluctuation(X2, 0 * Y2, 0.5, 0.2, 1.0)
        lanes = jax.vmap(
            lambda key: sm.stationary(
                key,
                *singles(X2, 0 * Y2, 0 * Y2, 0.5, 0.2, 0.2, 1.0),
                width=16,
                num_steps=300,
                burn_steps=60,
                sample_every=4,
            )["fluctuation"]
        )(jax.random.split(jax.random.key(4), 64))
        mean, error = float(np.mean(lanes)), float(np.std(lanes)) / 8
        assert abs(mean - float(expected["fluctuation"])) < 5 * error + 0.02 * mean
        assert abs(mean - float(expected["iid"])) > 8 * error  # the control

    def test_inputs_and_targets_must_match(self):
        args = singles(X2, Y2[:3], 0.2, 0.05, 0.1, 1.0, 1.0)
        with pytest.raises((ValueError, TypeCheckError), match=r"disagree|'y'"):
            sm.reference_path(jax.random.key(0), *args, num_particles=4, num_steps=1)

    def test_bad_input(self):
        with pytest.raises(ValueError, match="noise"):
            self.run(6, 6, "none")
        sweep = Sweep(
            sim=sm.coupled,
            static={"max_width": [4], "num_steps": [2]},
            dynamic={"width": [8.0], "step": [-0.1], "lam": [0.2], "tau": [0.1]},
        )
        with pytest.raises(SpecificationError):
            sweep.plan(1)


class TestTraining:
    start = staticmethod(
        lambda width, cap: sm.antisymmetric_start(
            jax.random.key(2), *singles(width), max_width=cap, dim=3
        )
    )

    def test_every_even_prefix_is_antisymmetric(self):
        begin = self.start(6, 10)
        for width in (2, 6, 10):
            a, w = begin["a"][:width], begin["w"][:width]
            np.testing.assert_allclose(a @ jnp.tanh(w), 0.0, atol=1e-6)
        assert float(jnp.sum(begin["mask"])) == 6
        with pytest.raises(ValueError, match="even"):
            self.start(3, 5)

    @pytest.mark.parametrize(
        ("name", "exponent"), [("abc", 0.5), ("abc", 0.75), ("unscaled", 1.0)]
    )
    def test_against_written_out_gradients(self, name, exponent):
        rng = np.random.default_rng(0)
        a, w = rng.standard_normal(6), rng.standard_normal((6, 3))
        X, y = rng.standard_normal((5, 3)), rng.standard_normal(5)
        rate = 0.1 * (6 ** (2 * exponent - 1) if name == "abc" else 1)
        a1, w1, losses = reference.train(a, w, X, y, rate, 6.0**-exponent, 8)
        with jax.enable_x64(True):
            args = doubles(a, w, np.ones(6), X, y, 0.1, exponent)
            found = sm.train_network(*args, num_steps=8, parametrization=name)
            np.testing.assert_allclose(found["a"], a1, rtol=1e-11)
            np.testing.assert_allclose(found["w"], w1, rtol=1e-11)
            np.testing.assert_allclose(found["loss"][:-1], losses, rtol=1e-11)

    def test_standard_parametrization(self):
        """Raw W² = a/√N and w at one rate."""
        rng = np.random.default_rng(0)
        a, w = rng.standard_normal(6), rng.standard_normal((6, 3))
        X, y = rng.standard_normal((5, 3)), rng.standard_normal(5)
        raw, w1, _ = reference.train(a / np.sqrt(6), w, X, y, 0.1, 1.0, 8)
        with jax.enable_x64(True):
            args = doubles(a, w, np.ones(6), X, y, 0.1, 1.0)
            found = sm.train_network(*args, num_steps=8, parametrization="sp")
            np.testing.assert_allclose(found["a"], np.sqrt(6) * raw, rtol=1e-11)
            np.testing.assert_allclose(found["w"], w1, rtol=1e-11)

    def test_mask_equals_smaller_network(self):
        rng = np.random.default_rng(0)
        X, y = singles(rng.standard_normal((5, 3)), rng.standard_normal(5))
        curves = [
            sm.learning_curve(
                jax.random.key(0),
                X,
                y,
                *singles(0.5, 1.0, 4.0),
                max_width=cap,
                num_steps=5,
            )
            for cap in (4, 12)
        ]
        np.testing.assert_allclose(curves[0]["loss"], curves[1]["loss"], rtol=1e-5)
        np.testing.assert_allclose(
            curves[0]["movement"], curves[1]["movement"], rtol=1e-5
        )

    def test_bad_values_of_a_cell(self):
        good = {"width": 4.0, "output_exponent": 0.5, "rate": 0.1}
        data = {"X": lambda **_: X1, "y": lambda **_: Y1}
        for name, value, words in (
            ("width", 3.0, "pairs"),
            ("width", 8.0, "max_width"),
            ("output_exponent", 0.4, "1/2"),
            ("output_exponent", 1.1, "1/2"),
            ("rate", 0.0, "rate"),
        ):
            sweep = Sweep(
                sim=sm.learning_curve,
                static={"max_width": [4], "num_steps": [2]},
                dynamic={k: [v] for k, v in (good | {name: value}).items()},
                shared=data,
            )
            with pytest.raises(SpecificationError, match=words):
                sweep.plan(1)

    def test_bad_names(self):
        args = singles(np.ones(2), np.ones((2, 1)), np.ones(2), np.ones((1, 1)))
        args += singles(np.ones(1), 0.1, 1.0)
        with pytest.raises(ValueError, match="parametrization"):
            sm.train_network(*args, num_steps=1, parametrization="ntk")
        with pytest.raises(ValueError, match="activation"):
            sm.train_network(*args, num_steps=1, activation="sine")


class TestAnchors:
    def test_linear_spread_is_rounding_and_mean_is_exact_without_noise(self):
        s, b, u0 = np.array([1.0, 0.25]), np.array([0.4, -0.3]), np.array([0.5, 1.0])
        with jax.enable_x64(True):
            found = sm.linear_coupled(
                jax.random.key(0),
                *doubles(s, b, 0.5, 0.0, 0.5, u0, 0.0),
                width=4,
                num_steps=6,
                save_every=2,
            )
            noisy = sm.linear_coupled(
                jax.random.key(0),
                *doubles(s, b, 0.5, 0.2, 0.5, u0, 1.0),
                width=4,
                num_steps=6,
                save_every=2,
            )
        assert np.max(np.asarray(noisy["coupling_spread"])) < 1e-14
        steps = np.array([2.0, 4.0, 6.0])
        for j in range(2):
            exact = mf.linear_mean_discrete(steps, 0.5, s[j], b[j], 0.5, u0[j])
            np.testing.assert_allclose(
                np.asarray(found["mean"])[:, j], exact, rtol=1e-12
            )

    def test_riccati_without_noise_is_the_matrix_recursion(self):
        """At zero temperature M_N obeys the mean-field recursion at every width."""
        M_star = np.array([[1.0, 0.2], [0.2, 0.3]])
        with jax.enable_x64(True):
            start_key, _ = jax.random.split(jax.random.key(5))
            start = jax.random.normal(start_key, (3, 2), jnp.float32)
            theta = np.sqrt(0.5) * np.asarray(start, float)
            found = sm.riccati_particles(
                jax.random.key(5),
                *doubles(M_star, np.zeros((2, 2)), 0.3, 0.0, 0.1, 0.5),
                width=3,
                num_steps=21,
                burn_steps=20,
                sample_every=1,
            )
        exact = mf.riccati_matrix_discrete(
            theta.T @ theta / 3, M_star, 0.3, 0.0, 0.1, num_steps=20
        )
        np.testing.assert_allclose(found["moment"], exact, rtol=1e-11)
        size = 3 * np.sum(np.asarray(exact) ** 2)
        np.testing.assert_allclose(found["fluctuation"], size, rtol=1e-11)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"curvature": np.array([-1.0])}, "curvature"),
            ({"step": 1.5}, "stability"),
            ({"step": 0.0}, "step"),
            ({"tau": -0.1}, "tau"),
            ({"width": 0}, "width"),
        ],
    )
    def test_bad_linear_cells(self, change, words):
        cell = {"curvature": np.array([1.0]), "target": np.ones(1), "lam": 0.5}
        cell |= {"tau": 0.1, "step": 0.1, "init_mean": np.zeros(1), "init_var": 1.0}
        cell |= {"width": 4} | change
        width = cell.pop("width")
        sweep = Sweep(
            sim=sm.linear_coupled,
            static={"width": [width], "num_steps": [2], "save_every": [1]},
            derive={k: lambda v=v: v for k, v in cell.items()},
        )
        with pytest.raises(SpecificationError, match=words):
            sweep.plan(1)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"M_star": np.triu(np.ones((2, 2)))}, "symmetric"),
            ({"lam": 0.0}, "stationary"),
            ({"tau": 0.0}, "stationary"),
        ],
    )
    def test_bad_riccati_cells(self, change, words):
        cell = {"M_star": np.eye(2), "M_reference": np.eye(2), "lam": 0.3, "tau": 0.1}
        cell |= {"step": 0.1, "init_var": 1.0} | change
        form = {"width": 4, "num_steps": 2, "burn_steps": 1, "sample_every": 1}
        sweep = Sweep(
            sim=sm.riccati_particles,
            static={k: [v] for k, v in form.items()},
            derive={k: lambda v=v: v for k, v in cell.items()},
        )
        with pytest.raises(SpecificationError, match=words):
            sweep.plan(1)

    def test_riccati_path_of_many_particles(self):
        path = sm.riccati_path(
            jax.random.key(0),
            *singles(1.0, 0.3, 0.1, 0.01, 0.2),
            width=20000,
            num_steps=200,
            save_every=100,
        )["moment"]
        exact = mf.riccati_moment(np.array([1.0, 2.0]), 1.0, 0.3, 0.1, 0.2)
        np.testing.assert_allclose(path, exact, rtol=0.04)

    def test_scheme_names(self):
        with pytest.raises(ValueError, match="scheme"):
            sm.riccati_particles(
                jax.random.key(0),
                *singles(np.eye(1), np.eye(1), 0.3, 0.1, 0.1, 0.5),
                width=3,
                num_steps=2,
                burn_steps=1,
                sample_every=1,
                scheme="heun",
            )

    def test_ridge_error_by_numpy(self):
        input_key, noise_key = jax.random.split(jax.random.key(3))
        z = np.asarray(jax.random.normal(input_key, (50, 2)), dtype=float)
        noise = np.asarray(jax.random.normal(noise_key, (50,)), dtype=float)
        e, beta = np.array([1.0, 0.4]), np.array([1.0, -0.5])
        x = z * np.sqrt(e)
        y = x @ beta + 0.3 * (z[:, 0] ** 2 - 1) / np.sqrt(2) + 0.2 * noise
        learned = np.linalg.solve(x.T @ x / 50 + 0.3 * np.eye(2), x.T @ y / 50)
        gap = learned - e * beta / (e + 0.3)
        found = sm.ridge_error(
            jax.random.key(3), *singles(e, beta, 0.3, 0.2, 0.3), num_samples=50
        )
        np.testing.assert_allclose(found["excess"], 50 * np.sum(e * gap**2), rtol=1e-3)


def test_a_lane_depends_on_its_key_alone():
    """The same bits from the same key; other lanes of the batch do not matter."""
    s = singles(np.array([1.0]), np.array([0.3]), 0.5, 0.2, 0.1, np.zeros(1), 1.0)

    def lane(seed):
        key = jax.random.key(seed)
        found = sm.linear_coupled(key, *s, width=4, num_steps=4, save_every=2)
        return found["coupling_error"]

    run = jax.jit(jax.vmap(lane))
    first = np.asarray(run(jnp.arange(4)))
    np.testing.assert_array_equal(first, run(jnp.arange(4)))
    np.testing.assert_array_equal(first[::-1], run(jnp.arange(4)[::-1]))
