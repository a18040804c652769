"""Reward simulators against slow oracles and exact identities."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from limen.sims import draws
from limen.sims import reward as sims
from limen.sims.reward import chain, direction, fit, links, ridge, sgd, stages
from limen.sims.sweep import Sweep
from limen.sims.sweep.errors import SpecificationError
from limen.theory import reward as theory

from ..reference import reward as oracle

TILTED = {"link": "sin3", "transform": "exp"}
WALK = {"temperature": 1.0, "noise": 0.2, "center": 1.6, "phase": 0.3}


def f32(*values):
    return tuple(jnp.float32(value) for value in values)


@pytest.mark.parametrize("name", sorted(links.LINKS))
def test_links_are_those_of_the_theory(name):
    z = np.linspace(-4, 4, 41)
    with jax.enable_x64(True):
        z = jnp.asarray(z)
        ours, theirs = links.LINKS[name](z), theory.link_spec(name).fn(z)
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def test_grid_is_that_of_the_theory():
    nodes, log_weights = links.normal_grid()
    expected = theory.gauss_grid(breaks=(0.0,))
    np.testing.assert_allclose(nodes, expected[0], atol=1e-12)
    np.testing.assert_allclose(np.exp(log_weights), expected[1], rtol=1e-10)


def test_population_mean_is_that_of_the_theory():
    with jax.enable_x64(True):
        args = jnp.float64(0.7), jnp.float64(0.3)
        ours = float(links.population_mean(*args, link="cos4", top=0.0))
    exact = float(theory.label_mean(0.7, 0.3, link="cos4", transform="exp"))
    assert ours == pytest.approx(exact, rel=1e-9)


def test_chain_is_the_projected_gradient_step():
    """Algebra: the overlap after one full step is a function of m, s, v, chi, xi."""
    rng = np.random.default_rng(0)
    target = np.eye(8)[0]
    for _ in range(20):
        w, x, xi = rng.normal(size=8), rng.normal(size=8), rng.normal()
        w /= np.linalg.norm(w)
        s, v, chi = oracle.coordinates(w, target, x)
        label = oracle.link("sin3", x[0]) + 0.2 * xi
        after = oracle.spherical_step(w, x, np.exp(label) - 1.6, 0.3, 0.9)
        lumped = oracle.chain_step(w[0], s, v, chi, xi, dim=8, step=0.9, **WALK)
        assert after[0] == pytest.approx(lumped, abs=1e-12)
        with jax.enable_x64(True):
            found = sgd.sgd_step(
                *map(jnp.asarray, (w[None], x)),
                jnp.asarray(np.exp(label) - 1.6),
                jnp.asarray([0.3]),
                jnp.asarray(0.9),
            )
        np.testing.assert_allclose(found[0], after, atol=1e-12)


def test_chain_step_against_oracle():
    m, draws = 0.3, np.array([0.5, -1.2, 0.4, 0.7])
    free = 64 - 2
    chi = free + np.sqrt(2 * free) * draws[2]
    slow = oracle.chain_step(m, *draws[:2], chi, draws[3], dim=64, step=0.5, **WALK)
    walk = chain.Walk(*f32(64, 0.5, 1.0, 0.2, 1.6, 0.3))
    found = chain.advance(
        jnp.float32(m), jnp.asarray(draws, jnp.float32), walk, **TILTED
    )
    assert float(found) == pytest.approx(slow, abs=2e-6)


def test_optax_makes_the_same_step():
    """Gradient of the correlation loss by optax's SGD, then projection."""
    rng = np.random.default_rng(1)
    w = rng.normal(size=16)
    w, x, gain = w / np.linalg.norm(w), rng.normal(size=16), 0.8

    def loss(w):
        along = w @ jnp.asarray(x, jnp.float32)
        return -gain * jnp.sin(along + 0.3)

    weights = jnp.asarray(w, jnp.float32)
    optimiser = optax.sgd(0.5 / 16)
    gradient = jax.grad(loss)(weights)
    gradient = gradient - weights * (weights @ gradient)
    updates, _ = optimiser.update(gradient, optimiser.init(weights))
    moved = optax.apply_updates(weights, updates)
    moved = moved / jnp.linalg.norm(moved)
    ours = sgd.sgd_step(
        weights[None],
        jnp.asarray(x, jnp.float32),
        *f32(gain),
        jnp.asarray([0.3]),
        *f32(0.5),
    )
    np.testing.assert_allclose(ours[0], moved, atol=1e-6)


