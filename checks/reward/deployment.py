"""Claims on deployment with a wrong direction, and on both stages (RW-18)."""

import functools
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from xarray import DataArray, Dataset

from ...sims import reward as sims
from ...theory import reward as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds
from .common import claims, exactly, joined, number, numbers, sweep

BETAS = (0.3, 0.5, 1.0)
OVERLAPS = tuple(round(0.1 * k, 1) for k in range(11))
NEAR = (1 - 0.002, 1 - 0.001)  # where the slope at overlap one is read off
SIZES = {"quick": {"seeds": 1}, "paper": {"seeds": 1}, "gpu": {"seeds": 1}}


@functools.cache
def deployed(link: str, kind: str) -> np.ndarray:
    """Objectives of the population fit: temperatures by overlaps."""
    cells = np.array([OVERLAPS + NEAR]), np.array(BETAS)[:, None]
    return np.asarray(theory.value_at_overlap(*cells, link=link, fit=kind).objective)


def ordered(*, links: tuple[str, ...] = ("tanh", "sin3", "cos4")) -> Design:
    """RW-18: label-weighted fit below unweighted fit below the optimum."""
    label, regress, best = curves(links)
    return Design(
        observe=lambda _: exactly(np.concatenate([label - regress, regress - best])),
        claimed=0.0,
        tol=Tolerance(1e-9, "quadrature"),
    )


def curves(links: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Objectives of both fits and of the optimum over links, temperatures, overlaps."""
    label, regress = (
        np.concatenate([deployed(link, kind)[:, :-2].ravel() for link in links])
        for kind in ("label", "regress")
    )
    optima = [theory.gibbs(b, link=link).objective for link in links for b in BETAS]
    return label, regress, np.repeat(numbers(optima), len(OVERLAPS))


def swapped(design: Design) -> Design:
    """The unweighted fit claimed below the label-weighted one."""

    def observe(data: Mapping[str, Dataset]) -> DataArray:
        found = design.observe(data)
        half = found.sizes["point"] // 2
        return exactly(np.concatenate([-found.values[:half], found.values[half:]]))

    return replace(design, observe=observe)


ORDER = Claim(
    id="RW-18",
    title="Label weights never help a direction that is not yet found",
    statement=r"$J_{lab}(m) \le J_{reg}(m) \le J^*$ at every overlap $m$",
    provenance=Provenance("derived", "Gibbs principle among policies of s; RW-18"),
    kind=kinds.ordering(evidence="exact"),
    design=ordered,
    sizes=SIZES,
    mutants=(Mutant("fits exchanged", swapped, shift=0.15),),
)


def convex() -> Design:
    """RW-18: the convexity bound on the unweighted fit."""
    links = ("tanh", "sin3", "cos4")
    _, regress, best = curves(links)
    bound = np.concatenate([convexity(link).ravel() for link in links])
    return Design(
        observe=lambda _: exactly(best - regress),
        claimed=bound,
        tol=Tolerance(1e-9, "quadrature"),
    )


def convexity(link: str) -> np.ndarray:
    """The convexity bound: temperatures by overlaps."""
    cells = np.array([OVERLAPS]), np.array(BETAS)[:, None]
    return np.asarray(theory.convexity_upper_bound(*cells, link=link))


CONVEX = Claim(
    id="RW-18.bound",
    title="Loss of the unweighted fit by convexity",
    statement=r"$J^* - J_{reg}(m) \le \mathbb{E}_{\pi^*}[\sigma - P_m\sigma]$",
    provenance=Provenance("derived", "convexity of the log partition function"),
    kind=kinds.upper_bound(evidence="exact"),
    design=convex,
    sizes=SIZES,
    mutants=(Mutant("a tenth of the bound", claims(lambda b: 0.1 * b)),),
)


def slopes() -> Design:
    """RW-18: slope of the objective in the direction, extrapolated to overlap one."""
    cells = (("tanh", 0.5), ("sin3", 1.0), ("cos4", 0.5))
    found = []
    for link, beta in cells:
        best = number(theory.gibbs(beta, link=link).objective)
        for kind in ("label", "regress"):
            ends = deployed(link, kind)[BETAS.index(beta), -2:]
            far, near = (best - ends) / (1 - np.array(NEAR))
            found.append(2 * near - far)
    claimed = [number(theory.direction_slope(b, link=link)) for link, b in cells]
    claimed = np.repeat(claimed, 2)
    return Design(
        observe=lambda _: exactly(found, 1e-6),
        claimed=claimed,
        tol=Tolerance(0.01 * claimed, "next order in 1 - m"),
    )


SLOPES = Claim(
    id="RW-18.slope",
    title="Fisher information of the direction",
    statement=r"$(J^* - J(m))/(1 - m) \to \mathbb{E}_{\pi^*}[\sigma'(z)^2]/\beta$ for "
    r"both fits",
    provenance=Provenance(
        "derived", "Dirichlet form of the Ornstein–Uhlenbeck process"
    ),
    kind=kinds.identity(),
    design=slopes,
    sizes=SIZES,
    mutants=(
        Mutant(
            "without one over the temperature",
            claims(lambda s: s * np.array([0.5, 0.5, 1.0, 1.0, 0.5, 0.5])),
        ),
    ),
)


def end_to_end(*, tol: float) -> Design:
    """RW-18b: first-order direction, readout, deployment against V(m)."""
    sizes = {"dim": 200, "num_samples": 800, "num_readout": 20_000, "num_features": 8}
    axes = {"feature_temperature": [1.0], "readout_temperature": [0.4]}
    axes |= {"noise": [0.2], "ridge": [1e-3]}
    fits_of = ("regress", "label")
    overlap = theory.first_order_overlap(
        4.0, 1.0, 0.2, link="tanh", transform="exp", dim=200
    )
    claimed = [
        number(
            theory.value_at_overlap(number(overlap), 0.4, link="tanh", fit=fit).value
        )
        for fit in fits_of
    ]
    return Design(
        sweeps={
            fit: sweep(
                sims.two_stage_index,
                {"link": "tanh", "fit": fit} | sizes,
                axes,
                half_width=2.0,
            )
            for fit in fits_of
        },
        observe=lambda data: joined(*(data[fit].value for fit in fits_of)),
        claimed=np.array(claimed),
        tol=Tolerance(tol, "finite dimension, features and samples"),
    )


def recovered(design: Design) -> Design:
    """V* claimed: the direction taken as known."""
    return replace(design, claimed=number(theory.gibbs(0.4, link="tanh").value))


END = Claim(
    id="RW-18b",
    title="Two stages end to end",
    statement=r"$V(\hat\pi) \to V(m_1(\alpha, \beta_1), \beta_2)$ for both fits (tanh, "
    r"$\alpha = 4$)",
    provenance=Provenance("derived", "RW-7 and RW-18"),
    kind=kinds.value(),
    design=end_to_end,
    sizes={"quick": {"seeds": 128, "tol": 0.015}, "paper": {"seeds": 512, "tol": 0.01}},
    mutants=(
        Mutant("direction known", recovered),
        Mutant("fits exchanged", claims(lambda v: v[::-1])),
    ),
)

CLAIMS = (ORDER, CONVEX, SLOPES, END)
