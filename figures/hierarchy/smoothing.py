"""The finite-size window, on the universal curve."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure as Canvas

from ...checks.hierarchy.teachers import actual, curve, theory
from ...checks.hierarchy.window import (
    DISTANCES,
    SHARED_COUNTS,
    noisy,
    tabulated,
    window_rows,
)
from ...sims.sweep import Sweep
from .. import style
from ..figure import Data, Figure
from .curves import Limits, mean_and_error, table

RATIOS = (1.5, 2.25, 3.0, 3.75, 4.5, 6.0)
SHARED = tuple(n / 64 for n in SHARED_COUNTS)  # those of HS-8 at quick


def window(
    *, dims: tuple[int, ...], ratios: tuple[float, ...], size: int, replicas: int
) -> Mapping[str, Sweep]:
    """The table of c(w), and one noisy feature around its threshold."""
    table_sweep = {"table": tabulated(size=size, replicas=replicas)}
    curves = {f"D={dim}": curve(noisy(), size=dim, ratios=ratios) for dim in dims}
    return table_sweep | curves


def draw_window(data: Data) -> Canvas:
    """Rescaled overlaps on c(w); inset: raw curves."""
    overlap = table(data.sweeps["table"], "overlap")[:, : len(DISTANCES)]
    c, error = mean_and_error(window_rows(overlap, DISTANCES, data.sizes["size"]))
    knots = np.stack([DISTANCES, c], axis=1)
    limits = Limits(noisy())
    figure, panels = style.canvas(2, 1)
    left, right = panels[0]
    fine = np.linspace(-6, 6, 200)
    curve_c = np.asarray(theory.window_function(fine, knots))
    style.theory(left, fine, curve_c, "$c(w)$, tridiagonal", 6)
    left.errorbar(DISTANCES, c, error, fmt="k.", ms=3)
    style.mutant(left, fine, 2 * np.maximum(fine, 0), "no smoothing, $2w_+$")
    along = data.sizes["ratios"]
    dense = np.linspace(along[0], along[-1], 19)
    for place, dim in enumerate(data.sizes["dims"]):
        ratios = actual(dim, along)
        q, spread = mean_and_error(table(data.sweeps[f"D={dim}"], "overlap")[..., 0])
        w, amplitude, limit = _windows(limits, ratios, dim)
        rescaled = (q - limit) * dim ** (1 / 3) / amplitude + 2 * np.maximum(w, 0)
        scaled = spread * dim ** (1 / 3) / amplitude
        style.points(left, w, rescaled, scaled, f"$D = {dim}$", place)
        style.points(right, ratios, q, spread, f"$D = {dim}$", place)
        style.theory(right, dense, _smoothed(limits, dense, dim, knots), "", place)
    style.mutant(right, dense, limits.overlaps(dense)[:, 0], r"$D\to\infty$ (HS-3)")
    left.set(
        xlabel="window distance $w$", ylabel=r"$D^{1/3}q/K$, rescaled", xlim=(-4, 4)
    )
    left.set_ylim(-0.3, 8)
    right.set(xlabel="$n/D$", ylabel="mean squared overlap $q_1$")
    for axes in (left, right):
        axes.legend(loc="upper left")
    return figure


def _windows(
    limits: Limits, ratios: np.ndarray, dim: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """w, K and the limit of HS-3 at every ratio."""
    teacher = limits.teacher
    parts = [(limits.law, limits.values, teacher.scale, float(r), 0, 1) for r in ratios]
    found = [theory.spectral_window(*part) for part in parts]
    distance = np.array([float(window.distance) for window in found])
    amplitude = np.array([float(window.amplitude) for window in found])
    return distance * dim ** (1 / 3), amplitude, limits.overlaps(ratios)[:, 0]


def _smoothed(
    limits: Limits, ratios: np.ndarray, dim: int, knots: np.ndarray
) -> np.ndarray:
    """HS-8 along a curve."""
    w, amplitude, limit = _windows(limits, ratios, dim)
    c = np.asarray(theory.window_function(w, knots))
    return limit + amplitude * dim ** (-1 / 3) * (c - 2 * np.maximum(w, 0))


FIGURES = (
    Figure(
        name="finite-size-window",
        caption="Finite-size smoothing of a threshold (one feature, label noise 3). "
        "Left: overlaps in window units on the universal curve $c(w)$, which is"
        " sampled anew by the tridiagonal sampler; nothing is fitted. Right: "
        "the raw curves with the prediction HS-8, and the kink without "
        "smoothing.",
        sweeps=window,
        sizes={
            "quick": {
                "seeds": 128,
                "dims": (64,),
                "ratios": SHARED,
                "size": 250,
                "replicas": 4,
            },
            "paper": {
                "seeds": 512,
                "dims": (64, 128, 256),
                "ratios": RATIOS,
                "size": 1000,
                "replicas": 4,
            },
        },
        draw=draw_window,
    ),
)
