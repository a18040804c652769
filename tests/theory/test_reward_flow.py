"""Drift, diffusion, ODE and first passage against other routes."""

import jax
import numpy as np
import pytest
from limen.theory import reward
from limen.theory.maths.domain import DomainError
from scipy import integrate, linalg, stats

EVEN = {"link": "cos4", "transform": "exp"}
PHASE = -np.pi / 2


def pairs(overlap):
    """Tensor rule for (s, v), and z at this overlap."""
    nodes, weights = reward.gauss_grid(9.0, panels=24, order=8)
    s, v = nodes[:, None], nodes[None, :]
    return s, overlap * s + np.sqrt(1 - overlap**2) * v, np.outer(weights, weights)


def smooth(function, width, degree=24):
    """Chebyshev interpolant on [-width, width], so that solvers may call it often."""
    return np.polynomial.Chebyshev.interpolate(
        lambda points: np.array([float(function(m)) for m in points]),
        degree,
        domain=[-width, width],
    )


@pytest.mark.parametrize("overlap", [0.3, -0.8])
def test_drift_and_noise_against_double_integral(overlap):
    s, z, weights = pairs(overlap)
    with jax.enable_x64(True):
        r = np.asarray(reward.link_spec("sin3").fn(jax.numpy.asarray(z)))
    first, second = map(
        np.asarray, reward.conditional_moments(r, 1.0, 0.2, transform="exp")
    )
    center = float(reward.label_mean(1.0, 0.2, link="sin3", transform="exp"))
    wave, residual = np.cos(s + 0.3), z - overlap * s
    power = (second - 2 * center * first + center**2) * wave**2
    args, options = (overlap, 1.0, 0.2, 0.3), {"link": "sin3", "transform": "exp"}
    found = reward.noise_terms(*args, **options)
    slow = np.sum(weights * power), np.sum(weights * power * residual**2)
    np.testing.assert_allclose(found, slow, rtol=1e-9)
    pull = np.sum(weights * (first - center) * wave * residual)
    assert float(reward.drift(*args, **options)) == pytest.approx(pull, abs=1e-11)


def test_critical_step_and_its_parts():
    power, spread = reward.noise_terms(0.0, 1.0, 0.0, PHASE, **EVEN)
    assert float(power) == pytest.approx(0.7222862408, abs=5e-9)
    assert float(spread) == pytest.approx(1.0385767, abs=5e-7)
    found = reward.critical_step(1.0, 0.0, PHASE, **EVEN)
    assert float(found) == pytest.approx(0.8141694, abs=1e-7)
    found = reward.critical_step(1.0, 0.0, PHASE, **EVEN, center=0.0)
    assert float(found) == pytest.approx(0.3411802, abs=1e-7)
    signal = reward.hermite_coefs(1.0, **EVEN, order=2)[2]
    student = reward.student_coefs(PHASE, order=2)[2]
    assert float(signal) * float(student) == pytest.approx(0.14701584, abs=1e-8)


def test_linear_phase_is_continuous_at_the_critical_step():
    step = float(reward.critical_step(1.0, 0.0, PHASE, **EVEN))
    args = (1.0, 0.0, PHASE)
    times = np.array([1.0, 2.0, 4.0])
    found = [float(reward.linear_phase_variance(t, step, *args, **EVEN)) for t in times]
    np.testing.assert_allclose(found, (1.6884, 2.3769, 3.7538), atol=1e-4)
    spread = float(reward.noise_terms(0.0, *args, **EVEN)[1])
    np.testing.assert_allclose(found, 1 + step**2 * spread * times, rtol=1e-6)
    half = reward.linear_phase_variance(2.0, step / 2, *args, **EVEN)
    assert float(half) == pytest.approx(1.659, abs=1e-3)


def test_ode_against_scipy():
    args, options = (1.0, 0.2, 0.3), {"link": "sin3", "transform": "exp"}
    step, times = 0.8, np.array([1.0, 4.0])

    pull = smooth(lambda m: reward.drift(m, *args, **options), 0.3)
    power = smooth(lambda m: reward.noise_terms(m, *args, **options)[0], 0.3)

    def velocity(_, m):
        return step * pull(m) - step**2 / 2 * m * power(m)

    slow = integrate.solve_ivp(
        velocity, (0, 4), [0.1], t_eval=times, rtol=1e-8, atol=1e-11
    )
    found = reward.overlap_ode(times, 0.1, step, *args, **options)
    np.testing.assert_allclose(found, slow.y[0], rtol=1e-7)
    np.testing.assert_allclose(found, (0.1221, 0.1398), atol=6e-5)


def test_recovered_fraction():
    options = {"link": "sin3", "transform": "exp"}
    found = reward.recovered_fraction(60.0, 0.5, 0.2, 1.0, 0.0, **options)
    assert float(found) == pytest.approx(0.250)
    found = reward.recovered_fraction(60.0, 0.5, 0.2, 1.0, 0.0, **options, center=0.0)
    assert float(found) == 0


def quartiles(times, cdf):
    return np.interp([0.25, 0.5, 0.75], np.asarray(cdf), times)


