"""HK-6 to HK-15: concentration, clipped counts, recovery times, lower bounds."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from limen.theory import hawkes
from limen.theory.maths.domain import DomainError
from scipy import integrate, optimize, special, stats


def circulant(num_nodes, weight, offsets):
    weights = np.zeros((num_nodes, num_nodes))
    for offset in offsets:
        weights += weight * np.eye(num_nodes, k=offset)
        weights += weight * np.eye(num_nodes, k=offset - num_nodes)
    return weights


RING, RING_MU = circulant(12, 0.5, (1,)), np.full(12, 0.5)
SIX, SIX_MU = circulant(6, 0.2, (1, 4)), np.full(6, 0.6)
PAIR = np.array([1.0, 1, 0, 0, 0, 0])


def test_cluster_mgf_of_a_single_node_is_the_borel_law():
    """The total progeny of a Poisson(w) branching process is Borel distributed."""
    weight, u = 0.4, 0.1
    k = np.arange(1, 400)
    log_borel = -weight * k + (k - 1) * np.log(weight * k) - special.gammaln(k + 1)
    direct = np.exp(log_borel + u * k).sum()
    ours = hawkes.cluster_mgf(u, [[weight]], [1.0])
    np.testing.assert_allclose(ours, [direct], rtol=1e-12)
    critical = weight - 1 - np.log(weight)
    assert np.isinf(float(hawkes.cluster_mgf(critical + 0.02, [[weight]], [1.0])[0]))
    assert np.isfinite(float(hawkes.cluster_mgf(critical - 0.02, [[weight]], [1.0])[0]))


def test_cumulants_match_the_specification():
    values = [
        float(hawkes.cumulant_upper_bound(u, SIX_MU, SIX, PAIR)) for u in (0.1, 0.3)
    ]
    assert values == pytest.approx([0.0165221, 0.1773048], abs=6e-8)


def test_cumulant_starts_as_half_the_variance_of_the_clusters():
    """Second derivative at 0: the asymptotic variance of the counts in J (HK-2)."""
    u = 1e-3
    curvature = float(hawkes.cumulant_upper_bound(u, SIX_MU, SIX, PAIR)) * 2 / u**2
    spectrum = np.asarray(hawkes.bartlett_spectrum(SIX_MU, SIX, 1.0, 0.0)).real
    assert curvature == pytest.approx(PAIR @ spectrum @ PAIR, rel=5e-3)


def test_tail_bounds_match_the_specification():
    rates = [
        float(hawkes.concentration_rate(t, SIX_MU, SIX, PAIR, 2.0))
        for t in (0.1, 0.2, 0.3)
    ]
    bounds = np.exp(-100 * np.array(rates))
    assert bounds == pytest.approx([0.9605, 0.8527, 0.7015], abs=6e-5)


def test_legendre_transform_against_a_scalar_optimizer():
    def negative(u):
        return float(hawkes.cumulant_upper_bound(u, SIX_MU, SIX, PAIR)) - 0.4 * u

    best = optimize.minimize_scalar(negative, bounds=(0, 1), method="bounded")
    ours = float(hawkes.concentration_rate(0.4, SIX_MU, SIX, PAIR, 1.0))
    assert ours == pytest.approx(-best.fun, rel=1e-7)


@pytest.mark.parametrize(
    ("bin_width", "expected"),
    [
        (0.5, (0.029943, 0.007003, 0.002098)),
        (0.25, (0.015405, 0.002096, 0.001103)),
        (1.0, (0.031310, 0.011972, 0.002074)),
    ],
)
def test_clipped_covariances_match_the_specification(bin_width, expected):
    pairs = ((0, 1), (0, 2), (1, 0))
    values = [
        float(
            hawkes.clipped_moments(
                RING_MU, RING, 1.0, bin_width, child=child, parent=parent
            )[2]
        )
        for child, parent in pairs
    ]
    assert values == pytest.approx(expected, abs=6e-7)


def test_void_probability_against_diffrax():
    """An independent solver, with the window written into the field."""
    with jax.enable_x64(True):
        mu, weights = jnp.asarray(SIX_MU), jnp.asarray(SIX)

        def field(t, state, _):
            v = state[:-1]
            inside = (t < 0.7) & (jnp.arange(6) == 2)
            u = jnp.where(inside, 0.0, jnp.exp(-v @ weights))
            return jnp.append(v - 1 + u, mu @ (1 - u))

        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda t, y, args: jnp.append(-field(t, y, args)[:6],
                            field(t, y, args)[6])),
            diffrax.Dopri8(), 0.0, 40.7, 0.01, jnp.zeros(7),
            stepsize_controller=diffrax.ClipStepSizeController(
                diffrax.PIDController(rtol=1e-10, atol=1e-12), jump_ts=jnp.array([0.7])
            ),
            saveat=diffrax.SaveAt(t1=True),
        )  # fmt: skip
        expected = -float(solution.ys[0, -1])
    ours = hawkes.log_void_probability(SIX_MU, SIX, 1.0, [2], [3.0], [3.7])
    assert float(ours) == pytest.approx(expected, rel=1e-8)


def test_void_probability_without_edges_is_poisson():
    mu = np.array([0.3, 0.8])
    ours = hawkes.log_void_probability(
        mu, np.zeros((2, 2)), 1.0, [0, 1, 1], [0.0, 0.5, 3.0], [1.0, 2.0, 3.5]
    )
    assert float(ours) == pytest.approx(-0.3 - 0.8 * 2.0, rel=1e-12)


def test_lag_one_gain():
    best = float(hawkes.lag_one_gain_argmax())
    assert best == pytest.approx(0.550201, abs=6e-7)
    assert float(hawkes.lag_one_gain(best)) == pytest.approx(0.192522, abs=6e-7)
    around = np.asarray(hawkes.lag_one_gain(np.array([0.9, 1.1]) * best))
    assert (around < 0.192522).all()


def test_snr_matches_the_specification():
    arguments = (0.2, 1.0, 1.0, 1.0, 4000.0)
    predicted = [
        float(hawkes.screening_snr(*arguments, y)) for y in (0.1, 0.25, 0.5, 1.0, 2.0)
    ]
    assert predicted == pytest.approx([3.62, 4.95, 5.54, 5.05, 3.34], abs=6e-3)
    assert float(hawkes.filtered_snr(*arguments)) == pytest.approx(8.94, abs=6e-3)


def scales(num_nodes, offsets=(1,), weight=0.5, efficiency=None):
    variance = hawkes.circulant_state_variance(
        offsets, weight, 1.0, num_nodes=num_nodes
    )
    if efficiency is None:
        efficiency = hawkes.binned_efficiency(0.25)
    return hawkes.estimate_scales(1.0, variance, 1.0, weight, 1.0, efficiency)


@pytest.mark.parametrize(
    ("num_nodes", "expected"),
    [(8, 185), (16, 275), (32, 365), (64, 456), (128, 548), (256, 641), (512, 735)],
)
def test_recovery_time_of_config_a(num_nodes, expected):
    time = hawkes.recovery_time(0.5, *scales(num_nodes), 0.5, 0.5, num_nodes, 1)
    assert float(time) == pytest.approx(expected, abs=0.51)


@pytest.mark.parametrize(
    ("num_nodes", "expected"), [(16, 1181), (32, 1570), (64, 1961), (128, 2357)]
)
def test_recovery_time_of_config_b(num_nodes, expected):
    both = scales(num_nodes, (1, 4), 0.25)
    time = hawkes.recovery_time(0.5, *both, 0.25, 0.5, num_nodes, 2)
    assert float(time) == pytest.approx(expected, abs=0.51)


def test_recovery_probability_inverts_the_time_and_factorises():
    null, edge = (float(scale) for scale in scales(32))
    time = float(hawkes.recovery_time(0.8, null, edge, 0.5, 0.4, 32, 1))
    back = float(hawkes.recovery_probability(time, null, edge, 0.5, 0.4, 32, 1))
    root = np.sqrt(time)
    direct = stats.norm.cdf(0.2 * root / null) ** (32 * 30)
    direct *= stats.norm.cdf(0.3 * root / edge) ** 32
    assert back == pytest.approx(0.8, rel=1e-9)
    assert back == pytest.approx(direct, rel=1e-9)


@pytest.mark.parametrize(
    ("num_nodes", "expected"), [(1e3, 26.98), (1e8, 29.67), (1e32, 31.26)]
)
def test_weak_limit_constant_at_half_threshold(num_nodes, expected):
    weight = 1e-3
    both = hawkes.estimate_scales(1.0, 0.5, 1.0, weight, 1.0, 1.0)
    time = float(hawkes.recovery_time(0.5, *both, weight, 0.5, num_nodes, 1))
    constant = time * weight**2 / np.log(num_nodes)
    assert constant == pytest.approx(expected, rel=2e-3)


def test_best_threshold():
    frac, time = hawkes.best_threshold_frac(0.5, *scales(64), 0.5, 64, 1)
    assert float(frac) == pytest.approx(0.582, abs=6e-4)
    assert float(time) == pytest.approx(381, abs=0.5)
    weak = hawkes.estimate_scales(1.0, 0.5, 1.0, 1e-4, 1.0, 1.0)
    limit, _ = hawkes.best_threshold_frac(0.5, *weak, 1e-4, 1e150, 1)
    assert float(limit) == pytest.approx(2 / (2 + np.sqrt(2)), abs=2e-3)


KL_ARGUMENTS = (0.6, 0.5, 0.8, 1.3)


def test_divergence_rates_match_the_specification():
    rates = [
        float(rate(*KL_ARGUMENTS))
        for rate in (hawkes.swap_kl_rate, hawkes.add_kl_rate, hawkes.drop_kl_rate)
    ]
    assert rates == pytest.approx([0.1175114, 0.1706565, 0.1281129], abs=6e-8)
    arguments = (0.5, 0.5, 1.0, 1.0)
    assert float(hawkes.swap_kl_rate(*arguments)) == pytest.approx(0.118195, abs=6e-7)
    root = float(hawkes.sqrt_intensity_variance(*arguments))
    assert root == pytest.approx(0.029158, abs=6e-7)


def test_divergence_rates_against_samples_of_the_shot_noise():
    """The stationary shot noise, sampled; false-alarm rate 6e-5 a rate."""
    baseline, weight, rate, beta = KL_ARGUMENTS
    rng = np.random.default_rng(3)
    counts = rng.poisson(rate * 30, 200_000)
    lane = np.repeat(np.arange(len(counts)), counts)
    shots = beta * np.exp(-beta * rng.uniform(0, 30, len(lane)))
    noise = np.bincount(lane, shots, len(counts))
    lam = baseline + weight * noise
    samples = {
        hawkes.swap_kl_rate: (lam - lam.mean()) * np.log(lam),
        hawkes.add_kl_rate: lam * np.log(lam / baseline) - lam + baseline,
        hawkes.drop_kl_rate: baseline * np.log(baseline / lam) - baseline + lam,
    }
    for function, values in samples.items():
        error = values.std() / np.sqrt(len(values))
        assert abs(values.mean() - float(function(*KL_ARGUMENTS))) < 4 * error


def test_weak_limit_of_the_swap_rate():
    weight = 1e-4
    ours = float(hawkes.swap_kl_rate(0.6, weight, 0.8, 1.3))
    assert ours == pytest.approx(weight**2 * 1.3 * 0.8 / (2 * 0.6), rel=5e-4)


def test_quarter_of_the_divergence_in_the_weak_limit():
    arguments = (0.5, 1e-2, 1.0, 1.0)
    ratio = float(hawkes.sqrt_intensity_variance(*arguments)) / float(
        hawkes.swap_kl_rate(*arguments)
    )
    assert ratio == pytest.approx(0.25, rel=1e-2)


@pytest.mark.parametrize(
    ("n", "fano", "gaussian", "union"),
    [
        (8, 11.2, 75.9, 166.5),
        (16, 17.3, 117.1, 217.8),
        (32, 23.3, 159.6, 267.9),
        (64, 29.3, 202.9, 317.4),
    ],
)
def test_ladder_of_the_bipartite_class(n, fano, gaussian, union):
    rate = float(hawkes.swap_kl_rate(0.5, 0.5, 1.0, 1.0))
    lower = float(hawkes.fano_time_lower_bound(rate, 0.5, n, n))
    upper = float(hawkes.union_time_upper_bound(0.02834, 0.5, n, n))
    middle = optimize.brentq(
        lambda t: float(hawkes.ml_recovery_probability(t, rate, n)) - 0.5, 1, 1000
    )
    assert lower == pytest.approx(fano, abs=0.06)
    assert middle == pytest.approx(gaussian, abs=0.06)
    assert upper == pytest.approx(union, abs=0.06)
    assert lower < middle < upper


def test_gaussian_decoding_against_adaptive_quadrature():
    z, n = np.sqrt(80 * 0.118), 8

    def density(u):
        return stats.norm.pdf(u - z) * stats.norm.cdf(u) ** (n - 1)

    direct = integrate.quad(density, -10, 15)[0] ** n
    ours = float(hawkes.ml_recovery_probability(80.0, 0.118, n))
    assert ours == pytest.approx(direct, rel=1e-7)


def test_fano_says_nothing_about_one_alternative():
    assert float(hawkes.fano_time_lower_bound(0.1, 0.5, 2, 1)) == 0.0


def test_sufficient_time_matches_the_specification_and_is_affine_in_log_d():
    moments = {
        pair: float(
            hawkes.clipped_moments(
                RING_MU, RING, 1.0, 0.25, child=pair[0], parent=pair[1]
            )[2]
        )
        for pair in ((0, 1), (0, 2), (1, 0))
    }
    gap = moments[0, 1] - max(moments[0, 2], moments[1, 0])
    assert gap == pytest.approx(0.013308, abs=6e-7)
    times = [
        float(
            hawkes.screening_time_upper_bound(
                RING_MU, RING, 1.0, 0.25, gap, 0.5, d, pair=(0, 1)
            )
        )
        for d in (8, 64, 512, 4096)
    ]
    assert times == pytest.approx([6.36e4, 1.109e5, 1.583e5, 2.056e5], rel=2e-3)
    slopes = np.diff(times) / np.log(8)
    assert slopes == pytest.approx([2.28e4] * 3, rel=5e-3)


@pytest.mark.parametrize(
    "call",
    [
        lambda: hawkes.cluster_mgf(0.1, SIX, np.full(6, 0.5)),
        lambda: hawkes.concentration_rate(-0.1, SIX_MU, SIX, PAIR, 1.0),
        lambda: hawkes.log_void_probability(SIX_MU, SIX, 1.0, [6], [0.0], [1.0]),
        lambda: hawkes.log_void_probability(SIX_MU, SIX, 1.0, [0], [1.0], [1.0]),
        lambda: hawkes.clipped_moments(RING_MU, RING, 1.0, 0.5, child=12, parent=0),
        lambda: hawkes.lag_one_gain(0.0),
        lambda: hawkes.filtered_snr(0.0, 1.0, 1.0, 1.0, 10.0),
        lambda: hawkes.recovery_time(1.0, 1.0, 1.0, 0.5, 0.5, 8, 1),
        lambda: hawkes.recovery_time(0.5, 1.0, 1.0, 0.5, 1.0, 8, 1),
        lambda: hawkes.recovery_time(0.5, 1.0, 1.0, 0.5, 0.5, 8, 8),
        lambda: hawkes.swap_kl_rate(0.0, 0.5, 1.0, 1.0),
        lambda: hawkes.fano_time_lower_bound(0.1, 1.0, 8, 8),
        lambda: hawkes.fano_time_lower_bound(0.1, 0.5, 1, 8),
        lambda: hawkes.union_time_upper_bound(0.0, 0.5, 8, 8),
    ],
)
def test_bad_input(call):
    with pytest.raises(DomainError):
        call()