def test_first_stage_by_optax_is_online_sgd():
    """The same draws through optax and through the hand-written step of RW-9."""
    with jax.enable_x64(True):
        num, dim = 3, 16
        stage = stages.First(*map(jnp.asarray, (0.8, 0.2, 0.5)))
        found = stages.learn_features(
            jax.random.key(11), stage, link="sin3", shape=(num, dim), num_steps=20
        )
        stream, starts, phases = jax.random.split(jax.random.key(11), 3)
        mean = links.population_mean(
            stage.temperature, stage.noise, link="sin3", top=0.0
        )
        start = sgd.sphere(starts, num, dim, jnp.float64)
        slow = sgd.train(
            stream,
            start,
            jax.random.uniform(phases, (num,), jnp.float64, 0, 2 * jnp.pi),
            stage.step,
            sgd.Sample(stage.temperature, stage.noise, mean),
            **TILTED,
            num_steps=20,
        )
        np.testing.assert_allclose(found, slow, atol=1e-12)
        assert np.abs(found - start).max() > 0.05


def test_span_is_the_best_overlap_of_a_combination():
    rng = np.random.default_rng(8)
    neurons = rng.normal(size=(3, 8))
    solved = np.linalg.lstsq(neurons.T, np.eye(8)[0], rcond=None)[0]
    best = np.linalg.norm(neurons.T @ solved)
    with jax.enable_x64(True):
        found = float(stages.span_overlap(jnp.asarray(neurons)))
    assert found == pytest.approx(best, abs=1e-12)


def test_first_passage_is_where_the_chain_first_exceeds():
    """Chain and search share keys, hence draws: compared step by step."""
    args = f32(16, 1.5, 1.0, 0.0, 1.6, 0.3)
    hit = 0.6
    record = tuple(range(1, 1025))

    def both(key):
        path = sims.lumped_chain(key, *args, jnp.float32(2.0), **TILTED, record=record)
        found = sims.lumped_hit(key, *args, jnp.float32(hit), **TILTED, max_steps=1024)
        start = chain.fresh_start(key, args[0])
        return start, path["overlap"], found["num_steps"], found["censored"]

    keys = jax.random.split(jax.random.key(3), 16)
    starts, paths, steps, censored = map(np.asarray, jax.jit(jax.vmap(both))(keys))
    beyond = np.abs(np.concatenate([starts[:, None], paths], axis=1)) >= hit
    first = np.where(beyond.any(1), beyond.argmax(1), 1024)
    np.testing.assert_array_equal(steps, first)
    np.testing.assert_array_equal(censored, ~beyond.any(1))
    assert beyond.any(1).sum() > 0


def test_uniform_start_has_the_law_of_a_coordinate():
    """Family-wise false alarm below 1e-6: five standard errors on two moments."""
    keys = jax.random.split(jax.random.key(5), 40_000)
    start = np.asarray(
        jax.vmap(lambda k: chain.uniform_start(k, jnp.float32(16)))(keys)
    )
    assert abs(start.mean()) < 5 / np.sqrt(16 * start.size)
    fourth = 3 / (16 * 18)
    assert start.var() == pytest.approx(1 / 16, abs=5 * np.sqrt(fourth / start.size))
    assert np.mean(start**4) == pytest.approx(fourth, rel=0.08)


def test_first_order_against_oracle():
    key = jax.random.key(7)
    found = sims.first_order(
        key, *f32(0.8, 0.1, 1.3), **TILTED, dim=8, num_samples=40, num_chunks=2
    )
    inputs, labels = [], []
    for i in range(2):
        first, second = jax.random.split(jax.random.fold_in(key, i))
        x = np.asarray(draws.normals(first, (20, 8)), float)
        xi = np.asarray(draws.normals(second, (20,)), float)
        inputs.append(x)
        labels.append(oracle.link("sin3", x[:, 0]) + 0.1 * xi)
    slow = oracle.weighted_mean_overlap(
        np.concatenate(inputs), np.concatenate(labels), 0.8, 1.3
    )
    assert float(found["overlap"]) == pytest.approx(slow, abs=1e-5)


@pytest.mark.parametrize("is_positive", [True, False])
def test_top_projector_against_eigh(is_positive):
    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(24, 24))
    matrix = matrix @ matrix.T / 24
    if not is_positive:
        matrix = matrix - 2 * np.outer(matrix[0], matrix[0])
    _, vectors = np.linalg.eigh(matrix)
    found = direction.top_projector(
        jnp.asarray(matrix, jnp.float32), is_positive=is_positive
    )
    top = vectors[:, -1]
    np.testing.assert_allclose(found, np.outer(top, top), atol=2e-3)


