"""Claims MF-11, MF-12 and MF-14: identifiability, dictionary, learning cell."""

import functools
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from xarray import DataArray, Dataset

from ...sims import meanfield as sims
from ...sims.sweep import Sweep
from ...theory import meanfield as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds
from .common import (
    Data,
    claiming,
    computed,
    double,
    fixed,
    instead,
    number,
    promoted,
)

INTEGER = "an integer"
DEFECTIVE = ((4, 3, 5), (4, 4, 9), (3, 5, 7))
TEACHER = np.array([1.0, 0.7, 0.45, 0.2])
RIDGES = (0.1, 0.3, 0.5, 0.8, 1.1)


def rank_cases() -> list[tuple[int, int, int]]:
    """(degree, dim, atoms): small cases and the exceptions in reach."""
    small = [(k, d, s) for k in (2, 3, 4) for d in (2, 3, 4) for s in (1, 2, 3, 4, 5)]
    return [*small, *(c for c in DEFECTIVE if c not in small), (2, 5, 3), (4, 4, 8)]


def ranks() -> Design:
    """MF-11.rank: Jacobian ranks by singular values against the formula."""
    cases = rank_cases()
    found = [theory.jacobian_rank(s, dim=d, degrees=[k]) for k, d, s in cases]
    claimed = [theory.pure_rank(s, dim=d, degree=k) for k, d, s in cases]
    names = ("degree", "dim", "atoms")
    at = dict(zip(names, zip(*cases, strict=True), strict=True))
    return computed(found, claimed, 0.25, INTEGER, at=at)


def _parameter_count() -> list[int]:
    """Ranks by counting parameters, without the defective cases."""
    claimed = []
    for k, d, s in rank_cases():
        is_defective = (k, d, s) in DEFECTIVE
        claimed.append(theory.pure_rank(s, dim=d, degree=k) + is_defective)
    return claimed


def _quadratic_one_less() -> list[int]:
    """The defect of degree two taken as one, as for higher degrees."""
    return [
        14 if (k, d, s) == (2, 5, 3) else theory.pure_rank(s, dim=d, degree=k)
        for k, d, s in rank_cases()
    ]


DEPTHS = {
    (2, "both"): (1, 2, 3, 4, 5),
    (2, "odd"): (1, 3, 5, 7, 9),
    (2, "even"): (2, 4, 6, 8, 10),
    (3, "both"): (1, 2, 3, 3, 3, 4, 4),
    (3, "odd"): (1, 3, 3, 5, 5, 5, 5),
    (3, "even"): (2, 4, 4, 4, 6, 6, 6),
    (4, "both"): (1, 2, 3, 3, 3),
}


@functools.cache
def measured_depths() -> tuple[int, ...]:
    """Variety depths by rank, in the order of `DEPTHS`."""
    return tuple(
        theory.variety_depth(atoms, dim=dim, parity=parity)
        for (dim, parity), table in DEPTHS.items()
        for atoms in range(1, len(table) + 1)
    )


def depths() -> Design:
    """MF-11.depth: variety depths by rank against the table."""
    keys = [(d, p, s) for (d, p), t in DEPTHS.items() for s in range(1, len(t) + 1)]
    claimed = [depth for table in DEPTHS.values() for depth in table]
    at = dict(zip(("dim", "parity", "atoms"), zip(*keys, strict=True), strict=True))
    return computed(measured_depths(), claimed, 0.25, INTEGER, at=at)


def _orbit_for_variety() -> list[int]:
    return [
        theory.orbit_depth(atoms, parity=parity)
        for (_, parity), table in DEPTHS.items()
        for atoms in range(1, len(table) + 1)
    ]


def witness(*, shift: float = 0.0) -> Design:
    """MF-11.witness: S-gon and its rotation below and at degree S; a null vector."""
    found, claimed, names = [], [], []
    for atoms in range(2, 7):
        mass = np.pad(np.full(atoms, 1 / atoms), (0, 6 - atoms))
        first = _polygon(atoms, 0.0)
        other = _polygon(atoms, np.pi / atoms)
        other[0] = _rotated(other[0], shift)
        for degree in (atoms - 1, atoms):
            seen = (np.arange(7) <= degree).astype(float)
            args = (mass, _padded(first), mass, _padded(other), seen)
            found.append(number(theory.function_distance, *args))
            claimed.append(2.0 ** (3 - atoms) if degree == atoms else 0.0)
            names.append(f"{atoms}-gon, degree {degree}")
    relu = number(theory.hermite_coefficients, "relu", max_degree=40)
    triangle = _polygon(3, 0.0)
    args = (np.ones(3), triangle, np.ones(3), -triangle, relu)
    found.append(number(theory.function_distance, *args))
    claimed.append(0.0)
    names.append("relu null vector")
    return computed(found, claimed, 1e-10, error=1e-14, at={"pair": names})


