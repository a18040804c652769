"""Several passes over the stream: exponents and the grid of pulls.

Claims: `SB-12` (rate of the multi-pass algorithm).
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..maths.domain import require
from ..maths.precision import float64
from .parameters import Scalar, check_game, pull_counts


@float64
def multipass_exponent(passes: int) -> Float[Array, ""]:
    r"""Exponent of T with B passes: $\alpha_B = 2^B / (2^{B+1} - 1)$.

    Args:
        passes: $B \ge 1$.

    Returns:
        2/3, 4/7, 8/15, …

    Raises:
        DomainError: If `passes` is below 1.

    Claim:
        SB-12, rate [paper: Agarwal et al., Li et al.].
    """
    return jnp.asarray(_exponent(passes))


@pull_counts
def multipass_grid(
    arms: int,
    horizon: Scalar,
    passes: int,
    scale: Scalar = 1.0,
) -> Float[Array, " passes"]:
    r"""Cumulative pulls of an arm that lasts, pass by pass.

    $m_p = a^{2 - 2^{-(p-1)}}$ with $a = c_0 (T/K)^{\alpha_B}$, so that
    $m_{p+1} = a \sqrt{m_p}$ and $T/\sqrt{m_B} = K a$ at $c_0 = 1$.

    Args:
        arms: $K$.
        horizon: $T$.
        passes: $B \ge 1$.
        scale: $c_0 > 0$.

    Returns:
        $m_1 … m_B$.

    Raises:
        DomainError: On a parameter out of range, or a grid that does not increase.

    Claim:
        SB-12 [derived].
    """
    check_game(arms, horizon)
    require(scale, scale > 0, "`scale` must be positive.")
    base = scale * (horizon / arms) ** _exponent(passes)
    require(base, base > 1, "`scale` (T/K)^α must exceed 1, or the grid decreases.")
    return jnp.asarray(base ** (2 - 0.5 ** np.arange(passes)))


def _exponent(passes: int) -> float:
    require(passes, passes >= 1, "`passes` must be at least 1.")
    return 2.0**passes / (2.0 ** (passes + 1) - 1)
