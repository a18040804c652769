"""Gibbs policy, gaps, readouts, admissible sets: the numbers and other routes."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limen.theory import reward
from limen.theory.maths.domain import DomainError

NODES, WEIGHTS = reward.gauss_grid(breaks=(0.0,))


def values(link, z=NODES):
    with jax.enable_x64(True):
        return np.asarray(reward.link_spec(link).fn(jax.numpy.asarray(z)))


def features(link, half_width, count):
    """Index features with the reward appended: realisable."""
    plain = reward.tanh_features(NODES, half_width, num_features=count)
    return np.concatenate([np.asarray(plain), values(link)[:, None]], axis=1)


def test_gibbs_values_and_derivative():
    claimed = {0.2: 2.1853, 0.5: 1.4522, 1.0: 0.8841, 2.0: 0.4824}
    for temperature, value in claimed.items():
        assert float(reward.gibbs(temperature, link="sin3").value) == pytest.approx(
            value, abs=6e-5
        )
    step = 1e-4
    high, low = (reward.gibbs(0.5 + s, link="sin3") for s in (step, -step))
    slope = (float(high.value) - float(low.value)) / (2 * step)
    middle = reward.gibbs(0.5, link="sin3")
    assert slope == pytest.approx(-float(middle.variance) / 0.25, rel=1e-6)
    assert float(middle.objective) == pytest.approx(
        0.5 * np.log(WEIGHTS @ np.exp(values("sin3") / 0.5)), rel=1e-12
    )


def test_effective_sample_size():
    assert float(reward.label_ess(1.0, 0.5, link="sin3")) == pytest.approx(
        0.3793, abs=5e-5
    )
    assert float(reward.label_ess(0.5, 0.3, link="tanh")) == pytest.approx(
        0.3320, abs=5e-5
    )
    assert float(reward.gibbs(2.0, link="he2").ess) == 0
    assert float(reward.gibbs(0.5, link="linear").ess) == pytest.approx(np.exp(-4))


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0.03, 1.0), st.floats(0.3, 3.0), st.floats(0.0, 6.3), st.floats(0.15, 2.0)
)
def test_gap_identities_and_bounds(size, frequency, phase, temperature):
    r = values("cos4")
    estimate = r + size * np.sin(frequency * NODES + phase)
    t = {
        k: float(v)
        for k, v in reward.gap_terms(r, estimate, temperature, WEIGHTS)
        ._asdict()
        .items()
    }
    scale = 1e-7 * (1 + abs(t["value_gap"]))
    assert abs(t["value_gap"] - t["value_integral"]) < scale
    assert abs(t["objective_gap"] - t["objective_integral"]) < scale
    gap, slack = t["objective_gap"], 1e-10
    assert (
        t["objective_lower_bound"] - slack <= gap <= t["objective_upper_bound"] + slack
    )
    assert gap <= t["objective_chi2_upper_bound"] + slack
    assert gap <= t["objective_coverage_upper_bound"] + slack
    for name in ("value", "value_chi2", "value_pinsker"):
        assert abs(t["value_gap"]) <= t[f"{name}_upper_bound"] + slack


def test_divergence_is_the_divergence_of_the_policies():
    r, estimate = values("sin3"), values("sin3") + 0.3 * np.sin(1.3 * NODES)
    best, deployed = (
        WEIGHTS * np.exp(v / 0.5) / (WEIGHTS @ np.exp(v / 0.5)) for v in (r, estimate)
    )
    found = reward.gap_terms(r, estimate, 0.5, WEIGHTS)
    kl = deployed @ np.log(deployed / best)
    assert float(found.objective_gap) == pytest.approx(0.5 * kl, rel=1e-9)
    chi2 = best @ (deployed / best - 1) ** 2
    assert float(found.chi2) == pytest.approx(chi2, rel=1e-9)


def test_heteroscedastic_labels_distort_the_policy():
    r = values("tanh")
    noise = 0.2 + 0.3 * (NODES < 0)
    found = reward.gap_terms(r, r + noise**2 / 0.5, 0.5, WEIGHTS)
    assert float(found.objective_gap) == pytest.approx(0.02395, abs=1e-5)
    assert float(found.value_gap) == pytest.approx(0.11327, abs=1e-5)


def fit(link, temperature, noise, weights, half_width=3.0, count=7):
    return reward.sandwich(
        temperature,
        noise,
        0.0,
        features(link, half_width, count),
        values(link) if weights == "surrogate" else None,
        link=link,
        weights=weights,
    )


def test_readout_constants_and_noise_inflation():
    fits = {w: fit("sin3", 1.0, 0.5, w) for w in ("none", "surrogate", "label")}
    constants = [float(f.objective_const) for f in fits.values()]
    np.testing.assert_allclose(constants, (1.130, 1.780, 2.856), atol=6e-4)
    for constant in (2, 3, 4):
        ratio = float(fits["label"][constant]) / float(fits["surrogate"][constant])
        assert ratio == pytest.approx(np.exp(0.25) * 1.25, rel=1e-8)
    least = np.linalg.eigvalsh(
        np.asarray(fits["surrogate"].cov) - np.asarray(fits["none"].cov)
    )[0]
    assert least >= -1e-9 * np.trace(np.asarray(fits["surrogate"].cov))


def test_unweighted_readout_is_least_squares():
    found = fit("tanh", 0.7, 0.3, "none", 1.0, 3)
    matrix = features("tanh", 1.0, 3)
    gram = matrix.T @ (WEIGHTS[:, None] * matrix)
    np.testing.assert_allclose(found.coef, (0, 0, 0, 1), atol=1e-8)
    np.testing.assert_allclose(
        found.cov, 0.09 * np.linalg.inv(gram), rtol=1e-6, atol=1e-9
    )


def test_margins_shrink_with_the_proxy_error():
    margins = []
    for error in (0.0, 0.5, 1.0):
        found = reward.admissible_sets(
            [0.5, 0.6],
            *(2000, 0.3, 0.9, 0.7, 1e-3, 2.0),
            values("cos4") + error * np.sin(1.5 * NODES),
            jax.random.key(1),
            link="cos4",
            weights="surrogate",
            num_features=8,
        )
        assert np.all(~np.asarray(found.bound) | np.asarray(found.predicted))
        margins.append(np.asarray(found.margin))
    assert np.all(np.diff(np.array(margins), axis=0) < 0)
    np.testing.assert_allclose(margins[0], (0.20, 0.40), atol=0.08)
    np.testing.assert_allclose(margins[1], (-0.27, 0.29), atol=0.15)


def test_few_effective_samples_are_flagged():
    """Label weights at 0.4 keep 28 of 2000 samples; unweighted ones keep all."""

    def sets(weights, temperatures):
        return reward.admissible_sets(
            temperatures,
            *(2000, 0.3, 0.9, 0.7, 1e-3, 2.0, None, jax.random.key(1)),
            link="cos4",
            weights=weights,
            num_features=8,
            num_draws=20,
        )

    share = float(reward.label_ess(0.4, 0.7, link="cos4"))
    assert share * 2000 < 80 < float(reward.label_ess(1.0, 0.7, link="cos4")) * 2000
    with pytest.warns(UserWarning, match=r"effective samples.*\[0\.4\]"):
        sets("label", [0.4, 1.0])
    sets("label", [1.0])
    sets("none", [0.4])


@pytest.mark.parametrize(
    ("link", "temperature", "claimed"),
    [("tanh", 0.5, 0.641942), ("sin3", 1.0, 4.166303), ("cos4", 0.5, 6.194312)],
)
def test_slope_in_the_direction(link, temperature, claimed):
    best = float(reward.gibbs(temperature, link=link).objective)
    assert float(reward.direction_slope(temperature, link=link)) == pytest.approx(
        claimed, abs=1e-6
    )
    for kind in ("label", "regress"):
        slopes = [
            (
                best
                - float(
                    reward.value_at_overlap(
                        1 - h, temperature, link=link, fit=kind
                    ).objective
                )
            )
            / h
            for h in (0.002, 0.001)
        ]
        assert 2 * slopes[1] - slopes[0] == pytest.approx(claimed, rel=0.01)


def test_order_of_fits_and_convexity():
    best = float(reward.gibbs(0.5, link="sin3").objective)
    for overlap in (0.0, 0.3, 0.6, 0.9):
        label, regress = (
            float(reward.value_at_overlap(overlap, 0.5, link="sin3", fit=k).objective)
            for k in ("label", "regress")
        )
        bound = float(reward.convexity_upper_bound(overlap, 0.5, link="sin3"))
        assert label <= regress + 1e-9 <= best + 2e-9
        assert best - regress <= bound + 1e-9
    worse = reward.value_at_overlap(0.6, 0.5, link="sin3", fit="label")
    assert float(worse.objective) == pytest.approx(-0.1302, abs=1e-4)
    assert float(worse.value) == pytest.approx(-0.0025, abs=1e-4)


def test_overlap_one_is_the_optimal_policy():
    best = reward.gibbs(2.0, link="he2")
    for kind in ("label", "regress"):
        found = reward.value_at_overlap(1.0, 2.0, link="he2", fit=kind)
        assert float(found.value) == pytest.approx(float(best.value), rel=1e-8)
        assert float(found.objective) == pytest.approx(float(best.objective), rel=1e-8)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: reward.gibbs(1.0, link="he2"), "infinite"),
        (lambda: reward.label_ess(2.5, 0.1, link="he2"), "infinite"),
        (lambda: reward.tanh_features(NODES, 0.0, num_features=4), "half_width"),
        (lambda: reward.tanh_features(NODES, 1.0, num_features=1), "num_features"),
        (lambda: fit("sin3", 1.0, 0.5, "weird"), "weights"),
        (
            lambda: reward.sandwich(
                *(1.0, 0.1, -1.0, features("sin3", 1.0, 3), None),
                link="sin3",
                weights="none",
            ),
            "ridge",
        ),
        (
            lambda: reward.sandwich(
                *(1.0, 0.1, 0.0, features("sin3", 1.0, 3), None),
                link="sin3",
                weights="surrogate",
            ),
            "proxy",
        ),
        (lambda: reward.value_at_overlap(0.5, 1.0, link="sin3", fit="x"), "fit"),
    ],
)
def test_bad_input(call, word):
    with pytest.raises(DomainError, match=word):
        call()


def test_overlaps_and_errors_in_many_cells_are_those_of_each():
    overlaps, betas = np.array([[0.2, 0.9]]), np.array([[0.5], [1.0]])
    cells = [(m, b) for b in betas.ravel() for m in overlaps[0]]
    values = reward.value_at_overlap(overlaps, betas, link="tanh", fit="label").value
    bounds = reward.convexity_upper_bound(overlaps, betas, link="tanh")
    for found, one in (
        (values, lambda *c: reward.value_at_overlap(*c, link="tanh", fit="label")[0]),
        (bounds, lambda *c: reward.convexity_upper_bound(*c, link="tanh")),
    ):
        each = np.array([float(one(*cell)) for cell in cells])
        np.testing.assert_allclose(np.ravel(found), each, rtol=1e-12)
    ratios = np.array([2.0, 8.0])
    labels = {"link": "sin3", "transform": "exp"}
    along = reward.first_order_overlap(ratios, 0.5, 0.2, **labels)
    each = [float(reward.first_order_overlap(r, 0.5, 0.2, **labels)) for r in ratios]
    np.testing.assert_allclose(along, each, rtol=1e-12)


def test_gaps_of_many_errors_are_those_of_each():
    truth, weights = np.asarray(values("tanh")), reward.gauss_grid(breaks=(0.0,))[1]
    estimates, betas = truth + np.array([[0.1], [0.3]]) * NODES, np.array([0.5, 1.0])
    found = reward.gap_terms(truth, estimates, betas, weights)
    for place, (estimate, beta) in enumerate(zip(estimates, betas, strict=True)):
        one = reward.gap_terms(truth, estimate, beta, weights)
        together = [float(part[place]) for part in found]
        np.testing.assert_allclose(together, np.array(one, float), rtol=1e-10)
