"""Claims on convergence: disjoint data, the same noise, the same sample?"""

from dataclasses import replace

import numpy as np

from ...sims import memorisation as sims
from ...sims.sweep import Sweep
from ...theory import memorisation as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from .cells import (
    WHITE,
    cell,
    convergence,
    counts,
    grid,
    pairs,
    residual,
    same_data,
    says,
    scales,
    spectrum,
    total,
)

LOADS = (0.25, 1.0, 4.0)
GPU_LOADS = tuple(2.0 ** (k / 4) for k in range(-15, 9))
POWER_CELLS = grid((0.4, 0.7), LOADS) + grid((1.5,), (1.0, 4.0))


def _converges(cells, dim, tolerance, origin):
    """Mean of y of MEM-3 against the corrected q."""
    sweep = pairs(cells, dim)
    claimed, norm = sweep.map(convergence), sweep.map(total)
    return Design(
        sweeps={"pair": sweep},
        observe=lambda data: residual(
            rows(data["pair"].cross), rows(data["pair"]["self"]), claimed, norm
        ),
        claimed=claimed,
        tol=Tolerance(tolerance(claimed), origin),
    )


def white(*, dim, loads):
    """C1: white data."""
    origin = "target: one over the dimension; what the theory leaves out is its square"
    return _converges(
        grid((WHITE,), loads), dim, lambda q: np.full_like(q, 1 / dim), origin
    )


def ridged(*, dim, loads, ridges):
    """C2: white data with a generator ridge."""
    cells = grid((WHITE,), loads, ridges)
    origin = "target: 0.6 over the dimension"
    return _converges(cells, dim, lambda q: np.full_like(q, 0.6 / dim), origin)


def power(*, dim, cells):
    """C3: power laws."""
    origin = "target: the smaller of 0.01 and 6 % of what is missing to 1"
    return _converges(cells, dim, lambda q: np.minimum(0.01, 0.06 * (1 - q)), origin)


def spiked(*, dim, loads, spikes):
    """C4: difference that a spike makes, the same normals with and without."""
    cells = [cell(load=load, spike=spike) for load in loads for spike in (0.0, *spikes)]
    sweep = pairs(cells, dim, crn=True)
    with_spike = np.flatnonzero([c[3] > 0 for c in cells])
    without = np.repeat(np.flatnonzero([c[3] == 0 for c in cells]), len(spikes))

    def plain(variances, num_samples):
        return theory.convergence(variances, counts(variances), num_samples)

    def observe(data):
        ratio = rows(data["pair"].q_ratio)
        return ratio.isel(point=with_spike) - ratio.isel(point=without).values

    values = sweep.map(plain)
    claimed = values[with_spike] - values[without]
    return Design(
        sweeps={"pair": sweep},
        observe=observe,
        claimed=claimed,
        tol=Tolerance(
            0.25 * claimed + 3 / dim**2,
            "target: a quarter of the prediction; size: 3/d^2 left out",
        ),
    )


def half_moment(*, dim, num_samples):
    """C16: the mean root of eigenvalues with its 1/d term."""
    sweep = Sweep(
        sim=sims.simulate_white,
        static={"dim": [dim], "max_samples": [max(num_samples)]},
        dynamic={"num_samples": list(num_samples)},
    )
    return Design(
        sweeps={"white": sweep},
        observe=lambda data: rows(data["white"].half_moment_controlled),
        claimed=sweep.map(theory.half_moment_finite),
        tol=Tolerance(1 / dim**2, "size: the correction leaves out terms in 1/d^2"),
    )


def torus_power(side):
    """Spectrum (1 + |k|^2)^-1.5 with integer wave numbers."""
    wave = np.fft.fftfreq(side, 1 / side)
    return (1 + np.add.outer(wave**2, wave**2)) ** -1.5


def torus_weights(power):
    """Power in complex and in self-conjugate modes of an even torus."""
    middle = len(power) // 2
    real = float(power[np.ix_((0, middle), (0, middle))].sum())
    return float(power.sum()) - real, real


def equivariant(*, side, num_samples, tolerance):
    """C17: circulant models on a torus."""
    sweep = Sweep(
        sim=sims.simulate_equivariant,
        static={"max_samples": [max(num_samples)]},
        dynamic={"side": [side], "num_samples": list(num_samples)},
        derive={"power": torus_power},
    )
    norm = torus_power(side).sum()

    def model(num_samples, power):
        return theory.equivariant_convergence(num_samples, *torus_weights(power))

    claimed = sweep.map(model)
    return Design(
        sweeps={"torus": sweep},
        observe=lambda data: residual(
            rows(data["torus"].cross), rows(data["torus"]["self"]), claimed, norm
        ),
        claimed=claimed,
        tol=Tolerance(
            np.asarray(tolerance),
            "target: 0.4 of the shift of the complex-mode formula",
        ),
    )


def _inverse_load(variances, num_samples):
    return theory.convergence_white(len(variances) / num_samples)


def _frobenius(variances, num_samples):
    load = num_samples / len(variances)
    return load / (1 + load)


def _steeper(dim, exponent, num_samples, ridge):
    return convergence(spectrum(dim, exponent + 0.1), num_samples, ridge)


def _white_formula(dim, num_samples, ridge):
    return theory.convergence_white(num_samples / dim, ridge)


def _jumps(design):
    """What a latent's overlap would add if convergence saw it."""
    cells = [c for c in design.sweeps["pair"].cells() if c["spike"] > 0]
    spikes, loads = (np.array([c[name] for c in cells]) for name in ("spike", "load"))
    overlaps = np.asarray(theory.spiked_overlap(spikes, loads))
    return replace(design, claimed=overlaps**2 * spikes / (1 + spikes))


