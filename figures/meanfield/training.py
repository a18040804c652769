"""Figures on learning-rate transfer and feature movement."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import NullFormatter

from ...checks.meanfield import rates
from ...checks.meanfield import training as checks
from ...sims.sweep import Sweep
from .. import style
from ..figure import Data, Figure
from .common import clean, legend_below, moments

TITLES = {"abc": "maximal update", "sp": "standard parametrization"}
LAZY = {"ntk": r"NTK, $s=1/2$"}


def transfer(data: Data) -> Canvas:
    """Loss after training against the learning rate, all widths."""
    figure, axes = style.canvas(3, 1)
    figure.set_figheight(2.5)
    found = dict(data["MF-3a"].items()) | dict(data.sweeps.items())
    for axis, form in zip(axes[0], TITLES, strict=False):
        _curves(axis, clean(found[form]).loss.isel(step=-1), form)
    axes[0, 0].set_ylabel("loss after 20 steps")
    for colour, (form, name) in enumerate((TITLES | LAZY).items()):
        best: Any = np.log(rates.best_rate(found[form], rates.FORMS[form].power))
        mean = np.exp(best.mean("seed"))
        error = mean * best.std("seed", ddof=1) / np.sqrt(best.sizes["seed"])
        style.points(axes[0, 2], mean.width, mean, error, name, colour, "os^"[colour])
        law = mean[-1] * (mean.width / mean.width[-1]) ** -rates.FORMS[form].power
        style.theory(axes[0, 2], mean.width, law, "_", colour)
    axes[0, 2].set(xscale="log", yscale="log", xlabel="width $N$")
    axes[0, 2].set_title(r"best rate $\eta^*$")
    legend_below(axes[0, 2])
    return figure


def lazy_transfer(*, widths: tuple[int, ...], cap: int) -> dict[str, Sweep]:
    """Learning rates in NTK parametrization: the program of maximal update."""
    return {"ntk": rates.transfer(form="ntk", widths=widths, cap=cap)}


def _curves(axis: Any, loss: Any, form: str) -> None:
    power = rates.FORMS[form].power
    for colour, width in enumerate(loss.width.values):
        rate = 2.0**loss.octave.values / width**power
        values = np.nan_to_num(loss.sel(width=width).transpose(..., "octave"), nan=1e3)
        curve = np.exp(np.log(np.clip(values, 1e-12, 1e3)).mean(0))
        axis.plot(
            rate,
            curve,
            "o-",
            ms=2,
            lw=0.8,
            color=style.COLOURS[colour % 7],
            label=f"$N={int(width)}$",
        )
    axis.set(xscale="log", yscale="log", xlabel=r"learning rate $\eta$")
    axis.xaxis.set_minor_formatter(NullFormatter())
    least = min(np.nanmin(line.get_ydata()) for line in axis.lines)
    axis.set_ylim(least / 2, 2)
    axis.set_title(TITLES[form])
    legend_below(axis, 3)


def movement(data: Data) -> Canvas:
    """Feature movement against the width for three output exponents."""
    figure, axes = style.canvas()
    axis = axes[0, 0]
    found = clean(data["MF-2a"]["movement"])
    width = found.width.values
    constant = checks.lazy_constant(checks.HORIZON)
    for colour, s in enumerate(found.output_exponent.values):
        mean, error = moments(found.movement.sel(output_exponent=s))
        style.points(axis, width, mean, error, f"$s={s:g}$", colour, "os^"[colour])
        label = r"$c_{\mathrm{lazy}}N^{s-1}$" if colour == 0 else "_"
        style.theory(axis, width, constant * width ** (s - 1), label, colour)
    axis.set(xscale="log", yscale="log", xlabel="width $N$")
    axis.set_ylabel(r"movement $\Delta_N$")
    axis.legend()
    return figure


FIGURES = (
    Figure(
        name="transfer",
        caption=r"Loss after 20 full-batch steps against the learning rate at every "
        r"width: the best rate stays in maximal update, hardly moves in NTK "
        r"parametrization, which does not move its features, and falls like $1/N$ in "
        r"standard parametrization (right, with standard errors; lines: the laws, "
        r"through the last point).",
        claims=("MF-3a",),
        draw=transfer,
        sweeps=lazy_transfer,
        sizes={
            "quick": {"seeds": 16, "widths": (64, 256, 1024), "cap": rates.CAP},
            "paper": {"seeds": 64, **rates.WIDE},
        },
    ),
    Figure(
        name="movement",
        caption=r"Root-mean-square movement of neurons against the width for "
        r"$f=N^{-s}\sum a_i\sigma(w_i\cdot x)$: lazy for $s<1$ with its constant, of "
        r"order one in maximal update ($s=1$).",
        claims=("MF-2a",),
        draw=movement,
    ),
)
