"""Simulators of the hierarchical model against NumPy and exact identities."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from limen.sims import hierarchy
from limen.sims.hierarchy import data, readouts, selection, window
from limen.theory import hierarchy as theory
from numpy.testing import assert_allclose

from ..reference import hierarchy as reference

WEIGHTS = np.array([1, -1 / 2, 1 / 3, -1 / 4])
SCALE = 1.6873714
SPECTRUM = {"sample_counts": (256, 300), "chunk": 128}
SIZES = {"gauss": 20, "gaussian": 6, "sphere": 6}


def single(*values):
    return [jnp.asarray(v, jnp.float32) for v in values]


def run(simulator, key, *dynamic, **static):
    """One lane, compiled."""
    lane = jax.jit(lambda key, *args: simulator(key, *args, **static))
    return {k: np.asarray(v) for k, v in lane(key, *single(*dynamic)).items()}


def test_flattening_is_an_isometry_and_inverts():
    matrices = reference.random_features(np.random.default_rng(0), 5, 3)
    flat = hierarchy.flatten_symmetric(jnp.asarray(matrices, jnp.float32))
    assert_allclose(flat, [reference.flatten(A) for A in matrices], rtol=1e-6)
    assert_allclose(hierarchy.unflatten_symmetric(flat, dim=5), matrices, atol=1e-6)


def test_hermite_features_against_numpy():
    points = np.random.default_rng(1).standard_normal((7, 4)).astype(np.float32)
    expected = reference.hermite_features(points)
    (points,) = single(points)
    assert_allclose(hierarchy.hermite_features(points), expected, atol=2e-6)
    sphere = hierarchy.hermite_features(points, mode="sphere")
    assert_allclose(sphere, expected * np.sqrt(1.5), atol=2e-6)


@pytest.mark.parametrize("mode", ["gaussian", "sphere"])
def test_features_are_isotropic_on_quadrature_points(mode):
    """E zzᵀ is the identity (on the traceless forms, in mode sphere)."""
    dim = 3
    points, weights = reference.gaussian_points(dim)
    if mode == "sphere":  # z is of degree 2 (and 0): scale each part by its moment
        radius = np.linalg.norm(points, axis=1, keepdims=True)
        points = points * np.sqrt(dim) / np.where(radius > 0, radius, 1)
        weights = weights * radius[:, 0] ** 4 / (weights @ radius[:, 0] ** 4)
    z = np.asarray(hierarchy.hermite_features(*single(points), mode=mode))
    second = (z * weights[:, None]).T @ z
    expected = np.eye(len(second))
    if mode == "sphere":
        flat = reference.flatten(np.eye(dim)) / np.sqrt(dim)
        expected -= np.outer(flat, flat)
    assert_allclose(second, expected, atol=2e-5)


@pytest.mark.parametrize("traceless", [False, True])
def test_drawn_features_are_orthonormal(traceless):
    key = jax.random.key(2)
    A = hierarchy.draw_features(key, dim=6, num_features=4, traceless=traceless)
    assert_allclose(jnp.einsum("iab,jab->ij", A, A), np.eye(4), atol=1e-5)
    assert_allclose(A, A.mT)
    if traceless:
        assert_allclose(jnp.trace(A, axis1=1, axis2=2), 0, atol=1e-5)


def test_places_of_selected_eigenvectors():
    for weights in ([1, -0.5, 1 / 3, -0.25], [0.2, 0.9, -0.1], [-1, -2, -2.0], [3.0]):
        weights = np.array(weights)
        places = selection.selected_places(jnp.asarray(weights, jnp.float32), 10)
        assert_allclose(places, reference.matched(weights, 10))
    edges = selection.edge_places(jnp.asarray([1.0, -1, 2], jnp.float32), 10)
    assert_allclose(edges, [1, 7])


def samples(key, mode, size, count, normalise=False):
    """The samples of a seed, drawn by the simulator's own chunks, in float64."""
    weights = jnp.asarray(WEIGHTS, jnp.float32)
    vectors = data.hidden_vectors(key, weights, mode=mode, size=size)
    options = {"mode": mode, "size": size, "chunk": SPECTRUM["chunk"]}
    parts = [
        data.draw_chunk(key, jnp.asarray(i), weights, jnp.zeros(()), vectors, **options)
        for i in range(-(-count // SPECTRUM["chunk"]))
    ]
    inputs = np.concatenate([np.asarray(p.inputs, float) for p in parts])[:count]
    vectors = np.asarray(vectors, float)
    if mode == "gauss":
        return inputs, inputs @ vectors.T, vectors
    factor = np.sqrt(1 + 2 / size) if mode == "sphere" else 1.0
    features = reference.hermite_features(inputs) * factor
    hidden = features @ vectors.T
    if normalise:
        norms = np.linalg.norm(inputs, axis=1, keepdims=True)
        features = reference.hermite_features(inputs * np.sqrt(size) / norms)
    return features, hidden, vectors


@pytest.mark.parametrize(
    ("mode", "normalise"),
    [("gauss", False), ("gaussian", False), ("gaussian", True), ("sphere", False)],
)
def test_spectrum_against_numpy(mode, normalise):
    key, size = jax.random.key(3), SIZES[mode]
    static = SPECTRUM | {"mode": mode, "size": size, "normalise": normalise}
    out = run(
        hierarchy.simulate_spectrum, key, WEIGHTS, SCALE, 0.0, full=True, **static
    )
    D = data.feature_dim(size, mode)
    for row, count in enumerate(SPECTRUM["sample_counts"]):
        features, hidden, vectors = samples(key, mode, size, count, normalise)
        score = (hidden**2 - 1) @ WEIGHTS
        labels = SCALE * np.tanh(score / SCALE)
        overlap, top, values, learned = reference.learn(
            features, labels, vectors, WEIGHTS
        )
        assert_allclose(out["overlap"][row], overlap, atol=2e-3)
        assert_allclose(out["eigenvalue"][row], top, atol=2e-5)
        assert_allclose(out["spectrum"][row], values, atol=2e-5)
        assert_allclose(out["mean_label"][row], labels.mean(), atol=1e-5)
        assert_allclose(out["mean_square_label"][row], np.mean(labels**2), atol=1e-5)
        assert_allclose(out["edge"][row], values[[2, -3]], atol=2e-5)
        table = (vectors @ learned) ** 2
        assert_allclose(out["mass"][row], table.sum(1), atol=2e-3)
        target = (vectors.T * WEIGHTS) @ vectors
        noise = np.mean(labels**2) * D / (4 * count)
        small = np.sign(top) * np.sqrt(np.maximum(top**2 - 4 * noise, 0))
        for name, coefs in (("nmse_raw", top), ("nmse_shrink", small)):
            rest = target - (learned * coefs) @ learned.T
            expected = np.sum(rest**2) / np.sum(target**2)
            assert_allclose(out[name][row], expected, atol=2e-3)


@pytest.mark.parametrize("mode", ["gaussian", "sphere"])
def test_exact_readouts_agree_with_theory(mode):
    """Written twice, here and in theory, on purpose."""
    rng = np.random.default_rng(4)
    features, learned = (
        reference.random_features(rng, 5, count, mode == "sphere") for count in (3, 2)
    )
    weights = np.array([1.0, -0.6, 0.3])
    flat = [
        jnp.asarray([reference.flatten(A) for A in stack], jnp.float32)
        for stack in (features, learned)
    ]
    found = readouts.population_nmse(*single(weights), *flat, mode=mode, size=5)
    expected = theory.vector_readout_nmse(features, weights, learned, mode=mode)
    assert_allclose(found, expected, atol=2e-5)
    found = readouts.label_moments(*single(weights), flat[0], mode=mode, dim=5)
    expected = [
        theory.label_variance(features, weights, mode=mode),
        theory.degree2_energy(features, weights, mode=mode),
    ]
    assert_allclose(found, [float(e) for e in expected], rtol=2e-5)


@pytest.mark.parametrize("mode", ["gaussian", "sphere"])
def test_operator_is_the_dense_learner(mode):
    """HS-3c at a small size: the same key and chunk draw the same samples."""
    key, dim, count = jax.random.key(5), 12, 1500
    dense = run(
        hierarchy.simulate_spectrum,
        key,
        *(WEIGHTS, SCALE, 0.3),
        mode=mode,
        size=dim,
        sample_counts=(count,),
        chunk=512,
    )
    static = {"mode": mode, "dim": dim, "num_samples": count, "chunk": 512}
    found = run(
        hierarchy.simulate_operator,
        key,
        *(WEIGHTS, SCALE, 0.3),
        **static,
        block=4,
        applications=18,
    )
    assert_allclose(found["overlap"], dense["overlap"][0], atol=1e-3)
    for name in ("eigenvalue", "edge"):
        assert_allclose(found[name], dense[name][0], atol=1e-4)
    for name in ("mean_label", "mean_square_label"):
        assert_allclose(found[name], dense[name][0], rtol=1e-5)


def test_operator_at_120_dimensions_holds_no_matrix():
    """All temporaries together are a tenth of one D × D matrix (D = 7260)."""
    static = {"mode": "sphere", "dim": 120, "num_samples": 116144}
    lane = functools.partial(hierarchy.simulate_operator, **static)
    program = jax.jit(lane).lower(jax.random.key(0), *single(WEIGHTS, SCALE, 0))
    memory = program.compile().memory_analysis()
    assert memory.temp_size_in_bytes < 7260**2 * 4 / 10


def test_spiked_matrix_against_dense_eigenvectors():
    theta = np.array([0.5, 1.0, 1.7])
    with jax.enable_x64(True):
        keys = [jax.random.key(6) for _ in range(2)]
        found = hierarchy.simulate_spiked_goe(keys[0], jnp.asarray(theta), size=30)
        parts = window.draw_tridiagonal(
            keys[1], size=30, rows=30, dtype=jnp.asarray(theta).dtype
        )
        diagonal, squares = (np.asarray(p) for p in parts)
    for j, strength in enumerate(theta):
        top, overlap = reference.spiked_goe(diagonal, squares, strength)
        assert_allclose(found["top"][j], top, rtol=1e-13)
        assert_allclose(found["overlap"][j], overlap, rtol=1e-9)


def test_the_corner_of_a_spiked_matrix_is_enough():
    """12 N^(1/3) rows of the same draws; the first rows have the same keys."""
    with jax.enable_x64(True):
        theta = jnp.asarray([0.5, 1.0, 1.2])
        size = 300
        whole, part = (
            hierarchy.simulate_spiked_goe(jax.random.key(6), theta, size=size, rows=r)
            for r in (0, 81)
        )
        for name in ("top", "overlap"):
            assert_allclose(whole[name], part[name], rtol=1e-8)


def test_spiked_matrix_far_above_threshold():
    """⟨v, e₁⟩² → 1 − θ⁻² and top → θ + 1/θ; 64 keys, 6 s.e. (1e-8)."""
    with jax.enable_x64(True):
        theta = jnp.asarray([3.0])
        keys = jax.random.split(jax.random.key(7), 64)
        lanes = jax.vmap(lambda k: hierarchy.simulate_spiked_goe(k, theta, size=400))
        found = jax.jit(lanes)(keys)
    for name, limit in (("overlap", 1 - 1 / 9), ("top", 3 + 1 / 3)):
        values = np.asarray(found[name])[:, 0]
        error = values.std(ddof=1) / 8
        assert abs(values.mean() - limit) < 6 * error + 1 / 400


def test_kernel_ridge_and_monomials_against_numpy():
    key, dim, n, m = jax.random.key(8), 5, 40, 30
    found = run(
        hierarchy.simulate_kernel_ridge,
        key,
        *(WEIGHTS, 0.1),
        dim=dim,
        num_samples=n,
        num_test=m,
    )
    from limen.sims.hierarchy import learners

    weights = jnp.asarray(WEIGHTS, jnp.float32)
    task = learners._drawn(key, weights, "sphere", dim, (n, m))
    vectors, x, s, fresh, target = (np.asarray(v, float) for v in task)
    assert_allclose(np.linalg.norm(x, axis=1), np.sqrt(dim), rtol=1e-5)
    hidden = reference.hermite_features(x) @ vectors.T
    assert_allclose(s, (hidden**2 * 1.4 - 1) @ WEIGHTS, atol=1e-4)
    gram = np.exp(x @ x.T / dim) + 0.1 * np.eye(n)
    guess = np.exp(fresh @ x.T / dim) @ np.linalg.solve(gram, s)
    assert_allclose(found["mse"], np.mean((guess - target) ** 2), rtol=2e-3)
    assert_allclose(found["test_variance"], np.mean(target**2), rtol=1e-5)
    columns = [reference.hermite_features(v) for v in (x, fresh)]
    columns = [
        np.hstack([np.ones((len(v), 1)), v, z[:, :-1]])
        for v, z in zip((x, fresh), columns, strict=True)
    ]
    guess = columns[1] @ np.linalg.lstsq(columns[0], s, rcond=None)[0]
    other = run(
        hierarchy.simulate_monomials,
        jax.random.key(8),
        WEIGHTS,
        dim=dim,
        num_samples=n,
        num_test=m,
    )
    assert_allclose(other["mse"], np.mean((guess - target) ** 2), rtol=2e-3)
    A = [reference.unflatten(v, dim) for v in vectors]
    expected = theory.label_variance(
        np.array([B - np.trace(B) / dim * np.eye(dim) for B in A]),
        WEIGHTS,
        mode="sphere",
    )
    assert_allclose(found["label_variance"], float(expected), rtol=1e-4)


def test_split_readout_fits_best_where_it_can():
    """With plenty of data the error is that of the exact readout, HS-2."""
    static = {"mode": "sphere", "dim": 6, "num_samples": 20000, "num_test": 20000}
    key = jax.random.key(9)
    found = run(hierarchy.simulate_split_readout, key, WEIGHTS, SCALE, **static)
    assert found["mse"] / found["label_variance"] < 0.5
    shuffled = run(
        hierarchy.simulate_split_readout, key, WEIGHTS, SCALE, shuffle=True, **static
    )
    assert abs(shuffled["mse"] / shuffled["test_variance"] - 1) < 0.01
    linear = run(
        hierarchy.simulate_split_readout,
        key,
        *(WEIGHTS, SCALE),
        readout="linear",
        **static,
    )
    missed = 1 - linear["degree2_energy"] / linear["label_variance"]
    assert linear["mse"] / linear["label_variance"] > missed - 0.02


def test_same_key_same_bits_and_lanes_are_independent_of_their_batch():
    static = {"mode": "gauss", "size": 20, **SPECTRUM}
    one = run(
        hierarchy.simulate_spectrum, jax.random.key(1), WEIGHTS, SCALE, 0, **static
    )
    two = run(
        hierarchy.simulate_spectrum, jax.random.key(1), WEIGHTS, SCALE, 0, **static
    )
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])
    keys = jnp.stack([jax.random.key(i) for i in range(3)])
    lanes = jax.vmap(
        lambda k: hierarchy.simulate_spectrum(k, *single(WEIGHTS, SCALE, 0), **static)
    )
    batch = jax.jit(lanes)(keys)
    for name in one:
        assert_allclose(batch[name][1], one[name], atol=2e-4)


def test_faults_do_what_they_say():
    static = {"size": 12, "sample_counts": (4096,), "chunk": 512}
    key = jax.random.key(2)

    def made(**options):
        options = {"mode": "gaussian"} | options
        return run(
            hierarchy.simulate_spectrum, key, WEIGHTS, SCALE, 0, **static, **options
        )

    plain = made()
    assert plain["overlap"][0, 0] > 0.5
    assert made(fault="shift_labels")["overlap"][0, 0] < 0.2
    doubled = made(fault="no_half")
    assert_allclose(doubled["eigenvalue"], 2 * plain["eigenvalue"], rtol=1e-6)
    assert_allclose(doubled["overlap"], plain["overlap"])
    right = made(normalise=True)["overlap"][0, 0]
    assert right > made(normalise=True, fault="permuted_norms")["overlap"][0, 0]


def test_links_and_preprocessings_are_those_of_theory():
    scores = np.linspace(-4, 4, 33)
    for link in data.LINKS:
        for kind in data.PREPROCESSINGS:
            options = {"link": link, "preprocessing": kind}
            found = data.preprocess(*single(scores, 1.3), **options)
            expected = theory.preprocess(scores, 1.3, **options)
            assert_allclose(found, expected, atol=1e-5)
