r"""Outliers and overlaps along the spectral parameter, where nothing is searched for.

For curves: `outlier` fixes the ratio and looks for $\lambda$; here $\lambda$ is given
and the ratio follows. Claim: `HS-3`.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..maths.domain import known
from ..maths.precision import float64
from .inputs import Side, checked, signed
from .labels import LabelLaw


class Branches(NamedTuple):
    r"""The outliers of all features at the same spectral parameters.

    Attributes:
        ratio: $\delta$ at which $\lambda$ is the outlier of a feature.
        overlap: $q_k$ there; negative where that $\delta$ is below the threshold.
    """

    ratio: Float[Array, "features points"]
    overlap: Float[Array, "features points"]


@float64
def outlier_branches(
    law: LabelLaw,
    values: Float[Array, " grid"],
    lam: Float[Array, " points"],
    side: Side,
) -> Branches:
    r"""Ratio and overlap of every feature whose outlier stands at $\lambda$.

    With $w = F/(\lambda - F)$ the conditions of `outlier` read
    $1/\delta = \mathbb{E}_k w - \mathbb{E} w$ and $q_k = r/(r + \mathbb{E}_k w^2)$,
    where $r = 1/\delta - \mathbb{E} w^2$.

    Args:
        law: Label law.
        values: $F$ on `law.grid`, bounded.
        lam: Spectral parameters above the supremum of side · F.
        side: +1 for features with $b_k > 0$, −1 for the others; rows of features of
            the other side mean nothing.

    Returns:
        Ratio and overlap per feature and $\lambda$.

    Raises:
        DomainError: If `lam` is not above side · F on the grid, or `side` not ±1.

    Claim:
        HS-3, asymptotic limit [classical: Lu & Li; Mondelli & Montanari].
    """
    turned = signed(side) * jnp.asarray(values)
    lam = jnp.asarray(lam)
    holds = known(lam).min() > known(turned).max()
    checked(lam, holds, "`lam` must lie above the supremum of side · F.")
    return _branches(law, turned, lam)


@jax.jit
def _branches(
    law: LabelLaw, values: Float[Array, " grid"], lam: Float[Array, " points"]
) -> Branches:
    """`outlier_branches` of a right side."""
    plain, tilted = law.density * law.spacing, law.tilted * law.spacing
    w = values[:, None] / (lam[None, :] - values[:, None])
    inverse = (tilted - plain[None, :]) @ w
    rise = inverse - (plain @ w**2)[None, :]
    return Branches(1 / inverse, rise / (rise + tilted @ w**2))
