"""Slow oracles of the mean-field simulators: NumPy, float64, one neuron at a time."""

import numpy as np


def bounded_step(theta, field, X, y, lam, tau, step, amplitude, xi):
    """One Euler step of bounded neurons, neuron by neuron and sample by sample."""
    moved = np.empty_like(theta)
    for i, neuron in enumerate(theta):
        slope = lam * neuron
        for x, f, target in zip(X, field, y, strict=True):
            derivative = amplitude / np.cosh(neuron @ x) ** 2
            slope = slope + (f - target) * derivative * x / len(y)
        moved[i] = neuron - step * slope + np.sqrt(2 * tau * step) * xi[i]
    return moved


def network_field(theta, X, amplitude):
    return np.array([amplitude * np.mean(np.tanh(theta @ x)) for x in X])


def train(a, w, X, y, rate, scale, steps, rate_w=None):
    """Gradient descent of f = scale·Σ a tanh(w·x), gradients written out."""
    a, w, losses = a.copy(), w.copy(), []
    for _ in range(steps):
        hidden = np.tanh(w @ X.T)
        residual = scale * a @ hidden - y
        losses.append(np.mean(residual**2) / 2)
        grad_a = scale * hidden @ residual / len(y)
        grad_w = scale * (a[:, None] * (1 - hidden**2) * residual) @ X / len(y)
        a = a - rate * grad_a
        w = w - (rate if rate_w is None else rate_w) * grad_w
    return a, w, np.array(losses)


def conic_energy(a, w, c, lam):
    """Energy of a cubic conic network through the explicit third-order tensor."""
    norm = np.linalg.norm(w, axis=1)
    u, mass = w / norm[:, None], a * norm / len(a)
    tensor = np.einsum("n,ni,nj,nk->ijk", mass, u, u, u)
    for j, value in enumerate(c):
        tensor[j, j, j] -= value
    ridge = lam / (2 * len(a)) * (np.sum(a**2) + np.sum(w**2))
    return np.sum(tensor**2) / 2 + ridge


def fokker_planck_step(density, grid, X, y, lam, tau, step):
    """One explicit finite-volume step, edge by edge (amplitude one)."""
    width = grid[1] - grid[0]
    features = np.tanh(np.outer(grid, X[:, 0]))
    residual = width * density @ features - y
    potential = features @ residual / len(y) + lam * grid**2 / 2
    moved = density.copy()
    for j in range(len(grid) - 1):
        jump = (potential[j + 1] - potential[j]) / tau
        bernoulli = jump / np.expm1(jump)
        flux = bernoulli * density[j] - bernoulli * np.exp(jump) * density[j + 1]
        moved[j] -= step * tau / width**2 * flux
        moved[j + 1] += step * tau / width**2 * flux
    return moved
