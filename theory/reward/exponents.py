"""Exponents, thresholds and optima of label transforms.

Claims: `RW-3` (existence), `RW-4` (exponents), `RW-6` (feature-temperature threshold),
`RW-7` (optimal feature temperature).
"""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from ..maths.domain import DomainError
from ..maths.hermite import hermite_values
from ..maths.precision import float64
from . import domain
from .links import link_spec
from .rules import gauss_grid, labels
from .signal import Scalar, coefs, ratio_of

GOLDEN = (5**0.5 - 1) / 2


@float64
def optimal_temperature(
    noise: Scalar,
    *,
    link: str,
    transform: str,
    bounds: tuple[float | int, float | int] = (0.1, 3.0),
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    r"""Feature temperature $\beta_1^* = \arg\max \rho$ of the centred transform.

    Args:
        noise: $\tau \ge 0$.
        link: Registered link.
        transform: exp or exp_y (plain does not depend on the temperature).
        bounds: Interval that is searched; an end is returned if $\rho$ is monotone.

    Returns:
        The temperature (to about $10^{-7}$) and the signal-to-noise there.

    Raises:
        DomainError: For bad input or an undefined tilt somewhere in `bounds`.

    Claim:
        RW-7, maximiser [derived].
    """
    domain.inside("bounds", bounds[1], bounds[0], np.inf)
    low, noise = domain.labels(bounds[0], noise, link, transform, 2)
    grid = jnp.linspace(jnp.log(low), jnp.log(bounds[1]), 65)
    return _golden_section(noise, grid, link=link, transform=transform)


@eqx.filter_jit
def _golden_section(
    noise: Array, grid: Float[Array, " points"], *, link: str, transform: str
) -> tuple[Array, Array]:
    """Best point of a grid, then golden-section search between its neighbours."""

    def height(log_temperature: Array) -> Array:
        temperature = jnp.exp(log_temperature)
        return ratio_of(
            labels(temperature, noise, "mean", link=link, transform=transform)
        )

    def shrink(_: Array, interval: tuple[Array, Array]) -> tuple[Array, Array]:
        left, right = interval
        inner = right - GOLDEN * (right - left), left + GOLDEN * (right - left)
        rises = height(inner[0]) < height(inner[1])
        return jnp.where(rises, inner[0], left), jnp.where(rises, right, inner[1])

    best = jnp.argmax(jax.vmap(height)(grid))
    ends = grid[jnp.maximum(best - 1, 0)], grid[jnp.minimum(best + 1, 64)]
    left, right = jax.lax.fori_loop(0, 45, shrink, ends)
    return jnp.exp((left + right) / 2), height((left + right) / 2)


@float64
def generative_powers(
    noise: Scalar, *, link: str, order: int, num_labels: int = 4001
) -> Float[Array, " {order}+1"]:
    r"""Powers $\lambda_j^2 = \mathbb{E}_y(\mathbb{E}[h_j(z) \mid y])^2$ given labels.

    The trapezoid rule in $y$ over the range of the reward on $|z| < 6$, widened by
    $8\tau$; the first $j \ge 1$ with $\lambda_j^2 > 0$ is the generative exponent.

    Args:
        noise: $\tau > 0$.
        link: Registered link.
        order: Highest $j$.
        num_labels: Points in $y$ (16,001 for he3 and he4).

    Returns:
        $\lambda_0^2 = 1, \lambda_1^2, …$

    Raises:
        DomainError: If `noise <= 0`, `order < 0`, `num_labels < 3`, unknown link.

    Claim:
        RW-4, exact [classical: Damian et al. 2024].
    """
    noise = domain.positive("noise", noise)
    domain.at_least("order", order, 0)
    domain.at_least("num_labels", num_labels, 3)
    fn = link_spec(link).fn
    nodes, weights = gauss_grid(breaks=(0.0,))
    kept = np.abs(nodes) < 6
    nodes, weights = jnp.asarray(nodes[kept]), jnp.asarray(weights[kept])
    return _powers(nodes, weights, fn(nodes), noise, order, num_labels)


@eqx.filter_jit
def _powers(
    nodes: Array,
    weights: Array,
    reward: Array,
    noise: Array,
    order: int,
    num_labels: int,
) -> Array:
    low, high = reward.min() - 8 * noise, reward.max() + 8 * noise
    label = jnp.linspace(low, high, num_labels)
    distance = (label[:, None] - reward[None, :]) / noise
    density = jnp.exp(-(distance**2) / 2) * weights[None, :]
    moments = density @ hermite_values(nodes, order)
    total = moments[:, :1]
    powers = jnp.where(total > 0, moments**2 / jnp.where(total > 0, total, 1.0), 0.0)
    return jnp.trapezoid(powers, axis=0) / jnp.trapezoid(total[:, 0])


@float64
def tilt_moment_exists(
    temperature: Float[Array, "*cells"],
    power: Scalar = 1.0,
    *,
    link: str,
) -> Bool[Array, "*cells"]:
    r"""Whether $\mathbb{E}\, e^{p\,\sigma^*/\beta}$ is finite.

    With leading term $q z^D$: always for $D \le 1$; for $D = 2$, $q > 0$ iff
    $\beta > 2pq$; never for $D \ge 3$ with $q > 0$.

    Args:
        temperature: $\beta > 0$.
        power: $p > 0$; 1 for the signal, 2 for any variance.
        link: Registered link.

    Returns:
        Truth values, one per temperature.

    Raises:
        DomainError: If `temperature <= 0` or `power <= 0`.

    Claim:
        RW-3, sharp threshold [derived].

    Example:
        >>> bool(tilt_moment_exists(1.5, link="he2"))
        True
        >>> bool(tilt_moment_exists(1.5, 2.0, link="he2"))
        False
    """
    spec = link_spec(link)
    temperature = domain.positive("temperature", temperature)
    power = domain.positive("power", power)
    critical = {0: 0.0, 1: 0.0, 2: 2 * spec.leading}.get(spec.degree, np.inf)
    return jnp.asarray(temperature > power * critical)


@float64
def ess_exponent(
    temperature: Float[Array, "*cells"], *, link: str
) -> Float[Array, "*cells"]:
    r"""Exponent $e$ in $\mathrm{ESS} \asymp n^{e}$ of the label weights.

    With tail index $\kappa_w = \beta/2q$ of the weights: 1 above 2,
    $2 - 2/\kappa_w$ between 1 and 2, 0 below.

    Args:
        temperature: $\beta > 0$.
        link: Registered link.

    Returns:
        The exponent, up to logarithms.

    Raises:
        DomainError: If `temperature <= 0` or the link is unknown.

    Claim:
        RW-3, rate [derived].
    """
    spec = link_spec(link)
    temperature = domain.positive("temperature", temperature)
    if spec.degree != 2:
        return jnp.full_like(temperature, float(spec.degree < 2))
    return jnp.clip(2 - 4 * spec.leading / temperature, 0.0, 1.0)


def temperature_threshold(
    *,
    link: str,
    transform: str,
    order: int,
    bounds: tuple[float | int, float | int] = (0.1, 30.0),
) -> float:
    r"""Feature-temperature threshold $\beta_{thr} = \sup\{\beta : c_k(\beta) = 0\}$.

    Above it the sign of $c_k$ is constant, so that one sign of the output weight
    recovers the direction at every temperature. The largest sign change on a log grid,
    then 60 bisections.

    Args:
        link: Registered link.
        transform: exp or exp_y.
        order: $k \ge 1$, the tilt exponent.
        bounds: Interval that is searched.

    Returns:
        The threshold, 0 if there is no zero in `bounds`.

    Raises:
        DomainError: For bad input, an undefined tilt, or a coefficient that vanishes
            at every temperature.

    Claim:
        RW-6, sharp threshold [derived; existence: paper].
    """
    domain.at_least("order", order, 1)
    grid = np.geomspace(*bounds, 600)
    with jax.enable_x64(True):
        domain.labels(bounds[0], 0.0, link, transform, 1)
    find = functools.partial(
        _scaled_coefficient, link=link, transform=transform, order=order
    )
    values = find(grid)
    if np.max(np.abs(values)) < 1e-12:
        raise DomainError(f"`order` {order}: the coefficient of {link!r} is zero.")
    changes = np.flatnonzero(np.sign(values[1:]) != np.sign(values[:-1]))
    if not changes.size:
        return 0.0
    low, high = grid[changes[-1]], grid[changes[-1] + 1]
    positive_above = values[changes[-1] + 1] > 0
    for _ in range(60):
        middle = 0.5 * (low + high)
        is_above = (find([middle])[0] > 0) == positive_above
        low, high = (low, middle) if is_above else (middle, high)
    return float(0.5 * (low + high))


def _scaled_coefficient(
    temperatures: np.ndarray | list[float], *, link: str, transform: str, order: int
) -> np.ndarray:
    """The coefficient divided by the mean label weight, one per temperature."""
    with jax.enable_x64(True):
        cells = jnp.asarray(temperatures, dtype=jnp.float64)
        found = _coefficients(cells, link=link, transform=transform, order=order)
        return np.asarray(found)


@eqx.filter_jit
def _coefficients(
    temperatures: Float[Array, " cells"], *, link: str, transform: str, order: int
) -> Float[Array, " cells"]:
    def one(temperature: Array) -> Array:
        zero = jnp.zeros_like(temperature)
        found = labels(temperature, zero, zero, link=link, transform=transform, power=1)
        return coefs(found, order)[order]

    return jax.vmap(one)(temperatures)
