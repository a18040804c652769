"""Which arm has the best empirical mean: probabilities by quadrature.

Claims: `SB-1` (Bernoulli law), `SB-2` (Gaussian law), `SB-6` (the width w_g).
"""

import functools
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import interpolate, signal, special, stats

from ..maths.domain import require
from ..maths.precision import float64
from ..maths.quadrature import legendre_rule, trapezoid_rule
from .parameters import Points, Scalar, Vector, check_arms, check_noise
from .search import minimum

NODES, LOW, HIGH = 1001, -12.0, 14.0  # exact to rounding up to a million arms
LARGEST_SCORE = 14.0  # hit_K is 1 to all digits from there on


class Width(NamedTuple):
    """The width $w_g$ and the standardised gap at which it is attained."""

    width: Float[Array, ""]
    z_star: Float[Array, ""]


@float64
def slippage_hit(arms: int, z: Points) -> Float[Array, "*cells"]:
    r"""Probability that the good arm of a slippage instance looks best.

    $$\mathrm{hit}_K(z) = \int \varphi(x)\, \Phi(x + z)^{K-1} dx,$$

    with $z = \Delta\sqrt m/\sigma$ after $m$ Gaussian rewards of every arm.

    Args:
        arms: $K \ge 1$ (a single arm is always hit).
        z: Standardised gap, any real number.

    Returns:
        Probability, shape of `z`.

    Raises:
        DomainError: If `arms` is below 1 or `z` is not a number.

    Claim:
        SB-2, exact identity [derived].

    Example:
        >>> round(float(slippage_hit(2, 1.0)), 6)
        0.76025
    """
    require(arms, arms >= 1, "`arms` must be at least 1.")
    z = require(z, ~np.isnan(z), "`z` must be a number.")
    return jnp.asarray(_hit(arms, np.asarray(z)))


@float64
def slippage_width(arms: int) -> Width:
    r"""Largest expected loss of best-of-$g$ selection, in units of $\sigma/\sqrt m$.

    $w_g = \max_z z\,(1 - \mathrm{hit}_g(z))$ over slippage instances. That no other
    vector of means is worse is true for $g = 2$ and confirmed numerically for
    $g = 3, 4, 6$, not proved: constants made from $w_g$ are of kind "slippage".

    Args:
        arms: Group size $g \ge 1$; a single arm loses nothing.

    Returns:
        `(width, z_star)`.

    Raises:
        DomainError: If `arms` is below 1.

    Claim:
        SB-6, numerical constant [derived; worst case conjectured].
    """
    require(arms, arms >= 1, "`arms` must be at least 1.")
    width, z_star = width_numbers(arms)
    return Width(jnp.asarray(width), jnp.asarray(z_star))


@float64
def uniform_select_probs(
    means: Vector,
    pulls: Scalar,
    sigma: Scalar = 0.5,
) -> Float[Array, " arms"]:
    r"""Law of the chosen arm after $m$ Gaussian rewards of every arm.

    $$P_i = \int \varphi(x) \prod_{j \ne i}
        \Phi\big(x + (\mu_i - \mu_j)\sqrt m / \sigma\big)\, dx.$$

    Args:
        means: $\mu_1 … \mu_K$.
        pulls: $m > 0$, pulls of every arm.
        sigma: Standard deviation of a reward.

    Returns:
        Probabilities, which sum to one.

    Raises:
        DomainError: On fewer than two arms, means that are not numbers, `pulls` or
            `sigma` not positive.

    Claim:
        SB-2, exact identity [derived].
    """
    check_arms(means.shape[-1])
    require(means, np.isfinite(means), "`means` must be finite.")
    require(pulls, pulls > 0, "`pulls` must be positive.")
    check_noise(sigma)
    scores = np.asarray(means * np.sqrt(float(pulls)) / sigma)
    return jnp.asarray(_gaussian_selection(scores))


