r"""Sparse dictionary: how many atoms the learned measure has, and the learning cell.

Conic neurons, ridge $\lambda$, teacher $f^* = \sum c_j\psi_{v_j}$ with orthonormal
$v_j$ and $\sigma_0 = \sigma_1 = 0$; $\kappa(1) = \sum\sigma_k^2$. The learning cell
$(w^*, D^*_{\mathrm{orb}}, S^*)$ is the paper's triple, its computation is ours.

Claims: MF-12, MF-14.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ..maths.domain import DomainError, known, require
from ..maths.precision import float64
from .identifiability import INACTIVE, PARITIES

Scalar = Float[Array, ""]
Cells = Float[Array, "*cells"]
Teacher = Float[Array, " atoms"]


@float64
def soft_threshold(
    c: Teacher,
    lam: Cells,
    kernel_at_one: Scalar = 1.0,  # pyright: ignore[reportArgumentType]  # promoted
) -> Float[Array, "*cells atoms"]:
    r"""Masses of the minimiser: $\mathrm{sign}(c_j)(|c_j|-\lambda/\kappa(1))_+$.

    Args:
        c: Teacher coefficients.
        lam: $\lambda \ge 0$, any shape.
        kernel_at_one: $\kappa(1) > 0$.

    Returns:
        Mass at each teacher direction, the last axis.

    Raises:
        DomainError: If `lam` is negative or `kernel_at_one` not positive.

    Claim:
        MF-12, sharp threshold [derived].
    """
    return _soft(c, _threshold(lam, kernel_at_one))


@jax.jit
@functools.partial(jnp.vectorize, excluded={0}, signature="()->(atoms)")
def _soft(c: Teacher, threshold: Scalar) -> Teacher:
    """Coefficients shrunk by a threshold."""
    return jnp.sign(c) * jnp.maximum(jnp.abs(c) - threshold, 0.0)


@float64
def sparse_count(
    c: Teacher,
    lam: Cells,
    kernel_at_one: Scalar = 1.0,  # pyright: ignore[reportArgumentType]  # promoted
) -> Int[Array, "*cells"]:
    r"""Number of atoms $S^* = \#\{j: |c_j|\kappa(1) > \lambda\}$.

    Args:
        c: Teacher coefficients.
        lam: $\lambda \ge 0$, any shape.
        kernel_at_one: $\kappa(1) > 0$.

    Returns:
        $S^*$, shape of `lam`.

    Raises:
        DomainError: If `lam` is negative or `kernel_at_one` not positive.

    Claim:
        MF-12, sharp threshold [derived; mirrors the paper's $S^*$].
    """
    return _count(c, _threshold(lam, kernel_at_one))


@jax.jit
@functools.partial(jnp.vectorize, excluded={0})
def _count(c: Teacher, threshold: Scalar) -> Int[Array, ""]:
    """Number of coefficients above a threshold."""
    return jnp.sum(jnp.abs(c) > threshold)


@float64
def sparse_energy(
    c: Teacher,
    lam: Cells,
    kernel_at_one: Scalar = 1.0,  # pyright: ignore[reportArgumentType]  # promoted
) -> Cells:
    r"""Minimal energy $\frac12\kappa(1)\sum r_j^2+\lambda\sum(|c_j|-r_j)$.

    $r_j = \min(|c_j|,\lambda/\kappa(1))$.

    Args:
        c: Teacher coefficients.
        lam: $\lambda \ge 0$, any shape.
        kernel_at_one: $\kappa(1) > 0$.

    Returns:
        The energy of the minimiser, shape of `lam`.

    Raises:
        DomainError: If `lam` is negative or `kernel_at_one` not positive.

    Claim:
        MF-12, exact [derived].
    """
    return _energy(c, lam, _threshold(lam, kernel_at_one), kernel_at_one)


@jax.jit
@functools.partial(jnp.vectorize, excluded={0, 3})
def _energy(
    c: Teacher, lam: Scalar, threshold: Scalar, kernel_at_one: Scalar
) -> Scalar:
    """Energy where each coefficient keeps at most the threshold."""
    rest = jnp.minimum(jnp.abs(c), threshold)
    return kernel_at_one / 2 * jnp.sum(rest**2) + lam * jnp.sum(jnp.abs(c) - rest)


@float64
def dictionary_kernel_at_one(coefficients: Float[Array, " degrees"]) -> Scalar:
    r"""$\kappa(1) = \sum\sigma_k^2$, if the theorem applies to this activation.

    Args:
        coefficients: $\sigma_0 … \sigma_K$.

    Returns:
        $\kappa(1)$.

    Raises:
        DomainError: If $\sigma_0$ or $\sigma_1$ is not zero: the certificate fails.

    Claim:
        MF-12 [derived].
    """
    low = np.abs(np.asarray(coefficients[:2]))
    if np.any(low > INACTIVE):
        raise DomainError("`coefficients` of degree 0 and 1 must vanish.")
    return jnp.sum(coefficients**2)


@float64
def learning_cell(
    c: Teacher,
    lam: Cells,
    init_weight: Scalar,
    *,
    parity: str,
    top_degree: int,
    kernel_at_one: float = 1.0,
) -> dict[str, Array]:
    r"""The triple $(w^*, D^*_{\mathrm{orb}}, S^*)$ and whether the cell is closed.

    [operational] $w^*$ is the weight that bounded drift propagates for all times,
    $S^*$ the atom count of the sparse dictionary, $D_{\mathrm{orb}}$ the orbit depth
    at $S^*$; closed means that the visible degrees up to `top_degree` reach that depth.

    Args:
        c: Teacher coefficients.
        lam: $\lambda \ge 0$, any shape.
        init_weight: $w^*_0 \ge 0$.
        parity: "both", "odd" or "even".
        top_degree: Highest active degree, at least 2 (odd: 3).
        kernel_at_one: $\kappa(1) > 0$.

    Returns:
        `weight`; `orbit_depth`, `num_atoms` and `is_closed`, shape of `lam`.

    Raises:
        ValueError: If `parity` or `top_degree` is out of range.
        DomainError: If a scalar is out of range.

    Claim:
        MF-14, ordering [operational].
    """
    reach = _reach(parity, top_degree)
    holds = known(init_weight) >= 0
    init_weight = require(init_weight, holds, "Weights are nonnegative.")
    atoms = sparse_count(c, lam, kernel_at_one)  # pyright: ignore[reportArgumentType]  # promoted
    depth = {"both": atoms, "odd": jnp.maximum(2 * atoms - 1, 0), "even": 2 * atoms}
    return {
        "weight": init_weight,
        "orbit_depth": depth[parity],
        "num_atoms": atoms,
        "is_closed": atoms <= reach,
    }


@float64
def closing_ridge_threshold(
    c: Teacher, *, parity: str, top_degree: int, kernel_at_one: float = 1.0
) -> Scalar:
    r"""Smallest ridge at which the cell closes: $\kappa(1)|c|_{(K'+1)}$.

    $K' = K$ (both parities), $\lfloor(K+1)/2\rfloor$ (odd), $\lfloor K/2\rfloor$
    (even); zero if there are no more than $K'$ coefficients.

    Args:
        c: Teacher coefficients.
        parity: "both", "odd" or "even".
        top_degree: $K$, at least 2 (odd: 3).
        kernel_at_one: $\kappa(1) > 0$.

    Returns:
        $\lambda_{\mathrm{id}}$.

    Raises:
        ValueError: If `parity` or `top_degree` is out of range.

    Claim:
        MF-14, sharp threshold [operational].
    """
    reach = _reach(parity, top_degree)
    ordered = jnp.sort(jnp.abs(c), descending=True)
    return kernel_at_one * ordered[reach] if reach < c.size else jnp.zeros(())


def _threshold(lam: Cells, kernel_at_one: Scalar) -> Cells:
    lam = require(lam, known(lam) >= 0, "`lam` must not be negative.")
    holds = known(kernel_at_one) > 0
    kernel_at_one = require(kernel_at_one, holds, "`kernel_at_one` must be positive.")
    return lam / kernel_at_one


def _reach(parity: str, top_degree: int) -> int:
    """Largest number of atoms that this activation identifies."""
    if parity not in PARITIES:
        raise ValueError(f"`parity` must be one of {PARITIES}, got {parity}.")
    if top_degree < (3 if parity == "odd" else 2):
        raise ValueError(f"`top_degree` is too small for the theorem: {top_degree}.")
    return {
        "both": top_degree,
        "odd": (top_degree + 1) // 2,
        "even": top_degree // 2,
    }[parity]
