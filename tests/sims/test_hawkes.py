"""Simulators and estimators of Hawkes networks against oracles and exact theory."""

import functools
import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from limen.sims import hawkes
from limen.theory import hawkes as theory

from tests.reference import hawkes as oracle

F32 = jnp.float32
MU = np.array([0.5, 0.0, 1.0])
WEIGHTS = np.array([[0.2, 0.3, 0.0], [0.5, 0.0, 0.1], [0.0, 0.4, 0.3]])
BETA, HORIZON = 1.3, 40.0


@pytest.fixture(scope="module")
def events():
    return oracle.thinning(np.random.default_rng(0), MU, WEIGHTS, BETA, HORIZON)


def in_double(function, *arrays, **options):
    """Call with float64 arrays under x64; returns NumPy."""
    with jax.enable_x64(True):
        arrays = [
            jnp.asarray(a, jnp.int32 if np.asarray(a).dtype.kind == "i" else None)
            for a in arrays
        ]
        return jax.tree.map(np.asarray, function(*arrays, **options))


def test_graphs_are_regular_without_self_loops():
    parents = hawkes.regular_graph(jax.random.key(3), (1, 4), num_nodes=12)
    weights = np.asarray(hawkes.weight_matrix(parents, F32(0.25)))
    assert (np.count_nonzero(weights, axis=0) == 2).all()
    assert (np.count_nonzero(weights, axis=1) == 2).all()
    assert not np.diag(weights).any()
    label = hawkes.regular_graph(jax.random.key(4), (1, 4), num_nodes=12)
    assert (np.asarray(label) != np.asarray(parents)).any()


def test_random_in_degree_graph_has_distinct_parents():
    graph = hawkes.random_in_degree_graph(jax.random.key(0), num_nodes=9, degree=3)
    for node, parents in enumerate(np.asarray(graph)):
        assert len(set(parents)) == 3
        assert node not in parents


def test_default_offsets():
    assert hawkes.default_offsets(num_nodes=64, degree=3) == (1, 4, 16)
    for options in ({"num_nodes": 5, "degree": 2}, {"num_nodes": 2, "degree": 1}):
        with pytest.raises(ValueError, match="explicit"):
            hawkes.default_offsets(**options)


def misfit(stages, mean, ratio):
    """Union bound on a path that does not fit, from exact laws of the generations."""
    size = 1024
    points = np.exp(2j * np.pi * np.arange(size) / size)
    lost = 0.0
    for capacity in [c for c, n in stages for _ in range(n)] + [0]:
        law = np.real(np.fft.fft(np.exp(mean * (points - 1)))) / size
        lost += law[capacity + 1 :].sum()
        points = np.exp(ratio * (points - 1))
    return lost


@pytest.mark.parametrize(("mean", "ratio"), [(8.0, 0.6), (60.0, 0.5), (3.0, 0.2)])
def test_planned_stages_fit_up_to_the_risk(mean, ratio):
    planned = hawkes.plan_stages(mean, ratio, risk=1e-8)
    assert 1e-11 < misfit(planned, mean, ratio) < 1e-8
    larger = hawkes.plan_stages(mean, ratio)
    assert misfit(larger, mean, ratio) < 1e-10


def test_six_deviations_and_expected_survivors_lose_more_paths():
    """The specification's rule: 6 sqrt(m/(1-rho)) + 16, down to a mean of 1e-6."""
    mean, ratio = 60.0, 0.5
    capacity = 64 * math.ceil((mean + 6 * math.sqrt(mean / (1 - ratio)) + 16) / 64)
    generations = math.ceil(math.log(mean / 1e-6) / math.log(1 / ratio))
    assert misfit(((capacity, generations),), mean, ratio) > 1e-7


