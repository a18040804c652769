r"""The law of the label score and its tilts, from characteristic functions.

Claims: `HS-1`, the population signal $\theta_k$ of each hidden feature.
"""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Complex, Float, Key

from ..maths.domain import known
from ..maths.precision import float64
from .inputs import Index, Side, at_least, checked, decay, one_of, positive, signed

SIGNS = ("alternating", "random", "positive")
LINKS = ("id", "tanh", "poly")
PREPROCESSINGS = ("tanh", "clip", "id")
MASS_ERROR = 1e-6  # largest error of a moment of the label law
POLY_MINIMUM = -1.25  # of s² + s − 1

RealGrid = Float[Array, " grid"]
Frequencies = Float[Array, " half"]
Transform = Complex[Array, " half"]


class LabelLaw(eqx.Module):
    r"""Densities of the score $s$ on a grid: plain, and tilted by $h_k^2$.

    Attributes:
        grid: Points $s_m$.
        spacing: Their distance.
        density: $p(s_m)$.
        tilted: $p_k(s_m)$ of the kept features, the law of $s$ under weight $h_k^2$.
        density_slope: $p'(s_m)$.
        weights: $b_k$ of the kept features.
        variance: $\mathrm{Var}\, s = 2S + \tau^2$ over all features.
        noise: Label noise $\tau$.
        num_features: Number $p$ of all features.
    """

    grid: Float[Array, " grid"]
    spacing: Float[Array, ""]
    density: Float[Array, " grid"]
    tilted: Float[Array, "kept grid"]
    density_slope: Float[Array, " grid"]
    weights: Float[Array, " kept"]
    variance: Float[Array, ""]
    noise: Float[Array, ""]
    num_features: int = eqx.field(static=True)

    @float64
    def mean(self, values: Float[Array, " grid"]) -> Float[Array, ""]:
        r"""$\mathbb{E} f(s)$ for values of $f$ on the grid."""
        return jnp.vdot(values, self.density) * self.spacing

    @float64
    def tilted_mean(self, values: Float[Array, " grid"]) -> Float[Array, " kept"]:
        r"""$\mathbb{E}[f(s) h_k^2]$ for every kept feature."""
        return self.tilted @ values * self.spacing

    def seen_by(self, index: Index) -> Float[Array, " grid"]:
        r"""$p_k(s_m)$ of one kept feature."""
        return _row(self.tilted, index)


@float64
def power_law_weights(
    gamma: Float[Array, ""],
    *,
    num_features: int,
    signs: str = "alternating",
    key: Key[Array, ""] | None = None,
) -> Float[Array, " {num_features}"]:
    r"""Signed power-law weights $b_k = z_k k^{-\gamma}$ of the hidden features.

    Args:
        gamma: Decay exponent $\gamma \ge 0$.
        num_features: Number $p$ of features.
        signs: `alternating` ($z_k = (-1)^{k+1}$), `random` or `positive`.
        key: Random key, only for `random`.

    Returns:
        The weights.

    Raises:
        ValueError: If a size, sign rule or exponent is out of range.

    Example:
        >>> [round(float(b), 4) for b in power_law_weights(1.0, num_features=3)]
        [1.0, -0.5, 0.3333]
    """
    at_least(num_features, 1, "num_features")
    one_of(signs, SIGNS, "signs")
    rank = np.arange(1.0, num_features + 1)
    size = jnp.power(rank, -decay(gamma))
    if signs == "positive":
        return size
    if signs == "alternating":
        return size * np.where(rank % 2 == 1, 1.0, -1.0)
    if key is None:
        raise ValueError("`key` is needed for signs='random'.")
    return size * jax.random.rademacher(key, (num_features,), dtype=jnp.float64)


