r"""Stationary states of bounded neurons $\varphi = R\tanh(\theta\cdot x)$.

With $\nu = N(0,(\tau/\lambda)I)$ the stationary law is the Gibbs state
$p_g \propto \nu\exp(-\frac1{n\tau}\sum_jg_j\varphi_j)$ of its own residual $g$: a
strictly concave problem in $n$ dimensions, solved by Newton's method.

Arguments, everywhere: `residual` $g$ and targets `y` (one per sample), inputs `X`,
ridge `lam` $\lambda > 0$, temperature `tau` $\tau > 0$, `amplitude` $R > 0$, and
`degree`, the number of Gauss–Hermite nodes per axis. Scalars outside their range and
data that are not finite raise `DomainError`; shapes of `X` and `y` that disagree, and
a tensor rule of more than a million nodes, raise `ValueError`.

Claims: MF-8 (certificate), MF-9 (stationary fluctuations).
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..maths.domain import known, require
from ..maths.precision import float64
from ..maths.quadrature import normal_rule
from .chaos import finite_data

Scalar = Float[Array, ""]
Inputs = Float[Array, "samples dim"]
Targets = Float[Array, " samples"]
Features = Float[Array, "nodes samples"]
LogWeights = Float[Array, " nodes"]
MAX_NODES = 1_000_000
MAX_STEPS = 60


@float64
def gibbs_state(
    residual: Targets,
    X: Inputs,
    lam: Scalar,
    tau: Scalar,
    amplitude: Scalar,
    *,
    degree: int = 48,
) -> dict[str, Array]:
    r"""Field, covariance and log partition function of $p_g$.

    Returns:
        `field` $f_j = \mathbb{E}\varphi_j$, `covariance` $C$ and `log_partition`
        $\log\int\exp(-\sum g_j\varphi_j/(n\tau))d\nu$.

    Claim:
        MF-8 [classical: Nitanda, Wu and Suzuki 2022].
    """
    features, log_weights = _rule(X, lam, tau, amplitude, degree)
    field, covariance, log_partition, _ = _gibbs(residual, features, log_weights, tau)
    return {"field": field, "covariance": covariance, "log_partition": log_partition}


@float64
def dual_value(
    residual: Targets,
    X: Inputs,
    y: Targets,
    lam: Scalar,
    tau: Scalar,
    amplitude: Scalar,
    *,
    degree: int = 48,
) -> Scalar:
    r"""Certified lower bound of $P(m)$ for every $g$ and $m$.

    $$D(g) = -\frac{|g|^2}{2n}-\frac{g\cdot y}n
    -\tau\log\int\exp\Big(-\frac{g\cdot\varphi}{n\tau}\Big)d\nu.$$

    Returns:
        $D(g)$.

    Claim:
        MF-8a, exact identity and bound [derived].
    """
    y = finite_data(X, y)
    features, log_weights = _rule(X, lam, tau, amplitude, degree)
    return _dual(residual, y, features, log_weights, tau)


@float64
def primal_value(
    residual: Targets,
    X: Inputs,
    y: Targets,
    lam: Scalar,
    tau: Scalar,
    amplitude: Scalar,
    *,
    degree: int = 48,
) -> Scalar:
    r"""$P(p_g) = \frac1{2n}|f_{p_g}-y|^2 + \tau\,\mathrm{KL}(p_g|\nu)$.

    Returns:
        $P(p_g)$; exceeds $D(g)$ by $\frac1{2n}|f_{p_g}-y-g|^2$.

    Claim:
        MF-8a, exact identity [derived].
    """
    y = finite_data(X, y)
    features, log_weights = _rule(X, lam, tau, amplitude, degree)
    return _primal(residual, y, features, log_weights, tau)


@float64
def fixed_point(
    X: Inputs,
    y: Targets,
    lam: Scalar,
    tau: Scalar,
    amplitude: Scalar,
    *,
    degree: int = 48,
) -> dict[str, Array]:
    r"""The stationary law $m_* = p_{g_*}$ with $g_* = f_* - y$.

    Returns:
        `residual` $g_*$, `field` $f_*$, `covariance` $C$, `value` $P_*$ and the number
        of Newton steps `num_steps`.

    Raises:
        DomainError: Also if Newton's method has not converged.

    Claim:
        MF-8, exact identity [derived].
    """
    y = finite_data(X, y)
    features, log_weights = _rule(X, lam, tau, amplitude, degree)
    found, error = _solved(y, features, log_weights, tau)
    is_solved = known(error) < 1e-10
    message = "The fixed point has not converged."
    return found | {"value": require(found["value"], is_solved, message)}


@float64
def stationary_fluctuation(
    X: Inputs,
    y: Targets,
    lam: Scalar,
    tau: Scalar,
    amplitude: Scalar,
    *,
    degree: int = 48,
) -> dict[str, Array]:
    r"""Sharp finite-width constants of the stationary state, $Z = C/(n\tau)$.

    The $N$-particle stationary law is exactly $\propto m_*^{\otimes N}
    \exp(-\frac N{2n\tau}|f_N-f_*|^2)$.

    Returns:
        `fluctuation` $\frac1n\mathrm{tr}\,C(I+Z)^{-1}$, the limit of
        $N\,\mathbb{E}\,\mathrm{mean}_j(f_N-f_*)^2$; `iid` $\frac1n\mathrm{tr}\,C$;
        `free_energy_gap` $\frac\tau2\log\det(I+Z)$ and its bound at every width;
        `relative_entropy` $\frac12[\log\det(I+Z)-\mathrm{tr}Z(I+Z)^{-1}]$ and its
        bound.

    Claim:
        MF-9, exact asymptotic and upper bounds [derived; bound: Chen, Ren and Wang
        2022, Nitanda 2024].
    """
    covariance = fixed_point(X, y, lam, tau, amplitude, degree=degree)["covariance"]
    return stationary_constants(covariance, tau)


@float64
def stationary_constants(
    covariance: Float[Array, "samples samples"], tau: Scalar
) -> dict[str, Array]:
    r"""The constants of `stationary_fluctuation` from a feature covariance $C$.

    Args:
        covariance: $C$, positive semidefinite.
        tau: $\tau > 0$.

    Returns:
        As in `stationary_fluctuation`.

    Raises:
        DomainError: If `tau` is not positive.

    Claim:
        MF-9, exact asymptotic and upper bounds [derived].
    """
    tau = require(tau, known(tau) > 0, "`tau` must be positive.")
    return _constants(covariance, tau)


@jax.jit
def _constants(
    covariance: Float[Array, "samples samples"], tau: Scalar
) -> dict[str, Array]:
    """`stationary_constants` without checks."""
    samples = covariance.shape[0]
    values = jnp.maximum(jnp.linalg.eigvalsh(covariance), 0.0)
    ratio = values / (samples * tau)
    log_det = jnp.sum(jnp.log1p(ratio))
    trace = jnp.sum(values)
    return {
        "fluctuation": jnp.sum(values / (1 + ratio)) / samples,
        "iid": trace / samples,
        "free_energy_gap": tau / 2 * log_det,
        "free_energy_gap_upper_bound": trace / (2 * samples),
        "relative_entropy": (log_det - jnp.sum(ratio / (1 + ratio))) / 2,
        "relative_entropy_upper_bound": trace / (2 * samples * tau),
    }


@jax.jit
def _solved(
    y: Targets, features: Features, log_weights: LogWeights, tau: Scalar
) -> tuple[dict[str, Array], Scalar]:
    """`fixed_point` on given nodes, and how far it is from one."""
    residual, num_steps = solve_residual(y, features, log_weights, tau)
    field, covariance, *_ = _gibbs(residual, features, log_weights, tau)
    found = {
        "residual": residual,
        "field": field,
        "covariance": covariance,
        "value": _dual(residual, y, features, log_weights, tau),
        "num_steps": num_steps,
    }
    return found, jnp.max(jnp.abs(field - y - residual))


@jax.jit
def solve_residual(
    y: Targets, features: Features, log_weights: LogWeights, tau: Scalar
) -> tuple[Targets, Array]:
    """Maximise the dual by Newton's method; the step is halved where it overshoots."""
    samples = y.size
    fractions = 0.5 ** np.arange(12)

    def direction(residual: Targets) -> Targets:
        field, covariance, *_ = _gibbs(residual, features, log_weights, tau)
        hessian = jnp.eye(samples) + covariance / (samples * tau)
        return jnp.linalg.solve(hessian, field - y - residual)

    def advance(state: tuple[Targets, Scalar, Array]) -> tuple[Targets, Scalar, Array]:
        residual, _, count = state
        move = direction(residual)
        trials = residual[None, :] + fractions[:, None] * move[None, :]
        values = jax.lax.map(lambda g: _dual(g, y, features, log_weights, tau), trials)
        now = _dual(residual, y, features, log_weights, tau)
        slack = 1e-14 * (1 + jnp.abs(now))
        first = jnp.argmax(values >= now - slack)
        taken = trials[first]
        return taken, jnp.max(jnp.abs(taken - residual)), count + 1

    def is_running(state: tuple[Targets, Scalar, Array]) -> Array:
        residual, change, count = state
        scale = 1 + jnp.max(jnp.abs(residual))
        return (change > 1e-14 * scale) & (count < MAX_STEPS)

    start = (-y, jnp.asarray(jnp.inf), jnp.asarray(0))
    residual, _, count = jax.lax.while_loop(is_running, advance, start)
    return residual, count


