"""Speed of the Hawkes simulators and estimators, beside public packages.

Events per second of the exact simulators (compile and run apart), a whole trial with
all estimators, and the side-by-side table of methods on the same events: exact recovery
against T, and wall time. With `hawkesbook` and `tick` installed (see
`requirements-hawkes.txt`) their thinning is timed on the same networks, and `fit` must
recover the network from their events. Writes two figures into the current folder. Run:
python benchmarks/bench_hawkes.py
"""

import importlib
import importlib.util
import platform
import time

import jax
import jax.numpy as jnp
import numpy as np
from limen.figures import style
from limen.figures.hawkes import measured as figures
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
    """Events per second of every simulator: rows (name, d, rate)."""
    print("simulator              d    events/s   compile s")
    rows = []
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
            rows.append(report(f"clusters, {name}", d, *timed(function, KEY)))
    for d in (10, 20, 64, 200):
        T, mu = 20_000 / d, jnp.full(d, 0.5)
        weights = jnp.asarray(ring(d), jnp.float32)

        def recursion(key, weights=weights, T=T, mu=mu, d=d):
            return hawkes.simulate_recursion(
                key, mu, weights, F32(1), F32(T), F32(24), num_steps=int(d * (T + 24))
            )

        rows.append(report("recursion", d, *timed(recursion, KEY)))
        lanes = timed(jax.vmap(recursion), jax.random.split(KEY, 8))
        rows.append(report("recursion, 8 paths", d, *lanes))
    return rows


def report(name, d, compiling, running, events):
    rate = int(np.isfinite(np.asarray(events.times)).sum()) / running
    print(f"{name:20s} {d:4d} {rate:11.3g} {compiling:9.1f}")
    return name, d, rate


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
    measured = {}
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
        measured[name + oracle] = exact, 1e3 * running / lanes
    return times, measured


def hawkesbook_events(d, T):
    """Thinning of `hawkesbook` 0.1.0 (numba)."""
    book = importlib.import_module("hawkesbook")
    parameters = np.full(d, 0.5), np.ascontiguousarray(ring(d).T), np.ones(d)
    book.numba_seed(1)
    book.mutual_exp_simulate_by_thinning(parameters, 10.0)
    start = time.perf_counter()
    events = book.mutual_exp_simulate_by_thinning(parameters, T)
    seconds = time.perf_counter() - start
    times = np.array([event[0] for event in events])
    return times, np.array([event[1] for event in events], dtype=int), seconds


def tick_events(d, T):
    """Thinning of `tick` 0.8 (C++)."""
    tick = importlib.import_module("tick.hawkes")
    path = tick.SimuHawkesExpKernels(
        adjacency=ring(d), decays=1.0, baseline=np.full(d, 0.5), end_time=T, seed=1,
        verbose=False,
    )  # fmt: skip
    start = time.perf_counter()
    path.simulate()
    seconds = time.perf_counter() - start
    times = np.concatenate(path.timestamps)
    nodes = np.repeat(np.arange(d), [len(own) for own in path.timestamps])
    order = np.argsort(times, kind="stable")
    return times[order], nodes[order], seconds


def peers(T=20_000.0):
    """Peers on the same networks, and `fit` on their events: rows as `simulators`."""
    rows = []
    for name, simulate in (("hawkesbook", hawkesbook_events), ("tick", tick_events)):
        if importlib.util.find_spec(name) is None:
            print(f"\n{name} is not installed: see requirements-hawkes.txt")
            continue
        for d in (10, 20, 64):
            times, nodes, seconds = simulate(d, T / d)
            rows.append((name, d, len(times) / seconds))
            print(f"{name:20s} {d:4d} {len(times) / seconds:11.3g}")
        times, nodes, _ = simulate(10, 2000.0)
        start = time.perf_counter()
        found = hawkes.fit(times, nodes, 2000.0, num_nodes=10)
        seconds = time.perf_counter() - start
        right = bool((found.adjacency == (ring(10) > 0)).all())
        print(f"  fit of {len(times)} events by {name}: {seconds:.2f} s, ", end="")
        print(f"beta {found.beta:.3f}, true network recovered: {right}")
    return rows


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
    rates = simulators() + peers()
    fit_time()
    trial()
    methods = side_by_side()
    with style.applied():
        figures.speed(rates).savefig("hawkes_speed.png")
        figures.side_by_side(*methods).savefig("hawkes_methods.png")
