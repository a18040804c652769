"""Links of the single-index reward model: functions, ranges, exponents.

Claims: `RW-3` (existence of the tilt) and the table of `RW-4` (exponents).
"""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import optimize

from ..maths.domain import DomainError

KAPPA3, SCALE3 = math.exp(1.5) / 2, 0.7886163482759453
KAPPA4, SCALE4 = math.exp(1.5) / 4, 1.8361708696127712
MEAN4 = math.exp(-0.5) - KAPPA4 * math.exp(-2)
MEANG = 3**-1.5
SCALEG = (3 * 5**-2.5 - MEANG**2) ** -0.5


class LinkSpec(NamedTuple):
    r"""A link $\sigma^*$ and what is known about it.

    Attributes:
        fn: The function, elementwise.
        kinks: Points where it is not smooth.
        lower: Infimum, `-inf` if unbounded.
        upper: Supremum, `inf` if unbounded.
        info_exponent: $k$ of plain labels.
        tilt_exponent: $k_T$ of tilted labels at a generic temperature, None if the
            tilt is undefined.
        generative_exponent: $k^*$ over all label transforms.
        degree: Growth at infinity: 0 if bounded, otherwise the polynomial's degree.
        leading: Leading coefficient $q$ of that polynomial.
    """

    fn: Callable[[Float[Array, "*shape"]], Float[Array, "*shape"]]
    kinks: tuple[float, ...]
    lower: float
    upper: float
    info_exponent: int
    tilt_exponent: int | None
    generative_exponent: int
    degree: int
    leading: float


def link_spec(name: str) -> LinkSpec:
    """The registered link of that name.

    Args:
        name: linear, tanh, sin, relu, he2, he3, he4, sin3, cos4, gen4 or flip.

    Returns:
        Its function, range, growth and exponents.

    Raises:
        DomainError: If there is no such link.

    Claim:
        RW-4, exact table [classical and derived].

    Example:
        >>> link_spec("gen4").generative_exponent
        4
    """
    links = _registry()
    if name not in links:
        raise DomainError(f"`link` must be one of {sorted(links)}, got {name!r}.")
    return links[name]


@functools.cache
def _registry() -> dict[str, LinkSpec]:
    inf = math.inf
    high3 = _top_of_sin3()
    low4 = SCALE4 * (-1 - KAPPA4 - MEAN4)
    high4 = SCALE4 * (1 / (8 * KAPPA4) + KAPPA4 - MEAN4)
    highg = SCALEG * (math.exp(-1) - MEANG)
    he2, he3, he4 = 1 / math.sqrt(2), 1 / math.sqrt(6), 1 / math.sqrt(24)
    return {
        "linear": LinkSpec(lambda z: z, (), -inf, inf, 1, 1, 1, 1, 1.0),
        "tanh": LinkSpec(jnp.tanh, (), -1.0, 1.0, 1, 1, 1, 0, 0.0),
        "sin": LinkSpec(jnp.sin, (), -1.0, 1.0, 1, 1, 1, 0, 0.0),
        "relu": LinkSpec(
            lambda z: jnp.maximum(z, 0), (0.0,), 0.0, inf, 1, 1, 1, 1, 1.0
        ),
        "he2": LinkSpec(lambda z: he2 * (z**2 - 1), (), -he2, inf, 2, 2, 2, 2, he2),
        "he3": LinkSpec(
            lambda z: he3 * (z**3 - 3 * z), (), -inf, inf, 3, None, 1, 3, he3
        ),
        "he4": LinkSpec(
            lambda z: he4 * (z**4 - 6 * z**2 + 3),
            (),
            -6 * he4,
            inf,
            4,
            None,
            2,
            4,
            he4,
        ),
        "sin3": LinkSpec(_sin3, (), -high3, high3, 3, 1, 1, 0, 0.0),
        "cos4": LinkSpec(_cos4, (), low4, high4, 4, 2, 2, 0, 0.0),
        "gen4": LinkSpec(_gen4, (), -SCALEG * MEANG, highg, 4, 4, 4, 0, 0.0),
        "flip": LinkSpec(_flip, (), -0.3, _top_of_flip(), 1, 1, 1, 0, 0.0),
    }


def _sin3(z: Array) -> Array:
    return SCALE3 * (jnp.sin(z) - KAPPA3 * jnp.sin(2 * z))


def _cos4(z: Array) -> Array:
    return SCALE4 * (jnp.cos(z) - KAPPA4 * jnp.cos(2 * z) - MEAN4)


def _gen4(z: Array) -> Array:
    return SCALEG * (z**2 * jnp.exp(-(z**2)) - MEANG)


def _flip(z: Array) -> Array:
    return -0.3 * jnp.tanh(z) + 0.7 * jnp.exp(-2 * (z - 1) ** 2)


def _top_of_sin3() -> float:
    """Where the derivative vanishes the cosine solves a quadratic equation."""
    cosine = (1 - math.sqrt(1 + 32 * KAPPA3**2)) / (8 * KAPPA3)
    return SCALE3 * math.sqrt(1 - cosine**2) * (1 - 2 * KAPPA3 * cosine)


def _top_of_flip() -> float:
    def negative(z: float) -> float:
        return 0.3 * np.tanh(z) - 0.7 * np.exp(-2 * (z - 1) ** 2)

    found = optimize.minimize_scalar(
        negative, bounds=(0, 2), method="bounded", options={"xatol": 1e-10}
    )
    return -float(cast(Any, found).fun)
