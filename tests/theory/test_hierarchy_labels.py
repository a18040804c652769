"""The label law, outliers, thresholds and optimal preprocessings."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limen.theory import hierarchy
from limen.theory.maths.domain import DomainError
from numpy.testing import assert_allclose

from ..reference import hierarchy as reference

WEIGHTS = np.array([1, -1 / 2, 1 / 3, -1 / 4])
SCALE = np.sqrt(2 * np.sum(WEIGHTS**2))
SIDES = (1, -1, 1, -1)


@pytest.fixture(scope="module")
def law():
    return hierarchy.label_law(WEIGHTS)


@pytest.fixture(scope="module")
def values(law):
    return hierarchy.preprocess(law.grid, SCALE)


def everywhere(function, *arguments):
    """A function of (…, index, side) for the four features of P0."""
    return [function(*arguments, k, side) for k, side in enumerate(SIDES)]


def test_power_law_weights():
    assert_allclose(hierarchy.power_law_weights(1.0, num_features=4), WEIGHTS)
    positive = hierarchy.power_law_weights(0.5, num_features=3, signs="positive")
    assert_allclose(positive, np.arange(1, 4) ** -0.5)
    key = jax.random.key(0)
    random = hierarchy.power_law_weights(0.0, num_features=64, signs="random", key=key)
    assert set(np.asarray(random)) == {-1.0, 1.0}


@pytest.mark.parametrize("weights", [WEIGHTS, [1.0, 0.5, 0.3, 0.1, 0.05], [0.7, -0.7]])
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_moments_of_the_law(weights, noise):
    """Spec: masses 1e-10, variance 1e-8, first and second tilt 2b and 8b²."""
    law = hierarchy.label_law(np.array(weights), noise)
    grid, spacing = np.asarray(law.grid), float(law.spacing)
    tilted, density = np.asarray(law.tilted), np.asarray(law.density)
    assert_allclose(density.sum() * spacing, 1, atol=1e-10)
    assert_allclose(tilted.sum(1) * spacing, 1, atol=1e-10)
    expected = 2 * np.sum(np.square(weights)) + noise**2
    assert_allclose(density @ grid**2 * spacing, expected, rtol=2e-7)
    assert_allclose(law.variance, expected)
    signal = hierarchy.signal_strength(law, grid)
    assert_allclose(signal, 2 * np.array(weights), rtol=1e-8)
    signal = hierarchy.signal_strength(law, grid**2)
    assert_allclose(signal, 8 * np.square(weights), atol=3e-7)


@pytest.mark.parametrize(("scale", "error"), [(SCALE, 1e-6), (1.0, 1e-5)])
def test_signal_against_tensor_quadrature(law, scale, error):
    values = hierarchy.preprocess(law.grid, scale)
    plain, tilted = reference.tensor_expectations(
        lambda s: scale * np.tanh(s / scale), WEIGHTS
    )
    assert_allclose(hierarchy.signal_strength(law, values), tilted - plain, atol=error)


def test_density_slope_is_the_derivative():
    law = hierarchy.label_law(WEIGHTS, 0.5)  # without noise both ring on the grid
    slope = np.gradient(np.asarray(law.density), float(law.spacing))
    assert_allclose(law.density_slope[1:-1], slope[1:-1], atol=1e-4)


def test_kept_features_are_rows_of_the_whole(law):
    part = hierarchy.label_law(WEIGHTS, features=(2, 0))
    assert_allclose(part.tilted, np.asarray(law.tilted)[[2, 0]])
    assert_allclose(part.weights, WEIGHTS[[2, 0]])


@pytest.mark.parametrize("link", ["id", "tanh", "poly"])
@pytest.mark.parametrize("preprocessing", ["tanh", "clip"])
@pytest.mark.parametrize("side", [1, -1])
def test_supremum_bounds_and_is_reached(link, preprocessing, side):
    options = {"link": link, "preprocessing": preprocessing}
    grid = np.linspace(-200, 200, 400001)
    values = side * np.asarray(hierarchy.preprocess(grid, 1.3, **options))
    supremum = hierarchy.preprocess_supremum(1.3, side, **options)
    assert_allclose(supremum, values.max(), atol=1e-6)


def test_supremum_of_raw_labels_is_infinite():
    assert np.isinf(hierarchy.preprocess_supremum(1.0, 1, preprocessing="id"))


@pytest.mark.parametrize(
    ("ratio", "overlap", "eigenvalue"),
    [
        (16, [0.8912, 0.7365, 0.6561, 0.4344], [0.522, -0.343, 0.294, -0.261]),
        (32, [0.946, 0.859, 0.833, 0.680], [0.496, -0.304, 0.255, -0.208]),
    ],
)
def test_outliers_of_the_standard_point(law, values, ratio, overlap, eigenvalue):
    found = everywhere(hierarchy.outlier, law, values, SCALE, ratio)
    assert_allclose([o.overlap for o in found], overlap, atol=6e-4)
    learned = [hierarchy.learner_eigenvalue(law, values, o.eigenvalue) for o in found]
    assert_allclose(learned, eigenvalue, atol=6e-4)


def brute_outlier(ratio, index, order=60):
    """HS-3 by tensor quadrature and scipy's roots, for a positive weight."""
    from scipy.optimize import brentq

    def F(s):
        return SCALE * np.tanh(s / SCALE)

    def means(function):
        return reference.tensor_expectations(function, WEIGHTS, order)

    def psi(lam):
        return lam / ratio + lam * means(lambda s: F(s) / (lam - F(s)))[0]

    def psi_slope(lam):
        return 1 / ratio - means(lambda s: (F(s) / (lam - F(s))) ** 2)[0]

    def phi(lam):
        return lam * means(lambda s: F(s) / (lam - F(s)))[1][index]

    def phi_slope(lam):
        return -means(lambda s: (F(s) / (lam - F(s))) ** 2)[1][index]

    edge = brentq(psi_slope, SCALE * 1.001, 100, xtol=1e-12)
    lam = brentq(lambda x: phi(x) - psi(x), edge, 1000, xtol=1e-12)
    return psi(edge), psi(lam), psi_slope(lam) / (psi_slope(lam) - phi_slope(lam))


