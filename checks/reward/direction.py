"""Claims on one estimate of the direction (RW-6, RW-7, RW-8, RW-19)."""

import functools
import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from xarray import DataArray, Dataset

from ...sims import reward as sims
from ...sims.sweep import Sweep
from ...theory import reward as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from .common import center_of, claims, exactly, given, joined, number, runs, sweep

QUICK_ROWS = ("centred", "uncentred")  # one program
FLIP = 0.80707  # the feature temperature at which flip shows nothing
ROWS = {  # link, transform, α, β, τ, centred
    "centred": ("sin3", "exp", 8, 1.0, 0.0, True),
    "uncentred": ("sin3", "exp", 8, 1.0, 0.0, False),
    "exp_y": ("sin3", "exp_y", 8, 1.0, 0.3, False),
    "tanh": ("tanh", "exp", 2, 0.5, 0.2, True),
}


def first_order(
    link: str,
    transform: str,
    ratio: int,
    temperatures: list[float],
    noise: float,
    dim: int,
    center: Callable[..., float] | float,
) -> Sweep:
    """First-order estimates at n = αd."""
    static = {"link": link, "transform": transform}
    static |= {"dim": dim, "num_samples": ratio * dim}
    axes = {"temperature": temperatures, "noise": [noise]}
    return sweep(sims.first_order, static, axes, center=center)


def flipping(*, dim: int) -> Design:
    """RW-6: the overlap below, at and above the threshold of flip."""
    temperatures = [0.3, FLIP, 4.0]
    center = center_of("flip", "exp")
    found = first_order("flip", "exp", 20, temperatures, 0.0, dim, center)
    claimed = [
        number(
            theory.first_order_overlap(20.0, b, link="flip", transform="exp", dim=dim)
        )
        for b in temperatures
    ]
    return Design(
        sweeps={"flip": found},
        observe=lambda data: rows(data["flip"].overlap),
        claimed=np.array(claimed),
        tol=Tolerance(0.04, "terms of order 1/n"),
    )


def changing_sign(*, dim: int) -> Design:
    """RW-6: positive below the threshold, negative above."""
    design = flipping(dim=dim)

    def observe(data: Mapping[str, Dataset]) -> DataArray:
        found = rows(data["flip"].overlap).isel(point=[0, 2])
        return found * np.array([-1.0, 1.0])

    return replace(
        design, observe=observe, claimed=0.0, tol=Tolerance(0.0, "none: a sign")
    )


def plain_labels(before: Sweep) -> Sweep:
    """The same sweep with labels that are not transformed."""
    return replace(
        given(center=0.0)(before), static={**before.static, "transform": ["plain"]}
    )


THRESHOLD = Claim(
    id="RW-6",
    title="The overlap crosses zero at the feature threshold",
    statement=r"for the link flip the overlap follows $c_1(\beta)$: positive at "
    r"$\beta = 0.3$, zero at $\beta_{thr} = 0.80707$, negative at $\beta = 4$",
    provenance=Provenance(
        "paper", "a dimension-free threshold exists; the number is derived (RW-6)"
    ),
    kind=kinds.value(),
    design=flipping,
    sizes={
        "quick": {"seeds": 512, "dim": 128},
        "paper": {"seeds": 1024, "dim": 300},
        "gpu": {"seeds": 4096, "dim": 1024},
    },
    mutants=(
        Mutant("sign of plain labels", claims(lambda m: -np.abs(m))),
        Mutant("plain labels", runs(flip=plain_labels), shift=-0.9),
    ),
)
SIGNS = Claim(
    id="RW-6.sign",
    title="The overlap changes sign across the feature threshold",
    statement=r"$\mathbb{E} m > 0$ at $\beta = 0.3$ and $\mathbb{E} m < 0$ at "
    r"$\beta = 4$ for the link flip",
    provenance=Provenance("derived", "RW-6"),
    kind=kinds.ordering(),
    design=changing_sign,
    sizes={
        "quick": {"seeds": 128, "dim": 128},
        "paper": {"seeds": 256, "dim": 300},
        "gpu": {"seeds": 256, "dim": 1024},
    },
    mutants=(Mutant("plain labels", runs(flip=plain_labels), shift=0.9),),
)


def overlaps(*, dim: int, names: tuple[str, ...], tol: float) -> Design:
    """RW-7: the overlap law, centred and not, by link and transform."""
    sweeps, claimed = {}, []
    for name in names:
        link, transform, ratio, temperature, noise, is_centred = ROWS[name]
        center = center_of(link, transform) if is_centred else 0.0
        sweeps[name] = first_order(
            link, transform, ratio, [temperature], noise, dim, center
        )
        claimed.append(law_of(name, dim))
    return Design(
        sweeps=sweeps,
        observe=lambda data: joined(*(data[name].overlap for name in names)),
        claimed=np.array(claimed),
        tol=Tolerance(tol, "finite n: third moment of the transform, below 0.015"),
    )


