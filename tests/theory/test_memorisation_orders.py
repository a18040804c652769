"""Theory of memorisation: latents, divergences, denoisers, exponents and bad input."""

import jax
import numpy as np
import pytest
from limen.theory import memorisation as theory
from limen.theory.maths import spectra
from scipy import integrate, special, stats

WHITE = (np.ones(1), np.ones(1))


def power_law(dim, exponent):
    variances = np.arange(1, dim + 1.0) ** -exponent
    return variances * dim / variances.sum(), np.ones(dim)


def test_latents_of_the_specification():
    assert float(theory.latent_threshold(0.5)) == 4.0
    assert float(
        theory.latent_overlap(*theory.spiked_spectrum([1.5], 1e9), 1e9, 0)
    ) == (pytest.approx(1 / 3, rel=1e-6))
    threshold_distance = float(theory.latent_distance(1.0, 1.0))
    assert threshold_distance == pytest.approx(3.0)  # 2 + sqrt(c)
    assert float(theory.latent_distance(0.5, 2.0)) == pytest.approx(2.943, abs=5e-4)
    above = 2 + 1 / 1.5 - 2 * np.sqrt(1 - 1 / 1.5**2)
    assert float(theory.latent_distance(1.5, 1.0)) == pytest.approx(above, rel=1e-12)
    for load, spike, norm in (
        (1, 3, 3.070),
        (4, 3, 1.333),
        (0.5, 5, 5.180),
        (4, 1.2, 1.25),
        (10, 2, 0.750),
        (2, 20, 3.593),
    ):
        value = float(theory.operator_norm_error(spike, load))
        assert value == pytest.approx(norm, abs=6e-4)


def test_divergences_of_the_specification():
    assert float(theory.kl_model_truth(800.0, 200)) == pytest.approx(13.767, abs=1e-3)
    assert float(theory.kl_truth_model(800.0, 200)) == pytest.approx(19.789, abs=1e-3)
    assert float(theory.kl_model_truth(1600.0, 400)) == pytest.approx(27.463, abs=1e-3)
    for exact, limit in (
        (theory.kl_model_truth, theory.kl_model_truth_limit),
        (theory.kl_truth_model, theory.kl_truth_model_limit),
    ):
        per_dim = float(exact(8000.0, 4000)) / 4000
        assert per_dim == pytest.approx(float(limit(2.0)), rel=2e-3)
        assert float(limit(1e3)) == pytest.approx(1 / 4e3, rel=2e-3)


def test_divergence_in_one_dimension_is_that_of_a_chi_square():
    def mean(function):
        density = stats.chi2(7).pdf
        return integrate.quad(lambda x: density(x) * function(x / 7), 0, 200)[0]

    forth = mean(lambda v: (v - 1 - np.log(v)) / 2)
    assert float(theory.kl_model_truth(7.0, 1)) == pytest.approx(forth, rel=1e-7)
    back = mean(lambda v: (1 / v - 1 + np.log(v)) / 2)
    assert float(theory.kl_truth_model(7.0, 1)) == pytest.approx(back, rel=1e-7)


def test_frobenius_moments():
    variances, counts = power_law(60, 0.7)
    cross, own = theory.frobenius_moments(variances, counts, 40.0, 0.25)
    assert float(cross) == pytest.approx(149.85, abs=0.01)
    zero, same = theory.frobenius_moments(variances, counts, 40.0)
    assert float(own) == float(same)
    assert float(theory.frobenius_moments(variances, counts, 40.0, 1.0).cross) == float(
        own
    )
    overlap = float(theory.frobenius_overlap(variances, counts, 40.0))
    assert overlap == pytest.approx(float(zero) / float(own))


def test_memorisation_energy_and_span():
    cell = (*power_law(100, 0.7), 50.0, 0.4)
    energy = theory.memorisation_energy(*cell)
    assert float(energy.train) == pytest.approx(0.03501, abs=1e-5)
    assert float(energy.fresh) == pytest.approx(0.02038, abs=1e-5)
    assert float(theory.span_fraction(*cell)) == pytest.approx(120 / 140)
    assert float(theory.span_fraction(*cell[:3])) == 1.0


