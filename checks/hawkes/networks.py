"""Networks and sweeps that several claims of the Hawkes system share."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from scipy import linalg
from xarray import DataArray, Dataset

from ...sims import hawkes as sims
from ...sims.sweep import Policy, Sweep
from ...theory import hawkes as theory
from ..harness import BadSamples, Design

Data = Mapping[str, Dataset]

BETA = 1.0
Y, MERGE = 0.25, 2  # width of a bin in units of 1/beta; bins merged for screening
NUM_CHUNKS = 16  # observation times of a path
EDGE, GRANDPARENT = (0, 1), (0, 2)  # [child, parent] in a ring


def evaluated(
    function: Callable[..., Any],
    *arguments: Any,
    part: int | None = None,
    **options: Any,
) -> np.ndarray:
    """A theory function's value in NumPy, or one part of a tuple of them."""
    value = function(*arguments, **options)
    return np.asarray(value if part is None else value[part])


def circulant(
    num_nodes: int, offsets: Sequence[int], edge_weight: float, copies: int = 1
) -> np.ndarray:
    """Weights of the regular ensemble without relabelling, in disjoint copies."""
    one = np.zeros((num_nodes, num_nodes))
    for offset in offsets:
        rows = np.arange(num_nodes)
        one[rows, (rows + offset) % num_nodes] = edge_weight
    return np.kron(np.eye(copies), one)


def decayed(drift: np.ndarray, time: float) -> np.ndarray:
    """Matrix exponential of -drift * time."""
    return linalg.expm(-time * drift)


def moments_sweep(
    weights: np.ndarray,
    mu: float,
    *,
    bin_width: float,
    T: float,
    clip: float = 1.0,
    delay_shape: float = 1.0,
    replicas: int = 1,
) -> Sweep:
    """Raw second moments over bins of a small network with common baseline.

    Array sizes are those of the largest network and window and every output is kept, so
    that all claims share one program.
    """
    nodes = len(weights)
    ratio = float(weights.sum(axis=0).max())
    return Sweep(
        sim=sims.binned_moments,
        static={
            "num_bins": [1000],
            "stages": [sims.plan_stages(nodes * 0.5 * 524.0, 0.5)],
        },
        dynamic={
            "delay_shape": [delay_shape],
            "bin_width": [bin_width],
            "T": [T],
            "clip": [clip],
            "beta": [BETA],
            "burn_in": [12 / (BETA * (1 - ratio))],
        },
        shared={"mu": lambda **_: np.full(nodes, mu), "weights": lambda **_: weights},
        replicas=replicas,
    )


def complete(data: Dataset) -> Dataset:
    """The dataset, if no path overflowed its arrays.

    Raises:
        BadSamples: Naming the number of paths that must not be used.
    """
    lost = int(np.asarray(data.overflow).sum())
    if lost:
        raise BadSamples(f"{lost} paths overflowed their arrays; plan larger stages.")
    return data


def seeds_first(array: DataArray, *inner: str) -> np.ndarray:
    """Values (seed, …inner) of a sweep with a single cell, replicas averaged."""
    if "replica" in array.dims:
        array = array.mean("replica")
    kept = ("seed", *inner)
    single = {d: 0 for d in array.dims if d not in kept}
    return np.asarray(array.isel(single).transpose(*kept), dtype=np.float64)


def table(
    values: np.ndarray,
    dims: tuple[str, ...] = ("seed", "point"),
    **coords: Sequence[Any],
) -> DataArray:
    """Rows as a DataArray with coordinates along `point`."""
    along = {name: ("point", list(entry)) for name, entry in coords.items()}
    return xr.DataArray(values, dims=dims, coords=along)


def centred(
    data: Dataset, name: str, later: np.ndarray, earlier: np.ndarray, sums: str
) -> np.ndarray:
    """Unbiased covariances (seed, child, parent) from raw products and known means.

    Centring every factor by its known mean removes the noise of the means themselves:
    E[(Y-m)(Z-n)] = E[YZ] - m E[Z] - n E[Y] + mn.
    """
    products = seeds_first(data[name], "child", "parent")
    means = seeds_first(data[sums], "node")
    return (
        products
        - later[None, :, None] * means[:, None, :]
        - earlier[None, None, :] * means[:, :, None]
        + np.outer(later, earlier)[None]
    )