@float64
def label_law(
    weights: Float[Array, " features"],
    noise: Float[Array, ""] = 0.0,  # pyright: ignore[reportArgumentType] promoted
    *,
    features: tuple[int, ...] | None = None,
    num_grid: int = 2**15,
) -> LabelLaw:
    r"""Law of $s = \sum_k b_k (h_k^2 - 1) + \tau\xi$ and its tilts, by FFT.

    $\chi(t) = e^{-\tau^2t^2/2} \prod_j e^{-itb_j} (1 - 2itb_j)^{-1/2}$ and, since
    weighting by $h_k^2$ makes $h_k^2$ a chi-square with three degrees of freedom,
    $\chi_k(t) = \chi(t) / (1 - 2itb_k)$. Integrals of smooth bounded functions converge
    although the densities are singular for $p \le 2$ without noise.

    Args:
        weights: $b_k \ne 0$.
        noise: Standard deviation $\tau \ge 0$ of the label noise.
        features: Rows whose tilted law is wanted, 0-based; None: all.
        num_grid: Number of grid points.

    Returns:
        The law on the grid.

    Raises:
        DomainError: If a weight is zero or not finite, the noise negative, or the grid
            too coarse for its second moments.
    """
    known_weights = known(weights)
    valid = (abs(known_weights) < np.inf) & (known_weights != 0)
    weights = checked(known_weights, valid, "`weights` must be finite and not zero.")
    noise = checked(noise, known(noise) >= 0, "`noise` must not be negative.")
    at_least(weights.shape[0], 1, "number of weights")
    kept = range(weights.shape[0]) if features is None else features
    return _resolved(_label_law(weights, noise, weights[np.array(kept)], num_grid))


def _label_law(
    weights: Float[Array | np.ndarray, " features"],
    noise: Float[Array, ""],
    chosen: Float[Array | np.ndarray, " kept"],
    num_grid: int,
) -> LabelLaw:
    """The densities, without checks; one feature at a time, for one compiled program.

    No table of features times grid points either. χ(−t) is the conjugate of χ(t): half
    of the frequencies are enough.
    """
    variance, half_width = _extent(weights, noise)
    grid, spacing, t, total = _frame(half_width, noise, num_grid)
    for b in weights:
        total = _with_feature(total, t, b)
    transform, density, slope = _densities(total, t, half_width, num_grid)
    return LabelLaw(
        grid=grid,
        spacing=spacing,
        density=density,
        tilted=jnp.stack(
            [_tilted(transform, t, half_width, b, num_grid) for b in chosen]
        ),
        density_slope=slope,
        weights=jnp.asarray(chosen),
        variance=variance,
        noise=noise,
        num_features=len(weights),
    )