def test_weighted_ridge_against_least_squares():
    rng = np.random.default_rng(3)
    features, labels = rng.normal(size=(50, 4)), rng.normal(size=50)
    log_weight = 900 + 3 * rng.normal(size=50)  # would overflow if exponentiated
    slow = oracle.weighted_ridge(features, labels, np.exp(log_weight - 900), 0.1)
    with jax.enable_x64(True):
        found = ridge.weighted_ridge(
            *map(jnp.asarray, (features, labels, log_weight, 0.1))
        )
        np.testing.assert_allclose(found, slow, rtol=1e-9)


def test_deployment_by_quadrature_is_the_theory_of_gaps():
    nodes, weights = theory.gauss_grid(breaks=(0.0,))
    reward = oracle.link("sin3", nodes)
    estimate = reward + 0.3 * np.cos(nodes)
    with jax.enable_x64(True):
        found = fit.deploy_index(jnp.asarray(estimate), jnp.float64(0.6), "sin3")
        found = {name: float(value) for name, value in found.items()}
    exact = theory.gap_terms(reward, estimate, 0.6, weights)
    for name in ("value_gap", "objective_gap", "error_variance", "chi2"):
        assert found[name] == pytest.approx(float(getattr(exact, name)), rel=1e-7)


def test_importance_sampling_of_a_constant_estimate_is_the_base_policy():
    reward = jnp.asarray([0.0, 1.0, 2.0, 5.0])
    found = stages.deploy_is(jnp.ones(4), reward, jnp.float32(0.1))
    np.testing.assert_allclose(found, (2.0, 2.0, 1.0), rtol=1e-5)


def test_effective_share_is_safe_at_low_temperature():
    weights = np.array([1.0, 2.0, 3.0])
    share = weights.sum() ** 2 / (3 * (weights**2).sum())
    found = fit.effective_share(jnp.log(jnp.asarray(weights, jnp.float32)) + 500)
    assert float(found) == pytest.approx(share, rel=1e-4)


def test_readout_flags_few_effective_samples():
    with jax.enable_x64(True):
        args = [jnp.float64(v) for v in (0.05, 0.5, 0.5, 1e-3, 2.0, 0.0)]
        options = {"link": "cos4", "num_samples": 200, "num_features": 5}
        found = sims.readout(
            jax.random.key(0), *args, **options, weights="label", augment=False
        )
        assert not bool(found["is_reliable"])
        found = sims.readout(
            jax.random.key(0), *args, **options, weights="none", augment=False
        )
        assert bool(found["is_reliable"])
        assert float(found["ess"]) == pytest.approx(1, rel=1e-12)


FIRST = {"dim": [16], "num_samples": [64]}


@pytest.mark.parametrize(
    ("sim", "static", "dynamic", "word"),
    [
        (sims.first_order, {"link": ["he4"]}, {}, "undefined"),
        (sims.first_order, {"link": ["cubic"]}, {}, "link"),
        (sims.first_order, {"link": ["he2"]}, {"temperature": [1.4]}, "he2"),
        (sims.first_order, {"link": ["tanh"]}, {"noise": [-1.0]}, "noise"),
        (sims.first_order, {"link": ["tanh"], "dim": [2]}, {}, "dim"),
        (sims.first_order, {"link": ["tanh"], "num_chunks": [7]}, {}, "num_chunks"),
    ],
)
def test_bad_cells_are_refused_before_compiling(sim, static, dynamic, word):
    sweep = Sweep(
        sim=sim,
        static={"transform": ["exp"]} | FIRST | static,
        dynamic={"temperature": [1.0], "noise": [0.0], "center": [1.0]} | dynamic,
    )
    with pytest.raises(SpecificationError, match=word):
        sweep.plan(16)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"ridge": [-1.0]}, "ridge"),
        ({"half_width": [0.0]}, "half_width"),
        ({"noise": [-0.1]}, "noise"),
    ],
)
def test_bad_readouts_are_refused(change, word):
    dynamic = {"temperature": [1.0], "deploy_temperature": [0.9], "noise": [0.5]}
    dynamic |= {"ridge": [0.0], "half_width": [1.0], "proxy_error": [0.0]} | change
    static = {"link": ["sin3"], "weights": ["label"], "num_samples": [100]}
    static |= {"num_features": [3], "augment": [False]}
    sweep = Sweep(sim=sims.readout, static=static, dynamic=dynamic)
    with pytest.raises(SpecificationError, match=word):
        sweep.plan(16)
