"""Identifiability depths, sparse dictionary and learning cell."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limen.theory import meanfield as mf
from limen.theory.maths.domain import DomainError

from ..reference import meanfield as reference


def polygon(atoms, shift=0.0):
    angle = 2 * np.pi * np.arange(atoms) / atoms + shift
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


class TestCoefficients:
    def test_closed_forms_against_quadrature(self):
        """Dense trapezoid sums, split at the kink of relu."""
        from math import erf

        z = np.linspace(-14, 14, 280001)
        density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
        h = [np.ones_like(z), z]
        for k in range(1, 6):
            h.append((z * h[k] - np.sqrt(k) * h[k - 1]) / np.sqrt(k + 1))
        functions = {
            "relu": np.maximum(z, 0),
            "erf": np.array([erf(v / np.sqrt(2)) for v in z[::20]]),
            "tanh": np.tanh(z),
            "identity": z,
        }
        for name, values in functions.items():
            every = 20 if name == "erf" else 1
            expected = [
                np.trapezoid((values * density[::every] * p[::every]), z[::every])
                for p in h
            ]
            found = np.asarray(mf.hermite_coefficients(name, max_degree=6))
            np.testing.assert_allclose(found, expected, atol=1e-8)

    def test_parseval(self):
        """Σσ_k² → E σ²: ½ for relu."""
        relu = np.asarray(mf.hermite_coefficients("relu", max_degree=400))
        assert np.sum(relu**2) == pytest.approx(0.5, abs=1e-4)

    def test_unknown(self):
        with pytest.raises(ValueError, match="activation"):
            mf.hermite_coefficients("sine", max_degree=3)
        with pytest.raises(ValueError, match="max_degree"):
            mf.hermite_coefficients("tanh", max_degree=-1)


class TestRanks:
    def test_exceptions_of_alexander_and_hirschowitz(self):
        cases = {(4, 3, 5): 14, (4, 4, 9): 34, (3, 5, 7): 34, (4, 3, 4): 12}
        cases[4, 5, 14] = 69
        for (degree, dim, atoms), rank in cases.items():
            assert mf.jacobian_rank(atoms, dim=dim, degrees=[degree]) == rank
            assert mf.pure_rank(atoms, dim=dim, degree=degree) == rank

    @pytest.mark.parametrize(
        ("degree", "dim", "atoms", "rank"),
        [(4, 3, 5, 14), (4, 4, 9, 34), (4, 5, 14, 69), (3, 5, 7, 34), (4, 5, 13, 65)],
    )
    def test_ranks_in_exact_arithmetic(self, degree, dim, atoms, rank):
        """Integers modulo a prime: powers of linear forms and their derivatives."""
        assert reference.modular_rank(degree, dim, atoms) == rank

    @pytest.mark.parametrize("degree", [1, 2, 3, 4])
    def test_formula_equals_rank(self, degree):
        for dim in (2, 3, 4):
            for atoms in range(1, 6):
                formula = mf.pure_rank(atoms, dim=dim, degree=degree)
                found = mf.jacobian_rank(atoms, dim=dim, degrees=[degree])
                assert formula == found, (degree, dim, atoms)
        assert mf.pure_rank(3, dim=4, degree=2) == 9
        assert mf.pure_rank(3, dim=5, degree=2) == 12

    def test_variety_depths(self):
        tables = {
            (3, "both"): [1, 2, 3, 3, 3, 4, 4],
            (3, "odd"): [1, 3, 3, 5, 5, 5, 5],
            (3, "even"): [2, 4, 4, 4, 6, 6, 6],
            (4, "both"): [1, 2, 3, 3, 3],
        }
        for (dim, parity), expected in tables.items():
            found = [
                mf.variety_depth(s + 1, dim=dim, parity=parity)
                for s in range(len(expected))
            ]
            assert found == expected
        for atoms in range(1, 5):  # equality on the circle
            for parity in ("both", "odd", "even"):
                variety = mf.variety_depth(atoms, dim=2, parity=parity)
                assert variety == mf.orbit_depth(atoms, parity=parity)

    def test_realization_ranks(self):
        """Rank of the kernel matrix at many random atoms, brute force."""
        rng = np.random.default_rng(0)
        u = rng.standard_normal((60, 3))
        u /= np.linalg.norm(u, axis=1, keepdims=True)
        coefs = np.array([0.0, 0.0, 1.0, 0.7])
        gram = np.polynomial.Polynomial(coefs**2)(u @ u.T)
        assert mf.visible_degrees(coefs) == (0, 1, 2, 3)
        assert mf.realization_rank(coefs, dim=3) == np.linalg.matrix_rank(gram)
        free = rng.standard_normal((60, 3))
        powers = [(free @ x) ** 3 for x in rng.standard_normal((80, 3))]
        rank = mf.realization_rank_free(np.array([0, 0, 0, 1.0]), dim=3)
        assert rank == np.linalg.matrix_rank(np.array(powers)) == 10

    def test_bad_input(self):
        with pytest.raises(ValueError, match="num_atoms"):
            mf.orbit_depth(0, parity="both")
        with pytest.raises(ValueError, match="parity"):
            mf.orbit_depth(1, parity="neither")
        with pytest.raises(ValueError, match="dim"):
            mf.variety_depth(1, dim=1, parity="both")


class TestDistance:
    @pytest.mark.parametrize("atoms", [2, 3, 4, 5, 6])
    def test_polygon_witness(self, atoms):
        mass = np.full(atoms, 1 / atoms)
        pair = (mass, polygon(atoms), mass, polygon(atoms, np.pi / atoms))
        below = float(mf.function_distance(*pair, np.ones(atoms)))
        at = float(mf.function_distance(*pair, np.ones(atoms + 1)))
        assert abs(below) < 1e-12
        assert at == pytest.approx(2.0 ** (3 - atoms), abs=1e-12)

    def test_gauss_hermite_in_two_dimensions(self):
        nodes, weights = np.polynomial.hermite_e.hermegauss(20)
        x = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), -1).reshape(-1, 2)
        weight = np.outer(weights, weights).reshape(-1) / (2 * np.pi)
        a, U = np.array([0.5, -1.0, 0.3]), polygon(3, 0.2)
        b, V = np.array([0.7, 0.4]), polygon(2, 1.0)

        def activation(z):  # 0.3 + 0.5 h_1 + 0.8 h_2 - 0.4 h_3
            third = (z**3 - 3 * z) / np.sqrt(6)
            return 0.3 + 0.5 * z + 0.8 * (z**2 - 1) / np.sqrt(2) - 0.4 * third

        gap = activation(x @ U.T) @ a - activation(x @ V.T) @ b
        found = mf.function_distance(a, U, b, V, [0.3, 0.5, 0.8, -0.4])
        assert float(found) == pytest.approx(weight @ gap**2, abs=1e-10)

    def test_relu_null_vector(self):
        coefs = mf.hermite_coefficients("relu", max_degree=60)
        ones = np.ones(3)
        distance = mf.function_distance(ones, polygon(3), ones, -polygon(3), coefs)
        assert abs(float(distance)) < 1e-12

    def test_atoms_must_be_unit(self):
        with pytest.raises(DomainError, match="unit"):
            mf.function_distance([1.0], 2 * polygon(1), [1.0], polygon(1), [1.0])


class TestDictionary:
    c = np.array([1.0, 0.7, 0.45, 0.2])

    def test_counts(self):
        counts = [int(mf.sparse_count(self.c, x)) for x in (0.1, 0.3, 0.5, 0.8, 1.1)]
        assert counts == [4, 3, 2, 1, 0]
        assert int(mf.sparse_count(self.c, 0.7)) == 1  # strict
        signed = np.asarray(mf.soft_threshold([0.9, -0.6, 0.35], 0.25))
        np.testing.assert_allclose(signed, [0.65, -0.35, 0.10])

    def test_energy_by_convex_minimisation(self):
        """The orthogonal problem splits: minimise ½κ(c-m)² + λ|m| on a grid."""
        grid = np.linspace(-2, 2, 400001)
        for lam, kernel in ((0.3, 1.0), (0.3, 0.5)):
            best = sum(
                np.min(kernel / 2 * (c - grid) ** 2 + lam * np.abs(grid))
                for c in self.c
            )
            found = float(mf.sparse_energy(self.c, lam, kernel))
            assert found == pytest.approx(best, abs=1e-9)
        assert float(mf.sparse_energy([1.0, 0.5], 0.3)) == pytest.approx(0.36)

    def test_kernel_at_one(self):
        coefs = np.array([0, 0, 0.6, 0.8])
        assert float(mf.dictionary_kernel_at_one(coefs)) == pytest.approx(1.0)
        with pytest.raises(DomainError, match="vanish"):
            mf.dictionary_kernel_at_one([0.0, 0.1, 1.0])

    @given(st.floats(0, 2), st.floats(0, 2))
    @settings(max_examples=30, deadline=None)
    def test_cell_is_monotone(self, one, two):
        low, high = sorted((one, two))
        cells = [
            mf.learning_cell(self.c, lam, 1.0, parity="odd", top_degree=3)
            for lam in (low, high)
        ]
        for name in ("num_atoms", "orbit_depth"):
            assert int(cells[0][name]) >= int(cells[1][name])
        assert bool(cells[1]["is_closed"]) or not bool(cells[0]["is_closed"])

    @pytest.mark.parametrize(
        ("parity", "degree"), [("both", 2), ("odd", 3), ("even", 4)]
    )
    def test_closing_ridge_is_where_the_cell_closes(self, parity, degree):
        form = {"parity": parity, "top_degree": degree}
        closing = float(mf.closing_ridge_threshold(self.c, **form))
        scan = np.linspace(0, 1.2, 121)
        closed = [
            bool(mf.learning_cell(self.c, lam, 1.0, **form)["is_closed"])
            for lam in scan
        ]
        assert scan[np.argmax(closed)] == pytest.approx(closing, abs=0.01)
        assert bool(mf.learning_cell(self.c, closing, 1.0, **form)["is_closed"])
        depth = mf.learning_cell(self.c, 0.5, 1.0, **form)["orbit_depth"]
        assert int(depth) == mf.orbit_depth(2, parity=parity)
        empty = mf.learning_cell(self.c, 2.0, 1.0, **form)
        assert int(empty["orbit_depth"]) == 0
        assert bool(empty["is_closed"])

    def test_bad_input(self):
        with pytest.raises(ValueError, match="top_degree"):
            mf.learning_cell(self.c, 0.1, 1.0, parity="odd", top_degree=2)
        with pytest.raises(ValueError, match="parity"):
            mf.closing_ridge_threshold(self.c, parity="none", top_degree=4)
        with pytest.raises(DomainError, match="lam"):
            mf.soft_threshold(self.c, -0.1)
        assert (
            float(mf.closing_ridge_threshold(self.c, parity="both", top_degree=9)) == 0
        )
