r"""The linear anchor at finite width: three chaos rates, exact at every $N$.

Coupling, joint law and one-particle marginal are different quantities with different
rates; none of them is the distance of the empirical measure, which decays like
$N^{-2/p}$ and says nothing about chaos.

Claim: MF-5.
"""

import jax
import jax.numpy as jnp

from ..maths.domain import known, require
from ..maths.precision import float64
from ..maths.quadrature import legendre_rule
from .linear import (
    Cells,
    checked_rates,
    decay_integral,
    decrement_of,
    geometric_sum,
    linear_variance,
    nonnegative,
    positive,
    power,
)


@float64
def linear_coupling(
    time: Cells, curvature: Cells, lam: Cells, tau: Cells, init_var: Cells
) -> Cells:
    r"""$N\,\mathbb{E}|e_t|^2$ of the synchronous coupling, one direction, every $N$.

    $$c_0(e^{-(s+\lambda)t}-e^{-\lambda t})^2
      + 2\tau\int_0^t e^{-2\lambda r}(1-e^{-sr})^2dr.$$

    The closed form of the integral cancels as $t \to 0$; there it is a Gauss–Legendre
    sum of the positive integrand.

    Args:
        time: $t \ge 0$.
        curvature: $s \ge 0$.
        lam: $\lambda \ge 0$; zero is allowed and grows without bound.
        tau: $\tau \ge 0$.
        init_var: $c_0$.

    Returns:
        $N\,\mathbb{E}|e_t|^2$.

    Raises:
        DomainError: If an argument is negative.

    Claim:
        MF-5a, exact identity [derived].
    """
    curvature = checked_rates(curvature, lam)
    time, tau = nonnegative(time, "time"), nonnegative(tau, "tau")
    return _coupling(time, curvature, lam, tau, init_var)


@jax.jit
def _coupling(
    time: Cells, curvature: Cells, lam: Cells, tau: Cells, init_var: Cells
) -> Cells:
    """`linear_coupling` without checks."""
    start = jnp.exp(-lam * time) * jnp.expm1(-curvature * time)
    closed = (
        decay_integral(2 * (curvature + lam), time)
        - 2 * decay_integral(curvature + 2 * lam, time)
        + decay_integral(2 * lam, time)
    )
    is_short = (curvature + lam) * time < 1
    noise = jnp.where(is_short, _coupling_integral(time, curvature, lam), closed)
    return init_var * start**2 + 2 * tau * noise


@float64
def linear_coupling_discrete(
    num_steps: Cells,
    step: Cells,
    curvature: Cells,
    lam: Cells,
    tau: Cells,
    init_var: Cells,
) -> Cells:
    r"""$N\,\mathbb{E}|e_k|^2 = c_0(A^k-B^k)^2 + 2\tau h\sum_{j<k}(A^j-B^j)^2$.

    $A = 1-h(s+\lambda)$, $B = 1-h\lambda$; exact for the Euler scheme at every $h$.

    Args:
        num_steps: $k$.
        step: $h > 0$, $h(s+\lambda) < 2$.
        curvature: $s \ge 0$.
        lam: $\lambda \ge 0$.
        tau: $\tau \ge 0$.
        init_var: $c_0$.

    Returns:
        $N\,\mathbb{E}|e_k|^2$ after $k$ steps.

    Raises:
        DomainError: If the scheme is unstable or an argument negative.

    Claim:
        MF-5a, exact identity [derived].
    """
    curvature, tau = checked_rates(curvature, lam), nonnegative(tau, "tau")
    fast, slow = decrement_of(step, curvature + lam), decrement_of(step, lam)
    return _coupling_discrete(num_steps, step, fast, slow, tau, init_var)


@jax.jit
def _coupling_discrete(
    num_steps: Cells,
    step: Cells,
    fast: Cells,
    slow: Cells,
    tau: Cells,
    init_var: Cells,
) -> Cells:
    """`linear_coupling_discrete` from the decrements of both rates, without checks."""
    start = power(fast, num_steps) - power(slow, num_steps)
    noise = (
        geometric_sum(fast * (2 - fast), num_steps)
        - 2 * geometric_sum(fast + slow - fast * slow, num_steps)
        + geometric_sum(slow * (2 - slow), num_steps)
    )
    return init_var * start**2 + 2 * tau * step * noise


