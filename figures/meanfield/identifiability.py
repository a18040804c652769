"""Figures on identifiability, the sparse dictionary and the learning cell."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from ...checks.meanfield import identifiability as checks
from ...checks.meanfield.common import number
from ...sims import meanfield as sims
from ...theory import meanfield as theory
from .. import style
from ..figure import Data, Figure
from .common import clean, legend_below


def depths(_: Data) -> Canvas:
    """Orbit and variety depth against the number of atoms, and a witness pair."""
    figure, axes = style.canvas(3, 1)
    figure.set_figheight(2.6)
    tables = dict(zip(checks.DEPTHS, _split(checks.measured_depths()), strict=True))
    axis = axes[0, 0]
    atoms = np.arange(1, 8)
    for colour, parity in enumerate(("both", "odd", "even")):
        orbit = [theory.orbit_depth(int(s), parity=parity) for s in atoms]
        style.bound(axis, atoms, orbit, f"orbit, {parity}", colour)
        table = tables[3, parity]
        axis.plot(
            np.arange(1, len(table) + 1),
            table,
            "o-",
            color=style.COLOURS[colour],
            label=f"variety $d=3$, {parity}",
            ms=3,
        )
    axis.set(xlabel="atoms $S$", ylabel="depth")
    legend_below(axis, 2)
    _defects(axes[0, 1])
    _witness(axes[0, 2])
    return figure


def _split(depths: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Measured depths cut into the tables of `DEPTHS`."""
    ends = np.cumsum([len(table) for table in checks.DEPTHS.values()])
    return [tuple(part) for part in np.split(np.array(depths), ends[:-1])]


def _defects(axis: Any) -> None:
    for colour, (degree, dim) in enumerate(((4, 3), (3, 5), (4, 4))):
        atoms = np.arange(1, 12)
        full = min(atoms[-1] * dim, 10**6)
        rank = [theory.pure_rank(int(s), dim=dim, degree=degree) for s in atoms]
        label = f"$k={degree}$, $d={dim}$"
        axis.plot(atoms, rank, "o-", ms=3, color=style.COLOURS[colour], label=label)
        for k, d, s in checks.DEFECTIVE:
            if (k, d) == (degree, dim) and s * dim <= full:
                value = theory.pure_rank(s, dim=d, degree=k)
                axis.plot(s, value, "x", color="k", ms=8, mew=1.5)
    axis.plot([], [], "xk", label="one less than counted")
    axis.set(xlabel="atoms $S$", ylabel="rank of one degree")
    legend_below(axis, 2)


def _witness(axis: Any) -> None:
    angle = np.linspace(0, 2 * np.pi, 200)
    axis.plot(np.cos(angle), np.sin(angle), color="0.8")
    for colour, shift in enumerate((0.0, np.pi / 4)):
        corner = np.pi / 2 * np.arange(5) + shift
        axis.plot(
            np.cos(corner),
            np.sin(corner),
            "os"[colour] + "-",
            color=style.COLOURS[colour],
            label=("$m$", "$m'$")[colour],
        )
    axis.set_aspect("equal")
    axis.set_xlim(-1.3, 1.9)
    axis.set_title("same function up to degree 3")
    axis.axis("off")
    legend_below(axis, 2)


