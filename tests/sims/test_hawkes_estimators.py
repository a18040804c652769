"""Estimators of Hawkes networks against NumPy, and the lanes that compare them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from limen.sims import hawkes

from tests.reference import hawkes as oracle

F32 = jnp.float32


@pytest.fixture(scope="module")
def binned():
    rng = np.random.default_rng(2)
    weights = 0.5 * np.eye(6, k=1) + 0.5 * np.eye(6, k=-5)
    times, nodes = oracle.thinning(rng, np.full(6, 0.5), weights, 1.0, 200.0)
    with jax.enable_x64(True):
        return hawkes.bin_events(
            jnp.asarray(times), jnp.asarray(nodes, jnp.int32), jnp.asarray(1.0),
            jnp.asarray(0.25), num_nodes=6, num_bins=800,
        )  # fmt: skip


def last_stats(binned, chunks=4, merge=2, clip=1.0):
    stats = hawkes.recovery_stats(
        binned, jnp.ones(6), num_chunks=chunks, merge=merge, clip=jnp.asarray(clip)
    )
    return jax.tree.map(lambda part: part[-1], stats)


def test_estimators_against_numpy_least_squares(binned):
    counts, states = np.asarray(binned.counts), np.asarray(binned.states)
    unit = -np.expm1(-0.25)
    with jax.enable_x64(True):
        stats = last_stats(binned)
        step = jnp.asarray(1.0), jnp.asarray(0.25)
        full = np.asarray(hawkes.full_least_squares(stats, *step))
        staged = np.asarray(
            hawkes.two_stage(stats, *step, num_candidates=2, screen="filtered")
        )
        scores = np.asarray(hawkes.screen_scores(stats, screen="filtered"))
        none = np.asarray(hawkes.lasso(stats, *step, jnp.asarray(1e-9)))
    design = np.column_stack([np.ones(800), states])
    solved = np.linalg.lstsq(design, counts, rcond=None)[0][1:].T / unit
    np.testing.assert_allclose(full, solved, atol=2e-5)
    expected = np.cov(counts.T, states.T, bias=True)[:6, 6:]
    off = ~np.eye(6, dtype=bool)
    np.testing.assert_allclose(scores[off], expected[off], rtol=1e-9, atol=1e-13)
    for node in range(6):
        two = np.argsort(-np.where(off[node], expected[node], -np.inf))[:2]
        part = np.linalg.lstsq(design[:, [0, *(two + 1)]], counts[:, node], rcond=None)
        np.testing.assert_allclose(staged[node, two], part[0][1:] / unit, atol=2e-5)
        assert np.count_nonzero(staged[node]) == 2
        others = [0, *(1 + np.flatnonzero(off[node]))]
        rest = np.linalg.lstsq(design[:, others], counts[:, node], rcond=None)[0][1:]
        np.testing.assert_allclose(none[node, off[node]], rest / unit, atol=2e-5)


def test_lagged_screening_scores_against_numpy(binned):
    with jax.enable_x64(True):
        one = last_stats(binned, chunks=1, merge=2, clip=1.0)
        scores = np.asarray(hawkes.screen_scores(one, screen="lag1"))
    z = np.minimum(np.asarray(binned.counts).reshape(400, 2, 6).sum(axis=1), 1)
    expected = np.cov(z[1:].T, z[:-1].T, bias=True)[:6, 6:]
    off = ~np.eye(6, dtype=bool)
    np.testing.assert_allclose(scores[off], expected[off], rtol=1e-9)
    assert np.isneginf(np.diag(scores)).all()


def test_lasso_satisfies_its_optimality_conditions(binned):
    with jax.enable_x64(True):
        stats = last_stats(binned)
        weights = np.asarray(
            hawkes.lasso(stats, jnp.asarray(1.0), jnp.asarray(0.25), jnp.asarray(1.0))
        )
    counts, states = np.asarray(binned.counts), np.asarray(binned.states)
    gram = np.cov(states.T, bias=True)
    cross = np.cov(counts.T, states.T, bias=True)[:6, 6:]
    fitted = weights * -np.expm1(-0.25)
    slope = cross - fitted @ gram
    rates = counts.mean(axis=0) / 0.25
    penalty = 0.25 * np.sqrt(np.outer(rates, np.diag(gram)) * np.log(6) / 200)
    off = ~np.eye(6, dtype=bool)
    assert (abs(slope) <= penalty * (1 + 1e-4))[off].all()
    active = off & (fitted != 0)
    np.testing.assert_allclose(
        slope[active], (penalty * np.sign(fitted))[active], rtol=1e-3
    )


def test_likelihood_rises_to_a_stationary_point(binned):
    with jax.enable_x64(True):
        step = jnp.asarray(1.0), jnp.asarray(0.25)
        baseline, weights = hawkes.poisson_mle(binned, *step, num_steps=4000)
    features = np.column_stack(
        [np.full(800, 0.25), -np.expm1(-0.25) * np.asarray(binned.states)]
    )
    theta = np.column_stack([np.asarray(baseline), np.asarray(weights)])
    counts = np.asarray(binned.counts)
    slope = (counts / (features @ theta.T) - 1).T @ features
    assert (slope < 0.05 * features.sum(axis=0)).all()
    assert abs(slope * theta).max() < 0.02 * counts.sum(axis=0).max()
    assert (theta >= 0).all()


def test_margins():
    adjacency = jnp.asarray([[False, True], [False, False]])
    edge, null = hawkes.margins(jnp.asarray([[9.0, 0.4], [0.1, 9.0]]), adjacency)
    assert (float(edge), float(null)) == pytest.approx((0.4, 0.1))
    edge, null = hawkes.margins(jnp.asarray([[9.0, jnp.nan], [0.1, 9.0]]), adjacency)
    assert (float(edge), float(null)) == (-np.inf, np.inf)


def test_bad_options_of_the_estimators(binned):
    with pytest.raises(ValueError, match="multiple of 14"):
        last_stats(binned, chunks=7)
    with jax.enable_x64(True):
        stats = last_stats(binned)
    with pytest.raises(ValueError, match="screen"):
        hawkes.screen_scores(stats, screen="nearest")
    with pytest.raises(ValueError, match="num_candidates"):
        hawkes.two_stage(
            stats, jnp.asarray(1.0), jnp.asarray(0.25),
            num_candidates=6, screen="lag1",
        )  # fmt: skip


def test_cells_of_the_recovery_sweep_are_checked():
    cell = {
        "num_nodes": 8, "offsets": (1,), "estimators": ("filtered",),
        "edge_weight": 0.5, "rate": 1.0, "beta": 1.0, "y": 0.25, "clip": 1.0,
        "num_candidates": 7, "num_bins": 64, "num_chunks": 16, "merge": 2,
    }  # fmt: skip
    check = hawkes.recovery.check
    assert check(**cell) is None
    wrong = {
        "offsets": (1, 1), "estimators": ("best",), "edge_weight": 1.0, "y": 0.0,
        "clip": 0.5, "num_candidates": 8, "num_bins": 65,
    }  # fmt: skip
    for name, value in wrong.items():
        assert name in check(**cell | {name: value})


def test_recovery_finds_an_easy_network_and_measures_its_rate():
    stages = hawkes.plan_stages(8 * 0.5 * 4024, 0.5)
    lane = jax.jit(
        lambda key: hawkes.recovery(
            key, F32(0.5), F32(1.0), F32(1.0), F32(0.25), F32(1.0),
            num_nodes=8, offsets=(1,), num_bins=16000, num_chunks=2, merge=2,
            num_candidates=7, stages=stages,
            estimators=("filtered", "lag1", "full", "lasso", "screen_filtered"),
        )
    )  # fmt: skip
    found = jax.tree.map(np.asarray, lane(jax.random.key(5)))
    assert not found["overflow"]
    assert found["mean_rate"] == pytest.approx(1.0, abs=0.06)
    assert (found["margin_edge"] > found["margin_null"])[:, 1].all()
    assert found["margin_edge"][0, 1] == pytest.approx(0.45, abs=0.1)


def test_a_lane_that_overflows_says_so():
    """Arrays for a tenth of the events: every lane reports it, none is silent."""

    def overflowed(mean):
        def lane(key):
            found = hawkes.recovery(
                key, F32(0.5), F32(1.0), F32(1.0), F32(0.25), F32(1.0),
                num_nodes=8, offsets=(1,), num_bins=800, num_chunks=2, merge=2,
                num_candidates=7, estimators=("screen_lag1",),
                stages=hawkes.plan_stages(mean, 0.5),
            )  # fmt: skip
            return found["overflow"]

        keys = jax.random.split(jax.random.key(8), 4)
        return np.asarray(jax.jit(jax.vmap(lane))(keys))

    mean = 8 * 0.5 * 224
    assert overflowed(mean / 10).all()
    assert not overflowed(mean).any()
