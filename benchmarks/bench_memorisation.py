"""Memorisation: theory of a phase diagram, and simulation beside bare LAPACK calls.

Compile and run times apart; the alternative to one batched program is the same
decompositions called matrix by matrix from NumPy and SciPy. Theory's alternative is a
loop over cells.
"""

import platform
import time

import jax
import jax.numpy as jnp
import limen.sims  # noqa: F401  (settles the pool before the first computation)
import numpy as np
import scipy.linalg
from limen.sims import memorisation as sims
from limen.sims.memorisation.draws import covariance, normal_rows
from limen.theory import memorisation as theory

DIM, TILE, REPEATS = 128, 16, 5
GRID = 256


def best(call):
    """Shortest of several times, in seconds."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        jax.block_until_ready(call())
        times.append(time.perf_counter() - start)
    return min(times)


def compiled(function, *arguments):
    """The compiled program and the seconds it took."""
    start = time.perf_counter()
    program = jax.jit(function).lower(*arguments).compile()
    return program, time.perf_counter() - start


def report(name, compile_seconds, seconds, unit):
    times = f"compile {compile_seconds:6.2f} s   run {1e3 * seconds:9.3f} ms"
    print(f"{name:58s} {times} {unit}")


def phase_diagram():
    """Q of white data with one spike on a 256 x 256 grid of loads and spikes."""
    loads, spikes = np.geomspace(0.04, 25, GRID), np.geomspace(0.2, 6, GRID)

    def cell(load, spike):
        counts = jnp.array([1.0, 99.0])
        variances = jnp.stack([1 + spike, jnp.ones(())])
        mean = theory.mean_generator(variances, counts, 100 * load, num_nodes=256)
        total = jnp.sum(counts * variances)
        return jnp.sum(counts * mean**2) / total, theory.spiked_overlap(spike, load)

    def diagram(loads, spikes):
        row = jax.vmap(cell, in_axes=(0, None))
        return jax.lax.map(lambda spike: row(loads, spike), spikes)

    program, seconds = compiled(diagram, loads, spikes)
    report(
        f"theory, {GRID} x {GRID} phase diagram",
        seconds,
        best(lambda: program(loads, spikes)),
        "",
    )
    spectrum = theory.spiked_spectrum([1.0], 100.0)
    theory.convergence(*spectrum, 100.0)  # compiles
    start = time.perf_counter()
    for load in loads[:20]:
        theory.convergence(*spectrum, 100 * load)
    loop = (time.perf_counter() - start) / 20 * GRID**2
    report("  alternative: a loop over its cells (extrapolated)", 0.0, loop, "")


def simulation():
    """A tile of `simulate_pair` beside the decompositions it contains."""
    for load in (0.25, 1.0, 4.0):
        n = round(load * DIM)

        def lane(key, n=n):
            return sims.simulate_pair(
                key, jnp.ones(DIM), n, 0.0, max_samples=n, num_generated=16
            )

        keys = jax.random.split(jax.random.key(0), TILE)
        program, seconds = compiled(jax.vmap(lane), keys)
        run = best(lambda program=program, keys=keys: program(keys)) / TILE
        name = f"simulate_pair, d = {DIM}, n = {n}, all observables"
        report(name, seconds, run, "per lane")
        decompositions(n, run)
        draws(n)


def draws(n):
    """What a lane does before its decompositions: normals of both sets, then X'X/n."""
    keys = jax.random.split(jax.random.key(0), (TILE, 2))

    def drawn(key):
        return normal_rows(key, n, n, jnp.ones(DIM))

    program, seconds = compiled(jax.vmap(jax.vmap(drawn)), keys)
    samples = program(keys)
    report("  its normals", seconds, best(lambda: program(keys)) / TILE, "per lane")
    product, seconds = compiled(lambda x: covariance(x, n), samples)
    run = best(lambda: product(samples)) / TILE
    report("  its covariances", seconds, run, "per lane")


def decompositions(n, run):
    """The same LAPACK calls on matrices of the same kind: 2 eigh, 4 svd a lane."""
    samples = np.random.default_rng(0).normal(size=(TILE, 2, n, DIM))
    covariances = samples.swapaxes(-1, -2) @ samples / n
    values, vectors = np.linalg.eigh(covariances)
    roots = vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]
    between = roots[:, 0].swapaxes(-1, -2) @ roots[:, 1]
    stack = np.stack(
        [roots[:, 0], roots[:, 1], between, covariances[:, 0] - np.eye(DIM)], axis=1
    )
    first, second = jnp.asarray(covariances), jnp.asarray(stack)
    eigh, eigh_seconds = compiled(jnp.linalg.eigh, first)
    svd, svd_seconds = compiled(lambda x: jnp.linalg.svd(x, compute_uv=False), second)
    bare = (best(lambda: eigh(first)) + best(lambda: svd(second))) / TILE
    name = f"  its LAPACK calls in XLA, batched: simulation / calls {run / bare:.2f}"
    report(name, eigh_seconds + svd_seconds, bare, "per lane")

    def one_by_one():
        for lane in range(TILE):
            for matrix in covariances[lane]:
                scipy.linalg.eigh(matrix)
            for matrix in stack[lane]:
                scipy.linalg.svdvals(matrix)
        return ()

    name = "  alternative: SciPy, matrix by matrix"
    report(name, 0.0, best(one_by_one) / TILE, "per lane")


def spikes():
    """The tridiagonal sampler beside a dense decomposition."""
    dim = 2000
    keys = jax.random.split(jax.random.key(1), 64)

    def lane(key):
        return sims.simulate_spike(key, jnp.asarray(1.5), dim, dim=dim)

    program, seconds = compiled(jax.vmap(lane), keys)
    report(
        f"simulate_spike, d = {dim}",
        seconds,
        best(lambda: program(keys)) / 64,
        "per lane",
    )
    samples = np.random.default_rng(2).normal(size=(dim, dim))
    start = time.perf_counter()
    covariance = samples.T @ samples / dim
    scipy.linalg.eigh(covariance, subset_by_index=[dim - 1, dim - 1])
    report(
        "  alternative: dense matrix, top eigenpair",
        0.0,
        time.perf_counter() - start,
        "per lane",
    )


def main():
    print(f"jax {jax.__version__}, {jax.devices()[0]}, {platform.machine()}")
    with jax.enable_x64(True):
        phase_diagram()
        simulation()
        spikes()


if __name__ == "__main__":
    main()
