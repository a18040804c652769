"""What a label transform shows of the hidden direction: the tilted Hermite signal.

Claims: `RW-1` and `RW-2` (exact signal), `RW-5` (its large-temperature rates).
"""

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..maths.precision import float64
from . import domain
from .rules import Labels, hermite_means, labels

Scalar = Float[Array, ""] | float


@float64
def conditional_moments(
    reward: Float[Array, "*shape"],
    temperature: Scalar,
    noise: Scalar,
    *,
    transform: str,
) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"]]:
    r"""First two moments of the transformed label, given the reward.

    For $y = r + \tau\xi$: exp has $t_1 = e^{r/\beta + \tau^2/2\beta^2}$,
    $t_2 = e^{2r/\beta + 2\tau^2/\beta^2}$; exp_y multiplies them by
    $r + \tau^2/\beta$ and $(r + 2\tau^2/\beta)^2 + \tau^2$; plain has $r$ and
    $r^2 + \tau^2$.

    Args:
        reward: $r$.
        temperature: $\beta > 0$.
        noise: $\tau \ge 0$.
        transform: plain, exp or exp_y.

    Returns:
        $(t_1, t_2)$, not centred.

    Raises:
        DomainError: For a temperature or noise outside its domain, or an unknown
            transform.

    Claim:
        RW-1, exact identity [derived: the exponential tilt of a normal is a shift].
    """
    domain.choice("transform", transform, domain.TRANSFORMS)
    temperature = domain.positive("temperature", temperature)
    noise = domain.nonnegative("noise", noise)
    if transform == "plain":
        return jnp.asarray(reward), reward**2 + noise**2
    shift = noise**2 / temperature
    first = jnp.exp((reward + shift / 2) / temperature)
    second = jnp.exp(2 * (reward + shift) / temperature)
    if transform == "exp":
        return first, second
    return (
        first * (reward + shift),
        second * ((reward + 2 * shift) ** 2 + noise**2),
    )


@float64
def label_mean(
    temperature: Scalar, noise: Scalar = 0.0, *, link: str, transform: str
) -> Float[Array, ""]:
    r"""Population mean $\mathbb{E} T$ of the transformed label.

    Args:
        temperature: $\beta > 0$; the tilt must exist.
        noise: $\tau \ge 0$.
        link: Registered link.
        transform: plain, exp or exp_y.

    Returns:
        The mean, which is the centring constant `"mean"` of the other functions.

    Raises:
        DomainError: For bad input or an undefined tilt.

    Claim:
        RW-1, exact identity [derived].
    """
    temperature, noise = domain.labels(temperature, noise, link, transform, 1)
    zero = jnp.zeros(())
    found = labels(temperature, noise, zero, link=link, transform=transform, power=1)
    return found.first.sum() * jnp.exp(found.log_scale)


@float64
def second_moment(
    temperature: Scalar,
    noise: Scalar = 0.0,
    *,
    link: str,
    transform: str,
    center: ArrayLike | str = "mean",
) -> Float[Array, ""]:
    r"""Power $M_2 = \mathbb{E}(T - c_0)^2$ of the centred transform.

    Args:
        temperature: $\beta > 0$; the second moment of the tilt must exist.
        noise: $\tau \ge 0$.
        link: Registered link.
        transform: plain, exp or exp_y.
        center: $c_0$, or "mean" for $\mathbb{E} T$.

    Returns:
        $M_2$.

    Raises:
        DomainError: For bad input or an infinite second moment.

    Claim:
        RW-1, exact identity [derived].
    """
    temperature, noise = domain.labels(temperature, noise, link, transform, 2)
    center = domain.centring(center)
    found = labels(temperature, noise, center, link=link, transform=transform)
    return found.second.sum() * jnp.exp(2 * found.log_scale)


@float64
def hermite_coefs(
    temperature: Scalar,
    noise: Scalar = 0.0,
    *,
    link: str,
    transform: str,
    order: int,
    center: ArrayLike | str = "mean",
) -> Float[Array, " {order}+1"]:
    r"""Hermite signal $c_k = \mathbb{E}\,(T - c_0)\, h_k(z)$, $k = 0, …$, order.

    Noise multiplies all coefficients of exp by $e^{\tau^2/2\beta^2}$, so that exponents
    and zeros do not depend on it.

    Args:
        temperature: $\beta > 0$; the tilt must exist.
        noise: $\tau \ge 0$.
        link: Registered link.
        transform: plain, exp or exp_y.
        order: Highest degree.
        center: $c_0$, or "mean"; touches $c_0$'s coefficient only.

    Returns:
        Coefficients, `order + 1` of them.

    Raises:
        DomainError: For bad input or an undefined tilt.

    Claim:
        RW-1 and RW-2, exact identity [derived].

    Example:
        >>> c = hermite_coefs(1.0, link="linear", transform="exp", order=1)
        >>> round(float(c[1]), 6)  # e^(1/2)
        1.648721
    """
    temperature, noise = domain.labels(temperature, noise, link, transform, 1)
    domain.at_least("order", order, 0)
    center = domain.centring(center)
    found = labels(temperature, noise, center, link=link, transform=transform, power=1)
    return coefs(found, order) * jnp.exp(found.log_scale)


@float64
def signal_to_noise(
    temperature: Scalar,
    noise: Scalar = 0.0,
    *,
    link: str,
    transform: str,
    center: ArrayLike | str = "mean",
) -> Float[Array, ""]:
    r"""First-order signal-to-noise $\rho = c_1^2 / M_2 \le \lambda_1^2$.

    Args:
        temperature: $\beta > 0$; the second moment of the tilt must exist.
        noise: $\tau \ge 0$.
        link: Registered link.
        transform: plain, exp or exp_y.
        center: $c_0$, or "mean".

    Returns:
        $\rho$ in [0, 1].

    Raises:
        DomainError: For bad input or an infinite second moment.

    Claim:
        RW-5 (large-temperature rate) and RW-7 (ceiling) [derived].
    """
    temperature, noise = domain.labels(temperature, noise, link, transform, 2)
    center = domain.centring(center)
    return ratio_of(labels(temperature, noise, center, link=link, transform=transform))


@eqx.filter_jit
def coefs(found: Labels, order: int) -> Float[Array, " {order}+1"]:
    """Hermite coefficients of the scaled transform."""
    return hermite_means(found.nodes, found.first, order)


@eqx.filter_jit
def ratio_of(found: Labels) -> Float[Array, ""]:
    """First-order signal-to-noise of given moments."""
    return (found.first @ found.nodes) ** 2 / found.second.sum()
