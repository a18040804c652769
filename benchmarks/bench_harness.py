"""What a decision costs: at most 5 ms, and 0.2 s where rows are resampled.

Per kind and sort of evidence, one look at n rows of a few points: the decision alone,
and what the last look adds (intervals, resolution). Nothing is remembered between
repeats. Beside it what a user would write by hand with SciPy: a t interval, an exact
binomial interval, a KS test, a bootstrap. Run: python benchmarks/bench_harness.py
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
    variance = kinds.value(of=lambda m: m[..., 1] - m[..., 0] ** 2)
    columns = samples(np.stack([gamma, gamma**2], axis=-1))
    skewed = samples(RNG.exponential(size=(200, 12)) ** 2)
    coins, walk = samples(1.0 * (gamma > 4)), kinds.threshold("x", "d", width=True)
    exact = kinds.upper_bound(evidence="exact")
    pair = Samples(RNG.random((n, 2, 4)), ({},) * 4, np.zeros(4), True, True)
    yield "identity", kinds.identity(), samples(gamma[:1]), gamma[0], 5
    yield "bound on every row", exact, samples(gamma), 99.0, 5
    yield "value: t-mixture and Hall", kinds.value(), samples(gamma), 4.0, 5
    yield "value of skewed rows", kinds.value(), skewed, 2.0, 205
    yield "value: variance", variance, columns, 4.0, 5
    yield "ordering", kinds.ordering(), samples(gamma - 4), 0.0, 5
    yield "upper bound: bets", kinds.upper_bound(), samples(gamma), 5.0, 5
    yield "lower bound", kinds.lower_bound(), samples(gamma), 3.0, 5
    yield (
        "lower bound: capped bets",
        kinds.lower_bound(upper=99),
        samples(gamma),
        3.0,
        5,
    )
    yield "frequency", kinds.value(evidence="frequency"), coins, 0.43, 5
    yield "tail bound", kinds.tail_bound(4.0), samples(gamma), 0.5, 5
    yield "quantile bound", kinds.quantile_bound(0.5), samples(gamma), 4.0, 5
    yield "law, known", kinds.law(), samples(RNG.random((n, 4))), stats.uniform.cdf, 5
    yield "law, two samples", kinds.law(), pair, 0.0, 5
    yield "limit", kinds.limit("N"), sized(1 + power), 1.0, 5
    yield "threshold, each size", kinds.threshold("x"), crossing(1024), 1.0, 5
    yield "threshold, limit", kinds.threshold("x", "d"), crossing(1024), 1.0, 5
    yield "threshold, width", walk, crossing(1024), 0.0, 5
    yield "exponent", kinds.exponent("N"), sized(power), 0.5, 205
    yield "table, medians", median, samples(gamma[:1024, :4]), 3.67, 205


def by_hand():
    x = RNG.gamma(4, size=4096)
    yield "t interval", lambda: stats.ttest_1samp(x, 4.0).confidence_interval()
    yield "exact binomial interval", lambda: stats.binomtest(1800, 4096).proportion_ci()
    yield "KS test", lambda: stats.kstest(x, stats.gamma(4).cdf)
    yield (
        "BCa bootstrap of a median",
        lambda: stats.bootstrap((x[:1024],), np.median, n_resamples=1000),
    )


def times(function, *made):
    """Median milliseconds of a function of what `made` makes anew for every repeat."""
    spent = []
    for _ in range(REPEATS):
        parts = [make() for make in made]
        start = time.perf_counter()
        function(*parts)
        spent.append(time.perf_counter() - start)
    return 1e3 * float(np.median(spent))


def rule_of(kind, claimed):
    design = Design(observe=lambda d: d, claimed=claimed, tol=Tolerance(0.1, "bench"))
    return Rule.of("B-1", kind, design, 0.0001, 0.01, 4096)


def main():
    print(f"{platform.processor() or platform.machine()}, NumPy {np.__version__}")
    print(
        f"{'evidence':26} {'rows × points':>14} {'look, ms':>9} {'last, ms':>9}  limit"
    )
    for name, kind, rows, claimed, limit in cases():
        rule = rule_of(kind, claimed)

        def see(rows=rows, rule=rule):
            return look_at(rows, rule, 3)

        look, last = times(see), times(lambda sight: evidence(sight, 3, sight.p), see)
        shape = f"{rows.n} × {len(rows.at)}"
        print(f"{name:26} {shape:>14} {look:9.2f} {last:9.2f}  {limit} ms")
    for name, function in by_hand():
        print(f"by hand: {name:26} {times(function):9.2f} ms")


if __name__ == "__main__":
    main()
