"""Claims MF-1, MF-2 and MF-3: what maximal-update parametrization is and does."""

import functools
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats
from xarray import DataArray, Dataset

from ...sims import meanfield as sims
from ...sims.sweep import Sweep
from ...theory import meanfield as theory
from ...theory.meanfield import training as kernels
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
    start = sims.antisymmetric_start(
        jax.random.key(1), jnp.float32(64), max_width=64, dim=6
    )
    a0, w0 = (np.asarray(start[k], dtype=np.float64) for k in ("a", "w"))
    gaps = []
    for width in (10, 64):
        mask = (np.arange(64) < width).astype(np.float64)
        ends = [
            _train(form, a0, w0, mask, X, y, rate)
            for form, rate in ((first, 1.0), (second, float(width) ** boost))
        ]
        weights = mask[:, None]
        gap = np.abs(weights * (ends[0]["w"] - ends[1]["w"])).max()
        gaps.append(max(gap, np.abs(mask * (ends[0]["a"] - ends[1]["a"])).max()))
    return computed(gaps, 0.0, 1e-12, at={"width": (10, 64)})


@functools.cache
def _trainer(form: str, num_steps: int) -> Any:
    return jax.jit(
        functools.partial(sims.train_network, num_steps=num_steps, parametrization=form)
    )


def _train(form: str, *args: Any, num_steps: int = 50) -> dict[str, np.ndarray]:
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


def transfer(*, form: str, widths: tuple[int, ...], cap: int = CAP) -> Sweep:
    """Loss after 20 steps on a quarter-octave grid of learning rates."""
    low, high = {"abc": (1.0, 3.5), "sp": (2.0, 5.25)}[form]
    octaves = np.arange(low, high + 0.01, 0.25).tolist()
    power = 1.0 if form == "sp" else 0.0
    return Sweep(
        sim=sims.learning_curve,
        static={
            "max_width": [cap],
            "num_steps": [STEPS],
            "parametrization": [form],
        },
        dynamic={"width": widths, "octave": octaves},
        derive={
            "rate": lambda octave, width, **_: 2.0**octave / width**power,
            **fixed(output_exponent=1.0),
        },
        shared=DATA,
        crn=True,
    )


def best_rate(data: Dataset, power: float) -> DataArray:
    """Learning rate of least final loss, by a parabola in log₂ of the rate."""
    loss = data.loss.isel(step=-1).squeeze(("max_width", "num_steps"), drop=True)
    loss = loss.squeeze("parametrization", drop=True).transpose(..., "octave")
    log = np.log(np.where(np.isfinite(loss), np.clip(loss, 1e-30, 1e3), 1e3))
    best = np.clip(log.argmin(-1), 1, log.shape[-1] - 2)
    left, middle, right = (
        np.take_along_axis(log, (best + k)[..., None], -1)[..., 0] for k in (-1, 0, 1)
    )
    bend = left - 2 * middle + right
    shift = np.where(bend > 0, (left - right) / (2 * np.where(bend > 0, bend, 1)), 0)
    octave = loss.octave.values[best] + 0.25 * np.clip(shift, -1, 1)
    found = loss.isel(octave=0, drop=True).copy(data=2.0**octave)
    return found / found.width**power


def transfer_exponent(
    *, widths: tuple[int, ...], cap: int = CAP, unscaled: bool = False
) -> Design:
    """MF-3a: the exponents of η*: 0 (maximal update) and 1 (standard)."""
    power = {"abc": -1.0 if unscaled else 0.0, "sp": 1.0}

    def observe(data: Data) -> DataArray:
        parts = [
            rows(best_rate(data[form], power[form])).assign_coords(
                form=("point", [form] * len(widths))
            )
            for form in ("abc", "sp")
        ]
        seeds = min(part.sizes["seed"] for part in parts)
        joined = np.concatenate([p.values[:seeds] for p in parts], axis=1)
        return DataArray(
            joined,
            dims=("seed", "point"),
            coords={
                "width": ("point", np.tile(widths, 2)),
                "form": ("point", np.repeat(("abc", "sp"), len(widths))),
            },
        )

    return Design(
        sweeps={
            form: transfer(form=form, widths=widths, cap=cap) for form in ("abc", "sp")
        },
        observe=observe,
        claimed=np.array([0.0, 1.0]),
        tol=Tolerance(0.15, "grid and the hull over corrections 1/N and 1/√N"),
    )


