"""Relative entropies, and what Fano's inequality makes of them."""

import jax.numpy as jnp
from jax.scipy import special
from jaxtyping import Array, Float

from .domain import require
from .precision import float64


@float64
def categorical_kl(
    p: Float[Array, "*cells outcomes"], q: Float[Array, "*cells outcomes"]
) -> Float[Array, "*cells"]:
    r"""Relative entropy $\sum_k p_k \log(p_k/q_k)$ of two distributions, in nats.

    Args:
        p: Probabilities of the true law, along the last axis; each row sums to one.
        q: Probabilities of the other law.

    Returns:
        The divergence, $+\infty$ where `q` lacks an outcome that `p` has.

    Raises:
        DomainError: If an entry is negative or a row does not sum to one.

    Example:
        >>> round(float(categorical_kl([0.5, 0.5], [0.25, 0.75])), 4)
        0.1438
    """
    p, q = _distribution(p, "p"), _distribution(q, "q")
    return special.rel_entr(p, q).sum(-1)


@float64
def bernoulli_kl(
    p: Float[Array, "*#cells"], q: Float[Array, "*#cells"]
) -> Float[Array, "*#cells"]:
    r"""Relative entropy of Bernoulli laws, $p\log\frac pq + (1-p)\log\frac{1-p}{1-q}$.

    Args:
        p: Success probability of the true law, in $[0, 1]$.
        q: Success probability of the other law, in $[0, 1]$.

    Returns:
        The divergence in nats; the inputs broadcast.

    Raises:
        DomainError: If a probability lies outside $[0, 1]$.
    """
    p = require(p, (p >= 0) & (p <= 1), "`p` must lie in [0, 1].")
    q = require(q, (q >= 0) & (q <= 1), "`q` must lie in [0, 1].")
    return special.rel_entr(p, q) + special.rel_entr(1 - p, 1 - q)


@float64
def poisson_kl(
    rate: Float[Array, "*#cells"], reference: Float[Array, "*#cells"]
) -> Float[Array, "*#cells"]:
    r"""Relative entropy of Poisson laws, $a \log(a/b) - a + b$.

    Also the rate per unit time at which two point processes with these intensities are
    told apart (Girsanov's formula for point processes).

    Args:
        rate: Mean $a \ge 0$ of the true law.
        reference: Mean $b \ge 0$ of the other law.

    Returns:
        The divergence in nats; the inputs broadcast.

    Raises:
        DomainError: If a mean is negative.
    """
    rate = require(rate, rate >= 0, "`rate` must not be negative.")
    reference = require(reference, reference >= 0, "`reference` must not be negative.")
    return special.kl_div(rate, reference)


@float64
def fano_error_lower_bound(
    information: Float[Array, "*#cells"], log_hypotheses: Float[Array, "*#cells"]
) -> Float[Array, "*#cells"]:
    r"""Fano's inequality: the error of any test among $M$ equally likely hypotheses.

    $$P(\mathrm{error}) \ge 1 - \frac{I + \log 2}{\log M},$$

    where $I$ bounds the mutual information of hypothesis and data, for instance the
    mean divergence of the hypotheses from any fixed law.

    Args:
        information: $I \ge 0$, in nats.
        log_hypotheses: $\log M > 0$.

    Returns:
        The bound, 0 where it says nothing.

    Raises:
        DomainError: If `information` is negative or `log_hypotheses` not positive.
    """
    information = require(information, information >= 0, "`information` is negative.")
    log_hypotheses = require(
        log_hypotheses, log_hypotheses > 0, "`log_hypotheses` must be positive."
    )
    return jnp.maximum(1 - (information + jnp.log(2.0)) / log_hypotheses, 0)


@float64
def fano_information_lower_bound(
    error: Float[Array, "*#cells"], log_hypotheses: Float[Array, "*#cells"]
) -> Float[Array, "*#cells"]:
    r"""Information a test needs: $I \ge (1-\epsilon)\log M - \log 2$, by Fano.

    Args:
        error: Admitted error probability $\epsilon$, in $(0, 1)$.
        log_hypotheses: $\log M > 0$.

    Returns:
        The bound in nats, 0 where it says nothing.

    Raises:
        DomainError: If `error` is outside (0, 1) or `log_hypotheses` not positive.
    """
    error = require(error, (error > 0) & (error < 1), "`error` must lie in (0, 1).")
    log_hypotheses = require(
        log_hypotheses, log_hypotheses > 0, "`log_hypotheses` must be positive."
    )
    return jnp.maximum((1 - error) * log_hypotheses - jnp.log(2.0), 0)


def _distribution(
    value: Float[Array, "*cells outcomes"], name: str
) -> Float[Array, "*cells outcomes"]:
    value = require(value, value >= 0, f"`{name}` must not have negative entries.")
    sums = value.sum(-1, keepdims=True)
    return require(value, abs(sums - 1) < 1e-9, f"`{name}` must sum to one.")
