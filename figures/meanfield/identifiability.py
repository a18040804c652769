"""Figures on identifiability, the sparse dictionary and the learning cell."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from ...checks.meanfield import dictionary
from ...checks.meanfield import identifiability as checks
from ...checks.meanfield.common import number
from ...sims import meanfield as sims
from ...theory import meanfield as theory
from .. import style
from ..figure import Data, Figure
from .common import clean, legend_below

PARITIES = ("both", "odd", "even")


def depths(_: Data) -> Canvas:
    """Orbit and variety depth against the number of atoms, and a witness pair."""
    figure, axes = style.canvas(3, 1)
    figure.set_figheight(2.6)
    tables = dict(zip(checks.DEPTHS, _split(checks.measured_depths()), strict=True))
    axis = axes[0, 0]
    atoms = np.arange(1, 8)
    for colour, parity in enumerate(PARITIES):
        orbit = [theory.orbit_depth(int(s), parity=parity) for s in atoms]
        style.bound(axis, atoms, orbit, f"orbit, {parity}", colour)
        _steps(axis, tables[3, parity], f"variety $d=3$, {parity}", colour, "o-")
    _steps(axis, tables[4, "both"], "variety $d=4$, both", 3, "s-")
    axis.set(xlabel="atoms $S$", ylabel="depth")
    axis.yaxis.get_major_locator().set_params(integer=True)
    legend_below(axis, 2)
    _defects(axes[0, 1])
    _witness(axes[0, 2])
    return figure


def _steps(axis: Any, table: Any, label: str, colour: int, form: str) -> None:
    atoms = np.arange(1, len(table) + 1)
    axis.plot(atoms, table, form, color=style.COLOURS[colour], label=label, ms=3)


def _split(depths: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Measured depths cut into the tables of `DEPTHS`."""
    ends = np.cumsum([len(table) for table in checks.DEPTHS.values()])
    return [tuple(part) for part in np.split(np.array(depths), ends[:-1])]


def _defects(axis: Any) -> None:
    for colour, (degree, dim) in enumerate(((4, 3), (3, 5), (4, 4), (4, 5))):
        atoms = np.arange(1, 16)
        rank = [theory.pure_rank(int(s), dim=dim, degree=degree) for s in atoms]
        label = f"$k={degree}$, $d={dim}$"
        axis.plot(atoms, rank, "o-", ms=3, color=style.COLOURS[colour], label=label)
        for k, d, s in checks.DEFECTIVE:
            if (k, d) == (degree, dim):
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
    """Atoms and masses against the ridge, excess energy, neurons on the sphere."""
    figure, axes = style.canvas(2, 2)
    (steps, masses), (energies, sphere) = axes
    found = clean(data["MF-12"]["flow"]).isel(seed=0)
    teacher = dictionary.TEACHERS[found.w.shape[-1]]
    ridges, grid = found.lam.values, np.linspace(0.0, 1.3, 300)
    atoms = [
        sims.cluster_atoms(lane.a.values, lane.w.values, degree=3)
        for lane in (found.sel(lam=lam) for lam in ridges)
    ]
    count = number(theory.sparse_count, teacher, grid)
    style.theory(steps, grid, count, r"$\#\{|c_j|\kappa(1)>\lambda\}$")
    style.points(steps, ridges, [len(a) for a in atoms], None, "conic flow", 1)
    steps.set(xlabel=r"ridge $\lambda$", ylabel="atoms $S^*$")
    steps.yaxis.get_major_locator().set_params(integer=True)
    steps.legend()
    _masses(masses, teacher, grid, ridges, atoms)
    minimum = number(theory.sparse_energy, teacher, ridges)
    excess = np.abs(found.energy.values - minimum)
    style.points(energies, ridges, np.maximum(excess, 1e-16), None, "conic flow", 1)
    style.bound(energies, ridges, np.full(len(ridges), 1e-6), "tolerance")
    energies.set(yscale="log", xlabel=r"ridge $\lambda$", ylabel="excess energy")
    energies.legend()
    _sphere(sphere, found.sel(lam=SHOWN, method="nearest"), teacher)
    return figure