@jax.jit
def _gibbs(
    residual: Targets, features: Features, log_weights: LogWeights, tau: Scalar
) -> tuple[Targets, Float[Array, "samples samples"], Scalar, LogWeights]:
    """Field, covariance, log partition and log density ratio on given nodes."""
    potential = -features @ residual / (residual.size * tau)
    log_partition = jax.nn.logsumexp(log_weights + potential)
    log_ratio = potential - log_partition
    weights = jnp.exp(log_weights + log_ratio)
    field = weights @ features
    centred = features - field[None, :]
    covariance = (centred * weights[:, None]).T @ centred
    return field, covariance, log_partition, log_ratio


@jax.jit
def _primal(
    residual: Targets,
    y: Targets,
    features: Features,
    log_weights: LogWeights,
    tau: Scalar,
) -> Scalar:
    """`primal_value` on given nodes."""
    field, _, _, log_ratio = _gibbs(residual, features, log_weights, tau)
    entropy = jnp.sum(jnp.exp(log_weights + log_ratio) * log_ratio)
    return jnp.mean((field - y) ** 2) / 2 + tau * entropy


@jax.jit
def _dual(
    residual: Targets,
    y: Targets,
    features: Features,
    log_weights: LogWeights,
    tau: Scalar,
) -> Scalar:
    potential = -features @ residual / (residual.size * tau)
    log_partition = jax.nn.logsumexp(log_weights + potential)
    quadratic = jnp.mean(residual**2) / 2 + jnp.mean(residual * y)
    return -quadratic - tau * log_partition


