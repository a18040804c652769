r"""First and second moments of linear Hawkes networks with one exponential kernel.

Intensities $\lambda_i = \mu_i + \sum_j W_{ij} x_j$, states
$x_j(t) = \sum_{r < t} \beta e^{-\beta (t-r)}$ over the events $r$ of node $j$. Weights
are `[child, parent]`; $G = I - W$. Claims HK-1, HK-2. Dense formulas, meant for up
to 500 nodes.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float
from scipy import linalg

from ..maths.domain import DomainError
from ..maths.precision import float64
from ._checks import network, positive
from ._linear import drift_and_kernel, solve_lyapunov, solve_rates


@float64
def stationary_rates(
    mu: Float[Array, " d"], weights: Float[Array, "d d"]
) -> Float[Array, " d"]:
    r"""Stationary rates $\Lambda = (I - W)^{-1} \mu$.

    Args:
        mu: Baseline rates, in 1/time, not negative and not all zero.
        weights: $W_{ij}$, mean number of direct type-$i$ children of a type-$j$ event.

    Returns:
        Rates, in 1/time.

    Raises:
        DomainError: If an entry is negative or not finite, or the spectral radius of
            `weights` is not below 1.

    Claim:
        HK-1, exact identity [classical: Hawkes 1971].

    Example:
        >>> rates = stationary_rates([0.5, 0.5], [[0.0, 0.5], [0.5, 0.0]])
        >>> [round(float(rate), 4) for rate in rates]
        [1.0, 1.0]
    """
    return jnp.asarray(solve_rates(*network(mu, weights)))


@float64
def transient_rates(
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    beta: Float[Array, ""],
    time: Float[Array, ""],
) -> Float[Array, " d"]:
    r"""Expected intensities at a time after an empty past.

    $\mathbb{E}\lambda(t) = \Lambda - e^{-\beta G t} (\Lambda - \mu)$.

    Args:
        mu: Baseline rates.
        weights: Weights `[child, parent]`.
        beta: Decay of the kernel, in 1/time.
        time: $t \ge 0$ since the empty past.

    Returns:
        Rates, in 1/time.

    Raises:
        DomainError: As `stationary_rates`, or if `beta` is not positive or `time` is
            negative.

    Claim:
        HK-1, exact identity [classical].
    """
    mu_, weights_ = network(mu, weights)
    (beta_,) = positive(beta=beta)
    if not float(time) >= 0:
        raise DomainError(f"`time` must not be negative. Got {float(time)}.")
    rates = solve_rates(mu_, weights_)
    decay = linalg.expm(-beta_ * float(time) * (np.eye(len(mu_)) - weights_))
    return jnp.asarray(rates - decay @ (rates - mu_))


@float64
def lyapunov_covariance(
    mu: Float[Array, " d"], weights: Float[Array, "d d"]
) -> Float[Array, "d d"]:
    r"""The solution $Q$ of $G Q + Q G^\top = \mathrm{diag}(\Lambda)$.

    Args:
        mu: Baseline rates.
        weights: Weights `[child, parent]`.

    Returns:
        $Q$; the stationary covariance of the states is $\beta Q$.

    Raises:
        DomainError: As `stationary_rates`.

    Claim:
        HK-2, exact identity [derived].
    """
    return jnp.asarray(solve_lyapunov(*network(mu, weights)))


@float64
def state_covariance(
    mu: Float[Array, " d"], weights: Float[Array, "d d"], beta: Float[Array, ""]
) -> Float[Array, "d d"]:
    r"""Stationary covariance of the states $x(t-)$: $\beta Q$ (claim HK-2).

    Args:
        mu: Baseline rates.
        weights: Weights `[child, parent]`.
        beta: Decay of the kernel.

    Returns:
        Covariance, in 1/time squared.

    Raises:
        DomainError: As `lyapunov_covariance`, or if `beta` is not positive.
    """
    (beta_,) = positive(beta=beta)
    return jnp.asarray(beta_ * solve_lyapunov(*network(mu, weights)))


@float64
def cross_state_covariance(
    mu: Float[Array, " d"], weights: Float[Array, "d d"], beta: Float[Array, ""]
) -> Float[Array, "d d"]:
    r"""Covariance of $dN_i(t)/dt$ and $x_j(t-)$: $\beta W Q$ (claim HK-2).

    Args:
        mu: Baseline rates.
        weights: Weights `[child, parent]`.
        beta: Decay of the kernel.

    Returns:
        Covariance, rows for the events and columns for the states.

    Raises:
        DomainError: As `state_covariance`.
    """
    (beta_,) = positive(beta=beta)
    mu_, weights_ = network(mu, weights)
    return jnp.asarray(beta_ * weights_ @ solve_lyapunov(mu_, weights_))


@float64
def covariance_density(
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    beta: Float[Array, ""],
    lag: Float[Array, ""],
) -> Float[Array, "d d"]:
    r"""Covariance density of $dN_i(t+\tau)$ and $dN_j(t)$ at a lag $\tau \ge 0$.

    $c(\tau) = e^{-\beta G \tau} K$ with $K = \beta W (2I - W) Q$, obtained from the
    resolvent kernel $\beta W e^{-\beta G t}$ and the Lyapunov equation.

    Args:
        mu: Baseline rates.
        weights: Weights `[child, parent]`.
        beta: Decay of the kernel.
        lag: $\tau \ge 0$; 0 is the right limit. $c(-\tau) = c(\tau)^\top$.

    Returns:
        Density, in 1/time squared.

    Raises:
        DomainError: As `state_covariance`, or if `lag` is negative.

    Claim:
        HK-2, exact identity [classical; closed form derived].
    """
    if not float(lag) >= 0:
        raise DomainError(f"`lag` must not be negative. Got {float(lag)}.")
    drift, kernel = drift_and_kernel(mu, weights, beta)
    return jnp.asarray(linalg.expm(-float(lag) * drift) @ kernel)


@float64
def bartlett_spectrum(
    mu: Float[Array, " d"],
    weights: Float[Array, "d d"],
    beta: Float[Array, ""],
    frequency: Float[Array, ""],
) -> Complex[Array, "d d"]:
    r"""Spectrum of the network, $S(\omega) = H\, \mathrm{diag}(\Lambda)\, H^*$.

    $H = (I - W \beta / (\beta + i\omega))^{-1}$; the Fourier transform of
    $\mathrm{diag}(\Lambda)\,\delta_0 + c$.

    Args:
        mu: Baseline rates.
        weights: Weights `[child, parent]`.
        beta: Decay of the kernel.
        frequency: Angular frequency $\omega$.

    Returns:
        Spectrum, in 1/time.

    Raises:
        DomainError: As `state_covariance`.

    Claim:
        HK-2, exact identity [classical: Hawkes 1971].
    """
    (beta_,) = positive(beta=beta)
    mu_, weights_ = network(mu, weights)
    gain = beta_ / (beta_ + 1j * float(frequency))
    transfer = np.linalg.inv(np.eye(len(mu_)) - weights_ * gain)
    return jnp.asarray(transfer * solve_rates(mu_, weights_) @ transfer.conj().T)


@float64
def circulant_state_variance(
    offsets: tuple[int, ...],
    edge_weight: Float[Array, ""],
    rate: Float[Array, ""],
    *,
    num_nodes: int,
) -> Float[Array, ""]:
    r"""$Q_{jj}$ of the regular ensemble, in $O(d \log d)$.

    $G$ is a normal circulant with eigenvalues $1 - \hat w_k$, hence
    $Q_{jj} = \frac{\Lambda}{d} \sum_k \frac{1}{2(1 - \mathrm{Re}\,\hat w_k)}$.

    Args:
        offsets: Distinct offsets $o_1 … o_s$ in $1 … d-1$.
        edge_weight: Common weight $w > 0$ of the edges.
        rate: Common rate $\Lambda > 0$.
        num_nodes: $d \ge 2$.

    Returns:
        $Q_{jj}$; the variance of a state is $\beta$ times it.

    Raises:
        DomainError: If offsets are repeated or out of range, or $s w \ge 1$.

    Claim:
        HK-2, exact identity [derived].
    """
    weight, rate_ = positive(edge_weight=edge_weight, rate=rate)
    unique = set(offsets)
    if len(unique) < len(offsets) or not unique <= set(range(1, num_nodes)):
        raise DomainError(
            f"`offsets` must be distinct and in 1…{num_nodes - 1}. Got {offsets}."
        )
    if len(offsets) * weight >= 1:
        raise DomainError(
            f"`edge_weight` times the degree must be below 1. Got {weight}."
        )
    row = np.zeros(num_nodes)
    row[list(offsets)] = weight
    return jnp.asarray(rate_ * np.mean(0.5 / (1 - np.fft.fft(row).real)))
