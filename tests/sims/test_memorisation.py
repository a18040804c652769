"""Linear generative models against dense oracles and exact identities."""

import os
import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from limen.sims import memorisation as sims
from limen.sims.draws import words
from limen.sims.memorisation import draws, spikes
from limen.sims.sweep import Sweep

from ..reference import memorisation as oracle

VARIANCES = np.array([4.0, 1.5, 1.0, 0.7, 0.4, 0.2, 0.1])
STATIC = {"max_samples": 20, "num_generated": 5}


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def normal(key, shape):
    return np.asarray(jax.random.normal(key, shape, jnp.float32), float)


def training_sets(key, num_samples, num_shared, dtype=jnp.float64):
    data_key, noise_key = jax.random.split(key)
    rows = [
        np.array(
            draws.normal_columns(
                words(
                    jax.random.fold_in(data_key, m),
                    (STATIC["max_samples"], len(VARIANCES)),
                ),
                jnp.asarray(num_samples),
                jnp.asarray(VARIANCES, dtype),
            )
        ).T[:num_samples]
        for m in (0, 1)
    ]
    rows[1][:num_shared] = rows[0][:num_shared]
    noise = normal(noise_key, (len(VARIANCES), 5))
    return rows, noise


@pytest.mark.parametrize("ridge", [0.0, 0.3])
@pytest.mark.parametrize(
    ("num_samples", "num_shared"), [(1, 0), (4, 2), (7, 0), (15, 6)]
)
def test_pair_is_the_dense_computation(num_samples, num_shared, ridge):
    key = jax.random.key(3)
    with jax.debug_key_reuse(False):
        run = jax.jit(sims.simulate_pair.function, static_argnames=tuple(STATIC))
        found = run(
            key, jnp.asarray(VARIANCES), num_samples, ridge, num_shared, **STATIC
        )
        rows, noise = training_sets(key, num_samples, num_shared)
    expected = oracle.compare_pair(rows, VARIANCES, ridge, noise)
    assert set(found) == set(sims.simulate_pair.outputs)
    for name, value in expected.items():
        got = np.asarray(found[name]).ravel()[0]
        # the oracle's roots of rounding errors, 1e-8 each, limit what is compared
        assert got == pytest.approx(value, rel=1e-6, abs=3e-7), name


def test_the_same_data_gives_the_same_model():
    found = sims.simulate_pair(
        jax.random.key(1), jnp.asarray(VARIANCES), 9, 0.1, 9, **STATIC
    )
    assert float(found["q_ratio"]) == pytest.approx(1)
    assert float(found["distance_between_models"]) == pytest.approx(0, abs=1e-9)
    assert float(found["overlap_pair"][0]) == pytest.approx(1)


def test_draws_do_not_depend_on_the_rows_of_the_program():
    cell = (jax.random.key(2), jnp.asarray(VARIANCES), 6)
    with jax.debug_key_reuse(False):
        small = sims.simulate_pair(*cell, max_samples=8, num_generated=4)
        large = sims.simulate_pair(*cell, max_samples=16, num_generated=4)
    for name, value in small.items():
        assert np.allclose(value, large[name], rtol=1e-9), name


def test_exact_identities_hold_on_every_realisation():
    found = sims.simulate_pair(
        jax.random.key(4), jnp.asarray(VARIANCES), 12, 0.0, **STATIC
    )
    assert float(found["self"]) == pytest.approx(float(found["trace"]))
    assert float(found["energy_train"]) == pytest.approx(float(found["frobenius_self"]))
    assert float(found["same_seed"]) >= float(found["distance_to_truth"])
    assert float(found["span"]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("num_samples", "dim", "spike"), [(30, 12, 0.5), (12, 12, 2.0), (5, 12, 3.0)]
)
def test_continued_fraction_is_the_tridiagonal_solver(num_samples, dim, spike):
    key = jax.random.key(7)
    with jax.debug_key_reuse(False):
        found = sims.simulate_spike(key, jnp.asarray(spike), num_samples, dim=dim)
        parts = spikes._tridiagonal(key, jnp.asarray(spike), num_samples, dim)
    value, overlap = oracle.tridiagonal_top(*map(np.asarray, parts))
    assert float(found["eigenvalue"]) == pytest.approx(value, rel=1e-12)
    assert float(found["overlap"]) == pytest.approx(overlap, rel=1e-9)