def test_first_passage_at_finite_dimension_and_in_the_limit():
    times = np.linspace(0, 40, 4001)
    plain = {"link": "sin3", "transform": "plain"}
    found = reward.hitting_limit_cdf(times, 1.0, 3.0, 1.0, 0.0, np.pi, **plain, order=3)
    np.testing.assert_allclose(
        quartiles(times, found), (2.117, 4.852, 9.541), atol=2e-3
    )
    for dim, claimed in ((24, (2.280, 5.030, 9.740)), (64, (2.167, 4.908, 9.605))):
        root = np.sqrt(dim)
        found = reward.hitting_cdf(
            times * dim, dim, 1 / root, 3 / root, 1.0, 0.0, np.pi, **plain
        )
        np.testing.assert_allclose(quartiles(times, found), claimed, atol=2e-3)
    hidden = {"link": "gen4", "transform": "exp"}
    found = reward.hitting_cdf(
        times * 256, 16, 2 / 16, 2.5 / 4, 1.0, 0.0, PHASE, **hidden
    )
    np.testing.assert_allclose(
        quartiles(times, found), (0.836, 2.018, 4.040), atol=2e-3
    )


def test_first_passage_against_eigenvalues_of_the_generator():
    """Exact in time: the symmetrised generator, diagonalised."""
    dim, step, hit = 24, 24**-0.5, 3 * 24**-0.5
    args, options = (1.0, 0.0, np.pi), {"link": "sin3", "transform": "plain"}
    grid = np.linspace(-hit, hit, 201)
    power = smooth(lambda m: reward.noise_terms(m, *args, **options)[0], hit)(grid)
    spread = smooth(lambda m: reward.noise_terms(m, *args, **options)[1], hit)(grid)
    pull = smooth(lambda m: reward.drift(m, *args, **options), hit)(grid)
    damped = ((dim - 2) * power + spread / (1 - grid**2)) / dim
    velocity = step * pull - step**2 / 2 * grid * damped
    width, diffusion = grid[1] - grid[0], step**2 * spread / dim
    up = (diffusion / 2 / width**2 + velocity / 2 / width)[1:-1]
    down = (diffusion / 2 / width**2 - velocity / 2 / width)[1:-1]
    rates, vectors = linalg.eigh_tridiagonal(-(up + down), np.sqrt(up[:-1] * down[1:]))
    scale = np.concatenate([[1], np.cumprod(np.sqrt(up[:-1] / down[1:]))])
    start = stats.beta.pdf((1 + grid[1:-1]) / 2, (dim - 1) / 2, (dim - 1) / 2) / 2
    left = (width * start / scale) @ vectors
    right = vectors.T @ scale
    times = np.array([50.0, 120.0, 240.0])
    exact = 1 - np.exp(np.outer(times, rates)) @ (left * right)
    found = reward.hitting_cdf(times, dim, step, hit, *args, **options)
    np.testing.assert_allclose(found, exact, atol=2e-4)


def test_mean_passage_is_the_integral_of_the_survival():
    args = (24**-0.5, 3 * 24**-0.5, 1.0, 0.0, np.pi)
    options = {"link": "sin3", "transform": "plain"}
    times = np.linspace(0, 24 * 120, 12_001)
    survival = 1 - np.asarray(reward.hitting_cdf(times, 24, *args, **options))
    found = reward.hitting_mean(24, *args, **options)
    assert float(found) == pytest.approx(np.trapezoid(survival, times), rel=2e-3)


def test_mean_passage_of_noise_alone_is_a_parabola():
    """A tiny threshold sees no drift: the mean of (hit² − m²)/σ² over a flat start."""
    dim, step, hit = 100, 0.01, 0.01
    _, spread = reward.noise_terms(0.0, 1.0, 0.0, PHASE, link="gen4", transform="exp")
    found = reward.hitting_mean(
        dim, step, hit, 1.0, 0.0, PHASE, link="gen4", transform="exp"
    )
    start = stats.beta.pdf(0.5, (dim - 1) / 2, (dim - 1) / 2) / 2
    rate = step**2 * float(spread) / dim
    assert float(found) == pytest.approx(start * 4 / 3 * hit**3 / rate, rel=0.01)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: reward.hitting_mean(3, 0.1, 0.5, 1.0, 0.0, 0.0, **EVEN), "dim"),
        (lambda: reward.drift(1.1, 1.0, 0.0, 0.0, **EVEN), "overlap"),
        (
            lambda: reward.hitting_cdf([1.0], 3, 0.1, 0.5, 1.0, 0.0, 0.0, **EVEN),
            "dim",
        ),
        (
            lambda: reward.hitting_cdf([1.0], 16, -0.1, 0.5, 1.0, 0.0, 0.0, **EVEN),
            "step",
        ),
        (
            lambda: reward.overlap_ode([2.0, 1.0], 0.1, 0.1, 1.0, 0.0, 0.0, **EVEN),
            "times",
        ),
        (
            lambda: reward.recovered_fraction(1.0, 1.0, 0.1, 1.0, 0.0, **EVEN),
            "threshold",
        ),
    ],
)
def test_bad_input(call, word):
    with pytest.raises(DomainError, match=word):
        call()
