r"""What the learned function reveals about the parameter measure.

Unit-norm neurons $\sigma(u\cdot x)$, standard normal inputs, signed measures
$m = \sum a_j\delta_{u_j}$ with moments $T_k = \sum a_ju_j^{\otimes k}$. Both depths are
our operational definitions.

Claim: MF-11.
"""

from collections.abc import Sequence
from math import comb

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float
from scipy import special

from ..maths.domain import known, require
from ..maths.hermite import hermite_values
from ..maths.precision import float64
from ..maths.quadrature import trapezoid_rule

Coefficients = Float[Array, " degrees"]
PARITIES = ("both", "odd", "even")
# Alexander–Hirschowitz: (degree, dim, atoms) at which one dimension is missing.
DEFECTIVE = ((4, 3, 5), (4, 4, 9), (4, 5, 14), (3, 5, 7))
INACTIVE = 1e-12


@float64
def hermite_coefficients(activation: str, *, max_degree: int) -> Coefficients:
    r"""$\sigma_k = \mathbb{E}\,\sigma(z)h_k(z)$ for $k = 0 … $ `max_degree`.

    Closed forms for erf and relu (Gauss–Hermite converges slowly at the kink); a
    trapezoid rule, spectrally accurate, for tanh.

    Args:
        activation: One of tanh, erf (meaning $\mathrm{erf}(z/\sqrt2)$), relu, identity.
        max_degree: Highest degree.

    Returns:
        Coefficients, degree 0 first.

    Raises:
        ValueError: If the activation is unknown or the degree negative.

    Claim:
        MF-11 [classical].
    """
    if max_degree < 0:
        raise ValueError(f"`max_degree` must not be negative, got {max_degree}.")
    degree = np.arange(max_degree + 1)
    known = {
        "tanh": _tanh_coefficients,
        "erf": _erf_coefficients,
        "relu": _relu_coefficients,
        "identity": lambda degree: (degree == 1).astype(float),
    }
    if activation not in known:
        raise ValueError(f"`activation` must be one of {sorted(known)}.")
    return jnp.asarray(known[activation](degree))


def visible_degrees(coefficients: Float[ArrayLike, " degrees"]) -> tuple[int, ...]:
    r"""Spherical-harmonic degrees $\{l \le k, l\equiv k \bmod 2\}$, some active $k$.

    Args:
        coefficients: $\sigma_0 … \sigma_K$; $|\sigma_k| \le 10^{-12}$ is inactive.

    Returns:
        The visible degrees, ascending.

    Claim:
        MF-11b, exact [derived].
    """
    active = np.flatnonzero(np.abs(np.asarray(coefficients)) > INACTIVE)
    return tuple(sorted({int(k) for top in active for k in range(top % 2, top + 1, 2)}))


def realization_rank(coefficients: Float[ArrayLike, " degrees"], *, dim: int) -> int:
    r"""Rank of $m\mapsto f_m$ on the sphere: $\sum_l\dim H_l$ over visible degrees.

    Args:
        coefficients: $\sigma_0 … \sigma_K$.
        dim: Input dimension $d$.

    Returns:
        The rank.

    Claim:
        MF-11b, exact [derived].
    """
    return sum(
        harmonic_dimension(degree, dim) for degree in visible_degrees(coefficients)
    )


def realization_rank_free(monomials: Float[ArrayLike, " degrees"], *, dim: int) -> int:
    r"""Rank for unconstrained weights and $\sigma(t) = \sum c_jt^j$.

    $\sum_{j:c_j\ne0}\binom{d+j-1}j$: monomials are counted, not harmonics.

    Args:
        monomials: Coefficients $c_0 … c_K$.
        dim: Input dimension $d$.

    Returns:
        The rank.

    Claim:
        MF-11b, exact [derived].
    """
    active = np.flatnonzero(np.abs(np.asarray(monomials)) > INACTIVE)
    return sum(comb(dim + int(degree) - 1, int(degree)) for degree in active)


def harmonic_dimension(degree: int, dim: int) -> int:
    r"""$\dim H_l = \binom{l+d-1}l-\binom{l+d-3}{l-2}$."""
    lower = comb(degree + dim - 3, degree - 2) if degree >= 2 else 0
    return comb(degree + dim - 1, degree) - lower


