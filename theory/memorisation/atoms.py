"""Population spectra as atoms: `(variances, counts)`.

Power laws with one atom per index, power laws in up to 1e14 dimensions with a few
thousand atoms, their continuum, and white data with a few spikes.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..maths.domain import known, require
from ..maths.precision import float64
from ..maths.spectra import Scalar, require_positive


class Spectrum(NamedTuple):
    """Eigenvalues of a covariance and how often each occurs."""

    variances: Float[Array, " atoms"]
    counts: Float[Array, " atoms"]


@float64
def power_law_spectrum(dim: int, exponent: Scalar) -> Spectrum:
    r"""Power law $\sigma_i \propto i^{-a}$ in $d$ dimensions with trace $d$.

    Args:
        dim: $d \ge 1$.
        exponent: $a > 0$.

    Returns:
        Descending variances and counts 1.

    Raises:
        DomainError: If `dim < 1` or `exponent <= 0`.

    Claim:
        MEM-15.
    """
    require(dim, dim >= 1, "`dim` must be at least 1.")
    exponent = require_positive(exponent, "exponent")
    variances = jnp.arange(1.0, dim + 1) ** -exponent
    return Spectrum(variances * (dim / jnp.sum(variances)), jnp.ones(dim))


@float64
def power_law_atoms(
    exponent: Scalar, dim: Scalar, *, num_exact: int = 2000, num_cells: int = 3000
) -> Spectrum:
    r"""Power law $\sigma_i = i^{-a}$ in very many dimensions, by few atoms.

    One atom per index up to $i_0$; beyond, cells $[e_j, e_{j+1}]$ with logarithmically
    spaced ends from $i_0 + 1/2$ to $d + 1/2$, of multiplicity $e_{j+1} - e_j$ and the
    mean of $x^{-a}$: count and trace are kept.

    Args:
        exponent: $a > 0$.
        dim: $d >$ `num_exact`; up to 1e14 and beyond.
        num_exact: $i_0 \ge 1$.
        num_cells: Number of cells, at least 1.

    Returns:
        Descending variances, not normalised, and their counts.

    Raises:
        DomainError: If an argument is outside its domain.

    Claim:
        MEM-15.
    """
    exponent = require_positive(exponent, "exponent")
    require(num_exact, num_exact >= 1, "`num_exact` must be at least 1.")
    require(num_cells, num_cells >= 1, "`num_cells` must be at least 1.")
    holds = known(dim) > num_exact
    dim = require(dim, holds, "`dim` must be larger than `num_exact`.")
    return _atoms(exponent, dim, num_exact, num_cells)


@functools.partial(jax.jit, static_argnums=(2, 3))
def _atoms(exponent, dim, num_exact, num_cells):
    head = jnp.arange(1.0, num_exact + 1)
    tail = _cells(exponent, num_exact + 0.5, dim + 0.5, num_cells)
    return Spectrum(
        jnp.concatenate([head**-exponent, tail.variances]),
        jnp.concatenate([jnp.ones(num_exact), tail.counts]),
    )


@float64
def power_law_continuum(
    exponent: Scalar, *, num_cells: int = 3000, floor: float = 1e-40
) -> Spectrum:
    r"""Continuum $x^{-a}$ on $(0, 1)$ of a power law as $d \to \infty$ at fixed load.

    Args:
        exponent: $a \in (0, 1)$.
        num_cells: Number of cells.
        floor: Lower end instead of 0.

    Returns:
        Variances, and shares that sum to 1: `num_samples` is then the load $\gamma$.

    Raises:
        DomainError: If `exponent` is not between 0 and 1.

    Claim:
        MEM-15(ii).
    """
    holds = (known(exponent) > 0) & (known(exponent) < 1)
    exponent = require(exponent, holds, "`exponent` must lie in (0, 1).")
    return _cells(exponent, floor, 1.0, num_cells)


@float64
def spiked_spectrum(
    spikes: Float[Array | np.ndarray, " spikes"], dim: Scalar
) -> Spectrum:
    r"""White data with $K$ spikes: eigenvalues $1 + \beta_k$, the rest 1.

    Args:
        spikes: $\beta_k > -1$.
        dim: $d > K$.

    Returns:
        The spikes in the given order, then the bulk.

    Raises:
        DomainError: If a spike is at most -1, or `dim` at most $K$.

    Claim:
        MEM-5, MEM-6.
    """
    holds = (known(spikes) > -1) & (known(spikes) < np.inf)
    spikes = require(spikes, holds, "`spikes` must be finite and larger than -1.")
    number = spikes.shape[0]
    dim = require(dim, known(dim) > number, "`dim` must exceed the number of `spikes`.")
    return Spectrum(
        jnp.concatenate([1 + spikes, jnp.ones(1)]),
        jnp.concatenate([jnp.ones(number), jnp.reshape(dim - number, 1)]),
    )


@functools.partial(jax.jit, static_argnames="num_cells")
def _cells(exponent, start, stop, num_cells):
    """Logarithmically spaced cells with the mean of the power law in each."""
    width = (jnp.log(stop) - jnp.log(start)) / num_cells
    left = start * jnp.exp(width * jnp.arange(0.0, num_cells))
    counts = left * jnp.expm1(width)
    scaled = (1 - exponent) * width
    safe = jnp.where(scaled == 0, 1.0, scaled)
    growth = jnp.where(scaled == 0, 1.0, jnp.expm1(safe) / safe)
    return Spectrum(left ** (1 - exponent) * width * growth / counts, counts)
