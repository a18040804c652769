r"""The least time any estimator needs: divergence rates, Fano, maximum likelihood.

Bipartite class: Poisson sources of rate $\lambda_s$, targets with baseline $\mu_t$ and
one parent each; $\lambda = \mu_t + w x$ with $x$ the shot noise of the parent. Rates
come from Girsanov's formula for point processes, evaluated by quadrature of Laplace
transforms. Claims HK-10, HK-11, HK-12.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import special

from ..maths import information
from ..maths.domain import DomainError
from ..maths.precision import float64
from ..maths.quadrature import legendre_rule, trapezoid_rule
from ._checks import fraction, positive

PANEL_ORDER = 40
SMALL = 1e-4
SERIES_TERMS = np.arange(1, 31)


@float64
def swap_kl_rate(
    baseline: Float[Array, ""],
    edge_weight: Float[Array, ""],
    source_rate: Float[Array, ""],
    beta: Float[Array, ""],
) -> Float[Array, ""]:
    r"""Divergence per unit time when a target's parent is exchanged for another.

    $\mathrm{Cov}(\lambda, \log\lambda) = \lambda_s \int_0^\infty
    e^{-s\mu_t}\psi(s) \left[w - \frac{1 - e^{-\beta w s}}{\beta s}\right]
    \frac{ds}{s}$, $\psi(s) = \mathbb{E} e^{-s w x}$; weak limit
    $w^2\beta\lambda_s / 2(\mu_t + w\lambda_s)$.

    Args:
        baseline: $\mu_t > 0$.
        edge_weight: $w > 0$.
        source_rate: $\lambda_s > 0$.
        beta: Decay of the kernel.

    Returns:
        Rate, in 1/time.

    Raises:
        DomainError: If an argument is not positive.

    Claim:
        HK-10, exact identity [derived from Jacod's likelihood].
    """
    grid = _Laplace(baseline, edge_weight, source_rate, beta)
    weight = np.exp(-grid.s * grid.baseline + grid.log_psi)
    return grid.source * grid.weight * grid.integral(weight * grid.lost)


@float64
def add_kl_rate(
    baseline: Float[Array, ""],
    edge_weight: Float[Array, ""],
    source_rate: Float[Array, ""],
    beta: Float[Array, ""],
) -> Float[Array, ""]:
    r"""Divergence per unit time of a true edge from its absence (HK-10).

    $\int e^{-s\mu_t}[\mu_t(1-\psi) + w\lambda_s + \psi']\frac{ds}{s} - w\lambda_s$.

    Args:
        baseline: $\mu_t > 0$.
        edge_weight: $w > 0$.
        source_rate: $\lambda_s > 0$.
        beta: Decay of the kernel.

    Returns:
        Rate, in 1/time.

    Raises:
        DomainError: If an argument is not positive.
    """
    grid = _Laplace(baseline, edge_weight, source_rate, beta)
    missing = -np.expm1(grid.log_psi)
    drift = missing + np.exp(grid.log_psi) * grid.lost
    bracket = grid.baseline * missing + grid.weight * grid.source * drift
    total = grid.integral(np.exp(-grid.s * grid.baseline) * bracket)
    return total - grid.weight * grid.source


@float64
def drop_kl_rate(
    baseline: Float[Array, ""],
    edge_weight: Float[Array, ""],
    source_rate: Float[Array, ""],
    beta: Float[Array, ""],
) -> Float[Array, ""]:
    r"""Divergence per unit time of no edge from an assumed one (HK-10).

    $w\lambda_s - \mu_t\int e^{-s\mu_t}(1 - \psi)\frac{ds}{s}$.

    Args:
        baseline: $\mu_t > 0$.
        edge_weight: $w > 0$.
        source_rate: $\lambda_s > 0$.
        beta: Decay of the kernel.

    Returns:
        Rate, in 1/time.

    Raises:
        DomainError: If an argument is not positive.
    """
    grid = _Laplace(baseline, edge_weight, source_rate, beta)
    missing = -np.expm1(grid.log_psi)
    total = grid.integral(np.exp(-grid.s * grid.baseline) * missing)
    return grid.weight * grid.source - grid.baseline * total


@float64
def sqrt_intensity_variance(
    baseline: Float[Array, ""],
    edge_weight: Float[Array, ""],
    source_rate: Float[Array, ""],
    beta: Float[Array, ""],
) -> Float[Array, ""]:
    r"""$\mathrm{Var}\sqrt\lambda$, which bounds the Chernoff rate from above (HK-12).

    $\mathbb{E}\sqrt\lambda = \frac{1}{2\sqrt\pi}\int_0^\infty
    (1 - e^{-s\mu_t}\psi(s))\, s^{-3/2} ds$.

    Args:
        baseline: $\mu_t > 0$.
        edge_weight: $w > 0$.
        source_rate: $\lambda_s > 0$.
        beta: Decay of the kernel.

    Returns:
        Variance, in 1/time.

    Raises:
        DomainError: If an argument is not positive.
    """
    grid = _Laplace(baseline, edge_weight, source_rate, beta, span=(-80.0, 70.0, 300))
    missing = -np.expm1(-grid.s * grid.baseline + grid.log_psi)
    root = grid.integral(missing / np.sqrt(grid.s)) / (2 * np.sqrt(np.pi))
    return grid.baseline + grid.weight * grid.source - root**2


@float64
def fano_time_lower_bound(
    kl_rate: Float[Array, ""],
    error: Float[Array, ""],
    num_sources: Float[Array, ""],
    num_targets: Float[Array, ""],
) -> Float[Array, ""]:
    r"""Time below which every estimator errs with more than the given probability.

    $T \ge [(1-\epsilon)\log M - \log 2]/\mathrm{kl}$ with the $M = n_t(n_s - 1)$
    networks that differ from a base network in one parent.

    Args:
        kl_rate: `swap_kl_rate`, in 1/time.
        error: $\epsilon$, in (0, 1).
        num_sources: $n_s \ge 2$.
        num_targets: $n_t \ge 1$.

    Returns:
        $T$, 0 where Fano's inequality says nothing.

    Raises:
        DomainError: If an argument is out of its range.

    Claim:
        HK-11, lower bound [paper: the method; derived: class and constants].
    """
    (rate,) = positive(kl_rate=kl_rate)
    fraction(error=error)
    alternatives = _alternatives(num_sources, num_targets)
    if alternatives <= 1:
        return jnp.asarray(0.0)
    needed = information.fano_information_lower_bound(error, np.log(alternatives))
    return needed / rate


@float64
def ml_recovery_probability(
    T: Float[Array, ""], kl_rate: Float[Array, ""], num_nodes: Float[Array, ""]
) -> Float[Array, ""]:
    r"""Probability that maximum likelihood finds all parents, Gaussian approximation.

    $P(T) = \left[\int \phi(u - z)\,\Phi(u)^{n-1} du\right]^n$,
    $z^2 = T\,\mathrm{kl}$.

    Args:
        T: Observation time.
        kl_rate: `swap_kl_rate`, in 1/time.
        num_nodes: Number $n$ of sources, equal to that of targets.

    Returns:
        $P(T)$.

    Raises:
        DomainError: If an argument is not positive.

    Claim:
        HK-12 [derived, Gaussian approximation].
    """
    time, rate, n = positive(T=T, kl_rate=kl_rate, num_nodes=num_nodes)
    nodes, weights = trapezoid_rule(4001, -14.0, 14.0)
    others = (n - 1) * special.log_ndtr(nodes + np.sqrt(time * rate))
    density = np.exp(others - nodes**2 / 2) / np.sqrt(2 * np.pi)
    return jnp.asarray((weights @ density) ** n)


@float64
def union_time_upper_bound(
    chernoff_rate: Float[Array, ""],
    error: Float[Array, ""],
    num_sources: Float[Array, ""],
    num_targets: Float[Array, ""],
) -> Float[Array, ""]:
    r"""Time at which maximum likelihood errs with at most the given probability.

    $T = \log(n_t(n_s - 1)/\epsilon)/C$, the union bound over pairs.

    Args:
        chernoff_rate: $C$, in 1/time.
        error: $\epsilon$, in (0, 1).
        num_sources: $n_s \ge 2$.
        num_targets: $n_t \ge 1$.

    Returns:
        $T$, in time.

    Raises:
        DomainError: If an argument is out of its range.

    Claim:
        HK-12, upper bound [derived].
    """
    (rate,) = positive(chernoff_rate=chernoff_rate)
    (error_,) = fraction(error=error)
    alternatives = _alternatives(num_sources, num_targets)
    return jnp.asarray(np.log(alternatives / error_) / rate)


def _alternatives(
    num_sources: Float[Array, ""], num_targets: Float[Array, ""]
) -> float:
    if float(num_sources) < 2 or float(num_targets) < 1:
        counts = f"{float(num_sources)} and {float(num_targets)}"
        raise DomainError(
            f"`num_sources` must be at least 2, `num_targets` 1. Got {counts}."
        )
    return float(num_targets) * (float(num_sources) - 1)


class _Laplace:
    """Laplace transform of the shot noise on a logarithmic grid of arguments.

    Attributes:
        s: Arguments of the transform.
        log_psi: Logarithm of psi(s) = E exp(-s w x).
        lost: `1 - (1 - exp(-z))/z` at z = beta w s, without cancellation.
    """

    def __init__(
        self,
        baseline: Float[Array, ""],
        edge_weight: Float[Array, ""],
        source_rate: Float[Array, ""],
        beta: Float[Array, ""],
        span: tuple[float, float, int] | None = None,
    ):
        self.baseline, self.weight, self.source, decay = positive(
            baseline=baseline,
            edge_weight=edge_weight,
            source_rate=source_rate,
            beta=beta,
        )
        low, high, panels = span or (-34.0, np.log(60 / self.baseline), 60)
        nodes, weights = legendre_rule(PANEL_ORDER)
        edges = np.linspace(low, high, panels + 1)
        half = (edges[1] - edges[0]) / 2
        q = (edges[:-1, None] + half * (nodes + 1)).ravel()
        self.rule = np.tile(half * weights, panels)
        self.s = np.exp(q)
        z = decay * self.weight * self.s
        self.log_psi = -self.source / decay * _ein(z)
        self.lost = np.where(
            z < SMALL, z / 2 - z**2 / 6 + z**3 / 24, (z + np.expm1(-z)) / z
        )

    def integral(self, values: np.ndarray) -> Float[Array, ""]:
        """Integral over ds/s of values on the grid."""
        return jnp.asarray(self.rule @ values)


def _ein(z: np.ndarray) -> np.ndarray:
    r"""The entire exponential integral $\int_0^z (1 - e^{-v})/v\,dv$."""
    k = SERIES_TERMS
    coefficients = (-1.0) ** (k + 1) / (k * special.factorial(k))
    small = np.polynomial.polynomial.polyval(
        np.minimum(z, 2.0), np.concatenate([[0.0], coefficients])
    )
    large = np.maximum(z, 2.0)
    return np.where(z < 2, small, special.exp1(large) + np.log(large) + np.euler_gamma)
