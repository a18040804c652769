"""What a decision costs: at most 5 ms, and 0.2 s where rows are resampled.

Per sort of evidence, one look at n rows of a few points: the decision alone, and the
full evidence of the last look (intervals, resolution). Beside it what a user would
write by hand with SciPy: a t interval, an exact binomial interval, a KS test, a
bootstrap. Run: python benchmarks/bench_harness.py
"""

import platform
import time

import numpy as np
from limen.checks.harness import Design, Tolerance, kinds
from limen.checks.harness.judge import evidence, look_at
from limen.checks.harness.rule import Rule
from limen.checks.harness.samples import Samples
from scipy import stats

SIZES = 32.0 * 2 ** np.arange(7)
RNG = np.random.default_rng(0)
REPEATS = 7


def samples(values, at=None):
    points = values.shape[1]
    return Samples(values, at or ({},) * points, np.zeros(points), True)


def sized(values):
    return samples(values, tuple({"N": size} for size in SIZES.tolist()))


def crossing(n):
    x = np.linspace(0, 2, 9)
    hits = RNG.random((n, 5, 9)) < 1 / (1 + np.exp(-4 * (x - 1)))
    at = tuple({"d": d, "x": float(v)} for d in (32, 64, 128, 256, 512) for v in x)
    return samples(1.0 * hits.reshape(n, -1), at)


def cases():
    n = 4096
    gamma = RNG.gamma(4, size=(n, 12))
    power = SIZES**-0.5 * np.exp(0.3 * RNG.normal(size=(n, 7)))
    median = kinds.value(of=lambda t: np.median(t, axis=0), evidence="table")
    yield "mean, t-mixture and Hall", kinds.value(), samples(gamma), 4.0, "decide"
    yield "upper bound, bets", kinds.upper_bound(), samples(gamma), 5.0, "decide"
    coins = samples(1.0 * (gamma > 4))
    yield "frequency", kinds.value(evidence="frequency"), coins, 0.43, "decide"
    law = samples(RNG.random((n, 4)))
    yield "law, known", kinds.law(), law, stats.uniform.cdf, "decide"
    yield "limit", kinds.limit("N"), sized(1 + power), 1.0, "decide"
    yield "threshold, limit", kinds.threshold("x", "d"), crossing(1024), 1.0, "decide"
    yield "exponent", kinds.exponent("N"), sized(power), 0.5, "bootstrap"
    yield "table, medians", median, samples(gamma[:1024, :4]), 3.67, "bootstrap"


def by_hand():
    x = RNG.gamma(4, size=4096)
    yield "t interval", lambda: stats.ttest_1samp(x, 4.0).confidence_interval()
    yield "exact binomial interval", lambda: stats.binomtest(1800, 4096).proportion_ci()
    yield "KS test", lambda: stats.kstest(x, stats.gamma(4).cdf)
    yield (
        "BCa bootstrap of a median",
        lambda: stats.bootstrap((x[:1024],), np.median, n_resamples=1000),
    )


def median_time(function):
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1e3 * float(np.median(times))


def rule_of(kind, claimed):
    design = Design(observe=lambda d: d, claimed=claimed, tol=Tolerance(0.1, "bench"))
    return Rule.of("B-1", kind, design, 0.0001, 0.01, 4096)


def main():
    print(f"{platform.processor() or platform.machine()}, NumPy {np.__version__}")
    print(
        f"{'evidence':26} {'rows × points':>14} {'look, ms':>9} {'last, ms':>9}  limit"
    )
    for name, kind, rows, claimed, sort in cases():
        rule = rule_of(kind, claimed)
        sight = look_at(rows, rule, 3)
        look = median_time(lambda rows=rows, rule=rule: look_at(rows, rule, 3))
        last = median_time(lambda sight=sight: evidence(sight, 3, sight.p))
        limit = 5 if sort == "decide" else 205
        shape = f"{rows.n} × {len(rows.at)}"
        print(f"{name:26} {shape:>14} {look:9.2f} {last:9.2f}  {limit} ms")
    for name, function in by_hand():
        print(f"by hand: {name:26} {median_time(function):9.2f} ms")


if __name__ == "__main__":
    main()