def test_stages_of_a_large_window():
    assert hawkes.plan_stages(3.0, 0.0) == ((24, 1),)
    planned = hawkes.plan_stages(64 * 0.5 * 1024, 0.5)
    capacities, generations = zip(*planned, strict=True)
    assert list(capacities) == sorted(capacities, reverse=True)
    assert 32768 + 5 * math.sqrt(32768) < capacities[0] < 34368
    assert 48 < sum(generations) < 60
    assert sum(c * n for c, n in planned) < 100256  # of the specification


def test_child_table_is_compact_and_exact():
    table = hawkes.child_table(WEIGHTS)
    assert table.children.shape == (3, 2)
    shares = np.diff(np.asarray(table.cumulative), axis=1, prepend=0.0)
    rebuilt = np.zeros((3, 3))
    for parent in range(3):
        for child, share in zip(
            np.asarray(table.children)[parent], shares[parent], strict=True
        ):
            rebuilt[child, parent] += share * WEIGHTS[:, parent].sum()
    np.testing.assert_allclose(rebuilt, WEIGHTS, atol=1e-6)
    assert float(table.branching_max) == pytest.approx(0.7)


def cluster_counts(table, keys, *, stages, delay_shape=1, T=30.0, burn_in=20.0):
    def one(key):
        events = hawkes.simulate_clusters(
            key,
            table,
            jnp.asarray(MU, jnp.float32),
            F32(BETA),
            F32(T),
            F32(burn_in),
            stages=stages,
            delay_shape=delay_shape,
        )
        binned = hawkes.bin_events(
            events.times, events.nodes, F32(BETA), F32(0.5), num_nodes=3, num_bins=60
        )
        return binned.counts, events.overflow

    return jax.jit(jax.vmap(one))(keys)


def test_general_networks_have_the_rates_and_covariances_of_theory():
    """Unequal column sums, a self loop, a node without baseline.

    4,000 paths; |z| < 5 on 21 numbers: false-alarm rate 1e-5.
    """
    stages = hawkes.plan_stages(1.5 * 50.0, 0.7)
    keys = jax.random.split(jax.random.key(7), 4000)
    counts, overflow = cluster_counts(hawkes.child_table(WEIGHTS), keys, stages=stages)
    counts = np.asarray(counts, np.float64)
    assert not np.asarray(overflow).any()
    rates = np.asarray(theory.stationary_rates(MU, WEIGHTS))
    per_path = counts.mean(axis=1) / 0.5
    z = (per_path.mean(axis=0) - rates) / (per_path.std(axis=0) / np.sqrt(4000))
    assert abs(z).max() < 5
    for lag in (0, 1):
        centred = counts - 0.5 * rates
        paths = np.einsum("pki,pkj->pij", centred[:, lag:], centred[:, : 60 - lag]) / (
            60 - lag
        )
        exact = np.asarray(theory.binned_covariance(MU, WEIGHTS, BETA, 0.5, lag=lag))
        z = (paths.mean(axis=0) - exact) / (paths.std(axis=0) / np.sqrt(4000))
        assert abs(z).max() < 5


def test_dense_and_compact_tables_give_the_same_law():
    stages = hawkes.plan_stages(1.5 * 50.0, 0.7)
    keys = jax.random.split(jax.random.key(11), 2000)
    dense = hawkes.dense_table(jnp.asarray(WEIGHTS, jnp.float32))
    counts, _ = cluster_counts(dense, keys, stages=stages)
    per_path = np.asarray(counts, np.float64).mean(axis=1) / 0.5
    rates = np.asarray(theory.stationary_rates(MU, WEIGHTS))
    z = (per_path.mean(axis=0) - rates) / (per_path.std(axis=0) / np.sqrt(2000))
    assert abs(z).max() < 5


def test_overflow_is_reported_and_keys_repeat():
    keys = jax.random.split(jax.random.key(7), 4)
    table = hawkes.child_table(WEIGHTS)
    _, overflow = cluster_counts(table, keys, stages=((64, 4),))
    assert np.asarray(overflow).all()
    stages = hawkes.plan_stages(75.0, 0.7)
    first, _ = cluster_counts(
        table, jax.random.split(jax.random.key(7), 4), stages=stages
    )
    again, _ = cluster_counts(
        table, jax.random.split(jax.random.key(7), 4), stages=stages
    )
    assert (np.asarray(first) == np.asarray(again)).all()


