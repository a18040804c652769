"""The formulas of the boundaries, each by an independent route."""

import numpy as np
import pytest
from limen.checks.harness import binomial, laws, means, mixture, spending, tables
from limen.checks.harness.betting import log_wealth, lower_limit
from limen.checks.harness.calibration import as_samples
from limen.checks.harness.estimate import Level, Region
from limen.checks.harness.family import calibrated, e_bh, holm
from limen.checks.harness.leastsquares import fit
from scipy import integrate, stats


@pytest.mark.parametrize("n", [8, 64, 1000])
@pytest.mark.parametrize("alpha", [1e-5, 0.01, 0.2])
def test_multiplier_inverts_the_e_value(n, alpha):
    phi = mixture.prior_size(512, alpha)
    c = mixture.multiplier(n, alpha, phi)
    if np.isfinite(c):
        assert mixture.log_e(c, n, phi) == pytest.approx(-np.log(alpha), abs=1e-10)
    else:
        assert (n - 1) * np.log1p(n / phi) <= -2 * np.log(alpha)


def test_multipliers_of_the_specification():
    found = mixture.multiplier(64, 0.01, 16.0), mixture.multiplier(256, 0.01, 16.0)
    assert found == (pytest.approx(3.90, abs=5e-3), pytest.approx(3.62, abs=5e-3))
    assert mixture.multiplier(1024, 0.01, 16.0) == pytest.approx(3.70, abs=5e-3)
    assert np.isinf(mixture.multiplier(18, 0.001, 16.0))
    assert np.isfinite(mixture.multiplier(19, 0.001, 16.0))


def test_mixture_is_the_mixed_likelihood_ratio():
    """Normal rows with known scale-invariant likelihood, integrated numerically.

    e = ∫ f(t | delta) pi(delta) d delta / f(t | 0) with the noncentral t density and
    delta = √n mu/sigma normal with variance n/phi.
    """
    n, phi, t = 12, 5.0, 2.3
    prior = stats.norm(scale=np.sqrt(n / phi))
    mixed, _ = integrate.quad(
        lambda d: stats.nct.pdf(t, n - 1, d) * prior.pdf(d), -15, 15, epsabs=1e-12
    )
    expected = np.log(mixed / stats.t.pdf(t, n - 1))
    assert mixture.log_e(t, n, phi) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("skew", [-3.0, -0.2, 0.0, 1e-12, 0.5, 2.0, 6.0])
def test_hall_inverse(skew):
    u = np.linspace(-6, 6, 41)
    back = mixture.hall(mixture.hall_inverse(u, skew, 64), skew, 64)
    assert np.allclose(back, u, atol=1e-10)


def test_infinite_t_gives_the_largest_e_value():
    assert mixture.log_e(np.inf, 20, 5.0) == pytest.approx(
        float(mixture.log_e(1e150, 20, 5.0))
    )


@pytest.mark.parametrize(
    ("successes", "n"), [(0, 20), (3, 20), (20, 20), (512, 1024), (300_000, 1_000_000)]
)
def test_binomial_limits_lie_at_one_over_alpha(successes, n):
    lo, hi = binomial.limits(successes, n, 0.01)
    for end, trivial in ((lo, 0.0), (hi, 1.0)):
        if end != trivial:
            e = binomial.log_e(end, successes, n)
            assert e == pytest.approx(-np.log(0.01), abs=1e-8)
    assert lo <= successes / n <= hi


def test_binomial_mixture_is_a_martingale():
    """The mean of e_n over all outcomes is one, exactly."""
    n, p = 12, 0.3
    counts = np.arange(n + 1)
    e = np.exp(binomial.log_e(p, counts, n))
    assert (e * stats.binom.pmf(counts, n, p)).sum() == pytest.approx(1.0, rel=1e-12)


def test_binomial_resolution_has_the_power_it_names():
    edge = binomial.resolution_above(0.1, 200, 0.01)
    counts = np.arange(201)
    above = counts > 20
    seen = above & (binomial.log_e(0.1, counts, 200) >= np.log(100))
    power = stats.binom.pmf(counts, 200, edge)[seen].sum()
    assert power == pytest.approx(0.9, abs=1e-6)
    assert binomial.resolution_below(0.9, 200, 0.01) == pytest.approx(1 - edge)
    hopeless = binomial.resolution_above(np.array([0.99, 1.0, -0.1]), 20, 0.01)
    assert np.isinf(hopeless).all()