@float64
def function_distance(
    a: Float[Array, " first"],
    U: Float[Array, "first dim"],
    b: Float[Array, " second"],
    V: Float[Array, "second dim"],
    coefficients: Coefficients,
) -> Float[Array, ""]:
    r"""Squared distance $\|f_m-f_{m'}\|^2$ of two networks with unit neurons.

    $(a,-b)^T\kappa(WW^T)(a,-b)$ with $\kappa(t) = \sum\sigma_k^2t^k$.

    Args:
        a: Masses of the first measure.
        U: Its atoms, unit rows.
        b: Masses of the second measure.
        V: Its atoms, unit rows.
        coefficients: $\sigma_0 … \sigma_K$.

    Returns:
        The squared distance under standard normal inputs.

    Raises:
        DomainError: If an atom is not a unit vector.

    Claim:
        MF-11a, exact identity [derived].
    """
    measures = (a, _require_unit(U)), (b, _require_unit(V))
    return _squared_distance(*measures, coefficients)


def _require_unit(atoms: Float[Array, "atoms dim"]) -> Float[Array, "atoms dim"]:
    squares = (known(atoms) ** 2).sum(axis=1, keepdims=True)
    return require(atoms, abs(squares**0.5 - 1) < 1e-8, "Atoms must be unit.")


@jax.jit
def _squared_distance(
    first: tuple[Array, Array], second: tuple[Array, Array], coefficients: Coefficients
) -> Float[Array, ""]:
    """`function_distance` of two measures, each masses and atoms, without checks."""
    masses = jnp.concatenate([first[0], -second[0]])
    atoms = jnp.concatenate([first[1], second[1]])
    kernel = jnp.polyval(coefficients[::-1] ** 2, atoms @ atoms.T)
    return masses @ kernel @ masses


def orbit_depth(num_atoms: int, *, parity: str) -> int:
    r"""Smallest degree at which any two $S$-atom measures agree modulo signs.

    $S$ if both parities are visible, $2S-1$ for odd, $2S$ for even, in every
    dimension $d \ge 2$ [operational definition].

    Args:
        num_atoms: $S \ge 1$.
        parity: "both", "odd" or "even".

    Returns:
        $D_{\mathrm{orb}}(S)$.

    Raises:
        ValueError: If $S < 1$ or the parity is unknown.

    Claim:
        MF-11d, sharp integer [derived].
    """
    _check(num_atoms, parity)
    return {"both": num_atoms, "odd": 2 * num_atoms - 1, "even": 2 * num_atoms}[parity]


def variety_depth(num_atoms: int, *, dim: int, parity: str) -> int:
    r"""Smallest degree at which the moments have full rank $Sd$ at a generic point.

    Args:
        num_atoms: $S \ge 1$.
        dim: $d \ge 2$.
        parity: "both", "odd" or "even".

    Returns:
        $D_{\mathrm{var}}(S,d) \le D_{\mathrm{orb}}(S)$ [operational definition].

    Raises:
        ValueError: If $S < 1$, $d < 2$ or the parity is unknown.

    Claim:
        MF-11e, sharp integer [derived].
    """
    _check(num_atoms, parity, dim)
    start, stride = {"both": (0, 1), "odd": (1, 2), "even": (0, 2)}[parity]
    degrees: list[int] = []
    for degree in range(start, orbit_depth(num_atoms, parity=parity) + 1, stride):
        degrees.append(degree)
        count = sum(harmonic_dimension(k, dim) for k in degrees)
        if count < num_atoms * dim:
            continue  # counting bound: cannot be full yet
        if jacobian_rank(num_atoms, dim=dim, degrees=degrees) == num_atoms * dim:
            return degree
    raise ArithmeticError("The rank never became full: `D_var` exceeds `D_orb`.")


def pure_rank(num_atoms: int, *, dim: int, degree: int) -> int:
    r"""Rank of one degree: the dimension of the $S$-th secant cone to the Veronese.

    $\min(Sd,\binom{d+k-1}k)$ for $k\ge3$, one less at the four exceptions of Alexander
    and Hirschowitz; $Sd-S(S-1)/2$ for $k=2$, $S\le d$; $d$ for $k=1$.

    Args:
        num_atoms: $S \ge 1$.
        dim: $d \ge 2$.
        degree: $k \ge 0$.

    Returns:
        The generic rank, by the formula.

    Raises:
        ValueError: If an argument is out of range.

    Claim:
        MF-11e, sharp integer [classical: Alexander and Hirschowitz 1995].
    """
    _check(num_atoms, "both", dim)
    if degree == 2:
        atoms = min(num_atoms, dim)
        return atoms * dim - atoms * (atoms - 1) // 2
    is_defective = (degree, dim, num_atoms) in DEFECTIVE
    return min(num_atoms * dim, comb(dim + degree - 1, degree)) - is_defective


