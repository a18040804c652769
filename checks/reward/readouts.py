"""Claims on the constants of fitted readouts (RW-16, RW-20)."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from xarray import DataArray, Dataset

from ...sims import reward as sims
from ...sims.sweep import Sweep
from ...theory import reward as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds
from .common import (
    exactly,
    joined,
    nodes,
    number,
    observes,
    reward_at,
    sweep,
)

HALF_WIDTHS = {3: 1.0, 7: 3.0}


def columns(link: str, half_width: float, num_features: int) -> np.ndarray:
    """Features on Q1 with the reward appended: the realisable case."""
    z, _ = nodes()
    plain = theory.tanh_features(z, half_width, num_features=num_features)
    return np.concatenate([np.asarray(plain), reward_at(link, z)[:, None]], axis=1)


def law(
    link: str, weights: str, beta: float, noise: float, num_features: int
) -> theory.Readout:
    """The theory's readout with the true reward as proxy."""
    matrix = columns(link, HALF_WIDTHS[num_features], num_features)
    return theory.sandwich(
        beta, noise, 0.0, matrix, matrix[:, -1], link=link, weights=weights
    )


def fits(weights: str, num_samples: int, num_features: int) -> Sweep:
    """Realisable readouts of sin3 at β = 1, τ = 0.5, without ridge."""
    static = {"link": "sin3", "weights": weights, "num_samples": num_samples}
    static |= {"num_features": num_features, "augment": True}
    axes = {"temperature": [1.0], "noise": [0.5], "ridge": [0.0]}
    return sweep(
        sims.readout,
        static,
        axes,
        half_width=HALF_WIDTHS[num_features],
        proxy_error=0.0,
        deploy_temperature=lambda temperature, **_: temperature,
    )


def constants(*, num_samples: int, num_features: int, tol: float) -> Design:
    """RW-16: scaled error and objective gap of label and surrogate weights."""
    kinds_of = ("label", "surrogate")

    def observe(data: Mapping[str, Dataset]) -> DataArray:
        names = ("error_variance", "objective_gap")
        return joined(*(num_samples * data[w][n] for w in kinds_of for n in names))

    laws = [law("sin3", w, 1.0, 0.5, num_features) for w in kinds_of]
    claimed = [number(part) for found in laws for part in found[2:4]]
    return Design(
        sweeps={w: fits(w, num_samples, num_features) for w in kinds_of},
        observe=observe,
        claimed=np.array(claimed),
        tol=Tolerance(tol * np.array(claimed), "next order, one over n times ESS"),
    )


def inflated(ratio: float) -> Callable[[Design], Design]:
    """Label constants as those of the surrogate times another inflation."""

    def change(design: Design) -> Design:
        surrogate = np.asarray(design.claimed)[2:]
        return replace(design, claimed=np.concatenate([ratio * surrogate, surrogate]))

    return change


CONSTANTS = Claim(
    id="RW-16",
    title="Noise makes label weights worse than a perfect surrogate",
    statement=r"$n\mathbb{E}\varepsilon^2 \to \mathrm{tr}(\mathrm{Cov}_{\pi^*}(F)C)$; "
    r"$K(\text{label})/K(\text{surrogate}) = e^{\tau^2/\beta^2}(1 + \tau^2/\beta^2)$",
    provenance=Provenance("derived", "sandwich formula classical; RW-16"),
    kind=kinds.value(),
    design=constants,
    sizes={
        "quick": {"seeds": 4096, "num_samples": 2000, "num_features": 3, "tol": 0.10},
        "paper": {"seeds": 4096, "num_samples": 16000, "num_features": 3, "tol": 0.05},
    },
    mutants=(
        Mutant("no inflation", inflated(1.0)),
        Mutant("inflation of the mean weight only", inflated(float(np.exp(0.125)))),
    ),
)


def weighting(*, links: tuple[str, ...], noises: tuple[float, ...]) -> Design:
    """RW-20: order of constants and covariances in the realisable case."""
    cells = itertools.product(links, (0.5, 1.0, 2.0), noises)
    found = np.concatenate([excess(*cell) for cell in cells])
    return Design(
        observe=lambda _: exactly(found, 0.0),
        claimed=0.0,
        tol=Tolerance(1e-9, "rounding, relative"),
    )


def excess(link: str, beta: float, noise: float) -> np.ndarray:
    """How far the order is violated, relative: constants, then covariances."""
    none, surrogate, label = (
        law(link, weights, beta, noise, 7) for weights in ("none", "surrogate", "label")
    )
    constants_of = np.array(
        [[number(part) for part in fit[2:]] for fit in (none, surrogate, label)]
    )
    steps = -np.diff(constants_of, axis=0) / constants_of[2]
    gap = np.asarray(surrogate.cov) - np.asarray(none.cov)
    trace = np.trace(np.asarray(surrogate.cov))
    return np.append(steps.ravel(), -np.linalg.eigvalsh(gap)[0] / trace)


def covariance(
    matrix: np.ndarray, base: np.ndarray, weights: np.ndarray, noise: np.ndarray
) -> np.ndarray:
    """Covariance of realisable weighted least squares with noise that depends on z."""
    inner = np.linalg.inv(matrix.T @ ((base * weights)[:, None] * matrix))
    score = matrix.T @ ((base * (weights * noise) ** 2)[:, None] * matrix)
    return inner @ score @ inner


def uneven_noise(_: object) -> DataArray:
    """Unweighted minus surrogate constant where low rewards are noisier."""
    z, base = nodes()
    found = []
    for link in ("sin3", "tanh"):
        matrix, reward = columns(link, 3.0, 7), reward_at(link, z)
        noise = 0.2 + 0.6 * (reward < 0)
        policy = base * np.exp(reward)
        policy = policy / policy.sum()
        centred = matrix - policy @ matrix
        spread = centred.T @ (policy[:, None] * centred)
        none, surrogate = (
            np.trace(spread @ covariance(matrix, base, weights, noise))
            for weights in (np.ones_like(z), np.exp(reward))
        )
        found.append((none - surrogate) / none)
    return exactly(found, 0.0)


WEIGHTING = Claim(
    id="RW-20",
    title="Weighting helps only under misspecification",
    statement=r"$K(\text{none}) \le K(\text{surrogate}) \le K(\text{label})$ and "
    r"$C_{none} \preceq C_{surrogate}$ if $r^*$ is in the span and the noise is even",
    provenance=Provenance("derived", "Gauss and Markov; RW-20"),
    kind=kinds.ordering(evidence="exact"),
    design=weighting,
    sizes={
        "quick": {"seeds": 1, "links": ("sin3", "tanh"), "noises": (0.3, 0.5)},
        "paper": {"seeds": 1, "links": ("sin3", "tanh", "cos4", "flip")}
        | {"noises": (0.2, 0.3, 0.5)},
    },
    mutants=(Mutant("noise that depends on z", observes(uneven_noise), shift=0.4),),
)

CLAIMS = (CONSTANTS, WEIGHTING)