@jax.jit
def _extent(
    weights: Float[Array, " features"], noise: Float[Array, ""]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Variance of the score, and half the width of its grid."""
    variance = 2 * jnp.sum(weights**2) + noise**2
    return variance, 45 * jnp.max(jnp.abs(weights)) + 8 * jnp.sqrt(variance)


@functools.partial(jax.jit, static_argnums=2)
def _frame(
    half_width: Float[Array, ""], noise: Float[Array, ""], num_grid: int
) -> tuple[RealGrid, Float[Array, ""], Frequencies, Transform]:
    """Grid, spacing, frequencies, and log χ of the noise alone."""
    spacing = 2 * half_width / num_grid
    grid = -half_width + spacing * jnp.arange(num_grid, dtype=jnp.float64)
    t = 2 * np.pi * jnp.fft.rfftfreq(num_grid).astype(jnp.float64) / spacing
    return grid, spacing, t, (-0.5 * noise**2 * t**2).astype(jnp.complex128)


@jax.jit
def _with_feature(total: Transform, t: Frequencies, b: Float[Array, ""]) -> Transform:
    """Log χ with one factor more, whose logarithm is written out: x = 2tb."""
    x = 2 * t * b
    return total + lax.complex(-jnp.log1p(x**2) / 4, (jnp.arctan(x) - x) / 2)


@functools.partial(jax.jit, static_argnums=3)
def _densities(
    total: Transform, t: Frequencies, half_width: Float[Array, ""], num_grid: int
) -> tuple[Transform, RealGrid, RealGrid]:
    """χ shifted to the left end of the grid, density and its slope."""
    transform = jnp.exp(total + _imaginary(t * half_width))
    slope = _density(-_imaginary(t) * transform, half_width, num_grid)
    return transform, _density(transform, half_width, num_grid), slope


@functools.partial(jax.jit, static_argnums=4)
def _tilted(
    transform: Transform,
    t: Frequencies,
    half_width: Float[Array, ""],
    b: Float[Array, ""],
    num_grid: int,
) -> RealGrid:
    """Density under the weight of one feature."""
    return _density(transform / (1 - _imaginary(2 * t * b)), half_width, num_grid)


def _imaginary(part: Frequencies) -> Transform:
    """Purely imaginary numbers, without an implicit promotion."""
    return lax.complex(jnp.zeros_like(part), part)


def _density(
    transform: Transform, half_width: Float[Array, ""], num_grid: int
) -> RealGrid:
    """Density on the grid from the transform shifted to its left end."""
    return jnp.fft.hfft(transform, num_grid) / (2 * half_width)


def _resolved(law: LabelLaw) -> LabelLaw:
    r"""Refuse a grid on which $\mathrm{Var}\, s$ and $\theta_k = 2b_k$ are wrong.

    The mass alone cannot tell: it is $\chi(0) = 1$ on every grid.
    """
    grid, density, tilted = map(known, (law.grid, law.density, law.tilted))
    spacing, weights = known(law.spacing), known(law.weights)
    variance = density @ grid**2 * spacing / known(law.variance)
    signal = (tilted @ grid - density @ grid) * spacing / (2 * weights)
    message = "`num_grid` is too coarse for the label law (relative moments)."
    for ratios in (variance, signal):
        checked(ratios, abs(ratios - 1) <= MASS_ERROR, message)
    return law


@jax.jit
def _row(tilted: Float[Array, "kept grid"], index: Index) -> RealGrid:
    """One of the tilted laws."""
    return tilted[index]


def signal_of(law: LabelLaw, values: Float[Array, " grid"]) -> Float[Array, " kept"]:
    """`signal_strength` for callers that are already in double precision."""
    return law.tilted_mean(values) - law.mean(values)


@float64
def signal_strength(
    law: LabelLaw, values: Float[Array, " grid"]
) -> Float[Array, " kept"]:
    r"""Population signal of each kept feature.

    $\theta_k = \mathbb{E}_k F - \mathbb{E} F$:
    $\mathbb{E}[T(y)(zz^\top - I)] = \sum_k \theta_k a_k a_k^\top$; for $F(s) = s$ it is
    $2 b_k$.

    Args:
        law: Label law.
        values: $F$ on `law.grid`.

    Returns:
        $\theta_k$.

    Claim:
        HS-1, exact identity [classical: Stein].
    """
    return signal_of(law, values)


@float64
def learner_eigenvalue(
    law: LabelLaw, values: Float[Array, " grid"], eigenvalue: Float[Array, "*cells"]
) -> Float[Array, "*cells"]:
    r"""From an eigenvalue of $M$ to that of $\hat C = (M - \mathbb{E}F\, I)/2$."""
    return (eigenvalue - law.mean(values)) / 2


@float64
def preprocess(
    labels: Float[Array, "*points"],
    scale: Float[Array, ""],
    *,
    link: str = "id",
    preprocessing: str = "tanh",
) -> Float[Array, "*points"]:
    r"""Preprocessed label $F(s) = T(g(s))$ as a function of the score.

    Args:
        labels: Scores $s$.
        scale: Scale $c > 0$ of $T$.
        link: $g$: `id`, `tanh` or `poly` ($s^2 + s - 1$).
        preprocessing: $T$: `tanh` ($c\tanh(y/c)$), `clip` to $[-c, c]$, or `id`.

    Returns:
        $F$ at every point.

    Raises:
        ValueError: If a name is unknown or the scale not positive.
    """
    one_of(link, LINKS, "link")
    one_of(preprocessing, PREPROCESSINGS, "preprocessing")
    scale = positive(scale, "scale")
    y = _linked(labels, link)
    if preprocessing == "tanh":
        return scale * jnp.tanh(y / scale)
    return jnp.clip(y, -scale, scale) if preprocessing == "clip" else y


def _linked(score: Float[Array, "*points"], link: str) -> Float[Array, "*points"]:
    """g(s)."""
    if link == "tanh":
        return jnp.tanh(score)
    return score**2 + score - 1 if link == "poly" else score


@float64
def preprocess_supremum(
    scale: Float[Array, ""],
    side: Side,
    *,
    link: str = "id",
    preprocessing: str = "tanh",
) -> Float[Array, ""]:
    r"""Supremum of side · F over the whole line, analytic; infinite if unbounded.

    On a grid this must be the supremum and not the largest grid value.

    Args:
        scale: Scale $c > 0$ of $T$.
        side: +1 for $F$, −1 for $-F$.
        link: $g$, as in `preprocess`.
        preprocessing: $T$, as in `preprocess`.

    Returns:
        The supremum.

    Raises:
        ValueError: If a name is unknown, the side not ±1 or the scale not positive.
    """
    factor = signed(side)
    whole_line = preprocess(jnp.asarray(jnp.inf), scale, preprocessing=preprocessing)
    one_of(link, LINKS, "link")
    if link == "tanh":
        return preprocess(jnp.asarray(1.0), scale, preprocessing=preprocessing)
    if link == "poly":
        lowest = preprocess(
            jnp.asarray(POLY_MINIMUM), scale, preprocessing=preprocessing
        )
        return jnp.where(factor > 0, whole_line, -lowest)
    return whole_line
