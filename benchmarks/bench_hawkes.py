"""Speed of the Hawkes simulators and estimators, beside a public package.

Events per second of the two exact simulators (compile and run apart), a whole trial
with all estimators, and the side-by-side table of methods on the same events: exact
recovery against T, and wall time. With `hawkesbook` installed (see
`requirements-hawkes.txt`) its thinning is timed on the same network, and `fit` must
recover the network from its events. Run: python benchmarks/bench_hawkes.py
"""

import importlib
import importlib.util
import platform
import time

import jax
import jax.numpy as jnp
import numpy as np
from limen.sims import hawkes
from limen.sims.hawkes.recovery import ESTIMATORS

F32 = jnp.float32
THRESHOLDS = {"lasso": 0.15, "screen_filtered": None, "screen_lag1": None}


def timed(function, *arguments, repeats=5):
    """Seconds to compile, seconds per call, and the last result."""
    start = time.perf_counter()
    compiled = jax.jit(function).lower(*arguments).compile()
    compiling = time.perf_counter() - start
    jax.block_until_ready(compiled(*arguments))
    start = time.perf_counter()
    for _ in range(repeats):
        result = jax.block_until_ready(compiled(*arguments))
    return compiling, (time.perf_counter() - start) / repeats, result


def ring(d, weight=0.5):
    return weight * (np.eye(d, k=1) + np.eye(d, k=1 - d))


def simulators(events=100_000):
    print("simulator            d    events/s   compile s")
    for d in (10, 64, 256, 512):
        T = events / d
        stages = hawkes.plan_stages(d * 0.5 * (T + 24), 0.5)
        children = ((jnp.arange(d) - 1) % d)[:, None].astype(jnp.int32)

        def regular(key, children=children, T=T, stages=stages):
            return hawkes.simulate_regular(
                key, children, F32(1), F32(0.5), F32(1), F32(T), F32(24), stages=stages
            )

        table = hawkes.child_table(ring(d).astype(np.float32))

        def general(key, table=table, T=T, stages=stages, d=d):
            mu = jnp.full(d, 0.5)
            return hawkes.simulate_clusters(
                key, table, mu, F32(1), F32(T), F32(24), stages=stages
            )

        for name, function in (("regular", regular), ("general", general)):
            report(f"clusters, {name}", d, *timed(function, jax.random.key(0)))
    for d in (20, 200):
        T, mu = 10_000 / d, jnp.full(d, 0.5)

        def recursion(key, d=d, T=T, mu=mu):
            weights = jnp.asarray(ring(d), jnp.float32)
            return hawkes.simulate_recursion(
                key, mu, weights, F32(1), F32(T), F32(24), num_steps=int(d * (T + 24))
            )

        report("recursion", d, *timed(recursion, jax.random.key(0)))


def report(name, d, compiling, running, events):
    number = int(np.isfinite(np.asarray(events.times)).sum())
    print(f"{name:18s} {d:4d} {number / running:11.3g} {compiling:9.1f}")


def trial(d=64, chunks=20, bins=4000):
    stages = hawkes.plan_stages(d * 0.5 * (bins * 0.25 + 24), 0.5)

    def lane(key, names):
        return hawkes.recovery(
            key, F32(0.5), F32(1), F32(1), F32(0.25), F32(1),
            num_nodes=d, offsets=(1,), num_bins=bins, num_chunks=chunks, merge=2,
            num_candidates=12, estimators=names, stages=stages,
        )  # fmt: skip

    print(f"\ntrial: d={d}, T={bins / 4:.0f}, {chunks} observation times")
    for names in ((), ("filtered",), ("filtered", "lag1", "full"), ESTIMATORS[:6]):
        chosen = names or ("screen_lag1",)
        compiling, running, _ = timed(lambda key, n=chosen: lane(key, n), KEY)
        print(f"  {', '.join(chosen):70s} {1e3 * running:7.1f} ms {compiling:6.1f} s")


