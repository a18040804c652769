"""Claim MF-10: which initial tails survive training."""

import numpy as np
from xarray import DataArray

from ...sims import meanfield as sims
from ...sims.sweep import Sweep
from ...theory import meanfield as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from .common import Data, claiming, computed, fixed, line_data, number

LAM, TAU, STEP, QUANTILE = 0.5, 0.05, 0.02, 0.995
RICCATI = {"mu": 1.5, "lam": 0.2, "tau": 0.05}
SCALES = (1.0, 0.3)  # of the network's and the Riccati anchor's Laplace start
TIMES = np.array([0.5, 1.0])


def moment_ratio(*, order: int = 24) -> Design:
    """MF-10r: the ratio estimator times the scale, Laplace plus normal."""
    pairs = ((1.0, 0.1), (0.3, 0.01), (2.0, 1.0))
    found = [
        scale * number(theory.weight_ratio, scale, variance, order=order)
        for scale, variance in pairs
    ]
    return computed(found, 1.0, 1e-9, at={"scale": [scale for scale, _ in pairs]})


def _gaussian_ratios() -> np.ndarray:
    variances = np.array([0.1, 0.01, 1.0])
    ratios = [number(theory.weight_ratio, 0.0, v, order=24) for v in variances]
    return np.array(ratios) * np.array([1.0, 0.3, 2.0])


def mean_excess(*, num_particles: int) -> Design:
    """MF-10: mean excess over a high quantile times w*_t, two dynamics, two times."""
    X, y = line_data()
    form = {
        "num_particles": [num_particles],
        "num_steps": [50],
        "save_every": [25],
        "quantile": [QUANTILE],
    }
    sweeps = {
        "network": Sweep(
            sim=sims.tails,
            static=form,
            derive=fixed(lam=LAM, tau=TAU, step=STEP, amplitude=1.0, scale=SCALES[0]),
            shared=fixed(X=X, y=y),
        ),
        "riccati": Sweep(
            sim=sims.riccati_tails,
            static=form,
            derive=fixed(step=STEP, scale=SCALES[1], **RICCATI),
        ),
    }
    weight = weights()

    def observe(data: Data) -> DataArray:
        tables = []
        for index, name in enumerate(("network", "riccati")):
            found = data[name].mean_excess.squeeze(list(form), drop=True)
            later = found.isel(checkpoint=slice(1, None))
            factor = DataArray(weight[2 * index : 2 * index + 2], dims="checkpoint")
            tables.append(rows(later * factor).values)
        return DataArray(
            np.concatenate(tables, axis=1),
            dims=("seed", "point"),
            coords={
                "dynamics": ("point", np.repeat(("network", "riccati"), 2)),
                "time": ("point", np.tile(TIMES, 2)),
            },
        )

    return Design(
        sweeps=sweeps,
        observe=observe,
        claimed=np.ones(4),
        tol=Tolerance(0.06, "Euler steps, Gaussian shoulder, finite quantile"),
    )


def weights() -> np.ndarray:
    """w*_t of the network and of the Riccati anchor at the two times."""
    network = number(theory.admissible_weight, TIMES, 1 / SCALES[0], LAM)
    start = 2 * SCALES[1] ** 2  # second moment of the Laplace law
    anchor = number(
        theory.admissible_weight_riccati, TIMES, 1 / SCALES[1], *RICCATI.values(), start
    )
    return np.concatenate([network, anchor])


CLAIMS = (
    Claim(
        id="MF-10r",
        title="Moment ratio estimates the admissible weight",
        statement=r"$\sqrt{k(k-1)M_{k-2}/M_k}\to w^*=1/b$, whatever the Gaussian part.",
        provenance=Provenance("derived", "moments of Laplace plus normal"),
        kind=kinds.identity(),
        design=moment_ratio,
        sizes={"quick": {}, "paper": {}},
        mutants=(Mutant("normal start (grows like √k)", claiming(_gaussian_ratios)),),
    ),
    Claim(
        id="MF-10",
        title="Initial tails through training",
        statement=r"$w^*_t=e^{\lambda t}w^*_0$ with bounded drift, $w^*_0/P_t$ in the "
        r"Riccati anchor [operational normalisation by $k!$].",
        provenance=Provenance("derived", "mirrors the paper's admissible weight"),
        kind=kinds.value(),
        design=mean_excess,
        sizes={
            "quick": {"seeds": 32, "num_particles": 2**16},
            "paper": {"seeds": 64, "num_particles": 2**18},
        },
        mutants=(
            Mutant(
                "the weight of the start",
                claiming(lambda: weights() * np.repeat(SCALES, 2)),
            ),
        ),
    ),
)
