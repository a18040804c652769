"""Claim on the signal-to-noise ratio of screening by lagged covariances: HK-8."""

from collections.abc import Callable

import numpy as np
from xarray import DataArray

from ...sims import hawkes as sims
from ...sims.sweep import Sweep
from ...theory import hawkes as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds
from .networks import (
    BETA,
    Data,
    claimed,
    complete,
    evaluated,
    seeds_first,
    swept,
    table,
)

NODES, WEIGHT, T = 64, 0.2, 4000.0
WIDTHS = (0.1, 0.25, 0.5, 1.0, 2.0)


def score_sweep(y: float, clip: float) -> Sweep:
    """Lag-one scores of a ring of 64 nodes, w=.2, T=4000, at one width of bins."""
    immigrants = NODES * (1 - WEIGHT) * (T + 15)
    return Sweep(
        sim=sims.screening_score,
        static={
            "num_nodes": [NODES],
            "num_bins": [round(T * BETA / y)],
            "stages": [sims.plan_stages(immigrants, WEIGHT)],
        },
        dynamic={
            "edge_weight": [WEIGHT],
            "rate": [1.0],
            "beta": [BETA],
            "y": [y],
            "clip": [clip],
        },
    )


def _sweeps(clip: float) -> dict[str, Sweep]:
    return {f"y{y}": score_sweep(y, clip) for y in WIDTHS}


def _over_prediction(predicted: np.ndarray) -> Callable[[Data], DataArray]:
    """Measured score of the edges, in standard deviations, over the prediction."""

    def observe(data: Data) -> DataArray:
        found = [complete(data[f"y{y}"]) for y in WIDTHS]
        z = [seeds_first(f.edge_mean) / seeds_first(f.null_sd) for f in found]
        return table(np.stack(z, axis=1) / predicted, y=WIDTHS)

    return observe


def signal() -> Design:
    """HK-8: measured over predicted score, at every width."""
    arguments = (WEIGHT, 1.0, 1.0, BETA, T)
    predicted = [float(evaluated(theory.screening_snr, *arguments, y)) for y in WIDTHS]
    return Design(
        sweeps=_sweeps(1e6),
        observe=_over_prediction(np.array(predicted)),
        claimed=1.0,
        tol=Tolerance(0.1, "weak-coupling remainder of order w"),
    )


def _power_three() -> np.ndarray:
    """What (1 - exp(-y))^3 in place of the fourth power would predict, relatively."""
    return 1 / np.sqrt(-np.expm1(-np.array(WIDTHS)))


HK_8 = Claim(
    id="HK-8",
    title="Signal of the lag-one covariance",
    statement=r"$z = w\sqrt{\Lambda_j/\Lambda_i}\,\sqrt{\beta T g(\beta\delta)}$, "
    r"$g(y) = (1 - e^{-y})^4/y^3$, largest at $y^* = .550$",
    provenance=Provenance("derived", "weak coupling"),
    kind=kinds.value(),
    design=signal,
    sizes={"paper": {"seeds": 64}},
    mutants=(
        Mutant("third power", lambda d: claimed(d, _power_three())),
        Mutant("counts clipped at 1", lambda d: swept(d, **_sweeps(1.0)), shift=-0.2),
    ),
)

CLAIMS = (HK_8,)
