"""Streaming bandits: selection, uniform exploration, lower bound; bad input."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limen.theory import bandits
from limen.theory.maths.domain import DomainError
from scipy import integrate, optimize, stats


def close(value, expected, digits=1e-7):
    np.testing.assert_allclose(np.asarray(value), expected, rtol=digits)


def unit(arms, horizon):
    return float(bandits.regret_unit(arms, horizon))


# --- which arm looks best (SB-2, SB-6) ------------------------------------------------


def test_hit_of_two_arms_is_a_normal_probability():
    z = np.linspace(-3, 5, 9)
    close(bandits.slippage_hit(2, z), stats.norm.cdf(z / np.sqrt(2)), 1e-11)


@pytest.mark.parametrize("arms", [3, 16, 4096])
def test_hit_against_adaptive_quadrature(arms):
    def integrand(x):
        return stats.norm.pdf(x) * np.exp((arms - 1) * stats.norm.logcdf(x + 1.7))

    value, _ = integrate.quad(integrand, -8, 8, epsabs=1e-13, limit=200)
    close(bandits.slippage_hit(arms, 1.7), value, 1e-10)


@pytest.mark.parametrize(
    ("arms", "width"),
    [
        (2, 0.24038),
        (4, 0.46313),
        (8, 0.67246),
        (64, 1.2410),
        (256, 1.5818),
        (1000, 1.8934),
        (10**4, 2.3772),
        (10**6, 3.2263),
    ],
)
def test_width_of_best_of_g(arms, width):
    close(bandits.slippage_width(arms).width, width, 5e-5)


def test_width_of_sixteen_and_its_argmax():
    width, z_star = bandits.slippage_width(16)
    close(width, 0.8708918)
    close(z_star, 1.5809, 1e-4)


def test_width_of_two_against_closed_form():
    best = optimize.minimize_scalar(lambda z: -z * stats.norm.sf(z / np.sqrt(2)))
    close(bandits.slippage_width(2), (-best.fun, best.x), 1e-6)


def test_selection_probabilities_by_simulation_free_routes():
    """Two arms: closed form; slippage: hit; shifted means change nothing."""
    pair = bandits.uniform_select_probs([0.5, 0.4], 20, 0.5)
    close(pair[0], stats.norm.cdf(0.1 * np.sqrt(20) / (0.5 * np.sqrt(2))), 1e-10)
    means = np.full(9, 0.3)
    means[4] = 0.5
    z = 0.2 * np.sqrt(30) / 0.5
    law = np.asarray(bandits.uniform_select_probs(means, 30.0))
    close(law[4], bandits.slippage_hit(9, z), 1e-10)
    close(law.sum(), 1.0, 1e-10)
    close(bandits.uniform_select_probs(means + 0.1, 30.0), law, 1e-10)


def test_selection_probabilities_survive_hopeless_arms():
    law = np.asarray(bandits.uniform_select_probs([0.9, 0.1, 0.9 - 1e-4], 1e8))
    assert np.isfinite(law).all()
    close(law.sum(), 1.0, 1e-10)
    assert law[1] == 0


def brute_force_bernoulli(means, pulls):
    """Law of the chosen arm, every vector of counts, ties shared equally."""
    mass = [stats.binom.pmf(np.arange(pulls + 1), pulls, mean) for mean in means]
    law = np.zeros(len(means))
    for counts in itertools.product(range(pulls + 1), repeat=len(means)):
        best = np.flatnonzero(np.asarray(counts) == max(counts))
        chance = np.prod([mass[i][count] for i, count in enumerate(counts)])
        law[best] += chance / len(best)
    return law


def test_bernoulli_law_against_enumeration():
    means = [0.5, 0.55, 0.2, 0.7]
    close(bandits.bernoulli_select_probs(means, 4), brute_force_bernoulli(means, 4))


def test_bernoulli_law_of_the_spec_and_degenerate_means():
    law = bandits.bernoulli_select_probs([0.5, 0.55, 0.6, 0.45], 20)
    close(law, [0.15099569, 0.28276139, 0.49263108, 0.07361185], 1e-6)
    close(bandits.bernoulli_select_probs([1.0, 0.0, 1.0], 3), [0.5, 0.0, 0.5], 1e-9)


def test_bernoulli_hit_is_the_law_on_a_slippage_instance():
    law = bandits.bernoulli_select_probs([0.4] * 7 + [0.5], 40)
    close(bandits.bernoulli_slippage_hit(8, 40, 0.4, 0.5), law[-1])
    close(bandits.bernoulli_slippage_hit(8, 5, 0.5, 0.6), 0.21731, 2e-5)


# --- uniform exploration (SB-2, SB-3, SB-11) ------------------------------------------


def test_exact_regret_of_the_spec():
    means = [0.5, 0.45, 0.48, 0.3, 0.49]
    close(bandits.uniform_regret_exact(means, 50, 1e4, 0.5), 152.9514, 1e-6)
    close(bandits.bernoulli_slippage_regret(8, 40, 5000, 0.4, 0.5), 272.66873)
    close(bandits.uniform_regret_slippage(8, 40, 5000, 0.1, 0.5), 274.1996, 1e-6)


def test_slippage_regret_is_the_general_one():
    means = [0.4] * 7 + [0.5]
    close(
        bandits.uniform_regret_exact(means, 40, 5000),
        bandits.uniform_regret_slippage(8, 40, 5000, 0.1),
        1e-9,
    )


@given(st.integers(2, 10**6), st.floats(3, 14))
@settings(deadline=None, max_examples=25)
def test_tuned_pulls_minimise_the_bound(arms, decades):
    horizon = arms * 10.0**decades
    best = float(bandits.tuned_pulls(arms, horizon))
    values = [
        float(bandits.uniform_regret_upper_bound(arms, horizon, factor * best))
        for factor in (0.8, 1.0, 1.25)
    ]
    assert values[1] <= 1.5 * np.cbrt(np.log(arms)) * unit(arms, horizon)
    assert values[1] <= min(values[0], values[2]) * (1 + 0.2 / 10 ** (decades / 3))


def test_worst_slippage_gap_respects_the_bound():
    for arms in (64, 1024):
        horizon = arms * 1e4
        pulls = bandits.tuned_pulls(arms, horizon)
        gaps = np.geomspace(1e-3, 1, 30)
        exact = bandits.uniform_regret_slippage(arms, pulls, horizon, gaps)
        limit = float(bandits.uniform_regret_upper_bound(arms, horizon, pulls))
        assert np.asarray(exact).max() <= limit


def test_tunings_of_the_paper():
    close(bandits.paper_pulls(500, 1e9), (2e6) ** (2 / 3) * np.log(1e9) ** (1 / 3))
    close(bandits.naive_pulls(500, 1e9), (2e6) ** (2 / 3) * np.log(500))
    close(bandits.tuned_pulls(500, 1e9), 0.5 * np.log(500) ** (1 / 3) * 2e6 ** (2 / 3))
    for arms, ratio in ((500, 0.3121), (5000, 0.3201), (50000, 0.3251)):
        close(bandits.tuned_over_paper_ratio(arms, 1000.0 * arms**3), ratio, 2e-4)
    close(bandits.regret_unit(8, 1e6), 2e4)


# --- lower bound (SB-4, SB-5) ---------------------------------------------------------


def test_lower_bound_of_the_spec():
    bound = bandits.regret_lower_bound(1000, 1e9, 1)
    close(bound.value, 3144550.503, 1e-9)
    close(bound.eps, 0.00629540, 1e-6)
    kl = bandits.bernoulli_kl_half(bound.eps)
    other = bandits.regret_lower_bound_at(1000, 1e9, 1, bound.eps, 1 / 3, 0.5, kl)
    close(other, 3144467.41, 1e-8)


def test_lower_bound_is_the_best_of_the_general_form():
    """Maximise over ε and w numerically; the optimum is the closed form."""

    def negative(point):
        eps, weight = np.exp(point[0]), 1 / (1 + np.exp(-point[1]))
        kl = bandits.gaussian_kl(eps, 0.7)
        return -float(bandits.regret_lower_bound_at(300, 1e8, 20, eps, weight, 0.3, kl))

    best = optimize.minimize(negative, [np.log(5e-3), 0.0], method="Nelder-Mead")
    bound = bandits.regret_lower_bound(300, 1e8, 20, 0.7, 0.3)
    close(bound.value, -best.fun, 1e-6)
    close(1 / (1 + np.exp(-best.x[1])), 1 / 3, 2e-3)


def test_lower_bound_constant_and_vacuous_memory():
    bound = bandits.regret_lower_bound(10**6, 1e15, 0)
    close(bound.value, 2 ** (-5 / 3) * unit(10**6, 1e15), 1e-6)
    full = bandits.regret_lower_bound(256, 1e9, [1, 255, 300])
    assert full.vacuous.tolist() == [False, True, True]
    assert full.value.tolist()[1:] == full.eps.tolist()[1:] == [0.0, 0.0]


def test_divergences_against_their_definition():
    law, other = np.array([0.5, 0.5]), np.array([0.6, 0.4])
    close(bandits.bernoulli_kl_half(0.1), stats.entropy(law, other), 1e-12)
    close(bandits.gaussian_kl(0.1), 0.02)


def test_trapping_bound_holds_for_uniform_exploration():
    z = np.geomspace(0.05, 6, 60)
    kl = bandits.gaussian_kl(1.0, 1.0)
    for others in (16, 256, 4096):
        hit = np.asarray(bandits.slippage_hit(others, z))
        limit = np.asarray(bandits.trapping_upper_bound(others, 1, z**2, kl))
        close(limit, 1 / others + z / 2)
        assert (hit <= limit).all()
        assert (hit / limit)[limit < 1].max() < 0.79


# --- bad input (specs/bandits.md §8) --------------------------------------------------

STAGES = [10.0, 20.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bandits.regret_unit(1, 1e6), "`arms` must be at least 2"),
        (lambda: bandits.regret_unit(10, 5.0), "`horizon` must be finite"),
        (lambda: bandits.regret_unit(10, np.inf), "Got inf"),
        (lambda: bandits.regret_unit(10, np.nan), "Got nan"),
        (lambda: bandits.uniform_regret_slippage(4, 0, 1e4, 0.1), "`pulls` must be"),
        (lambda: bandits.uniform_regret_slippage(4, 1e4, 1e4, 0.1), "`horizon`"),
        (lambda: bandits.uniform_regret_slippage(4, 10, 1e4, 0.1, 0), "`sigma`"),
        (lambda: bandits.uniform_regret_slippage(4, 10, 1e4, 0), "`gap` must be"),
        (lambda: bandits.uniform_select_probs([0.5, np.nan], 10), "`means` must be"),
        (lambda: bandits.slippage_hit(4, np.nan), "`z` must be a number"),
        (lambda: bandits.bernoulli_select_probs([0.5, 1.2], 10), "`means` must lie"),
        (lambda: bandits.node_counts(65, (4, 4, 4)), "must reach 65"),
        (lambda: bandits.node_counts(65, (1, 100)), "at least 2"),
        (lambda: bandits.ladder_pulls(4, (4,), [-1.0]), "`level_pulls` must be"),
        (lambda: bandits.ladder_pulls(4, (4,), [1.0, 2.0]), "has 2 levels"),
        (lambda: bandits.ladder_constant(4, 4.0), "`growth` must lie"),
        (lambda: bandits.ladder_constant(4, 1.0), "`growth` must lie"),
        (lambda: bandits.ladder_preset("thin", 500, 1e9), "`name` must be one of"),
        (
            lambda: bandits.ladder_slippage_exact(4, 2, [1e5, 1e5], 1e5, 0.1),
            "must not exceed `horizon`",
        ),
        (lambda: bandits.bar_loss_upper_bound(4, [20.0, 20.0], 0.1), "increasing"),
        (lambda: bandits.bar_loss_upper_bound(4, STAGES, 0.0), "`rise` must be"),
        (lambda: bandits.bar_failure_upper_bound(4, STAGES, 0.1, 0), "`slack`"),
        (
            lambda: bandits.bar_failure_upper_bound(4, STAGES, 0.1, 0.1, 0.5, "t"),
            "`tail` must be one of",
        ),
        (lambda: bandits.bar_survival(0.3, 1.0, 3), "`growth` must exceed 1"),
        (lambda: bandits.king_failure_upper_bound(10, 20, 20, 0), "`gap` must be"),
        (lambda: bandits.multipass_exponent(0), "`passes` must be at least 1"),
        (lambda: bandits.multipass_grid(64, 64.0, 2), "must exceed 1"),
        (lambda: bandits.bernoulli_kl_half(0.5), "`eps` must lie"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_narrow_integer_horizons_are_refused():
    with pytest.raises(ValueError, match="int32 overflows"):
        bandits.regret_unit(10, np.array([10**6], dtype=np.int32))
    close(bandits.regret_unit(10, 10**12), np.cbrt(10 * 1e24))


def test_errors_are_domain_errors():
    with pytest.raises(DomainError):
        bandits.regret_lower_bound(1, 1e6)