SHOWN = 0.3


def _sphere(axis: Any, lane: Any, teacher: np.ndarray) -> None:
    """Directions of trained neurons, with axis v_j of the sphere at angle πj/d."""
    w, lam = lane.w.values, float(lane.lam)
    norm = np.linalg.norm(w, axis=1)
    angle = np.pi * np.arange(w.shape[1]) / w.shape[1]
    plane = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    place, mass = w / norm[:, None] @ plane, np.abs(lane.a.values) * norm
    turn = np.linspace(0, 2 * np.pi, 200)
    axis.plot(np.cos(turn), np.sin(turn), color="0.8", lw=0.8)
    is_kept = np.abs(teacher) > lam
    for kept, colour, label in ((True, "k", "kept"), (False, "0.6", "dropped")):
        x, y = np.concatenate([plane, -plane])[np.tile(is_kept == kept, 2)].T
        axis.plot(x, y, "o", mfc="none", ms=10, color=colour, label=f"$v_j$ {label}")
    size = 30 * np.sqrt(mass / mass.max())
    axis.scatter(*place.T, s=size, color=style.COLOURS[1], label="neuron", lw=0)
    axis.set_aspect("equal")
    axis.set(xlim=(-1.3, 1.3), ylim=(-1.25, 1.25))
    axis.set_title(rf"neurons at $\lambda={lam:g}$")
    axis.axis("off")
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))


def _masses(
    axis: Any, teacher: np.ndarray, grid: np.ndarray, ridges: np.ndarray, atoms: Any
) -> None:
    """Mass at every teacher direction: soft threshold and trained network."""
    masses = number(theory.soft_threshold, teacher, grid)
    for j in range(len(teacher)):
        style.theory(axis, grid, masses[:, j], "_", j % 7)
    for lam, group in zip(ridges, atoms, strict=True):
        for mass, unit in group:
            j = int(np.argmax(np.abs(unit)))
            size, colour = mass * np.sign(unit[j]), style.COLOURS[j % 7]
            axis.plot(lam, size, "o", mfc="white", color=colour, ms=4)
    axis.set(xlabel=r"ridge $\lambda$", ylabel="mass at $v_j$")
    axis.plot([], [], "k-", label="soft threshold")
    axis.plot([], [], "ok", mfc="white", label="conic flow")
    axis.legend()


def cell(_: Data) -> Canvas:
    """Where a degree-K activation closes the learning cell."""
    figure, axes = style.canvas(3, 1, sharey=True)
    ridges = np.linspace(0.0, 1.2, 121)
    for axis, parity in zip(axes[0], PARITIES, strict=True):
        degrees = np.arange(3 if parity == "odd" else 2, 9)
        closed = np.array(
            [
                dictionary.learning_cells(ridges, parity, int(k))["is_closed"]
                for k in degrees
            ]
        )
        axis.pcolormesh(
            ridges, degrees, closed, cmap="Blues", vmin=0, vmax=2, shading="nearest"
        )
        closing = [
            number(
                theory.closing_ridge_threshold,
                dictionary.TEACHER,
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
        caption=r"Sparse dictionary, cubic neurons, orthogonal teachers: atoms and "
        r"masses found by the conic gradient flow against the soft threshold, the "
        r"excess over the minimal energy, and the directions of trained neurons (the "
        r"axis $\pm v_j$ of the sphere drawn at the angle $\pi j/d$; area: root of the "
        r"mass).",
        claims=("MF-12",),
        draw=staircase,
    ),
    Figure(
        name="depths",
        caption=r"Orbit depth (proof) and variety depth (rank) against the number of "
        r"atoms (at $d=2$ the two coincide); defective cases of Alexander and "
        r"Hirschowitz (crosses); two squares that no activation of degree 3 tells "
        r"apart. Definitions of both depths are ours.",
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
