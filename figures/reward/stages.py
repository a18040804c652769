"""Figure on both stages end to end: what is deployed beside what RW-18 says."""

import numpy as np
from matplotlib.figure import Figure as Canvas
from xarray import DataArray

from ...checks.reward import stages as checks
from ...theory import reward as theory
from .. import style
from ..figure import Data, Figure
from .curves import mean_and_error


def stages(data: Data) -> Canvas:
    """Deployed value and objective against overlaps that the same run reports."""
    figure, axes = style.canvas(len(checks.CASES), 2, sharex=True)
    for column, link in zip(axes.T, checks.CASES, strict=True):
        found = data["RW-18.stages"][link]
        for panel, name in zip(column, checks.NAMES, strict=True):
            for colour, beta in enumerate(checks.CASES[link][2]):
                curve = checks.curve(link, beta, name)
                label = rf"$\beta_2 = {beta}$"
                style.theory(panel, checks.GRID, curve, label, colour)
                best = getattr(theory.gibbs(beta, link=link), name)
                panel.axhline(float(best), color=style.COLOURS[colour], linestyle=":")
                runs = found.sel(readout_temperature=beta)
                seen, error = mean_and_error(runs[name])
                spanned, neuron = (
                    mean(checks.span(runs)),
                    mean(checks.best_neuron(runs)),
                )
                style.points(panel, spanned, seen, error, "", colour)
                panel.plot(neuron, seen, "|", color=style.COLOURS[colour])
        column[0].set_title(link, fontsize=8)
        column[1].set_xlabel("overlap $m$")
    axes[0, 0].set_ylabel(r"value $V(\hat\pi)$")
    axes[1, 0].set_ylabel(r"objective $J(\hat\pi)$")
    for panel in axes[0]:
        panel.legend(fontsize=6)
    return figure


def mean(runs: DataArray) -> np.ndarray:
    """Means over seeds for every feature temperature."""
    return mean_and_error(runs)[0]


FIGURES = (
    Figure(
        name="stages",
        caption="From samples to policy: mean value and objective of both stages "
        r"($d = 128$, 16 neurons; two feature temperatures; bars: one standard error) "
        "at the overlap of the best direction in the span of the neurons (circles) and "
        "at that of the best neuron (ticks), on the curves of RW-18. Dotted: optimum.",
        claims=("RW-18.stages",),
        draw=stages,
    ),
)