def test_memorisation_maximum():
    expected = {1.0: 0.528, 2.0: 0.551, 5.0: 0.503, 20.0: 0.375}
    for num_samples, value in expected.items():
        found = float(theory.memorisation_maximum(num_samples, 200.0, 1.0))
        assert found == pytest.approx(value, abs=6e-4)
    assert float(theory.memorisation_maximum(1.0, 1e12)) == pytest.approx(1, rel=1e-9)

    def integrand(radius, n, ridge):
        density = radius ** (n - 1) * np.exp(-(radius**2) / 2)
        return density * radius / np.sqrt(radius**2 + n * ridge)

    for n, ridge in ((1, 0.01), (3, 1.0), (30, 0.2)):
        norm = 2 ** (n / 2 - 1) * special.gamma(n / 2)
        top = np.sqrt(n) + 12
        shrink = integrate.quad(integrand, 0, top, (n, ridge), epsrel=1e-12)[0] / norm
        ratio = float(theory.memorisation_maximum(float(n), 1e12, ridge))
        ratio /= float(theory.memorisation_maximum(float(n), 1e12))
        assert ratio == pytest.approx(shrink, rel=1e-9)


def test_denoiser_errors():
    white = (np.ones(1), np.full(1, 200.0))
    for num_samples, train, test in ((100.0, 30.264, 132.148), (800.0, 54.010, 61.373)):
        errors = theory.denoiser_errors(*white, num_samples, 0.4)
        assert float(errors.train) == pytest.approx(train, abs=1e-3)
        assert float(errors.test) == pytest.approx(test, abs=1e-3)
    errors = theory.denoiser_errors(*power_law(200, 1.5), 100.0, 0.4)
    assert float(errors.train) == pytest.approx(16.529, abs=1e-3)
    assert float(errors.test) == pytest.approx(28.924, abs=1e-3)
    assert float(errors.train) < float(errors.bayes) < float(errors.test)


def test_denoiser_errors_are_integrals_over_the_bulk():
    load, noise, ridge = 2.0, 0.4, 0.1

    def total(x):
        kept = x / (x + noise + ridge)
        return (1 - kept) ** 2 + noise * kept**2

    mean = float(spectra.marchenko_pastur_mean(total, load))
    assert float(
        theory.denoiser_errors(*WHITE, load, noise, ridge).test
    ) == pytest.approx(mean, rel=1e-11)


def test_many_samples_error_is_the_limit():
    variances, counts = power_law(50, 1.0)
    rate = theory.many_samples_error(variances, counts, 1e6)
    error = 1 - float(theory.convergence(variances, counts, 1e6))
    assert error == pytest.approx(float(rate.convergence), rel=1e-4)
    distance = float(theory.distance_to_truth(variances, counts, 1e6))
    assert distance == pytest.approx(float(rate.distance), rel=1e-4)


def local_slope(values, factor):
    return np.log(values[1] / values[0]) / np.log(factor)


@pytest.mark.parametrize(
    ("exponent", "dim", "slope"),
    [(1.25, 1e14, 0.250), (1.5, 1e14, 0.496), (2.0, 1e9, 0.899), (2.5, 1e9, 0.997)],
)
def test_convergence_exponents_in_many_dimensions(exponent, dim, slope):
    atoms = theory.power_law_atoms(exponent, dim)
    errors = [1 - float(theory.convergence(*atoms, n)) for n in (4096.0, 16384.0)]
    assert -local_slope(errors, 4) == pytest.approx(slope, abs=6e-4)
    assert slope == pytest.approx(
        float(theory.convergence_error_exponent(exponent)), abs=0.11
    )


@pytest.mark.parametrize(
    ("exponent", "slope"), [(0.4, 0.9966), (0.6, 0.6606), (0.75, 0.3356), (0.9, 0.1152)]
)
def test_small_load_exponents(exponent, slope):
    atoms = theory.power_law_continuum(exponent)
    values = [float(theory.convergence(*atoms, 4.0**-k)) for k in (8, 7)]
    assert local_slope(values, 4) == pytest.approx(slope, abs=6e-5)
    assert slope == pytest.approx(float(theory.small_load_exponent(exponent)), abs=7e-3)


def test_atoms_keep_count_and_trace():
    for exponent in (0.5, 1.0, 1.7):
        atoms = theory.power_law_atoms(exponent, 1e5, num_exact=50, num_cells=100)
        assert np.sum(np.asarray(atoms.counts)) == pytest.approx(1e5, rel=1e-10)
        trace = np.sum(np.arange(1, 1e5 + 1) ** -exponent)
        found = np.asarray(atoms.counts) @ np.asarray(atoms.variances)
        assert found == pytest.approx(trace, rel=1e-5)
    spectrum = theory.power_law_spectrum(7, 1.3)
    assert np.sum(np.asarray(spectrum.variances)) == pytest.approx(7)
    assert np.allclose(spectrum.variances, power_law(7, 1.3)[0])


