r"""Edges, outliers and overlaps of the label-weighted second-moment matrix.

$M = \frac1n\sum_i T(y_i) z_i z_i^\top$ in the limit $D \to \infty$, $n/D \to \delta$.
Claims: `HS-3` (outliers, overlaps), `HS-4` (thresholds), `HS-8` (finite-size window).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from ..maths.domain import known
from ..maths.precision import float64
from .inputs import Index, Side, checked, positive, signed
from .labels import LabelLaw

STEPS = 60  # bisections of an edge or outlier
THRESHOLD_STEPS, THRESHOLD_POINTS, THRESHOLD_BATCH = 50, 256, 8
NEAREST = 1e-9  # smallest relative distance of λ from sup F
SLACK = 1.01


class Outlier(NamedTuple):
    r"""One side of the spectrum of $M$, seen from one feature.

    Attributes:
        edge: Bulk edge of $M$, signed.
        eigenvalue: Outlier of the feature, signed; the edge if there is none.
        overlap: Limit of $q_k = \langle v_k, a_k\rangle^2$; 0 if there is none.
        lam_edge: Spectral parameter $\bar\lambda$ of the edge.
    """

    edge: Float[Array, ""]
    eigenvalue: Float[Array, ""]
    overlap: Float[Array, ""]
    lam_edge: Float[Array, ""]


class Window(NamedTuple):
    r"""Where a feature stands in its finite-size window.

    Attributes:
        distance: $w D^{-1/3}$.
        amplitude: $K$.
    """

    distance: Float[Array, ""]
    amplitude: Float[Array, ""]


class _Side(NamedTuple):
    """Everything one side needs: side · F, its supremum, both weighted measures."""

    values: Float[Array, " grid"]
    supremum: Float[Array, ""]
    plain: Float[Array, " grid"]
    tilted: Float[Array, " grid"]
    ratio: Float[Array, ""]

    def response(self, lam: Float[Array, ""]) -> Float[Array, " grid"]:
        """F / (λ − F)."""
        return self.values / (lam - self.values)

    def psi(self, lam: Float[Array, ""]) -> Float[Array, ""]:
        """ψ(λ) = λ/δ + λ E w."""
        return lam / self.ratio + lam * self.plain @ self.response(lam)

    def psi_slope(self, lam: Float[Array, ""]) -> Float[Array, ""]:
        """ψ'(λ) = 1/δ − E w²."""
        return 1 / self.ratio - self.plain @ self.response(lam) ** 2

    def phi(self, lam: Float[Array, ""]) -> Float[Array, ""]:
        """φ_k(λ) = λ E_k w."""
        return lam * self.tilted @ self.response(lam)

    def phi_slope(self, lam: Float[Array, ""]) -> Float[Array, ""]:
        """φ_k'(λ) = −E_k w²."""
        return -self.tilted @ self.response(lam) ** 2

    def lam_edge(self) -> Float[Array, ""]:
        """λ̄, the zero of ψ'; the lower end of its bracket where ψ' > 0 throughout."""
        low = jnp.log(NEAREST * self.supremum)
        high = jnp.log(SLACK * self.norm() * jnp.sqrt(self.ratio))
        return self.supremum + _bisect(
            lambda step: self.psi_slope(self.supremum + step) < 0, low, high
        )

    def norm(self) -> Float[Array, ""]:
        """‖F‖∞."""
        return jnp.maximum(self.supremum, jnp.max(jnp.abs(self.values)))


