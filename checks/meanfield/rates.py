"""Claims MF-3: the best learning rate against the width, and the edge of stability."""

from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from xarray import DataArray, Dataset

from ...sims import meanfield as sims
from ...sims.sweep import Policy, Sweep
from ...theory import meanfield as theory
from ...theory.meanfield import training as kernels
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from .common import Data, claiming, computed, fixed, instead, number, training_data
from .training import CAP, DATA, STEPS, antisymmetric, train


class Form(NamedTuple):
    """How a parametrization is trained, and where its best rate is looked for.

    Attributes:
        parametrization: Name for the simulator: one program each.
        output_exponent: s of f = N^-s Σ aσ (abc only).
        power: The rate is 2^octave / N^power, hence also the exponent of η*.
        octaves: Ends of the grid; the edge of abc does not depend on s.
    """

    parametrization: str
    output_exponent: float
    power: float
    octaves: tuple[float, float]


FORMS = {
    "abc": Form("abc", 1.0, 0.0, (1.0, 3.5)),
    "sp": Form("sp", 1.0, 1.0, (2.0, 5.25)),
    "ntk": Form("abc", 0.5, 0.0, (1.0, 3.5)),
}


def transfer(*, form: str, widths: tuple[int, ...], cap: int = CAP) -> Sweep:
    """Loss after 20 steps on a quarter-octave grid of learning rates."""
    name, exponent, power, (low, high) = FORMS[form]
    octaves = np.arange(low, high + 0.01, 0.25).tolist()
    return Sweep(
        sim=sims.learning_curve,
        static={"max_width": [cap], "num_steps": [STEPS], "parametrization": [name]},
        dynamic={"width": widths, "octave": octaves},
        derive={
            "rate": lambda octave, width, **_: 2.0**octave / width**power,
            **fixed(output_exponent=exponent),
        },
        policy=Policy(effort="full"),
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
    *,
    widths: tuple[int, ...],
    cap: int = CAP,
    forms: tuple[str, ...] = ("abc", "sp"),
    extra: float = 0.0,
) -> Design:
    """MF-3a: the exponents of η*; `extra` rescales maximal update by N^extra."""

    def observe(data: Data) -> DataArray:
        parts = [
            rows(best_rate(data[form], FORMS[form].power - extra * (form == "abc")))
            for form in forms
        ]
        seeds = min(part.sizes["seed"] for part in parts)
        return DataArray(
            np.concatenate([part.values[:seeds] for part in parts], axis=1),
            dims=("seed", "point"),
            coords={
                "width": ("point", np.tile(widths, len(forms))),
                "form": ("point", np.repeat(forms, len(widths))),
            },
        )

    return Design(
        sweeps={form: transfer(form=form, widths=widths, cap=cap) for form in forms},
        observe=observe,
        claimed=np.array([FORMS[form].power for form in forms]),
        tol=Tolerance(0.15, "grid and the hull over corrections 1/N and 1/√N"),
    )


def _unscaled(design: Design) -> Design:
    """The rate of maximal update without its factor N, from the same samples."""
    widths = tuple(design.sweeps["abc"].dynamic["width"])
    return replace(design, observe=transfer_exponent(widths=widths, extra=1.0).observe)


def edge_losses(
    *, counts: tuple[int, ...] = (1, 5, 20, 50, 100), wrong: bool = False
) -> Design:
    """MF-3b: loss at 0.98 and 1.02 × edge over the linear prediction."""
    X, y = training_data()
    a, w = antisymmetric(3)
    ratios, places = [], []
    for form in ("mup", "sp"):
        edge = float(
            number(theory.stability_edge_threshold, a, w, X, parametrization=form)
        )
        for factor in (0.98, 1.02):
            found = train(
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


WIDE = {"widths": (64, 128, 256, 512, 1024, 2048, 4096), "cap": 4096}

CLAIMS = (
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
            "paper": {"seeds": 64, **WIDE},
        },
        mutants=(
            Mutant("labels exchanged", claiming(lambda: [1.0, 0.0])),
            Mutant("rate not multiplied by N", _unscaled, 1.0),
        ),
    ),
    Claim(
        id="MF-3a.ntk",
        title="Learning-rate transfer without feature learning",
        statement=r"With $f=N^{-1/2}\sum a_i\sigma(w_i\cdot x)$ and a rate that does "
        r"not depend on $N$ the best learning rate scales as $N^0$ as well.",
        provenance=Provenance("derived", "the tangent kernel has a limit"),
        kind=kinds.exponent("width", by=("form",), typical=True),
        design=transfer_exponent,
        sizes={"paper": {"seeds": 64, **WIDE, "forms": ("ntk",)}},
        mutants=(
            Mutant("the law 1/N of standard parametrization", claiming(lambda: [1.0])),
            Mutant("the law 1/√N", claiming(lambda: [0.5])),
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
