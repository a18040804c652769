"""Claims that compare methods on the same events: HK-8, HK-13, HK-15 and HK-F."""

import functools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import stats
from xarray import DataArray

from ...sims import hawkes as sims
from ...sims.sweep import Sweep
from ...theory import hawkes as theory
from ..harness import Claim, Design, Kind, Mutant, Provenance, Tolerance, kinds
from .covariances import RING
from .growth import ladder, median_times, times_of
from .networks import (
    BETA,
    Data,
    complete,
    crossing_time,
    evaluated,
    seeds_first,
    successes,
    table,
)

Method = tuple[str, float | None]  # estimator, threshold over w (None: oracle)


def difference(size: int, factor: float = 1.0) -> Callable[[np.ndarray], np.ndarray]:
    """T50 of one method minus `factor` times that of another, from whole rows.

    Rows hold the successes of both, one after the other, along the times of the sweep.
    """

    def of(values: np.ndarray) -> np.ndarray:
        (times,) = times_of((size,), "A")
        first, second = np.split(values.reshape(len(values), -1), 2, axis=1)
        gap = crossing_time(first, times) - factor * crossing_time(second, times)
        return np.array([gap])

    return of


def _side_by_side(size: int, *methods: Method) -> Callable[[Data], DataArray]:
    """Rows of success of several methods, one after the other."""
    sweep = ladder((size,), "A")[f"d{size}"]

    def observe(data: Data) -> DataArray:
        found = data[f"d{size}"]
        shares = [successes(sweep, found, name, frac) for name, frac in methods]
        return table(np.concatenate(shares, axis=1))

    return observe


def ordered(faster: Method, slower: Method, size: int) -> Callable[[], Design]:
    """Design: one method needs no longer than another."""

    def design() -> Design:
        return Design(
            sweeps=ladder((size,), "A"),
            observe=_side_by_side(size, faster, slower),
            claimed=0.0,
            tol=Tolerance(0.0, "an ordering"),
        )

    return design


def _ordering_claim(
    name: str,
    title: str,
    statement: str,
    *,
    faster: Method,
    slower: Method,
    size: int,
    presets: tuple[str, ...],
    kind: Kind,
) -> Claim:
    return Claim(
        id=name,
        title=title,
        statement=statement,
        provenance=Provenance(
            "derived", "covariances of order w^2; Gram near singular"
        ),
        kind=kind,
        design=ordered(faster, slower, size),
        sizes={preset: {"seeds": 128} for preset in presets},
        mutants=(
            Mutant(
                "labels swapped",
                lambda d: replace(d, observe=_side_by_side(size, slower, faster)),
                shift=100.0,
            ),
        ),
    )


HK_13B = _ordering_claim(
    "HK-13b",
    "Full least squares needs longer",
    r"$T_{50}$ of the two-stage estimator is below that of least squares on all nodes "
    r"at $d = 64$",
    faster=("filtered", 0.5),
    slower=("full", 0.5),
    size=64,
    presets=("quick", "paper"),
    kind=kinds.ordering(of=difference(64), evidence="table"),
)

HK_13A = _ordering_claim(
    "HK-13a",
    "Screening alone needs longer",
    r"$T_{50}$ of the two-stage estimator is below that of thresholded screening "
    r"scores, both at their oracle thresholds, at $d = 64$",
    faster=("filtered", None),
    slower=("screen_filtered", None),
    size=64,
    presets=("quick", "paper"),
    kind=kinds.ordering(of=difference(64), evidence="table"),
)

HK_13D = _ordering_claim(
    "HK-13d",
    "Filtered screening is as good as lag one",
    r"$T_{50}$ with filtered screening is at most 1.03 times that with lag-one "
    r"screening, at $d = 512$",
    faster=("filtered", 0.5),
    slower=("lag1", 0.5),
    size=512,
    presets=("paper",),
    kind=kinds.ordering(of=difference(512, 1.03), evidence="table"),
)


@functools.cache
def screening_gap(bin_width: float) -> float:
    """Smallest edge minus largest other clipped covariance in a ring."""

    def lagged(child: int, parent: int) -> float:
        moments = evaluated(
            theory.clipped_moments,
            np.full(12, 0.5),
            RING,
            BETA,
            bin_width,
            child=child,
            parent=parent,
        )
        return float(moments[2])

    return lagged(0, 1) - max(lagged(0, 2), lagged(1, 0))