def law_of(name: str, dim: int, centred: bool | None = None) -> float:
    """The overlap law of one row, at finite dimension."""
    link, transform, ratio, temperature, noise, is_centred = ROWS[name]
    keep = is_centred if centred is None else centred
    found = theory.first_order_overlap(
        float(ratio),
        temperature,
        noise,
        link=link,
        transform=transform,
        center="mean" if keep else 0.0,
        dim=dim,
    )
    return number(found)


def uncentred_theory(design: Design) -> Design:
    """The first row's law without centring."""
    claimed = np.array(design.claimed)
    claimed[0] = law_of("centred", 128, centred=False)
    return replace(design, claimed=claimed)


OVERLAP = Claim(
    id="RW-7",
    title="First-order overlap of weighted samples",
    statement=r"$\langle g/\|g\|, \theta^*\rangle \to c_1/\sqrt{c_1^2 + M_2/\alpha}$, "
    r"$g = \frac1n\sum_i (T(y_i) - c_0)x_i$",
    provenance=Provenance("derived", "classical concentration; RW-7"),
    kind=kinds.value(),
    design=overlaps,
    sizes={
        "quick": {"seeds": 512, "dim": 128, "names": QUICK_ROWS, "tol": 0.04},
        "paper": {"seeds": 1024, "dim": 512, "names": tuple(ROWS), "tol": 0.02},
    },
    mutants=(
        Mutant("law without centring", uncentred_theory),
        Mutant("run without centring", runs(centred=given(center=0.0)), shift=-0.09),
    ),
)


def one_step(*, dim: int, tol: float) -> Design:
    """RW-7b: the first gradient of a neuron."""
    static = {"link": "sin3", "transform": "exp", "dim": dim, "num_samples": 30 * dim}
    axes = {"temperature": [1.0], "noise": [0.0], "phase": [0.3]}
    center = center_of("sin3", "exp")
    claimed = theory.one_step_overlap(
        30.0, 1.0, 0.0, 0.3, link="sin3", transform="exp", dim=dim
    )
    return Design(
        sweeps={"neuron": sweep(sims.one_step, static, axes, center=center)},
        observe=lambda data: rows(data["neuron"].overlap),
        claimed=number(claimed),
        tol=Tolerance(tol, "finite dimension, about 5/d"),
    )


def without_student_power(design: Design) -> Design:
    """The mean square of the student's slope left out of the noise."""
    m = design.claimed
    power = (1 + np.exp(-2) * np.cos(0.6)) / 2
    return replace(design, claimed=1 / np.sqrt(1 + (1 / m**2 - 1) / power))


STEP = Claim(
    id="RW-7b",
    title="First gradient step of a neuron",
    statement=r"as RW-7 with $c_1 \to c_1b_1$ and $M_2 \to M_2(1 + e^{-2}\cos 2b)/2$",
    provenance=Provenance("derived", "RW-7"),
    kind=kinds.value(),
    design=one_step,
    sizes={
        "quick": {"seeds": 256, "dim": 256, "tol": 0.05},
        "paper": {"seeds": 1024, "dim": 512, "tol": 0.02},
    },
    mutants=(Mutant("mean square slope left out", without_student_power),),
)


CELLS = tuple(
    itertools.product(("sin3", "tanh", "cos4"), (0.2, 0.5), (0.3, 1.0, 3.0), (1.0, 8.0))
)  # link, τ, β, α of RW-7c


@functools.cache
def powers(link: str, noise: float) -> np.ndarray:
    """Generative powers up to order 2."""
    return np.asarray(theory.generative_powers(noise, link=link, order=2))


def best_overlap2(order: int) -> np.ndarray:
    """The ceiling of the squared overlap if this order's power were the signal."""
    tops = np.array([powers(link, noise)[order] for link, noise, *_ in CELLS])
    return tops / (tops + 1 / np.array([ratio for *_, ratio in CELLS]))


def ceiling() -> Design:
    """RW-7c: squared overlaps of theory against the generative ceiling."""
    found = [
        number(theory.first_order_overlap(alpha, b, tau, link=link, transform="exp"))
        for link, tau, b, alpha in CELLS
    ]
    return Design(
        observe=lambda _: exactly(np.square(found)),
        claimed=best_overlap2(1),
        tol=Tolerance(1e-10, "quadrature"),
    )


def second_power(design: Design) -> Design:
    """The second generative power taken for the first."""
    return replace(design, claimed=best_overlap2(2))


CEILING = Claim(
    id="RW-7c",
    title="No label transform beats the generative power",
    statement=r"$m_1^2 \le \lambda_1^2/(\lambda_1^2 + 1/\alpha)$ for every temperature",
    provenance=Provenance("derived", "Cauchy and Schwarz; RW-7"),
    kind=kinds.upper_bound(evidence="exact"),
    design=ceiling,
    sizes={"quick": {"seeds": 1}, "paper": {"seeds": 1}},
    mutants=(Mutant("second power for the first", second_power),),
)

CLAIMS = (THRESHOLD, SIGNS, OVERLAP, STEP, CEILING)