def _padded(atoms: np.ndarray) -> np.ndarray:
    """Six atoms, so that one program serves all polygons; the rest has no mass."""
    return np.concatenate([atoms, np.tile([1.0, 0.0], (6 - len(atoms), 1))])


def _polygon(atoms: int, shift: float) -> np.ndarray:
    angle = 2 * np.pi * np.arange(atoms) / atoms + shift
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _rotated(vector: np.ndarray, angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]]) @ vector


def dictionary(*, ridges: Sequence[float], width: int, num_steps: int) -> Design:
    """MF-12: atoms, masses and energy of the trained conic network, every start."""
    sweep = Sweep(
        sim=sims.sparse_dictionary,
        static={"width": [width], "dim": [4], "degree": [3], "num_steps": [num_steps]},
        dynamic={"lam": list(ridges)},
        derive=fixed(c=TEACHER, step=0.05),
    )

    def observe(data: Data) -> DataArray:
        found = data["flow"].squeeze(("width", "dim", "degree", "num_steps"), drop=True)
        lanes = found.transpose("seed", "lam", ...)
        values = [
            [value for lam in range(len(ridges)) for value in _lane(lanes, seed, lam)]
            for seed in range(lanes.sizes["seed"])
        ]
        return DataArray(
            values,
            dims=("seed", "point"),
            coords={
                "lam": ("point", np.repeat(ridges, 6)),
                "statistic": ("point", list(STATISTICS) * len(ridges)),
            },
        )

    return Design(
        sweeps={"flow": sweep},
        observe=observe,
        claimed=expected_dictionary(ridges),
        tol=Tolerance(
            np.tile([0.25, *[1e-3] * 4, 1e-6], len(ridges)),
            "integers; flow time for masses and energy",
        ),
    )


STATISTICS = ("atoms", "mass 1", "mass 2", "mass 3", "mass 4", "energy")


def _lane(lanes: Dataset, seed: int, lam: int) -> list[float]:
    """Count, the mass at every teacher direction, and the energy of one lane."""
    lane = lanes.isel(seed=seed, lam=lam)
    atoms = sims.cluster_atoms(lane.a.values, lane.w.values, degree=3)
    masses = np.zeros(4)
    for mass, direction in atoms:
        axis = int(np.argmax(np.abs(direction)))
        masses[axis] += mass * np.sign(direction[axis])
    return [float(len(atoms)), *masses.tolist(), float(lane.energy)]


def expected_dictionary(
    ridges: Sequence[float], factor: float = 1.0, *, is_hard: bool = False
) -> np.ndarray:
    """Predictions in the order of `dictionary`, threshold times `factor`."""
    claimed = []
    for lam in ridges:
        count = number(theory.sparse_count, TEACHER, factor * lam)
        soft = number(theory.soft_threshold, TEACHER, factor * lam)
        masses = np.where(soft != 0, TEACHER, 0.0) if is_hard else soft
        energy = number(theory.sparse_energy, TEACHER, lam)
        claimed += [count, *masses, energy]
    return np.array(claimed, dtype=np.float64)


def _expecting(design: Design, **changes: Any) -> Design:
    """The same flow against another threshold rule."""
    ridges = design.sweeps["flow"].dynamic["lam"]
    return claiming(lambda: expected_dictionary(ridges, **changes))(design)


def certificate(*, linear: float = 0.0) -> Design:
    """MF-12c: largest dual certificate over the sphere, over λ."""
    lam, c = 0.3, np.array([1.0, 0.9])
    residual = np.minimum(np.abs(c), lam)
    angle = np.linspace(0, np.pi, 1801)
    polar = np.stack([np.cos(angle), np.sin(angle)])[:, :, None]
    height = np.linspace(-1, 1, 41)
    flat = polar * np.sqrt(1 - height**2)
    eta = sum(
        r * (linear * u + (1 - linear) * u**3)
        for r, u in zip(residual, flat, strict=True)
    )
    worst = np.max(np.abs(eta)) / lam
    return computed([worst], 1.0, 1e-12)


