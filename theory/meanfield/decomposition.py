r"""How the total error splits, with exact constants in the linear anchor.

$x\sim N(0,\Sigma)$, $\Sigma$ diagonal, $y = \beta\cdot x+g_2h_2(z_1)$ + noise with
$z = \Sigma^{-1/2}x$. Telescoping $f_{N,t,n}\to f_{\infty,t,n}\to f_{\infty,\infty,n}\to
f_{\infty,\infty,\infty}\to f^*$: chaos, optimization, statistical, and bias with tail.

Claim: MF-13.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..maths.domain import known, require
from ..maths.precision import float64

Scalar = Float[Array, ""]
Vector = Float[Array, " dim"]
Matrix = Float[Array, "dim dim"]


@float64
def decomposition_terms(
    Sigma_hat: Matrix,
    b_hat: Vector,
    eigenvalues: Vector,
    beta: Vector,
    tail: Scalar,
    lam: Scalar,
    tau: Scalar,
    init_var: Scalar,
    init_mean: Vector,
    time: Scalar,
    width: Scalar,
) -> dict[str, Array]:
    r"""The error terms as norms, and the total.

    With $\hat A = \hat\Sigma+\lambda$: chaos $\sqrt{\mathrm{tr}(\Sigma Q_t)/N}$,
    optimization $\|e^{-\hat At}(u_0-\hat A^{-1}\hat b)\|_\Sigma$, statistical
    $\|\hat A^{-1}\hat b-u_\lambda\|_\Sigma$, bias $\|u_\lambda-\beta\|_\Sigma$, tail
    $|g_2|$; $\mathrm{total}^2 = \mathrm{chaos}^2+\|u_t-\beta\|_\Sigma^2+g_2^2$.

    Args:
        Sigma_hat: $\hat\Sigma$, symmetric positive semidefinite.
        b_hat: $\hat b = \frac1n\sum yx$.
        eigenvalues: Diagonal of $\Sigma$, positive.
        beta: $\beta$.
        tail: $g_2$.
        lam: $\lambda > 0$.
        tau: $\tau \ge 0$.
        init_var: $c_0 \ge 0$.
        init_mean: $u_0$.
        time: $t \ge 0$.
        width: $N \ge 1$.

    Returns:
        `chaos`, `optimization`, `statistical`, `bias`, `tail`, `total`.

    Raises:
        DomainError: If an argument is out of range.

    Claim:
        MF-13, exact identity; total at most the sum of the terms [derived].
    """
    lam = require(lam, known(lam) > 0, "`lam` must be positive.")
    width = require(width, known(width) >= 1, "`width` must be at least 1.")
    values, basis = jnp.linalg.eigh(_symmetric(Sigma_hat))
    holds = known(values) > -1e-10
    values = require(values, holds, "`Sigma_hat` must be semidefinite.")
    spectrum = jnp.maximum(values, 0.0), basis
    start, truth = (init_var, init_mean), (eigenvalues, beta, tail)
    return _terms(spectrum, b_hat, truth, lam, tau, start, time, width)


@jax.jit
def _terms(
    spectrum: tuple[Vector, Matrix],
    b_hat: Vector,
    truth: tuple[Vector, Vector, Scalar],
    lam: Scalar,
    tau: Scalar,
    start: tuple[Scalar, Vector],
    time: Scalar,
    width: Scalar,
) -> dict[str, Array]:
    """`decomposition_terms` in the eigenbasis, without checks."""
    (values, basis), (eigenvalues, beta, tail) = spectrum, truth
    init_var, init_mean = start
    rates = values + lam
    decay = jnp.exp(-rates * time)
    variance = init_var * decay**2 - tau / rates * jnp.expm1(-2 * rates * time)
    spread = jnp.sum(eigenvalues[:, None] * basis**2 * variance[None, :])
    limit = basis @ ((basis.T @ b_hat) / rates)
    transient = basis @ (decay * (basis.T @ (init_mean - limit)))
    ridge = eigenvalues * beta / (eigenvalues + lam)
    missed = _norm(limit + transient - beta, eigenvalues)
    return {
        "chaos": jnp.sqrt(spread / width),
        "optimization": _norm(transient, eigenvalues),
        "statistical": _norm(limit - ridge, eigenvalues),
        "bias": _norm(ridge - beta, eigenvalues),
        "tail": jnp.abs(tail),
        "total": jnp.sqrt(spread / width + missed**2 + tail**2),
    }


@float64
def statistical_constant(
    eigenvalues: Vector, beta: Vector, tail: Scalar, noise: Scalar, lam: Scalar
) -> Scalar:
    r"""Limit of $n\,\mathbb{E}\,\mathrm{stat}^2$ in the number of samples.

    $\mathrm{tr}[\Sigma(\Sigma+\lambda)^{-1}V(\Sigma+\lambda)^{-1}]$ with
    $V = \mathbb{E}[xx^T\epsilon^2]-(\lambda u_\lambda)(\lambda u_\lambda)^T$ and the
    misfit $\epsilon = y-x\cdot u_\lambda$. In whitened coordinates, with
    $\rho = \Sigma^{1/2}(\beta-u_\lambda)$, Wick's formula gives $\mathbb{E}[zz^T
    \epsilon^2] = (|\rho|^2+g_2^2+\mathrm{noise}^2)I+2\rho\rho^T+4g_2^2e_1e_1^T$.

    Args:
        eigenvalues: Diagonal of $\Sigma$, positive.
        beta: $\beta$.
        tail: $g_2$.
        noise: Standard deviation of the label noise.
        lam: $\lambda > 0$.

    Returns:
        The constant.

    Raises:
        DomainError: If `lam` or an eigenvalue is not positive.

    Claim:
        MF-13, exact asymptotic constant [derived].
    """
    lam = require(lam, known(lam) > 0, "`lam` must be positive.")
    eigenvalues = require(eigenvalues, known(eigenvalues) > 0, "`eigenvalues` > 0.")
    return _constant(eigenvalues, beta, tail, noise, lam)


@jax.jit
def _constant(
    eigenvalues: Vector, beta: Vector, tail: Scalar, noise: Scalar, lam: Scalar
) -> Scalar:
    """`statistical_constant` without checks."""
    ridge = eigenvalues * beta / (eigenvalues + lam)
    misfit = jnp.sqrt(eigenvalues) * (beta - ridge)
    isotropic = jnp.sum(misfit**2) + tail**2 + noise**2
    diagonal = isotropic + 2 * misfit**2
    diagonal = diagonal.at[0].add(4 * tail**2)
    variance = eigenvalues * diagonal - (lam * ridge) ** 2
    return jnp.sum(eigenvalues * variance / (eigenvalues + lam) ** 2)


def _norm(vector: Vector, eigenvalues: Vector) -> Scalar:
    return jnp.sqrt(jnp.sum(eigenvalues * vector**2))


def _symmetric(matrix: Matrix) -> Matrix:
    asymmetry = abs(known(matrix) - known(matrix).T).max()
    return require(matrix, asymmetry < 1e-10, "`Sigma_hat` must be symmetric.")
