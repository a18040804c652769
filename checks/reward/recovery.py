"""Claims on tilted cos4 and on the fraction of recovered neurons (RW-11d, RW-12)."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from xarray import DataArray, Dataset

from ...sims import reward as sims
from ...sims.sweep import Sweep
from ...theory import reward as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from .common import (
    TURN,
    center_of,
    claims,
    given,
    joined,
    number,
    runs,
    sweep,
    uncensored,
)

EVEN = {"link": "cos4", "transform": "exp"}
COLD, HIT, DIMS = 0.6, 0.3, (64, 512)
LINEAR_SLOPE = 7.205  # 1/2Λ at half the critical step
TIMES = {"sin3": 60, "tanh": 30}


def critical() -> float:
    """The critical step of RW-11d."""
    return number(theory.critical_step(COLD, 0.0, TURN, **EVEN))


def log_slope(step: float) -> float:
    """Growth of the mean of steps over dimension, per unit of log dimension."""
    few, many = (
        number(theory.hitting_mean(float(dim), step, HIT, COLD, 0.0, TURN, **EVEN))
        for dim in DIMS
    )
    return (many - few) / np.log(DIMS[1] / DIMS[0])


def logarithmic() -> Design:
    """RW-11d: what the mean number of passes gains from d = 64 to 512."""
    search = sweep(
        sims.lumped_hit,
        EVEN | {"max_steps": 262144},
        {"dim": [float(d) for d in DIMS], "temperature": [COLD], "noise": [0.0]},
        step=critical() / 2,
        center=center_of(**EVEN),
        phase=TURN,
        hit=HIT,
    )

    def observe(data: Mapping[str, Dataset]) -> DataArray:
        found = rows(uncensored(data["search"]).num_steps / data["search"]["dim"])
        few, many = found.isel(point=[0]), found.isel(point=[1])
        slope = (many.values - few.values) / np.log(DIMS[1] / DIMS[0])
        return DataArray(slope, dims=("seed", "point"))

    return Design(
        sweeps={"search": search},
        observe=observe,
        claimed=log_slope(critical() / 2),
        tol=Tolerance(0.2 * LINEAR_SLOPE, "finite dimension, a fifth of 1/2Λ"),
    )


LOGARITHMIC = Claim(
    id="RW-11d",
    title="Tilting makes cos4 almost linear: n grows like d log d",
    statement=r"$\mathbb{E}\,n/d$ to $|m| \ge 0.3$ grows like $\log d/(2\Lambda)$ for "
    r"cos4 with tilted labels, $\beta = 0.6$, at half the critical step",
    provenance=Provenance("derived", "linear rate Λ of RW-10; RW-11"),
    kind=kinds.value(),
    design=logarithmic,
    sizes={"paper": {"seeds": 4096}, "gpu": {"seeds": 16384}},
    mutants=(
        Mutant("growth like d", claims(0.0)),
        Mutant(
            "rate at the critical step",
            lambda design: replace(design, claimed=log_slope(critical())),
        ),
    ),
)


def circle(*, dim: int, phases: int, replicas: int) -> dict[str, Sweep]:
    """The chain of neurons with phases equally spaced, at the time of its link."""
    places = 2 * np.pi * (np.arange(phases) + 0.5) / phases
    return {
        link: sweep(
            sims.lumped_chain,
            {"link": link, "transform": "exp", "record": (time * dim,)},
            {"phase": places.tolist(), "temperature": [1.0], "noise": [0.0]},
            replicas=replicas,
            dim=float(dim),
            step=0.2,
            center=center_of(link, "exp"),
            start=2.0,
        )
        for link, time in TIMES.items()
    }


def fractions(*, dim: int, phases: int, replicas: int) -> Design:
    """RW-12: share of neurons, phases equally spaced, that recover the direction.

    A row is the mean over replicas: one alone takes fewer than ten values.
    """

    def share(data: Dataset) -> DataArray:
        return (abs(data.overlap) >= 0.5).mean("phase")

    claimed = [
        number(
            theory.recovered_fraction(
                float(time), 0.5, 0.2, 1.0, 0.0, link=link, transform="exp"
            )
        )
        for link, time in TIMES.items()
    ]
    return Design(
        sweeps=circle(dim=dim, phases=phases, replicas=replicas),
        observe=lambda data: joined(*(share(data[link]) for link in TIMES)),
        claimed=np.array(claimed),
        tol=Tolerance(0.03, "phase grid and spread of the starts"),
    )


FRACTION = Claim(
    id="RW-12",
    title="A constant fraction of neurons recovers the direction",
    statement=r"the fraction of phases with $|m| \ge 0.5$ is that of the ODE: 0.25 "
    r"(sin3, $T = 60$) and 0.85 (tanh, $T = 30$), $\eta = 0.2$, $\beta = 1$",
    provenance=Provenance("paper", "a constant fraction; the number is derived"),
    kind=kinds.value(),
    design=fractions,
    sizes={"paper": {"seeds": 64, "dim": 400, "phases": 48, "replicas": 8}},
    mutants=(
        Mutant("all neurons", claims(np.ones(2))),
        Mutant("half of the neurons", claims(np.full(2, 0.5))),
        Mutant("labels not centred", runs(sin3=given(center=0.0)), shift=-0.25),
    ),
)

CLAIMS = (LOGARITHMIC, FRACTION)
