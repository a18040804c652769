"""Speed of the hierarchical simulators, beside NumPy/SciPy doing the same.

    python benchmarks/bench_hierarchy.py

Prints compile and run time apart, floating-point operations against the measured time,
and the dense learner beside the matrix-free one at its break-even.
"""

import time

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from limen.sims import hierarchy
from limen.theory import hierarchy as theory
from scipy.linalg import eigh, eigh_tridiagonal

WEIGHTS = np.array([1, -1 / 2, 1 / 3, -1 / 4])
SCALE = 1.6873714


def compiled(lane, keys):
    """Compile and best of three runs, in seconds."""
    start = time.perf_counter()
    program = jax.jit(lane).lower(keys).compile()
    compile_time = time.perf_counter() - start
    runs = []
    for _ in range(3):
        start = time.perf_counter()
        jax.block_until_ready(program(keys))
        runs.append(time.perf_counter() - start)
    return compile_time, min(runs)


def report(name, compile_time, run_time, flops=None):
    speed = f"{flops / run_time / 1e9:7.1f} GFlop/s" if flops else ""
    print(f"{name:44s} compile {compile_time:5.2f} s  run {run_time:7.3f} s {speed}")


def arguments():
    return tuple(jnp.asarray(v, jnp.float32) for v in (WEIGHTS, SCALE, 0.0))


def dense(D, n, seeds):
    """Lanes of `simulate_spectrum`: 2 n D² for the moment and 9 D³ for eigh."""
    keys = jax.random.split(jax.random.key(0), seeds)

    def lane(key):
        static = {"mode": "gauss", "size": D, "sample_counts": (n,)}
        return hierarchy.simulate_spectrum(key, *arguments(), **static)

    flops = seeds * (2 * n * D**2 + 9 * D**3)
    report(f"dense D={D} n={n} seeds={seeds}", *compiled(jax.vmap(lane), keys), flops)


def dense_numpy(D, n, seeds):
    """The same in NumPy: draw, accumulate, diagonalise."""
    rng = np.random.default_rng(0)
    start = time.perf_counter()
    for _ in range(seeds):
        z = rng.standard_normal((n, D), dtype=np.float32)
        score = (z[:, :4] ** 2 - 1) @ WEIGHTS.astype(np.float32)
        labels = SCALE * np.tanh(score / SCALE)
        eigh((z * labels[:, None]).T @ z / n)
    report("  numpy + scipy", 0.0, time.perf_counter() - start)


def tridiagonal(N, draws, spikes=5):
    """Spiked GOE matrices in O(N); all spikes share a matrix."""
    with jax.enable_x64(True):
        theta = jnp.asarray(1 + np.linspace(-2, 2, spikes) * N ** (-1 / 3))
        keys = jax.random.split(jax.random.key(0), draws)
        lane = jax.vmap(lambda k: hierarchy.simulate_spiked_goe(k, theta, size=N))
        report(f"tridiagonal N={N} draws={draws}", *compiled(lane, keys))


def tridiagonal_scipy(N, draws, spikes=5):
    """SciPy: top eigenpair of each tridiagonal matrix, one spike after the other."""
    rng = np.random.default_rng(0)
    start = time.perf_counter()
    for _ in range(draws):
        diagonal = rng.standard_normal(N) * np.sqrt(2 / N)
        off = np.sqrt(rng.chisquare(np.arange(N - 1, 0, -1)) / N)
        for w in np.linspace(-2, 2, spikes):
            spiked = diagonal.copy()
            spiked[0] += 1 + w * N ** (-1 / 3)
            eigh_tridiagonal(spiked, off, select="i", select_range=(N - 1, N - 1))
    report("  scipy eigh_tridiagonal", 0.0, time.perf_counter() - start)


def operator(dim, ratio, relative, block=4):
    """One lane of `simulate_operator`, mode sphere: 4 n d² K flops per application.

    As many applications as the error rule asks for at n = `relative` · n_4; with the
    overlaps that it found, beside the limits of HS-3.
    """
    D = dim * (dim + 1) // 2 - 1
    n = round(ratio * D)
    m = theory.krylov_applications(relative, feature_dim=D, block=block)
    keys = jax.random.key(0)[None]
    static = {"mode": "sphere", "dim": dim, "num_samples": n}
    static |= {"block": block, "applications": m}

    def lanes(keys):
        return lax.map(
            lambda k: hierarchy.simulate_operator(k, *arguments(), **static), keys
        )

    start = time.perf_counter()
    program = jax.jit(lanes).lower(keys).compile()
    compile_time = time.perf_counter() - start
    start = time.perf_counter()
    overlap = np.asarray(program(keys)["overlap"])[0]
    run_time = time.perf_counter() - start
    name = f"operator d={dim} D={D} n={n} K={block} m={m}"
    report(name, compile_time, run_time, 4 * n * dim**2 * block * m)
    law = theory.label_law(WEIGHTS)
    values = theory.preprocess(law.grid, SCALE)
    limits = [
        float(theory.outlier(law, values, SCALE, n / D, k, side).overlap)
        for k, side in enumerate((1, -1, 1, -1))
    ]
    shown = program.memory_analysis().temp_size_in_bytes / 2**20
    print(f"  overlaps {overlap.round(3)}, limits {np.round(limits, 3)}, ", end="")
    print(f"{shown:.0f} MB held; a D × D matrix has {D * D * 4 / 2**20:.0f} MB")


def main():
    print(jax.devices()[0].device_kind, "jax", jax.__version__)
    dense(128, 4096, 32)
    dense(256, 4096, 8)
    dense_numpy(256, 4096, 8)
    tridiagonal(1000, 256)
    tridiagonal_scipy(1000, 256)
    for dim in (24, 60, 120):
        operator(dim, 16.0, 16.0 / 6.456)


if __name__ == "__main__":
    main()
