"""Claims on the exponent of weak recovery: what tilting makes easy (RW-11e)."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from xarray import DataArray, Dataset

from ...sims import reward as sims
from ...sims.sweep import Sweep
from ...theory import reward as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from .common import TURN, center_of, claims, exactly, number, sweep, uncensored

PULL = 0.15  # k c_k b_k/(η0 V(0)): pull over shrinking at unit scaled overlap
ENDS = {2: 0.3, 3: 3.0, 4: 2.5}  # |m| for order 2, √d |m| beyond
LARGE = (2**14, 2**15)  # where the exponents of the theory are read off


@dataclass(frozen=True)
class Case:
    """A search at temperature one, without noise, whose step scales with d.

    Attributes:
        link: Registered link.
        transform: plain, exp or exp_y.
        order: k, the first order that the labels show (n grows like d^(k-1)).
    """

    link: str
    transform: str
    order: int

    @property
    def labels(self) -> dict[str, str]:
        """Link and transform, by name."""
        return {"link": self.link, "transform": self.transform}

    @property
    def phase(self) -> float:
        """A phase at which the student's coefficient of this order pulls."""
        return np.pi if self.order == 3 else TURN

    def first_step(self) -> float:
        """η0: half the critical step (k = 2), one (k = 3), the same pull (k = 4)."""
        if self.order == 3:
            return 1.0
        args = (1.0, 0.0, self.phase)
        if self.order == 2:
            return number(theory.critical_step(*args, **self.labels)) / 2
        signal = number(theory.hermite_coefs(1.0, order=4, **self.labels)[4])
        student = number(theory.student_coefs(self.phase, order=4)[4])
        power = number(theory.noise_terms(0.0, *args, **self.labels)[0])
        return 4 * signal * student / (PULL * power)

    def hit(self, dim: Any) -> Any:
        """Threshold of |m|, in one dimension or in several."""
        return ENDS[self.order] * (1.0 if self.order == 2 else dim**-0.5)


def search(case: Case, dims: tuple[int, ...], cap: int, searches: int) -> Sweep:
    """First passages in several dimensions, one program: lanes of the same length.

    A row is the mean over `searches` of them in the largest dimension, and over the
    more the faster they are in smaller ones.
    """
    start, means = case.first_step(), mean_steps(case, dims)
    counts = np.rint(searches * means.max() / means).astype(int).tolist()
    numbers = dict(zip(map(float, dims), counts, strict=True))
    return sweep(
        sims.lumped_hits,
        case.labels | {"max_steps": cap},
        {"dim": [float(d) for d in dims], "temperature": [1.0], "noise": [0.0]},
        step=lambda dim, **_: start * dim ** (1 - case.order / 2),
        count=lambda dim, **_: numbers[dim],
        hit=lambda dim, **_: case.hit(dim),
        center=0.0 if case.transform == "plain" else center_of(**case.labels),
        phase=case.phase,
    )


@functools.cache
def mean_steps(case: Case, dims: tuple[int, ...]) -> np.ndarray:
    """Mean numbers of steps by the Kolmogorov equation."""
    start = case.first_step()
    means = [
        theory.hitting_mean(
            float(d),
            start * d ** (1 - case.order / 2),
            case.hit(d),
            *(1.0, 0.0, case.phase),
            **case.labels,
        )
        for d in dims
    ]
    return np.array([number(mean) for mean in means]) * dims


def slope(means: np.ndarray) -> np.ndarray:
    """Least-squares slope of log₂ of the columns, the size doubling between them."""
    place = np.arange(means.shape[-1]) - (means.shape[-1] - 1) / 2
    return np.asarray(np.log2(means) @ place / (place @ place))


def growth(
    *,
    cases: tuple[tuple[str, str, int], ...],
    dims: tuple[int, ...],
    cap: int,
    searches: int,
) -> Design:
    """RW-11e: exponent k − 1 of the mean number of samples, over a few doublings.

    The claimed slope is the exponent plus what finite dimension adds to it, by the
    Kolmogorov equation.
    """
    named = {f"{link} {rule}": Case(link, rule, k) for link, rule, k in cases}

    def observe(data: Mapping[str, Dataset]) -> DataArray:
        found = [rows(uncensored(data[name]).num_steps) for name in named]
        count = min(part.sizes["seed"] for part in found)
        columns = [part.values[:count] for part in found]
        return DataArray(np.stack(columns, 1), dims=("seed", "point", "column"))

    claimed = []
    for case in named.values():
        exponent = case.order - 1
        scaled = mean_steps(case, dims) / np.array(dims, float) ** exponent
        claimed.append(exponent + slope(scaled))
    return Design(
        sweeps={
            name: search(case, dims, cap, searches) for name, case in named.items()
        },
        observe=observe,
        claimed=np.array(claimed),
        tol=Tolerance(0.15, "overshoot and jumps in small dimension"),
    )


