"""Tilted signal, exponents, overlaps: the specification's numbers and other routes."""

import jax
import numpy as np
import pytest
from limen.theory import reward
from limen.theory.maths.domain import DomainError
from scipy import integrate, optimize, special


def values(link, z):
    """The link in NumPy, double precision."""
    with jax.enable_x64(True):
        return np.asarray(reward.link_spec(link).fn(jax.numpy.asarray(z)))


def expect(function):
    """Adaptive quadrature of a standard normal: a route without our nodes."""
    found = integrate.quad(
        lambda z: function(z) * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi),
        *(-12, 12),
        points=(0, 1, 2),
        limit=400,
        epsabs=1e-13,
    )
    return found[0]


def exp_coefs(temperature, noise=0.0, **options):
    options = {"transform": "exp", "order": 4} | options
    return np.asarray(reward.hermite_coefs(temperature, noise, **options))


def test_grid_integrates_kinks_and_moments():
    nodes, weights = reward.gauss_grid(breaks=(0.5,))
    assert nodes.size == weights.size
    assert weights.sum() == pytest.approx(1, abs=1e-15)
    kinked = weights @ np.maximum(nodes - 0.5, 0)
    exact = np.exp(-0.125) / np.sqrt(2 * np.pi) - 0.5 * special.ndtr(-0.5)
    assert kinked == pytest.approx(exact, rel=1e-13)
    assert weights @ nodes**8 == pytest.approx(105, rel=1e-13)


def test_signal_of_linear_link_is_closed():
    closed = [2.0**-k * np.exp(1 / 8) / np.sqrt(special.factorial(k)) for k in range(5)]
    found = exp_coefs(2.0, link="linear", center=0.0)
    np.testing.assert_allclose(found, closed, rtol=1e-11)


@pytest.mark.parametrize("temperature", [1.42, 1.6, 2.0, 3.0])
def test_signal_of_quadratic_link_is_closed(temperature):
    a = 1 / (np.sqrt(2) * temperature)
    mean = np.exp(-a) / np.sqrt(1 - 2 * a)
    found = exp_coefs(temperature, link="he2", center=0.0)
    assert found[0] == pytest.approx(mean, rel=1e-11)
    assert found[2] == pytest.approx(mean * np.sqrt(2) * a / (1 - 2 * a), rel=1e-11)


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_signal_of_sine_is_bessel_series(temperature):
    n = np.arange(1, 40, 2)
    signs = (-1.0) ** ((n - 1) / 2)
    series = 2 * np.sum(
        signs * special.iv(n, 1 / temperature) * n * np.exp(-(n**2) / 2)
    )
    assert exp_coefs(temperature, link="sin")[1] == pytest.approx(series, rel=1e-11)


def test_noise_multiplies_the_tilted_signal():
    quiet, noisy = exp_coefs(0.7, link="sin3"), exp_coefs(0.7, 0.3, link="sin3")
    np.testing.assert_allclose(noisy[1:], quiet[1:] * np.exp(0.045 / 0.49), rtol=1e-12)


def test_conditional_moments_against_integration():
    for transform, label in (
        ("plain", lambda y: y),
        ("exp", lambda y: np.exp(y / 0.8)),
        ("exp_y", lambda y: y * np.exp(y / 0.8)),
    ):
        found = reward.conditional_moments(0.6, 0.8, 0.5, transform=transform)
        slow = [
            expect(lambda x, p=p, label=label: label(0.6 + 0.5 * x) ** p)
            for p in (1, 2)
        ]
        np.testing.assert_allclose(found, slow, rtol=1e-10)


@pytest.mark.parametrize(
    ("link", "plain", "tilted"),
    [("relu", 1, 1), ("tanh", 1, 1), ("sin3", 3, 1), ("cos4", 4, 2), ("gen4", 4, 4)],
)
def test_exponents_of_plain_and_tilted_labels(link, plain, tilted):
    for transform, exponent in (("plain", plain), ("exp", tilted)):
        found = exp_coefs(1.0, link=link, transform=transform)
        assert np.all(np.abs(found[1:exponent]) < 1e-10)
        assert abs(found[exponent]) > 1e-3
    spec = reward.link_spec(link)
    assert (spec.info_exponent, spec.tilt_exponent) == (plain, tilted)


