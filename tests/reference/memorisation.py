"""Slow NumPy oracles of the linear generative models: dense, one realisation."""

import numpy as np
from scipy import linalg


def root(matrix):
    """Symmetric square root of a positive semidefinite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.conj().T


def mean_generator(variances, counts, num_samples, ridge, step=0.25):
    """Diagonal of E (S + ridge)^(1/2) by an integral over the level of the resolvent.

    sqrt(y) = (2/pi) int_0^inf y / (y + w^2) dw for y = x + ridge; with s = ridge + w^2
    the mean of y / (y + w^2) is sig/(sig + lam) + ridge/s * lam/(sig + lam). The plain
    trapezoid rule in log w; lam(s) by Newton's method from above.
    """
    variances, counts = np.asarray(variances), np.asarray(counts)
    log_width = np.arange(-70, 70, step)
    level = ridge + np.exp(2 * log_width)
    lam = effective_ridge(level, variances, counts, num_samples)
    kept = variances / (variances + lam)
    share = kept + (ridge / level)[:, None] * (1 - kept)
    return 2 / np.pi * step * np.exp(log_width) @ share


def effective_ridge(level, variances, counts, num_samples):
    """Largest root of lam (1 - sum sig/(sig + lam) / n) = level, as a column.

    The left side is convex: Newton's method from above falls to the root.
    """
    weights = (counts / num_samples)[:, None]
    lam = level[:, None] + weights[:, 0] @ variances
    for _ in range(200):
        kept, lost = variances / (variances + lam), lam / (variances + lam)
        if weights.sum() <= 1:  # all terms positive
            free = 1 - weights.sum() + lost @ weights
            slope = free + (kept * lost) @ weights
        else:
            free, slope = 1 - kept @ weights, 1 - kept**2 @ weights
        lam = lam - (lam * free - level[:, None]) / slope
    return lam


def compare_pair(samples, variances, ridge, noise):
    """All observables of two models with training sets `samples` (two matrices)."""
    dim = len(variances)
    truth = np.diag(variances)
    covariances = [x.T @ x / len(x) for x in samples]
    roots = [root(s + ridge * np.eye(dim)) for s in covariances]
    squares = [g @ g for g in roots]
    generated = [g @ noise for g in roots]
    tops = [np.linalg.eigh(s)[1][:, -1] for s in covariances]
    top_value = np.linalg.eigvalsh(covariances[0])[-1]
    cross, own = np.trace(roots[0] @ roots[1]), [np.trace(g) for g in squares]

    def bures(a, b):
        half = root(b)
        return np.trace(a) + np.trace(b) - 2 * np.trace(root(half @ a @ half))

    def mean(values):
        return float(np.mean(list(values)))

    inside = [linalg.orth(x.T) for x in samples]
    pairs = list(zip(samples, generated, strict=True))
    latent = tops[0][0] ** 2
    relative = top_value / variances[0]
    return {
        "cross": cross,
        "self": mean(own),
        "q_ratio": cross / np.sqrt(own[0] * own[1]),
        "q_cos": mean(cosines(*generated)),
        "trace": mean(np.trace(s) for s in covariances),
        "distance_to_truth": mean(bures(g, truth) for g in squares),
        "same_seed": mean(np.sum((g - np.sqrt(truth)) ** 2) for g in roots),
        "distance_between_models": bures(*squares),
        "frobenius_cross": np.trace(covariances[0] @ covariances[1]),
        "frobenius_self": mean(np.trace(s @ s) for s in covariances),
        "energy_train": mean(
            np.trace(s @ g) for s, g in zip(covariances, squares, strict=True)
        ),
        "energy_fresh": mean(np.trace(truth @ g) for g in squares),
        "span": sum(
            np.sum((b.T @ g) ** 2) for b, g in zip(inside, generated, strict=True)
        )
        / sum(np.sum(g**2) for g in generated),
        "m_max": mean(np.max(np.abs(closeness(x, g)), axis=0).mean() for x, g in pairs),
        "overlap": latent,
        "overlap_second": tops[1][0] ** 2,
        "overlap_pair": (tops[0] @ tops[1]) ** 2,
        "eigenvalue": top_value,
        "operator_norm": np.linalg.norm(covariances[0] - truth, 2),
        "latent_distance": 1 + relative - 2 * np.sqrt(relative * latent),
    }


def cosines(first, second):
    """Cosine between matching columns."""
    norms = np.linalg.norm(first, axis=0) * np.linalg.norm(second, axis=0)
    return np.sum(first * second, axis=0) / norms


def closeness(samples, generated):
    """Cosine of every row of `samples` with every column of `generated`."""
    rows = samples / np.linalg.norm(samples, axis=1, keepdims=True)
    return rows @ (generated / np.linalg.norm(generated, axis=0))


def divergence(covariance, reference):
    """KL between centred Gaussians."""
    logs = np.linalg.slogdet(reference)[1] - np.linalg.slogdet(covariance)[1]
    trace = np.trace(np.linalg.solve(reference, covariance))
    return (trace - len(covariance) + logs) / 2


def denoiser(samples, variances, noise_variance, weight_ridge):
    """Train and test error of the linear denoiser by dense matrices."""
    dim = len(variances)
    covariance = samples.T @ samples / len(samples)
    level = noise_variance + weight_ridge
    matrix = covariance @ np.linalg.inv(covariance + level * np.eye(dim))
    rest = np.eye(dim) - matrix
    noise = noise_variance * np.sum(matrix**2)
    train = np.mean(np.sum((samples @ rest.T) ** 2, axis=1)) + noise
    return {
        "train": train,
        "test": np.trace(rest @ np.diag(variances) @ rest.T) + noise,
    }


def dense_spike(rng, spike, num_samples, dim):
    """Top eigenvalue and squared overlap from a dense Gaussian matrix."""
    samples = rng.normal(size=(num_samples, dim))
    samples[:, 0] *= np.sqrt(1 + spike)
    values, vectors = np.linalg.eigh(samples.T @ samples / num_samples)
    return values[-1], vectors[0, -1] ** 2


def tridiagonal_top(diagonal, squares):
    """Top eigenvalue of a tridiagonal matrix and its vector's first entry squared."""
    values, vectors = linalg.eigh_tridiagonal(diagonal, np.sqrt(squares[:-1]))
    return values[-1], vectors[0, -1] ** 2


def equivariant(fields, power):
    """Traces of products of the roots of circulant covariances, by dense matrices."""
    side = len(power)
    dim = side**2
    fourier = np.kron(linalg.dft(side), linalg.dft(side)) / side
    shaped = []
    for part in fields:
        modes = (
            fourier @ part.reshape(len(part), dim).T * np.sqrt(power.reshape(dim, 1))
        )
        learnt = np.mean(np.abs(modes) ** 2, axis=1)
        shaped.append(fourier.conj().T @ np.diag(learnt) @ fourier)
    roots = [root(matrix) for matrix in shaped]
    own = [np.trace(matrix).real for matrix in shaped]
    return {"cross": np.trace(roots[0] @ roots[1]).real, "self": np.mean(own)}
