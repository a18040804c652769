r"""Spectra of empirical covariances: bulk, resolvent and outliers.

For $n$ samples with population covariance $\Sigma$ (eigenvalues `variances`, each
`counts` times, $d$ in total) the empirical covariance is $S = X^\top X / n$, not
centred. `load` is $\gamma = n/d$, and $c = 1/\gamma$.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .domain import known, require
from .precision import float64
from .quadrature import legendre_rule

# What a public function accepts; `float64` makes a JAX array of it.
Scalar: TypeAlias = Float[Array | np.ndarray, ""] | float
Atoms: TypeAlias = Float[Array | np.ndarray, " atoms"]
Cells: TypeAlias = Float[Array | np.ndarray, "*#cells"] | float

BISECTIONS = 60  # halves a bracket of 100 natural logarithms to rounding


class Edges(NamedTuple):
    """Ends of the Marchenko–Pastur bulk."""

    low: Float[Array, "*cells"]
    high: Float[Array, "*cells"]


@float64
def marchenko_pastur_edges(load: Cells) -> Edges:
    r"""Ends $(1 \mp \sqrt c)^2$ of the bulk of $S$ for $\Sigma = I$.

    Args:
        load: $\gamma = n/d > 0$, $c = 1/\gamma$.

    Returns:
        `(low, high)`.

    Raises:
        DomainError: If `load <= 0`.

    Claim:
        [classical: Marchenko–Pastur 1967].
    """
    root = 1 / jnp.sqrt(require_positive(load, "load"))
    return Edges((1 - root) ** 2, (1 + root) ** 2)


@float64
def marchenko_pastur_density(
    points: Float[Array | np.ndarray, "*points"], load: Scalar
) -> Float[Array, "*points"]:
    r"""Density of the bulk, $\sqrt{(x-a)(b-x)} / (2\pi c x)$ on $[a, b]$.

    For $\gamma < 1$ the law has an atom $1 - \gamma$ at 0 besides.

    Args:
        points: $x$.
        load: $\gamma = n/d > 0$.

    Returns:
        The density, zero outside the bulk.

    Raises:
        DomainError: If `load <= 0`.

    Claim:
        [classical: Marchenko–Pastur 1967].
    """
    low, high = marchenko_pastur_edges(load)
    inside = (points > low) & (points < high)
    x = jnp.where(inside, points, (low + high) / 2)
    density = jnp.sqrt((x - low) * (high - x)) * load / (2 * jnp.pi * x)
    return jnp.where(inside, density, 0.0)


@float64
def marchenko_pastur_mean(
    function: Callable[[Float[Array, " nodes"]], Float[Array, " nodes"]],
    load: Scalar,
    order: int = 2048,
) -> Float[Array, ""]:
    r"""Mean $\int f\, dMP$ over the law of the eigenvalues of $S$, $\Sigma = I$.

    With $x = 1 + c + 2\sqrt c \cos t$ the bulk is
    $\frac{2}{\pi} \int_0^\pi f(x) \sin^2 t / x \, dt$; the atom $\max(0, 1-\gamma)$ at
    0 is added. Gauss–Legendre in $t$; as $\gamma \to 1$ the integrand has a peak of
    width $|1 - \sqrt c|$ and needs `order` ≫ its inverse.

    Args:
        function: $f$, elementwise; it is evaluated at 0 too.
        load: $\gamma = n/d > 0$.
        order: Number of nodes.

    Returns:
        The mean.

    Raises:
        DomainError: If `load <= 0`.

    Claim:
        [classical: Marchenko–Pastur 1967].

    Example:
        >>> round(float(marchenko_pastur_mean(lambda x: x**2, 2.0)), 6)
        1.5
    """
    ratio = 1 / require_positive(load, "load")
    angle, weight = (
        jnp.asarray(part) for part in legendre_rule(order, 0.0, float(jnp.pi))
    )
    x = (1 - jnp.sqrt(ratio)) ** 2 + 4 * jnp.sqrt(ratio) * jnp.cos(angle / 2) ** 2
    bulk = 2 / jnp.pi * jnp.sum(weight * function(x) * jnp.sin(angle) ** 2 / x)
    atom = jnp.maximum(0.0, 1 - load)
    return bulk + atom * function(jnp.zeros(1))[0]


@float64
def effective_ridge(
    level: Scalar, variances: Atoms, counts: Atoms, num_samples: Scalar
) -> Float[Array, ""]:
    r"""Effective ridge $\lambda(s)$ of the resolvent of an empirical covariance.

    The largest root of $s = \lambda\,(1 - \mathrm{df}_1(\lambda)/n)$ with
    $\mathrm{df}_1(\lambda) = \sum_i \sigma_i / (\sigma_i + \lambda)$. As $n, d \to
    \infty$, $\mathbb{E} [S (S + sI)^{-1}]_{ii} = \sigma_i / (\sigma_i + \lambda)$.
    Derivatives in every argument are exact up to the third.

    Args:
        level: $s \ge 0$, a variance.
        variances: Eigenvalues $\sigma_i > 0$ of the population covariance.
        counts: Their multiplicities, positive.
        num_samples: $n > 0$.

    Returns:
        $\lambda(s)$; $\lambda(0) = 0$ if $n \ge d$.

    Raises:
        DomainError: If an argument is outside its domain.

    Claim:
        MEM-1, exact limit [classical: Silverstein 1995, Ledoit–Péché 2011].

    Example:
        >>> round(float(effective_ridge(0.0, [1.0], [2.0], 1.0)), 6)
        1.0
    """
    level = require(level, known(level) >= 0, "`level` must not be negative.")
    variances, counts, num_samples = require_cell(variances, counts, num_samples)
    return solve_effective_ridge(level, variances, counts, num_samples)


def require_cell(
    variances: Atoms, counts: Atoms, num_samples: Scalar
) -> tuple[Float[Array, " atoms"], Float[Array, " atoms"], Float[Array, ""]]:
    """The three arguments of every function of a spectrum, checked.

    Args:
        variances: Eigenvalues, positive and finite.
        counts: Their multiplicities, positive and finite, one per variance.
        num_samples: $n$, positive; a load if the `counts` are shares of a dimension.

    Returns:
        The arguments.

    Raises:
        DomainError: If one is not positive and finite.
        ValueError: If the shapes differ.
    """
    if jnp.shape(variances) != jnp.shape(counts):
        raise ValueError(
            f"`counts` must have the shape of `variances`, {jnp.shape(variances)}, "
            f"but has {jnp.shape(counts)}."
        )
    return (
        require_positive(variances, "variances"),
        require_positive(counts, "counts"),
        require_positive(num_samples, "num_samples"),
    )


def require_positive(value: Any, name: str) -> Any:
    """`value` if it is positive and finite, otherwise a `DomainError` names it."""
    holds = (known(value) > 0) & (known(value) < np.inf)
    return require(value, holds, f"`{name}` must be positive and finite.")


def unused_share(
    first: Float[Array, ""],
    second: Float[Array, ""],
    variances: Float[Array, " atoms"],
    counts: Float[Array, " atoms"],
    num_samples: Float[Array, ""],
) -> Float[Array, ""]:
    r"""$1 - \frac1n \sum_i \sigma_i^2 / ((\sigma_i + \lambda)(\sigma_i + \mu))$.

    It is $1 - \mathrm{df}_1(\lambda)/n$ at $\mu = 0$ and $1 - \mathrm{df}_2(\lambda)/n$
    at $\mu = \lambda$; from a root $\lambda_s$ of MEM-1, $s(\lambda) - s = (\lambda -
    \lambda_s)$ times it at $\mu = \lambda_s$. For $n \ge d$ all terms are positive, so
    nothing cancels near $n = d$.

    Args:
        first: $\lambda \ge 0$.
        second: $\mu \ge 0$.
        variances: $\sigma_i > 0$.
        counts: Multiplicities.
        num_samples: $n > 0$.

    Returns:
        The share.
    """
    dim = jnp.sum(counts)
    is_full = num_samples >= dim
    kept = variances / (variances + first)
    kept_second = variances / (variances + second)
    lost = first / (variances + first) + kept * (second / (variances + second))
    term = jnp.where(is_full, lost, -kept * kept_second)
    start = jnp.where(is_full, 1 - dim / num_samples, 1.0)
    return start + jnp.sum(counts * term) / num_samples


@jax.jit
def solve_effective_ridge(
    level: Float[Array, ""],
    variances: Float[Array, " atoms"],
    counts: Float[Array, " atoms"],
    num_samples: Float[Array, ""],
) -> Float[Array, ""]:
    """`effective_ridge` without checks, in the precision of its arguments."""
    cell = (variances, counts, num_samples)
    frozen = jax.lax.stop_gradient((level, *cell))
    root = jax.lax.stop_gradient(_bisect(*frozen))
    # A root looks constant to differentiation. One Newton step restores the first
    # derivatives, another the second and third.
    return _newton(_newton(root, level, *cell), level, *cell)


def _newton(root, level, variances, counts, num_samples):
    """One Newton step towards the effective ridge."""
    cell = (variances, counts, num_samples)
    slope = unused_share(root, root, *cell)
    excess = root * unused_share(root, jnp.zeros_like(root), *cell) - level
    return root - excess / jnp.where(slope > 0, slope, 1.0)


def _bisect(level, variances, counts, num_samples):
    """The root by bisection in its logarithm, between two proved ends."""
    missing = jnp.sum(counts) - num_samples
    floor = jnp.maximum(level, missing / jnp.sum(counts / variances))
    ceiling = jnp.sum(counts * variances) / num_samples + level
    tiny = jnp.finfo(floor.dtype).tiny

    def halve(_, ends):
        low, high = ends
        middle = (low + high) / 2
        lam = jnp.exp(middle)
        share = unused_share(lam, jnp.zeros_like(lam), variances, counts, num_samples)
        is_above = lam * share > level
        return jnp.where(is_above, low, middle), jnp.where(is_above, middle, high)

    ends = jnp.log(jnp.maximum(floor, tiny)), jnp.log(ceiling)
    low, high = jax.lax.fori_loop(0, BISECTIONS, halve, ends)
    is_zero = (level == 0) & (missing <= 0)
    return jnp.where(is_zero, 0.0, jnp.exp((low + high) / 2))


@float64
def spiked_eigenvalue(spike: Cells, load: Cells) -> Float[Array, "*#cells"]:
    r"""Limit of the top eigenvalue of $S$ for one spike $1 + \beta$ in white data.

    $(1+\beta)(1 + c/\beta)$ if $\beta^2 > c$, else the edge $(1+\sqrt c)^2$.

    Args:
        spike: Excess variance $\beta > 0$.
        load: $\gamma = n/d > 0$.

    Returns:
        The eigenvalue; the arguments broadcast.

    Raises:
        DomainError: If `spike <= 0` or `load <= 0`.

    Claim:
        MEM-6, sharp threshold [classical: Baik–Ben Arous–Péché 2005].
    """
    return _spiked_eigenvalue(
        require_positive(spike, "spike"), require_positive(load, "load")
    )


@jax.jit
def _spiked_eigenvalue(spike, load):
    ratio = 1 / load
    outlier = (1 + spike) * (1 + ratio / spike)
    return jnp.where(spike**2 > ratio, outlier, (1 + jnp.sqrt(ratio)) ** 2)


@float64
def spiked_overlap(spike: Cells, load: Cells) -> Float[Array, "*#cells"]:
    r"""Limit $Q$ of the squared overlap of the top eigenvector of $S$ with the spike.

    $Q = (1 - c/\beta^2)/(1 + c/\beta)$ if $\beta^2 > c$, else 0.

    Args:
        spike: Excess variance $\beta > 0$.
        load: $\gamma = n/d > 0$.

    Returns:
        $Q$; the arguments broadcast.

    Raises:
        DomainError: If `spike <= 0` or `load <= 0`.

    Claim:
        MEM-6, sharp threshold [classical: Baik–Ben Arous–Péché 2005, Paul 2007].

    Example:
        >>> round(float(spiked_overlap(1.5, 1.0)), 6)
        0.333333
    """
    return _spiked_overlap(
        require_positive(spike, "spike"), require_positive(load, "load")
    )


@jax.jit
def _spiked_overlap(spike, load):
    ratio = 1 / load
    return jnp.maximum(0.0, 1 - ratio / spike**2) / (1 + ratio / spike)