@float64
def outlier(
    law: LabelLaw,
    values: Float[Array, " grid"],
    supremum: Float[Array, ""],
    ratio: Float[Array, ""],
    index: Index,
    side: Side,
) -> Outlier:
    r"""Bulk edge, outlier and squared overlap of one feature on one side.

    With $\psi(\lambda) = \lambda/\delta + \lambda\,\mathbb{E}[F/(\lambda-F)]$ and
    $\varphi_k(\lambda) = \lambda\,\mathbb{E}_k[F/(\lambda-F)]$ for
    $\lambda > \sup F$: the edge is $\psi(\bar\lambda)$ with $\psi'(\bar\lambda) = 0$;
    the outlier solves $\varphi_k = \psi$ beyond $\bar\lambda$ and its overlap is
    $\psi'/(\psi' - \varphi_k')$ there.

    Args:
        law: Label law.
        values: $F$ on `law.grid`, bounded.
        supremum: Supremum of side · F, from `preprocess_supremum`.
        ratio: $\delta = n/D > 0$, the one that is really simulated.
        index: Row of `law.tilted`.
        side: +1 for right outliers ($b_k > 0$), −1 for left ones.

    Returns:
        Edge, eigenvalue (of $M$, signed), overlap and $\bar\lambda$.

    Raises:
        DomainError: If $F$ is unbounded, `ratio` not positive or `side` not ±1.

    Claim:
        HS-3, asymptotic limit [classical: Lu & Li; Mondelli & Montanari].
    """
    part = _one_side(law, values, supremum, ratio, index, side)
    return _outlier(part, signed(side))


@jax.jit
def _outlier(part: _Side, side: Float[Array, ""]) -> Outlier:
    """`outlier` of a prepared side."""
    lam_edge = part.lam_edge()
    edge = part.psi(lam_edge)
    is_visible = part.phi(lam_edge) > edge
    farthest = part.supremum + 2 * SLACK * part.ratio * part.norm()
    lam = lam_edge + _bisect(
        lambda step: part.phi(lam_edge + step) > part.psi(lam_edge + step),
        jnp.log(1e-13 * farthest),
        jnp.log(farthest),
    )
    rise, fall = part.psi_slope(lam), -part.phi_slope(lam)
    return Outlier(
        edge=side * edge,
        eigenvalue=side * jnp.where(is_visible, part.psi(lam), edge),
        overlap=jnp.where(is_visible, rise / (rise + fall), 0.0),
        lam_edge=lam_edge,
    )


@float64
def recovery_threshold(
    law: LabelLaw,
    values: Float[Array, " grid"],
    supremum: Float[Array, ""],
    index: Index,
    side: Side,
) -> Float[Array, ""]:
    r"""Sharp threshold $\delta_k = n_k/D$ of one feature; infinite if never visible.

    With $w = F/(\bar\lambda - F)$ the edge and outlier conditions meet where
    $\mathbb{E}_k w - \mathbb{E} w = \mathbb{E} w^2$; at the largest such
    $\bar\lambda > \sup F$, $\delta_k = 1/\mathbb{E} w^2$.

    Args:
        law: Label law.
        values: $F$ on `law.grid`, bounded.
        supremum: Supremum of side · F.
        index: Row of `law.tilted`.
        side: +1 or −1.

    Returns:
        $\delta_k$.

    Raises:
        DomainError: If $F$ is unbounded or `side` not ±1.

    Claim:
        HS-4, sharp threshold [derived from HS-3].
    """
    return _recovery_threshold(_one_side(law, values, supremum, 1.0, index, side))


@jax.jit
def _recovery_threshold(part: _Side) -> Float[Array, ""]:
    """`recovery_threshold` of a prepared side (its ratio is not used)."""

    def excess(log_step: Float[Array, ""]) -> Float[Array, ""]:
        w = part.response(part.supremum + jnp.exp(log_step))
        return part.tilted @ w - part.plain @ (w + w**2)

    ends = jnp.log(jnp.asarray([1e5, 1e-6]) * part.supremum)
    log_steps = jnp.linspace(ends[0], ends[1], THRESHOLD_POINTS)
    is_above = lax.map(excess, log_steps, batch_size=THRESHOLD_BATCH) > 0
    crossing = jnp.argmin(is_above)  # the first point that is not above
    has_crossing = is_above[0] & ~is_above[crossing]
    low, high = log_steps[crossing], log_steps[jnp.maximum(crossing - 1, 0)]
    step = _bisect(lambda s: excess(jnp.log(s)) <= 0, low, high, THRESHOLD_STEPS)
    square = part.plain @ part.response(part.supremum + step) ** 2
    return jnp.where(has_crossing, 1 / square, jnp.inf)


