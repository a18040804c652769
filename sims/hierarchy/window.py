"""Spiked GOE in tridiagonal form: the universal finite-size window in O(N).

With `rows` of about $12N^{1/3}$ only the corner that the top eigenvector lives in is
drawn (Edelman & Persson 2005): beyond it the vector is below $e^{-18}$.
"""

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
    key: Key[Array, ""], theta: Float[Array, " spikes"], *, size: int, rows: int = 0
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
        rows: Rows that are drawn; 0: all.

    Returns:
        `top` and `overlap` per spike.
    """
    kept = rows or size
    diagonal, squares = draw_tridiagonal(key, size=size, rows=kept, dtype=theta.dtype)
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
    key: Key[Array, ""], *, size: int, rows: int, dtype: jnp.dtype
) -> tuple[Float[Array, " {rows}"], Float[Array, " {rows}-1"]]:
    r"""Diagonal and squared off-diagonal of a tridiagonal GOE matrix, its first rows.

    Args:
        key: Key of the matrix.
        size: $N$.
        rows: Number $R$ of rows.
        dtype: Floating dtype.

    Returns:
        $a_1 … a_R$ and $\beta_1^2 … \beta_{R-1}^2$.
    """
    diagonal_key, square_key = jax.random.split(key)
    diagonal = jax.random.normal(diagonal_key, (rows,), dtype) * (2 / size) ** 0.5
    shape = (size - jnp.arange(1, rows, dtype=dtype)) / 2
    return diagonal, 2 * jax.random.gamma(square_key, shape, dtype=dtype) / size
