"""The layer-one learner with its whole second-moment matrix (dense)."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, Key

from ..sweep import simulator
from . import data, readouts
from .data import HIGHEST
from .domain import check_spectrum
from .selection import edge_places, selected_places

FAULTS = ("none", "shift_labels", "permuted_norms", "no_half")
OUTPUTS = {
    "overlap": ("count", "feature"),
    "mass": ("count", "feature"),
    "eigenvalue": ("count", "feature"),
    "edge": ("count", "side"),
    "nmse_population": ("count",),
    "nmse_raw": ("count",),
    "nmse_shrink": ("count",),
    "mean_label": ("count",),
    "mean_square_label": ("count",),
}
FULL = {"spectrum": ("count", "D"), "squared_overlaps": ("count", "feature", "D")}


class _Sums(NamedTuple):
    """Sums over the samples of each segment of the curve."""

    moment: Float[Array, "count D D"]
    label: Float[Array, " count"]
    square: Float[Array, " count"]


@simulator(OUTPUTS, check=check_spectrum)
def simulate_spectrum(
    key: Key[Array, ""],
    weights: Float[Array, " features"],
    scale: Float[Array, ""],
    noise: Float[Array, ""],
    *,
    mode: str,
    size: int,
    sample_counts: tuple[int, ...],
    preprocessing: str = "tanh",
    link: str = "id",
    normalise: bool = False,
    chunk: int = 2048,
    full: bool = False,
    fault: str = "none",
) -> dict[str, Array]:
    r"""Overlaps, eigenvalues and readout errors along a curve of sample sizes.

    Diagonalises $\hat C = (M - \overline T I)/2$, $M = \frac1n\sum_iT(y_i)z_iz_i^\top$,
    at every entry of `sample_counts`.

    Args:
        key: Key of the seed.
        weights: $b_k$.
        scale: Scale $c$ of the label preprocessing.
        noise: Label noise $\tau$.
        mode: `gauss`, `gaussian` or `sphere`.
        size: $D$ in mode gauss, $d$ otherwise.
        sample_counts: Increasing; all but the last are multiples of `chunk`.
        preprocessing: `tanh`, `clip` or `id`.
        link: `id`, `tanh` or `poly`.
        normalise: The learner rescales $x_i$ to length √d (mode gaussian).
        chunk: Samples drawn at a time.
        full: Add `spectrum`, `squared_overlaps` (sweeps: `simulate_full_spectrum`).
        fault: A negative control: `shift_labels`, `permuted_norms` or `no_half`.

    Returns:
        Per feature `overlap`, `mass`, `eigenvalue`; `edge`; errors; label moments.
    """
    vectors = data.hidden_vectors(key, weights, mode=mode, size=size)
    chunk = min(chunk, sample_counts[-1])
    draw = functools.partial(data.draw_chunk, mode=mode, size=size, chunk=chunk)

    def see(index: Array) -> tuple[Array, Array]:
        drawn = draw(key, index, weights, noise, vectors)
        labels = data.preprocess(
            drawn.score, scale, preprocessing=preprocessing, link=link
        )
        labels = jnp.roll(labels, -1) if fault == "shift_labels" else labels
        return _seen(drawn.inputs, mode, normalise, fault), labels

    segments = _segments(see, sample_counts, chunk, vectors.shape[1], weights.dtype)
    n = jnp.asarray(np.array(sample_counts), weights.dtype)
    centred, mean, square = _centred(segments, n)
    made = _observed(weights, vectors, centred, square, n, mode, size)
    if fault == "no_half":
        made |= {name: 2 * made[name] for name in ("eigenvalue", "edge")}
    if not full:
        made = {name: made[name] for name in made if name not in FULL}
    return made | {"mean_label": mean, "mean_square_label": square}


@simulator(OUTPUTS | FULL, check=check_spectrum)
def simulate_full_spectrum(
    key: Key[Array, ""],
    weights: Float[Array, " features"],
    scale: Float[Array, ""],
    noise: Float[Array, ""],
    *,
    mode: str,
    size: int,
    sample_counts: tuple[int, ...],
    preprocessing: str = "tanh",
    link: str = "id",
    chunk: int = 2048,
) -> dict[str, Array]:
    """`simulate_spectrum` with the whole spectrum and all squared overlaps.

    Args:
        key: Key of the seed.
        weights: $b_k$.
        scale: Scale of the label preprocessing.
        noise: Label noise.
        mode: Input mode.
        size: $D$ in mode gauss, $d$ otherwise.
        sample_counts: As for `simulate_spectrum`.
        preprocessing: `tanh`, `clip` or `id`.
        link: `id`, `tanh` or `poly`.
        chunk: Samples drawn at a time.

    Returns:
        The same, with `spectrum` and `squared_overlaps`.
    """
    return simulate_spectrum(
        key,
        weights,
        scale,
        noise,
        mode=mode,
        size=size,
        sample_counts=sample_counts,
        preprocessing=preprocessing,
        link=link,
        chunk=chunk,
        full=True,
    )


def _observed(
    weights: Float[Array, " features"],
    vectors: Float[Array, "features D"],
    centred: Float[Array, "count D D"],
    square: Float[Array, " count"],
    n: Float[Array, " count"],
    mode: str,
    size: int,
) -> dict[str, Any]:
    """What is observed along the curve: one batched diagonalisation."""
    values, bases = jnp.linalg.eigh(centred)
    ratio = n / data.feature_dim(size, mode)
    judge = jax.vmap(_judge, in_axes=(None, None, 0, 0, 0, 0, None, None))
    return judge(weights, vectors, values, bases, square, ratio, mode, size)


def _segments(
    see: Callable[[Array], tuple[Array, Array]],
    sample_counts: tuple[int, ...],
    chunk: int,
    D: int,
    dtype: np.dtype,
) -> _Sums:
    """Sums over each segment of the curve, chunk by chunk."""

    def add_chunk(sums: _Sums, item: tuple[Array, Array, Array]) -> tuple[_Sums, None]:
        index, segment, valid = item
        seen, labels = see(index)
        labels = jnp.where(jnp.arange(chunk) < valid, labels, 0)
        moment = jnp.matmul((seen * labels[:, None]).T, seen, precision=HIGHEST)
        added = (moment, jnp.sum(labels), jnp.sum(labels**2))
        pairs = zip(sums, added, strict=True)
        return _Sums(*(total.at[segment].add(part) for total, part in pairs)), None

    count = len(sample_counts)
    shapes = ((count, D, D), (count,), (count,))
    start = _Sums(*(jnp.zeros(shape, dtype) for shape in shapes))
    return lax.scan(add_chunk, start, _chunks(sample_counts, chunk))[0]


def _centred(
    segments: _Sums, n: Float[Array, " count"]
) -> tuple[Float[Array, "count D D"], Float[Array, " count"], Float[Array, " count"]]:
    """Ĉ along the curve, and the two moments of the labels."""
    moment, mean, square = (
        jnp.cumsum(s, axis=0) / n.reshape(-1, *[1] * (s.ndim - 1)) for s in segments
    )
    identity = jnp.eye(moment.shape[-1], dtype=moment.dtype)[None]
    return (moment - mean[:, None, None] * identity) / 2, mean, square


def _chunks(
    sample_counts: tuple[int, ...], chunk: int
) -> tuple[Int[Array, " chunks"], Int[Array, " chunks"], Int[Array, " chunks"]]:
    """Number of each chunk, the segment of the curve it adds to, its valid rows."""
    starts = np.arange(0, sample_counts[-1], chunk)
    segments = np.searchsorted(np.array(sample_counts), starts, side="right")
    valid = np.minimum(sample_counts[-1] - starts, chunk)
    table = jnp.asarray(np.array([np.arange(len(starts)), segments, valid]), jnp.int32)
    return table[0], table[1], table[2]


def _seen(
    inputs: Float[Array, "chunk size"], mode: str, normalise: bool, fault: str
) -> Float[Array, "chunk D"]:
    """Features as the learner computes them."""
    if normalise:
        norms = jnp.linalg.norm(inputs, axis=1, keepdims=True)
        norms = jnp.roll(norms, 1, axis=0) if fault == "permuted_norms" else norms
        inputs = inputs * (np.sqrt(inputs.shape[1]) / norms)
    return data.features_of(inputs, mode=mode)


def _judge(
    weights: Float[Array, " features"],
    vectors: Float[Array, "features D"],
    values: Float[Array, " D"],
    basis: Float[Array, "D D"],
    square: Float[Array, ""],
    ratio: Float[Array, ""],
    mode: str,
    size: int,
) -> dict[str, Any]:
    """What is observed at one point of the curve."""
    places = selected_places(weights, values.shape[0])
    squared = jnp.matmul(vectors, basis, precision=HIGHEST) ** 2
    chosen, top = squared[:, places], values[places]
    learned = basis.T[places]
    small = readouts.shrink(top, square, ratio)
    return {
        "overlap": jnp.diagonal(chosen),
        "mass": jnp.sum(chosen, axis=1),
        "eigenvalue": top,
        "edge": values[edge_places(weights, values.shape[0])],
        "nmse_population": readouts.population_nmse(
            weights, vectors, learned, mode=mode, size=size
        ),
        "nmse_raw": readouts.fixed_nmse(weights, top, chosen),
        "nmse_shrink": readouts.fixed_nmse(weights, small, chosen),
        "spectrum": values,
        "squared_overlaps": squared,
    }