@float64
def bernoulli_select_probs(means: Vector, pulls: int) -> Float[Array, " arms"]:
    r"""Law of the chosen arm after $m$ Bernoulli rewards of every arm, fair ties.

    $$P_i = \sum_x f_i(x) \int_0^1 \prod_{j \ne i} (F_j(x-1) + u f_j(x))\, du,$$

    with $f_j, F_j$ the law of Bin(m, μ_j); Gauss–Legendre in $u$ is exact.

    Args:
        means: Means in [0, 1].
        pulls: $m \ge 1$.

    Returns:
        Probabilities, which sum to one.

    Raises:
        DomainError: On fewer than two arms, a mean outside [0, 1] or `pulls` below 1.

    Claim:
        SB-1 and SB-2, exact identity [derived].
    """
    arms = means.shape[-1]
    check_arms(arms)
    require(means, (means >= 0) & (means <= 1), "`means` must lie in [0, 1].")
    require(pulls, pulls >= 1, "`pulls` must be at least 1.")
    counts = np.arange(pulls + 1)[:, None]
    mass = stats.binom.pmf(counts, pulls, np.asarray(means))
    below = stats.binom.cdf(counts - 1, pulls, np.asarray(means))
    nodes, weights = legendre_rule(arms // 2 + 1, 0.0, 1.0)
    ahead = below + nodes[:, None, None] * mass  # (node, count, arm)
    others = np.stack([_product_of_others(ahead, i) for i in range(arms)], axis=-1)
    return jnp.asarray(np.einsum("u,uxi,xi->i", weights, others, mass))


@float64
def bernoulli_slippage_hit(
    arms: int, pulls: int, base: Scalar, good: Scalar
) -> Float[Array, ""]:
    r"""Probability that the good Bernoulli arm is chosen, with fair ties.

    $$\sum_x q(x) \frac1K \sum_{j=0}^{K-1} F(x)^j F(x-1)^{K-1-j},$$

    $q$ the law of Bin(m, p_1), $F$ the distribution function of Bin(m, p_0).

    Args:
        arms: $K \ge 2$.
        pulls: $m \ge 1$.
        base: Mean $p_0$ of the other arms.
        good: Mean $p_1$ of the good arm.

    Returns:
        Probability.

    Raises:
        DomainError: On fewer than two arms, `pulls` below 1 or a mean outside [0, 1].

    Claim:
        SB-2, exact identity [derived].
    """
    check_arms(arms)
    require(pulls, pulls >= 1, "`pulls` must be at least 1.")
    require(base, (base >= 0) & (base <= 1), "`base` must lie in [0, 1].")
    require(good, (good >= 0) & (good <= 1), "`good` must lie in [0, 1].")
    counts = np.arange(pulls + 1)
    mass = stats.binom.pmf(counts, pulls, float(good))
    cumulative = stats.binom.cdf(np.arange(-1, pulls + 1), pulls, float(base))
    power = np.arange(arms)[:, None]
    shares = cumulative[1:] ** power * cumulative[:-1] ** (arms - 1 - power)
    return jnp.asarray(mass @ shares.mean(axis=0))


@functools.lru_cache(maxsize=64)
def width_numbers(arms: int) -> tuple[float, float]:
    """$w_g$ and its argmax as Python floats, remembered."""
    if arms == 1:
        return 0.0, 0.0

    def gain(z: float) -> float:
        return -z * (1 - float(_hit(arms, np.asarray(z))))

    least, z_star = minimum(gain, 0.0, LARGEST_SCORE, 1e-9)
    return -least, z_star


@functools.lru_cache(maxsize=64)
def miss_table(arms: int) -> interpolate.CubicSpline:
    r"""Spline of $1 - \mathrm{hit}_K(z)$ on [0, 14], all nodes in one correlation.

    On an equidistant grid the integral is a correlation of $\varphi$ with
    $\Phi^{K-1}$; the step keeps the interpolation error below 1e-11.
    """
    step = 1 / 400
    nodes = np.arange(round(LOW / step), round(HIGH / step) + 1) * step
    scores = np.arange(round(LARGEST_SCORE / step) + 1) * step
    shifted = nodes[0] + np.arange(len(nodes) + len(scores) - 1) * step
    lost = -np.expm1((arms - 1) * special.log_ndtr(shifted))
    density = step * np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi)
    miss = signal.fftconvolve(lost, density[::-1], mode="valid")
    return interpolate.CubicSpline(scores, np.clip(miss, 0.0, 1.0), extrapolate=False)


def miss(arms: int, z: np.ndarray) -> np.ndarray:
    """$1 - hit_K(z)$ from the table; zero above z = 14, for z ≥ 0."""
    found = miss_table(arms)(z)
    return np.where(np.isnan(found), 0.0, found)


def _hit(arms: int, z: np.ndarray) -> np.ndarray:
    """hit_K by the trapezoid rule, for any shape of z."""
    nodes, weights = trapezoid_rule(NODES, LOW, HIGH)
    density = weights * np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi)
    flat = [
        density @ np.exp((arms - 1) * special.log_ndtr(nodes + score))
        for score in z.ravel()
    ]
    return np.asarray(flat).reshape(z.shape)


def _gaussian_selection(scores: np.ndarray) -> np.ndarray:
    """P_i for standardised means: integrate over the value of arm i."""
    centres = scores - scores.max()  # the winner is almost never below LOW
    nodes, weights = trapezoid_rule(NODES, LOW, HIGH)
    total = np.zeros(len(nodes))
    for centre in centres:
        total += special.log_ndtr(nodes - centre)
    rows = [
        weights @ np.exp(_log_density(nodes - c) + total - special.log_ndtr(nodes - c))
        for c in centres
    ]
    return np.asarray(rows)


def _log_density(x: np.ndarray) -> np.ndarray:
    return -(x**2) / 2 - np.log(2 * np.pi) / 2


def _product_of_others(ahead: np.ndarray, arm: int) -> np.ndarray:
    """Product over all arms but one, without dividing by zero."""
    return np.delete(ahead, arm, axis=-1).prod(axis=-1)