def staircase(data: Data) -> Canvas:
    """Number of atoms and masses against the ridge, and the excess energy."""
    figure, axes = style.canvas(3, 1)
    found = clean(data["MF-12"]["flow"]).isel(seed=0)
    ridges = found.lam.values
    atoms = [
        sims.cluster_atoms(lane.a.values, lane.w.values, degree=3)
        for lane in (found.sel(lam=lam) for lam in ridges)
    ]
    grid = np.linspace(0.0, 1.3, 300)
    count = [number(theory.sparse_count, checks.TEACHER, lam) for lam in grid]
    style.theory(axes[0, 0], grid, count, r"$\#\{|c_j|\kappa(1)>\lambda\}$")
    style.points(axes[0, 0], ridges, [len(a) for a in atoms], None, "conic flow", 1)
    axes[0, 0].set(xlabel=r"ridge $\lambda$", ylabel="atoms $S^*$")
    axes[0, 0].legend()
    masses = np.array([number(theory.soft_threshold, checks.TEACHER, x) for x in grid])
    for j in range(4):
        style.theory(axes[0, 1], grid, masses[:, j], "_", j)
    for lam, group in zip(ridges, atoms, strict=True):
        for mass, unit in group:
            axis = int(np.argmax(np.abs(unit)))
            size = mass * np.sign(unit[axis])
            axes[0, 1].plot(
                lam, size, "o", mfc="white", color=style.COLOURS[axis], ms=4
            )
    axes[0, 1].set(xlabel=r"ridge $\lambda$", ylabel="mass at $v_j$")
    axes[0, 1].plot([], [], "k-", label="soft threshold")
    axes[0, 1].plot([], [], "ok", mfc="white", label="conic flow")
    axes[0, 1].legend()
    minimum = [number(theory.sparse_energy, checks.TEACHER, lam) for lam in ridges]
    excess = np.abs(found.energy.values - np.array(minimum))
    style.points(axes[0, 2], ridges, np.maximum(excess, 1e-16), None, "conic flow", 1)
    style.bound(axes[0, 2], ridges, np.full(len(ridges), 1e-6), "tolerance")
    axes[0, 2].set(yscale="log", xlabel=r"ridge $\lambda$", ylabel="excess energy")
    axes[0, 2].legend()
    return figure


def cell(_: Data) -> Canvas:
    """Where a degree-K activation closes the learning cell."""
    figure, axes = style.canvas(3, 1, sharey=True)
    ridges = np.linspace(0.0, 1.2, 121)
    for axis, parity in zip(axes[0], ("both", "odd", "even"), strict=True):
        degrees = np.arange(3 if parity == "odd" else 2, 9)
        closed = np.array(
            [
                checks.learning_cells(ridges, parity, int(k))["is_closed"]
                for k in degrees
            ]
        )
        axis.pcolormesh(
            ridges, degrees, closed, cmap="Blues", vmin=0, vmax=2, shading="nearest"
        )
        closing = [
            number(
                theory.closing_ridge_threshold,
                checks.TEACHER,
                parity=parity,
                top_degree=int(k),
            )
            for k in degrees
        ]
        axis.plot(
            closing, degrees, "o", color=style.COLOURS[1], label=r"$\lambda_{id}$"
        )
        axis.set(xlabel=r"ridge $\lambda$", title=f"{parity} degrees")
    axes[0, 0].set_ylabel("top degree $K$")
    axes[0, 2].legend(loc="upper right")
    axes[0, 0].text(0.7, 6.5, "closed", fontsize=7)
    axes[0, 0].text(0.03, 2.0, "open", fontsize=7)
    return figure


FIGURES = (
    Figure(
        name="staircase",
        caption=r"Sparse dictionary, cubic neurons, four orthogonal teachers: "
        r"atoms and "
        r"masses found by the conic gradient flow against the soft threshold, and the "
        r"excess over the minimal energy.",
        claims=("MF-12",),
        draw=staircase,
    ),
    Figure(
        name="depths",
        caption=r"Orbit depth (proof) and variety depth (rank) against the number of "
        r"atoms; defective cases of Alexander and Hirschowitz (crosses); two squares "
        r"that no activation of degree 3 tells apart. Definitions of both depths are "
        r"ours.",
        draw=depths,
    ),
    Figure(
        name="cell",
        caption=r"The learning cell in the plane of ridge and top degree: "
        r"closed (shaded) "
        r"where the visible degrees reach the orbit depth of the $S^*$ atoms that "
        r"survive; computation and closure predicate are ours.",
        draw=cell,
    ),
)
