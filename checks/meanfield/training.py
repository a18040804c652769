"""Claims MF-1 and MF-2: what maximal-update parametrization is, how far it moves."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats
from xarray import DataArray

from ...sims import meanfield as sims
from ...sims.sweep import Policy, Sweep
from ...theory import meanfield as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from .common import (
    Data,
    claiming,
    computed,
    double,
    fixed,
    instead,
    number,
    training_data,
)

CAP, STEPS, HORIZON = 2048, 20, 2.0
DATA = {"X": lambda **_: training_data()[0], "y": lambda **_: training_data()[1]}


def same_network(
    *, first: str = "mup", second: str = "abc", boost: float = 0.0
) -> Design:
    """MF-1: parameters after 50 steps in two forms, widths 10 and 64."""
    X, y = training_data()
    a0, w0 = antisymmetric(1)
    gaps = []
    for width in (10, 64):
        mask = (np.arange(64) < width).astype(np.float64)
        ends = [
            train(form, a0, w0, mask, X, y, rate)
            for form, rate in ((first, 1.0), (second, float(width) ** boost))
        ]
        weights = mask[:, None]
        gap = np.abs(weights * (ends[0]["w"] - ends[1]["w"])).max()
        gaps.append(max(gap, np.abs(mask * (ends[0]["a"] - ends[1]["a"])).max()))
    return computed(gaps, 0.0, 1e-12, at={"width": (10, 64)})


def antisymmetric(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Amplitudes and weights of 64 neurons at an antisymmetric start, in float64."""
    draw = jax.jit(sims.antisymmetric_start, static_argnames=("max_width", "dim"))
    start = draw(jax.random.key(seed), jnp.float32(64), max_width=64, dim=6)
    return np.asarray(start["a"], float), np.asarray(start["w"], float)


@functools.cache
def _trainer(form: str, num_steps: int) -> Any:
    return jax.jit(
        functools.partial(sims.train_network, num_steps=num_steps, parametrization=form)
    )


def train(form: str, *args: Any, num_steps: int = 50) -> dict[str, np.ndarray]:
    """Train in float64; `abc` at s = 1."""
    return double(_trainer(form, num_steps), *args, 1.0)


def movement(
    *,
    widths: tuple[int, ...],
    exponents: tuple[float, ...] = (0.5, 0.75, 1.0),
    horizon: float = HORIZON,
    cap: int = CAP,
) -> Sweep:
    """Feature movement of every width and output exponent, one program."""
    return Sweep(
        sim=sims.learning_curve,
        static={"max_width": [cap], "num_steps": [STEPS]},
        dynamic={"output_exponent": exponents, "width": widths},
        derive=fixed(rate=horizon / STEPS),
        policy=Policy(effort="full"),
        shared=DATA,
    )


def movement_exponent(**sizes: Any) -> Design:
    """MF-2a: the exponent 1 − s of Δ_N, one point per s."""
    sweep = movement(**sizes)
    return Design(
        sweeps={"movement": sweep},
        observe=lambda data: rows(data["movement"].movement),
        claimed=1 - np.array([0.5, 0.75, 1.0]),
        tol=Tolerance(0.04, "terms of order 1/N on these widths"),
    )


def lazy_ratio(
    *,
    width: int,
    exponents: tuple[float, ...] = (0.5, 0.75),
    horizon: float = HORIZON,
    cap: int = CAP,
) -> Design:
    """MF-2b: N^{1−s}Δ_N over the discrete lazy constant."""
    sweep = movement(widths=(width,), exponents=exponents, horizon=horizon, cap=cap)
    constant = lazy_constant(horizon)

    def observe(data: Data) -> DataArray:
        found = data["movement"]
        return rows(found.movement * width ** (1 - found.output_exponent) / constant)

    return Design(
        sweeps={"movement": sweep},
        observe=observe,
        claimed=np.ones(len(exponents)),
        tol=Tolerance(0.01, "terms of order N^{s-1} at this width"),
    )


@functools.cache
def lazy_constant(horizon: float) -> float:
    """The lazy constant of the infinite ensemble: quasi-random weights, a² = 1."""
    X, y = training_data()
    points = stats.qmc.Sobol(6, rng=0).random_base2(14)
    w = stats.norm.ppf(np.clip(points, 1e-12, 1 - 1e-12))
    step = horizon / STEPS
    args = (np.ones(len(w)), w, X, y, horizon)
    return float(number(theory.lazy_displacement, *args, step=step))


CLAIMS = (
    Claim(
        id="MF-1",
        title="Maximal update is the mean-field scaling",
        statement=r"Training $(u^1,u^2)$ of $W^1=\sqrt N u^1$, $W^2=u^2/\sqrt N$ at "
        r"rate $\eta$ is training $f=\frac1N\sum a_i\sigma(w_i\cdot x)$ at $N\eta$.",
        provenance=Provenance("classical", "Yang and Hu 2021"),
        kind=kinds.identity(),
        design=same_network,
        sizes={"quick": {}, "paper": {}},
        mutants=(
            Mutant("rate times N twice", instead(same_network, boost=1.0), 0.1),
            Mutant("rate without N", instead(same_network, second="unscaled"), 0.1),
        ),
    ),
    Claim(
        id="MF-2a",
        title="Exponent of feature movement",
        statement=r"$\Delta_N=\sqrt{\mathrm{mean}_i|\theta_i(T)-\theta_i(0)|^2}\propto "
        r"N^{s-1}$ for $f=N^{-s}\sum a_i\sigma(w_i\cdot x)$.",
        provenance=Provenance("derived", "linearisation; qualitatively classical"),
        kind=kinds.exponent("width", omega=(1.0,), by=("output_exponent",)),
        design=movement_exponent,
        sizes={
            "quick": {"seeds": 16, "widths": (64, 128, 256, 512, 1024, 2048)},
            "paper": {
                "seeds": 64,
                "widths": (64, 128, 256, 512, 1024, 2048, 4096),
                "cap": 4096,
            },
        },
        mutants=(Mutant("slope s − ½", claiming(lambda: -np.array([0.0, 0.25, 0.5]))),),
    ),
    Claim(
        id="MF-2b",
        title="The lazy constant",
        statement=r"$N^{1-s}\Delta_N\to c_{\mathrm{lazy}}$ for $s<1$, not for $s=1$.",
        provenance=Provenance("derived", "tangent kernel at the start, Euler sum"),
        kind=kinds.value(),
        design=lazy_ratio,
        sizes={
            "quick": {"seeds": 64, "width": 1024},
            "paper": {"seeds": 256, "width": 4096, "cap": 4096},
        },
        mutants=(
            Mutant("without the 1/n", claiming(lambda: 1 / np.sqrt([24.0, 24.0]))),
            Mutant(
                "s = 1 at T = 30",
                lambda _: lazy_ratio(width=1024, exponents=(1.0,), horizon=30.0),
                0.07,
            ),
        ),
    ),
)
