"""The rivals on one target: kernel ridge, monomials, the two-layer learner."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_factor, cho_solve
from jaxtyping import Array, Float, Key

from ..sweep import simulator
from . import data, readouts
from .data import HIGHEST
from .domain import check_kernel, check_monomials, check_split
from .selection import selected_places

TEST, SHUFFLE = 3, 4  # streams of one seed
ERRORS = {
    "mse": (),
    "test_variance": (),
    "label_variance": (),
    "degree2_energy": (),
}


class _Task(NamedTuple):
    """A hidden target, training samples and fresh points, without label noise."""

    vectors: Float[Array, "features D"]
    inputs: Float[Array, "samples size"]
    score: Float[Array, " samples"]
    fresh: Float[Array, "test size"]
    target: Float[Array, " test"]


@simulator(ERRORS, check=check_kernel, dtype="float64")
def simulate_kernel_ridge(
    key: Key[Array, ""],
    weights: Float[Array, " features"],
    ridge: Float[Array, ""],
    *,
    dim: int,
    num_samples: int,
    num_test: int,
    kernel: str = "exp",
    shuffle: bool = False,
) -> dict[str, Array]:
    r"""Test error of kernel ridge regression on the sphere.

    $K = f(\langle x, x'\rangle/d)$, coefficients $(K + \lambda I)^{-1}s$.

    Args:
        key: Key of the seed.
        weights: $b_k$.
        ridge: $\lambda > 0$.
        dim: $d$.
        num_samples: Training samples.
        num_test: Test points.
        kernel: `exp`, `cubic` ($(1+t)^3$) or `quartic` ($(1+t)^4$).
        shuffle: Permute the training labels: a negative control.

    Returns:
        `mse`, `test_variance` (mean of $s^2$ over the test points), and the exact
        `label_variance` and `degree2_energy` of the drawn target.
    """
    task = _drawn(key, weights, "sphere", dim, (num_samples, num_test), shuffle)
    inputs = task.inputs
    gram = _kernel(jnp.matmul(inputs, inputs.T, precision=HIGHEST) / dim, kernel)
    factor = cho_factor(gram + ridge * jnp.eye(num_samples, dtype=gram.dtype))
    cross = _kernel(jnp.matmul(task.fresh, inputs.T, precision=HIGHEST) / dim, kernel)
    guess = jnp.matmul(cross, cho_solve(factor, task.score), precision=HIGHEST)
    return _errors(weights, task, guess, "sphere", dim)


@simulator(ERRORS, check=check_monomials, dtype="float64")
def simulate_monomials(
    key: Key[Array, ""],
    weights: Float[Array, " features"],
    *,
    dim: int,
    num_samples: int,
    num_test: int,
) -> dict[str, Array]:
    r"""Test error of least squares on all monomials of degree ≤ 2, on the sphere.

    Args:
        key: Key of the seed; the samples are those of `simulate_kernel_ridge`.
        weights: $b_k$.
        dim: $d$.
        num_samples: Training samples, more than there are monomials.
        num_test: Test points.

    Returns:
        As `simulate_kernel_ridge`.
    """
    task = _drawn(key, weights, "sphere", dim, (num_samples, num_test))
    seen = _monomials(task.inputs)
    gram = jnp.matmul(seen.T, seen, precision=HIGHEST)
    moments = jnp.matmul(seen.T, task.score, precision=HIGHEST)
    coefs = cho_solve(cho_factor(gram), moments)
    guess = jnp.matmul(_monomials(task.fresh), coefs, precision=HIGHEST)
    return _errors(weights, task, guess, "sphere", dim)


def _monomials(inputs: Float[Array, "samples dim"]) -> Float[Array, "samples columns"]:
    """1, x and z; the last square is left out, since the squares sum to d."""
    ones = jnp.ones((inputs.shape[0], 1), inputs.dtype)
    squares = data.features_of(inputs, mode="sphere")[:, :-1]
    return jnp.concatenate([ones, inputs, squares], axis=1)


@simulator(ERRORS | {"overlap": ("feature",)}, check=check_split, quantum=1, tile=1)
def simulate_split_readout(
    key: Key[Array, ""],
    weights: Float[Array, " features"],
    scale: Float[Array, ""],
    *,
    mode: str,
    dim: int,
    num_samples: int,
    num_test: int,
    fraction: float = 0.7,
    shuffle: bool = False,
    readout: str = "square",
) -> dict[str, Array]:
    r"""Test error of the hierarchical learner: vectors first, then least squares.

    Eigenvectors of $\hat C$ from the first `fraction` of the data (labels
    $c\tanh(s/c)$), least squares of $s$ on $\{1, \hat h_j^2 - 1\}$ on the rest, error
    on fresh points. With `readout` linear it is on $\{1, \hat h_j\}$: degree two.

    Args:
        key: Key of the seed.
        weights: $b_k$.
        scale: Scale $c$.
        mode: `gauss`, `gaussian` or `sphere`.
        dim: $d$ ($D$ in mode gauss).
        num_samples: Training samples, both parts together.
        num_test: Test points.
        fraction: Share of the first part.
        shuffle: Permute the training labels: a negative control.
        readout: `square` or `linear`.

    Returns:
        As `simulate_kernel_ridge`, with the `overlap` per feature.
    """
    task = _drawn(key, weights, mode, dim, (num_samples, num_test), shuffle)
    inputs, score = task.inputs, task.score
    first = round(fraction * num_samples)
    labels = data.preprocess(score[:first], scale, link="id", preprocessing="tanh")
    learned = _eigenvectors(
        data.features_of(inputs[:first], mode=mode), labels, weights
    )
    design = _regressors(inputs[first:], learned, mode, readout)
    coefs = jnp.linalg.lstsq(design, score[first:])[0]
    columns = _regressors(task.fresh, learned, mode, readout)
    guess = jnp.matmul(columns, coefs, precision=HIGHEST)
    overlap = jnp.sum(learned * task.vectors, axis=1) ** 2
    return _errors(weights, task, guess, mode, dim) | {"overlap": overlap}


def _eigenvectors(
    seen: Float[Array, "samples D"],
    labels: Float[Array, " samples"],
    weights: Float[Array, " features"],
) -> Float[Array, "features D"]:
    """Selected eigenvectors of Ĉ (the shift and the factor ½ do not move them)."""
    moment = jnp.matmul((seen * labels[:, None]).T, seen, precision=HIGHEST)
    basis = jnp.linalg.eigh(moment / labels.shape[0])[1]
    return basis.T[selected_places(weights, seen.shape[1])]


def _regressors(
    inputs: Float[Array, "samples size"],
    learned: Float[Array, "features D"],
    mode: str,
    readout: str,
) -> Float[Array, "samples columns"]:
    """The second layer's regressors: 1, and ĥ_j² − 1 or ĥ_j."""
    hidden = data.hidden_features(inputs, learned, mode=mode)
    ones = jnp.ones((inputs.shape[0], 1), inputs.dtype)
    columns = hidden if readout == "linear" else hidden**2 - 1
    return jnp.concatenate([ones, columns], axis=1)


def _drawn(
    key: Key[Array, ""],
    weights: Float[Array, " features"],
    mode: str,
    dim: int,
    counts: tuple[int, int],
    shuffle: bool = False,
) -> _Task:
    """A target with training samples (the first chunk of the seed) and test points."""
    vectors = data.hidden_vectors(key, weights, mode=mode, size=dim)

    def points(stream: int, count: int) -> tuple[Array, Array]:
        inputs = data.draw_inputs(
            jax.random.fold_in(key, stream),
            mode=mode,
            shape=(count, dim),
            dtype=weights.dtype,
        )
        hidden = data.hidden_features(inputs, vectors, mode=mode)
        return inputs, jnp.matmul(hidden**2 - 1, weights, precision=HIGHEST)

    inputs, score = points(data.SAMPLES, counts[0])
    if shuffle:
        score = jax.random.permutation(jax.random.fold_in(key, SHUFFLE), score)
    return _Task(vectors, inputs, score, *points(TEST, counts[1]))


def _kernel(
    t: Float[Array, "rows columns"], kernel: str
) -> Float[Array, "rows columns"]:
    """f(t)."""
    if kernel == "exp":
        return jnp.exp(t)
    return (1 + t) ** (3 if kernel == "cubic" else 4)


def _errors(
    weights: Float[Array, " features"],
    task: _Task,
    guess: Float[Array, " test"],
    mode: str,
    dim: int,
) -> dict[str, Array]:
    """Error on the test points, and what it is compared with."""
    variance, energy = readouts.label_moments(weights, task.vectors, mode=mode, dim=dim)
    return {
        "mse": jnp.mean((guess - task.target) ** 2),
        "test_variance": jnp.mean(task.target**2),
        "label_variance": variance,
        "degree2_energy": energy,
    }
