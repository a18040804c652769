r"""When do two models trained on disjoint data generate the same sample?

Claims: MEM-3, 4, 5, 10, 14, 15, 16, 17; with `corrected=True` MEM-18.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import gammaln
from jaxtyping import Array, Float

from ..maths.domain import known, require
from ..maths.precision import float64
from ..maths.quadrature import legendre_rule
from ..maths.spectra import Atoms, Cells, Scalar, require_cell, require_positive
from .resolvent import generator_diagonal, generator_mean, require_ridge, require_size


class Frobenius(NamedTuple):
    """Exact second moments of empirical covariances."""

    cross: Float[Array, ""]
    self: Float[Array, ""]


class ManySamplesError(NamedTuple):
    """Leading errors for many samples."""

    convergence: Float[Array, ""]
    distance: Float[Array, ""]


@float64
def convergence(
    variances: Atoms,
    counts: Atoms,
    num_samples: Scalar,
    ridge: Scalar = 0.0,
    *,
    corrected: bool = False,
) -> Float[Array, ""]:
    r"""Convergence $q = \mathbb{E} \mathrm{tr}\,G_1 G_2 / \mathbb{E} \mathrm{tr}\,G^2$.

    For models trained on independent data, $\mathbb{E}\,\mathrm{tr}\,G_1 G_2 = \sum_i
    (\mathbb{E} G_{ii})^2$ and $\mathbb{E}\,\mathrm{tr}\,G^2 = \mathrm{tr}\,\Sigma +
    \kappa d$ exactly, hence $q = \sum_i h_i^2 / (\mathrm{tr}\,\Sigma + \kappa d)$ with
    $h$ of MEM-2. $q \to 1$ as $\kappa \to \infty$: convergence can be bought by bias.

    Args:
        variances: $\sigma_i > 0$.
        counts: Multiplicities.
        num_samples: $n > 0$ per model.
        ridge: $\kappa \ge 0$.
        corrected: Add the term of order $1/n$ (MEM-18).

    Returns:
        $q \in (0, 1)$.

    Raises:
        DomainError: If an argument is outside its domain.

    Claim:
        MEM-3, exact identity at finite n, d given $h$ [derived].
    """
    cell = require_cell(variances, counts, num_samples)
    mean = generator_mean(*cell, require_ridge(ridge), corrected=corrected)
    return _convergence(*cell[:2], ridge, mean)


@jax.jit
def _convergence(variances, counts, ridge, mean):
    return jnp.sum(counts * mean**2) / jnp.sum(counts * (variances + ridge))


@float64
def half_moment_white(load: Cells, ridge: Cells = 0.0) -> Float[Array, "*#cells"]:
    r"""Half moment $M_\kappa = \int \sqrt{x + \kappa}\, dMP(x)$ of white data.

    Args:
        load: $\gamma = n/d > 0$.
        ridge: $\kappa \ge 0$.

    Returns:
        $M_\kappa$; the arguments broadcast.

    Raises:
        DomainError: If `load <= 0` or `ridge < 0`.

    Claim:
        MEM-4, exact limit [derived].
    """
    load, ridge = require_positive(load, "load"), require_ridge(ridge)
    return _half_moment_white(*jnp.broadcast_arrays(load, ridge))


@jax.jit
@jnp.vectorize
def _half_moment_white(load, ridge):
    one = jnp.ones_like(load)[None]
    return generator_diagonal(one, one, load, ridge)[0]


@float64
def convergence_white(load: Cells, ridge: Cells = 0.0) -> Float[Array, "*#cells"]:
    r"""Convergence of white data, $q = M_\kappa^2 / (1 + \kappa)$.

    At $\kappa = 0$, $M = F(1/\gamma)$ for $\gamma \ge 1$ and $\sqrt\gamma\, F(\gamma)$
    below, $F(x) = {}_2F_1(\frac12, -\frac12; 2; x)$: no threshold.

    Args:
        load: $\gamma = n/d > 0$.
        ridge: $\kappa \ge 0$.

    Returns:
        $q$; the arguments broadcast.

    Raises:
        DomainError: If `load <= 0` or `ridge < 0`.

    Claim:
        MEM-4, exact limit [derived].
    """
    return _convergence_white(half_moment_white(load, ridge), ridge)


@jax.jit
def _convergence_white(moment, ridge):
    return moment**2 / (1 + ridge)


@float64
def half_moment_finite(num_samples: Scalar, dim: Scalar) -> Float[Array, ""]:
    r"""$\mathbb{E}\,\mathrm{tr} \sqrt S / d$ of white data with its $1/d$ term.

    $M + \mu(c)/d$ for $n \ge d$, $c = d/n$, $a, b = (1 \mp \sqrt c)^2$,
    $\mu = \frac{\sqrt a + \sqrt b}{4} - \frac1{2\pi} \int_0^\pi \sqrt{\frac{a+b}2 -
    \frac{b-a}2 \cos t}\, dt$; for $n < d$ the shift is $\sqrt{d/n}\, \mu(n/d)$.

    Args:
        num_samples: $n \ge 1$.
        dim: $d \ge 1$.

    Returns:
        The moment; what is left out is $O(1/d^2)$.

    Raises:
        DomainError: If an argument is below 1.

    Claim:
        MEM-16, finite-size correction [classical: Bai–Silverstein 2004].
    """
    num_samples, dim = (
        require_size(num_samples, "num_samples"),
        require_size(dim, "dim"),
    )
    return half_moment_white(num_samples / dim) + _finite_size(num_samples, dim)


@jax.jit
def _finite_size(num_samples, dim):
    ratio = jnp.minimum(dim / num_samples, num_samples / dim)
    scale = jnp.sqrt(jnp.maximum(dim / num_samples, 1.0))
    low, high = (1 - jnp.sqrt(ratio)) ** 2, (1 + jnp.sqrt(ratio)) ** 2
    angle, weight = (
        jnp.asarray(part) for part in legendre_rule(512, 0.0, float(jnp.pi))
    )
    arc = jnp.sqrt(low + (high - low) * jnp.sin(angle / 2) ** 2)
    mean = jnp.sum(weight * arc) / (2 * jnp.pi)
    shift = (jnp.sqrt(low) + jnp.sqrt(high)) / 4 - mean
    return scale * shift / dim


@float64
def frobenius_moments(
    variances: Atoms,
    counts: Atoms,
    num_samples: Scalar,
    shared_fraction: Scalar = 0.0,
) -> Frobenius:
    r"""$\mathbb{E}\,\mathrm{tr}\,S_1 S_2$ and $\mathbb{E}\,\mathrm{tr}\,S_1^2$.

    $\mathrm{tr}\,\Sigma^2 + \frac\rho n [\mathrm{tr}\,\Sigma^2 +
    (\mathrm{tr}\,\Sigma)^2]$ with a fraction $\rho$ of shared samples, a leak detector;
    the second is $\rho = 1$.

    Args:
        variances: $\sigma_i > 0$.
        counts: Multiplicities.
        num_samples: $n > 0$ per model.
        shared_fraction: $\rho \in [0, 1]$.

    Returns:
        `(cross, self)`.

    Raises:
        DomainError: If an argument is outside its domain.

    Claim:
        MEM-10, exact identity at finite n, d [derived].
    """
    cell = require_cell(variances, counts, num_samples)
    share = known(shared_fraction)
    holds = (share >= 0) & (share <= 1)
    fraction = require(shared_fraction, holds, "`shared_fraction` must lie in [0, 1].")
    return _frobenius_moments(*cell, fraction)


@jax.jit
def _frobenius_moments(variances, counts, num_samples, fraction):
    trace, square = jnp.sum(counts * variances), jnp.sum(counts * variances**2)
    excess = (square + trace**2) / num_samples
    return Frobenius(square + fraction * excess, square + excess)


@float64
def frobenius_overlap(
    variances: Atoms, counts: Atoms, num_samples: Scalar
) -> Float[Array, ""]:
    r"""Frobenius overlap $q_F = 1 / (1 + (1 + \mathrm{PR})/n)$.

    PR $= (\mathrm{tr}\,\Sigma)^2 / \mathrm{tr}\,\Sigma^2$. White:
    $\gamma/(1+\gamma)$ up to $1/d$, which is not $q$.

    Args:
        variances: $\sigma_i > 0$.
        counts: Multiplicities.
        num_samples: $n > 0$ per model.

    Returns:
        $q_F$.

    Raises:
        DomainError: If an argument is outside its domain.

    Claim:
        MEM-10, exact identity at finite n, d [derived].
    """
    cross, own = frobenius_moments(variances, counts, num_samples)
    return cross / own


@float64
def many_samples_error(
    variances: Atoms, counts: Atoms, num_samples: Scalar
) -> ManySamplesError:
    r"""Leading $1 - q$ and $\mathbb{E} W_2^2$ (truth, model) for many samples.

    $\frac{1}{n\,\mathrm{tr}\,\Sigma} \sum_{ij} \frac{\sigma_i
    \sigma_j}{(\sqrt{\sigma_i} + \sqrt{\sigma_j})^2}$ and $\frac{1}{2n}
    \sum_{ij} \frac{\sigma_i \sigma_j}{\sigma_i + \sigma_j}$.

    Args:
        variances: $\sigma_i > 0$.
        counts: Multiplicities.
        num_samples: $n$, much larger than the effective dimension.

    Returns:
        `(convergence, distance)`: $1 - q$, and the squared distance.

    Raises:
        DomainError: If an argument is outside its domain.

    Claim:
        MEM-14, rate [derived: second-order perturbation].
    """
    return _many_samples_error(*require_cell(variances, counts, num_samples))


@jax.jit
def _many_samples_error(variances, counts, num_samples):
    product = variances[:, None] * variances[None, :]
    total = variances[:, None] + variances[None, :]
    roots = total + 2 * jnp.sqrt(product)
    first, second = (
        counts @ (product / roots) @ counts,
        counts @ (product / total) @ counts,
    )
    trace = jnp.sum(counts * variances)
    return ManySamplesError(first / (num_samples * trace), second / (2 * num_samples))


@float64
def equivariant_convergence(
    num_samples: Cells, weight_complex: Cells = 1.0, weight_real: Cells = 0.0
) -> Float[Array, "*#cells"]:
    r"""Convergence of translation-equivariant linear models, $q \approx 1 - 1/4n$.

    $q(n) = (\Gamma(n + \frac12) / (\Gamma(n) \sqrt n))^2$ for complex Fourier modes,
    $q(n/2)$ for self-conjugate ones, weighted by their power: independent of $d$.

    Args:
        num_samples: $n \ge 1$ fields per model.
        weight_complex: Power in complex modes, at least 0.
        weight_real: Power in self-conjugate modes, at least 0.

    Returns:
        $q$; the arguments broadcast.

    Raises:
        DomainError: If `num_samples < 1` or the weights are not a measure.

    Claim:
        MEM-17, exact identity [derived].

    Example:
        >>> round(float(equivariant_convergence(1.0)), 6)  # pi / 4
        0.785398
    """
    num_samples = require_size(num_samples, "num_samples")
    first, second = known(weight_complex), known(weight_real)
    holds = (first >= 0) & (second >= 0) & (first + second > 0)
    weight_complex = require(
        weight_complex, holds, "`weight_complex` and `weight_real` must be shares."
    )
    return _equivariant(num_samples, weight_complex, weight_real)


@jax.jit
def _equivariant(num_samples, weight_complex, weight_real):
    total = weight_complex * _mode(num_samples) + weight_real * _mode(num_samples / 2)
    return total / (weight_complex + weight_real)


def _mode(shape):
    """Squared ratio of the mean root of a gamma variable to the root of its mean."""
    small = jnp.minimum(shape, 200.0)
    exact = jnp.exp(gammaln(small + 0.5) - gammaln(small)) / jnp.sqrt(small)
    x = 1 / jnp.maximum(shape, 200.0)  # the logarithms cancel for large arguments
    series = 1 - x / 8 + x**2 / 128 + 5 * x**3 / 1024 - 21 * x**4 / 32768
    return jnp.where(shape < 200, exact, series) ** 2


@float64
def convergence_error_exponent(exponent: Scalar) -> Float[Array, ""]:
    r"""Exponent of $1 - q \sim n^{-\min(a - 1, 1)}$ for a power law with $a > 1$.

    Args:
        exponent: $a > 1$ of $\sigma_i = i^{-a}$ in infinitely many dimensions.

    Returns:
        $\min(a - 1, 1)$; at $a = 2$ there is a logarithm besides.

    Raises:
        DomainError: If `exponent <= 1`.

    Claim:
        MEM-15(i), exponent [derived].
    """
    exponent = require(exponent, known(exponent) > 1, "`exponent` must exceed 1.")
    return jnp.minimum(exponent - 1, 1.0)


@float64
def small_load_exponent(exponent: Scalar) -> Float[Array, ""]:
    r"""Exponent of $q \sim \gamma^{\min(1, (1 - a)/a)}$ at small load for $a < 1$.

    Args:
        exponent: $a \in (0, 1)$.

    Returns:
        The exponent; at $a = 1/2$ there is a logarithm besides.

    Raises:
        DomainError: If `exponent` is not between 0 and 1.

    Claim:
        MEM-15(ii), exponent [derived].
    """
    holds = (known(exponent) > 0) & (known(exponent) < 1)
    exponent = require(exponent, holds, "`exponent` must lie in (0, 1).")
    return jnp.minimum(1.0, (1 - exponent) / exponent)