def edge_losses(
    *, counts: tuple[int, ...] = (1, 5, 20, 50, 100), wrong: bool = False
) -> Design:
    """MF-3b: loss at 0.98 and 1.02 × edge over the linear prediction."""
    X, y = training_data()
    start = sims.antisymmetric_start(
        jax.random.key(3), jnp.float32(64), max_width=64, dim=6
    )
    a, w = (np.asarray(start[k], dtype=np.float64) for k in ("a", "w"))
    ratios, places = [], []
    for form in ("mup", "sp"):
        edge = float(
            number(theory.stability_edge_threshold, a, w, X, parametrization=form)
        )
        for factor in (0.98, 1.02):
            found = _train(
                "abc" if form == "mup" else form,
                a,
                w,
                np.ones(64),
                X,
                1e-6 * y,
                factor * edge,
                num_steps=max(counts),
            )["loss"]
            predicted = linear_losses(a, w, factor * edge, form, wrong)
            ratios += [found[k] / predicted[k] for k in counts]
            places += [(form, factor, k) for k in counts]
    names = ("form", "factor", "steps")
    return computed(
        ratios,
        1.0,
        1e-4,
        "second order in the target scale 1e-6",
        at=dict(zip(names, zip(*places, strict=True), strict=True)),
    )


def linear_losses(
    a: np.ndarray, w: np.ndarray, rate: float, form: str, wrong: bool = False
) -> np.ndarray:
    """½ mean |(I − ηK)^k y|² for k ≤ 100; `wrong` forgets the inner layer's 1/N."""
    X, y = training_data()
    with jax.enable_x64(True):
        arrays = [jnp.asarray(array) for array in (a, w, X)]
        outer, inner = kernels.tangent_kernels(arrays[0], arrays[1], arrays[2], "tanh")
        outer, inner = np.asarray(outer), np.asarray(inner)
    width = len(a)
    if form == "sp":
        kernel = width * outer + (width if wrong else 1) * inner
    else:
        kernel = outer + (0 if wrong else 1) * inner
    residual, losses = 1e-6 * y, []
    for _ in range(101):
        losses.append(np.mean(residual**2) / 2)
        residual = residual - rate * kernel @ residual
    return np.array(losses)


def edge_slope(*, form: str = "sp", starts: int = 8) -> Design:
    """MF-3c: slope of the log of the edge in log N, mean over starts."""
    X, _ = training_data()
    widths = 2 ** np.arange(8, 13)
    rng = np.random.default_rng(0)
    logs = np.zeros(len(widths))
    for _ in range(starts):
        a, w = rng.standard_normal(4096), rng.standard_normal((4096, 6))
        for j, width in enumerate(widths):
            edge = number(
                theory.stability_edge_threshold,
                a[:width],
                w[:width],
                X,
                parametrization=form,
            )
            logs[j] += np.log(edge) / starts
    slope = np.polyfit(np.log(widths), logs, 1)[0]
    return computed([slope], -1.0, 0.05, "draw noise of the starts")


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
    Claim(
        id="MF-3a",
        title="Learning-rate transfer",
        statement=r"The best learning rate after 20 steps scales as $N^0$ in maximal "
        r"update and as $N^{-1}$ in standard parametrization.",
        provenance=Provenance("classical", "Yang et al. 2022"),
        kind=kinds.exponent("width", by=("form",), typical=True),
        design=transfer_exponent,
        sizes={
            "quick": {"seeds": 32, "widths": (64, 128, 256, 512, 1024, 2048)},
            "paper": {
                "seeds": 64,
                "widths": (64, 128, 256, 512, 1024, 2048, 4096),
                "cap": 4096,
            },
        },
        mutants=(
            Mutant("labels exchanged", claiming(lambda: [1.0, 0.0])),
            Mutant(
                "rate not multiplied by N",
                lambda design: replace(
                    design,
                    observe=transfer_exponent(
                        widths=tuple(_widths(design)), unscaled=True
                    ).observe,
                ),
                1.0,
            ),
        ),
    ),
    Claim(
        id="MF-3b",
        title="Losses at the edge of stability",
        statement=r"With small targets the loss after $k$ steps is "
        r"$\frac12\mathrm{mean}|(I-\eta K)^ky|^2$ on both sides of $2/\lambda_1(K)$.",
        provenance=Provenance("derived", "linearisation at the antisymmetric start"),
        kind=kinds.identity(),
        design=edge_losses,
        sizes={"quick": {}, "paper": {}},
        mutants=(
            Mutant(
                "inner layer left out, or without its 1/N",
                instead(edge_losses, wrong=True),
                0.9,
            ),
        ),
    ),
    Claim(
        id="MF-3c",
        title="The edge in standard parametrization",
        statement=r"$\eta_{\mathrm{edge}}\propto N^{-1}$ in standard parametrization.",
        provenance=Provenance("derived", "largest eigenvalue of the tangent kernel"),
        kind=kinds.identity(),
        design=edge_slope,
        sizes={"quick": {}, "paper": {"starts": 64}},
        mutants=(
            Mutant("the edge of maximal update", instead(edge_slope, form="mup"), 1.0),
        ),
    ),
)


def _widths(design: Design) -> list[int]:
    """The widths of a transfer design."""
    return list(design.sweeps["abc"].dynamic["width"])
