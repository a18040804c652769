"""Claims on both stages end to end in full dimension (RW-18)."""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from xarray import DataArray, Dataset

from ...sims import reward as sims
from ...sims.sweep import Sweep
from ...theory import reward as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds
from .common import joined, number, observes, sweep

CASES = {  # link to step η, feature and readout temperatures
    "tanh": (0.8, (0.5, 1.0), (0.4, 0.7)),
    "sin": (0.8, (0.5, 1.0), (0.4, 0.7)),
    "relu": (0.3, (1.0, 2.0), (1.0, 1.5)),
}
GRID = np.linspace(0, 1, 101)  # overlaps between which values are interpolated
NAMES = ("value", "objective")
Overlap = Callable[[Dataset], DataArray]


def both_stages(link: str) -> Sweep:
    """Seeds by feature and readout temperatures: one program for a link."""
    step, features, deployed = CASES[link]
    static = {"link": link, "weights": "none", "dim": 128, "num_neurons": 16}
    static |= {"num_steps": 2560, "num_readout": 8000, "num_deploy": 20_000}
    axes = {"feature_temperature": list(features), "noise": [0.2], "ridge": [1e-3]}
    axes |= {"readout_temperature": list(deployed)}
    return sweep(sims.two_stage, static, axes, step=step)


def curve(link: str, temperature: float, name: str) -> np.ndarray:
    """Value or objective of the unweighted fit on the grid of overlaps, by RW-18."""

    def at(m: Array) -> Array:
        found = theory.value_at_overlap(m, temperature, link=link, fit="regress")
        return getattr(found, name)

    with jax.enable_x64(True):
        return np.asarray(jax.vmap(at)(jnp.asarray(GRID)))


def predicted(link: str, overlap: DataArray, name: str) -> DataArray:
    """The same at given overlaps, along the axis of readout temperatures."""
    temperatures = overlap["readout_temperature"].values
    parts = [
        np.interp(
            overlap.sel(readout_temperature=b).values, GRID, curve(link, float(b), name)
        )
        for b in temperatures
    ]
    like = overlap.transpose("readout_temperature", ...)
    return like.copy(data=np.stack(parts)).transpose(*overlap.dims)


def span(data: Dataset) -> DataArray:
    """Overlap of the best direction in the span of the neurons."""
    return data.span


def best_neuron(data: Dataset) -> DataArray:
    """Overlap of the best single neuron."""
    return abs(data.overlap).max("neuron")


def direction_known(data: Dataset) -> DataArray:
    """Overlap one."""
    return data.span * 0 + 1


def excess(reference: Overlap) -> Callable[[Mapping[str, Dataset]], DataArray]:
    """Rows of what both stages deploy over what RW-18 says at an overlap."""

    def observe(data: Mapping[str, Dataset]) -> DataArray:
        parts = [
            data[link][name] - predicted(link, reference(data[link]), name)
            for name in NAMES
            for link in CASES
        ]
        return joined(*parts)

    return observe


def optima(link: str, name: str) -> np.ndarray:
    """V* or J* at the points of a link: features by readout temperatures."""
    _, features, deployed = CASES[link]
    best = [number(getattr(theory.gibbs(b, link=link), name)) for b in deployed]
    return np.tile(best, len(features))


def stages(*, share: float) -> Design:
    """RW-18: both stages against the best direction in the span of the neurons."""
    values, objectives = (
        share * np.concatenate([optima(link, name) for link in CASES]) for name in NAMES
    )
    # No policy of the span exceeds its best objective; what is left is sampling.
    above = np.concatenate([values, np.full_like(objectives, 0.002)])
    return Design(
        sweeps={link: both_stages(link) for link in CASES},
        observe=excess(span),
        claimed=np.zeros(len(above)),
        tol=Tolerance(
            (np.concatenate([values, objectives]), above),
            "16 features of unequal quality, a share of the optimum",
        ),
    )


STAGES = Claim(
    id="RW-18.stages",
    title="Both stages, from samples to the deployed policy",
    statement=r"$V(\hat\pi) \approx V_{reg}(m, \beta_2)$ and $J_{reg}(m, \beta_2) - "
    r"0.15 J^* \le J(\hat\pi) \le J_{reg}(m, \beta_2)$ on average, $m$ the norm of "
    r"$\theta^*$ projected on the span of the learned neurons (tanh, sin, relu; "
    "$d = 128$, 16 neurons, two feature and two readout temperatures)",
    provenance=Provenance(
        "derived", "upper side: Gibbs principle among policies of the span; RW-18"
    ),
    kind=kinds.value(),
    design=stages,
    sizes={
        preset: {"seeds": seeds, "share": 0.15}
        for preset, seeds in (("paper", 256), ("gpu", 1024))
    },
    mutants=(
        Mutant("direction known: V*, J*", observes(excess(direction_known)), -0.16),
        Mutant(
            "the best neuron instead of the span", observes(excess(best_neuron)), 0.009
        ),
    ),
)

CLAIMS = (STAGES,)
