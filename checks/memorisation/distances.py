"""Claims on distances: model to truth, model to model, and divergences."""

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
    samples,
    says,
    spectrum,
    together,
    total,
)
from .convergence import LOADS, POWER_CELLS

TRUTH_CELLS = grid((WHITE,), LOADS, (0.0, 0.1, 0.5)) + POWER_CELLS
PAIR_CELLS = grid((WHITE,), LOADS) + POWER_CELLS


def _to_truth(variances, num_samples, ridge, corrected=True):
    """The squared distance to the truth; with a ridge only for white data."""
    parts = variances, counts(variances), num_samples
    if ridge:
        return theory.same_seed_distance(*parts, ridge, corrected=corrected)
    return theory.distance_to_truth(*parts, corrected=corrected)


def _between(variances, num_samples):
    parts = variances, counts(variances), num_samples
    return theory.distance_between_models(*parts, corrected=True)


def _relative_tolerance(cells, white, power):
    """White and power-law cells have tolerances of their own."""
    return np.array([white if c[0] == WHITE else power for c in cells])


def _bulk(output, function, white, power):
    """A design for one squared distance over the trace."""

    def design(*, dim, cells):
        """C7, C10: a squared distance over the trace against corrected theory."""
        sweep = pairs(cells, dim)
        claimed = sweep.map(function) / dim
        return Design(
            sweeps={"pair": sweep},
            observe=lambda data: rows(data["pair"][output]) / dim,
            claimed=claimed,
            tol=Tolerance(
                _relative_tolerance(cells, white, power) * claimed,
                f"target: {white:.0%} for white data, {power:.0%} for power laws",
            ),
        )

    return design


to_truth = _bulk("distance_to_truth", _to_truth, 0.02, 0.03)
between = _bulk("distance_between_models", _between, 0.03, 0.05)


def divergences(*, dim, load):
    """C9: both divergences of white data."""
    sweep = single_models((WHITE,), dim, (load,))
    n = round(load * dim)
    claimed = np.array(
        [float(theory.kl_model_truth(n, dim)), float(theory.kl_truth_model(n, dim))]
    )
    return Design(
        sweeps={"single": sweep},
        observe=lambda data: together(
            kl_model_truth=rows(data["single"].kl_model_truth),
            kl_truth_model=rows(data["single"].kl_truth_model),
        ),
        claimed=claimed,
        tol=Tolerance(0.02 * claimed, "target: 2 %; the claim is exact"),
    )


def blind(*, dim, load, exponent):
    """C9: the same normals give the same divergences for another spectrum."""

    def observe(data):
        found = together(
            kl_model_truth=rows(data["single"].kl_model_truth),
            kl_truth_model=rows(data["single"].kl_truth_model),
        )
        plain, other = found.isel(point=[0, 2]), found.isel(point=[1, 3])
        return other / plain.values - 1

    return Design(
        sweeps={"single": single_models((WHITE, exponent), dim, (load,))},
        observe=observe,
        claimed=np.zeros(2),
        tol=Tolerance(1e-9, "rounding of an eigendecomposition; 4e-15 measured"),
    )


def single_models(exponents, dim, loads):
    """The sweep over divergences of single models; loads up to 4."""
    return Sweep(
        sim=sims.simulate_divergence,
        static={"max_samples": [4 * dim]},
        dynamic={"dim": [dim], "exponent": list(exponents), "load": list(loads)},
        derive={"variances": spectrum, "num_samples": samples},
        crn=True,
    )


def corrected(*, dim, exponent, num_samples, ridge, tolerance):
    """C19: distances resolved beyond the limit, the trace of S regressed out."""
    bare = [cell(exponent, n / dim) for n in num_samples]
    sweep = pairs([*bare, cell(exponent, num_samples[0] / dim, ridge)], dim)
    claimed = sweep.map(_to_truth)
    norm = sweep.map(total)

    def observe(data):
        found = data["pair"]
        bare_part = rows(found.distance_to_truth).isel(point=slice(-1))
        ridge_part = rows(found.same_seed).isel(point=slice(-1, None))
        distance = together(distance_to_truth=bare_part, same_seed=ridge_part)
        slope = claimed / (2 * dim)
        return distance - slope * (rows(found["self"]).values - norm)

    return Design(
        sweeps={"pair": sweep},
        observe=observe,
        claimed=claimed,
        tol=Tolerance(np.asarray(tolerance), "target; left over are terms in 1/n"),
    )


def shifted(*, dim, exponent, num_samples):
    """C19 for t12: convergence resolved beyond the limit."""
    sweep = pairs([cell(exponent, n / dim) for n in num_samples], dim)
    claimed, norm = sweep.map(convergence), sweep.map(total)
    return Design(
        sweeps={"pair": sweep},
        observe=lambda data: (
            dim
            * residual(
                rows(data["pair"].cross), rows(data["pair"]["self"]), claimed, norm
            )
        ),
        claimed=dim * claimed,
        tol=Tolerance(0.1, "target; left over are terms in 1/n"),
    )


def _unsquared(dim, variances, num_samples, ridge):
    parts = variances, counts(variances), num_samples, ridge
    mean = np.asarray(theory.mean_generator(*parts))
    return (2 * np.sum(variances) + ridge * dim - 2 * np.sum(mean)) / dim


def _one_minus(variances, num_samples, ridge):
    return 1 - float(convergence(variances, num_samples, ridge))


def _twice_one_minus(variances, num_samples, ridge):
    return 2 * _one_minus(variances, num_samples, ridge)


