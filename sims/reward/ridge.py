"""Weighted ridge regression of the reward and its weights, in log space."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Number = Float[Array, ""]
Matrix = Float[Array, "num_samples num_features"]
Vector = Float[Array, " num_samples"]


def weighted_ridge(
    features: Matrix, labels: Vector, log_weight: Vector, ridge: Number
) -> Float[Array, " num_features"]:
    r"""Minimiser of $\sum_i w_i(y_i - a^\top F_i)^2 + \lambda\|a\|^2$, $\sum w = 1$.

    Weights come as logarithms and are never exponentiated raw.
    """
    weighted = jax.nn.softmax(log_weight)[:, None] * features
    gram = weighted.T @ features + ridge * jnp.eye(features.shape[1])
    factor = jax.scipy.linalg.cho_factor(gram, lower=True)
    return jax.scipy.linalg.cho_solve(factor, weighted.T @ labels)


def log_weights(
    features: Matrix,
    labels: Vector,
    temperature: Number,
    ridge: Number,
    second: tuple[Matrix, Vector],
    *,
    weights: str,
    proxy: Vector | None = None,
) -> Vector:
    """Logarithms of the sample weights.

    Args:
        features: Features of the sample.
        labels: Labels of the sample.
        temperature: Readout temperature.
        ridge: Ridge of the fitted surrogate.
        second: Features and labels of an independent sample, for `fitted`.
        weights: label, surrogate, fitted or none.
        proxy: Surrogate reward on the sample, for `surrogate`.
    """
    if weights == "label":
        return labels / temperature
    if weights == "surrogate" and proxy is not None:
        return proxy / temperature
    if weights == "fitted":
        other, others = second
        first_fit = weighted_ridge(other, others, jnp.zeros_like(others), ridge)
        return features @ first_fit / temperature
    return jnp.zeros_like(labels)