def _rule(
    X: Inputs, lam: Scalar, tau: Scalar, amplitude: Scalar, degree: int
) -> tuple[Features, LogWeights]:
    """Neurons on the nodes of the prior's tensor rule, and its log weights."""
    message = "`lam` must be positive: no stationary law without it."
    lam = require(lam, known(lam) > 0, message)
    tau = require(tau, known(tau) > 0, "`tau` must be positive.")
    holds = known(amplitude) > 0
    amplitude = require(amplitude, holds, "`amplitude` must be positive.")
    dim = X.shape[1]
    if degree**dim > MAX_NODES:
        raise ValueError(
            f"`degree`**`dim` = {degree**dim} nodes are too many: "
            "use importance sampling for this dimension."
        )
    nodes, weights = normal_rule(degree)
    grid = np.stack(np.meshgrid(*[nodes] * dim, indexing="ij"), axis=-1)
    logs = np.stack(np.meshgrid(*[np.log(weights)] * dim, indexing="ij"), axis=-1)
    features = _features(grid.reshape(-1, dim), X, lam, tau, amplitude)
    return features, jnp.asarray(logs.sum(-1).reshape(-1))


@jax.jit
def _features(
    grid: Float[Array, "nodes dim"], X: Inputs, lam: Scalar, tau: Scalar, scale: Scalar
) -> Features:
    """Neurons of amplitude `scale` on standard normal nodes, scaled to the prior."""
    return scale * jnp.tanh((jnp.sqrt(tau / lam) * grid) @ X.T)
