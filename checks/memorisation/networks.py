"""Claims on trained denoisers: orderings, paired by seed, at the paper preset only.

The harness gives no verdict below 22 seeds, and a seed trains twelve networks.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from xarray import DataArray

from ...sims import memorisation as sims
from ...sims.sweep import Sweep
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds

LOADS = (4, 64, 1024)
ARCHITECTURES = ("conv", "bottleneck")
SPIKE = 30.0


def networks(*, loads=LOADS, num_steps=300, **sizes) -> Sweep:
    """Pairs of trained denoisers; the same keys in every cell.

    Args:
        loads: Images per model.
        num_steps: Training steps.
        sizes: Other static arguments of `train_denoiser_pair`.
    """
    static = {"architecture": list(ARCHITECTURES), "num_steps": [num_steps]}
    return Sweep(
        sim=sims.train_denoiser_pair,
        static=static | {name: [value] for name, value in sizes.items()},
        dynamic={"num_samples": list(loads), "spike": [SPIKE]},
        crn=True,
    )


def _ordering(differences):
    """A design whose rows, by name, must have a mean of at most zero."""

    def design(*, num_steps):
        """C18: differences that must not be positive on average."""

        def observe(data):
            found = differences(_Networks(data["networks"]))
            values = np.stack(list(found.values()), axis=1)
            names = ("point", list(found))
            return DataArray(values, dims=("seed", "point"), coords={"part": names})

        return Design(
            sweeps={"networks": networks(num_steps=num_steps)},
            observe=observe,
            claimed=0.0,
            tol=Tolerance(0.0, "none: a one-sided ordering"),
        )

    return design


class _Networks:
    """Rows of one observable at one architecture and number of samples."""

    def __init__(self, found):
        self.found = found

    def __call__(self, output, architecture, num_samples):
        cell = self.found[output].sel(
            architecture=architecture, num_samples=num_samples
        )
        return cell.squeeze(drop=True).values.astype(np.float64)


def _converges(at):
    return {"conv": 0.95 - at("q_net", "conv", 64)}


def _recovers(at):
    return {
        "conv": at("Q_net", "conv", 1024) - 0.7,
        "bottleneck": 0.9 - at("Q_net", "bottleneck", 1024),
    }


def _increases(at):
    return {
        f"{architecture} {low}": at("q_net", architecture, low)
        - at("q_net", architecture, high)
        for architecture in ARCHITECTURES
        for low, high in pairwise(LOADS)
    }


def _copies(at):
    return {"n = 4": at("m_net", "conv", 4) - at("m_net", "bottleneck", 4)}


def _exchanged(design):
    """Every network under the name of the other architecture."""

    def observe(data):
        names = {"architecture": list(ARCHITECTURES[::-1])}
        return design.observe({"networks": data["networks"].assign_coords(names)})

    return replace(design, observe=observe)


def _misnamed(loads):
    """A change of the design: every number of samples under another one's name."""

    def change(design):
        def observe(data):
            found = data["networks"].assign_coords({"num_samples": list(loads)})
            return design.observe({"networks": found})

        return replace(design, observe=observe)

    return change


EXCHANGED = Mutant("architectures exchanged", _exchanged, shift=0.3)
REVERSED = Mutant("numbers of samples reversed", _misnamed(LOADS[::-1]), shift=0.2)
FEWER = Mutant("4 images under the name of 64", _misnamed((64, 4, 1024)), shift=0.1)
SOURCE = Provenance("paper", "section 1: convergence is not generalisation")


def _claim(part, title, statement, differences, mutant):
    return Claim(
        id=f"MEM-N{part}",
        title=title,
        statement=statement,
        provenance=SOURCE,
        kind=kinds.ordering(),
        design=_ordering(differences),
        sizes={"paper": {"seeds": 32, "num_steps": 300}},
        mutants=(mutant,),
    )


CLAIMS = (
    _claim(
        "a",
        "Equivariant networks converge early",
        r"$q_{\mathrm{net}} \ge 0.95$ for convolutions at $n = 64$",
        _converges,
        FEWER,
    ),
    _claim(
        "b",
        "What converges early need not know the latent",
        r"At $n = 1024$, $Q_{\mathrm{net}} \le 0.7$ for convolutions and $\ge 0.9$ "
        r"with a bottleneck",
        _recovers,
        EXCHANGED,
    ),
    _claim(
        "c",
        "Convergence of networks increases with data",
        r"$q_{\mathrm{net}}$ increases over $n = 4, 64, 1024$ in both architectures",
        _increases,
        REVERSED,
    ),
    _claim(
        "d",
        "The bottleneck copies more at few samples",
        r"$m_{\mathrm{net}}$ at $n = 4$ is larger with a bottleneck",
        _copies,
        EXCHANGED,
    ),
)