@pytest.mark.stats
@pytest.mark.parametrize(
    ("num_samples", "dim", "spike"), [(50, 30, 0.8), (20, 20, 2.0), (12, 30, 3.0)]
)
def test_tridiagonal_sampler_has_the_law_of_dense_sampling(num_samples, dim, spike):
    # Two means and two second moments per cell at 5.5 standard errors: 4e-8 each.
    keys = jax.random.split(jax.random.key(11), 2000)
    batch = jax.jit(
        jax.vmap(
            lambda key: sims.simulate_spike(
                key, jnp.asarray(spike), num_samples, dim=dim
            )
        )
    )(keys)
    rng = np.random.default_rng(13)
    dense = np.array(
        [oracle.dense_spike(rng, spike, num_samples, dim) for _ in range(1000)]
    ).T
    for name, other in zip(("eigenvalue", "overlap"), dense, strict=True):
        for power in (1, 2):
            fast, slow = np.asarray(batch[name]) ** power, other**power
            error = np.hypot(
                fast.std() / np.sqrt(fast.size), slow.std() / np.sqrt(1000)
            )
            assert abs(fast.mean() - slow.mean()) < 5.5 * error
    # negative control: half the spike is noticed
    wrong = np.mean(
        [oracle.dense_spike(rng, spike / 2, num_samples, dim)[1] for _ in range(300)]
    )
    assert abs(np.mean(np.asarray(batch["overlap"])) - wrong) > 5.5 * error


def test_white_half_moment_and_its_control():
    key = jax.random.key(5)
    with jax.debug_key_reuse(False):
        found = sims.simulate_white(key, jnp.asarray(9), max_samples=12, dim=6)
        columns = draws.normal_columns(words(key, (12, 6)), 9, jnp.ones(6))
    values = np.linalg.eigvalsh(np.asarray(columns) @ np.asarray(columns).T / 9)
    assert float(found["half_moment"]) == pytest.approx(np.sqrt(values).mean())
    control = 1 - np.mean((np.sqrt(values) - 1) ** 2) / 2
    assert float(found["half_moment_controlled"]) == pytest.approx(control)
    few = sims.simulate_white(jax.random.key(6), jnp.asarray(2), max_samples=3, dim=6)
    assert 0 < float(few["half_moment"]) < 1


def test_divergences_are_dense_and_blind_to_the_spectrum():
    key = jax.random.key(8)
    with jax.debug_key_reuse(False):
        found = sims.simulate_divergence(
            key, jnp.asarray(VARIANCES), 12, max_samples=13
        )
        white = sims.simulate_divergence(key, jnp.ones(7), 12, max_samples=13)
        names = words(key, (12, len(VARIANCES)))
        columns = draws.normal_columns(names, 12, jnp.asarray(VARIANCES))
    covariance = np.asarray(columns) @ np.asarray(columns).T / 12
    truth = np.diag(VARIANCES)
    for name, pair in (
        ("kl_model_truth", (covariance, truth)),
        ("kl_truth_model", (truth, covariance)),
    ):
        assert float(found[name]) == pytest.approx(oracle.divergence(*pair), rel=1e-10)
        assert float(found[name]) == pytest.approx(float(white[name]), rel=1e-10)


def test_denoiser_is_the_dense_computation():
    key = jax.random.key(9)
    with jax.debug_key_reuse(False):
        cell = jnp.asarray(VARIANCES), jnp.asarray(5), jnp.asarray(0.4), 0.1
        found = sims.simulate_denoiser(key, *cell, max_samples=9)
        names = words(key, (9, len(VARIANCES)))
        columns = draws.normal_columns(names, 5, jnp.asarray(VARIANCES))
    expected = oracle.denoiser(np.asarray(columns).T[:5], VARIANCES, 0.4, 0.1)
    for name, value in expected.items():
        assert float(found[name]) == pytest.approx(value, rel=1e-10)


def torus_power(side, exponent=1.5):
    wave = np.fft.fftfreq(side, 1 / side)
    return (1 + np.add.outer(wave**2, wave**2)) ** -exponent


def test_equivariant_models_are_circulant_matrices():
    key, power = jax.random.key(10), torus_power(4)
    with jax.debug_key_reuse(False):
        found = sims.simulate_equivariant(
            key, jnp.asarray(power), jnp.asarray(2), max_samples=3
        )
        fields = [normal(jax.random.fold_in(key, m), (3, 4, 4))[:2] for m in (0, 1)]
    expected = oracle.equivariant(fields, power)
    assert float(found["cross"]) == pytest.approx(expected["cross"], rel=1e-7)
    assert float(found["self"]) == pytest.approx(expected["self"], rel=1e-10)


def flow(steps, noise, covariance):
    parts = covariance, noise, np.geomspace(20, 0.05, steps + 1)
    return np.asarray(sims.probability_flow(*map(jnp.asarray, parts))["sample"])