def jacobian_rank(
    num_atoms: int,
    *,
    dim: int,
    degrees: Sequence[int],
    num_draws: int = 5,
    seed: int = 0,
) -> int:
    r"""Rank of $(a_j,u_j)\mapsto(T_k)_{k\in\mathrm{degrees}}$ at a generic point.

    The largest over random draws, singular values above $10^{-8}$ of the largest: one
    draw alone can be nearly degenerate.

    Args:
        num_atoms: $S \ge 1$.
        dim: $d \ge 2$.
        degrees: The degrees that are seen.
        num_draws: Number of random points.
        seed: Seed of the points.

    Returns:
        The rank.

    Raises:
        ValueError: If an argument is out of range.

    Claim:
        MF-11e, sharp integer [derived].
    """
    _check(num_atoms, "both", dim)
    rng = np.random.default_rng(seed)
    full = num_atoms * dim
    best = 0
    for _ in range(num_draws):
        singular = np.linalg.svd(
            _jacobian(rng, num_atoms, dim, degrees), compute_uv=False
        )
        best = max(best, int(np.sum(singular > 1e-8 * singular[0])))
        if best == full:
            break
    return best


def _jacobian(
    rng: np.random.Generator, num_atoms: int, dim: int, degrees: Sequence[int]
) -> np.ndarray:
    """Derivatives of Σ a_j (u_j·x)^k at random unit x, one block per degree."""
    masses = rng.standard_normal(num_atoms)
    atoms = _unit(rng.standard_normal((num_atoms, dim)))
    tangents = [np.linalg.svd(atom[None, :])[2][1:] for atom in atoms]
    features = max(comb(dim + k - 1, k) for k in degrees)
    points = _unit(rng.standard_normal((4 * (features + num_atoms * dim), dim)))
    blocks = []
    for degree in degrees:
        columns = []
        for mass, atom, tangent in zip(masses, atoms, tangents, strict=True):
            inner = points @ atom
            slope = degree * mass * inner ** max(degree - 1, 0)
            columns += [inner[:, None] ** degree, slope[:, None] * (points @ tangent.T)]
        block = np.concatenate(columns, axis=1)
        blocks.append(block / np.sqrt(np.mean(block**2)))
    return np.concatenate(blocks)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _check(num_atoms: int, parity: str, dim: int = 2) -> None:
    if num_atoms < 1:
        raise ValueError(f"`num_atoms` must be at least 1, got {num_atoms}.")
    if parity not in PARITIES:
        raise ValueError(f"`parity` must be one of {PARITIES}, got {parity}.")
    if dim < 2:
        raise ValueError(f"`dim` must be at least 2, got {dim}.")


def _tanh_coefficients(degree: np.ndarray) -> np.ndarray:
    nodes, weights = trapezoid_rule(8001, -20.0, 20.0)
    density = np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi)
    values = np.asarray(hermite_values(jnp.asarray(nodes), int(degree[-1])))
    coefficients = (weights * density * np.tanh(nodes)) @ values
    return np.where(degree % 2 == 1, coefficients, 0.0)


def _erf_coefficients(degree: np.ndarray) -> np.ndarray:
    half = (degree - 1) / 2
    log = special.gammaln(degree + 1) / 2 - half * np.log(4) - special.gammaln(half + 1)
    size = np.exp(log) / (np.sqrt(np.pi) * np.maximum(degree, 1))
    return np.where(degree % 2 == 1, (-1.0) ** (degree // 2) * size, 0.0)


def _relu_coefficients(degree: np.ndarray) -> np.ndarray:
    half = np.maximum(degree / 2, 1)
    log = special.gammaln(2 * half - 1) - special.gammaln(half)
    log = log - (half - 1) * np.log(2) - special.gammaln(2 * half + 1) / 2
    size = (-1.0) ** (degree // 2 + 1) * np.exp(log) / np.sqrt(2 * np.pi)
    size = np.where(degree % 2 == 0, size, 0.0)
    return np.where(
        degree == 0, 1 / np.sqrt(2 * np.pi), np.where(degree == 1, 0.5, size)
    )
