"""Claims on the bipartite class: the lower bound and what decoders reach.

HK-11 and HK-12: n Poisson sources of rate 1, n targets of baseline .5 with one parent
of weight .5 each, beta 1.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from xarray import DataArray

from ...sims import hawkes as sims
from ...sims.sweep import Sweep
from ...theory import hawkes as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds
from .networks import (
    BETA,
    Data,
    complete,
    crossing_time,
    evaluated,
    seeds_first,
    swept,
    table,
)

BASELINE, WEIGHT, SOURCE = 0.5, 0.5, 1.0
CHERNOFF = 0.02834  # ± .00002; `sims.chernoff_rate` with 60,000 paths (specification)
STEPS = 12  # observation times of a path; HK-11 and HK-12 use the last one
DECODERS = ("maximum_likelihood", "filtered", "nearest")


def kl_rate() -> float:
    """Divergence rate of one exchanged parent."""
    return float(evaluated(theory.swap_kl_rate, BASELINE, WEIGHT, SOURCE, BETA))


def fano_time(n: int, factor: float = 1.0) -> float:
    """Lower bound at error .5, for the divergence rate times a factor."""
    rate = factor * kl_rate()
    return float(evaluated(theory.fano_time_lower_bound, rate, 0.5, n, n))


def union_time(n: int, factor: float = 1.0) -> float:
    """Upper bound at error .5, for the Chernoff rate times a factor."""
    rate = factor * CHERNOFF
    return float(evaluated(theory.union_time_upper_bound, rate, 0.5, n, n))


def decoding_sweep(n: int, T: float) -> Sweep:
    """Decoders at equal steps up to T; arrays for the longest time of its size."""
    capacity = sims.decoding_capacity(union_time(n), SOURCE, BASELINE, WEIGHT, BETA)
    return Sweep(
        sim=sims.bipartite_decoding,
        static={"num_nodes": [n], "capacity": [capacity], "num_times": [STEPS]},
        dynamic={
            "baseline": [BASELINE],
            "edge_weight": [WEIGHT],
            "source_rate": [SOURCE],
            "beta": [BETA],
            "T": [T],
        },
    )


def _errors(
    sizes: tuple[int, ...], decoders: tuple[str, ...]
) -> Callable[[Data], DataArray]:
    """Whether a decoder misses any parent, one point per size and decoder."""

    def observe(data: Data) -> DataArray:
        pairs = [(n, name) for n in sizes for name in decoders]
        wrong = [
            1 - seeds_first(complete(data[f"n{n}"])[name], "time")[:, -1]
            for n, name in pairs
        ]
        return table(
            np.stack(wrong, axis=1),
            num_nodes=[n for n, _ in pairs],
            decoder=[name for _, name in pairs],
        )

    return observe


def too_early(*, sizes: tuple[int, ...]) -> Design:
    """HK-11: at Fano's time every decoder errs at least half of the time."""
    return Design(
        sweeps={f"n{n}": decoding_sweep(n, fano_time(n)) for n in sizes},
        observe=_errors(sizes, DECODERS),
        claimed=0.5,
        tol=Tolerance(0.0, "a bound"),
    )


def _twelve_times_later(design: Design) -> Design:
    sizes = [int(name.removeprefix("n")) for name in design.sweeps]
    later = {f"n{n}": decoding_sweep(n, fano_time(n, 1 / 12)) for n in sizes}
    return swept(design, **later)


HK_11 = Claim(
    id="HK-11",
    title="Fano's lower bound",
    statement=r"For $T < [(1-\epsilon)\log M - \log 2]/\mathrm{kl}$, "
    r"$M = n_t(n_s - 1)$, every decoder errs with probability above $\epsilon = 1/2$",
    provenance=Provenance("paper", "the method: arXiv 2605.08400; class and constants "
                          "derived"),
    kind=kinds.lower_bound(evidence="frequency"),
    design=too_early,
    sizes={
        "quick": {"seeds": 128, "sizes": (16,)},
        "paper": {"seeds": 1024, "sizes": (8, 16, 32)},
    },
    mutants=(Mutant("divergence/12", _twelve_times_later, shift=-0.4),),
)  # fmt: skip