def edge_mean(matrix: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean over the edges of `weights` along the last two axes."""
    return np.asarray(np.asarray(matrix)[..., weights > 0].mean(axis=-1))


@functools.cache
def recovery_plan(
    num_nodes: int, offsets: tuple[int, ...], edge_weight: float
) -> dict[str, float]:
    """Predicted T50 and its ingredients for the regular ensemble at rate 1."""
    ratio = len(offsets) * edge_weight
    variance = evaluated(
        theory.circulant_state_variance, offsets, edge_weight, 1.0, num_nodes=num_nodes
    )
    null, edge = evaluated(
        theory.estimate_scales,
        1.0,
        BETA * variance,
        1.0,
        edge_weight,
        BETA,
        evaluated(theory.binned_efficiency, Y),
    )
    predicted = evaluated(
        theory.recovery_time,
        0.5,
        null,
        edge,
        edge_weight,
        0.5,
        float(num_nodes),
        float(len(offsets)),
    )
    return {
        "ratio": ratio,
        "variance": float(variance),
        "null": float(null),
        "edge": float(edge),
        "T50": float(predicted),
    }


def recovery_sweep(
    num_nodes: int,
    offsets: tuple[int, ...],
    edge_weight: float,
    *,
    estimators: tuple[str, ...],
    longest: float,
    replicas: int = 1,
) -> Sweep:
    """Margins of estimators up to `longest` times the predicted T50, rounded up."""
    predicted = recovery_plan(num_nodes, offsets, edge_weight)["T50"]
    return window_sweep(
        num_nodes,
        offsets,
        (edge_weight,),
        longest * predicted,
        estimators=estimators,
        replicas=replicas,
    )


def window_sweep(
    num_nodes: int,
    offsets: tuple[int, ...],
    edge_weights: tuple[float, ...],
    T: float,
    *,
    estimators: tuple[str, ...],
    replicas: int = 1,
) -> Sweep:
    """Margins of estimators up to T, rounded up; one cell per edge weight."""
    block = NUM_CHUNKS * MERGE
    num_bins = block * int(np.ceil(T * BETA / (Y * block)))
    low, high = (len(offsets) * find(edge_weights) for find in (min, max))
    window = num_bins * Y / BETA + 12 / (BETA * (1 - high))
    immigrants = num_nodes * (1 - low) * window
    return Sweep(
        sim=sims.recovery,
        static={
            "num_nodes": [num_nodes],
            "offsets": [offsets],
            "num_bins": [num_bins],
            "num_chunks": [NUM_CHUNKS],
            "merge": [MERGE],
            "num_candidates": [min(12, num_nodes - 1)],
            "estimators": [estimators],
            "stages": [sims.plan_stages(immigrants, high)],
        },
        dynamic={
            "edge_weight": list(edge_weights),
            "rate": [1.0],
            "beta": [BETA],
            "y": [Y],
            "clip": [1.0],
        },
        replicas=replicas,
        policy=Policy(tile=8 if num_nodes <= 128 else 2 if num_nodes <= 512 else 1),
    )


def observation_times(sweep: Sweep) -> np.ndarray:
    """The observation times of a recovery sweep."""
    cell: Mapping[str, Any] = sweep.cells()[0]
    total = cell["num_bins"] * cell["y"] / cell["beta"]
    return total * np.arange(1, cell["num_chunks"] + 1) / cell["num_chunks"]


def successes(
    sweep: Sweep,
    data: Dataset,
    estimator: str,
    threshold_frac: float | None,
    place: int = 0,
) -> np.ndarray:
    """Share of exact recoveries (seed, chunk) of one estimator.

    Args:
        sweep: The recovery sweep.
        data: Its dataset.
        estimator: Name of the estimator.
        threshold_frac: Threshold over the edge weight; None: the oracle threshold, any
            that separates edges from the rest.
        place: Of the edge weight, if the sweep has several.
    """
    complete(data)
    cell, data = sweep.cells()[place], data.isel(edge_weight=[place])
    position = cell["estimators"].index(estimator)
    edge = data.margin_edge.isel(estimator=position)
    null = data.margin_null.isel(estimator=position)
    if threshold_frac is None:
        exact = edge > null
    else:
        limit = threshold_frac * cell["edge_weight"]
        exact = (edge > limit) & (null < limit)
    return seeds_first(exact.astype(np.float64), "chunk")


def crossing_time(shares: np.ndarray, times: np.ndarray, level: float = 0.5) -> float:
    """Time at which the share of successes crosses a level, from rows (seed, chunk).

    The running maximum of the mean curve, interpolated in log time: no model. A curve
    that stays below the level gives the longest time, which is then a lower bound.
    """
    curve = np.maximum.accumulate(shares.mean(axis=0))
    if curve[-1] <= level or curve[0] > level:
        return float(times[-1] if curve[-1] <= level else times[0])
    above = int(np.argmax(curve > level))
    share = (level - curve[above - 1]) / (curve[above] - curve[above - 1])
    ends = np.log(times[above - 1 : above + 1])
    return float(np.exp(ends[0] + share * (ends[1] - ends[0])))


def claimed(design: Design, value: Any) -> Design:
    """The design with another claimed number, or one per point."""
    return replace(design, claimed=value)


def swept(design: Design, **sweeps: Sweep) -> Design:
    """The design with other sweeps."""
    return replace(design, sweeps={**design.sweeps, **sweeps})