def test_generative_powers():
    table = {
        "sin3": (0.368858, 0.434887, 0.338412),
        "cos4": (0, 0.598863, 0, 0.547684),
        "gen4": (0, 0, 0, 0.183843),
    }
    for link, powers in table.items():
        found = np.asarray(reward.generative_powers(0.2, link=link, order=4))
        assert found[0] == pytest.approx(1, abs=1e-12)
        np.testing.assert_allclose(found[1 : 1 + len(powers)], powers, atol=1e-6)


def test_hidden_label_sees_nothing_of_second_order():
    """gen4: the two preimages of a label cancel, whatever the transform."""
    u = np.array([0.2, 0.5, 0.9])
    other = [
        optimize.brentq(lambda v, t=t: v * np.exp(-v) - t * np.exp(-t), 1, 50)
        for t in u
    ]
    balance = (u - 1) / np.abs(1 - u) + (np.array(other) - 1) / np.abs(
        1 - np.array(other)
    )
    np.testing.assert_allclose(balance, 0, atol=1e-12)


def test_tilt_exists_exactly_above_its_threshold():
    edge = np.sqrt(2)
    assert not reward.tilt_moment_exists(edge - 1e-6, link="he2")
    assert reward.tilt_moment_exists(edge + 1e-6, link="he2")
    assert not reward.tilt_moment_exists(2 * edge - 1e-9, 2.0, link="he2")
    assert not reward.tilt_moment_exists(10.0, link="he4")
    assert reward.tilt_moment_exists(0.01, 7.0, link="relu")
    found = reward.ess_exponent([1.2, 2.0, 4.0], link="he2")
    np.testing.assert_allclose(found, [0, 2 - np.sqrt(2), 1], atol=1e-12)


def test_feature_temperature_threshold_of_flip():
    def slow(transform):
        return lambda beta: expect(lambda z: z * transform(flip(z), beta))

    def flip(z):
        return -0.3 * np.tanh(z) + 0.7 * np.exp(-2 * (z - 1) ** 2)

    for name, transform, low, high in (
        ("exp", lambda y, b: np.exp(y / b), 0.3, 3),
        ("exp_y", lambda y, b: y * np.exp(y / b), 1, 3),
    ):
        found = reward.temperature_threshold(link="flip", transform=name, order=1)
        root = optimize.brentq(slow(transform), low, high, xtol=1e-12)
        assert found == pytest.approx(root, abs=1e-9)
    never = reward.temperature_threshold(
        link="cos4", transform="exp", order=2, bounds=(0.06, 60)
    )
    assert never == 0


def test_optimal_feature_temperature():
    for noise, temperature, height in (
        (0.2, 0.39007, 0.072317),
        (0.5, 0.54849, 0.026693),
    ):
        found = reward.optimal_temperature(noise, link="sin3", transform="exp")
        np.testing.assert_allclose(found, (temperature, height), atol=(1e-5))
    options = {"link": "sin3", "transform": "exp"}
    around = [
        float(reward.signal_to_noise(b, 0.5, **options)) for b in (0.54, 0.548492, 0.56)
    ]
    assert around[1] > max(around[0], around[2])


@pytest.mark.parametrize(
    ("args", "options", "claimed"),
    [
        ((8.0, 1.0), {"link": "sin3", "dim": 400}, 0.3411),
        ((8.0, 1.0), {"link": "sin3", "dim": 400, "center": 0.0}, 0.2515),
        ((2.0, 0.5, 0.2), {"link": "tanh", "dim": 400}, 0.7422),
        ((20.0, 0.3), {"link": "flip", "dim": 300}, 0.5101),
        ((20.0, 4.0), {"link": "flip", "dim": 300}, -0.3222),
    ],
)
def test_first_order_overlap(args, options, claimed):
    found = reward.first_order_overlap(*args, transform="exp", **options)
    assert float(found) == pytest.approx(claimed, abs=6e-4)  # spec: at d -> infinity


