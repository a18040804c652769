"""Streaming bandits: the spec's numbers, and each formula by an independent route."""

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


# --- ladder (SB-6, SB-7, SB-8) --------------------------------------------------------


def test_node_counts_and_pulls():
    assert bandits.node_counts(65, (4, 4, 4, 4)) == (65, 17, 5, 2, 1)
    close(bandits.ladder_pulls(65, (4, 4, 4, 4), [1, 2, 3, 4]), 65 + 34 + 15 + 8)


def test_ladder_constants_of_the_spec():
    close(bandits.ladder_constant(16, 6.362, 0.5, "slippage"), 1.8001113)
    close(bandits.ladder_constant(16, 6.362, 0.5, "rigorous"), 3.4937760)
    table = [(64, 15.9, 3.216, "rigorous"), (256, 40.5, 3.151, "rigorous")]
    table += [(2, 1.59, 2.231, "slippage"), (4, 2.52, 1.926, "slippage")]
    table += [(8, 4.0, 1.828, "slippage"), (64, 15.9, 1.833, "slippage")]
    for group, growth, value, kind in table:
        close(bandits.ladder_constant(group, growth, 0.5, kind), value, 4e-4)


def test_ladder_bound_tends_to_its_constant():
    """K = 16^5: the bound, minimised over s_0, against the closed constant."""
    arms, growth, horizon = 16**5, 6.362, 16.0**5 * 1e15
    scale = growth ** np.arange(5)
    cost, loss = 1 / (1 - growth / 16), 0.5 * np.sqrt(2 * np.log(16))
    loss /= 1 - growth**-0.5
    first = (horizon / arms * loss / (2 * cost)) ** (2 / 3)
    value = bandits.ladder_regret_upper_bound(arms, (16,) * 5, first * scale, horizon)
    close(float(value) / unit(arms, horizon), bandits.ladder_constant(16, growth), 0.02)


def test_kinds_are_never_mixed():
    arguments = 4096, (16, 16, 16), [100.0, 600.0, 3600.0], 1e9
    rigorous = bandits.ladder_regret_upper_bound(*arguments)
    slippage = bandits.ladder_regret_upper_bound(*arguments, kind="slippage")
    assert float(slippage) < float(rigorous)
    with pytest.raises(ValueError, match="`kind` must be one of"):
        bandits.ladder_regret_upper_bound(*arguments, kind="sharp")


def test_ladder_slippage_of_the_spec():
    game = bandits.ladder_slippage_exact(4, 3, [30, 66, 145], 5e5, 0.12)
    close(game.regret, 30223.2972, 1e-8)
    close(game.survival, 0.49953258, 1e-7)
    close(game.pulls, 3556)


def test_ladder_of_one_level_is_uniform_exploration():
    game = bandits.ladder_slippage_exact(64, 1, [50.0], 1e6, [0.05, 0.2])
    gaps = np.array([0.05, 0.2])
    close(game.regret, bandits.uniform_regret_slippage(64, 50, 1e6, gaps), 1e-8)


def test_ladder_survival_is_the_product_of_hits():
    game = bandits.ladder_slippage_exact(8, 2, [40.0, 90.0], 1e6, 0.1)
    z = 0.1 * np.sqrt([40.0, 90.0]) / 0.5
    close(game.survival, np.prod(np.asarray(bandits.slippage_hit(8, z))), 1e-9)


def test_presets_of_the_paper():
    groups, pulls = bandits.ladder_preset("loglog", 5000, 5000 * 1e6)
    assert groups == (11, 11, 42)
    close(bandits.ladder_pulls(5000, groups, pulls), 1.179 * 5000 * 1e4, 3e-3)
    groups, pulls = bandits.ladder_preset("log", 500, 500 * 1e6)
    assert groups == (7, 7, 7, 7)
    close(pulls, 1e4 * 1.2 ** np.arange(4))
    groups, pulls = bandits.ladder_preset("tower", 10**5, 1e5 * 1e15)
    value = bandits.ladder_regret_upper_bound(10**5, groups, pulls, 1e5 * 1e15)
    close(value, 3.381 * unit(10**5, 1e5 * 1e15), 1e-3)
    assert bandits.ladder_preset("tower", 12, 1e9).groups == (12,)


def test_minimax_table_of_the_spec():
    """A few entries; the claim SB-8.table holds all fourteen."""
    close(bandits.uniform_minimax(256, 256e6), [0.6804, 1.366], 1e-3)
    close(bandits.ladder_minimax(4, 4, 256e6)[:1], [0.4836], 1e-3)
    close(bandits.ladder_minimax(16, 2, 256e6)[:1], [0.5160], 1e-3)


def test_minimax_against_direct_search():
    """The table of misses against plain quadrature on a coarse grid of tunings."""
    gaps = np.geomspace(1e-3, 0.5, 200)
    worst = [
        np.asarray(bandits.uniform_regret_slippage(16, m * 1e4, 16e6, gaps)).max()
        for m in (0.9, 0.93, 0.9564, 0.98)
    ]
    least = float(bandits.uniform_minimax(16, 16e6)[0])
    ratio = min(worst) / unit(16, 16e6)
    assert least * (1 - 1e-3) <= ratio <= least * (1 + 3e-3)


