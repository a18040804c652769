"""The layer-one learner without its matrix: block Krylov on symmetric matrices."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Key

from ..sweep import simulator
from . import data
from .data import HIGHEST
from .domain import check_operator
from .selection import edge_places, selected_places

START = 2  # stream of the first block


class _Sums(NamedTuple):
    """Sums over the samples in one application of the operator."""

    image: Float[Array, "dim wide"]
    label: Float[Array, ""]
    square: Float[Array, ""]


@simulator(
    {
        "overlap": ("feature",),
        "eigenvalue": ("feature",),
        "edge": ("side",),
        "mean_label": (),
        "mean_square_label": (),
    },
    check=check_operator,
    quantum=1,
    tile=1,
)
def simulate_operator(
    key: Key[Array, ""],
    weights: Float[Array, " features"],
    scale: Float[Array, ""],
    noise: Float[Array, ""],
    *,
    mode: str,
    dim: int,
    num_samples: int,
    block: int = 4,
    applications: int = 20,
    preprocessing: str = "tanh",
    link: str = "id",
    chunk: int = 1024,
    fault: str = "none",
) -> dict[str, Array]:
    r"""Overlaps and eigenvalues of $\hat C$ at dimensions where it does not fit.

    For symmetric $U$,
    $\hat C[U] = \frac{g}{4n}\sum_iT_i(x_i^\top Ux_i - \mathrm{tr} U)(x_ix_i^\top - I) -
    \frac12\overline T\,U$ with $g = 1$, or $(d+2)/d$ on the sphere; samples are drawn
    again from their keys each time. All blocks of the Krylov space are kept: the
    error in $q_k$ is about $4(D/K)(n_k/n)^m$.

    Args:
        key: Key of the seed; features and samples are those of `simulate_spectrum`.
        weights: $b_k$.
        scale: Scale $c$ of the label preprocessing.
        noise: Label noise.
        mode: `gaussian` or `sphere`.
        dim: $d$.
        num_samples: $n$.
        block: Matrices per block, $K$.
        applications: Number $m$ of applications of the operator.
        preprocessing: `tanh`, `clip` or `id`.
        link: `id`, `tanh` or `poly`.
        chunk: Samples drawn at a time.
        fault: `no_half` returns the eigenvalues of $2\hat C$: a negative control.

    Returns:
        Per feature `overlap`, `eigenvalue`; `edge` (Ritz values); label moments.
    """
    vectors = data.hidden_vectors(key, weights, mode=mode, size=dim)
    chunk = min(chunk, num_samples)
    draw = functools.partial(data.draw_chunk, mode=mode, size=dim, chunk=chunk)

    def see(index: Array) -> tuple[Array, Array]:
        x, _, score = draw(key, index, weights, noise, vectors)
        labels = data.preprocess(score, scale, preprocessing=preprocessing, link=link)
        is_valid = index * chunk + jnp.arange(chunk) < num_samples
        return x, jnp.where(is_valid, labels, 0)

    gain = 1 + 2 / dim if mode == "sphere" else 1.0
    apply = functools.partial(_apply, see, num_samples, chunk, dim, gain)
    first = _first_block(key, block, dim, mode, weights.dtype)
    basis, images, sums = _krylov(apply, first, applications)
    factor = 2.0 if fault == "no_half" else 1.0
    made = _observed(basis, images, weights, vectors, factor)
    labels = {"mean_label": sums.label[-1], "mean_square_label": sums.square[-1]}
    return made | labels


def _observed(
    basis: Float[Array, "vectors D"],
    images: Float[Array, "vectors D"],
    weights: Float[Array, " features"],
    targets: Float[Array, "features D"],
    factor: float,
) -> dict[str, Array]:
    """Rayleigh–Ritz, and what is observed of it."""
    values, places, ritz = _ritz(basis, images, weights)
    learned = jnp.matmul(ritz.T, basis, precision=HIGHEST)[places]
    return {
        "overlap": jnp.sum(learned * targets, axis=1) ** 2,
        "eigenvalue": factor * values[places],
        "edge": factor * values[edge_places(weights, values.shape[0])],
    }


def _apply(
    see: Callable[[Array], tuple[Array, Array]],
    num_samples: int,
    chunk: int,
    dim: int,
    gain: float,
    flat: Float[Array, "block D"],
) -> tuple[Float[Array, "block D"], _Sums]:
    """Ĉ of a block of flat symmetric matrices, in two products per chunk."""
    U = data.unflatten_symmetric(flat, dim=dim)
    wide = U.transpose(1, 0, 2).reshape(dim, -1)
    traces = jnp.trace(U, axis1=1, axis2=2)
    identity = jnp.eye(dim, dtype=flat.dtype)

    def add_chunk(sums: _Sums, index: Array) -> tuple[_Sums, None]:
        x, labels = see(index)
        images = jnp.matmul(x, wide, precision=HIGHEST).reshape(chunk, -1, dim)
        forms = jnp.sum(images * x[:, None], axis=-1) - traces[None]
        pull = (labels[:, None] * forms)[:, :, None] * x[:, None]
        image = jnp.matmul(x.T, pull.reshape(chunk, -1), precision=HIGHEST)
        push = jnp.sum(labels[:, None] * forms, axis=0)
        centre = (identity[:, None] * push[None, :, None]).reshape(dim, -1)
        added = (image - centre, jnp.sum(labels), jnp.sum(labels**2))
        return _Sums(*(s + a for s, a in zip(sums, added, strict=True))), None

    zero = jnp.zeros((), flat.dtype)
    start = _Sums(jnp.zeros_like(wide), zero, zero)
    chunks = jnp.arange(-(-num_samples // chunk))
    sums = _Sums(*(s / num_samples for s in lax.scan(add_chunk, start, chunks)[0]))
    image = sums.image.reshape(dim, -1, dim).transpose(1, 0, 2)
    moved = data.flatten_symmetric(image) * (gain / 4) - sums.label / 2 * flat
    return moved, sums


def _first_block(
    key: Key[Array, ""], block: int, dim: int, mode: str, dtype: np.dtype
) -> Float[Array, "block D"]:
    """Random orthonormal symmetric matrices, flat."""
    start = data.draw_features(
        jax.random.fold_in(key, START),
        dim=dim,
        num_features=block,
        traceless=mode == "sphere",
        dtype=dtype.name,
    )
    return data.flatten_symmetric(start)


def _krylov(
    apply: Callable[[Array], tuple[Array, _Sums]],
    first: Float[Array, "block D"],
    applications: int,
) -> tuple[Float[Array, "vectors D"], Float[Array, "vectors D"], _Sums]:
    """Orthonormal basis of the block Krylov space, and its images."""
    block, D = first.shape

    def extend(
        state: tuple[Array, Array], step: Array
    ) -> tuple[tuple[Array, Array], tuple[Array, _Sums]]:
        basis, newest = state
        basis = lax.dynamic_update_slice(basis, newest, (step * block, 0))
        image, sums = apply(newest)
        rest = image
        for _ in range(2):  # twice is enough (Kahan)
            inner = jnp.matmul(basis, rest.T, precision=HIGHEST)
            rest = rest - jnp.matmul(inner.T, basis, precision=HIGHEST)
        return (basis, jnp.linalg.qr(rest.T)[0].T), (image, sums)

    start = (jnp.zeros((block * applications, D), first.dtype), first)
    (basis, _), (images, sums) = lax.scan(extend, start, jnp.arange(applications))
    return basis, images.reshape(basis.shape), sums


def _ritz(
    basis: Float[Array, "vectors D"],
    images: Float[Array, "vectors D"],
    weights: Float[Array, " features"],
) -> tuple[Float[Array, " vectors"], Array, Float[Array, "vectors vectors"]]:
    """Ritz values, the places that belong to the features, Ritz coefficients."""
    projected = jnp.matmul(basis, images.T, precision=HIGHEST)
    values, coefs = jnp.linalg.eigh((projected + projected.T) / 2)
    return values, selected_places(weights, values.shape[0]), coefs
