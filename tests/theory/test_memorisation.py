"""Theory of memorisation: convergence, distances and latents, by independent routes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from limen.theory import memorisation as theory
from limen.theory.maths import spectra
from limen.theory.memorisation import resolvent
from scipy import special

from ..reference import memorisation as oracle

WHITE = (np.ones(1), np.ones(1))


def power_law(dim, exponent):
    variances = np.arange(1, dim + 1.0) ** -exponent
    return variances * dim / variances.sum(), np.ones(dim)


def hypergeometric(load):
    ratio, scale = (1 / load, 1.0) if load >= 1 else (load, np.sqrt(load))
    return scale * special.hyp2f1(0.5, -0.5, 2, ratio)


@pytest.mark.parametrize("load", [1e-4, 0.3, 0.999, 1.0, 1.001, 3.0, 1e4])
def test_half_moment_is_the_hypergeometric_function(load):
    moment = float(theory.half_moment_white(load))
    assert moment == pytest.approx(hypergeometric(load), rel=1e-10)


@pytest.mark.parametrize(("load", "ridge"), [(0.4, 0.1), (2.0, 0.1), (3.0, 2.0)])
def test_half_moment_with_ridge_is_the_integral_over_the_bulk(load, ridge):
    mean = spectra.marchenko_pastur_mean(lambda x: jnp.sqrt(x + ridge), load)
    moment = float(theory.half_moment_white(load, ridge))
    assert moment == pytest.approx(float(mean), rel=1e-11)


def test_convergence_has_the_values_of_the_specification():
    for load, ridge, expected in (
        (0.5, 0.0, 0.435057),
        (4.0, 0.0, 0.936419),
        (0.5, 0.1, 0.640886),
        (2.0, 0.1, 0.896567),
        (1.0, 0.0, 64 / (9 * np.pi**2)),
    ):
        value = float(theory.convergence_white(load, ridge))
        assert value == pytest.approx(expected, abs=5e-7)


def test_convergence_at_both_ends_and_its_monotony():
    assert float(theory.convergence_white(1e-4)) == pytest.approx(1e-4, rel=1e-4)
    assert 1 - float(theory.convergence_white(1e4)) == pytest.approx(2.5e-5, rel=1e-3)
    grid = np.geomspace(0.01, 100, 25)
    values = np.asarray(jax.vmap(theory.convergence_white)(grid))
    assert np.all(np.diff(values) > 0)


def contour_mean(function, weights, variances, counts, num_samples, points=4000):
    """Mean of the diagonal of function(S) by a contour of the deterministic resolvent.

    Silverstein's companion transform v(z) solves z = -1/v + mean(...)/n by fixed point.
    """
    top = np.max(variances) * (1 + np.sqrt(counts.sum() / num_samples)) ** 2
    low = np.min(variances) * (1 - np.sqrt(counts.sum() / num_samples)) ** 2
    centre, radius = (top + low) / 2, (top - low) / 2 + low / 2
    angle = 2 * np.pi * (np.arange(points) + 0.5) / points
    z = centre + radius * np.exp(1j * angle)
    companion = -1 / z
    for _ in range(4000):
        shares = counts * variances / (1 + variances * companion[:, None])
        companion = 0.5 * companion - 0.5 / (z - shares.sum(1) / num_samples)
    resolvent_diagonal = -1 / (z * (1 + weights * companion))
    return np.mean(-function(z) * resolvent_diagonal * (z - centre)).real


def test_mean_generator_is_the_contour_integral_of_the_resolvent():
    variances, counts = np.array([2.0, 1.0, 0.5]), np.array([20.0, 50.0, 30.0])
    mean = np.asarray(theory.mean_generator(variances, counts, 900.0))
    for value, variance in zip(mean, variances, strict=True):
        expected = contour_mean(np.sqrt, variance, variances, counts, 900.0)
        assert value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("ridge", [0.0, 0.1])
def test_mean_generator_of_many_loads_and_spectra_is_another_integral(ridge):
    loads = np.array([16.0, 64.0, 200.0])
    spectra_drawn = np.array([power_law(64, a)[0] for a in (0.4, 0.8, 1.5)])
    counts = np.ones(64)
    over_loads = jax.vmap(theory.mean_generator, in_axes=(None, None, 0, None))
    over_both = jax.vmap(over_loads, in_axes=(0, None, None, None))
    with jax.enable_x64(True):
        found = np.asarray(over_both(spectra_drawn, counts, loads, ridge))
    for row, variances in zip(found, spectra_drawn, strict=True):
        for mean, num_samples in zip(row, loads, strict=True):
            expected = oracle.mean_generator(variances, counts, num_samples, ridge)
            assert np.allclose(mean, expected, rtol=1e-10, atol=0)


def test_mean_generator_in_very_many_dimensions_is_another_integral():
    atoms = theory.power_law_atoms(1.5, 1e14, num_exact=100, num_cells=200)
    mean = np.asarray(theory.mean_generator(*atoms, 4096.0))
    expected = oracle.mean_generator(*atoms, 4096.0, 0.0)
    assert np.allclose(mean, expected, rtol=1e-10, atol=0)


def test_a_multiplicity_is_a_repeated_eigenvalue():
    joint = theory.mean_generator([2.0, 0.5], [3.0, 5.0], 6.0, 0.1)
    single = theory.mean_generator([2.0] * 3 + [0.5] * 5, [1.0] * 8, 6.0, 0.1)
    assert np.allclose(np.asarray(joint)[[0, 0, 0, 1, 1, 1, 1, 1]], single, rtol=1e-13)


def test_scaling_with_the_unit_of_variance():
    variances, counts = power_law(20, 1.0)
    mean = np.asarray(theory.mean_generator(variances, counts, 15.0, 0.2))
    scaled = np.asarray(theory.mean_generator(9 * variances, counts, 15.0, 1.8))
    assert np.allclose(scaled, 3 * mean, rtol=1e-12)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_kernel_in_both_precisions_and_no_nan_at_the_hard_edge(dtype):
    with jax.enable_x64(True):
        cell = [jnp.asarray(x, dtype) for x in (*power_law(16, 1.0), 16.0, 0.0)]
        mean = np.asarray(resolvent.generator_diagonal(*cell))
    exact = np.asarray(theory.mean_generator(*power_law(16, 1.0), 16.0))
    assert mean.dtype == dtype
    assert np.allclose(mean, exact, rtol=2e-6 if dtype == jnp.float32 else 1e-13)


def test_shift_at_the_hard_edge_is_finite_and_continuous():
    variances, counts = power_law(16, 1.0)
    around = [
        np.asarray(theory.mean_generator_shift(variances, counts, 16.0 + step))
        for step in (-1e-7, 0.0, 1e-7)
    ]
    assert np.allclose(around[0], around[1], rtol=1e-5)
    assert np.allclose(around[2], around[1], rtol=1e-5)


def test_nodes_are_enough_for_fourteen_decades():
    variances, counts = np.array([1.0, 1e-14]), np.array([1.0, 1e14])
    few = np.asarray(theory.mean_generator(variances, counts, 10.0, num_nodes=512))
    many = np.asarray(theory.mean_generator(variances, counts, 10.0, num_nodes=2048))
    assert np.allclose(few, many, rtol=1e-12)


@pytest.mark.parametrize("load", [0.5, 1.0, 2.0])
def test_derivatives_in_the_ridge_are_those_of_differences(load):
    for function in (theory.half_moment_white, theory.convergence_white):
        with jax.enable_x64(True):
            slope = float(jax.grad(function, argnums=1)(load, 0.3))
        ends = [float(function(load, 0.3 + step)) for step in (-1e-5, 1e-5)]
        assert slope == pytest.approx((ends[1] - ends[0]) / 2e-5, rel=1e-8)


def test_batched_over_loads_and_spectra():
    spikes, loads = np.array([0.5, 2.0, 5.0]), np.array([0.3, 1.0, 4.0])

    def one(spike, load):
        return theory.convergence(
            *theory.spiked_spectrum(jnp.atleast_1d(spike), 50.0), 50 * load, 0.1
        )

    with jax.enable_x64(True):
        batch = np.asarray(jax.vmap(one)(spikes, loads))
    loop = [float(one(*cell)) for cell in zip(spikes, loads, strict=True)]
    assert np.allclose(batch, loop, rtol=1e-12)


@pytest.mark.parametrize(
    ("load", "expected", "with_ridge", "pair"),
    [
        (0.25, -0.063544, -0.057670, 0.614591),
        (0.5, -0.091587, -0.071213, 0.482159),
        (1.0, -0.136620, -0.066121, 0.401924),
        (2.0, -0.064761, -0.041927, 0.231827),
        (4.0, -0.031772, -0.022594, 0.120819),
    ],
)
def test_shifts_of_white_data(load, expected, with_ridge, pair):
    cell = (np.ones(1), np.full(1, 100.0), 100 * load)
    shift = 100 * float(theory.mean_generator_shift(*cell)[0])
    assert shift == pytest.approx(expected, abs=1e-6)
    shifted = 100 * float(theory.mean_generator_shift(*cell, 0.2)[0])
    assert shifted == pytest.approx(with_ridge, abs=1e-6)
    distances = [
        float(theory.distance_between_models(*cell, corrected=corrected))
        for corrected in (True, False)
    ]
    assert distances[0] - distances[1] == pytest.approx(pair, abs=1e-6)
    closed = 100 * float(theory.half_moment_finite(100 * load, 100.0))
    plain = 100 * float(theory.half_moment_white(load))
    assert closed - plain == pytest.approx(shift, abs=1e-10)


@pytest.mark.parametrize(
    ("num_samples", "truth", "pair"),
    [
        (16.0, 0.599469, 1.245665),
        (64.0, 0.265721, 0.459866),
        (256.0, 0.063221, 0.123263),
    ],
)
def test_shifts_of_a_power_law(num_samples, truth, pair):
    cell = (*power_law(64, 1.0), num_samples)
    for function, expected in (
        (theory.distance_to_truth, truth),
        (theory.distance_between_models, pair),
    ):
        ends = [float(function(*cell, corrected=flag)) for flag in (True, False)]
        assert ends[0] - ends[1] == pytest.approx(expected, abs=1e-6)


def test_shift_of_the_trace_is_the_integral_of_the_log_volume():
    # E log det(S + s) exceeds its equivalent by F(s) = log(1 - df2/n)/2, and
    # sqrt(x + k) - sqrt(k) = (1/2 pi) int log(1 + x/(t + k)) t^{-1/2} dt: so the shift
    # is (1/2 pi) int F(t + k) t^{-1/2} dt
    variances, counts, num_samples, ridge = (
        np.array([2.0, 0.5]),
        np.array([9.0, 6.0]),
        20.0,
        0.2,
    )

    def shift(level):
        lam = float(theory.effective_ridge(level, variances, counts, num_samples))
        df2 = np.sum(counts * (variances / (variances + lam)) ** 2)
        return 0.5 * np.log(1 - df2 / num_samples)

    nodes, weights = special.roots_legendre(200)
    angle = np.pi / 4 * (nodes + 1)
    values = [shift(ridge + np.tan(a) ** 2) / np.cos(a) ** 2 for a in angle]
    expected = np.pi / 4 * weights @ values / np.pi
    found = np.asarray(
        theory.mean_generator_shift(variances, counts, num_samples, ridge)
    )
    assert counts @ found == pytest.approx(expected, rel=1e-8)


def test_distance_between_models_has_the_white_closed_form():
    for load in (0.05, 0.5, 0.99, 1.0, 1.5, 20.0):
        general = float(theory.distance_between_models(*WHITE, load))
        closed = float(theory.distance_between_models_white(load))
        assert general == pytest.approx(closed, rel=1e-10)


def test_distances_of_the_specification():
    white = (np.ones(1), np.full(1, 200.0))
    steep = power_law(200, 0.7)
    assert float(theory.distance_to_truth(*white, 100.0)) == pytest.approx(
        136.16, abs=0.01
    )
    assert float(theory.distance_to_truth(*white, 800.0)) == pytest.approx(
        12.925, abs=1e-3
    )
    assert float(theory.distance_to_truth(*steep, 100.0)) == pytest.approx(
        95.60, abs=0.01
    )
    corrected = theory.distance_to_truth(*steep, 100.0, corrected=True)
    assert float(corrected) == pytest.approx(95.93, abs=0.01)
    assert float(theory.distance_between_models(*steep, 100.0)) == pytest.approx(
        126.49, abs=0.01
    )
    for exponent, num_samples, expected in (
        (0.4, 100.0, 0.4759),
        (0.7, 100.0, 0.5755),
        (1.5, 400.0, 0.97717),
        (2.5, 60.0, 0.9808),
    ):
        value = float(theory.convergence(*power_law(200, exponent), num_samples))
        assert value == pytest.approx(expected, abs=6e-5)


def test_same_seed_distance_is_at_least_the_wasserstein_distance():
    cell = (*power_law(40, 1.2), 30.0)
    assert float(theory.same_seed_distance(*cell)) > float(
        theory.distance_to_truth(*cell)
    )
    white = (np.ones(1), np.full(1, 40.0), 30.0)
    assert float(theory.same_seed_distance(*white)) == pytest.approx(
        float(theory.distance_to_truth(*white)), rel=1e-12
    )
    assert float(theory.distance_to_truth_white(0.75)) == pytest.approx(
        float(theory.distance_to_truth(*white)) / 40, rel=1e-12
    )


def test_optimal_ridge_minimises_the_distance():
    expected = {0.3: 0.6978, 0.5: 0.5900, 1.0: 0.4271, 2.0: 0.2743, 2.7: 0.2190}
    for load, ridge in expected.items():
        assert float(theory.optimal_ridge(load)) == pytest.approx(ridge, abs=6e-5)
    best = float(theory.optimal_ridge(0.5))
    inverse = spectra.marchenko_pastur_mean(lambda x: (x + best) ** -0.5, 0.5)
    assert float(inverse) == pytest.approx(1, abs=1e-10)
    with jax.enable_x64(True):
        slope = float(jax.grad(theory.optimal_ridge)(0.5))
    ends = [float(theory.optimal_ridge(0.5 + step)) for step in (-1e-4, 1e-4)]
    assert slope == pytest.approx((ends[1] - ends[0]) / 2e-4, rel=1e-5)


def test_a_spike_moves_convergence_by_one_over_dim():
    dim = 1e6
    for spike, load, expected in (
        (0.5, 1.0, 0.0229),
        (1.5, 1.0, 0.1485),
        (6.0, 1.0, 1.10),
        (1.5, 0.25, 0.279),
        (1.5, 4.0, 0.0319),
    ):
        spiked = float(
            theory.convergence(*theory.spiked_spectrum([spike], dim), load * dim)
        )
        change = dim * (spiked - float(theory.convergence_white(load)))
        assert change == pytest.approx(expected, rel=5e-3)