def test_named_latents():
    for num_samples, first in ((100.0, 5.80), (400.0, 11.64), (1600.0, 23.35)):
        assert float(theory.latent_count(num_samples, 1.5)) == pytest.approx(
            first, rel=0.01
        )


def test_first_unrecovered_latent_follows_the_count():
    variances, counts = np.arange(1, 400.0) ** -1.5, np.ones(399)
    overlaps = np.asarray(
        jax.vmap(theory.latent_overlap, in_axes=(None, None, None, 0))(
            variances, counts, 1600.0, np.arange(40)
        )
    )
    position = np.argmax(overlaps < 0.5)
    below, above = overlaps[position - 1], overlaps[position]
    crossing = position + (below - 0.5) / (below - above)
    assert crossing == pytest.approx(23.35, abs=0.2)


def test_equivariant_convergence():
    for shape in (1.0, 3.0, 150.0, 199.9, 200.1, 1e5):
        ratio = special.poch(shape, 0.5) ** 2 / shape
        assert float(theory.equivariant_convergence(shape)) == pytest.approx(
            ratio, rel=1e-9
        )
    real = float(theory.equivariant_convergence(8.0, 0.0, 1.0))
    assert real == pytest.approx(float(theory.equivariant_convergence(4.0)))


SPECTRUM = (np.array([2.0, 1.0]), np.array([1.0, 9.0]))


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: theory.convergence(*SPECTRUM, 0.0), "num_samples"),
        (lambda: theory.convergence(*SPECTRUM, 5.0, -0.1), "ridge"),
        (lambda: theory.convergence([1.0, 0.0], [1.0, 1.0], 5.0), "variances"),
        (lambda: theory.convergence([1.0, np.nan], [1.0, 1.0], 5.0), "variances"),
        (lambda: theory.convergence([1.0, 1.0], [1.0, 0.0], 5.0), "counts"),
        (lambda: theory.convergence_white(0.0), "load"),
        (lambda: theory.denoiser_errors(*SPECTRUM, 5.0, 0.0), "noise_variance"),
        (lambda: theory.denoiser_errors(*SPECTRUM, 5.0, 1.0, -1.0), "weight_ridge"),
        (lambda: theory.spiked_spectrum([-1.0], 5.0), "spikes"),
        (lambda: theory.spiked_spectrum([1.0, 2.0], 2.0), "dim"),
        (lambda: theory.power_law_spectrum(0, 1.0), "dim"),
        (lambda: theory.power_law_spectrum(5, 0.0), "exponent"),
        (lambda: theory.power_law_atoms(1.0, 100.0), "dim"),
        (lambda: theory.power_law_continuum(1.0), "exponent"),
        (lambda: theory.kl_model_truth(9.0, 10), "num_samples"),
        (lambda: theory.kl_truth_model(11.0, 10), "num_samples"),
        (lambda: theory.kl_model_truth_limit(1.0), "load"),
        (lambda: theory.kl_truth_model_limit(0.5), "load"),
        (lambda: theory.frobenius_moments(*SPECTRUM, 5.0, 1.1), "shared_fraction"),
        (lambda: theory.convergence_error_exponent(1.0), "exponent"),
        (lambda: theory.small_load_exponent(1.0), "exponent"),
        (lambda: theory.latent_overlap([2.0, 2.0], [1.0, 1.0], 5.0, 0), "counts"),
        (lambda: theory.latent_overlap(*SPECTRUM, 5.0, 1), "counts"),
        (lambda: theory.latent_overlap(*SPECTRUM, 5.0, 2), "index"),
        (lambda: theory.latent_distance(0.0, 1.0), "spike"),
        (lambda: theory.spiked_overlap(-0.5, 1.0), "spike"),
        (lambda: theory.equivariant_convergence(0.5), "num_samples"),
        (lambda: theory.memorisation_maximum(0.5, 10.0), "num_samples"),
    ],
)
def test_bad_input_names_the_argument(call, name):
    with pytest.raises(ValueError, match=f"`{name}`"):
        call()