def test_ceiling_of_first_order_signal():
    for link in ("sin3", "tanh"):
        ceiling = float(reward.generative_powers(0.3, link=link, order=1)[1])
        for temperature in (0.3, 1.0, 3.0):
            found = reward.signal_to_noise(temperature, 0.3, link=link, transform="exp")
            assert 0 < float(found) <= ceiling


def test_one_step_is_first_order_with_student_factors():
    found = reward.one_step_overlap(
        30.0, 1.0, 0.0, 0.3, link="sin3", transform="exp", dim=256
    )
    assert float(found) == pytest.approx(0.480, abs=5e-4)


def test_spectral_transition():
    cases = {
        ("cos4", "exp", 1.0): 13.24392,
        ("cos4", "exp", 3.0): 184.4217,
        ("cos4", "plain", 1.0): 18.18984,
        ("sin3", "exp", 1.0): 3.92440,
        ("cos4", "exp_y", 0.6): 8.98364,
    }
    for (link, transform, temperature), claimed in cases.items():
        found = reward.spectral_ratio_threshold(
            temperature, link=link, transform=transform
        )
        assert found == pytest.approx(claimed, rel=1e-5)
    for link, transform in (("gen4", "exp"), ("gen4", "plain"), ("sin3", "plain")):
        found = reward.spectral_ratio_threshold(1.0, link=link, transform=transform)
        assert found == np.inf


def test_spectral_overlap_starts_at_the_threshold():
    def overlap2(ratio):
        return float(reward.spectral_overlap2(ratio, 1.0, link="cos4", transform="exp"))

    assert overlap2(13.24) == 0
    assert 0 < overlap2(13.26) < 2e-3
    assert overlap2(40.0) == pytest.approx(0.5081, abs=1e-4)
    assert overlap2(18.0) == pytest.approx(0.157, abs=5e-4)


def test_preference_signal():
    for link, claimed in (("sin3", -0.019813930), ("tanh", 0.37392966), ("cos4", 0)):
        assert float(reward.preference_coef(link=link)) == pytest.approx(
            claimed, abs=1e-8
        )
    found = reward.preference_overlap(30.0, link="sin3", dim=300)
    assert float(found) == pytest.approx(-0.1079, abs=3e-4)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: exp_coefs(0.0, link="tanh"), "temperature"),
        (lambda: exp_coefs(np.nan, link="tanh"), "temperature"),
        (lambda: exp_coefs(1.0, -0.1, link="tanh"), "noise"),
        (lambda: exp_coefs(1.0, link="he3"), "undefined"),
        (lambda: exp_coefs(1.0, link="he4"), "undefined"),
        (lambda: exp_coefs(1.4, link="he2"), "infinite"),
        (lambda: reward.second_moment(2.8, link="he2", transform="exp"), "infinite"),
        (lambda: exp_coefs(1.0, link="cubic"), "link"),
        (lambda: exp_coefs(1.0, link="tanh", transform="log"), "transform"),
        (lambda: exp_coefs(1.0, link="tanh", center="median"), "center"),
        (
            lambda: reward.first_order_overlap(0.0, 1.0, link="sin", transform="exp"),
            "ratio",
        ),
        (
            lambda: reward.first_order_overlap(
                1.0, 1.0, link="sin", transform="exp", dim=2
            ),
            "dim",
        ),
        (
            lambda: reward.spectral_overlap2(9.0, 1.0, link="relu", transform="exp"),
            "unbounded",
        ),
        (lambda: reward.generative_powers(0.0, link="tanh", order=1), "noise"),
        (
            lambda: reward.temperature_threshold(link="gen4", transform="exp", order=2),
            "order",
        ),
    ],
)
def test_bad_input(call, word):
    with pytest.raises(DomainError, match=word):
        call()
