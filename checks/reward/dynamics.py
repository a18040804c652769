"""Claims on online SGD and its lumped chain (RW-9 to RW-12)."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from xarray import DataArray, Dataset

from ...sims import reward as sims
from ...sims.sweep import Policy
from ...theory import reward as theory
from ..harness import (
    Claim,
    Design,
    Mutant,
    Provenance,
    Tolerance,
    kinds,
    lanes,
    rows,
    two_samples,
)
from ..mutants import reward as wrong
from .common import TURN, center_of, given, number, runs, sweep

SPHERE = 2.0  # a start above one: uniform on the sphere
ODD = {"link": "sin3", "transform": "exp"}
EVEN = {"link": "cos4", "transform": "exp"}


def same_law(*, dim: int, steps: int) -> Design:
    """RW-9: overlap of full SGD and of the lumped chain after the same steps."""
    axes = {"step": [0.5], "temperature": [1.0], "noise": [0.2]}
    center = center_of(**ODD)
    full = sweep(
        sims.online_sgd,
        ODD | {"dim": dim, "num_steps": steps},
        axes,
        center=center,
        phases=np.array([0.3]),
    )
    lumped = sweep(
        sims.lumped_chain,
        ODD | {"record": (steps,)},
        axes,
        dim=float(dim),
        center=center,
        phase=0.3,
        start=SPHERE,
    )

    def observe(data: Mapping[str, Dataset]) -> DataArray:
        first = lanes(data["full"].overlap)
        second = lanes(data["lumped"].overlap)
        plain = [part.reset_coords(drop=True) for part in (first, second)]
        return two_samples(*plain)

    return Design(
        sweeps={
            "full": replace(full, policy=Policy(effort="full")),
            "lumped": lumped,
        },
        observe=observe,
        claimed=0.0,
        tol=Tolerance(0.08, "wanted; the laws are equal"),
    )


LUMPED = Claim(
    id="RW-9",
    title="The overlap is a Markov chain of its own",
    statement=r"$m' = (m + \gamma p v)/\sqrt{1 + \gamma^2(v^2 + \chi)}$ has the law of "
    r"the overlap of spherical SGD in $d$ dimensions",
    provenance=Provenance("derived", "RW-9"),
    kind=kinds.law(),
    design=same_law,
    sizes={
        "quick": {"seeds": 8192, "dim": 64, "steps": 320},
        "paper": {"seeds": 16384, "dim": 64, "steps": 640},
    },
    mutants=(
        Mutant(
            "norm without the components outside the plane",
            runs(lumped=lambda before: replace(before, sim=wrong.chain_without_rest)),
            shift=0.4,
        ),
    ),
)


def mean_path(*, dim: int, times: tuple[int, ...]) -> Design:
    """RW-10: mean overlap of the uncentred chain against the ODE."""
    static = ODD | {"record": tuple(t * dim for t in times)}
    axes = {"step": [0.2, 0.8], "temperature": [1.0], "noise": [0.2]}
    chain = sweep(
        sims.lumped_chain,
        static,
        axes,
        replicas=16,
        dim=float(dim),
        center=0.0,
        phase=0.3,
        start=0.1,
    )
    return Design(
        sweeps={"chain": chain},
        observe=lambda data: rows(data["chain"].overlap),
        claimed=np.concatenate([path(step, times) for step in (0.2, 0.8)]),
        tol=Tolerance(0.004, "terms of order 1/d"),
    )


def path(step: float, times: tuple[int, ...]) -> np.ndarray:
    """The ODE at given times."""
    args = (0.1, step, 1.0, 0.2, 0.3)
    found = theory.overlap_ode([float(t) for t in times], *args, **ODD, center=0.0)
    return np.asarray(found)


def without_shrinking(design: Design) -> Design:
    """The ODE without the term of second order in the step, by small Euler steps."""
    claimed = np.array(design.claimed)
    m, t = 0.1, 0.0
    later = []
    for stop in (1.0, 2.0, 4.0, 8.0)[: len(claimed) // 2]:
        while t < stop - 1e-9:
            m += 0.05 * 0.8 * number(theory.drift(m, 1.0, 0.2, 0.3, **ODD, center=0.0))
            t += 0.05
        later.append(m)
    claimed[-len(later) :] = later
    return replace(design, claimed=claimed)


PATH = Claim(
    id="RW-10",
    title="Overlap follows its ODE",
    statement=r"$\dot m = \eta(1 - m^2)G'(m) - \frac{\eta^2}{2} m V(m)$ in time "
    r"steps$/d$",
    provenance=Provenance("classical", "form; constants derived in RW-10"),
    kind=kinds.value(),
    design=mean_path,
    sizes={
        "quick": {"seeds": 64, "dim": 4000, "times": (1, 2)},
        "paper": {"seeds": 512, "dim": 4000, "times": (1, 2, 4, 8)},
    },
    mutants=(
        Mutant("no shrinking by the noise of the gradient", without_shrinking),
        Mutant(
            "labels centred", runs(chain=given(center=center_of(**ODD))), shift=0.04
        ),
    ),
)


def linear_phase(*, dim: int, replicas: int, tol: float) -> Design:
    """RW-10b: second moment of the overlap at and below the critical step."""
    critical = number(theory.critical_step(1.0, 0.0, TURN, **EVEN))
    steps = [critical / 2, critical]
    chain = sweep(
        sims.lumped_chain,
        EVEN | {"record": (2 * dim,)},
        {"step": steps, "temperature": [1.0], "noise": [0.0]},
        replicas=replicas,
        dim=float(dim),
        center=center_of(**EVEN),
        phase=TURN,
        start=SPHERE,
    )
    claimed = np.array(
        [
            number(theory.linear_phase_variance(2.0, s, 1.0, 0.0, TURN, **EVEN))
            for s in steps
        ]
    )
    return Design(
        sweeps={"chain": chain},
        observe=lambda data: rows(dim * data["chain"].overlap ** 2),
        claimed=claimed,
        tol=Tolerance(tol * claimed, "finite dimension"),
    )


def first_power_for_spread(design: Design) -> Design:
    """V(0) taken for D(0) in the diffusion."""
    power, spread = map(number, theory.noise_terms(0.0, 1.0, 0.0, TURN, **EVEN))
    critical = number(theory.critical_step(1.0, 0.0, TURN, **EVEN))
    # At half the critical step 2Λt = η_c² V(0)/2 for t = 2; at the critical step 0.
    growth = np.exp([critical**2 * power / 2, 0.0])
    claimed = growth + (design.claimed - growth) * power / spread
    return replace(design, claimed=claimed)


LINEAR = Claim(
    id="RW-10b",
    title="Second moment in the linear phase",
    statement=r"$d\,\mathrm{Var}(m_t) = e^{2\Lambda t} + \eta^2D(0)(e^{2\Lambda t} - 1)"
    r"/2\Lambda$, cos4, at half and at the critical step $\eta_c = 0.814$",
    provenance=Provenance("derived", "RW-10"),
    kind=kinds.value(),
    design=linear_phase,
    sizes={
        "quick": {"seeds": 256, "dim": 500, "replicas": 64, "tol": 0.06},
        "paper": {"seeds": 2048, "dim": 1000, "replicas": 64, "tol": 0.02},
    },
    mutants=(
        Mutant("V(0) for D(0)", first_power_for_spread),
        Mutant(
            "student without second order", runs(chain=given(phase=0.0)), shift=-1.0
        ),
    ),
)

CLAIMS = (LUMPED, PATH, LINEAR)
