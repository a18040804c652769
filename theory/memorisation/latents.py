r"""Which leading directions of the truth are recovered, and how far they are.

Claims: MEM-6, MEM-7 (latent and operator-norm distances), MEM-15(iii).
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ..maths.domain import is_traced, require
from ..maths.precision import float64
from ..maths.spectra import (
    Atoms,
    Cells,
    Scalar,
    require_cell,
    require_positive,
    spiked_eigenvalue,
    spiked_overlap,
)


@float64
def latent_threshold(spike: Cells) -> Float[Array, "*#cells"]:
    r"""Load $\gamma_c = 1/\beta^2$ above which a spike in white data is recovered.

    Args:
        spike: $\beta > 0$.

    Returns:
        $\gamma_c$.

    Raises:
        DomainError: If `spike <= 0`.

    Claim:
        MEM-6, sharp threshold [classical: Baik–Ben Arous–Péché 2005].
    """
    return require_positive(spike, "spike") ** -2.0


@float64
def latent_overlap(
    variances: Atoms,
    counts: Atoms,
    num_samples: Scalar,
    index: int | Int[Array | np.ndarray, ""],
) -> Float[Array, ""]:
    r"""Squared overlap $Q_i$ of the $i$-th eigenvector with the truth, any bulk.

    $$Q_i = \frac{1 - \frac1n \sum_{j \ne i} \sigma_j^2 / (\sigma_i - \sigma_j)^2}
    {1 + \frac1n \sum_{j \ne i} \sigma_j / (\sigma_i - \sigma_j)}$$

    where the numerator is positive, else 0. Accurate for isolated eigenvalues
    ($Q > 0.7$). Two models agree about the latent like $Q_i^2$.

    Args:
        variances: $\sigma_i > 0$.
        counts: Multiplicities; 1 at `index`.
        num_samples: $n > 0$.
        index: Which atom.

    Returns:
        $Q_i$.

    Raises:
        DomainError: If an argument is outside its domain, or the eigenvalue at `index`
            is not simple: then ask for the overlap of subspaces instead.

    Claim:
        MEM-6, sharp threshold [classical: Paul 2007, Benaych-Georges–Nadakuditi 2011].
    """
    variances, counts, num_samples = require_cell(variances, counts, num_samples)
    if not is_traced(index) and not 0 <= int(index) < variances.shape[0]:
        raise ValueError(f"`index` must be that of one of the atoms, not {index}.")
    index = jnp.asarray(index, int)
    holds = _is_simple(variances, counts, index)
    message = "`counts` must be 1 at `index`: use a subspace overlap."
    num_samples = require(num_samples, holds, message)
    return _latent_overlap(variances, counts, num_samples, index)


def _gaps(variances, index):
    """Distances of an eigenvalue to the others, infinite to itself."""
    is_other = jnp.arange(variances.shape[0]) != index
    return jnp.where(is_other, variances[index] - variances, jnp.inf)


@jax.jit
def _is_simple(variances, counts, index):
    return (counts[index] == 1) & jnp.all(_gaps(variances, index) != 0)


@jax.jit
def _latent_overlap(variances, counts, num_samples, index):
    ratio = variances / _gaps(variances, index)
    lost = jnp.sum(counts * ratio**2) / num_samples
    return jnp.maximum(0.0, 1 - lost) / (1 + jnp.sum(counts * ratio) / num_samples)


@float64
def latent_distance(spike: Cells, load: Cells) -> Float[Array, "*#cells"]:
    r"""Distance $W_\mathrm{lat}$ of the leading direction to the truth.

    Squared 2-Wasserstein distance of the rank-one truncations over $1 + \beta$:
    $1 + R - 2\sqrt{RQ}$, $R$ the top eigenvalue over $1 + \beta$. It has a square-root
    cusp at the threshold; below, finite sizes approach it only like $d^{-1/2}$.

    Args:
        spike: $\beta > 0$.
        load: $\gamma = n/d > 0$.

    Returns:
        $W_\mathrm{lat}$.

    Raises:
        DomainError: If `spike <= 0` or `load <= 0`.

    Claim:
        MEM-7, exact limit [derived].
    """
    eigenvalue, overlap = spiked_eigenvalue(spike, load), spiked_overlap(spike, load)
    return _latent_distance(spike, eigenvalue, overlap)


@jax.jit
def _latent_distance(spike, eigenvalue, overlap):
    relative = eigenvalue / (1 + spike)
    return 1 + relative - 2 * jnp.sqrt(relative * overlap)


@float64
def operator_norm_error(spike: Cells, load: Cells) -> Float[Array, "*#cells"]:
    r"""Limit of $\|S - \Sigma\|_\mathrm{op}$ for one spike in white data.

    $c + 2\sqrt c$ if $\beta \le 1 + \sqrt c$, else $1/g + 1/(1 - cg) - 1$ with $g =
    (-c + \sqrt{c^2 + 4 c\beta}) / (2c\beta)$: a threshold that is not that of recovery.

    Args:
        spike: $\beta > 0$.
        load: $\gamma = 1/c > 0$.

    Returns:
        The norm.

    Raises:
        DomainError: If `spike <= 0` or `load <= 0`.

    Claim:
        MEM-7, exact limit [derived].
    """
    return _operator_norm_error(
        require_positive(spike, "spike"), require_positive(load, "load")
    )


@jax.jit
def _operator_norm_error(spike, load):
    ratio = 1 / load
    is_isolated = spike > 1 + jnp.sqrt(ratio)
    safe = jnp.where(is_isolated, spike, 2 * (1 + jnp.sqrt(ratio)))
    # g without cancellation at small c
    resolvent = 2 / (ratio + jnp.sqrt(ratio**2 + 4 * ratio * safe))
    isolated = 1 / resolvent + ratio * resolvent / (1 - ratio * resolvent)
    return jnp.where(is_isolated, isolated, ratio + 2 * jnp.sqrt(ratio))


@float64
def latent_count(num_samples: Cells, exponent: Cells) -> Float[Array, "*#cells"]:
    r"""Number of recovered latents $k^* \sim \frac a\pi \sqrt{3n/2}$ of a power law.

    The first index with $Q_k < 1/2$: exponent 1/2 in $n$ for every $a$.

    Args:
        num_samples: $n > 0$.
        exponent: $a > 0$ of $\sigma_i = i^{-a}$.

    Returns:
        $k^*$.

    Raises:
        DomainError: If an argument is not positive.

    Claim:
        MEM-15(iii), exponent and amplitude [derived].
    """
    num_samples = require_positive(num_samples, "num_samples")
    exponent = require_positive(exponent, "exponent")
    return _latent_count(num_samples, exponent)


@jax.jit
def _latent_count(num_samples, exponent):
    return exponent / jnp.pi * jnp.sqrt(1.5 * num_samples)