def late_enough(*, sizes: tuple[int, ...]) -> Design:
    """HK-12: at the union bound's time maximum likelihood errs at most half of it."""
    return Design(
        sweeps={f"n{n}": decoding_sweep(n, union_time(n)) for n in sizes},
        observe=_errors(sizes, DECODERS[:1]),
        claimed=0.5,
        tol=Tolerance(0.0, "a bound"),
    )


def _four_times_earlier(design: Design) -> Design:
    sizes = [int(name.removeprefix("n")) for name in design.sweeps]
    earlier = {f"n{n}": decoding_sweep(n, union_time(n, 4.0)) for n in sizes}
    return swept(design, **earlier)


HK_12 = Claim(
    id="HK-12",
    title="Union bound on maximum likelihood",
    statement=r"$P(\text{fail}) \le n_t(n_s-1)\,\mathbb{E}\exp(-\frac12\int"
    r"(\sqrt{\lambda_1}-\sqrt{\lambda_0})^2 dt)$: maximum likelihood errs at most half "
    r"the time at $T = \log(2 n_t(n_s-1))/C$",
    provenance=Provenance("derived", "Chernoff; C by Monte Carlo, .02834 ± .00002"),
    kind=kinds.upper_bound(evidence="frequency"),
    design=late_enough,
    sizes={
        "quick": {"seeds": 256, "sizes": (16,)},
        "paper": {"seeds": 1024, "sizes": (8, 16, 32)},
    },
    mutants=(Mutant("4 C", _four_times_earlier, shift=0.5),),
)

SLOPE_SIZES = (32, 64)
FIRST = 4  # HK-12s uses the times from FIRST/STEPS of the longest on


def longest_time(n: int) -> float:
    """End of the grid of times of HK-12s, around a rough T50 between the bounds."""
    return 1.5 * 0.65 * union_time(n)


def slope(*, sizes: tuple[int, ...]) -> Design:
    """HK-12s: growth of maximum likelihood's T50 per log n, over 2/C."""

    def observe(data: Data) -> DataArray:
        found = [
            seeds_first(complete(data[f"n{n}"]).maximum_likelihood, "time")
            for n in sizes
        ]
        return table(np.concatenate([rows[:, FIRST - 1 :] for rows in found], axis=1))

    return Design(
        sweeps={f"n{n}": decoding_sweep(n, longest_time(n)) for n in sizes},
        observe=observe,
        claimed=1.0,
        tol=Tolerance(0.2, "conjectured asymptotic slope at n of some tens"),
    )


def _slope_ratio(values: np.ndarray) -> np.ndarray:
    first, last = np.split(values.reshape(len(values), -1), 2, axis=1)
    ratios = np.arange(FIRST, STEPS + 1) / STEPS
    times = [
        crossing_time(shares, ratios * longest_time(n))
        for shares, n in zip((first, last), SLOPE_SIZES, strict=True)
    ]
    per_log = (times[1] - times[0]) / np.log(SLOPE_SIZES[1] / SLOPE_SIZES[0])
    return np.array([per_log * CHERNOFF / 2])


HK_12S = Claim(
    id="HK-12s",
    title="Sharp constant of the bipartite class",
    statement=r"$T_{50} \sim (2/C)\log n$ for maximum likelihood",
    provenance=Provenance("derived", "conjecture: the union bound's slope is sharp"),
    kind=kinds.value(of=_slope_ratio, evidence="table"),
    design=slope,
    sizes={"paper": {"seeds": 2048, "sizes": SLOPE_SIZES}},
    mutants=(Mutant("1/C", lambda d: replace(d, claimed=0.5)),),
)

CLAIMS = (HK_11, HK_12, HK_12S)
