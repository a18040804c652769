r"""Distances between the truth and the models, and between two models.

Claims: MEM-7 (bulk), MEM-8, MEM-9; with `corrected=True` MEM-18.
"""

import functools

import jax
import jax.numpy as jnp
from jax.scipy.special import digamma
from jaxtyping import Array, Float

from ..maths.domain import known, require
from ..maths.precision import float64
from ..maths.spectra import (
    BISECTIONS,
    Atoms,
    Cells,
    Scalar,
    require_cell,
    require_positive,
)
from .convergence import half_moment_white
from .resolvent import (
    BELOW_SHIFT,
    NODES_SHIFT,
    generator_diagonal,
    generator_mean,
    require_ridge,
    spectral_nodes,
)


@float64
def distance_to_truth(
    variances: Atoms, counts: Atoms, num_samples: Scalar, *, corrected: bool = False
) -> Float[Array, ""]:
    r"""Mean squared 2-Wasserstein distance of $N(0, S)$ to the truth $N(0, \Sigma)$.

    $2\,\mathrm{tr}\,\Sigma - 2 \sum_i h_i$ with $h$ of the squared spectrum:
    $\Sigma^{1/2} S \Sigma^{1/2}$ is an empirical covariance with population $\Sigma^2$.

    Args:
        variances: $\sigma_i > 0$.
        counts: Multiplicities.
        num_samples: $n > 0$ per model.
        corrected: Add the term of order $1/n$ (MEM-18).

    Returns:
        The squared distance, total over the dimensions; ridge 0.

    Raises:
        DomainError: If an argument is outside its domain.

    Claim:
        MEM-7, exact limit [derived].
    """
    variances, counts, num_samples = require_cell(variances, counts, num_samples)
    cell = (variances**2, counts, num_samples, jnp.zeros_like(num_samples))
    return _distance_to_truth(
        variances, counts, generator_mean(*cell, corrected=corrected)
    )


@jax.jit
def _distance_to_truth(variances, counts, mean):
    return 2 * jnp.sum(counts * (variances - mean))


@float64
def distance_to_truth_white(load: Cells, ridge: Cells = 0.0) -> Float[Array, "*#cells"]:
    r"""$W_\mathrm{bulk} = 2 + \kappa - 2 M_\kappa$ per dimension, white data.

    At $\kappa = 0$ it is $2(1 - \sqrt q)$, an exact function of convergence.

    Args:
        load: $\gamma = n/d > 0$.
        ridge: $\kappa \ge 0$.

    Returns:
        The squared 2-Wasserstein distance to the truth, per dimension; the arguments
        broadcast.

    Raises:
        DomainError: If `load <= 0` or `ridge < 0`.

    Claim:
        MEM-7, exact limit [derived].
    """
    return _distance_to_truth_white(half_moment_white(load, ridge), ridge)


@jax.jit
def _distance_to_truth_white(moment, ridge):
    return 2 + ridge - 2 * moment


@float64
def same_seed_distance(
    variances: Atoms,
    counts: Atoms,
    num_samples: Scalar,
    ridge: Scalar = 0.0,
    *,
    corrected: bool = False,
) -> Float[Array, ""]:
    r"""$\mathbb{E} |Gz - \Sigma^{1/2} z|^2$: model and truth from the same noise.

    $2\,\mathrm{tr}\,\Sigma + \kappa d - 2 \sum_i \sqrt{\sigma_i} h_i \ge W_2^2$.

    Args:
        variances: $\sigma_i > 0$.
        counts: Multiplicities.
        num_samples: $n > 0$ per model.
        ridge: $\kappa \ge 0$.
        corrected: Add the term of order $1/n$ (MEM-18).

    Returns:
        The squared distance, total over the dimensions.

    Raises:
        DomainError: If an argument is outside its domain.

    Claim:
        MEM-7, exact limit [derived].
    """
    cell = require_cell(variances, counts, num_samples)
    mean = generator_mean(*cell, require_ridge(ridge), corrected=corrected)
    return _same_seed_distance(*cell[:2], ridge, mean)


@jax.jit
def _same_seed_distance(variances, counts, ridge, mean):
    total = 2 * variances + ridge - 2 * jnp.sqrt(variances) * mean
    return jnp.sum(counts * total)


