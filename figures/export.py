"""Writes a figure as PNG and PDF, and the data that were drawn as CSV."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.collections import Collection, PathCollection, QuadMesh
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.figure import Figure as Canvas
from matplotlib.image import AxesImage

from .style import applied

COLUMNS = ("panel", "series", "x", "y", "low", "high")
Row = tuple[object, ...]


def save(figure: Canvas, stem: Path) -> list[Path]:
    """Write `stem`.png, .pdf and .csv.

    Args:
        figure: The drawn figure.
        stem: Path without suffix; its folder must exist.

    Returns:
        The three files.
    """
    png, pdf, table = (stem.with_suffix(s) for s in (".png", ".pdf", ".csv"))
    with applied():
        figure.set_dpi(mpl.rcParams["savefig.dpi"])
        FigureCanvasAgg(figure).print_png(png)  # `savefig` would draw everything twice
        figure.set_layout_engine("none")  # what was laid out once stays where it is
        FigureCanvasPdf(figure).print_pdf(pdf, metadata={"CreationDate": None})
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(drawn_rows(figure))
    return [png, pdf, table]


def drawn_rows(figure: Canvas) -> list[Row]:
    """The numbers behind every labelled artist, in the order of the panels.

    In a map (`pcolormesh`, `imshow`) the value stands in `low`. Artists whose label
    starts with an underscore are decoration and left out.
    """
    rows: list[Row] = []
    for number, axes in enumerate(figure.axes):
        panel = axes.get_title() or axes.get_ylabel() or f"panel {number}"
        rows += [(panel, *row) for row in _artists(axes)]
    return rows


def _artists(axes: Axes) -> Iterator[tuple]:
    inside_containers = set()
    for container in axes.containers:
        if isinstance(container, ErrorbarContainer | BarContainer):
            inside_containers |= {id(child) for child in container.get_children()}
            yield from _container(axes, container)
    for line in axes.lines:
        if id(line) not in inside_containers and _is_named(line.get_label()):
            yield from _xy(str(line.get_label()), line.get_xdata(), line.get_ydata())
    for collection in axes.collections:
        yield from _collection(collection)
    for image in axes.images:
        yield from _image(image)


def _collection(collection: Collection) -> Iterator[tuple]:
    if isinstance(collection, QuadMesh):
        yield from _map(collection)
    elif isinstance(collection, PathCollection) and _is_named(collection.get_label()):
        offsets = np.asarray(collection.get_offsets())
        yield from _xy(str(collection.get_label()), offsets[:, 0], offsets[:, 1])


def _container(
    axes: Axes, container: ErrorbarContainer | BarContainer
) -> Iterator[tuple]:
    label = str(container.get_label())
    if isinstance(container, BarContainer):
        names = [tick.get_text() for tick in axes.get_xticklabels()]
        for i, bar in enumerate(container.patches):
            x = bar.get_x() + bar.get_width() / 2
            name = names[i] if i < len(names) and not _is_named(label) else label
            yield name, x, bar.get_height(), "", ""
        return
    line, _, bars = container
    if line is None:
        return
    x, y = np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)
    low, high = [""] * len(x), [""] * len(x)
    if bars and container.has_yerr:
        unknown = (np.nan, np.nan)  # the bar of an error that is not a number
        segments = bars[-1].get_segments()
        ends = np.array([s[:, 1] if len(s) == 2 else unknown for s in segments])
        low, high = ends.min(axis=1).tolist(), ends.max(axis=1).tolist()
    yield from zip([label] * len(x), x.tolist(), y.tolist(), low, high, strict=True)


def _xy(label: str, x: object, y: object) -> Iterator[tuple]:
    for a, b in zip(np.asarray(x).tolist(), np.asarray(y).tolist(), strict=True):
        yield label, a, b, "", ""


def _map(mesh: QuadMesh) -> Iterator[tuple]:
    """Values at the centres of the cells, or at the corners if they stand there."""
    corners = np.asarray(mesh.get_coordinates())
    values = np.ma.asarray(mesh.get_array(), float)
    at_corners = values.size == corners.shape[0] * corners.shape[1]
    centres = corners if at_corners else (corners[:-1, :-1] + corners[1:, 1:]) / 2
    values = values.reshape(centres.shape[:2])
    for index, value in np.ndenumerate(values.filled(np.nan)):
        x, y = centres[index]
        yield "map", float(x), float(y), float(value), ""


def _image(image: AxesImage) -> Iterator[tuple]:
    for (i, j), value in np.ndenumerate(np.ma.asarray(image.get_array(), float)):
        yield "map", float(j), float(i), float(value), ""


def _is_named(label: object) -> bool:
    return not re.match(r"_|$", str(label))
