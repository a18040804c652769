r"""Scaling laws of the recovery cascade: thresholds, counts, test error.

Claims: `HS-5` (semicircle regime), `HS-6` (exponents in $d$), `HS-7` (test error).
$D$ is the feature dimension and $S = \sum_{j\le p} j^{-2\gamma}$.
"""

import functools

import jax
import jax.numpy as jnp
from jax.scipy.special import zeta
from jaxtyping import Array, ArrayLike, Float, Int, Real

from ..maths.domain import known
from ..maths.precision import float64
from .inputs import at_least, checked, decay, positive
from .labels import LabelLaw, signal_of

ROUNDING = 1e-9


@float64
def semicircle_threshold(
    law: LabelLaw, values: Float[Array, " grid"]
) -> Float[Array, " kept"]:
    r"""Thresholds $n_k/D = \mathbb{E}[F^2]/\theta_k^2$ for many samples per dimension.

    Args:
        law: Label law.
        values: $F$ on `law.grid`; `law.grid` itself for $F = \mathrm{id}$.

    Returns:
        $n_k/D$ of the kept features.

    Claim:
        HS-5, asymptotic limit $\delta \to \infty$ [derived].
    """
    return law.mean(values**2) / signal_of(law, values) ** 2


@float64
def semicircle_overlap(
    ratio: Float[Array, "*#cells"], threshold: Float[Array, "*#cells"]
) -> Float[Array, "*#cells"]:
    r"""Squared overlap $(1 - n_k/n)_+$ of HS-5; the inputs broadcast."""
    return _beyond(positive(ratio, "ratio"), threshold)


@jax.jit
def _beyond(
    ratio: Float[Array, "*#cells"], threshold: Float[Array, "*#cells"]
) -> Float[Array, "*#cells"]:
    """`semicircle_overlap` without checks."""
    return jnp.maximum(1 - threshold / ratio, 0.0)


@float64
def power_law_threshold(
    gamma: Float[Array, ""], *, num_features: int, dim: int
) -> Float[Array, " {num_features}"]:
    r"""Sample sizes $n_k = \frac D2 k^{2\gamma} S$, $D = d(d+1)/2$, for raw labels.

    Args:
        gamma: Decay exponent $\gamma \ge 0$.
        num_features: Number $p$ of features.
        dim: Input dimension $d \ge 2$.

    Returns:
        $n_1 … n_p$.

    Raises:
        ValueError: If an argument is out of range.

    Claim:
        HS-5 [derived]; its exponents are those of HS-6 [paper].
    """
    at_least(dim, 2, "dim")
    return _thresholds(gamma, num_features, dim * (dim + 1) / 2)


@float64
def threshold_exponent(
    gamma: Float[Array, "*#cells"],
    width_exponent: Float[Array, "*#cells"],
    index: Float[Array, "*#cells"],
    dim: Float[Array, "*#cells"],
) -> Float[Array, "*#cells"]:
    r"""Exponent $\alpha_k$ of the sample size $n = d^\alpha$ that shows feature k.

    $\alpha_k = 2 + (1-2\gamma)_+\varepsilon + 2\gamma\log k/\log d$, with
    $p = d^\varepsilon$.

    Args:
        gamma: Decay exponent $\gamma \ge 0$.
        width_exponent: $\varepsilon$.
        index: Feature number $k = 1, 2, …$ (here from one).
        dim: Input dimension $d \ge 2$.

    Returns:
        $\alpha_k$; the inputs broadcast.

    Raises:
        DomainError: If an argument is out of range.

    Claim:
        HS-6, power-law exponent [paper].
    """
    gamma = decay(gamma)
    index = checked(index, known(index) >= 1, "`index` counts features from 1.")
    dim = checked(dim, known(dim) >= 2, "`dim` must be at least 2.")
    return _exponent(gamma, width_exponent, index, dim)