def test_recursion_agrees_with_theory_beyond_column_sums_of_one():
    """A hub whose column sum is 1.2; 3,000 paths, |z| < 5: false alarm 2e-6."""
    weights = np.array([[0.0, 0.6, 0.0], [0.0, 0.0, 0.2], [0.3, 0.6, 0.0]])

    def one(key):
        events = hawkes.simulate_recursion(
            key,
            jnp.asarray(MU, jnp.float32),
            jnp.asarray(weights, jnp.float32),
            F32(BETA),
            F32(20.0),
            F32(15.0),
            num_steps=250,
        )
        counted = (events.nodes[None, :] == jnp.arange(3)[:, None]) & jnp.isfinite(
            events.times
        )[None, :]
        return counted.sum(axis=1), events.overflow, jnp.diff(events.times)

    with pytest.raises(ValueError, match="column sums"):
        hawkes.child_table(weights)
    counts, overflow, steps = jax.jit(jax.vmap(one))(
        jax.random.split(jax.random.key(1), 3000)
    )
    assert not np.asarray(overflow).any()
    steps = np.asarray(steps)
    assert (steps[np.isfinite(steps)] >= 0).all()
    rates = np.asarray(counts, np.float64) / 20.0
    exact = np.asarray(theory.stationary_rates(MU, weights))
    z = (rates.mean(axis=0) - exact) / (rates.std(axis=0) / np.sqrt(3000))
    assert abs(z).max() < 5


def test_binning_against_the_oracle(events):
    times, nodes = events
    order = np.random.default_rng(1).permutation(len(times))
    binned = in_double(
        hawkes.bin_events,
        times[order], nodes[order], BETA, 0.5, num_nodes=3, num_bins=80,
    )  # fmt: skip
    assert binned.counts.sum() == len(times)
    for k in (0, 1, 17, 79):
        expected = oracle.state_at(0.5 * k, times, nodes, BETA, 3)
        np.testing.assert_allclose(binned.states[k], expected, rtol=1e-11, atol=1e-13)
    expected = oracle.state_at(HORIZON, times, nodes, BETA, 3)
    np.testing.assert_allclose(binned.end_state, expected, rtol=1e-11)


@pytest.mark.parametrize("width", [0.25, 1.0, 4.0])
def test_event_cross_does_not_depend_on_the_bins(events, width):
    times, nodes = events
    times = times.copy()
    times[10] = times[9]  # a tie does not excite
    sums = in_double(
        hawkes.event_cross,
        times, nodes, BETA, width,
        num_nodes=3, num_bins=round(HORIZON / width), max_per_bin=40,
    )  # fmt: skip
    expected = oracle.cross_products(times, nodes, BETA, 3)
    np.testing.assert_allclose(sums.cross, expected, rtol=1e-11)
    assert not sums.overflow


def test_event_cross_reports_crowded_bins(events):
    sums = in_double(
        hawkes.event_cross,
        *events, BETA, 4.0, num_nodes=3, num_bins=10, max_per_bin=3,
    )  # fmt: skip
    assert sums.overflow


def test_gaps_against_closed_form_integrals(events):
    times, nodes = events
    gaps, valid = in_double(
        hawkes.compensated_gaps,
        np.append(times, np.inf), np.append(nodes, 0), MU, WEIGHTS, BETA, 30.0,
        num_nodes=3,
    )  # fmt: skip
    expected = oracle.gaps(times, nodes, MU, WEIGHTS, BETA)
    np.testing.assert_allclose(gaps[:-1], expected, rtol=1e-10)
    assert not valid[-1]
    starts = {}
    for k, (time, node) in enumerate(zip(times, nodes, strict=True)):
        assert valid[k] == (starts.get(node, 0.0) < 30.0)
        starts[node] = time


