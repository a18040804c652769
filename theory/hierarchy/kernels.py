r"""Kernel ridge regression on the sphere: the baseline that waits for $n \sim d^4$.

Claims: `HS-10`, the deterministic equivalent of the test error.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int
from scipy import special

from ..maths.domain import known
from ..maths.precision import float64
from .inputs import at_least, checked, positive

NODES = 200
STEPS = 100


class KernelSpectrum(NamedTuple):
    """Eigenvalues of a dot-product kernel on the sphere and their multiplicities."""

    eigenvalues: Float[Array, " degrees"]
    multiplicities: Float[Array, " degrees"]


@float64
def kernel_eigenvalues(
    kernel: Callable[[Float[Array, " nodes"]], Float[Array, " nodes"]],
    *,
    dim: int,
    max_degree: int = 8,
) -> KernelSpectrum:
    r"""Eigenvalues $\xi_\ell = \mathbb{E}_t[f(t)P_\ell(t)]$, multiplicities $N_\ell$.

    $t$ has density $\propto (1-t^2)^{(d-3)/2}$, $P_\ell$ is the Gegenbauer polynomial
    with $P_\ell(1) = 1$, $N_\ell = \binom{d+\ell-1}{\ell} - \binom{d+\ell-3}{\ell-2}$.

    Args:
        kernel: $f$, of $t = \langle x, x'\rangle/d$.
        dim: Input dimension $d \ge 3$.
        max_degree: Highest degree.

    Returns:
        Both, by degree 0 … `max_degree`.

    Raises:
        ValueError: If a size is out of range.

    Claim:
        HS-10 [classical: Funk–Hecke].
    """
    at_least(dim, 3, "dim")
    at_least(max_degree, 0, "max_degree")
    nodes, weights = special.roots_jacobi(NODES, (dim - 3) / 2, (dim - 3) / 2)
    values = np.asarray(kernel(jnp.asarray(nodes))) * weights / weights.sum()
    polynomials = [np.ones_like(nodes), nodes]
    for degree in range(1, max_degree):
        rest = (2 * degree + dim - 2) * nodes * polynomials[degree]
        previous = degree * polynomials[degree - 1]
        polynomials.append((rest - previous) / (degree + dim - 2))
    degrees = np.arange(max_degree + 1)
    lower = special.binom(dim + degrees - 3, np.maximum(degrees - 2, 0))
    count = special.binom(dim + degrees - 1, degrees) - np.where(degrees > 1, lower, 0)
    eigenvalues = np.stack(polynomials[: max_degree + 1]) @ values
    return KernelSpectrum(jnp.asarray(eigenvalues), jnp.asarray(count))


@float64
def kernel_mse(
    num_samples: Float[Array, ""],
    ridge: Float[Array, ""],
    eigenvalues: Float[Array, " degrees"],
    multiplicities: Float[Array, " degrees"],
    energies: Float[Array, " degrees"],
    noise: Float[Array, ""] = 0.0,  # pyright: ignore[reportArgumentType] promoted
) -> Float[Array, ""]:
    r"""Deterministic equivalent of the test error of kernel ridge regression.

    $\kappa$ solves $n = \sum_\ell N_\ell\xi_\ell/(\xi_\ell+\kappa) + \lambda/\kappa$;
    the error is
    $\sum_\ell F_\ell(\kappa/(\xi_\ell+\kappa))^2 /
    (1 - \frac1n\sum_\ell N_\ell(\xi_\ell/(\xi_\ell+\kappa))^2)$.

    Args:
        num_samples: $n > 0$.
        ridge: $\lambda > 0$ in $(K + \lambda I)^{-1}$.
        eigenvalues: $\xi_\ell \ge 0$.
        multiplicities: $N_\ell$.
        energies: $F_\ell$ of the target by degree.
        noise: Label noise $\tau$; the error is then that against noisy test labels.

    Returns:
        Mean squared error (not normalised).

    Raises:
        DomainError: If `ridge` or `num_samples` is not positive.

    Claim:
        HS-10, asymptotic curve [classical: deterministic equivalent].
    """
    message = "`eigenvalues` must not be negative."
    eigenvalues = checked(eigenvalues, known(eigenvalues) > -1e-12, message)
    return _kernel_mse(
        positive(num_samples, "num_samples"),
        positive(ridge, "ridge"),
        eigenvalues,
        multiplicities,
        energies,
        noise,
    )


@jax.jit
def _kernel_mse(
    n: Float[Array, ""],
    ridge: Float[Array, ""],
    eigenvalues: Float[Array, " degrees"],
    multiplicities: Float[Array, " degrees"],
    energies: Float[Array, " degrees"],
    noise: Float[Array, ""],
) -> Float[Array, ""]:
    """`kernel_mse` without checks."""
    eigenvalues = jnp.maximum(eigenvalues, 0.0)

    def halve(_: Int[Array, ""], ends: tuple[Array, Array]) -> tuple[Array, Array]:
        middle = (ends[0] + ends[1]) / 2
        kappa = jnp.exp(middle)
        degrees_of_freedom = multiplicities @ (eigenvalues / (eigenvalues + kappa))
        is_low = degrees_of_freedom + ridge / kappa > n
        return jnp.where(is_low, middle, ends[0]), jnp.where(is_low, ends[1], middle)

    trace = multiplicities @ eigenvalues
    ends = jnp.log(ridge / n), jnp.log((trace + ridge) / n)
    kappa = jnp.exp(sum(lax.fori_loop(0, STEPS, halve, ends)) / 2)
    learned = eigenvalues / (eigenvalues + kappa)
    missed = energies @ (1 - learned) ** 2 + noise**2
    return missed / (1 - multiplicities @ learned**2 / n)
