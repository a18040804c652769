"""Claims on the time of weak recovery (RW-11): the heart of the system."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...sims import reward as sims
from ...sims.sweep import Sweep
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
)
from .common import (
    TURN,
    center_of,
    claims,
    given,
    number,
    runs,
    sweep,
    uncensored,
)

ODD = {"link": "sin3", "transform": "exp"}


def passage(
    *,
    link: str,
    transform: str,
    order: int,
    dim: int,
    start: float,
    end: float,
    cap: int,
) -> Design:
    """RW-11a, b: law of the scaled time of weak recovery."""
    phase = np.pi if order == 3 else TURN
    center = center_of(link, transform) if transform != "plain" else 0.0
    power = dim ** (order - 1)
    search = sweep(
        sims.lumped_hit,
        {"link": link, "transform": transform, "max_steps": cap},
        {"temperature": [1.0], "noise": [0.0]},
        dim=float(dim),
        step=start * dim ** (-(order - 2) / 2),
        center=center,
        phase=phase,
        hit=end / dim**0.5,
    )
    return Design(
        sweeps={"search": search},
        observe=lambda data: lanes(data["search"].num_steps / power),
        claimed=finite_law(
            link, transform, order, dim, start, end, last=cap / power, phase=phase
        ),
        tol=Tolerance(0.08, "finite dimension, at most 0.02 here"),
    )


def finite_law(
    link: str,
    transform: str,
    order: int,
    dim: int,
    start: float,
    end: float,
    *,
    last: float,
    phase: float,
) -> Callable[[np.ndarray], np.ndarray]:
    """Law of the scaled time; censored runs are an atom at the cap."""
    times = np.linspace(0, last, 2001)
    cdf = np.asarray(
        theory.hitting_cdf(
            times * dim ** (order - 2),
            float(dim),
            start * dim ** (-(order - 2) / 2),
            end / dim**0.5,
            1.0,
            0.0,
            phase,
            link=link,
            transform=transform,
        )
    )

    def law(x: np.ndarray) -> np.ndarray:
        inside = np.where(x < 0, 0.0, np.interp(x, times, cdf))
        return np.where(x >= last, 1.0, inside)

    return law


def rescaled(factor: float) -> Callable[[Design], Design]:
    """The mutation of the power of the dimension: times stretched by a factor."""

    def change(design: Design) -> Design:
        law = design.claimed
        return replace(design, claimed=lambda x: law(x * factor))

    return change


def stretched(factor: float) -> Callable[[Sweep], Sweep]:
    """The same search with another step."""

    def change(before: Sweep) -> Sweep:
        step = before.derive["step"]
        return given(step=lambda **cell: factor * step(**cell))(before)

    return change


CUBIC = Claim(
    id="RW-11a",
    title="Weak recovery of sin3 with plain labels takes d² samples",
    statement=r"the first time with $\sqrt d\,|m| \ge 3$, over $d^2$, has the law of "
    r"the Kolmogorov equation ($k = 3$)",
    provenance=Provenance("derived", "information exponent 3; RW-11"),
    kind=kinds.law(),
    design=passage,
    sizes={
        preset: {"seeds": seeds, "link": "sin3", "transform": "plain", "order": 3}
        | {"dim": dim, "start": 1.0, "end": 3.0, "cap": cap}
        for preset, seeds, dim, cap in (
            ("quick", 2048, 24, 8192),
            ("paper", 8192, 64, 131072),
            ("gpu", 65536, 256, 2097152),
        )
    },
    mutants=(
        Mutant("time as d³", rescaled(1 / 24)),
        Mutant("time as d", rescaled(24.0)),
        Mutant("step half as large again", runs(search=stretched(1.5)), shift=0.17),
    ),
)
QUARTIC = Claim(
    id="RW-11b",
    title="Weak recovery of gen4 takes d³ samples after any tilt",
    statement=r"the first time with $\sqrt d\,|m| \ge 2.5$, over $d^3$, has the law of "
    r"the Kolmogorov equation ($k = 4$)",
    provenance=Provenance("paper", "governed by the generative exponent; law derived"),
    kind=kinds.law(),
    design=passage,
    sizes={
        preset: {"seeds": seeds, "link": "gen4", "transform": "exp", "order": 4}
        | {"dim": dim, "start": 2.0, "end": 2.5, "cap": cap}
        for preset, seeds, dim, cap in (
            ("quick", 2048, 16, 8192),
            ("paper", 8192, 32, 262144),
            ("gpu", 65536, 64, 2097152),
        )
    },
    mutants=(
        Mutant("time as d⁴", rescaled(1 / 16)),
        Mutant("time as d²", rescaled(16.0)),
    ),
)


def growth(*, dims: tuple[int, ...], cap: int, tol: float, replicas: int = 1) -> Design:
    """RW-11c: growth of the mean time of weak recovery of tilted sin3."""
    signal = number(theory.hermite_coefs(0.5, order=1, **ODD)[1])
    student = number(theory.student_coefs(0.3, order=1)[1])
    power = number(theory.noise_terms(0.0, 0.5, 0.0, 0.3, **ODD)[0])
    search = sweep(
        sims.lumped_hit,
        ODD | {"max_steps": cap},
        {"dim": [float(d) for d in dims], "temperature": [0.5], "noise": [0.0]},
        replicas=replicas,
        step=0.4 * signal * student / power,
        hit=0.3,
        center=center_of(**ODD),
        phase=0.3,
    )
    return Design(
        sweeps={"search": search},
        observe=lambda data: rows(uncensored(data["search"]).num_steps),
        claimed=-1.0,
        tol=Tolerance(tol, "finite dimension"),
    )


EASY = Claim(
    id="RW-11c",
    title="Tilting makes sin3 linear: n grows like d",
    statement=r"mean samples to $|m| \ge 0.3$ grow like $d^1$ for sin3 with tilted "
    r"labels, $\beta = 0.5$",
    provenance=Provenance("paper", "governed by the generative exponent, here 1"),
    kind=kinds.exponent(size="dim"),
    design=growth,
    sizes={
        preset: {"seeds": seeds, "replicas": replicas, "tol": tol, "cap": 262144}
        | {"dims": (64, 128, 256, 512, 1024, 2048)}
        for preset, seeds, replicas, tol in (
            ("quick", 128, 2, 0.15),
            ("paper", 1024, 4, 0.08),
        )
    },
    mutants=(
        Mutant("exponent 2, as for plain labels", claims(-2.0)),
        Mutant(
            "step shrinking like the square root of d",
            runs(search=lambda before: _slower(before)),
            shift=-0.5,
        ),
    ),
)


def _slower(before: Sweep) -> Sweep:
    """The step of RW-11c falling with the dimension."""
    step = before.derive["step"]
    return given(step=lambda dim, **cell: step(**cell) * (64 / dim) ** 0.5)(before)


CLAIMS = (CUBIC, QUARTIC, EASY)
