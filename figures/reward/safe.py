"""Figure on safe deployment temperatures."""

import functools
from collections.abc import Mapping
from dataclasses import replace

import jax
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from xarray import Dataset

from ...checks.reward import temperatures as checks
from ...checks.reward.common import admissible, nodes, number, reward_at
from ...sims.sweep import Sweep
from ...theory import reward as theory
from .. import style
from ..figure import Data, Figure
from .curves import mean_and_error

GRID = (0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.5, 2.0, 2.5, 3.0)  # of the left panel
ALL = tuple(sorted({*checks.FINE, *GRID}))
FLOOR = -0.55
SHOWN = {  # sweep and proxy error to colour and label
    ("label", 0.0): (0, "label"),
    ("surrogate", 0.0): (1, r"surrogate, $\kappa = 0$"),
    ("surrogate", 1.0): (2, r"surrogate, $\kappa = 1$"),
    ("none", 0.0): (3, "no weights"),
}
SAMPLES = (500, 1000, 2000, 4000)


def unweighted(found: Sweep) -> Sweep:
    """The same readouts without weights."""
    return replace(found, static={**found.static, "weights": ["none"]})


def deployed(
    *, errors: tuple[float, ...], samples: tuple[int, ...]
) -> Mapping[str, Sweep]:
    """Readouts of all weightings, and at other numbers of samples."""
    made = {
        "label": checks.readouts(ALL),
        "surrogate": checks.readouts(ALL, errors),
        "none": unweighted(checks.readouts(GRID)),
    }
    for count in samples:
        made[f"label {count}"] = checks.readouts(checks.FINE, num_samples=count)
        made[f"surrogate {count}"] = checks.readouts(
            checks.FINE, (0.0,), num_samples=count
        )
    return made


@functools.cache
def sets(
    temperatures: tuple[float, ...], weights: str, error: float, count: int = 2000
) -> theory.Admissible:
    """Admissible sets of the law of the readout."""
    z, _ = nodes()
    return admissible(
        temperatures,
        *(count, checks.GAIN, 0.9, 0.7, 1e-3, 2.0),
        reward_at("cos4", z) + error * np.sin(1.5 * z),
        jax.random.key(8),
        link="cos4",
        weights=weights,
        num_features=8,
    )


def margins(weights: str, error: float, count: int) -> np.ndarray:
    """Margins of the bound on the grid of lower ends; those of the left panel again."""
    is_shown = count == 2000 and (weights, error) in SHOWN
    grid = ALL if is_shown else checks.FINE
    kept = np.isin(grid, checks.FINE)
    return np.asarray(sets(grid, weights, error, count).margin)[kept]


def runs(data: Data, weights: str, error: float, count: int = 2000) -> Dataset | None:
    """The readouts of one weighting, if they were run."""
    name = weights if count == 2000 else f"{weights} {count}"
    found = data.sweeps.get(name)
    if found is None or "proxy_error" not in found.dims:
        return found
    return found.sel(proxy_error=error) if error in found["proxy_error"] else None


def safe(data: Data) -> Canvas:
    """Deployed values with what the bound guarantees; lower ends of the safe sets."""
    figure, axes = style.canvas(3, 1, width=style.PAGE)
    figure.set_figheight(2.4)
    left, middle, right = axes[0]
    draw_values(left, data)
    for weights, colour in (("label", 0), ("surrogate", 1)):
        wrong = checks.ERRORS if weights == "surrogate" else (0.0,)
        cases = [(weights, error, 2000) for error in wrong]
        draw_ends(middle, data, np.array(wrong), cases, (colour, weights))
        cases = [(weights, 0.0, count) for count in SAMPLES]
        draw_ends(right, data, np.array(SAMPLES), cases, (colour, weights))
    middle.set(xlabel=r"proxy error $\kappa$", ylabel="lower end of safe set")
    right.set(xlabel="samples $n$", xscale="log")
    right.set_xticks(SAMPLES, [str(count) for count in SAMPLES])
    right.minorticks_off()
    for panel in (middle, right):
        panel.set_ylim(0.38, 0.92)
    middle.legend(fontsize=6)
    return figure


