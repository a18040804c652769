"""Draws the picture of the README: python -m limen.sims.sweep.life_of_a_lane FILE."""

import sys
from collections.abc import Sequence
from pathlib import Path

WIDTH, HEIGHT, GAP = 150, 74, 26
STAGES = (
    ("a cell", "axis values of a sweep", "checked, all at once"),
    ("a lane", "cell, seed, replica", "key = fold_in(experiment,", "cell, lane)"),
    (
        "a quantum",
        "16 seeds of one cell,",
        "its address a digest of",
        "values and inputs",
    ),
    ("a tile", "lanes of any cells,", "fixed number per device"),
    (
        "a program",
        "one per static signature,",
        "compiled ahead, called",
        "tile after tile",
    ),
    ("a block", "quanta with checksum:", "write, fsync, rename"),
    ("a row", "read, verified, labelled:", "dims (axes, seed, …)"),
)
STYLE = (
    "<style>text{font-family:sans-serif;font-size:11px;text-anchor:middle;fill:#222}"
    ".head{font-weight:bold;font-size:13px}rect{fill:#eef3f8;stroke:#335c81}"
    "path{stroke:#335c81;fill:none;marker-end:url(#tip)}.back{stroke-dasharray:4 3;"
    "stroke:#a33}.note{fill:#a33}</style><defs><marker id='tip' markerWidth='8' "
    "markerHeight='8' refX='7' refY='3' orient='auto'><path d='M0,0L7,3L0,6' "
    "style='marker-end:none;fill:#335c81'/></marker></defs>"
)


def picture() -> str:
    """The life of a lane as SVG."""
    step = WIDTH + GAP
    boxes = [_box(10 + i * step, 30, lines) for i, lines in enumerate(STAGES)]
    arrows = [
        f"<path d='M{10 + i * step + WIDTH},67H{10 + (i + 1) * step - 2}'/>"
        for i in range(len(STAGES) - 1)
    ]
    right, left = 10 + 5.5 * step, 10 + 2 * step + WIDTH / 2
    back = (
        f"<path class='back' d='M{right},104V140H{left}V108'/>"
        f"<text class='note' x='{(left + right) / 2}' y='156'>a damaged block goes to "
        "quarantine, a killed run leaves whole blocks: only what is missing is "
        "computed again, with the same bits</text>"
    )
    size = f"width='{20 + len(STAGES) * step - GAP}' height='170'"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' {size}>{STYLE}"
        f"{''.join([*boxes, *arrows])}{back}</svg>\n"
    )


def _box(x: float, y: float, lines: Sequence[str]) -> str:
    head, *rest = lines
    middle = x + WIDTH / 2
    texts = [f"<text class='head' x='{middle}' y='{y + 18}'>{head}</text>"]
    texts += [
        f"<text x='{middle}' y='{y + 35 + 14 * i}'>{line}</text>"
        for i, line in enumerate(rest)
    ]
    shape = f"<rect x='{x}' y='{y}' width='{WIDTH}' height='{HEIGHT}' rx='6'/>"
    return shape + "".join(texts)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture(), encoding="utf-8")
