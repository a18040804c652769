"""Claims on second moments and on preferences (RW-8, RW-19)."""

from dataclasses import replace

import numpy as np

from ...sims import reward as sims
from ...sims.sweep import Sweep
from ...theory import reward as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds
from .common import claims, joined, number, runs, sweep

CELLS = ((16, 0.5, "exp"), (40, 1.0, "exp"))  # α, β, transform of RW-8


def spectral(*, dim: int, cells: tuple[tuple[int, float, str], ...]) -> Design:
    """RW-8: squared overlap of the top eigenvector."""
    sweeps, claimed = {}, []
    for ratio, temperature, transform in cells:
        static = {"link": "cos4", "transform": transform, "dim": dim}
        static |= {"num_samples": ratio * dim}
        name = f"{transform} {ratio}"
        axes = {"temperature": [temperature]}
        sweeps[name] = sweep(sims.spectral, static, axes)
        claimed.append(law(ratio, temperature, transform))
    return Design(
        sweeps=sweeps,
        observe=lambda data: joined(*(data[name].overlap2 for name in sweeps)),
        claimed=np.array(claimed),
        tol=Tolerance(0.04, "finite dimension, at most 0.02 here"),
    )


def law(ratio: float, temperature: float, transform: str = "exp") -> float:
    """The limit of the squared overlap."""
    found = theory.spectral_overlap2(
        float(ratio), temperature, link="cos4", transform=transform
    )
    return number(found)


def twice_the_samples(design: Design) -> Design:
    """The law at twice the ratio, at the cells of every preset."""
    claimed = np.array(design.claimed)
    claimed[:2] = [law(2 * ratio, b) for ratio, b, _ in CELLS]
    return replace(design, claimed=claimed)


def first_order_form(design: Design) -> Design:
    """The first-order formula with the second coefficient, at the quick grid."""
    claimed = []
    for ratio, temperature in ((16, 0.5), (40, 1.0)):
        options = {"link": "cos4", "transform": "exp"}
        signal = theory.hermite_coefs(temperature, order=2, **options)[2]
        power = number(theory.second_moment(temperature, **options))
        claimed.append(number(signal) ** 2 / (number(signal) ** 2 + power / ratio))
    rest = np.asarray(design.claimed)[2:]
    return replace(design, claimed=np.concatenate([claimed, rest]))


SPECTRAL = Claim(
    id="RW-8",
    title="Spectral transition of weighted second moments",
    statement=r"$\langle v, \theta^*\rangle^2 \to \psi'(\lambda^*)/(\psi'(\lambda^*) - "
    r"\varphi'(\lambda^*))$ above $\alpha_c$, for the top eigenvector of "
    r"$\frac1n\sum_i T_i x_ix_i^\top$",
    provenance=Provenance("classical", "Lu and Li 2020; Mondelli and Montanari 2019"),
    kind=kinds.value(),
    design=spectral,
    sizes={
        "quick": {
            "seeds": 512,
            "dim": 128,
            "cells": ((16, 0.5, "exp"), (40, 1.0, "exp")),
        },
        "paper": {
            "seeds": 512,
            "dim": 512,
            "cells": ((16, 0.5, "exp"), (40, 1.0, "exp")),
        },
        "gpu": {
            "seeds": 128,
            "dim": 2048,
            "cells": ((16, 0.5, "exp"), (40, 1.0, "exp"), (40, 1.0, "plain")),
        },
    },
    mutants=(
        Mutant("first-order formula", first_order_form),
        Mutant("law at twice the samples", twice_the_samples),
    ),
)


def below(*, dim: int, ratios: tuple[int, ...]) -> Design:
    """RW-8b: nothing is seen below the threshold 13.24."""
    sweeps = {
        str(ratio): sweep(
            sims.spectral,
            {
                "link": "cos4",
                "transform": "exp",
                "dim": dim,
                "num_samples": ratio * dim,
            },
            {"temperature": [1.0]},
        )
        for ratio in ratios
    }
    return Design(
        sweeps=sweeps,
        observe=lambda data: joined(*(data[name].overlap2 for name in sweeps)),
        claimed=0.1,
        tol=Tolerance(0.0, "none: finite-dimension overlaps stay below 0.05"),
    )


def doubled(before: Sweep) -> Sweep:
    """Twice the samples."""
    samples = [2 * n for n in before.static["num_samples"]]
    return replace(before, static={**before.static, "num_samples": samples})


BELOW = Claim(
    id="RW-8b",
    title="Below the spectral threshold nothing is seen",
    statement=r"$\mathbb{E}\langle v, \theta^*\rangle^2 \le 0.1$, cos4, $\beta = 1$, "
    r"$\alpha = 4, 9 < \alpha_c = 13.24$",
    provenance=Provenance("classical", "Lu and Li 2020; Mondelli and Montanari 2019"),
    kind=kinds.upper_bound(),
    design=below,
    sizes={
        "paper": {"seeds": 256, "dim": 200, "ratios": (4, 9)},
        "gpu": {"seeds": 256, "dim": 1024, "ratios": (4, 9)},
    },
    mutants=(Mutant("twice the samples", runs(**{"9": doubled}), shift=0.12),),
)


def preferred(*, dim: int, cells: tuple[tuple[str, int], ...]) -> Design:
    """RW-19: direction from pairwise preferences."""
    sweeps = {
        link: sweep(
            sims.preference, {"link": link, "dim": dim, "num_samples": ratio * dim}, {}
        )
        for link, ratio in cells
    }
    claimed = [
        number(theory.preference_overlap(float(ratio), link=link, dim=dim))
        for link, ratio in cells
    ]
    return Design(
        sweeps=sweeps,
        observe=lambda data: joined(*(data[link].overlap for link, _ in cells)),
        claimed=np.array(claimed),
        tol=Tolerance(0.04, "terms of order 1/n"),
    )


PREFERENCE = Claim(
    id="RW-19",
    title="Preferences see what plain labels cannot",
    statement=r"overlap $c/\sqrt{c^2 + 1/\alpha}$, $c = \mathbb{E}[\tanh((\sigma(z) - "
    r"\sigma(z'))/2)(z - z')/\sqrt2] = -0.0198 \ne 0$ for sin3",
    provenance=Provenance("derived", "RW-19"),
    kind=kinds.value(),
    design=preferred,
    sizes={
        "quick": {"seeds": 256, "dim": 128, "cells": (("sin3", 30),)},
        "paper": {"seeds": 512, "dim": 300, "cells": (("sin3", 30), ("tanh", 2))},
    },
    mutants=(
        Mutant("no signal, as for plain labels", claims(lambda c: c * np.array(0.0))),
        Mutant("sign reversed", claims(lambda c: -c)),
    ),
)

CLAIMS = (SPECTRAL, BELOW, PREFERENCE)