@pytest.mark.parametrize(("index", "side"), [(0, 1), (1, -1), (2, 1)])
def test_branches_are_outliers_without_a_search(law, values, index, side):
    """Where a branch is visible, `outlier` at its ratio finds the same overlap."""
    lam = SCALE * (1 + np.geomspace(0.5, 50, 7))
    ratio, overlap = (
        np.asarray(part[index])
        for part in hierarchy.outlier_branches(law, values, lam, side)
    )
    assert (np.diff(ratio) > 0).all()
    visible = overlap > 0.05
    assert visible.sum() >= 3
    searched = [
        hierarchy.outlier(law, values, SCALE, at, index, side).overlap
        for at in ratio[visible]
    ]
    np.testing.assert_allclose(overlap[visible], searched, rtol=1e-7)


def test_branches_refuse_parameters_within_the_spectrum(law, values):
    with pytest.raises(DomainError, match="lam"):
        hierarchy.outlier_branches(law, values, [SCALE / 2, 2 * SCALE], 1)


@pytest.mark.parametrize("index", [0, 2])
def test_outlier_by_an_independent_route(law, values, index):
    found = hierarchy.outlier(law, values, SCALE, 12.0, index, 1)
    edge, eigenvalue, overlap = brute_outlier(12.0, index)
    assert_allclose(found.edge, edge, atol=2e-6)
    assert_allclose(found.eigenvalue, eigenvalue, atol=2e-6)
    assert_allclose(found.overlap, overlap, atol=2e-6)


def test_an_invisible_feature_sits_at_the_edge(law, values):
    weak = hierarchy.outlier(law, values, SCALE, 3.0, 2, 1)
    assert float(weak.overlap) == 0
    assert float(weak.eigenvalue) == float(weak.edge)
    wrong_side = hierarchy.outlier(law, values, SCALE, 100.0, 0, -1)
    assert float(wrong_side.overlap) == 0


def test_negating_labels_exchanges_the_sides(law, values):
    left = hierarchy.outlier(law, values, SCALE, 16.0, 1, -1)
    mirror = hierarchy.label_law(-WEIGHTS)
    flipped = hierarchy.preprocess(mirror.grid, SCALE)
    right = hierarchy.outlier(mirror, flipped, SCALE, 16.0, 1, 1)
    assert_allclose(left.overlap, right.overlap, rtol=1e-9)
    assert_allclose(left.eigenvalue, -np.asarray(right.eigenvalue), rtol=1e-9)