@jax.jit
def _exponent(
    gamma: Float[Array, "*#cells"],
    width_exponent: Float[Array, "*#cells"],
    index: Float[Array, "*#cells"],
    dim: Float[Array, "*#cells"],
) -> Float[Array, "*#cells"]:
    """`threshold_exponent` without checks."""
    common = jnp.maximum(1 - 2 * gamma, 0.0) * width_exponent
    return 2 + common + 2 * gamma * jnp.log(index) / jnp.log(dim)


@float64
def recovered_count(
    num_samples: Float[Array, ""],
    gamma: Float[Array, ""],
    *,
    num_features: int,
    feature_dim: int,
) -> Int[Array, ""]:
    r"""Number $m(n) = \#\{k: n_k < n\}$ of features that have appeared.

    Equal to $\lfloor (2n/(DS))^{1/2\gamma} \rfloor$ clipped to $[0, p]$.

    Args:
        num_samples: $n > 0$.
        gamma: Decay exponent $\gamma > 0$.
        num_features: $p$.
        feature_dim: $D$.

    Returns:
        The count.

    Raises:
        DomainError: If `gamma` is 0 (all features appear together) or out of range.

    Claim:
        HS-6 [paper; constant derived].
    """
    positive(gamma, "gamma")
    num_samples = positive(num_samples, "num_samples")
    return jnp.sum(_thresholds(gamma, num_features, feature_dim) < num_samples)


@float64
@jax.jit
def population_nmse(
    weights: Float[Array, " features"], overlap: Float[Array, " features"]
) -> Float[Array, ""]:
    r"""Error $\sum_k b_k^2 (1 - q_k^2)/S$ of the best second layer on learned features.

    Args:
        weights: $b_k$.
        overlap: $q_k$.

    Returns:
        Error over the variance of the noiseless label, link id.

    Claim:
        HS-7 [derived].
    """
    return jnp.sum(weights**2 * (1 - overlap**2)) / jnp.sum(weights**2)


@float64
def power_law_nmse(
    num_samples: Float[Array, ""], gamma: Float[Array, ""], *, feature_dim: int
) -> Float[Array, ""]:
    r"""Scaling law of the error between the first threshold and the last, $p = \infty$.

    $\frac{8\gamma^2}{4\gamma^2-1}\zeta(2\gamma)^{-1}
    (2n/(D\zeta(2\gamma)))^{-(1-1/2\gamma)}$.

    Args:
        num_samples: $n > 0$.
        gamma: Decay exponent $\gamma > 1/2$.
        feature_dim: $D$.

    Returns:
        The error.

    Raises:
        DomainError: If $\gamma \le 1/2$; at 1/2 it is logarithmic, below see
            `sigmoid_nmse`.

    Claim:
        HS-7, power law [paper: exponent; derived: constant].
    """
    gamma = checked(gamma, known(gamma) > 0.5, "`gamma` must exceed 1/2 (power law).")
    return _power_law(positive(num_samples, "num_samples"), gamma, feature_dim)


@jax.jit
def _power_law(
    num_samples: Float[Array, ""],
    gamma: Float[Array, ""],
    feature_dim: Real[ArrayLike, ""],
) -> Float[Array, ""]:
    """`power_law_nmse` without checks."""
    total = zeta(2 * gamma, 1.0)
    constant = 8 * gamma**2 / (4 * gamma**2 - 1)
    relative = 2 * num_samples / (feature_dim * total)
    return constant / total * relative ** (1 / (2 * gamma) - 1)


@float64
def parametric_nmse(
    num_samples: Float[Array, ""],
    gamma: Float[Array, ""],
    *,
    num_features: int,
    feature_dim: int,
) -> Float[Array, ""]:
    r"""Error $pD/n - \frac{D^2S}{4n^2}\sum_k k^{2\gamma}$ once every feature is out.

    Args:
        num_samples: $n \ge n_p$.
        gamma: Decay exponent $\gamma \ge 0$.
        num_features: $p$.
        feature_dim: $D$.

    Returns:
        The error.

    Raises:
        DomainError: If $n < n_p$.

    Claim:
        HS-7, 1/n rate [paper: rate; derived: constant].
    """
    thresholds = _thresholds(gamma, num_features, feature_dim)
    is_out = known(num_samples) >= known(thresholds)[-1] * (1 - ROUNDING)
    message = "`num_samples` must reach the last threshold."
    n = checked(num_samples, is_out, message)
    squares = feature_dim * jnp.sum(thresholds) / (2 * n**2)
    return num_features * feature_dim / n - squares