@float64
def linear_coupling_limit(curvature: Cells, lam: Cells, tau: Cells) -> Cells:
    r"""Limit of $N\,\mathbb{E}|e_t|^2$: $\tau s^2/(\lambda(s+\lambda)(s+2\lambda))$.

    Args:
        curvature: $s \ge 0$.
        lam: $\lambda > 0$; without confinement there is no limit.
        tau: $\tau \ge 0$.

    Returns:
        The limit as $t \to \infty$.

    Raises:
        DomainError: If `lam` is not positive.

    Claim:
        MF-5a, exact identity [derived].
    """
    lam = positive(lam, "lam")
    return tau * curvature**2 / (lam * (curvature + lam) * (curvature + 2 * lam))


@float64
def linear_w2_joint(
    time: Cells, curvature: Cells, lam: Cells, tau: Cells, init_var: Cells
) -> Cells:
    r"""$W_2^2(m^N_t, m_t^{\otimes N}) = (\sqrt Q-\sqrt C)^2$, whatever the width.

    Divide by $N$ for the rate per particle.

    Args:
        time: $t \ge 0$.
        curvature: $s \ge 0$.
        lam: $\lambda \ge 0$.
        tau: $\tau \ge 0$.
        init_var: $c_0$.

    Returns:
        The squared distance of the joint laws, not divided by $N$.

    Raises:
        DomainError: If an argument is negative.

    Claim:
        MF-5b, exact identity [derived].
    """
    slow = linear_variance(time, lam, tau, init_var)
    fast = linear_variance(time, curvature + lam, tau, init_var)
    return (jnp.sqrt(fast) - jnp.sqrt(slow)) ** 2


@float64
def linear_w2_marginal(
    time: Cells,
    curvature: Cells,
    lam: Cells,
    tau: Cells,
    init_var: Cells,
    width: Cells,
) -> Cells:
    r"""$W_2^2$ of one particle's marginal: $(\sqrt{C+(Q-C)/N}-\sqrt C)^2 = O(N^{-2})$.

    Args:
        time: $t \ge 0$.
        curvature: $s \ge 0$.
        lam: $\lambda \ge 0$.
        tau: $\tau \ge 0$.
        init_var: $c_0$.
        width: $N \ge 1$.

    Returns:
        The squared distance of the marginal to $m_t$.

    Raises:
        DomainError: If an argument is out of range.

    Claim:
        MF-5c, exact identity [derived; rate: Lacker 2023].
    """
    width = require(width, known(width) >= 1, "`width` must be at least 1.")
    slow = linear_variance(time, lam, tau, init_var)
    fast = linear_variance(time, curvature + lam, tau, init_var)
    difference = (fast - slow) / width
    root = jnp.sqrt(slow + difference) + jnp.sqrt(slow)
    return (difference / jnp.where(root > 0, root, 1.0)) ** 2


@float64
def linear_relative_entropy(curvature: Cells, lam: Cells) -> Cells:
    r"""Stationary relative entropy $\mathrm{KL}(m^N_*|m_*^{\otimes N})$.

    $\frac12(\log(1+z)-z/(1+z))$ with $z=s/\lambda$, the same at every width.

    Args:
        curvature: $s \ge 0$.
        lam: $\lambda > 0$.

    Returns:
        The relative entropy.

    Raises:
        DomainError: If `lam` is not positive.

    Claim:
        MF-5d, exact identity [derived].
    """
    ratio = curvature / positive(lam, "lam")
    return (jnp.log1p(ratio) - ratio / (1 + ratio)) / 2


@float64
def linear_free_energy_gap(curvature: Cells, lam: Cells, tau: Cells) -> Cells:
    r"""$\mathcal F^N_* - N\mathcal F_* = \frac\tau2\log(1+s/\lambda)$.

    Args:
        curvature: $s \ge 0$.
        lam: $\lambda > 0$.
        tau: $\tau \ge 0$.

    Returns:
        The free-energy gap, the same at every width.

    Raises:
        DomainError: If `lam` is not positive.

    Claim:
        MF-5d, exact identity [derived].
    """
    return tau / 2 * jnp.log1p(curvature / positive(lam, "lam"))


def _coupling_integral(time: Cells, curvature: Cells, lam: Cells) -> Cells:
    """Gauss–Legendre sum of exp(-2 lam r)(1 - exp(-s r))^2 over [0, time]."""
    total = jnp.zeros(())
    for node, weight in zip(*legendre_rule(16, 0.0, 1.0), strict=True):
        gap = jnp.expm1(-curvature * time * float(node))
        total = total + float(weight) * jnp.exp(-2 * lam * time * float(node)) * gap**2
    return total * time
