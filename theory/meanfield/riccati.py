r"""The Riccati anchor: second-Hermite neurons, exact nonlinear mean field.

$\varphi(x;\theta) = \frac12((\theta\cdot x)^2-|\theta|^2)$ with standard normal inputs
and target $\frac12(x^TM_*x - \mathrm{tr}M_*)$. The second moment
$M = \int\theta\theta^Tdm$ obeys $M' = -(AM+MA)+2\tau I$ with $A = M-M_*+\lambda I$:
an eigenvalue $\mu$ of $M_*$ is learned if and only if $\mu > \lambda$.

Claims: MF-6.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ..maths.domain import known, require
from ..maths.precision import float64

Cells = Float[Array, "*#cells"]
Scalar = Float[Array, ""]
Matrix = Float[Array, "dim dim"]
NODES = 4001


@float64
def riccati_roots(mu: Cells, lam: Cells, tau: Cells) -> tuple[Cells, Cells, Cells]:
    r"""Fixed points $q_\pm = \frac12(\mu-\lambda\pm D)$ and $D$.

    $D = \sqrt{(\mu-\lambda)^2+4\tau}$; the smaller root in size comes from
    $q_+q_- = -\tau$, without cancellation.

    Args:
        mu: Eigenvalue $\mu$ of $M_*$.
        lam: $\lambda \ge 0$.
        tau: $\tau \ge 0$.

    Returns:
        $(q_+, q_-, D)$.

    Raises:
        DomainError: If `lam` or `tau` is negative.

    Claim:
        MF-6a, sharp threshold at $\mu = \lambda$ with exponent ½ [derived].
    """
    lam = require(lam, known(lam) >= 0, "`lam` must not be negative.")
    tau = require(tau, known(tau) >= 0, "`tau` must not be negative.")
    return _roots(mu - lam, tau)


@float64
def riccati_moment(time: Cells, mu: Cells, lam: Cells, tau: Cells, q0: Cells) -> Cells:
    r"""Second moment $q(t) = (q_+-q_-Re^{-2Dt})/(1-Re^{-2Dt})$.

    $R = (q_0-q_+)/(q_0-q_-)$.

    Args:
        time: $t \ge 0$.
        mu: $\mu$.
        lam: $\lambda \ge 0$.
        tau: $\tau > 0$.
        q0: Start $q_0 \ge 0$.

    Returns:
        $q(t)$.

    Raises:
        DomainError: If an argument is out of range.

    Claim:
        MF-6, exact identity [derived].
    """
    return _moment_and_flow(*_checked(time, mu, lam, tau, q0))[0]


@float64
def riccati_flow(time: Cells, mu: Cells, lam: Cells, tau: Cells, q0: Cells) -> Cells:
    r"""Flow factor $P_t$ of $\theta_t = P_t\theta_0$ + Gaussian.

    $P_t = e^{q_-t}\sqrt{(1-R)/(1-Re^{-2Dt})} = \exp\int_0^t(\mu-\lambda-q_s)ds$.

    Args:
        time: $t \ge 0$.
        mu: $\mu$.
        lam: $\lambda \ge 0$.
        tau: $\tau > 0$.
        q0: $q_0 \ge 0$.

    Returns:
        $P_t$; above one while features grow.

    Raises:
        DomainError: If an argument is out of range.

    Claim:
        MF-6c, exact identity [derived].
    """
    return _moment_and_flow(*_checked(time, mu, lam, tau, q0))[1]


@float64
def riccati_matrix(
    time: Scalar, M0: Matrix, M_star: Matrix, lam: Scalar, tau: Scalar
) -> Matrix:
    r"""$M(t)$ for any symmetric $M_*$ and start, commuting or not.

    In the eigenbasis of $M_*$ the distance $X = M - \mathrm{diag}(q_+)$ obeys
    $X' = -(DX+XD)-2X^2$, hence $X(t) = e^{-Dt}X_0(I+WX_0)^{-1}e^{-Dt}$ with
    $W = (I-e^{-2Dt})D^{-1}$: nothing overflows at long times.

    Args:
        time: $t \ge 0$.
        M0: Start, symmetric positive semidefinite.
        M_star: $M_*$, symmetric.
        lam: $\lambda \ge 0$.
        tau: $\tau > 0$.

    Returns:
        $M(t)$, symmetric.

    Raises:
        DomainError: If a matrix is not symmetric, `M0` not positive semidefinite, or
            a scalar out of range.

    Claim:
        MF-6, exact identity [derived].
    """
    M0, M_star = _state(M0), _symmetric(M_star, "M_star")
    tau = require(tau, known(tau) > 0, "`tau` must be positive.")
    lam = require(lam, known(lam) >= 0, "`lam` must not be negative.")
    return _matrix(time, M0, M_star, lam, tau)


@jax.jit
def _matrix(
    time: Scalar, M0: Matrix, M_star: Matrix, lam: Scalar, tau: Scalar
) -> Matrix:
    """The solution in the eigenbasis of the target."""
    mu, basis = jnp.linalg.eigh(M_star)
    upper, _, root = _roots(mu - lam, tau)
    distance = basis.T @ M0 @ basis - jnp.diag(upper)
    decay = jnp.exp(-root * time)
    weight = -jnp.expm1(-2 * root * time) / root
    identity = jnp.eye(mu.size)
    inner = jnp.linalg.solve(identity + distance * weight[None, :], distance)
    current = jnp.diag(upper) + decay[:, None] * inner * decay[None, :]
    current = basis @ current @ basis.T
    return (current + current.T) / 2


@float64
def riccati_matrix_discrete(
    M0: Matrix,
    M_star: Matrix,
    lam: Scalar,
    tau: Scalar,
    step: Scalar,
    *,
    num_steps: int,
) -> Matrix:
    r"""Exact mean field of the Euler scheme: $M \leftarrow BMB^T + 2\tau hI$.

    $B = I - h(M-M_*+\lambda I)$.

    Args:
        M0: Start, symmetric positive semidefinite.
        M_star: $M_*$, symmetric.
        lam: $\lambda \ge 0$.
        tau: $\tau \ge 0$.
        step: $h > 0$.
        num_steps: Number of steps.

    Returns:
        $M$ after `num_steps` steps.

    Raises:
        DomainError: If a matrix or a scalar is out of range.

    Claim:
        MF-6, exact identity [derived].
    """
    M0, M_star = _state(M0), _symmetric(M_star, "M_star")
    step = require(step, known(step) > 0, "`step` must be positive.")
    identity = jnp.eye(M0.shape[0])

    def advance(_: Int[Array, ""], current: Matrix) -> Matrix:
        factor = identity - step * (current - M_star + lam * identity)
        return factor @ current @ factor.T + 2 * tau * step * identity

    return jax.lax.fori_loop(0, num_steps, advance, M0)


@float64
def riccati_fluctuation(mu: Float[Array, " dim"], lam: Scalar, tau: Scalar) -> Scalar:
    r"""Stationary $\lim N\,\mathbb{E}\|M_N-M\|_F^2$.

    $$\tau\sum_{i,j}\frac{q_i+q_j}{D_i+D_j} + \tau\sum_j\frac{q_j}{D_j},$$
    ordered pairs with $i=j$ included.

    Args:
        mu: Eigenvalues of $M_*$.
        lam: $\lambda \ge 0$.
        tau: $\tau > 0$.

    Returns:
        The constant.

    Raises:
        DomainError: If a scalar is out of range.

    Claim:
        MF-6d, exact asymptotic constant [derived].
    """
    tau = require(tau, known(tau) > 0, "`tau` must be positive.")
    lam = require(lam, known(lam) >= 0, "`lam` must not be negative.")
    return _fluctuation(mu - lam, tau)


@jax.jit
def _fluctuation(gap: Float[Array, " dim"], tau: Scalar) -> Scalar:
    """`riccati_fluctuation` without checks."""
    upper, _, root = _roots(gap, tau)
    pairs = (upper[:, None] + upper[None, :]) / (root[:, None] + root[None, :])
    return tau * (jnp.sum(pairs) + jnp.sum(upper / root))


@float64
def riccati_finite_width(
    mu: Cells, lam: Cells, tau: Cells, width: Cells
) -> tuple[Cells, Cells]:
    r"""Stationary mean and variance of $q_N = \frac1N\sum\theta_i^2$, $d = 1$.

    Density $\propto q^{N/2-1}\exp(-\frac N\tau(\frac{q^2}4-\frac{(\mu-\lambda)q}2))$;
    trapezoid rule in $\log q$, whose density peaks at $q_+$.

    Args:
        mu: $\mu$.
        lam: $\lambda \ge 0$.
        tau: $\tau > 0$.
        width: $N \ge 1$.

    Returns:
        $(\mathbb{E}\,q_N, \mathrm{Var}\,q_N)$.

    Raises:
        DomainError: If an argument is out of range.

    Claim:
        MF-6e, exact identity at every $N$ [derived].
    """
    tau = require(tau, known(tau) > 0, "`tau` must be positive.")
    width = require(width, known(width) >= 1, "`width` must be at least 1.")
    return jax.jit(jnp.vectorize(_finite_width))(mu - lam, tau, width)


@jax.jit
def _roots(gap: Cells, tau: Cells) -> tuple[Cells, Cells, Cells]:
    """Roots and their distance, without cancellation."""
    root = jnp.sqrt(gap**2 + 4 * tau)
    large = (jnp.abs(gap) + root) / 2
    small = tau / jnp.where(large > 0, large, 1.0)
    is_learned = gap >= 0
    upper = jnp.where(is_learned, large, small)
    return upper, -jnp.where(is_learned, small, large), root


def _finite_width(gap: Scalar, tau: Scalar, width: Scalar) -> tuple[Scalar, Scalar]:
    """Mean and variance by quadrature at one parameter."""
    upper, _, root = _roots(gap, tau)
    spread = jnp.sqrt(2 * tau / (width * upper * root))
    low = jnp.log(upper) - jnp.minimum(80 / width + 12 * spread, 200.0)
    high = jnp.log(upper + 2 * jnp.abs(gap) + jnp.sqrt(200 * tau / width))
    high = jnp.minimum(high, jnp.log(upper) + 14 * spread)
    x = jnp.linspace(low, high, NODES)
    q = jnp.exp(x)
    log_density = width / 2 * x - width / tau * (q**2 / 4 - gap * q / 2)
    weight = jax.nn.softmax(log_density)
    mean = weight @ q
    return mean, weight @ (q - mean) ** 2


@jax.jit
def _moment_and_flow(
    time: Cells, mu: Cells, lam: Cells, tau: Cells, q0: Cells
) -> tuple[Cells, Cells]:
    """The scalar solution: second moment and flow factor."""
    upper, lower, root = _roots(mu - lam, tau)
    ratio = (q0 - upper) / (q0 - lower)
    decayed = ratio * jnp.exp(-2 * root * time)
    flow = jnp.exp(lower * time) * jnp.sqrt((1 - ratio) / (1 - decayed))
    return (upper - lower * decayed) / (1 - decayed), flow


def _checked(
    time: Cells, mu: Cells, lam: Cells, tau: Cells, q0: Cells
) -> tuple[Cells, Cells, Cells, Cells, Cells]:
    """The arguments of the scalar solution, if they are in range."""
    tau = require(tau, known(tau) > 0, "`tau` must be positive.")
    lam = require(lam, known(lam) >= 0, "`lam` must not be negative.")
    time = require(time, known(time) >= 0, "`time` must not be negative.")
    return time, mu, lam, tau, require(q0, known(q0) >= 0, "`q0` must not be negative.")


def _symmetric(matrix: Matrix, name: str) -> Matrix:
    plain = known(matrix)
    holds = abs(plain - plain.T).max() <= 1e-10 * (1 + abs(plain).max())
    return require(matrix, holds, f"`{name}` must be symmetric.")


def _state(matrix: Matrix) -> Matrix:
    matrix = _symmetric(matrix, "M0")
    smallest = jnp.linalg.eigvalsh(matrix)[0]
    return require(matrix, smallest >= -1e-10, "`M0` must be positive semidefinite.")
