"""Streaming bandits: ladders, rising bar, budget king and passes."""

import numpy as np
import pytest
from limen.theory import bandits
from scipy import stats


def close(value, expected, digits=1e-7):
    np.testing.assert_allclose(np.asarray(value), expected, rtol=digits)


def unit(arms, horizon):
    return float(bandits.regret_unit(arms, horizon))


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
