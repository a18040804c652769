r"""How close generated samples come to the training points, and denoisers' errors.

Claims: MEM-11, MEM-12.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf, gammaln
from jaxtyping import Array, Float

from ..maths.domain import known, require
from ..maths.precision import float64
from ..maths.quadrature import legendre_rule
from ..maths.spectra import (
    Atoms,
    Cells,
    Scalar,
    require_cell,
    require_positive,
    solve_effective_ridge,
    unused_share,
)
from .resolvent import require_ridge, require_size


class Energy(NamedTuple):
    """Squared cosine of a sample with a training point and with a fresh one."""

    train: Float[Array, ""]
    fresh: Float[Array, ""]


class DenoiserErrors(NamedTuple):
    """Squared errors of a linear denoiser, total over the dimensions."""

    train: Float[Array, ""]
    test: Float[Array, ""]
    bayes: Float[Array, ""]


@float64
def memorisation_energy(
    variances: Atoms, counts: Atoms, num_samples: Scalar, ridge: Scalar = 0.0
) -> Energy:
    r"""Squared cosine of a generated sample with a training and with a fresh point.

    Ratios of expectations: $[\mathrm{tr}\,\Sigma^2 (1 + \frac1n) + \frac1n
    (\mathrm{tr}\,\Sigma)^2 + \kappa\,\mathrm{tr}\,\Sigma] / [\mathrm{tr}\,\Sigma
    (\mathrm{tr}\,\Sigma + \kappa d)]$, without the terms in $1/n$ for a fresh point.
    The excess decays as $1/n$ whatever $d$.

    Args:
        variances: $\sigma_i > 0$.
        counts: Multiplicities.
        num_samples: $n > 0$.
        ridge: $\kappa \ge 0$.

    Returns:
        `(train, fresh)`.

    Raises:
        DomainError: If an argument is outside its domain.

    Claim:
        MEM-11(i), exact identity at finite n, d [derived].
    """
    cell = require_cell(variances, counts, num_samples)
    return _memorisation_energy(*cell, require_ridge(ridge))


@jax.jit
def _memorisation_energy(variances, counts, num_samples, ridge):
    trace, square = jnp.sum(counts * variances), jnp.sum(counts * variances**2)
    norm = trace * (trace + ridge * jnp.sum(counts))
    fresh = square + ridge * trace
    train = fresh + (square + trace**2) / num_samples
    return Energy(train / norm, fresh / norm)


@float64
def span_fraction(
    variances: Atoms, counts: Atoms, num_samples: Scalar, ridge: Scalar = 0.0
) -> Float[Array, ""]:
    r"""Energy fraction of generated samples inside the span of the training data.

    $(\mathrm{tr}\,\Sigma + \kappa \min(n, d)) / (\mathrm{tr}\,\Sigma + \kappa d)$: all
    of it at $\kappa = 0$, even where no sample is close to a training point.

    Args:
        variances: $\sigma_i > 0$.
        counts: Multiplicities.
        num_samples: $n > 0$.
        ridge: $\kappa \ge 0$.

    Returns:
        The fraction.

    Raises:
        DomainError: If an argument is outside its domain.

    Claim:
        MEM-11(iii), exact identity at finite n, d [derived].
    """
    cell = require_cell(variances, counts, num_samples)
    return _span_fraction(*cell, require_ridge(ridge))


@jax.jit
def _span_fraction(variances, counts, num_samples, ridge):
    trace, dim = jnp.sum(counts * variances), jnp.sum(counts)
    return (trace + ridge * jnp.minimum(num_samples, dim)) / (trace + ridge * dim)


@float64
def memorisation_maximum(
    num_samples: Cells, dim: Cells, ridge: Cells = 0.0
) -> Float[Array, "*#cells"]:
    r"""Largest cosine of a generated sample with a training point, white data.

    $m_{\max} = \sqrt{n/d + R^2}\, E_n / N_n$: $E_n$ the mean largest of $n$ absolute
    normals, $N_n$ the mean norm of $n$ normals, $R = \mathbb{E}\,r/\sqrt{r^2+n\kappa}$
    with $r$ chi-distributed with $n$ degrees of freedom.

    Args:
        num_samples: $n \ge 1$.
        dim: $d \ge 1$.
        ridge: $\kappa \ge 0$.

    Returns:
        $m_{\max}$; what is left out is $O(\log^2 n / d)$ and lowers it. The arguments
        broadcast.

    Raises:
        DomainError: If an argument is outside its domain.

    Claim:
        MEM-11(ii), limit [derived].
    """
    sizes = require_size(num_samples, "num_samples"), require_size(dim, "dim")
    return _memorisation_maximum(*sizes, require_ridge(ridge))


@jax.jit
@jnp.vectorize
def _memorisation_maximum(num_samples, dim, ridge):
    at, weight = (jnp.asarray(part) for part in legendre_rule(512, 0.0, 12.0))
    largest = jnp.sum(weight * (1 - erf(at / jnp.sqrt(2)) ** num_samples))
    half = num_samples / 2
    norm = jnp.sqrt(2) * jnp.exp(gammaln(half + 0.5) - gammaln(half))
    shrink = _ridge_shrinkage(num_samples, ridge)
    return jnp.sqrt(num_samples / dim + shrink**2) * largest / norm


def _ridge_shrinkage(num_samples, ridge):
    """R, by quadrature over the chi density; nodes gather at the lower end."""
    at, weight = (jnp.asarray(part) for part in legendre_rule(512, 0.0, 1.0))
    low = jnp.maximum(0.0, jnp.sqrt(num_samples) - 12)
    width = jnp.sqrt(num_samples) + 12 - low
    radius = low + width * at**3
    weight = 3 * width * at**2 * weight
    log_density = (num_samples - 1) * jnp.log(radius) - radius**2 / 2
    density = weight * jnp.exp(log_density - jnp.max(log_density))
    kept = radius / jnp.sqrt(radius**2 + num_samples * ridge)
    return jnp.sum(density * kept) / jnp.sum(density)


@float64
def denoiser_errors(
    variances: Atoms,
    counts: Atoms,
    num_samples: Scalar,
    noise_variance: Scalar,
    weight_ridge: Scalar = 0.0,
) -> DenoiserErrors:
    r"""Train, test and Bayes error of the denoiser $A = S (S + \tilde s I)^{-1}$.

    With $\tilde s$ = `noise_variance` + `weight_ridge`, $\lambda = \lambda(\tilde s)$,
    $\lambda' = 1/(1 - \mathrm{df}_2/n)$, $T_2 = \mathrm{df}_1 - (\tilde s/\lambda)
    (\mathrm{df}_1 - \mathrm{df}_2) \lambda'$: test $= n(\lambda - \tilde s \lambda') +
    \tau T_2$, train $= \tilde s (\mathrm{df}_1 - T_2) + \tau T_2$, Bayes $= \tau\,
    \mathrm{df}_1(\tau)$, $\tau$ the noise variance.

    Args:
        variances: $\sigma_i > 0$.
        counts: Multiplicities.
        num_samples: $n > 0$.
        noise_variance: $\tau > 0$.
        weight_ridge: At least 0.

    Returns:
        `(train, test, bayes)`, squared errors with fresh noise, total.

    Raises:
        DomainError: If an argument is outside its domain.

    Claim:
        MEM-12, exact limit [derived].
    """
    cell = require_cell(variances, counts, num_samples)
    noise_variance = require_positive(noise_variance, "noise_variance")
    holds = (known(weight_ridge) >= 0) & (known(weight_ridge) < np.inf)
    weight_ridge = require(
        weight_ridge, holds, "`weight_ridge` must be finite and not negative."
    )
    return _denoiser_errors(*cell, noise_variance, weight_ridge)


@jax.jit
def _denoiser_errors(variances, counts, num_samples, noise_variance, weight_ridge):
    cell = (variances, counts, num_samples)
    level = noise_variance + weight_ridge
    lam = solve_effective_ridge(level, *cell)
    kept = variances / (variances + lam)
    first = jnp.sum(counts * kept)
    gap = jnp.sum(counts * kept * lam / (variances + lam))  # df1 - df2
    spread = gap / unused_share(lam, lam, *cell)
    lost = unused_share(lam, jnp.zeros_like(lam), *cell) * spread  # df1 - T2
    noise = noise_variance * (first - lost)
    bayes = jnp.sum(counts * variances / (variances + noise_variance))
    return DenoiserErrors(
        train=level * lost + noise,
        test=lam * spread + noise,
        bayes=noise_variance * bayes,
    )