def cell_order(*, extra: int = 0) -> Design:
    """MF-14: steps of S* and D_orb in λ, and λ_id against a scan."""
    scan = np.linspace(0.0, 1.2, 241)
    found, claimed, names = [], [], []
    for parity, degree in (("both", 2), ("odd", 3), ("odd", 5), ("even", 4)):
        form = {"parity": parity, "top_degree": degree}
        cells = learning_cells(scan, parity, degree)
        reach = {"both": degree, "odd": (degree + 1) // 2, "even": degree // 2}[parity]
        is_closed = cells["num_atoms"] + extra <= reach
        rises = [np.diff(cells[name]).max() for name in ("num_atoms", "orbit_depth")]
        found += [*np.maximum(rises, 0), scan[np.argmax(is_closed)]]
        closing = number(theory.closing_ridge_threshold, TEACHER, **form)
        claimed += [0.0, 0.0, closing]
        names += [f"{parity} {degree}: {what}" for what in ("S*", "D_orb", "λ_id")]
    return computed(found, claimed, 0.00501, "step of the scan", at={"cell": names})


def learning_cells(
    ridges: np.ndarray, parity: str, degree: int
) -> dict[str, np.ndarray]:
    """The learning cell of the four teachers at every ridge."""

    def cell(lam: Any) -> Any:
        args = promoted(TEACHER, lam, 1.0)
        return theory.learning_cell(*args, parity=parity, top_degree=degree)

    return double(jax.vmap(cell), ridges)


def _odd_counted_as_both() -> np.ndarray:
    """K' = K for odd activations: λ_id from a later coefficient."""
    claimed = np.array(cell_order().claimed)
    claimed[5] = number(
        theory.closing_ridge_threshold, TEACHER, parity="both", top_degree=3
    )
    return claimed


QUICK = {"ridges": RIDGES, "width": 192, "num_steps": 2000}
CLAIMS = (
    Claim(
        id="MF-11.rank",
        title="Ranks of pure degrees and their defects",
        statement=r"$\mathrm{rank}=\min(Sd,\binom{d+k-1}k)$ for $k\ge3$, one less at "
        r"the four exceptions; $Sd-S(S-1)/2$ for $k=2$.",
        provenance=Provenance("classical", "Alexander and Hirschowitz 1995"),
        kind=kinds.identity(),
        design=ranks,
        sizes={"quick": {}, "paper": {}},
        mutants=(
            Mutant("parameter count", claiming(_parameter_count)),
            Mutant("one less at degree two", claiming(_quadratic_one_less)),
        ),
    ),
    Claim(
        id="MF-11.depth",
        title="Variety depth",
        statement=r"$D_{\mathrm{var}}(S,d)\le D_{\mathrm{orb}}(S)$, equal for $d=2$ "
        r"[operational definitions].",
        provenance=Provenance("derived", "generic ranks; definitions ours"),
        kind=kinds.identity(),
        design=depths,
        sizes={"quick": {}, "paper": {}},
        mutants=(Mutant("orbit depth in its place", claiming(_orbit_for_variety)),),
    ),
    Claim(
        id="MF-11.witness",
        title="Orbit depth is sharp",
        statement=r"The $S$-gon and its rotation by $\pi/S$ give the same function iff "
        r"$K<S$; at $K=S$ the squared distance is $2^{3-S}$.",
        provenance=Provenance("derived", "Fourier modes on a great circle"),
        kind=kinds.identity(),
        design=witness,
        sizes={"quick": {}, "paper": {}},
        mutants=(Mutant("one atom moved by 0.05", instead(witness, shift=0.05), 1e-4),),
    ),
    Claim(
        id="MF-12",
        title="Sparse dictionary",
        statement=r"$S^*=\#\{j:|c_j|\kappa(1)>\lambda\}$, masses "
        r"$\mathrm{sign}(c_j)(|c_j|-\lambda/\kappa(1))_+$.",
        provenance=Provenance("derived", "dual certificate; mirrors the paper's S*"),
        kind=kinds.value(evidence="exact"),
        design=dictionary,
        sizes={
            "quick": {"seeds": 3, **QUICK},
            "paper": {
                "seeds": 3,
                "ridges": tuple(np.linspace(0.03, 1.2, 40).round(4).tolist()),
                "width": 512,
                "num_steps": 8000,
            },
        },
        mutants=(
            Mutant("threshold λ/2", functools.partial(_expecting, factor=0.5)),
            Mutant("threshold 2λ", functools.partial(_expecting, factor=2.0)),
            Mutant("hard threshold", functools.partial(_expecting, is_hard=True)),
        ),
    ),
    Claim(
        id="MF-12c",
        title="The certificate stays below the ridge",
        statement=r"$|\eta(u)|\le\lambda$ on the sphere if $\sigma_0=\sigma_1=0$.",
        provenance=Provenance("derived", r"|κ(t)| ≤ κ(1)t²"),
        kind=kinds.upper_bound(evidence="exact"),
        design=certificate,
        sizes={"quick": {}, "paper": {}},
        mutants=(Mutant("κ = ½t + ½t³", instead(certificate, linear=0.5), 0.0757),),
    ),
    Claim(
        id="MF-14",
        title="The learning cell closes at λ_id",
        statement=r"$S^*$ and $D_{\mathrm{orb}}$ do not increase with $\lambda$; the "
        r"cell closes at $\kappa(1)|c|_{(K'+1)}$ [operational].",
        provenance=Provenance("derived", "the triple is the paper's, computation ours"),
        kind=kinds.identity(),
        design=cell_order,
        sizes={"quick": {}, "paper": {}},
        mutants=(
            Mutant("S* + 1", instead(cell_order, extra=1), 0.2),
            Mutant("K' = K for odd", claiming(_odd_counted_as_both)),
        ),
    ),
)