def at_presets(
    cases: tuple[tuple[str, str, int], ...],
    dims: tuple[int, ...],
    cap: int,
    searches: int = 8,
) -> dict[str, dict[str, Any]]:
    """The same sizes at both presets, with more seeds on an accelerator."""
    sizes = {"cases": cases, "dims": dims, "cap": cap, "searches": searches}
    return {
        p: {"seeds": seeds} | sizes for p, seeds in (("paper", 1024), ("gpu", 8192))
    }


PLAIN = Claim(
    id="RW-11e",
    title="Plain sin3 needs d² samples",
    statement=r"mean samples to $\sqrt d\,|m| \ge 3$ grow like $d^2$ for plain sin3",
    provenance=Provenance("classical", "information exponent 3; Ben Arous et al. 2021"),
    kind=kinds.value(of=slope),
    design=growth,
    sizes=at_presets((("sin3", "plain", 3),), (16, 32, 64, 128, 256), 2**26),
    mutants=(
        Mutant("exponent 1, as after tilting", claims(lambda c: c - 1)),
        Mutant("exponent 3", claims(lambda c: c + 1)),
    ),
)
HIDDEN = Claim(
    id="RW-11e.gen4",
    title="gen4 needs d³ samples whatever the label transform",
    statement=r"mean samples to $\sqrt d\,|m| \ge 2.5$ grow like $d^3$ for gen4, with "
    r"plain, tilted ($e^y$) and reward-tilted ($y e^y$) labels",
    provenance=Provenance("paper", "governed by the generative exponent, here 4"),
    kind=kinds.value(of=slope),
    design=growth,
    sizes=at_presets(
        tuple(("gen4", rule, 4) for rule in ("plain", "exp", "exp_y")),
        (12, 24, 48),
        2**25,
    ),
    mutants=(
        Mutant("exponent 1, as for tilted sin3", claims(lambda c: c - 2)),
        Mutant("exponent 2", claims(lambda c: c - 1)),
        Mutant("exponent 4", claims(lambda c: c + 1)),
    ),
)
HARD = Claim(
    id="RW-11e.cos4",
    title="Plain cos4 needs d³ samples",
    statement=r"mean samples to $\sqrt d\,|m| \ge 2.5$ grow like $d^3$ for plain cos4",
    provenance=Provenance("classical", "information exponent 4; Ben Arous et al. 2021"),
    kind=kinds.value(of=slope),
    design=growth,
    sizes=at_presets((("cos4", "plain", 4),), (12, 24, 48), 2**25),
    mutants=(
        Mutant("exponent 1, as after tilting", claims(lambda c: c - 2)),
        Mutant("exponent 2", claims(lambda c: c - 1)),
    ),
)
SOFT = Claim(
    id="RW-11d.growth",
    title="Tilting takes two powers of d off cos4",
    statement=r"mean samples to $|m| \ge 0.3$ grow like $d\log d$ for cos4 with tilted "
    r"labels, $\beta = 1$: exponent 1 and what the logarithm adds at these sizes",
    provenance=Provenance("paper", "governed by the generative exponent, here 2"),
    kind=kinds.value(of=slope),
    design=growth,
    sizes=at_presets((("cos4", "exp", 2),), (32, 64, 128, 256, 512), 2**23, 32),
    mutants=(
        Mutant("exponent 3, as for plain labels", claims(lambda c: c + 2)),
        Mutant("exponent 2", claims(lambda c: c + 1)),
    ),
)


def limits() -> Design:
    """RW-11: local exponents of the theory's means in large dimension."""
    table = (
        ("sin3", "plain", 3),
        ("cos4", "plain", 4),
        *(("gen4", rule, 4) for rule in ("plain", "exp", "exp_y")),
    )
    found = [slope(mean_steps(Case(*case), LARGE)) for case in table]
    return Design(
        observe=lambda _: exactly(found, 1e-3),
        claimed=np.array([order - 1.0 for *_, order in table]),
        tol=Tolerance(0.01, "terms of order 1/d"),
    )


LIMITS = Claim(
    id="RW-11.limit",
    title="The Kolmogorov equation has the exponents of the Hermite signal",
    statement=r"the mean time of weak recovery grows like $d^{k-1}$, $k = 3$ for plain "
    r"sin3 and 4 for plain cos4 and for gen4 under every transform",
    provenance=Provenance("derived", "law of RW-11 between d = 16384 and 32768"),
    kind=kinds.identity(),
    design=limits,
    sizes={"paper": {"seeds": 1}, "gpu": {"seeds": 1}},
    mutants=(
        Mutant("one power more", claims(lambda c: c + 1)),
        Mutant("linear, as after tilting sin3", claims(np.ones(5))),
    ),
)

CLAIMS = (PLAIN, HIDDEN, HARD, SOFT, LIMITS)
