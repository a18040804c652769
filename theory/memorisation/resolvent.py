r"""The mean generator $\mathbb{E}\,(S + \kappa I)^{1/2}$ for any spectrum.

One explicit quadrature over the effective ridge of `maths.spectra`, and the term of
order $1/n$ on the same nodes. The kernels without checks (`generator_diagonal`, …) work
in the precision of their arguments; the public functions in float64.

Claims: MEM-2, MEM-18.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..maths.domain import known, require
from ..maths.precision import float64
from ..maths.spectra import (
    Atoms,
    Scalar,
    require_cell,
    solve_effective_ridge,
    unused_share,
)

# Where the integrands are negligible, in natural logarithms below the smallest and
# above the largest scale; the 1/n terms start like a square root, hence the wide end.
BELOW, BELOW_SHIFT, ABOVE = 24.0, 72.0, 72.0
NODES, NODES_SHIFT = 512, 1024


class Nodes(NamedTuple):
    r"""Nodes $\lambda$ above the root $\lambda_\kappa$, and what every integrand needs.

    Attributes:
        lam: The nodes.
        weight: Weights of $d\lambda$.
        excess: $s(\lambda) - \kappa$, without cancellation.
        kept: $\sigma_i / (\sigma_i + \lambda)$ of every node and atom.
        lost: $\lambda / (\sigma_i + \lambda)$.
        slope: $s'(\lambda)$.
    """

    lam: Float[Array, " nodes"]
    weight: Float[Array, " nodes"]
    excess: Float[Array, " nodes"]
    kept: Float[Array, "nodes atoms"]
    lost: Float[Array, "nodes atoms"]
    slope: Float[Array, " nodes"]


def spectral_nodes(
    variances: Float[Array, " atoms"],
    counts: Float[Array, " atoms"],
    num_samples: Float[Array, ""],
    ridge: Float[Array, ""],
    num_nodes: int,
    below: float,
) -> Nodes:
    r"""Nodes of the trapezoid rule in $u$, $\lambda = \lambda_\kappa + e^u$.

    Exponentially accurate while the step is at most 1/2.

    Args:
        variances: $\sigma_i > 0$.
        counts: Multiplicities.
        num_samples: $n > 0$.
        ridge: $\kappa \ge 0$.
        num_nodes: Number of nodes.
        below: Natural logarithms below the smallest scale of the integrand.

    Returns:
        The nodes.
    """
    cell = (variances, counts, num_samples)
    root = solve_effective_ridge(ridge, *cell)
    smallest = jnp.where(num_samples >= jnp.sum(counts), jnp.min(variances), root)
    smallest = jnp.where(ridge > 0, jnp.minimum(smallest, ridge), smallest)
    largest = jnp.maximum(jnp.max(variances), jnp.maximum(ridge, root))
    low, high = jnp.log(smallest) - below, jnp.log(largest) + ABOVE
    step = (high - low) / (num_nodes - 1)
    grid = low + step * jnp.arange(num_nodes, dtype=low.dtype)
    distance = jnp.exp(jax.lax.stop_gradient(grid))
    lam = root + distance
    share = jax.vmap(lambda first: unused_share(first, root, *cell))(lam)
    share = jnp.maximum(share, jnp.finfo(share.dtype).tiny)
    return Nodes(
        lam=lam,
        weight=distance * jax.lax.stop_gradient(step),
        excess=distance * share,
        kept=variances[None] / (variances[None] + lam[:, None]),
        lost=lam[:, None] / (variances[None] + lam[:, None]),
        slope=jax.vmap(lambda first: unused_share(first, first, *cell))(lam),
    )


@functools.partial(jax.jit, static_argnames="num_nodes")
def generator_diagonal(
    variances: Float[Array, " atoms"],
    counts: Float[Array, " atoms"],
    num_samples: Float[Array, ""],
    ridge: Float[Array, ""],
    *,
    num_nodes: int = NODES,
) -> Float[Array, " atoms"]:
    """`mean_generator` without checks, in the precision of its arguments."""
    at = spectral_nodes(variances, counts, num_samples, ridge, num_nodes, BELOW)
    level = ridge + at.excess
    bulk = (at.excess / level)[:, None] * at.kept
    # In float32 level**2 underflows where the ridge is 0, and weight * lam overflows.
    safe = jnp.where(ridge > 0, level, 1.0)
    smooth = jnp.where(ridge > 0, ridge / safe * at.slope * (at.lam / safe), 0.0)
    weight = at.weight / at.lam * jnp.sqrt(at.excess)
    return 2 / jnp.pi * (weight @ (at.lost * (bulk + smooth[:, None])))


@functools.partial(jax.jit, static_argnames="num_nodes")
def generator_diagonal_shift(
    variances: Float[Array, " atoms"],
    counts: Float[Array, " atoms"],
    num_samples: Float[Array, ""],
    ridge: Float[Array, ""],
    *,
    num_nodes: int = NODES_SHIFT,
) -> Float[Array, " atoms"]:
    """`mean_generator_shift` without checks, in the precision of its arguments."""
    at = spectral_nodes(variances, counts, num_samples, ridge, num_nodes, BELOW_SHIFT)
    third = at.kept**2 * at.lost
    total = third @ counts / (num_samples * at.slope)
    term = third - at.kept * at.lost * total[:, None]
    weight = at.weight * jnp.sqrt(at.excess) / (ridge + at.excess)
    return -jnp.sum(weight[:, None] * term, axis=0) / (jnp.pi * num_samples)


def generator_mean(
    variances: Float[Array, " atoms"],
    counts: Float[Array, " atoms"],
    num_samples: Float[Array, ""],
    ridge: Float[Array, ""],
    *,
    corrected: bool,
) -> Float[Array, " atoms"]:
    """The diagonal, with its term of order 1/n if `corrected`.

    Outside of jit: every order and distance of a spectrum shares the two programs.
    """
    cell = (variances, counts, num_samples, ridge)
    mean = generator_diagonal(*cell, num_nodes=NODES)
    if corrected:
        mean += generator_diagonal_shift(*cell, num_nodes=NODES_SHIFT)
    return mean


@float64
def mean_generator(
    variances: Atoms,
    counts: Atoms,
    num_samples: Scalar,
    ridge: Scalar = 0.0,
    *,
    num_nodes: int = NODES,
) -> Float[Array, " atoms"]:
    r"""Mean generator $h_i = \mathbb{E}[(S + \kappa I)^{1/2}]_{ii}$, $n, d \to \infty$.

    With $s(\lambda) = \lambda (1 - \mathrm{df}_1(\lambda)/n)$ and $s(\lambda_\kappa) =
    \kappa$,

    $$h_i = \frac2\pi \int_{\lambda_\kappa}^\infty \sqrt{s - \kappa} \left\{ \left(1 -
    \frac\kappa s\right) \frac{\sigma_i}{(\sigma_i + \lambda)^2} + \frac{\kappa s'}{s^2}
    \frac{\lambda}{\sigma_i + \lambda} \right\} d\lambda.$$

    Relative error 1e-14 while `num_nodes` is at least twice 96 plus the logarithm of
    $\sigma_{\max} / \sigma_{\min}$; derivatives in every argument are exact.

    Args:
        variances: $\sigma_i > 0$ of the population covariance.
        counts: Multiplicities, positive.
        num_samples: $n > 0$ per model.
        ridge: $\kappa \ge 0$ of the generator, a variance.
        num_nodes: Number of nodes.

    Returns:
        $h_i$ for every atom, a standard deviation.

    Raises:
        DomainError: If an argument is outside its domain.

    Claim:
        MEM-2, exact limit [derived].

    Example:
        >>> round(float(mean_generator([1.0], [1.0], 1.0)[0] ** 2), 5)  # 64 / (9 pi^2)
        0.72051
    """
    cell = require_cell(variances, counts, num_samples)
    return generator_diagonal(*cell, require_ridge(ridge), num_nodes=num_nodes)


@float64
def mean_generator_shift(
    variances: Atoms,
    counts: Atoms,
    num_samples: Scalar,
    ridge: Scalar = 0.0,
    *,
    num_nodes: int = NODES_SHIFT,
) -> Float[Array, " atoms"]:
    r"""The term of order $1/n$ of the mean generator, real Gaussian data.

    $$\delta h_i = -\frac{1}{\pi n} \int_{\lambda_\kappa}^\infty
    \frac{\sqrt{s-\kappa}}{s}
    \left\{ \frac{\sigma_i^2 \lambda}{(\sigma_i + \lambda)^3} - \frac{\sigma_i \lambda^2
    T_3(\lambda)}{n s' (\sigma_i + \lambda)^2} \right\} d\lambda, \qquad
    T_3 = \sum_j \frac{\sigma_j^2}{(\sigma_j + \lambda)^3},$$

    from the mean shift $\frac12 \log(1 - \mathrm{df}_2/n)$ of $\log\det(S + sI)$.

    Args:
        variances: $\sigma_i > 0$.
        counts: Multiplicities.
        num_samples: $n > 0$ per model.
        ridge: $\kappa \ge 0$.
        num_nodes: Number of nodes; at least twice 144 plus the logarithm of
            $\sigma_{\max} / \sigma_{\min}$.

    Returns:
        $\delta h_i$; what is left out is $O(1/n^2)$.

    Raises:
        DomainError: If an argument is outside its domain.

    Claim:
        MEM-18, finite-size correction [derived; classical: Bai–Silverstein 2004].
    """
    cell = require_cell(variances, counts, num_samples)
    return generator_diagonal_shift(*cell, require_ridge(ridge), num_nodes=num_nodes)


def require_ridge(ridge: Any) -> Any:
    """`ridge` if it is not negative."""
    holds = (known(ridge) >= 0) & (known(ridge) < np.inf)
    return require(ridge, holds, "`ridge` must be finite and not negative.")


def require_size(value: Any, name: str) -> Any:
    """`value` if it is at least one."""
    return require(value, known(value) >= 1, f"`{name}` must be >= 1.")