def test_wealth_by_the_loop_of_the_specification():
    rng = np.random.default_rng(0)
    x, b, alpha = rng.exponential(size=50), 0.8, 0.01
    wealth = np.zeros(2)
    found = []
    for t in range(1, 51):
        past = x[: t - 1]
        mu = (b / 2 + past.sum()) / t
        v = (b**2 / 2 + (past**2).sum()) / t - mu**2
        edge = max(mu - b, 0.0)
        stakes = (
            edge / (v + edge**2),
            np.sqrt(2 * np.log(1 / alpha) / (t * np.log1p(t) * v)),
        )
        lam = np.clip(stakes, 0, 1 / (2 * b))
        wealth += np.log1p(lam * (x[t - 1] - b))
        found.append(np.log(np.exp(wealth).mean()))
    assert np.allclose(log_wealth(x[:, None], b, alpha)[:, 0], found, atol=1e-12)


def test_bets_are_fair_at_the_bound():
    """The mean wealth is at most one when the mean is the bound (5 standard errors)."""
    x = np.random.default_rng(1).exponential(size=(20, 4000))
    wealth = np.exp(log_wealth(x, 1.0, 0.01)[-1])
    assert wealth.mean() < 1 + 5 * wealth.std() / np.sqrt(4000)


def test_lower_limit_is_where_the_wealth_reaches_the_bar():
    x = np.random.default_rng(2).gamma(16, size=(200, 3)) / 16
    limit = lower_limit(x, 0.01)
    excess = log_wealth(x, limit, 0.01).max(0) - np.log(100)
    assert (excess >= 0).all()  # an excluded mean: the interval is never too short
    assert (excess < 0.02).all()
    assert (limit < x.mean(0)).all()


@pytest.mark.parametrize("rows", [np.zeros(8), np.ones(3), np.eye(16)[0]])
def test_rows_that_exclude_nothing_leave_the_limit_near_zero(rows):
    limit = lower_limit(rows[:, None], 1e-6)[0]
    assert 0 <= limit <= 1e-4
    if limit > 0:
        assert log_wealth(rows[:, None], limit, 1e-6).max() >= np.log(1e6)


def test_lower_limit_of_constant_rows():
    x = np.ones((64, 1))
    limit = lower_limit(x, 0.01)
    assert 0.5 < limit[0] < 1
    assert log_wealth(x, limit, 0.01).max() == pytest.approx(np.log(100), abs=0.02)


def test_spending_sums_to_alpha():
    levels = [spending.spent(0.01, k) for k in range(1, 1000)]
    assert sum(levels) == pytest.approx(0.01 * (1 - 1 / 1000))
    assert spending.unspent(spending.spent(0.01, 3), 3) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("first", "budget", "sizes"),
    [(16, 64, [16, 32, 64]), (16, 40, [16, 32, 40]), (16, 8, [8]), (16, 16, [16])],
)
def test_schedule(first, budget, sizes):
    assert spending.schedule(first, budget) == sizes


def test_distances_agree_with_scipy():
    rng = np.random.default_rng(3)
    x, y = rng.exponential(size=(2, 60))
    cdf = stats.expon.cdf
    one = laws.one_sample_distance(x[:, None], cdf)[0]
    two = laws.two_sample_distance(x[:, None], y[:, None])[0]
    assert one == pytest.approx(stats.kstest(x, cdf).statistic)
    assert two == pytest.approx(stats.ks_2samp(x, y).statistic)


def test_distance_of_atoms():
    """A fair coin claimed exactly: the distance is the error of one share."""
    x = np.repeat([0.0, 1.0], [6, 4])[:, None]
    found = laws.one_sample_distance(x, lambda t: 0.5 * (t >= 0) + 0.5 * (t >= 1))
    assert found[0] == pytest.approx(0.1)


def test_spread_of_rounded_rows_is_uniform():
    gaps = np.ceil(np.random.default_rng(4).exponential(size=(4000, 1)) / 0.5) * 0.5
    cdf = stats.expon.cdf
    u = laws.spread(gaps, cdf, lambda x: cdf(x - 0.5))
    assert stats.kstest(u[:, 0], "uniform").pvalue > 1e-4
    assert stats.kstest(cdf(gaps[:, 0]), "uniform").pvalue < 1e-4


def test_pseudo_values_of_a_linear_function_are_the_rows():
    x = np.random.default_rng(5).normal(size=(20, 3, 2))
    assert np.allclose(
        means.pseudo_values(x, lambda m: m[..., 0] + m[..., 1]), x.sum(-1)
    )


def test_pseudo_values_of_a_variance_give_the_unbiased_variance():
    x = np.random.default_rng(6).normal(size=30)
    columns = np.stack([x, x**2], axis=-1)[:, None, :]
    psi = means.pseudo_values(columns, lambda m: m[..., 1] - m[..., 0] ** 2)
    assert psi.mean() == pytest.approx(x.var(ddof=1))