def test_thresholds_of_the_standard_point(law, values):
    """Spec: δ_k by two independent routes."""
    found = everywhere(hierarchy.recovery_threshold, law, values, SCALE)
    assert_allclose(found, [0.7332, 1.4079, 5.2455, 6.4561], atol=1e-4)


def test_overlap_vanishes_exactly_at_the_threshold(law, values):
    for k, side in enumerate(SIDES):
        threshold = hierarchy.recovery_threshold(law, values, SCALE, k, side)
        at = float(threshold)
        below = hierarchy.outlier(law, values, SCALE, at * (1 - 1e-6), k, side)
        above = hierarchy.outlier(law, values, SCALE, at * (1 + 1e-4), k, side)
        assert float(below.overlap) == 0
        assert 0 < float(above.overlap) < 1e-3


def test_a_feature_on_the_wrong_side_never_appears(law, values):
    assert np.isinf(hierarchy.recovery_threshold(law, values, SCALE, 0, -1))


def test_smooth_law_of_one_feature():
    """Spec, HS-8: p = 1, τ = 3 gives δ_c = 3.0960, and τ = 0 gives .60084."""
    for noise, scale, threshold in ((3.0, np.sqrt(11), 3.0960), (0, 2**0.5, 0.60084)):
        law = hierarchy.label_law(np.array([1.0]), noise)
        values = hierarchy.preprocess(law.grid, scale)
        found = hierarchy.recovery_threshold(law, values, scale, 0, 1)
        assert_allclose(found, threshold, atol=6e-5)


def test_lower_bound_and_the_preprocessing_that_attains_it(law):
    expected = [0.60284, 0.92169, 4.13509, 4.26578]
    for k in range(4):
        bound = hierarchy.recovery_threshold_lower_bound(law, k)
        assert_allclose(bound, expected[k], atol=1e-5)
        best = hierarchy.optimal_preprocessing(law, k)
        attained = hierarchy.recovery_threshold(law, best, 0.99, k, 1)
        assert_allclose(attained, bound, rtol=2e-4)


def test_clipping_the_best_preprocessing_earlier_costs_half_a_percent(law):
    """Spec: .6061, .9268, same, same."""
    found = []
    for k in range(4):
        best = hierarchy.optimal_preprocessing(law, k, clip=(-20.0, 0.9))
        found.append(hierarchy.recovery_threshold(law, best, 0.9, k, 1))
    assert_allclose(found, [0.6061, 0.9268, 4.13509, 4.26578], atol=6e-5)


@settings(max_examples=8, deadline=None)
@given(scale=st.floats(0.2, 6), kind=st.sampled_from(["tanh", "clip"]))
def test_no_preprocessing_beats_the_bound(law, scale, kind):
    values = hierarchy.preprocess(law.grid, scale, preprocessing=kind)
    for k, side in enumerate(SIDES):
        bound = float(hierarchy.recovery_threshold_lower_bound(law, k))
        found = hierarchy.recovery_threshold(law, values, scale, k, side)
        assert float(found) >= bound * (1 - 2e-4)


def test_lower_bound_of_a_single_feature_is_one_half():
    law = hierarchy.label_law(np.array([1.0]))
    assert float(hierarchy.recovery_threshold_lower_bound(law, 0)) == 0.5


@pytest.mark.parametrize(
    ("gamma", "features", "gain"),
    [(0.25, 64, 1.0089), (1.0, 64, 1.675), (0.4, 128, 1.0137), (1.0, 8, 2.007)],
)
def test_fisher_information(gamma, features, gain):
    """Spec, HS-12: Var · I."""
    weights = hierarchy.power_law_weights(gamma, num_features=features)
    law = hierarchy.label_law(weights, features=(features - 2, features - 1))
    found = np.asarray(hierarchy.fisher_information(law)) * np.asarray(law.variance)
    assert_allclose(found, gain, atol=6e-4)
    if features > 8:
        for row in (0, 1):
            exact = np.asarray(hierarchy.recovery_threshold_lower_bound(law, row))
            weak = np.asarray(hierarchy.weak_threshold(law, row))
            assert_allclose(exact / weak, 1, atol=0.04)


