"""Figures of measured speed: drawn by `benchmarks/bench_hawkes.py` from its timings."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.figure import Figure as Canvas

from .. import style

MARKERS = "osv^D<>p"


def speed(rates: Sequence[tuple[str, int, float]]) -> Canvas:
    """Events per second against the number of nodes, one curve per simulator.

    Args:
        rates: Rows (simulator, number of nodes, events per second).

    Returns:
        The figure.
    """
    figure, axes = style.canvas(1, width=4.6)
    panel = axes[0, 0]
    for index, name in enumerate(dict.fromkeys(row[0] for row in rates)):
        sizes, speeds = np.array([row[1:] for row in rates if row[0] == name]).T
        panel.plot(
            sizes, speeds, "-", marker=MARKERS[index % len(MARKERS)], label=name,
            color=style.COLOURS[index % len(style.COLOURS)],
        )  # fmt: skip
    panel.set_xscale("log", base=2)
    panel.set_yscale("log")
    panel.set_xlabel("nodes $d$")
    panel.set_ylabel("events per second")
    figure.legend(loc="outside right upper", fontsize=6)
    return figure


def side_by_side(
    times: Float[np.ndarray, " k"],
    methods: Mapping[str, tuple[Bool[np.ndarray, "paths k"], float]],
) -> Canvas:
    """Exact recovery against time, and wall time a path, of methods on the same events.

    Args:
        times: Observation times.
        methods: Name to the successes of every path, and milliseconds a path.

    Returns:
        The figure.
    """
    figure, axes = style.canvas(2)
    left, right = axes[0]
    places = np.arange(len(methods))
    colours = [style.COLOURS[index % len(style.COLOURS)] for index in places]
    for index, (name, (exact, _)) in enumerate(methods.items()):
        mean = exact.mean(axis=0)
        error = np.sqrt(mean * (1 - mean) / len(exact))
        left.errorbar(
            times, mean, error, marker=MARKERS[index], color=colours[index], label=name
        )
    left.set_xlabel(r"observation time $T$  [$1/\beta$]")
    left.set_ylabel("probability of exact recovery")
    for place, (_, cost) in zip(places, methods.values(), strict=True):
        right.plot(cost, place, marker=MARKERS[place], color=colours[place])
    right.set_yticks(places, list(methods), fontsize=6)
    right.invert_yaxis()
    right.set_xscale("log")
    right.set_xlabel("wall time  [ms a path]")
    return figure
