r"""How long to watch: signal-to-noise of the scores, recovery probability and time.

Gaussian approximations of the two-stage estimator. Claims HK-8 and HK-9.
"""

from typing import Any, cast

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import optimize, special

from ..maths.domain import DomainError
from ..maths.precision import float64
from ._checks import fraction, positive

LOG_TIME_RANGE = (-30.0, 120.0)
THRESHOLD_RANGE = (0.3, 0.9)


@float64
def lag_one_gain(y: Float[Array, "*cells"]) -> Float[Array, "*cells"]:
    r"""Gain $g(y) = (1 - e^{-y})^4 / y^3$ of the lag-one covariance of binned counts.

    Args:
        y: Dimensionless bin width $\beta\delta > 0$.

    Returns:
        The gain; the exponential filter would reach 1/2.

    Raises:
        DomainError: If `y` is not positive.

    Claim:
        HK-8 [derived; weak coupling].
    """
    positive(y=y.min())
    return jnp.expm1(-y) ** 4 / y**3


@float64
def lag_one_gain_argmax() -> Float[Array, ""]:
    r"""The bin width $y^*$ of largest gain: the root of $4y = 3(e^y - 1)$ (HK-8)."""
    solution = optimize.root_scalar(
        lambda y: 4 * y - 3 * np.expm1(y), bracket=(0.1, 2.0), xtol=1e-15
    )
    return jnp.asarray(float(solution.root))


@float64
def screening_snr(
    edge_weight: Float[Array, ""],
    child_rate: Float[Array, ""],
    parent_rate: Float[Array, ""],
    beta: Float[Array, ""],
    T: Float[Array, ""],
    bin_width: Float[Array, ""],
) -> Float[Array, ""]:
    r"""Score of an edge in the lag-one covariance, in standard deviations.

    $z = w \sqrt{\Lambda_j/\Lambda_i}\, \sqrt{\beta T g(\beta\delta)}$.

    Args:
        edge_weight: $w$.
        child_rate: $\Lambda_i$.
        parent_rate: $\Lambda_j$.
        beta: Decay of the kernel.
        T: Observation time.
        bin_width: Width $\delta$ of the bins.

    Returns:
        $z$.

    Raises:
        DomainError: If an argument is not positive.

    Claim:
        HK-8 [derived; weak coupling].
    """
    filtered = filtered_snr(edge_weight, child_rate, parent_rate, beta, T)
    return filtered * jnp.sqrt(2 * lag_one_gain(beta * bin_width))


@float64
def filtered_snr(
    edge_weight: Float[Array, ""],
    child_rate: Float[Array, ""],
    parent_rate: Float[Array, ""],
    beta: Float[Array, ""],
    T: Float[Array, ""],
) -> Float[Array, ""]:
    r"""Score of an edge in the filtered covariance, in standard deviations.

    $z = w \sqrt{\Lambda_j/\Lambda_i}\, \sqrt{\beta T/2}$.

    Args:
        edge_weight: $w$.
        child_rate: $\Lambda_i$.
        parent_rate: $\Lambda_j$.
        beta: Decay of the kernel.
        T: Observation time.

    Returns:
        $z$.

    Raises:
        DomainError: If an argument is not positive.

    Claim:
        HK-8 [derived; weak coupling].
    """
    positive(edge_weight=edge_weight, child_rate=child_rate, parent_rate=parent_rate)
    positive(beta=beta, T=T)
    return edge_weight * jnp.sqrt(parent_rate / child_rate * beta * T / 2)


