"""What an error of the reward model costs: exact gaps and their bounds.

Claim: `RW-15` (gap identities, two-sided, chi-square, Pinsker and coverage bounds).
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.nn import softmax
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float

from ..maths.domain import require
from ..maths.precision import float64
from ..maths.quadrature import legendre_rule
from . import domain

PATH_NODES = 40


class GapTerms(NamedTuple):
    r"""Gaps (starred minus hatted), the integrals they equal and their bounds.

    $\Delta = \hat r - r^*$, $\hat\pi \propto e^{\hat r/\beta}\pi_0$, $c = B/\beta$.

    Attributes:
        value_gap: $V^* - V(\hat\pi)$; may be negative.
        value_integral: $-\frac1\beta\int_0^1\mathrm{Cov}_{\pi_t}(r^*, \Delta)\,dt$.
        objective_gap: $J^* - J(\hat\pi)$.
        objective_integral: $\frac1\beta\int_0^1 t\,\mathrm{Var}_{\pi_t}(\Delta)\,dt$.
        error_variance: $\varepsilon^2 = \mathrm{Var}_{\pi^*}(\Delta)$.
        reward_variance: $\sigma_\beta^2 = \mathrm{Var}_{\pi^*}(r^*)$.
        oscillation: $B = \sup\Delta - \inf\Delta$ over all nodes.
        chi2: $\chi^2(\hat\pi\|\pi^*)$.
        objective_lower_bound: $(\varepsilon^2/\beta)\,\kappa(-c)$.
        objective_upper_bound: $(\varepsilon^2/\beta)\,\kappa(c)$; inf if it overflows.
        value_upper_bound: $(\sigma_\beta\varepsilon/\beta)(e^c - 1)/c$, of its size.
        value_chi2_upper_bound: $\sigma_\beta\sqrt{\chi^2}$, of the value gap's size.
        objective_chi2_upper_bound: $\varepsilon\sqrt{\chi^2}$.
        value_pinsker_upper_bound: $\mathrm{osc}(r^*)\sqrt{J\text{-gap}/2\beta}$.
        objective_coverage_upper_bound: The error under $\pi_0$ times
            $\sqrt{1/\mathrm{ESS}(r^*) - 1} + \sqrt{1/\mathrm{ESS}(\hat r) - 1}$.
    """

    value_gap: Float[Array, "*cells"]
    value_integral: Float[Array, "*cells"]
    objective_gap: Float[Array, "*cells"]
    objective_integral: Float[Array, "*cells"]
    error_variance: Float[Array, "*cells"]
    reward_variance: Float[Array, "*cells"]
    oscillation: Float[Array, "*cells"]
    chi2: Float[Array, "*cells"]
    objective_lower_bound: Float[Array, "*cells"]
    objective_upper_bound: Float[Array, "*cells"]
    value_upper_bound: Float[Array, "*cells"]
    value_chi2_upper_bound: Float[Array, "*cells"]
    objective_chi2_upper_bound: Float[Array, "*cells"]
    value_pinsker_upper_bound: Float[Array, "*cells"]
    objective_coverage_upper_bound: Float[Array, "*cells"]


@float64
def gap_terms(
    reward: Float[Array, " nodes"],
    estimate: Float[Array, "*cells nodes"],
    temperature: Float[Array, "*#cells"] | float,
    weights: Float[Array, " nodes"],
) -> GapTerms:
    r"""Exact gaps of a tilted policy with a wrong reward, and all their bounds.

    Args:
        reward: $r^*$ on the nodes.
        estimate: $\hat r$ on the nodes, of one cell or of many.
        temperature: $\beta > 0$.
        weights: Base policy $\pi_0$ on the nodes, positive; normalised here.

    Returns:
        The fifteen numbers of `GapTerms`, one of each per cell.

    Raises:
        DomainError: If `temperature <= 0`, or an array is not finite, or a weight is
            negative.

    Claim:
        RW-15, exact identities and nonasymptotic bounds [derived].
    """
    temperature = domain.positive("temperature", temperature)
    reward = domain.finite("reward", reward)
    estimate = domain.finite("estimate", estimate)
    weights = require(weights, weights >= 0, "`weights` must not be negative.")
    return _gap_terms(reward, estimate, temperature, weights)


class _Tilt(NamedTuple):
    """A tilted policy: probabilities and log partition function."""

    policy: Float[Array, " nodes"]
    log_partition: Float[Array, ""]


def _tilt(log_weights: Array, scaled_reward: Array) -> _Tilt:
    log_tilt = log_weights + scaled_reward
    return _Tilt(softmax(log_tilt), logsumexp(log_tilt))


def _covariance(policy: Array, one: Array, other: Array) -> Array:
    return policy @ ((one - policy @ one) * (other - policy @ other))


@eqx.filter_jit
def _gap_terms(
    reward: Array, estimate: Array, temperature: Array, weights: Array
) -> GapTerms:
    """Cell after cell, so that the policies along a path stay in fast memory."""
    # Far nodes may carry no weight in double precision: they then carry no policy.
    log_weights = jnp.log(weights / weights.sum())
    cells = jnp.broadcast_to(temperature, estimate.shape[:-1])
    found = jax.lax.map(
        lambda cell: _terms_of_cell(reward, cell[0], cell[1], log_weights),
        (estimate.reshape(-1, reward.size), cells.ravel()),
    )
    return GapTerms(*(part.reshape(cells.shape) for part in found))


def _terms_of_cell(
    reward: Array, estimate: Array, temperature: Array, log_weights: Array
) -> GapTerms:
    error = estimate - reward
    best = _tilt(log_weights, reward / temperature)
    deployed = _tilt(log_weights, estimate / temperature)
    value_gap = best.policy @ reward - deployed.policy @ reward
    deployed_kl = deployed.policy @ estimate / temperature - deployed.log_partition
    objective = deployed.policy @ reward - temperature * deployed_kl
    objective_gap = temperature * best.log_partition - objective
    value_integral, objective_integral = _path_integrals(
        log_weights, reward, error, temperature
    )
    variance = _covariance(best.policy, error, error)
    reward_variance = _covariance(best.policy, reward, reward)
    chi2 = _chi2(best.policy, error / temperature)
    oscillation = jnp.ptp(error)
    c = oscillation / temperature
    base_error = jnp.sqrt(_covariance(jnp.exp(log_weights), error, error))
    share = [_excess(log_weights, r / temperature) for r in (reward, estimate)]
    return GapTerms(
        value_gap=value_gap,
        value_integral=value_integral,
        objective_gap=objective_gap,
        objective_integral=objective_integral,
        error_variance=variance,
        reward_variance=reward_variance,
        oscillation=oscillation,
        chi2=chi2,
        objective_lower_bound=variance / temperature * curvature(-c),
        objective_upper_bound=variance / temperature * curvature(c),
        value_upper_bound=jnp.sqrt(reward_variance * variance)
        / temperature
        * _mean_exponential(c),
        value_chi2_upper_bound=jnp.sqrt(reward_variance * chi2),
        objective_chi2_upper_bound=jnp.sqrt(variance * chi2),
        value_pinsker_upper_bound=jnp.ptp(reward)
        * jnp.sqrt(jnp.maximum(objective_gap, 0) / (2 * temperature)),
        objective_coverage_upper_bound=base_error * (share[0] + share[1]),
    )


def _path_integrals(
    log_weights: Array, reward: Array, error: Array, temperature: Array
) -> tuple[Array, Array]:
    """Integrals along the path of policies from the true to the estimated reward."""
    times, steps = (jnp.asarray(part) for part in legendre_rule(PATH_NODES, 0.0, 1.0))

    def at(time: Array) -> tuple[Array, Array]:
        policy = softmax(log_weights + (reward + time * error) / temperature)
        along = _covariance(policy, reward, error)
        return along, time * _covariance(policy, error, error)

    value, objective = jax.vmap(at)(times)
    return -(steps @ value) / temperature, steps @ objective / temperature


def _chi2(policy: Array, scaled_error: Array) -> Array:
    """Chi-square divergence of the policy tilted once more, as a variance."""
    peak = scaled_error.max()
    ratio = jnp.exp(scaled_error - peak)
    mean = policy @ ratio
    return policy @ (ratio / mean - 1) ** 2


def _excess(log_weights: Array, scaled_reward: Array) -> Array:
    """Square root of one over the effective share of samples, minus one."""
    once = logsumexp(log_weights + scaled_reward)
    twice = logsumexp(log_weights + 2 * scaled_reward)
    return jnp.sqrt(jnp.maximum(jnp.expm1(twice - 2 * once), 0))


def curvature(c: Float[Array, ""]) -> Float[Array, ""]:
    r"""$\kappa(c) = (e^c(c - 1) + 1)/c^2$, one half at zero."""
    small = jnp.abs(c) < 1e-4
    safe = jnp.where(small, 1.0, c)
    exact = (jnp.exp(safe) * (safe - 1) + 1) / safe**2
    return jnp.where(small, 0.5 + c / 3, exact)


def _mean_exponential(c: Array) -> Array:
    """$(e^c - 1)/c$, one at zero."""
    small = jnp.abs(c) < 1e-12
    safe = jnp.where(small, 1.0, c)
    return jnp.where(small, 1.0, jnp.expm1(safe) / safe)