def test_minimax_of_towers_and_single_levels():
    """Without a rest the tower has two levels; a ladder of one level is uniform."""
    close(bandits.ladder_minimax(16, 1, 16e6)[0], bandits.uniform_minimax(16, 16e6)[0])
    gaps = np.geomspace(1e-3, 0.5, 400)
    constant, tuning = np.asarray(bandits.tower_minimax(1, 4096e6))
    pulls = tuning * 1e4 * np.array([1.0, 8.0])
    z = gaps * np.sqrt(pulls)[:, None] / 0.5
    first, second = (
        np.asarray(bandits.slippage_hit(g, z[i])) for i, g in ((0, 16), (1, 256))
    )
    own = pulls[0] + pulls[1] * first
    spent = 4096 * pulls[0] + 256 * pulls[1]
    regret = gaps * (spent - own + (4096e6 - spent) * (1 - first * second))
    close(regret.max() / unit(4096, 4096e6), constant, 2e-3)


# --- rising bar (SB-9) ----------------------------------------------------------------


def test_bar_survival_of_the_spec():
    close(bandits.bar_survival(0.27, 1.7, 3), [0.393580, 0.271856, 0.189470], 3e-6)
    close(bandits.bar_survival(-1.1, 1.7, 6)[-1], 0.831664, 1e-6)


def test_bar_survival_against_the_multivariate_normal():
    times = 1.7 ** np.arange(3)
    covariance = np.minimum.outer(times, times) / np.outer(times, times)
    law = stats.multivariate_normal(mean=np.zeros(3), cov=covariance)
    close(bandits.bar_survival(0.4, 1.7, 3)[-1], law.cdf([-0.4] * 3), 1e-4)


def test_bar_limit_constants_of_the_spec():
    close(bandits.bar_limit_constant(1.2, 0.325, 46), (0.3811725, 2.4260552, 0.4273434))
    close(bandits.bar_limit_constant(1.5, 0.35, 22), (0.3848164, 2.7447399, 0.4075442))


def test_sharp_failure_of_the_bar():
    """n_1 ε² = 4 and 8, h = ε/2, gap 1.01 ε: the values quoted in SB-9(b)."""
    for score, failure in ((4.0, 0.0214), (8.0, 0.0020)):
        a, d = np.sqrt(score), 2.02 * np.sqrt(score)
        survival = bandits.bar_survival(a - d, 2.0, 20)
        close(1 - float(survival[-1]), failure, 0.03)


def test_bar_bounds():
    stages = 1e4 * 2.0 ** np.arange(6)
    gauss = bandits.bar_failure_upper_bound(64, stages, 0.01, 0.005, 0.5, "gauss")
    chernoff = bandits.bar_failure_upper_bound(64, stages, 0.01, 0.005)
    assert float(gauss) < float(chernoff)
    close(gauss, 0.262, 0.05)
    stages = 400 * 2.0 ** np.arange(7)
    close(bandits.bar_loss_upper_bound(256, stages, 0.02), 0.0792, 2e-3)


# --- budget king, passes (SB-10, SB-12) -----------------------------------------------


@pytest.mark.parametrize(
    ("setting", "bound", "theta"),
    [
        ((100, 200, 200, 0.1), 0.4716497, 0.005),
        ((200, 400, 400, 0.1), 0.1604560, 0.005),
        ((50, 55, 900, 0.2), 0.0251243, 0.01392608),
    ],
)
def test_king_failure_of_the_spec(setting, bound, theta):
    failure = bandits.king_failure_upper_bound(*setting)
    close(failure.bound, bound, 2e-6)
    close(failure.theta, theta, 1e-6)


def test_lundberg_root_solves_its_equation():
    """E exp(θ(X − b)) = 1, summed term by term where θ lies below the limit."""
    theta = float(bandits.king_failure_upper_bound(50, 55, 900, 0.2).theta)
    total, reached, cost = 0.0, 1.0, 0.0
    for level in range(9):
        duel = 50 * 2.0**level
        lost = stats.norm.cdf(-0.2 * np.sqrt(duel / 2) / 0.5)
        cost += duel
        total += reached * (1 - lost) * np.exp(theta * (cost - 55))
        reached *= lost
    close(total, 1.0, 1e-6)


def test_king_without_enough_income_is_vacuous():
    failure = bandits.king_failure_upper_bound(100, 50, 200, 0.1)
    assert float(failure.theta) == 0
    assert float(failure.bound) >= 1


def test_chernoff_king_is_weaker():
    gauss = bandits.king_failure_upper_bound(200, 400, 400, 0.1)
    chernoff = bandits.king_failure_upper_bound(200, 400, 400, 0.1, 0.5, "chernoff")
    assert float(gauss.bound) < float(chernoff.bound)


def test_king_pulls_cap():
    close(bandits.king_pulls_upper_bound(30, 400.0, 400.0), 2 * 29 * 800 + 800)


def test_passes():
    exponents = [float(bandits.multipass_exponent(b)) for b in (1, 2, 3, 4)]
    close(exponents, [2 / 3, 4 / 7, 8 / 15, 16 / 31])
    grid = np.asarray(bandits.multipass_grid(64, 64e10, 3))
    base = 1e10 ** (8 / 15)
    close(grid[0], base)
    close(grid[1:], base * np.sqrt(grid[:-1]))
    close(64e10 / np.sqrt(grid[-1]), 64 * base)


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