def _swapped(design):
    return replace(design, claimed=design.claimed[::-1])


def _leading_order(design):
    cell = design.sweeps["single"].cells()[0]
    return replace(design, claimed=np.full(2, cell["dim"] / (4 * cell["load"])))


def _independent_normals(design):
    sweeps = {k: replace(sweep, crn=False) for k, sweep in design.sweeps.items()}
    return replace(design, sweeps=sweeps)


def _first_order(variances, num_samples, ridge):
    limit = float(_to_truth(variances, num_samples, ridge, corrected=False))
    return limit + np.sum(variances) / (4 * num_samples)


DERIVED = Provenance("derived", "deterministic equivalent of the mean generator")
SHIFT = Provenance("derived", "mean shift of linear statistics, Bai-Silverstein 2004")

CLAIMS = (
    Claim(
        id="MEM-7.bulk",
        title="The bulk distance to the truth",
        statement=r"$W_2^2 = 2\,\mathrm{tr}\,\Sigma - 2\sum_i h_i[\sigma^2]$; white: "
        r"$W_{\mathrm{bulk}} = 2 + \kappa - 2 M_\kappa$, up to the term in $1/n$",
        provenance=DERIVED,
        kind=kinds.value(),
        design=to_truth,
        sizes={
            "quick": {"seeds": 128, "dim": 96, "cells": TRUTH_CELLS},
            "paper": {
                "seeds": 8192,
                "dim": 96,
                "cells": [*TRUTH_CELLS, cell(2.5, 1.0)],
            },
        },
        mutants=(
            says("spectrum not squared", _unsquared),
            says("1 - q", _one_minus),
        ),
    ),
    Claim(
        id="MEM-9",
        title="Distance between the two learnt Gaussians",
        statement=r"White: $W_2^2/d = 1/(2\gamma)$ for $\gamma \ge 1$, so that at "
        r"the level of distributions models agree before their samples do",
        provenance=Provenance("derived", "S-transform of two Marchenko-Pastur laws"),
        kind=kinds.value(),
        design=between,
        sizes={
            "quick": {"seeds": 128, "dim": 96, "cells": PAIR_CELLS},
            "paper": {"seeds": 8192, "dim": 96, "cells": [*PAIR_CELLS, cell(2.5, 1.0)]},
        },
        mutants=(says("2 (1 - q)", _twice_one_minus),),
    ),
    Claim(
        id="MEM-8",
        title="Divergences between model and truth",
        statement=r"$\mathbb{E}\,\mathrm{KL}(S \| \Sigma) = -L/2$ and $\mathbb{E}\,"
        r"\mathrm{KL}(\Sigma \| S) = (dn/(n-d-1) - d + L)/2$",
        provenance=Provenance("derived", "Wishart log-determinant"),
        kind=kinds.value(),
        design=divergences,
        sizes={
            "quick": {"seeds": 128, "dim": 96, "load": 4.0},
            "paper": {"seeds": 256, "dim": 400, "load": 4.0},
        },
        mutants=(
            Mutant("swapped", _swapped),
            Mutant("leading order d^2/4n", _leading_order),
        ),
    ),
    Claim(
        id="MEM-8.blind",
        title="Divergences are blind to the spectrum",
        statement=r"The same normals give the same divergences for every $\Sigma$",
        provenance=Provenance("derived", "invariance of the divergence"),
        kind=kinds.identity(),
        design=blind,
        sizes={
            "quick": {"seeds": 16, "dim": 96, "load": 4.0, "exponent": 1.5},
            "paper": {"seeds": 64, "dim": 96, "load": 4.0, "exponent": 1.5},
        },
        mutants=(Mutant("independent normals", _independent_normals, shift=0.01),),
    ),
    Claim(
        id="MEM-18.distance",
        title="The 1/n term of distances, for any spectrum",
        statement=r"$W_2^2$ and the same-seed distance exceed their limits by the "
        r"shift of $h_i$ in MEM-18",
        provenance=SHIFT,
        kind=kinds.value(),
        design=corrected,
        sizes={
            "quick": {
                "seeds": 1024,
                "dim": 48,
                "exponent": 0.6,
                "num_samples": (24, 48, 120),
                "ridge": 0.2,
                "tolerance": (0.1, 0.1, 0.04, 0.08),
            },
            "paper": {
                "seeds": 4096,
                "dim": 48,
                "exponent": 0.6,
                "num_samples": (24, 48, 120),
                "ridge": 0.2,
                "tolerance": (0.1, 0.1, 0.04, 0.08),
            },
        },
        mutants=(
            says(
                "without the 1/n term",
                lambda variances, num_samples, ridge: _to_truth(
                    variances, num_samples, ridge, corrected=False
                ),
            ),
            says("first-order term only", _first_order),
        ),
    ),
    Claim(
        id="MEM-18.convergence",
        title="The 1/n term of convergence, for any spectrum",
        statement=r"$\mathbb{E}\,\mathrm{tr}\,G_1 G_2 = \sum_i (h_i + \delta h_i)^2$",
        provenance=SHIFT,
        kind=kinds.value(),
        design=shifted,
        sizes={
            "paper": {
                "seeds": 4096,
                "dim": 48,
                "exponent": 0.6,
                "num_samples": (24, 48),
            }
        },
        mutants=(
            says(
                "without the 1/n term",
                lambda dim, variances, num_samples: (
                    dim
                    * float(
                        theory.convergence(variances, counts(variances), num_samples)
                    )
                ),
            ),
        ),
    ),
)