@float64
def distance_between_models(
    variances: Atoms, counts: Atoms, num_samples: Scalar, *, corrected: bool = False
) -> Float[Array, ""]:
    r"""Mean squared 2-Wasserstein distance between two models of independent data.

    $2\,\mathrm{tr}\,\Sigma - 2B$, $B = \frac2\pi \int_{\lambda_0}^\infty \sqrt\lambda
    (1 - \mathrm{df}_1/n) \sum_i \frac{\sigma_i^2}{(\sigma_i^2 + \lambda)^2} d\lambda$
    with $\mathrm{df}_1$ and $\lambda_0$ of the squared spectrum.

    Args:
        variances: $\sigma_i > 0$.
        counts: Multiplicities.
        num_samples: $n > 0$ per model.
        corrected: Add the term of order $1/n$ (MEM-18).

    Returns:
        The squared distance, total over the dimensions; ridge 0.

    Raises:
        DomainError: If an argument is outside its domain.

    Claim:
        MEM-9, exact limit [derived: S-transform].
    """
    cell = require_cell(variances, counts, num_samples)
    return _distance_between_models(*cell, corrected=corrected)


@functools.partial(jax.jit, static_argnames="corrected")
def _distance_between_models(variances, counts, num_samples, *, corrected):
    zero = jnp.zeros_like(num_samples)
    at = spectral_nodes(
        variances**2, counts, num_samples, zero, NODES_SHIFT, BELOW_SHIFT
    )
    root = jnp.sqrt(at.lam)
    unused = at.excess / at.lam  # 1 - df1/n
    density = (at.kept * at.lost) @ counts / at.lam
    overlap = 2 / jnp.pi * jnp.sum(at.weight * root * unused * density)
    if corrected:
        shift = _log_volume_shift(unused, at.kept, at.lost, counts, num_samples)
        overlap += jnp.sum(at.weight * shift / root) / (4 * jnp.pi)
    return 2 * (jnp.sum(counts * variances) - overlap)


def _log_volume_shift(unused, kept, lost, counts, num_samples):
    """Integrand of the 1/n term for two models; `unused` is 1 - x1."""
    first = 1 - unused
    second = kept**2 @ counts / num_samples
    other = unused + 2 * (kept * lost) @ counts / num_samples  # 1 + x1 - 2 x2
    is_small = first < 0.5
    small = jnp.where(is_small, first**2 + 2 * second * unused, 0.0)
    large = jnp.where(is_small, 1.0, unused * other)
    return jnp.where(is_small, jnp.log1p(-small), jnp.log(large)) * other


@float64
def distance_between_models_white(load: Scalar) -> Float[Array, ""]:
    r"""Squared 2-Wasserstein distance between two models of white data, ridge 0.

    Exactly $1/(2\gamma)$ for $\gamma \ge 1$; below, with $p = \arcsin\sqrt\gamma$ and
    $w = \sqrt{\gamma(1-\gamma)}$, it is
    $2 - \frac4\pi [w + p - (p - w(1 - 2\gamma))/4\gamma]$.

    Args:
        load: $\gamma = n/d > 0$.

    Returns:
        The squared distance per dimension.

    Raises:
        DomainError: If `load <= 0`.

    Claim:
        MEM-9, exact limit [derived: S-transform].

    Example:
        >>> round(float(distance_between_models_white(4.0)), 6)
        0.125
    """
    load = require_positive(load, "load")
    below = jnp.where(load < 1, load, 0.5)
    p, w = jnp.arcsin(jnp.sqrt(below)), jnp.sqrt(below * (1 - below))
    bracket = w + p - (p - w * (1 - 2 * below)) / (4 * below)
    return jnp.where(load < 1, 2 - 4 / jnp.pi * bracket, 1 / (2 * load))


@float64
def optimal_ridge(load: Scalar) -> Float[Array, ""]:
    r"""Ridge $\kappa^*$ that minimises the distance to the truth, white data.

    The root of $\int (x + \kappa)^{-1/2} dMP = 1$. It is not the ridge of best
    convergence: $q$ increases with $\kappa$ for ever.

    Args:
        load: $\gamma = n/d > 0$.

    Returns:
        $\kappa^*$, with exact derivatives.

    Raises:
        DomainError: If `load <= 0`.

    Claim:
        MEM-7, section 9(e) [derived].

    Example:
        >>> round(float(optimal_ridge(0.5)), 4)
        0.59
    """
    return _optimal_ridge(require_positive(load, "load"))