def side_by_side(d=16, lanes=48, bins=2240, chunks=8):
    """Exact recovery of every method on the same events, with its own wall time."""
    stages = hawkes.plan_stages(d * 0.5 * (bins * 0.25 + 24), 0.5)
    keys = jax.random.split(jax.random.key(3), lanes)
    times = bins / 4 * np.arange(1, chunks + 1) / chunks
    print(f"\nexact recovery, d={d}, {lanes} paths; T = {times.round().astype(int)}")
    for name in ESTIMATORS:

        def lane(key, name=name):
            return hawkes.recovery(
                key, F32(0.5), F32(1), F32(1), F32(0.25), F32(1),
                num_nodes=d, offsets=(1,), num_bins=bins, num_chunks=chunks, merge=2,
                num_candidates=12, estimators=(name,), stages=stages,
            )  # fmt: skip

        _, running, found = timed(jax.vmap(lane), keys, repeats=1)
        edge, null = (np.asarray(found[f"margin_{part}"])[:, 0] for part in PARTS)
        limit = THRESHOLDS.get(name, 0.25)
        exact = edge > null if limit is None else (edge > limit) & (null < limit)
        curve = " ".join(f"{share:.2f}" for share in exact.mean(axis=0))
        oracle = " (oracle threshold)" if limit is None else ""
        print(f"  {name:16s} {curve}  {1e3 * running / lanes:7.1f} ms a path{oracle}")


def peer(d=10, T=2000.0):
    """Hawkesbook's thinning on the same network, and `fit` on its events."""
    if importlib.util.find_spec("hawkesbook") is None:
        print("\nhawkesbook is not installed: pip install -r requirements-hawkes.txt")
        return
    book = importlib.import_module("hawkesbook")
    weights = ring(d)
    parameters = np.full(d, 0.5), np.ascontiguousarray(weights.T), np.ones(d)
    book.numba_seed(1)
    book.mutual_exp_simulate_by_thinning(parameters, 10.0)
    start = time.perf_counter()
    events = book.mutual_exp_simulate_by_thinning(parameters, T)
    seconds = time.perf_counter() - start
    times = np.array([event[0] for event in events])
    nodes = np.array([event[1] for event in events], dtype=int)
    print(f"\nhawkesbook thinning  d={d}: {len(times) / seconds:.3g} events/s")
    start = time.perf_counter()
    found = hawkes.fit(times, nodes, T, num_nodes=d)
    seconds = time.perf_counter() - start
    right = (found.adjacency == (weights > 0)).all()
    print(f"fit of its {len(times)} events in {seconds:.2f} s: beta {found.beta:.3f},")
    print(f"true network recovered: {right}")


def fit_time(d=32, T=500.0):
    rng = np.random.default_rng(0)
    events = hawkes.simulate_regular(
        KEY, ((jnp.arange(d) - 1) % d)[:, None].astype(jnp.int32), F32(1), F32(0.5),
        F32(1), F32(T), F32(24), stages=hawkes.plan_stages(d * 0.5 * (T + 24), 0.5),
    )  # fmt: skip
    times, nodes = np.asarray(events.times), np.asarray(events.nodes)
    order = np.argsort(times)[: np.isfinite(times).sum()]
    start = time.perf_counter()
    for _ in range(10):
        hawkes.fit(times[order], nodes[order], T, beta=float(rng.uniform(0.9, 1.1)))
    seconds = (time.perf_counter() - start) / 10
    print(f"\nfit, d={d}, {len(order)} events: {1e3 * seconds:.1f} ms")


PARTS = ("edge", "null")

if __name__ == "__main__":
    KEY = jax.random.key(0)
    device = jax.devices()[0].device_kind
    print(f"{platform.machine()}, {device}, jax {jax.__version__}")
    simulators()
    fit_time()
    trial()
    side_by_side()
    peer()
