"""Slow NumPy oracles of the reward simulators: written from the definitions."""

import numpy as np


def link(name, z):
    """Links by name, in NumPy."""
    return {
        "tanh": np.tanh,
        "relu": lambda z: np.where(z > 0, z, 0.0),
        "sin3": lambda z: (
            0.7886163482759453 * (np.sin(z) - np.exp(1.5) / 2 * np.sin(2 * z))
        ),
        "flip": lambda z: -0.3 * np.tanh(z) + 0.7 * np.exp(-2 * (z - 1) ** 2),
    }[name](np.asarray(z))


def spherical_step(w, x, gain, phase, step):
    """Projected gradient step of one neuron on the sphere, as it is defined."""
    slope = gain * np.cos(w @ x + phase)
    moved = w + step / len(w) * slope * (x - (w @ x) * w)
    return moved / np.linalg.norm(moved)


def coordinates(w, target, x):
    """What the chain calls s, v and chi for this student, direction and sample."""
    m = w @ target
    across = (target - m * w) / np.sqrt(1 - m**2)
    s, v = w @ x, across @ x
    return s, v, x @ x - s**2 - v**2


def chain_step(m, s, v, chi, xi, *, dim, step, temperature, noise, center, phase):
    """One step of the lumped chain with exponential labels of sin3."""
    p = np.sqrt(1 - m**2)
    label = link("sin3", m * s + p * v) + noise * xi
    gamma = step / dim * (np.exp(label / temperature) - center) * np.cos(s + phase)
    return (m + gamma * p * v) / np.sqrt(1 + gamma**2 * (v**2 + chi))


def weighted_ridge(features, labels, weights, ridge):
    """Least squares with square-root weights and ridge rows appended."""
    share = weights / weights.sum()
    rows = np.sqrt(share)[:, None] * features
    extra = np.sqrt(ridge) * np.eye(features.shape[1])
    left = np.concatenate([rows, extra])
    right = np.concatenate([np.sqrt(share) * labels, np.zeros(features.shape[1])])
    return np.linalg.lstsq(left, right, rcond=None)[0]


def weighted_mean_overlap(x, labels, temperature, center):
    """Overlap of the weighted mean of the inputs with the first axis."""
    total = sum(
        (np.exp(y / temperature) - center) * row
        for row, y in zip(x, labels, strict=True)
    )
    return total[0] / np.linalg.norm(total)
