"""Memorisation: theory of a phase diagram, and simulation beside bare LAPACK calls.

Compile and run times apart; the alternative to one batched program is the same
decompositions called matrix by matrix from SciPy. Theory's alternative is a loop over
cells. Ratios are of the shortest times of calls that take turns, at the tile that the
engine chooses for 128 dimensions.
"""

import platform
import time

import jax
import jax.numpy as jnp
import limen.sims  # noqa: F401  (settles the pool before the first computation)
import numpy as np
import scipy.linalg
from limen.sims import memorisation as sims
from limen.sims.draws import words
from limen.sims.memorisation.draws import covariance, normal_columns
from limen.theory import memorisation as theory

DIM, TILE, REPEATS = 128, 8, 5
TURNS = 40
GRID = 256


def best(call):
    """Shortest of several times, in seconds."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        jax.block_until_ready(call())
        times.append(time.perf_counter() - start)
    return min(times)


def in_turns(*calls):
    """Shortest of many times of each, in seconds; each takes its turn."""
    times = [[] for _ in calls]
    for _ in range(TURNS):
        for call, spent in zip(calls, times, strict=True):
            start = time.perf_counter()
            jax.block_until_ready(call())
            spent.append(time.perf_counter() - start)
    return [min(spent) for spent in times]


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


def simulation(n):
    """A tile of `simulate_pair` beside the decompositions it contains, and its parts.

    LAPACK in XLA: 2 eigh and 4 svd a lane, each batched, of matrices of the same kind.
    """

    def lane(key):
        return sims.simulate_pair(
            key, jnp.ones(DIM), n, 0.0, max_samples=n, num_generated=16
        )

    def drawn(key):
        return normal_columns(words(key, (n, DIM)), n, jnp.ones(DIM))

    keys = jax.random.split(jax.random.key(0), (TILE, 2))
    program, seconds = compiled(jax.vmap(lane), keys[:, 0])
    draw, draw_seconds = compiled(jax.vmap(jax.vmap(drawn)), keys)
    samples = draw(keys)
    product, product_seconds = compiled(lambda x: covariance(x, n), samples)
    first, second = matrices(n)
    eigh, eigh_seconds = compiled(jnp.linalg.eigh, first)
    svd, svd_seconds = compiled(lambda x: jnp.linalg.svd(x, compute_uv=False), second)
    times = in_turns(
        lambda: program(keys[:, 0]),
        lambda: (eigh(first), svd(second)),
        lambda: draw(keys),
        lambda: product(samples),
    )
    run, bare, draws, products = (t / TILE for t in times)
    name = f"simulate_pair, d = {DIM}, n = {n}, all observables"
    report(name, seconds, run, "per lane")
    name = f"  its LAPACK calls in XLA: simulation / calls {run / bare:.2f}"
    report(name, eigh_seconds + svd_seconds, bare, "per lane")
    report("  its normals", draw_seconds, draws, "per lane")
    report("  its covariances", product_seconds, products, "per lane")
    one_by_one(first, second)


def matrices(n):
    """Covariances (lane, 2, dim, dim), and what `simulate_pair` takes svd of."""
    samples = np.random.default_rng(0).normal(size=(TILE, 2, n, DIM))
    covariances = samples.swapaxes(-1, -2) @ samples / n
    values, vectors = np.linalg.eigh(covariances)
    roots = vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]
    between = roots[:, 0].swapaxes(-1, -2) @ roots[:, 1]
    error = covariances[:, 0] - np.eye(DIM)
    stack = np.stack([roots[:, 0], roots[:, 1], between, error], axis=1)
    return jnp.asarray(covariances), jnp.asarray(stack)


def one_by_one(first, second):
    """The same decompositions, called matrix by matrix."""
    shape = (-1, DIM, DIM)
    first, second = np.asarray(first).reshape(shape), np.asarray(second).reshape(shape)

    def call():
        for matrix in first:
            scipy.linalg.eigh(matrix)
        for matrix in second:
            scipy.linalg.svdvals(matrix)
        return ()

    report("  alternative: SciPy, matrix by matrix", 0.0, best(call) / TILE, "per lane")


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
        for n in (32, 128, 512):
            simulation(n)
        spikes()


if __name__ == "__main__":
    main()