def test_probability_flow_converges_at_second_order_to_the_closed_form():
    rng = np.random.default_rng(14)
    half = rng.normal(size=(5, 9))
    covariance, noise = half @ half.T / 9, rng.normal(size=(5, 3))
    values, vectors = np.linalg.eigh(covariance)
    kept = np.sqrt((values + 0.05**2) / (values + 20**2))
    exact = 20 * (vectors * kept) @ vectors.T @ noise
    errors = [
        np.linalg.norm(flow(steps, noise, covariance) - exact)
        for steps in (64, 128, 256)
    ]
    assert errors[2] < 2e-4 * np.linalg.norm(exact)
    assert 3.5 < errors[0] / errors[1] < 4.5
    assert 3.5 < errors[1] / errors[2] < 4.5


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"num_samples": [0]}, "num_samples"),
        ({"num_samples": [21]}, "num_samples"),
        ({"ridge": [-0.1]}, "ridge"),
        ({"num_shared": [5]}, "num_shared"),
        ({"scale": [-1.0]}, "variances"),
    ],
)
def test_bad_cells_are_refused_before_anything_compiles(change, name):
    dynamic = {"num_samples": [4], "ridge": [0.0], "num_shared": [0], "scale": [1.0]}
    sweep = Sweep(
        sim=sims.simulate_pair,
        static={"max_samples": [20]},
        dynamic=dynamic | change,
        derive={"variances": lambda scale: scale * VARIANCES},
    )
    with pytest.raises(ValueError, match=f"`{name}`"):
        sweep.plan(1)


def test_bad_spike_is_refused():
    sweep = Sweep(
        sim=sims.simulate_spike,
        static={"dim": [10]},
        dynamic={"spike": [-1.0], "num_samples": [4]},
    )
    with pytest.raises(ValueError, match="`spike`"):
        sweep.plan(1)


HANG = """
    import limen.sims
    import jax, jax.numpy as jnp
    from limen.sims.memorisation import simulate_pair
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(0), 16)
        run = jax.jit(jax.vmap(lambda k: simulate_pair(
            k, jnp.ones(64), 40, 0.0, max_samples=40, num_generated=4)))
        for _ in range(4):
            out = run(keys)
        print(float(out["q_ratio"].mean()))
"""


def test_batched_decompositions_do_not_hang_in_a_fresh_process():
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(HANG)],
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
        env={k: v for k, v in os.environ.items() if k != "NPROC"},
    )
    assert 0.4 < float(run.stdout) < 0.8


def test_pairs_of_networks_share_a_program_and_are_trained_once(tmp_path):
    def train(loads, store=tmp_path):
        sweep = Sweep(
            sim=sims.train_denoiser_pair,
            static={
                "architecture": ["conv"],
                "channels": [4],
                "num_steps": [8],
                "num_generated": [16],
                "max_samples": [16],
            },
            dynamic={"num_samples": loads, "spike": [30.0]},
        )
        with jax.enable_x64(False):
            return sweep.run(1, store=store, progress=False)

    first = train([4, 6])
    assert (first.attrs["programs"], first.attrs["lanes"]) == (1, 2)
    again = train([4, 6, 16])
    assert (again.attrs["programs"], again.attrs["lanes"]) == (0, 1)  # 16 is new
    found = again.squeeze(drop=True)
    assert set(found) == {*sims.train_denoiser_pair.outputs, "valid"}
    assert all(np.isfinite(value.values).all() for value in found.values())
    assert (np.abs(found["q_net"].values) <= 1).all()
    assert ((found["Q_net"].values >= 0) & (found["Q_net"].values <= 1)).all()
    assert found["images"].shape == (3, 2, 4, 8, 8)
    for name in sims.train_denoiser_pair.outputs:
        assert first[name].equals(again[name].sel(num_samples=[4, 6])), name


@pytest.mark.parametrize("num_samples", [3, 7, 15])
def test_pair_in_single_precision(num_samples):
    """Rounding errors below 0 do not become NaN, below, at and above n = d."""
    key = jax.random.key(12)
    with jax.debug_key_reuse(False):
        run = jax.jit(sims.simulate_pair.function, static_argnames=tuple(STATIC))
        found = run(key, jnp.asarray(VARIANCES, jnp.float32), num_samples, **STATIC)
        rows = training_sets(key, num_samples, 0, jnp.float32)[0]
    assert all(np.isfinite(np.asarray(value)).all() for value in found.values())
    assert found["cross"].dtype == jnp.float32
    rows = [np.asarray(x, float) for x in rows]
    expected = oracle.compare_pair(rows, VARIANCES, 0.0, np.eye(len(VARIANCES)))
    for name in ("cross", "self", "distance_to_truth", "distance_between_models"):
        assert float(found[name]) == pytest.approx(expected[name], rel=1e-4), name


def test_textures_have_their_covariance():
    from limen.sims.memorisation import textures

    truth = textures.texture_truth(jnp.asarray(30.0), 8)
    covariance = np.asarray(textures.texture_covariance(truth))
    images = np.asarray(textures.draw_textures(jax.random.key(1), truth, 20000))
    flat = images.reshape(len(images), -1)
    empirical = flat.T @ flat / len(flat)
    # entries have standard errors of about 0.01 times the two standard deviations
    scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    assert np.max(np.abs(empirical - covariance) / scale) < 0.06
    values, vectors = np.linalg.eigh(covariance)
    assert values[::-1][:3] == pytest.approx([20.590, 4.570, 2.285], abs=1e-3)
    latent = np.asarray(truth.latent).ravel()
    assert (vectors[:, -1] @ latent) ** 2 == pytest.approx(0.999998, abs=1e-6)
    assert np.mean(np.diag(covariance)) == pytest.approx(1)