@float64
def spectral_window(
    law: LabelLaw,
    values: Float[Array, " grid"],
    supremum: Float[Array, ""],
    ratio: Float[Array, ""],
    index: Index,
    side: Side,
) -> Window:
    r"""Distance from threshold in window units, and amplitude of the smoothing.

    $x = (\varphi_k(\bar\lambda) - \psi(\bar\lambda))/(-\varphi_k'(\bar\lambda))$,
    $\kappa = ((\delta/\bar\lambda^2)\sqrt{2/\psi''})^{2/3}$,
    $w D^{-1/3} = x\sqrt{\kappa\psi''/2}$ and
    $K = \sqrt{\psi''/(2\kappa)}/(-\varphi_k'(\bar\lambda))$: square-root edge and
    linear vanishing of $\psi'$, matched to those of the GOE.

    Args:
        law: Label law.
        values: $F$ on `law.grid`, bounded.
        supremum: Supremum of side · F.
        ratio: $\delta = n/D > 0$.
        index: Row of `law.tilted`.
        side: +1 or −1.

    Returns:
        The window.

    Raises:
        DomainError: If $F$ is unbounded, `ratio` not positive or `side` not ±1.

    Claim:
        HS-8, asymptotic scaling [derived].
    """
    return _window(_one_side(law, values, supremum, ratio, index, side))


@jax.jit
def _window(part: _Side) -> Window:
    """`spectral_window` of a prepared side."""
    lam = part.lam_edge()
    curvature = 2 * part.plain @ (part.values**2 / (lam - part.values) ** 3)
    fall = -part.phi_slope(lam)
    kappa = (part.ratio / lam**2 * jnp.sqrt(2 / curvature)) ** (2 / 3)
    shift = (part.phi(lam) - part.psi(lam)) / fall
    return Window(
        distance=shift * jnp.sqrt(kappa * curvature / 2),
        amplitude=jnp.sqrt(curvature / (2 * kappa)) / fall,
    )


def _one_side(
    law: LabelLaw,
    values: Float[Array, " grid"],
    supremum: Float[Array, ""],
    ratio: Float[Array, ""] | float,
    index: Index,
    side: Side,
) -> _Side:
    """Check the arguments and turn a left side into a right one."""
    holds = (known(supremum) > 0) & (known(supremum) < np.inf)
    message = "`supremum` must be positive and finite: the labels must be bounded."
    checked(supremum, holds, message)
    _in_range(index, law.tilted.shape[0])
    ratio = positive(jnp.asarray(ratio), "ratio")
    part = _Side(values, supremum, law.density, law.seen_by(index), ratio)
    return _turned(part, law.spacing, signed(side))


@jax.jit
def _turned(part: _Side, spacing: Float[Array, ""], side: Float[Array, ""]) -> _Side:
    """A right side, with the mass of each grid point in place of the densities."""
    return part._replace(
        values=side * part.values,
        plain=part.plain * spacing,
        tilted=part.tilted * spacing,
    )


def _in_range(index: Index, size: int) -> None:
    """An index out of range would be clamped silently."""
    holds = (known(index) >= 0) & (known(index) < size)
    checked(index, holds, f"`index` must lie in [0, {size}).")


def _bisect(
    is_low: Callable[[Float[Array, ""]], Bool[Array, ""]],
    low: Float[Array, ""],
    high: Float[Array, ""],
    steps: int = STEPS,
) -> Float[Array, ""]:
    """Exponential of the point between two logarithms where `is_low` turns false."""

    def halve(_: Int[Array, ""], ends: tuple[Array, Array]) -> tuple[Array, Array]:
        middle = (ends[0] + ends[1]) / 2
        is_left = is_low(jnp.exp(middle))
        return jnp.where(is_left, middle, ends[0]), jnp.where(is_left, ends[1], middle)

    ends = lax.fori_loop(0, steps, halve, (low, high))
    return jnp.exp((ends[0] + ends[1]) / 2)