@functools.cache
def sufficient_time(num_nodes: int, bin_width: float = 0.25) -> float:
    """T_suff of configuration A at error .5."""
    return float(
        evaluated(
            theory.screening_time_upper_bound,
            np.full(12, 0.5),
            RING,
            BETA,
            bin_width,
            screening_gap(bin_width),
            0.5,
            float(num_nodes),
            pair=(0, 1),
        )
    )


BOUNDED = (8, 16, 32, 64)


def enough() -> Design:
    """HK-15: T50 against the sufficient time, at every size."""

    def observe(data: Data) -> DataArray:
        rows = [_side_by_side(d, ("filtered", 0.5))(data) for d in BOUNDED]
        return table(np.concatenate([part.values for part in rows], axis=1))

    return Design(
        sweeps=ladder(BOUNDED, "A"),
        observe=observe,
        claimed=np.array([sufficient_time(d) for d in BOUNDED]),
        tol=Tolerance(0.0, "a bound"),
    )


HK_15 = Claim(
    id="HK-15",
    title="A sufficient time with explicit constants",
    statement=r"$P(\text{error}) \le 2d^2 e^{-T I_{pair}} + 2d\,e^{-T I_{one}}$: "
    r"$T_{50} \le T_{suff} = O(\log d)$ (loose by a factor of hundreds)",
    provenance=Provenance("derived", "HK-6 and HK-7; union bound"),
    kind=kinds.upper_bound(
        of=functools.partial(median_times, sizes=BOUNDED), evidence="table"
    ),
    design=enough,
    sizes={"quick": {"seeds": 128}, "paper": {"seeds": 256}},
    mutants=(
        Mutant(
            "bound/5000", lambda d: replace(d, claimed=np.asarray(d.claimed) / 5000)
        ),
    ),
)

LEVEL = 0.05
PARTS = ("z", "truth")


def fit_sweep() -> Sweep:
    """`fit` on a relabelled ring of 32 nodes, w=.5, T=500, beta known."""
    immigrants = 32 * 0.5 * (500 + 24)
    return Sweep(
        sim=sims.fit_outcome,
        static={
            "num_nodes": [32],
            "num_candidates": [12],
            "stages": [sims.plan_stages(immigrants, 0.5)],
        },
        dynamic={"edge_weight": [0.5], "rate": [1.0], "beta": [BETA], "T": [500.0]},
    )


def _false_edges(pairs: int) -> Callable[[Data], DataArray]:
    """Whether any weight off the edges exceeds the threshold for so many pairs."""
    limit = stats.norm.isf(LEVEL / pairs)

    def observe(data: Data) -> DataArray:
        found = complete(data["fits"])
        z, truth = (seeds_first(found[part], "child", "parent") for part in PARTS)
        off = (truth == 0) & ~np.eye(z.shape[1], dtype=bool)
        wrong = np.any(off & (z > limit), axis=(1, 2))
        return table(wrong[:, None].astype(float))

    return observe


def trusted() -> Design:
    """HK-F: the chance of any false edge."""
    return Design(
        sweeps={"fits": fit_sweep()},
        observe=_false_edges(32 * 31),
        claimed=0.08,
        tol=Tolerance(0.0, "a bound; Gaussian tail error over the level .05"),
    )


HK_F = Claim(
    id="HK-F",
    title="False edges of a fit",
    statement=r"`fit` at level .05 reports any false edge with probability at most .08 "
    r"($d = 32$, $T = 500$)",
    provenance=Provenance("derived", "Gaussian estimates, Bonferroni over pairs"),
    kind=kinds.upper_bound(evidence="frequency"),
    design=trusted,
    sizes={"quick": {"seeds": 1024}, "paper": {"seeds": 4096}},
    mutants=(
        Mutant(
            "no correction for d(d-1) pairs",
            lambda d: replace(d, observe=_false_edges(1)),
            shift=0.9,
        ),
    ),
)


CLAIMS = (HK_13A, HK_13B, HK_13D, HK_15, HK_F)