def test_resampled_moments_agree_with_the_resamples():
    x = np.random.default_rng(7).exponential(size=(12, 1))
    counts = means.resample_counts(12, 5)
    center, sd, skew = means.moments_of_counts(x, counts)
    for k in range(5):
        rows = np.repeat(x[:, 0], counts[k].astype(int))
        assert center[k, 0] == pytest.approx(rows.mean())
        assert sd[k, 0] == pytest.approx(rows.std(ddof=1))
        assert skew[k, 0] == pytest.approx(stats.skew(rows))


def test_heavy_tails_are_seen_and_light_ones_are_not():
    rng = np.random.default_rng(8)
    shape = (2000, 20)
    light = [rng.normal(size=shape), rng.exponential(size=shape)]
    assert not any(means.heavy_tailed(x).any() for x in light)
    assert not means.heavy_tailed(np.exp(rng.normal(size=shape))).any()
    assert not means.heavy_tailed(rng.exponential(size=shape) ** 2).any()
    assert means.heavy_tailed(rng.standard_cauchy(shape)).all()
    assert means.heavy_tailed(rng.pareto(1.2, size=shape)).mean() > 0.8
    assert not means.heavy_tailed(np.ones(shape)).any()
    assert not means.heavy_tailed(rng.standard_cauchy((64, 3))).any()


@pytest.mark.parametrize(
    ("rows", "few"),
    [
        (np.arange(20.0), False),
        (np.arange(20.0) % 9, True),
        (np.r_[np.zeros(17), 1.0, 2.0, 3.0], True),
        (np.r_[np.zeros(160), np.arange(40.0)], True),
        (np.r_[np.zeros(150), np.arange(50.0)], False),
        (np.zeros(2), True),
    ],
)
def test_few_values(rows, few):
    assert means.few_values(rows[:, None])[0] == few


def test_holm_by_hand():
    assert holm([0.001, 0.02, 0.5], [1, 1, 1], 0.05) == [True, True, False]
    assert holm([0.03, 0.02, 0.5], [1, 1, 1], 0.05) == [False, False, False]
    assert holm([0.03, 0.5], [9, 1], 0.05) == [True, False]


def test_e_bh_by_hand():
    assert e_bh([100.0, 20.0, 1.0]) == [True, False, False]
    assert e_bh([100.0, 30.0, 1.0]) == [True, True, False]
    assert e_bh([1.0, 1.0]) == [False, False]


def test_calibrator_integrates_to_one():
    total, _ = integrate.quad(calibrated, 0, 1)
    assert total == pytest.approx(1.0, rel=1e-6)


def test_least_squares_by_another_route():
    rng = np.random.default_rng(9)
    x, y, w = rng.normal(size=6), rng.normal(size=6), rng.uniform(1, 2, size=6)
    fitted = fit(np.stack([np.ones(6), x], axis=1), y, w)
    slope, constant = np.polyfit(x, y, 1, w=np.sqrt(w))
    assert np.allclose(fitted.coefficients, [constant, slope])
    assert np.allclose(fitted.map @ y, fitted.coefficients)
    assert fit(np.eye(2), np.ones(2), np.ones(2)).gof == 1.0


def test_error_of_a_median_agrees_with_its_asymptotic_law():
    x = np.random.default_rng(10).exponential(size=(1024, 1))
    found = tables.table(as_samples(x), lambda t: np.median(t, axis=0))
    assert found.se[0] == pytest.approx(
        1 / np.sqrt(1024), rel=0.25
    )  # 1/(2 f √n), f = ½
    lo, hi = found.interval(Level(0.01, "two", 1024, 1))
    assert lo < np.log(2) < hi


@pytest.mark.parametrize("n", [40, 1024])
def test_jackknife_of_a_mean_is_the_mean(n):
    x = np.random.default_rng(12).exponential(size=(n, 2))
    found = tables.table(as_samples(x), lambda t: t.mean(0))
    assert np.allclose(found.se, x.std(0, ddof=1) / np.sqrt(n), rtol=0.15)
    if n <= 256:
        assert np.allclose(found.skew, stats.skew(x))
        assert np.allclose(tables.jackknife(x, lambda t: t.mean(0)), x - x.mean(0))


def test_p_is_the_level_at_which_the_interval_touches():
    x = np.random.default_rng(11).exponential(size=(256, 1))
    distance = laws.law(as_samples(x), stats.expon(scale=1.5).cdf, None)
    null = Region(np.zeros(1), np.full(1, -np.inf), np.full(1, 0.02))
    p = distance.p(null, Level(0.01, "upper", 256, 2))[0]
    lo, _ = distance.interval(Level(p, "upper", 256, 2))
    assert lo[0] == pytest.approx(0.02, abs=1e-9)
    assert not distance.excludes(null, Level(p * 0.99, "upper", 256, 2))[0]
    assert distance.excludes(null, Level(p * 1.01, "upper", 256, 2))[0]
