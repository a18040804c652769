"""Spiked GOE in tridiagonal form: the universal finite-size window in O(N)."""

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Key

from ..sweep import simulator
from .domain import check_spikes

STEPS = 50


@simulator(
    {"top": ("spike",), "overlap": ("spike",)}, check=check_spikes, dtype="float64"
)
def simulate_spiked_goe(
    key: Key[Array, ""], theta: Float[Array, " spikes"], *, size: int
) -> dict[str, Array]:
    r"""Largest eigenvalue and squared overlap of a rank-one spike, for many spikes.

    GOE$_N$ (off-diagonal variance 1/N) plus $\theta e_1e_1^\top$ is similar, with $e_1$
    fixed, to a tridiagonal matrix with $a_1 \sim N(\theta, 2/N)$,
    $a_j \sim N(0, 2/N)$ and $\beta_j^2 \sim \chi^2_{N-j}/N$. With
    $P_j = z - a_j - \beta_j^2/P_{j+1}$, $z$ exceeds the largest eigenvalue iff all
    $P_j > 0$; it is bisected, and the overlap is the residue of the resolvent there.
    One matrix serves all spikes.

    Args:
        key: Key of the matrix.
        theta: Sizes $\theta$ of the spike.
        size: $N$.

    Returns:
        `top` and `overlap` per spike.
    """
    diagonal, squares = draw_tridiagonal(key, size=size, dtype=theta.dtype)
    backwards = diagonal[:0:-1], squares[::-1]  # j = N … 2, with β_{j−1} above it

    def tail(z: Float[Array, " spikes"]) -> tuple[Array, Array, Bool[Array, " spikes"]]:
        """β₁² G₂ and its derivative at z, and whether P_N … P_2 are positive."""

        def climb(state: tuple, entry: tuple[Array, Array]) -> tuple[tuple, None]:
            pull, slope, is_above = state
            a, square = entry
            pivot = z - a - pull
            green = 1 / pivot
            slope = -square * green**2 * (1 - slope)
            return (square * green, slope, is_above & (pivot > 0)), None

        start = (jnp.zeros_like(z), jnp.zeros_like(z), jnp.ones(z.shape, bool))
        return lax.scan(climb, start, backwards)[0]

    def halve(_: Array, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        middle = (ends[0] + ends[1]) / 2
        pull, _, is_above = tail(middle)
        exceeds = is_above & (middle - diagonal[0] - theta - pull > 0)
        return jnp.where(exceeds, ends[0], middle), jnp.where(exceeds, middle, ends[1])

    strength = jnp.maximum(theta, 1)
    ends = jnp.ones_like(theta), strength + 1 / strength + 3
    top = lax.fori_loop(0, STEPS, halve, ends)[1]
    return {"top": top, "overlap": 1 / (1 - tail(top)[1])}


def draw_tridiagonal(
    key: Key[Array, ""], *, size: int, dtype: jnp.dtype
) -> tuple[Float[Array, " {size}"], Float[Array, " {size}-1"]]:
    r"""Diagonal and squared off-diagonal of a tridiagonal GOE matrix.

    Args:
        key: Key of the matrix.
        size: $N$.
        dtype: Floating dtype.

    Returns:
        $a_1 … a_N$ and $\beta_1^2 … \beta_{N-1}^2$.
    """
    diagonal_key, square_key = jax.random.split(key)
    diagonal = jax.random.normal(diagonal_key, (size,), dtype) * (2 / size) ** 0.5
    shape = jnp.arange(size - 1, 0, -1, dtype=dtype) / 2
    return diagonal, 2 * jax.random.gamma(square_key, shape, dtype=dtype) / size