DERIVED = Provenance("derived", "deterministic equivalent of the mean generator")

CLAIMS = (
    Claim(
        id="MEM-4",
        title="Convergence of white data has a closed form and no threshold",
        statement=r"$q(\gamma) = M(\gamma)^2$, $M = {}_2F_1(\frac12, -\frac12; 2; "
        r"1/\gamma)$ for $\gamma \ge 1$, up to its term in $1/n$",
        provenance=DERIVED,
        kind=kinds.value(),
        design=white,
        sizes={
            "quick": {"seeds": 128, "dim": 96, "loads": LOADS},
            "paper": {
                "seeds": 128,
                "dim": 384,
                "loads": (0.05, 0.25, 0.5, 1.0, 2.0, 4.0),
            },
            "gpu": {"seeds": 64, "dim": 1024, "loads": GPU_LOADS},
        },
        mutants=(
            says("load upside down", _inverse_load),
            says("Frobenius overlap", _frobenius),
            scales("M instead of its square", np.sqrt),
            same_data(),
        ),
    ),
    Claim(
        id="MEM-4.ridge",
        title="Convergence with a ridge",
        statement=r"$q = M_\kappa^2 / (1 + \kappa)$, $M_\kappa = \int \sqrt{x + \kappa}"
        r"\, dMP(x)$, up to its term in $1/n$",
        provenance=DERIVED,
        kind=kinds.value(),
        design=ridged,
        sizes={
            "quick": {"seeds": 128, "dim": 96, "loads": LOADS, "ridges": (0.1, 0.5)},
            "paper": {
                "seeds": 128,
                "dim": 384,
                "loads": LOADS,
                "ridges": (0.1, 0.5, 1.0),
            },
        },
        mutants=(
            says(
                "not divided by 1 + ridge",
                lambda variances, num_samples, ridge: (
                    (1 + ridge) * float(convergence(variances, num_samples, ridge))
                ),
            ),
            says(
                "ridge 0",
                lambda dim, num_samples: _white_formula(dim, num_samples, 0.0),
            ),
        ),
    ),
    Claim(
        id="MEM-3.power",
        title="Convergence for power laws",
        statement=r"$q = \sum_i h_i^2 / (\mathrm{tr}\,\Sigma + \kappa d)$ for "
        r"$\sigma_i \propto i^{-a}$, up to its term in $1/n$",
        provenance=DERIVED,
        kind=kinds.value(),
        design=power,
        sizes={
            "quick": {"seeds": 128, "dim": 96, "cells": POWER_CELLS},
            "paper": {
                "seeds": 2048,
                "dim": 96,
                "cells": [*POWER_CELLS, cell(1.5, 0.25), cell(2.5, 1.0)],
            },
        },
        mutants=(
            says("exponent 0.1 too large", _steeper),
            says("formula of white data", _white_formula),
            same_data(),
        ),
    ),
    Claim(
        id="MEM-5",
        title="Convergence is blind to latents",
        statement=r"A spike $\beta = O(1)$ changes $q$ by $O(1/d)$ only",
        provenance=Provenance("derived", "mean generator of two atoms"),
        kind=kinds.value(),
        design=spiked,
        sizes={
            "quick": {
                "seeds": 128,
                "dim": 96,
                "loads": (1.0, 4.0),
                "spikes": (1.5, 3.0),
            },
            "paper": {
                "seeds": 128,
                "dim": 384,
                "loads": (1.0, 4.0),
                "spikes": (1.5, 3.0),
            },
        },
        mutants=(
            Mutant("jump of the overlap", _jumps),
            scales("constant doubled", lambda claimed: 2 * claimed),
        ),
    ),
    Claim(
        id="MEM-16",
        title="The 1/d term of the mean root of eigenvalues",
        statement=r"$\mathbb{E}\,\mathrm{tr}\sqrt S / d = M + \mu(c)/d + O(d^{-2})$",
        provenance=Provenance("classical", "Bai-Silverstein 2004, real Gaussian"),
        kind=kinds.value(),
        design=half_moment,
        sizes={
            "quick": {"seeds": 4096, "dim": 32, "num_samples": (32, 64)},
            "paper": {"seeds": 16384, "dim": 32, "num_samples": (16, 32, 64, 128)},
        },
        mutants=(
            says(
                "without the 1/d term",
                lambda num_samples, dim: theory.half_moment_white(num_samples / dim),
                "white",
            ),
        ),
    ),
    Claim(
        id="MEM-17",
        title="Equivariant models converge after a few fields",
        statement=r"$q = (\Gamma(n + \frac12) / \Gamma(n) \sqrt n)^2$ for complex "
        r"Fourier modes, at $n/2$ for self-conjugate ones: independent of $d$",
        provenance=Provenance("derived", "gamma-distributed power of every mode"),
        kind=kinds.value(),
        design=equivariant,
        sizes={
            "quick": {
                "seeds": 4096,
                "side": 16,
                "num_samples": (1, 2, 8),
                "tolerance": (0.01, 0.007, 0.002),
            },
            "paper": {
                "seeds": 16384,
                "side": 16,
                "num_samples": (1, 2, 8, 32),
                "tolerance": (0.01, 0.007, 0.002, 0.0006),
            },
        },
        mutants=(
            says("all modes complex", theory.equivariant_convergence, "torus"),
            says(
                "white data in d dimensions",
                lambda num_samples, side: theory.convergence_white(
                    num_samples / side**2
                ),
                "torus",
            ),
        ),
    ),
)
