r"""Propagation of chaos for bounded smooth neurons $\varphi = R\tanh(\theta\cdot x)$.

Claim: MF-7.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..maths.domain import known, require
from ..maths.precision import float64

Scalar = Float[Array, ""]
Inputs = Float[Array, "samples dim"]
Targets = Float[Array, " samples"]


@float64
def chaos_contraction(X: Inputs, y: Targets, lam: Scalar, amplitude: Scalar) -> Scalar:
    r"""$\kappa = \lambda-(R+Y)H-B^2$ of the synchronous coupling.

    $B = R\max|x|$, $H = \frac4{3\sqrt3}R\max|x|^2$, $Y = \max|y|$.

    Args:
        X: Inputs.
        y: Targets.
        lam: $\lambda \ge 0$.
        amplitude: $R > 0$.

    Returns:
        $\kappa$; chaos is uniform in time by this proof if it is positive.

    Raises:
        DomainError: If `lam` is negative, `amplitude` not positive, or the data are
            not finite.

    Claim:
        MF-7, upper bound [classical: Sznitman, Malrieu; derived constants].
    """
    y = finite_data(X, y)
    lam = require(lam, known(lam) >= 0, "`lam` must not be negative.")
    holds = known(amplitude) > 0
    amplitude = require(amplitude, holds, "`amplitude` must be positive.")
    return _contraction(X, y, lam, amplitude)


@jax.jit
def _contraction(X: Inputs, y: Targets, lam: Scalar, amplitude: Scalar) -> Scalar:
    """`chaos_contraction` without checks."""
    norm = jnp.max(jnp.linalg.norm(X, axis=1))
    hessian = 4 / (3 * np.sqrt(3)) * amplitude * norm**2
    slope = amplitude * norm
    return lam - (amplitude + jnp.max(jnp.abs(y))) * hessian - slope**2


@float64
def chaos_upper_bound(
    X: Inputs,
    y: Targets,
    lam: Scalar,
    amplitude: Scalar,
    width: Scalar,
    variance: Scalar | None = None,
    horizon: Scalar = np.inf,  # pyright: ignore[reportArgumentType]  # promoted
) -> Scalar:
    r"""Bound on $\mathbb{E}|\theta_i-\bar\theta_i|^2$ up to `horizon` $T$.

    $\frac{B^2\sigma^2}N(\frac{1-e^{-\kappa T}}\kappa)^2$, which is
    $B^2\sigma^2/(\kappa^2N)$ for $\kappa>0$, $T=\infty$ and infinite for
    $\kappa\le0$, $T=\infty$.

    Args:
        X: Inputs.
        y: Targets.
        lam: $\lambda \ge 0$.
        amplitude: $R > 0$.
        width: $N \ge 1$.
        variance: $\sigma^2 \ge \sup_t\mathbb{E}_x\mathrm{Var}\varphi$; $R^2$ if None.
        horizon: $T > 0$.

    Returns:
        The bound.

    Raises:
        DomainError: If an argument is out of range.

    Claim:
        MF-7, upper bound [classical: Sznitman, Malrieu; derived constants].
    """
    width = require(width, known(width) >= 1, "`width` must be at least 1.")
    horizon = require(horizon, known(horizon) > 0, "`horizon` must be positive.")
    kappa = chaos_contraction(X, y, lam, amplitude)
    return _bound(X, kappa, amplitude, width, variance, horizon)


@jax.jit
def _bound(
    X: Inputs,
    kappa: Scalar,
    amplitude: Scalar,
    width: Scalar,
    variance: Scalar | None,
    horizon: Scalar,
) -> Scalar:
    """`chaos_upper_bound` at a known contraction, without checks."""
    safe = jnp.where(kappa == 0, 1.0, kappa)
    growth = jnp.where(kappa == 0, horizon, -jnp.expm1(-safe * horizon) / safe)
    slope = amplitude * jnp.max(jnp.linalg.norm(X, axis=1))
    sigma2 = amplitude**2 if variance is None else variance
    return slope**2 * sigma2 * growth**2 / width


def finite_data(X: Inputs, y: Targets) -> Targets:
    """The targets, if inputs and targets agree in number and are finite."""
    if X.shape[0] != y.shape[0] or not y.shape[0]:
        raise ValueError(f"`X` and `y` disagree: shapes {X.shape} and {y.shape}.")
    is_finite = (abs(known(X)) < np.inf).all() & (abs(known(y)) < np.inf).all()
    return require(y, is_finite, "Data must be finite.")