def draw_values(panel: Axes, data: Data) -> None:
    """Optimal, guaranteed and deployed values; the sets of the bound as bars."""
    style.theory(panel, np.array(ALL), checks.numbers_of(ALL)[0], "$V^*$", 6)
    for row, ((weights, error), (colour, label)) in enumerate(SHOWN.items()):
        found = sets(ALL, weights, error, 2000)
        base = number(nodes()[1] @ reward_at("cos4", nodes()[0]))
        sure = np.asarray(found.margin) + base + checks.GAIN
        style.bound(panel, np.array(ALL), np.maximum(sure, 2 * FLOOR), "", colour)
        inside = np.array(ALL)[np.asarray(found.bound)]
        level = FLOOR + 0.06 * (row + 1)
        panel.plot(
            [inside.min(), inside.max()],
            [level, level],
            color=style.COLOURS[colour],
            linewidth=3,
        )
        seen = runs(data, weights, error)
        if seen is not None:
            value = seen.value.sel(temperature=list(GRID))
            mean, bars = mean_and_error(value)
            style.points(panel, np.array(GRID), mean, bars, label, colour)
    panel.axhline(checks.GAIN, color="black", linewidth=0.5)
    panel.set(ylabel="value", ylim=(FLOOR, 2.0), xscale="log")
    panel.set_xticks([0.4, 0.6, 1, 2, 3], ["0.4", "0.6", "1", "2", "3"])
    panel.minorticks_off()
    panel.set_xlabel(r"deployment temperature $\beta_2$")
    panel.legend(fontsize=5.5, loc="upper right", ncols=2)


def draw_ends(
    panel: Axes,
    data: Data,
    places: np.ndarray,
    cases: list[tuple[str, float, int]],
    look: tuple[int, str],
) -> None:
    """Lower ends by the law of the readout, and of fitted ones."""
    colour, label = look
    laws = [-margins(*case) for case in cases]
    ends = checks.lower_end(np.array(laws))
    if len(places) == 1:
        panel.axhline(ends[0], color=style.COLOURS[colour], label=label)
    else:
        style.theory(panel, places, ends, label, colour)
    for place, case in zip(places, cases, strict=True):
        found = runs(data, *case)
        if found is not None:
            end, error = end_and_error(shortfalls(found))
            style.points(panel, [place], [end], [error], "", colour)


def shortfalls(found: Dataset) -> np.ndarray:
    """By how much the bound misses the gain: (seed, temperature)."""
    best = checks.numbers_of(checks.FINE)
    z, weights = nodes()
    goal = float(weights @ reward_at("cos4", z)) + checks.GAIN
    here = found.chi2.sel(temperature=list(checks.FINE)).transpose("seed", ...)
    chi2 = here.values.reshape(here.sizes["seed"], len(checks.FINE))
    return goal - best[0] + np.sqrt(best[1] * chi2)


def end_and_error(table: np.ndarray) -> tuple[float, float]:
    """Lower end from rows of shortfalls; its error by the bootstrap."""
    rng = np.random.default_rng(8)
    again = [
        checks.ends_of(table[rng.integers(0, len(table), len(table))])
        for _ in range(200)
    ]
    return float(checks.ends_of(table)[0]), float(np.std(again, ddof=1))


FIGURES = (
    Figure(
        name="safe-temperatures",
        caption=r"Safe deployment temperatures, cos4, $\tau = 0.7$, $p = 8$, "
        r"$n = 2000$, $\delta = 0.3$. Left: optimal value, what the bound guarantees "
        r"with confidence 0.9 (dash-dotted: $\sigma_\beta\sqrt{\chi^2}$ below $V^*$), "
        "deployed values (circles, bars: one standard error), and the admissible sets "
        "of the bound (at the bottom). Middle and right: their lower end against the "
        r"proxy's error $\kappa$ and the number of samples, by the normal law of the "
        "readout (lines) and from fitted readouts (circles, bars: bootstrap).",
        claims=("RW-17.safe",),
        draw=safe,
        sweeps=deployed,
        sizes={
            "quick": {"seeds": 48, "errors": (0.0, 0.5, 1.0), "samples": ()},
            "paper": {"seeds": 512, "errors": checks.ERRORS}
            | {"samples": (500, 1000, 4000)},
        },
    ),
)