@float64
def sigmoid_nmse(
    relative: Float[Array, ""], gamma: Float[Array, ""]
) -> Float[Array, ""]:
    r"""Error for $\gamma < 1/2$, where all features appear around $n \sim Dp$.

    $1 - \frac{8\gamma^2}{1+2\gamma}\rho^{(1-2\gamma)/2\gamma}$ for $\rho \le 1$ and
    $(1-2\gamma)(2/\rho - 1/((1+2\gamma)\rho^2))$ beyond, with $\rho = n/n_p$.

    Args:
        relative: $\rho > 0$, well above $n_1/n_p$.
        gamma: Decay exponent in $(0, 1/2)$.

    Returns:
        The error.

    Raises:
        DomainError: If an argument is out of range.

    Claim:
        HS-7, asymptotic limit $p \to \infty$ [derived].
    """
    message = "`gamma` must lie in (0, 1/2) (sigmoid)."
    gamma = checked(gamma, (known(gamma) > 0) & (known(gamma) < 0.5), message)
    return _sigmoid(positive(relative, "relative"), gamma)


@jax.jit
def _sigmoid(rho: Float[Array, ""], gamma: Float[Array, ""]) -> Float[Array, ""]:
    """`sigmoid_nmse` without checks."""
    drop = 8 * gamma**2 / (1 + 2 * gamma)
    before = 1 - drop * jnp.minimum(rho, 1.0) ** ((1 - 2 * gamma) / (2 * gamma))
    after = (1 - 2 * gamma) * (2 / rho - 1 / ((1 + 2 * gamma) * rho**2))
    return jnp.where(rho <= 1, before, after)


@float64
def staircase_nmse(
    num_samples: Float[Array, ""],
    gamma: Float[Array, ""],
    *,
    num_features: int,
    feature_dim: int,
) -> Float[Array, ""]:
    r"""Naive error $\sum_{k:\, n_k \ge n} b_k^2/S$: features that appear are perfect.

    Same exponent as HS-7, too small by the factor $8\gamma^2/(2\gamma+1)$: the negative
    control of HS-7.

    Args:
        num_samples: $n > 0$.
        gamma: Decay exponent $\gamma \ge 0$.
        num_features: $p$.
        feature_dim: $D$.

    Returns:
        The error.

    Raises:
        DomainError: If an argument is out of range.
    """
    num_samples = positive(num_samples, "num_samples")
    thresholds = _thresholds(gamma, num_features, feature_dim)
    return _hidden_share(thresholds, num_samples)


@jax.jit
def _hidden_share(
    thresholds: Float[Array, " features"], num_samples: Float[Array, ""]
) -> Float[Array, ""]:
    """Share of the energy above n, by thresholds inversely proportional to energies."""
    energies = 1 / thresholds
    hidden = jnp.where(thresholds >= num_samples, energies, 0.0)
    return jnp.sum(hidden) / jnp.sum(energies)


def _thresholds(
    gamma: Float[Array, ""], num_features: int, feature_dim: int | float
) -> Float[Array, " features"]:
    """n_k = (D/2) k^{2γ} S."""
    at_least(num_features, 1, "num_features")
    return _power_thresholds(decay(gamma), num_features, feature_dim)


@functools.partial(jax.jit, static_argnums=1)
def _power_thresholds(
    gamma: Float[Array, ""], num_features: int, feature_dim: Real[ArrayLike, ""]
) -> Float[Array, " features"]:
    """`_thresholds` without checks."""
    squares = jnp.arange(1, num_features + 1, dtype=jnp.float64) ** (-2 * gamma)
    return jnp.sum(squares) / squares * (feature_dim / 2)
