"""Slow oracles of the mean-field simulators: NumPy, float64, one neuron at a time.

One exception: `modular_rank` computes in integers modulo a prime.
"""

from itertools import combinations_with_replacement
from math import prod

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


def modular_rank(degree, dim, atoms, prime=2**31 - 1, seed=0):
    """Rank of the derivatives of Σ (u_j·x)^k at random integer u_j, mod a prime.

    Rows are the polynomials (u_j·x)^(k-1) x_i as vectors of coefficients of the
    monomials (without binomial factors, which do not change the rank).
    """
    rng = np.random.default_rng(seed)
    monomials = list(combinations_with_replacement(range(dim), degree))
    rows = []
    for atom in rng.integers(1, prime, (atoms, dim)):
        atom = [int(value) for value in atom]
        for i in range(dim):
            rows.append([_slope(m, i, atom, prime) for m in monomials])
    return _eliminated(rows, prime)


def _slope(monomial, i, atom, prime):
    """Derivative of u^monomial in u_i, up to the multinomial factor of the column."""
    count = monomial.count(i)
    if not count:
        return 0
    rest = list(monomial)
    rest.remove(i)
    return count * prod(atom[j] for j in rest) % prime


def _eliminated(rows, prime):
    """Rank by Gauss's elimination."""
    rank, rows = 0, [list(row) for row in rows]
    for column in range(len(rows[0])):
        pivot = next((r for r in range(rank, len(rows)) if rows[r][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        inverse = pow(rows[rank][column], -1, prime)
        for r in range(rank + 1, len(rows)):
            factor = rows[r][column] * inverse % prime
            if factor:
                rows[r] = [
                    (a - factor * b) % prime
                    for a, b in zip(rows[r], rows[rank], strict=True)
                ]
        rank += 1
    return rank