@float64
def estimate_scales(
    child_rate: Float[Array, ""],
    state_variance: Float[Array, ""],
    parent_rate: Float[Array, ""],
    edge_weight: Float[Array, ""],
    beta: Float[Array, ""],
    efficiency: Float[Array, ""],
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    r"""Standard deviations of a fitted weight times $\sqrt{T}$: non-edge and edge.

    $a_0^2 = \Lambda_i / (\eta V)$ and $a_1^2 = a_0^2 + w \kappa_3 / V^2$, where
    $V = \beta Q_{jj}$ and $\kappa_3 = \beta^2 \Lambda_j / 3$.

    Args:
        child_rate: $\Lambda_i$.
        state_variance: $V = \beta Q_{jj}$, variance of the parent's state.
        parent_rate: $\Lambda_j$.
        edge_weight: $w$.
        beta: Decay of the kernel.
        efficiency: $\eta$, 1 for event-level least squares.

    Returns:
        `(a_0, a_1)`.

    Raises:
        DomainError: If an argument is not positive.

    Claim:
        HK-9 [derived, Gaussian approximation].
    """
    positive(child_rate=child_rate, state_variance=state_variance, beta=beta)
    positive(parent_rate=parent_rate, edge_weight=edge_weight, efficiency=efficiency)
    null = child_rate / (efficiency * state_variance)
    third = beta**2 * parent_rate / 3
    return jnp.sqrt(null), jnp.sqrt(null + edge_weight * third / state_variance**2)


@float64
def recovery_probability(
    T: Float[Array, "*cells"],
    null_scale: Float[Array, ""],
    edge_scale: Float[Array, ""],
    edge_weight: Float[Array, ""],
    threshold_frac: Float[Array, ""],
    num_nodes: Float[Array, ""],
    degree: Float[Array, ""],
) -> Float[Array, "*cells"]:
    r"""Probability that thresholded weights give the whole network.

    $P(T) = \Phi(\tau\sqrt T/a_0)^{d(d-1)-sd}\, \Phi((w-\tau)\sqrt T/a_1)^{sd}$ with the
    threshold $\tau = \kappa w$.

    Args:
        T: Observation times.
        null_scale: $a_0$ of `estimate_scales`.
        edge_scale: $a_1$ of `estimate_scales`.
        edge_weight: $w$.
        threshold_frac: $\kappa$, in (0, 1).
        num_nodes: $d$, a float as large as one likes.
        degree: In-degree $s$.

    Returns:
        $P(T)$.

    Raises:
        DomainError: If a parameter is out of its range.

    Claim:
        HK-9 [derived, Gaussian approximation; the log law is the paper's].
    """
    positive(T=T.min())
    curve = _Curve(null_scale, edge_scale, edge_weight, num_nodes, degree)
    (frac,) = fraction(threshold_frac=threshold_frac)
    return jnp.asarray(np.exp(curve.log_probability(np.asarray(T), frac)))


@float64
def recovery_time(
    probability: Float[Array, ""],
    null_scale: Float[Array, ""],
    edge_scale: Float[Array, ""],
    edge_weight: Float[Array, ""],
    threshold_frac: Float[Array, ""],
    num_nodes: Float[Array, ""],
    degree: Float[Array, ""],
) -> Float[Array, ""]:
    r"""Observation time at which `recovery_probability` reaches a level.

    Grows like $32 \log d / (\beta w^2)$ for $\kappa = 1/2$ in the weak limit.

    Args:
        probability: Level in (0, 1), 0.5 for $T_{50}$.
        null_scale: $a_0$ of `estimate_scales`.
        edge_scale: $a_1$ of `estimate_scales`.
        edge_weight: $w$.
        threshold_frac: $\kappa$, in (0, 1).
        num_nodes: $d$.
        degree: In-degree $s$.

    Returns:
        $T$, in time.

    Raises:
        DomainError: As `recovery_probability`.

    Claim:
        HK-9 [derived, Gaussian approximation].
    """
    curve = _Curve(null_scale, edge_scale, edge_weight, num_nodes, degree)
    level, frac = fraction(probability=probability, threshold_frac=threshold_frac)
    return jnp.asarray(curve.time(level, frac))


@float64
def best_threshold_frac(
    probability: Float[Array, ""],
    null_scale: Float[Array, ""],
    edge_scale: Float[Array, ""],
    edge_weight: Float[Array, ""],
    num_nodes: Float[Array, ""],
    degree: Float[Array, ""],
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    r"""The threshold fraction in (0.3, 0.9) with the shortest `recovery_time`.

    A statement about the formula; $2/(2+\sqrt2)$ in the weak limit.

    Args:
        probability: Level in (0, 1).
        null_scale: $a_0$ of `estimate_scales`.
        edge_scale: $a_1$ of `estimate_scales`.
        edge_weight: $w$.
        num_nodes: $d$.
        degree: In-degree $s$.

    Returns:
        `(kappa, T)`.

    Raises:
        DomainError: As `recovery_probability`.

    Claim:
        HK-9 [derived, Gaussian approximation].
    """
    curve = _Curve(null_scale, edge_scale, edge_weight, num_nodes, degree)
    (level,) = fraction(probability=probability)
    best = optimize.minimize_scalar(
        lambda frac: np.log(curve.time(level, frac)),
        bounds=THRESHOLD_RANGE,
        method="bounded",
        options={"xatol": 1e-10},
    )
    found = cast(Any, best)
    return jnp.asarray(found.x), jnp.asarray(np.exp(found.fun))


class _Curve:
    """The recovery curve of one network, in NumPy."""

    def __init__(
        self,
        null_scale: Float[Array, ""],
        edge_scale: Float[Array, ""],
        edge_weight: Float[Array, ""],
        num_nodes: Float[Array, ""],
        degree: Float[Array, ""],
    ):
        self.null_scale, self.edge_scale, self.weight, nodes, in_degree = positive(
            null_scale=null_scale,
            edge_scale=edge_scale,
            edge_weight=edge_weight,
            num_nodes=num_nodes,
            degree=degree,
        )
        if nodes < 2 or not 1 <= in_degree <= nodes - 1:
            message = "`degree` must lie in 1…num_nodes - 1 and `num_nodes` be above 1."
            raise DomainError(f"{message} Got {in_degree} and {nodes}.")
        self.edges = in_degree * nodes
        self.nulls = nodes * (nodes - 1 - in_degree)

    def log_probability(self, T: np.ndarray | float, frac: float) -> np.ndarray:
        root = np.sqrt(T) * self.weight
        nulls = self.nulls * special.log_ndtr(frac * root / self.null_scale)
        edges = self.edges * special.log_ndtr((1 - frac) * root / self.edge_scale)
        return np.asarray(nulls + edges)

    def time(self, level: float, frac: float) -> float:
        def excess(log_time: float) -> float:
            probability = self.log_probability(float(np.exp(log_time)), frac)
            return float(probability - np.log(level))

        solution = optimize.root_scalar(excess, bracket=LOG_TIME_RANGE, xtol=1e-13)
        return float(np.exp(solution.root))