def test_filtered_residual_against_quadrature(events):
    times, nodes = events
    adjacency, T = WEIGHTS > 0, 20.0
    ours = in_double(
        hawkes.filtered_residual,
        times, nodes, MU, WEIGHTS, BETA, T, adjacency, num_nodes=3,
    )  # fmt: skip
    keep = times < T
    times, nodes = times[keep], nodes[keep]
    gain = 0.0
    for time, node in zip(times, nodes, strict=True):
        gain += adjacency[node] @ oracle.state_at(time, times, nodes, 4 * BETA, 3)
    points, rule = np.polynomial.legendre.leggauss(20)
    knots = np.concatenate([[0.0], times, [T]])
    for low, high in itertools.pairwise(knots):
        for point, weight in zip(points, rule, strict=True):
            t = low + (high - low) * (point + 1) / 2
            lam = MU + WEIGHTS @ oracle.state_at(t, times, nodes, BETA, 3)
            z = oracle.state_at(t, times, nodes, 4 * BETA, 3)
            gain -= weight * (high - low) / 2 * lam @ adjacency @ z
    assert float(ours) == pytest.approx(gain / (T * adjacency.sum()), rel=1e-8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hawkes.child_table(np.ones((2, 3))), "not"),
        (lambda: hawkes.child_table(-np.eye(2)), "negative"),
        (lambda: hawkes.plan_stages(0.0, 0.5), "num_immigrants"),
        (lambda: hawkes.plan_stages(10.0, 1.0), "branching_ratio"),
        (lambda: hawkes.plan_stages(10.0, 0.5, risk=0.0), "risk"),
        (lambda: hawkes.default_offsets(num_nodes=1, degree=1), "num_nodes"),
        (lambda: hawkes.default_offsets(num_nodes=4, degree=4), "degree"),
        (
            lambda: hawkes.regular_graph(jax.random.key(0), (1, 1), num_nodes=5),
            "offsets",
        ),
        (lambda: hawkes.regular_graph(jax.random.key(0), (5,), num_nodes=5), "offsets"),
    ],
)
def test_bad_networks(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_bipartite_decoders_on_a_long_path():
    capacity = hawkes.decoding_capacity(400.0, 1.0, 0.5, 0.5, 1.0)
    lane = jax.jit(
        lambda key: hawkes.bipartite_decoding(
            key, F32(0.5), F32(0.5), F32(1.0), F32(1.0), F32(400.0),
            num_nodes=4, capacity=capacity,
        )
    )  # fmt: skip
    found = jax.tree.map(np.asarray, lane(jax.random.key(0)))
    assert found["maximum_likelihood"]
    assert not found["overflow"]


def test_a_recursion_that_does_not_reach_the_end_says_so():
    mu, weights = jnp.full(5, 0.5), jnp.full((5, 5), 0.1)
    steps = functools.partial(hawkes.simulate_recursion, num_steps=16)
    times = F32(1.0), F32(50.0), F32(0.0)
    assert jax.jit(steps)(jax.random.key(0), mu, weights, *times).overflow


def test_bipartite_paths_that_overflow_say_so_and_do_not_count_as_right():
    lane = jax.jit(
        lambda key: hawkes.bipartite_decoding(
            key, F32(0.5), F32(0.5), F32(1.0), F32(1.0), F32(400.0),
            num_nodes=4, capacity=(64, 64, 64),
        )
    )  # fmt: skip
    found = jax.tree.map(np.asarray, lane(jax.random.key(0)))
    assert found["overflow"]
    assert not found["maximum_likelihood"]


@pytest.mark.stats
def test_chernoff_rate_of_the_specification():
    """C = .02834 ± .00002; ours within 4.5 standard errors (7e-6)."""
    rate, error = hawkes.chernoff_rate(
        jax.random.key(2), F32(0.5), F32(0.5), F32(1.0), F32(1.0), num_paths=4000
    )
    assert float(error) < 2e-4
    assert abs(float(rate) - 0.02834) < 4.5 * float(error)
