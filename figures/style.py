"""One style for all figures: theory as lines, simulation as points, mutants dashed."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from numpy.typing import ArrayLike

COLUMN, PAGE = 3.4, 7.0  # widths in inches of a journal's column and page
GOLDEN = 0.72
# Okabe and Ito's palette, distinguishable with every common colour blindness.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MUTANT = "#8a8a8a"
STYLE = Path(__file__).with_name("limen.mplstyle")


def applied() -> AbstractContextManager[None]:
    """The style as a context; figures are made, drawn and saved inside it."""
    return mpl.rc_context(fname=STYLE)


def canvas(
    columns: int = 1, rows: int = 1, *, width: float | None = None, **options: Any
) -> tuple[Canvas, np.ndarray]:
    """A figure in limen's style and its axes as an array (rows, columns).

    Args:
        columns: Panels side by side.
        rows: Panels one below the other.
        width: Width in inches; a column for one panel, a page for several.
        options: Handed to `Figure.subplots` (`sharex`, `sharey`, …).

    Returns:
        The figure and a two-dimensional array of axes.
    """
    width = width or (COLUMN if columns == 1 else PAGE)
    height = rows * GOLDEN * width / columns
    with applied():
        figure = Canvas(figsize=(width, height), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, axes


def theory(axes: Axes, x: ArrayLike, y: ArrayLike, label: str, colour: int = 0) -> None:
    """Draw a theory curve as a line."""
    axes.plot(x, y, "-", color=COLOURS[colour], label=label, zorder=2)


def bound(axes: Axes, x: ArrayLike, y: ArrayLike, label: str, colour: int = 6) -> None:
    """Draw a bound as a dash-dotted line."""
    axes.plot(x, y, "-.", color=COLOURS[colour], label=label, zorder=2)


def points(
    axes: Axes,
    x: ArrayLike,
    y: ArrayLike,
    error: ArrayLike | None,
    label: str,
    colour: int = 0,
    marker: str = "o",
) -> None:
    """Draw simulated means as points with their standard errors as bars."""
    axes.errorbar(
        x,
        y,
        yerr=error,
        fmt=marker,
        color=COLOURS[colour],
        markerfacecolor="white",
        label=label,
        zorder=3,
    )


def mutant(axes: Axes, x: ArrayLike, y: ArrayLike, label: str) -> None:
    """Draw what a wrong formula or simulator would give, dashed and grey."""
    axes.plot(x, y, "--", color=MUTANT, label=label, zorder=1)
