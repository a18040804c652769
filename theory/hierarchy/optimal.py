r"""The best label preprocessing for each feature, and what no preprocessing can beat.

Claims: `HS-4` (lower bound on the threshold over all preprocessings), `HS-12` (its
limit for weak features, the Fisher-information law).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ..maths.domain import known
from ..maths.precision import float64
from .inputs import Index, checked
from .labels import LabelLaw

FLOOR = 1e-8  # densities below ring on the grid
SMOOTHING_NOISE = 0.1  # label noise from which singular densities are resolved
FISHER_FEATURES = 6


@float64
def recovery_threshold_lower_bound(law: LabelLaw, index: Index) -> Float[Array, ""]:
    r"""Smallest threshold of a feature over all preprocessings, $1/\mathbb{E}\eta_k^2$.

    $\eta_k = p_k/p - 1$. At threshold $1/\delta_k = \mathbb{E}[w\eta_k]$ and
    $\mathbb{E}w^2 = 1/\delta_k$, so Cauchy–Schwarz gives
    $\delta_k \ge 1/\mathbb{E}\eta_k^2$.

    Args:
        law: Label law.
        index: Row of `law.tilted`.

    Returns:
        The bound; up to 1e-4 too large, because the densities are masked below 1e-8.

    Raises:
        DomainError: If $p \le 2$ with noise below 0.1 (singular densities), except for
            $p = 1$ without noise, where $\mathbb{E}\eta^2 = 2$ exactly.

    Claim:
        HS-4, exact [derived].
    """
    _require_regular_ratio(law)
    bound = _lower_bound(law.density, law.seen_by(index), law.spacing)
    return jnp.where(law.noise == 0, 0.5, bound) if law.num_features == 1 else bound


@jax.jit
def _lower_bound(
    density: Float[Array, " grid"],
    tilted: Float[Array, " grid"],
    spacing: Float[Array, ""],
) -> Float[Array, ""]:
    """The bound from the resolved densities."""
    ratio = _likelihood_ratio(density, tilted)
    masked = jnp.where(_support(density), (ratio - 1) ** 2 * density, 0.0)
    return 1 / (jnp.sum(masked) * spacing)


@float64
def optimal_preprocessing(
    law: LabelLaw, index: Index, *, clip: tuple[float, float] = (-20.0, 0.99)
) -> Float[Array, " grid"]:
    r"""Preprocessing $T^*_k = 1 - p/p_k$ that attains the lower bound of one feature.

    Makes the feature a right outlier whatever the sign of $b_k$: ask `outlier` and
    `recovery_threshold` for side = +1 with supremum = `clip[1]`.

    Args:
        law: Label law.
        index: Row of `law.tilted`.
        clip: Lowest and highest value, the latter positive and at most 1.

    Returns:
        $T^*_k$ on `law.grid`, continued by its end values where the density is below
        1e-8.

    Raises:
        DomainError: If the densities are singular, as for the lower bound.
        ValueError: If `clip` is not increasing or not inside $(-\infty, 1]$.

    Claim:
        HS-4, exact [derived].
    """
    if not clip[0] < 0 < clip[1] <= 1:
        raise ValueError(f"`clip` must be (negative, positive up to 1), got {clip}.")
    _require_regular_ratio(law)
    return _optimal(law.density, law.seen_by(index), *clip)


@jax.jit
def _optimal(
    density: Float[Array, " grid"],
    tilted: Float[Array, " grid"],
    lowest: Float[Array, ""],
    highest: Float[Array, ""],
) -> Float[Array, " grid"]:
    """`optimal_preprocessing` without checks."""
    inside = _support(density)
    first = jnp.argmax(inside)
    last = inside.shape[0] - 1 - jnp.argmax(inside[::-1])
    nearest = jnp.clip(jnp.arange(inside.shape[0]), first, last)
    ratio = _likelihood_ratio(density, tilted)[nearest]
    safe = jnp.where(ratio > 0, ratio, 1.0)
    return jnp.clip(jnp.where(ratio > 0, 1 - 1 / safe, lowest), lowest, highest)


@float64
def fisher_information(law: LabelLaw) -> Float[Array, ""]:
    r"""Fisher information (location) $I = \mathbb{E}[(p'/p)^2]$ of the score.

    Args:
        law: Label law.

    Returns:
        $I$; by Cramér–Rao $\mathrm{Var}(s)\, I \ge 1$.

    Raises:
        DomainError: If $p < 6$ with noise below 0.1: infinite, or too slow to converge.

    Claim:
        HS-12, asymptotic limit [derived].
    """
    enough = law.num_features >= FISHER_FEATURES
    message = "`law` needs at least 6 features or noise >= 0.1 (Fisher information)."
    checked(law.noise, enough | (known(law.noise) >= SMOOTHING_NOISE), message)
    return _fisher(law.density, law.density_slope, law.spacing)


@jax.jit
def _fisher(
    density: Float[Array, " grid"],
    slope: Float[Array, " grid"],
    spacing: Float[Array, ""],
) -> Float[Array, ""]:
    """`fisher_information` without checks."""
    inside = _support(density)
    score = slope / jnp.where(inside, density, 1.0)
    return jnp.sum(jnp.where(inside, score**2 * density, 0.0)) * spacing


@float64
def weak_threshold(law: LabelLaw, index: Index) -> Float[Array, ""]:
    r"""Best achievable threshold $1/(4 b_k^2 I)$ of a weak feature.

    Args:
        law: Label law.
        index: Row of `law.weights`.

    Returns:
        The limit of `recovery_threshold_lower_bound` as $b_k \to 0$.

    Raises:
        DomainError: As `fisher_information`.

    Claim:
        HS-12, asymptotic limit [derived].
    """
    return 1 / (4 * law.weights[index] ** 2 * fisher_information(law))


def _likelihood_ratio(
    density: Float[Array, " grid"], tilted: Float[Array, " grid"]
) -> Float[Array, " grid"]:
    """p_k / p on the support, 1 outside."""
    inside = _support(density)
    plain = jnp.where(inside, density, 1.0)
    return jnp.where(inside, tilted / plain, 1.0)


def _support(density: Float[Array, " grid"]) -> Bool[Array, " grid"]:
    """The connected interval around the mode on which the density is resolved."""
    position = jnp.arange(density.shape[0])
    mode = jnp.argmax(density)
    is_low = density <= FLOOR
    left = jnp.max(jnp.where(is_low & (position < mode), position, -1))
    right = jnp.min(jnp.where(is_low & (position > mode), position, position.size))
    return (position > left) & (position < right)


def _require_regular_ratio(law: LabelLaw) -> None:
    """Refuse laws whose densities are singular, so that the FFT ratio is wrong."""
    if law.num_features > 2:
        return
    noise = known(law.noise)
    is_smooth = noise >= SMOOTHING_NOISE
    is_closed = (law.num_features == 1) & (noise == 0)
    message = "`law` needs three features or noise >= 0.1 (singular densities)."
    checked(law.noise, is_smooth | is_closed, message)