@jax.jit
def _optimal_ridge(load):
    one = jnp.ones_like(load)[None]

    def moment(ridge, load):
        return 2 * generator_diagonal(one, one, load, ridge)[0] - ridge

    slope = jax.grad(moment)
    frozen = jax.lax.stop_gradient(load)

    def halve(_, ends):
        middle = (ends[0] + ends[1]) / 2
        is_rising = slope(jnp.exp(middle), frozen) > 0
        return (
            jnp.where(is_rising, middle, ends[0]),
            jnp.where(is_rising, ends[1], middle),
        )

    ends = jnp.full_like(load, -30.0), jnp.full_like(load, 3.0)
    root = jnp.exp(sum(jax.lax.fori_loop(0, BISECTIONS, halve, ends)) / 2)
    root = jax.lax.stop_gradient(root)
    curvature = jax.lax.stop_gradient(jax.grad(slope)(root, frozen))
    return root - slope(root, load) / curvature


@float64
def kl_model_truth(num_samples: Scalar, dim: int) -> Float[Array, ""]:
    r"""Mean divergence $\mathrm{KL}(N(0, S) \,\|\, N(0, \Sigma))$ for every $\Sigma$.

    $-L/2$ with $L = \sum_{i=1}^d \psi((n - i + 1)/2) + d \log(2/n)$: blind to the
    spectrum.

    Args:
        num_samples: $n \ge d$.
        dim: $d \ge 1$.

    Returns:
        The mean, in nats.

    Raises:
        DomainError: If `num_samples < dim` or `dim < 1`.

    Claim:
        MEM-8, exact identity at finite n, d [derived].
    """
    _require_dim(dim)
    message = "`num_samples` must be at least `dim`: below, the divergence is infinite."
    num_samples = require(num_samples, known(num_samples) >= dim, message)
    return _divergences(num_samples, dim)[0]


@float64
def kl_truth_model(num_samples: Scalar, dim: int) -> Float[Array, ""]:
    r"""Mean divergence $\mathrm{KL}(N(0, \Sigma) \,\|\, N(0, S))$ for every $\Sigma$.

    $(dn/(n - d - 1) - d + L)/2$ with $L$ of `kl_model_truth`.

    Args:
        num_samples: $n > d + 1$.
        dim: $d \ge 1$.

    Returns:
        The mean, in nats.

    Raises:
        DomainError: If `num_samples <= dim + 1` or `dim < 1`.

    Claim:
        MEM-8, exact identity at finite n, d [derived].
    """
    _require_dim(dim)
    message = "`num_samples` must exceed `dim + 1`: otherwise the mean is infinite."
    num_samples = require(num_samples, known(num_samples) > dim + 1, message)
    return _divergences(num_samples, dim)[1]


def _require_dim(dim):
    require(dim, dim >= 1, "`dim` must be at least 1.")


@functools.partial(jax.jit, static_argnames="dim")
def _divergences(num_samples, dim):
    """Both, from the mean of log det S - log det Sigma."""
    degrees = num_samples - jnp.arange(dim, dtype=num_samples.dtype)
    log_volume = jnp.sum(digamma(degrees / 2) - jnp.log(num_samples / 2))
    excess = dim * (dim + 1) / (num_samples - dim - 1)
    return -log_volume / 2, (excess + log_volume) / 2


@float64
def kl_model_truth_limit(load: Scalar) -> Float[Array, ""]:
    r"""Limit per dimension $\frac12 [1 + \frac{1-c}{c} \log(1 - c)]$ of the divergence.

    Args:
        load: $\gamma = 1/c > 1$.

    Returns:
        The limit of `kl_model_truth` divided by $d$, in nats.

    Raises:
        DomainError: If `load <= 1`.

    Claim:
        MEM-8, limit [derived].
    """
    return jnp.add(1, _log_term(load)) / 2


@float64
def kl_truth_model_limit(load: Scalar) -> Float[Array, ""]:
    r"""Limit per dimension of the other divergence.

    $\frac12 [\frac{c}{1-c} - 1 - \frac{1-c}{c} \log(1-c)]$.

    Args:
        load: $\gamma = 1/c > 1$.

    Returns:
        The limit of `kl_truth_model` divided by $d$, in nats.

    Raises:
        DomainError: If `load <= 1`.

    Claim:
        MEM-8, limit [derived].
    """
    return jnp.subtract(1 / (load - 1) - 1, _log_term(load)) / 2


def _log_term(load):
    """(1 - c)/c log(1 - c), c = 1/load."""
    load = require(load, known(load) > 1, "`load` must exceed 1.")
    return (load - 1) * jnp.log1p(-1 / load)
