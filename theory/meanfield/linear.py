r"""The linear anchor: McKean–Vlasov Ornstein–Uhlenbeck, exact at every width and step.

Neurons $\varphi(x;\theta) = \theta\cdot x$. Everything is per eigendirection of
$\Sigma = \mathbb{E}\,xx^T$ with eigenvalue `curvature` $s$; directions add up.
The law of one neuron has variance $C(t)$ (rate $\lambda$), the rescaled centre of mass
$\sqrt N(\bar u_N - u)$ has variance $Q(t)$ (rate $s + \lambda$).

Claims: MF-4 (Gaussian closure), MF-8c (free energy).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..maths.domain import known, require
from ..maths.precision import float64

Cells = Float[Array, "*#cells"]


@float64
def linear_mean(
    time: Cells, curvature: Cells, target: Cells, lam: Cells, init_mean: Cells
) -> Cells:
    r"""Mean of the law: $u(t) = u_\infty + (u_0 - u_\infty) e^{-(s+\lambda)t}$.

    $u_\infty = b/(s+\lambda)$; written with $\int_0^t e^{-(s+\lambda)r}dr$, so that
    $s + \lambda = 0$ is allowed.

    Args:
        time: $t \ge 0$.
        curvature: $s \ge 0$.
        target: $b = \mathbb{E}\,yx$ in this direction.
        lam: Ridge $\lambda \ge 0$.
        init_mean: $u_0$.

    Returns:
        The mean $u(t)$.

    Raises:
        DomainError: If a rate or the time is negative.

    Claim:
        MF-4, exact identity [derived; classical McKean–Vlasov OU].
    """
    rate = checked_rates(curvature, lam) + lam
    time = nonnegative(time, "time")
    return init_mean * jnp.exp(-rate * time) + target * decay_integral(rate, time)


@float64
def linear_variance(time: Cells, rate: Cells, tau: Cells, init_var: Cells) -> Cells:
    r"""Variance $c_0e^{-2rt} + 2\tau\int_0^t e^{-2rs}ds$.

    $C(t)$ for `rate` $r = \lambda$ and $Q(t)$ for $r = s + \lambda$; $r = 0$ gives
    $c_0 + 2\tau t$.

    Args:
        time: $t \ge 0$.
        rate: $r \ge 0$.
        tau: Temperature $\tau \ge 0$.
        init_var: $c_0 \ge 0$.

    Returns:
        The variance at time $t$.

    Raises:
        DomainError: If an argument is negative.

    Claim:
        MF-4, exact identity [derived].
    """
    rate, tau = nonnegative(rate, "rate"), nonnegative(tau, "tau")
    time = nonnegative(time, "time")
    return _variance(time, rate, tau, init_var)


@jax.jit
def _variance(time: Cells, rate: Cells, tau: Cells, init_var: Cells) -> Cells:
    """`linear_variance` without checks."""
    noise = 2 * tau * decay_integral(2 * rate, time)
    return init_var * jnp.exp(-2 * rate * time) + noise


@float64
def linear_mean_discrete(
    num_steps: Cells,
    step: Cells,
    curvature: Cells,
    target: Cells,
    lam: Cells,
    init_mean: Cells,
) -> Cells:
    r"""Mean after $k$ Euler steps: $u_0A^k + hb\sum_{j<k}A^j$, $A = 1-h(s+\lambda)$.

    Args:
        num_steps: $k$.
        step: $h > 0$ with $h(s+\lambda) < 2$.
        curvature: $s \ge 0$.
        target: $b$.
        lam: $\lambda \ge 0$.
        init_mean: $u_0$.

    Returns:
        The mean after $k$ steps.

    Raises:
        DomainError: If the scheme is unstable.

    Claim:
        MF-4, exact identity [derived].
    """
    decrement = decrement_of(step, checked_rates(curvature, lam) + lam)
    start = init_mean * power(decrement, num_steps)
    return start + step * target * geometric_sum(decrement, num_steps)


@float64
def linear_variance_discrete(
    num_steps: Cells, step: Cells, rate: Cells, tau: Cells, init_var: Cells
) -> Cells:
    r"""Variance after $k$ Euler steps: $c_0A^{2k} + 2\tau h\sum_{j<k}A^{2j}$.

    $A = 1 - hr$, with $r = \lambda$ for $C$ and $r = s+\lambda$ for $Q$.

    Args:
        num_steps: $k$.
        step: $h > 0$ with $hr < 2$.
        rate: $r \ge 0$.
        tau: $\tau \ge 0$.
        init_var: $c_0$.

    Returns:
        The variance after $k$ steps.

    Raises:
        DomainError: If the scheme is unstable or an argument negative.

    Claim:
        MF-4, exact identity [derived].
    """
    tau = nonnegative(tau, "tau")
    single = decrement_of(step, nonnegative(rate, "rate"))
    return _variance_discrete(num_steps, step, single, tau, init_var)


@jax.jit
def _variance_discrete(
    num_steps: Cells, step: Cells, single: Cells, tau: Cells, init_var: Cells
) -> Cells:
    """`linear_variance_discrete` from the decrement hr, without checks."""
    double = single * (2 - single)
    noise = 2 * tau * step * geometric_sum(double, num_steps)
    return init_var * power(double, num_steps) + noise


@float64
def linear_free_energy_excess(
    time: Cells,
    curvature: Cells,
    target: Cells,
    lam: Cells,
    tau: Cells,
    init_mean: Cells,
    init_var: Cells,
) -> Cells:
    r"""$\mathcal F(m_t)-\mathcal F_*$ of one direction, decaying at rate $2\lambda$.

    $\frac12(s+\lambda)(u-u_\infty)^2+\frac\tau2(r-1-\log r)$ with $r = C\lambda/\tau$.

    Args:
        time: $t \ge 0$.
        curvature: $s \ge 0$.
        target: $b$.
        lam: $\lambda > 0$.
        tau: $\tau > 0$.
        init_mean: $u_0$.
        init_var: $c_0 > 0$.

    Returns:
        The excess free energy.

    Raises:
        DomainError: If `lam` or `tau` is not positive.

    Claim:
        MF-8c, exact identity [derived].
    """
    lam, tau = positive(lam, "lam"), positive(tau, "tau")
    rate = curvature + lam
    error = (init_mean - target / rate) * jnp.exp(-rate * time)
    excess = (init_var * lam / tau - 1) * jnp.exp(-2 * lam * time)
    return rate * error**2 / 2 + tau / 2 * (excess - jnp.log1p(excess))


@jax.jit
def geometric_sum(decrement: Cells, num_steps: Cells) -> Cells:
    r"""$\sum_{j<k} x^j$ from $d = 1 - x$ without cancellation; $k$ at $d = 0$."""
    total = 1 - power(decrement, num_steps)
    near = -jnp.expm1(num_steps * jnp.log1p(-jnp.minimum(decrement, 0.5)))
    safe = jnp.where(decrement == 0, 1.0, decrement)
    ratio = jnp.where(decrement < 0.5, near, total) / safe
    return jnp.where(decrement == 0, num_steps, ratio)


@jax.jit
def power(decrement: Cells, num_steps: Cells) -> Cells:
    """The factor (1 - d)^k for integer k, whatever its sign."""
    base = 1 - decrement
    is_odd = jnp.mod(num_steps, 2) == 1
    sign = jnp.where((base < 0) & is_odd, -1.0, 1.0)
    return sign * jnp.abs(base) ** num_steps


@jax.jit
def decay_integral(rate: Cells, time: Cells) -> Cells:
    """The integral of exp(-rate s) over [0, time]; `time` at rate 0."""
    safe = jnp.where(rate == 0, 1.0, rate)
    return jnp.where(rate == 0, time, -jnp.expm1(-safe * time) / safe)


def decrement_of(step: Cells, rate: Cells) -> Cells:
    """The product h·rate, if the Euler scheme is stable at it."""
    step = positive(step, "step")
    is_stable = known(step) * known(rate) < 2
    return require(step * rate, is_stable, "`step * rate` must be below 2.")


def checked_rates(curvature: Cells, lam: Cells) -> Cells:
    """The curvature, if neither it nor the ridge is negative."""
    curvature = nonnegative(curvature, "curvature")
    return require(curvature, known(lam) >= 0, "`lam` must not be negative.")


def positive(value: Cells, name: str) -> Cells:
    """The value, if it is positive."""
    return require(value, known(value) > 0, f"`{name}` must be positive.")


def nonnegative(value: Cells, name: str) -> Cells:
    """The value, if it is not negative."""
    return require(value, known(value) >= 0, f"`{name}` must not be negative.")
