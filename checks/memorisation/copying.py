"""Claims on memorisation: leaks, samples near training points, their span."""

from dataclasses import replace

import numpy as np

from ...theory import memorisation as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from .cells import cell, counts, grid, pairs, says, together

EXPONENTS = (0.4, 0.7)


def leak(*, dim, exponent, loads, shared):
    """C11: Frobenius product of the covariances of overlapping data sets."""
    cells = [cell(exponent, load, shared=part) for load in loads for part in shared]
    sweep = pairs(cells, dim)
    claimed = sweep.map(_frobenius)

    def observe(data):
        excess = rows(data["pair"].trace) / dim - 1
        square = sweep.map(_square)
        return rows(data["pair"].frobenius_cross) / square - 2 * claimed * excess.values

    return Design(
        sweeps={"pair": sweep},
        observe=observe,
        claimed=claimed,
        tol=Tolerance(0.1 * claimed, "target: 10 %; the claim is exact"),
    )


def _square(variances):
    return np.sum(variances**2)


def _frobenius(variances, num_samples, shared):
    parts = variances, counts(variances), num_samples, shared
    return float(theory.frobenius_moments(*parts).cross) / np.sum(variances**2)


def _energy(kind, control):
    """A design for the squared cosine with a training or with a fresh point."""

    def claim(variances, num_samples, ridge):
        parts = variances, counts(variances), num_samples, ridge
        return getattr(theory.memorisation_energy(*parts), kind)

    def design(*, dim, cells):
        """C12: squared cosine, the trace of S regressed out."""
        sweep = pairs(cells, dim)
        claimed = sweep.map(claim)
        norm = sweep.map(lambda variances, ridge: dim * np.sum(variances + ridge))

        def observe(data):
            excess = rows(data["pair"].trace) / dim - 1
            cosine = rows(data["pair"][f"energy_{kind}"]) / norm
            return cosine - control * claimed * excess.values

        return Design(
            sweeps={"pair": sweep},
            observe=observe,
            claimed=claimed,
            tol=Tolerance(0.1 * claimed, "target: 10 %; the claim is exact"),
        )

    return design


train_energy, fresh_energy = _energy("train", 2.0), _energy("fresh", 1.0)


def span(*, dim, cells):
    """C12: how much of a generated sample lies in the span of the data."""
    sweep = pairs(cells, dim)
    claimed = sweep.map(
        lambda variances, num_samples, ridge: theory.span_fraction(
            variances, counts(variances), num_samples, ridge
        )
    )
    return Design(
        sweeps={"pair": sweep},
        observe=lambda data: rows(data["pair"].span),
        claimed=claimed,
        tol=Tolerance(0.1 * claimed, "target: 10 %"),
    )


def maximum(*, points, tolerance):
    """C13: the largest cosine with a training point, one sweep per dimension."""
    sweeps = {
        f"dim_{dim}": pairs(
            [cell(load=n / dim, ridge=ridge) for n, ridge in cells], dim, top_load=0.5
        )
        for dim, cells in points.items()
    }
    claimed = np.concatenate([sweep.map(_maximum) for sweep in sweeps.values()])
    return Design(
        sweeps=sweeps,
        observe=lambda data: together(
            **{name: rows(found.m_max) for name, found in data.items()}
        ),
        claimed=claimed,
        tol=Tolerance(
            np.asarray(tolerance) * claimed, "size: corrections in log^2 n / d"
        ),
    )


def _maximum(dim, num_samples, ridge):
    return theory.memorisation_maximum(num_samples, dim, ridge)


def _excess(variances, num_samples, ridge, power):
    """Energy with a training point if its excess were that of `power` samples."""
    parts = variances, counts(variances)
    return theory.memorisation_energy(*parts, power(len(variances), num_samples), ridge)


def _without_load(num_samples, ridge):
    return theory.memorisation_maximum(num_samples, 1e12, ridge)


def _many_samples_ridge(num_samples, dim, ridge):
    """The shrinkage R by the ridge replaced by its value for many samples."""
    shrinkage = np.sqrt(num_samples / dim + 1 / (1 + ridge))
    plain = float(theory.memorisation_maximum(num_samples, 1e12))
    return shrinkage * plain


def _claims_maximum(name, function):
    """A mutant of theory for a design with one sweep per dimension."""

    def change(design):
        values = [sweep.map(function) for sweep in design.sweeps.values()]
        return replace(design, claimed=np.concatenate(values))

    return Mutant(name, change)


