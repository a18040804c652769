r"""Which initial tails survive training: the admissible moment weight $w^*$.

Class $\mathcal M_w$: laws with $\sum_kw^kM_k/k! < \infty$, $M_k = \mathbb{E}|\theta|^k$
(the normalisation by $k!$ is our operational choice); $w^* = \sup\{w:\mathbb{E}
e^{w|\theta|}<\infty\}$, $1/b$ for Laplace tails of scale $b$.

Claim: MF-10.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import special

from ..maths.domain import known, require
from ..maths.precision import float64
from .riccati import riccati_flow

Cells = Float[Array, "*#cells"]
Scalar = Float[Array, ""]


@float64
def log_even_moment(scale: Scalar, variance: Scalar, *, order: int) -> Scalar:
    r"""$\log\mathbb{E}(L+G)^k$, $L$ Laplace of scale $b$, $G$ normal of variance $v$.

    $\sum_j\binom k{2j}\,b^{2j}(2j)!\;v^{k/2-j}(k-2j-1)!!$, summed in logarithms.

    Args:
        scale: $b \ge 0$.
        variance: $v \ge 0$.
        order: $k \ge 0$, even.

    Returns:
        The log moment.

    Raises:
        ValueError: If `order` is odd or negative.
        DomainError: If `scale` or `variance` is negative.

    Claim:
        MF-10, exact identity [derived].
    """
    if order < 0 or order % 2:
        raise ValueError(f"`order` must be even and not negative, got {order}.")
    b, v = known(scale), known(variance)
    require(b, b >= 0, "`scale` must not be negative.")
    require(v, v >= 0, "`variance` must not be negative.")
    even = np.arange(0.0, order + 1, 2)
    rest = order - even
    log_binomial = -special.gammaln(rest + 1)  # times (2j)! of the Laplace moment
    log_double = special.gammaln(rest + 1) - special.gammaln(rest / 2 + 1)
    constant = special.gammaln(order + 1) + log_binomial + log_double
    constant = constant - rest / 2 * np.log(2)
    powers = special.xlogy(even, b) + special.xlogy(rest / 2, v)
    return jnp.asarray(special.logsumexp(powers + constant))


@float64
def weight_ratio(scale: Scalar, variance: Scalar, *, order: int) -> Scalar:
    r"""Ratio estimator $\sqrt{k(k-1)M_{k-2}/M_k} \to w^* = 1/b$.

    Twelve digits by $k = 20$ for unit scales; grows like $\sqrt k$ if $b = 0$.

    Args:
        scale: $b \ge 0$.
        variance: $v \ge 0$.
        order: $k \ge 2$, even.

    Returns:
        The estimate of $w^*$.

    Raises:
        ValueError: If `order` is odd or below 2.

    Claim:
        MF-10, exact identity [derived].
    """
    upper = known(log_even_moment(scale, variance, order=order))
    lower = known(log_even_moment(scale, variance, order=order - 2))
    return jnp.asarray(np.sqrt(order * (order - 1.0) * np.exp(lower - upper)))


@float64
def admissible_weight(time: Cells, init_weight: Cells, lam: Cells) -> Cells:
    r"""$w^*_t = e^{\lambda t}w^*_0$ if the data part of the drift is bounded.

    Args:
        time: $t \ge 0$.
        init_weight: $w^*_0 \ge 0$.
        lam: $\lambda \ge 0$.

    Returns:
        $w^*_t$; the class propagated for all times is $w < w^*_0$.

    Raises:
        DomainError: If an argument is negative.

    Claim:
        MF-10a, sharp threshold [derived; mirrors the paper's $w^*$].
    """
    time = require(time, known(time) >= 0, "`time` must not be negative.")
    lam = require(lam, known(lam) >= 0, "`lam` must not be negative.")
    return _nonnegative(init_weight) * jnp.exp(lam * time)


@float64
def admissible_weight_riccati(
    time: Cells, init_weight: Cells, mu: Cells, lam: Cells, tau: Cells, q0: Cells
) -> Cells:
    r"""$w^*_t = w^*_0/P_t$ in the Riccati anchor: growing features shrink the class.

    Args:
        time: $t \ge 0$.
        init_weight: $w^*_0 \ge 0$.
        mu: $\mu$.
        lam: $\lambda \ge 0$.
        tau: $\tau > 0$.
        q0: Second moment at the start, $q_0 \ge 0$.

    Returns:
        $w^*_t$.

    Raises:
        DomainError: If an argument is out of range.

    Claim:
        MF-10b, sharp threshold [derived].
    """
    return _nonnegative(init_weight) / riccati_flow(time, mu, lam, tau, q0)


def _nonnegative(weight: Cells) -> Cells:
    return require(weight, known(weight) >= 0, "Weights are nonnegative.")
