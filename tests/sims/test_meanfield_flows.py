"""Simulators of mean-field limits: tails, the Fokker–Planck flow, the conic flow."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import TypeCheckError
from limen.sims import meanfield as sm
from limen.sims.sweep import SpecificationError, Sweep
from limen.theory import meanfield as mf
from limen.theory.maths.domain import DomainError

from ..reference import meanfield as reference

X1 = np.linspace(0.3, 1.7, 8)[:, None]
Y1 = 0.6 * np.tanh(X1[:, 0])


def singles(*values):
    return [jnp.asarray(value, jnp.float32) for value in values]


def doubles(*values):
    return [jnp.asarray(value, jnp.float64) for value in values]


class TestTails:
    form = staticmethod(
        lambda: {"num_particles": 20000, "num_steps": 20, "save_every": 10}
    )

    def test_start_and_growth(self):
        found = sm.tails(
            jax.random.key(0),
            *singles(X1, Y1, 0.5, 0.05, 0.05, 1.0, 1.0),
            quantile=0.95,
            **self.form(),
        )["mean_excess"]
        expected = np.exp(-0.5 * np.array([0.0, 0.5, 1.0]))
        np.testing.assert_allclose(found, expected, rtol=0.15)

    def test_riccati_grows(self):
        found = sm.riccati_tails(
            jax.random.key(0),
            *singles(1.5, 0.2, 0.05, 0.05, 0.3),
            quantile=0.95,
            **self.form(),
        )["mean_excess"]
        assert found[2] > found[1] > found[0]


class TestFokkerPlanck:
    def solve(self, steps, every, **changes):
        with jax.enable_x64(True):
            values = {"lam": 0.5, "tau": 0.1, "step": 0.005, "init_var": 1.0, **changes}
            return sm.fokker_planck_1d(
                *doubles(X1, Y1, values["lam"], values["tau"], values["step"], 1.0),
                *doubles(values["init_var"]),
                num_cells=200,
                half_width=5.0,
                num_steps=steps,
                save_every=every,
            )

    def test_one_step_is_the_oracle(self):
        found = self.solve(1, 1, init_var=0.3)
        grid = np.asarray(found["grid"])
        start = np.exp(-(grid**2) / 0.6)
        start /= start.sum() * (grid[1] - grid[0])
        moved = reference.fokker_planck_step(start, grid, X1, Y1, 0.5, 0.1, 0.005)
        np.testing.assert_allclose(found["density"], moved, rtol=1e-11)

    def test_long_run(self):
        found = self.solve(4000, 100)
        density, grid = np.asarray(found["density"]), np.asarray(found["grid"])
        assert density.sum() * (grid[1] - grid[0]) == pytest.approx(1.0, abs=1e-12)
        energy = np.asarray(found["free_energy"])
        assert np.max(np.diff(energy)) < 1e-12
        field = np.asarray(mf.fixed_point(X1, Y1, 0.5, 0.1, 1.0)["field"])
        np.testing.assert_allclose(found["field"][-1], field, atol=1e-7)

    def test_walls_and_steps(self):
        with pytest.raises(DomainError, match="walls"):
            self.solve(2, 1, init_var=100.0)
        sweep = Sweep(
            sim=sm.fokker_planck_1d,
            static={
                "num_cells": [200],
                "half_width": [5.0],
                "num_steps": [2],
                "save_every": [1],
            },
            dynamic={
                "lam": [0.5],
                "tau": [0.1],
                "step": [0.05],
                "amplitude": [1.0],
                "init_var": [1.0],
            },
            shared={"X": lambda **_: X1, "y": lambda **_: Y1},
        )
        with pytest.raises(SpecificationError, match="step"):
            sweep.plan(1)


class TestConic:
    c = np.array([0.9, -0.6, 0.35])

    def test_energy_is_the_tensor_and_step_its_gradient(self):
        rng = np.random.default_rng(0)
        a, w = rng.standard_normal(5), rng.standard_normal((5, 3))
        with jax.enable_x64(True):
            args = doubles(a, w, self.c, 0.25, 1e-3)
            found = sm.conic_flow(*args, degree=3, num_steps=1)
        energy = reference.conic_energy(a, w, self.c, 0.25)
        np.testing.assert_allclose(found["energy"][0], energy, rtol=1e-12)
        for i in range(5):  # per-neuron gradient by central differences, times N
            change = np.zeros(5)
            change[i] = 1e-5
            up = reference.conic_energy(a + change, w, self.c, 0.25)
            down = reference.conic_energy(a - change, w, self.c, 0.25)
            slope = 5 * (up - down) / 2e-5
            assert float(found["a"][i]) == pytest.approx(a[i] - 1e-3 * slope, abs=1e-9)
        shift = np.zeros((5, 3))
        shift[2, 1] = 1e-5
        up = reference.conic_energy(a, w + shift, self.c, 0.25)
        down = reference.conic_energy(a, w - shift, self.c, 0.25)
        moved = w[2, 1] - 1e-3 * 5 * (up - down) / 2e-5
        assert float(found["w"][2, 1]) == pytest.approx(moved, abs=1e-9)

    @pytest.mark.parametrize("degree", [2, 3])
    def test_tensor_and_gram_matrix_agree(self, degree):
        """Few neurons go through the Gram matrix, many through the tensor."""
        rng = np.random.default_rng(1)
        a, w = rng.standard_normal(3), rng.standard_normal((3, 4))
        copies = 20  # the same measure, carried by sixty neurons
        with jax.enable_x64(True):
            ends = [
                sm.conic_flow(
                    *doubles(np.tile(a, k), np.tile(w, (k, 1)), self.c, 0.25, 0.01),
                    degree=degree,
                    num_steps=5,
                )
                for k in (1, copies)
            ]
        np.testing.assert_allclose(ends[1]["energy"], ends[0]["energy"], rtol=1e-12)
        np.testing.assert_allclose(ends[1]["w"][:3], ends[0]["w"], rtol=1e-11)

    def test_a_neuron_needs_a_direction(self):
        args = singles(np.ones(2), np.eye(2) * [1, 0], np.ones(2), 0.1, 0.1)
        with pytest.raises(DomainError, match="zero"):
            sm.conic_flow(*args, degree=3, num_steps=1)

    def test_neurons_that_underflow_have_no_mass(self):
        """A step that multiplies every neuron by 0: no direction, no mass, no NaN."""
        with jax.enable_x64(True):
            start = sm.conic_start(jax.random.key(0), width=4, dim=2)
            args = doubles(start["a"], start["w"], np.ones(1), 2.0, 0.5)
            found = sm.conic_flow(*args, degree=3, num_steps=200)
        assert float(found["energy"][-1]) == pytest.approx(0.5, rel=1e-14)
        a, w = np.asarray(found["a"]), np.asarray(found["w"])
        assert np.isfinite(w).all()
        assert sm.cluster_atoms(a, w, degree=3) == []

    def test_signs_are_kept(self):
        """Masses 0.65, −0.35, 0.10 at λ = 0.25; antipodes are the same atom."""
        with jax.enable_x64(True):
            found = jax.jit(
                lambda key, *args: sm.sparse_dictionary(
                    key, *args, width=96, dim=3, degree=3, num_steps=2000
                )
            )(jax.random.key(0), *doubles(self.c, 0.25, 0.05))
        atoms = sm.cluster_atoms(
            np.asarray(found["a"]), np.asarray(found["w"]), degree=3
        )
        masses = [m * np.sign(u[np.argmax(np.abs(u))]) for m, u in atoms]
        np.testing.assert_allclose(masses, [0.65, -0.35, 0.10], atol=1e-3)
        assert float(found["energy"]) == pytest.approx(
            float(mf.sparse_energy(self.c, 0.25)), abs=1e-6
        )

    def test_clusters_fold_antipodes(self):
        w = np.array([[1.0, 0.0], [-1.0, 0.001], [0.0, 2.0]])
        odd = sm.cluster_atoms(np.array([3.0, 1.5, 0.3]), w, degree=3)
        even = sm.cluster_atoms(np.array([3.0, 1.5, 0.3]), w, degree=4)
        np.testing.assert_allclose([m for m, _ in odd], [0.5, 0.2], rtol=1e-6)
        np.testing.assert_allclose([m for m, _ in even], [1.5, 0.2], rtol=1e-6)
        with pytest.raises((ValueError, TypeCheckError), match=r"disagree|'w'"):
            sm.cluster_atoms(np.ones(2), w, degree=3)

    def test_bad_degree(self):
        start = sm.conic_start(jax.random.key(0), width=4, dim=2)
        with pytest.raises(ValueError, match="degree"):
            sm.conic_flow(
                start["a"],
                start["w"],
                *singles(np.ones(3), 0.1, 0.1),
                degree=3,
                num_steps=1,
            )