def _maximum_claim(claim_id, title, sizes, mutant):
    return Claim(
        id=claim_id,
        title=title,
        statement=r"$m_{\max} = \sqrt{n/d + R^2}\, E_n / N_n$ for white data",
        provenance=Provenance("derived", "largest of n normals"),
        kind=kinds.value(),
        design=maximum,
        sizes={"paper": sizes},
        mutants=(mutant,),
    )


def _sizes(**grid):
    """The same grid in few and in more dimensions."""
    return {
        "quick": {"seeds": 128, "dim": 96, **grid},
        "paper": {"seeds": 256, "dim": 384, **grid},
    }


EXACT = Provenance("derived", "Gaussian fourth moments")

CLAIMS = (
    Claim(
        id="MEM-10",
        title="A leak between data sets shows in the Frobenius product",
        statement=r"$\mathbb{E}\,\mathrm{tr}\,S_1 S_2 = \mathrm{tr}\,\Sigma^2 + "
        r"\frac\rho n [\mathrm{tr}\,\Sigma^2 + (\mathrm{tr}\,\Sigma)^2]$",
        provenance=EXACT,
        kind=kinds.value(),
        design=leak,
        sizes=_sizes(exponent=0.4, loads=(0.25, 1.0), shared=(0.0, 0.25)),
        mutants=(
            says(
                "no leak",
                lambda variances, num_samples: _frobenius(variances, num_samples, 0.0),
            ),
            says(
                "a leak of a quarter",
                lambda variances, num_samples: _frobenius(variances, num_samples, 0.25),
            ),
        ),
    ),
    Claim(
        id="MEM-11.train",
        title="Generated samples lean towards training points by 1/n",
        statement=r"Squared cosine with a training point exceeds that with a "
        r"fresh one by $\frac1n (1 + 1/\mathrm{PR})\,\mathrm{tr}\,\Sigma / "
        r"(\mathrm{tr}\,\Sigma + \kappa d)$",
        provenance=EXACT,
        kind=kinds.value(),
        design=train_energy,
        sizes=_sizes(cells=grid(EXPONENTS, (0.25, 1.0), (0.0, 0.4))),
        mutants=(
            says(
                "excess d/n^2",
                lambda variances, num_samples, ridge: (
                    _excess(variances, num_samples, ridge, lambda d, n: n**2 / d).train
                ),
            ),
            says(
                "that of a fresh point",
                lambda variances, num_samples, ridge: (
                    _excess(variances, num_samples, ridge, lambda d, n: n).fresh
                ),
            ),
            says(
                "ridge ignored",
                lambda variances, num_samples: (
                    _excess(variances, num_samples, 0.0, lambda d, n: n).train
                ),
            ),
        ),
    ),
    Claim(
        id="MEM-11.fresh",
        title="Squared cosine of a generated sample with a fresh point",
        statement=r"$[\mathrm{tr}\,\Sigma^2 + \kappa\,\mathrm{tr}\,\Sigma] / "
        r"[\mathrm{tr}\,\Sigma (\mathrm{tr}\,\Sigma + \kappa d)]$",
        provenance=EXACT,
        kind=kinds.value(),
        design=fresh_energy,
        sizes=_sizes(cells=grid(EXPONENTS, (0.25, 1.0), (0.0, 0.4))),
        mutants=(
            says(
                "ridge ignored",
                lambda variances, num_samples: (
                    _excess(variances, num_samples, 0.0, lambda d, n: n).fresh
                ),
            ),
        ),
    ),
    Claim(
        id="MEM-11.span",
        title="Samples lie in the span of the data unless there is a ridge",
        statement=r"Energy fraction $(\mathrm{tr}\,\Sigma + \kappa\min(n, d)) / "
        r"(\mathrm{tr}\,\Sigma + \kappa d)$",
        provenance=EXACT,
        kind=kinds.value(),
        design=span,
        sizes=_sizes(cells=grid(EXPONENTS, (0.25,), (0.4,))),
        mutants=(says("ridge ignored", lambda dim: 1.0),),
    ),
    _maximum_claim(
        "MEM-11.maximum",
        "The largest cosine with a training point",
        {
            "seeds": 128,
            "points": {
                400: ((200, 0.0), (200, 0.5)),
                800: ((400, 0.0), (400, 0.5)),
            },
            "tolerance": (0.025, 0.025, 0.015, 0.015),
        },
        _claims_maximum("without the term n/d", _without_load),
    ),
    _maximum_claim(
        "MEM-11.few",
        "The largest cosine with one of few training points, with a ridge",
        {
            "seeds": 128,
            "points": {200: ((1, 1.0), (5, 1.0), (20, 1.0))},
            "tolerance": (0.04, 0.04, 0.04),
        },
        _claims_maximum("R = 1/sqrt(1 + ridge)", _many_samples_ridge),
    ),
)