def test_batches_equal_loops(law, values):
    ratios = np.array([8.0, 16.0, 64.0])
    batched = jax.vmap(lambda r: hierarchy.outlier(law, values, SCALE, r, 0, 1))(ratios)
    single = [hierarchy.outlier(law, values, SCALE, r, 0, 1).overlap for r in ratios]
    assert_allclose(batched.overlap, single, rtol=1e-12)
    with jax.enable_x64(True):
        ends = np.arange(4), np.array(SIDES)
        find = jax.vmap(
            lambda k, side: hierarchy.recovery_threshold(law, values, SCALE, k, side)
        )
        found = find(*ends)
    expected = everywhere(hierarchy.recovery_threshold, law, values, SCALE)
    assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: hierarchy.power_law_weights(-1.0, num_features=2), "gamma"),
        (lambda: hierarchy.power_law_weights(np.inf, num_features=2), "gamma"),
        (lambda: hierarchy.power_law_weights(1.0, num_features=0), "num_features"),
        (lambda: hierarchy.power_law_weights(1.0, num_features=2, signs="x"), "signs"),
        (
            lambda: hierarchy.power_law_weights(1.0, num_features=2, signs="random"),
            "key",
        ),
        (lambda: hierarchy.label_law(np.array([1.0, 0.0])), "weights"),
        (lambda: hierarchy.label_law(np.array([1.0, np.nan])), "weights"),
        (lambda: hierarchy.label_law(np.array([1.0]), -1.0), "noise"),
        (lambda: hierarchy.label_law(WEIGHTS, num_grid=256), "num_grid"),
        (lambda: hierarchy.preprocess(np.zeros(3), 0.0), "scale"),
        (lambda: hierarchy.preprocess(np.zeros(3), 1.0, link="x"), "link"),
        (
            lambda: hierarchy.preprocess(np.zeros(3), 1.0, preprocessing="x"),
            "preprocessing",
        ),
        (lambda: hierarchy.preprocess_supremum(1.0, 0), "side"),
    ],
)
def test_bad_input(call, name):
    with pytest.raises(ValueError, match=f"`{name}`"):
        call()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"supremum": np.inf}, "supremum"),
        ({"supremum": -1.0}, "supremum"),
        ({"ratio": 0.0}, "ratio"),
        ({"index": 4}, "index"),
        ({"side": 2}, "side"),
    ],
)
def test_bad_input_of_outliers(law, values, change, name):
    good = {"supremum": SCALE, "ratio": 16.0, "index": 0, "side": 1} | change
    with pytest.raises(ValueError, match=f"`{name}`"):
        hierarchy.outlier(law, values, **good)
    with pytest.raises(ValueError, match=f"`{name}`"):
        hierarchy.spectral_window(law, values, **good)
    if name != "ratio":
        del good["ratio"]
        with pytest.raises(ValueError, match=f"`{name}`"):
            hierarchy.recovery_threshold(law, values, **good)


def test_singular_laws_are_refused():
    singular = hierarchy.label_law(np.array([1.0, -0.5]))
    with pytest.raises(ValueError, match="`law`"):
        hierarchy.recovery_threshold_lower_bound(singular, 0)
    with pytest.raises(ValueError, match="`law`"):
        hierarchy.optimal_preprocessing(singular, 0)
    with pytest.raises(ValueError, match="`law`"):
        hierarchy.fisher_information(hierarchy.label_law(WEIGHTS))
    with pytest.raises(ValueError, match="`clip`"):
        hierarchy.optimal_preprocessing(
            hierarchy.label_law(WEIGHTS), 0, clip=(-1.0, 2.0)
        )


def test_krylov_applications_are_the_fewest_that_reach_the_error():
    for relative in (1.2, 1.5, 2.5):
        size = {"feature_dim": 7260, "block": 4}
        m = hierarchy.krylov_applications(relative, **size)
        error = [
            float(hierarchy.krylov_error(relative, applications=k, **size))
            for k in (m - 1, m)
        ]
        assert error[1] <= 1e-3
        assert m == 20 or error[0] > 1e-3
    with pytest.raises(ValueError, match="relative"):
        hierarchy.krylov_applications(1.0, feature_dim=7260)
    with pytest.raises(ValueError, match="error"):
        hierarchy.krylov_applications(2.0, feature_dim=7260, error=0.0)
