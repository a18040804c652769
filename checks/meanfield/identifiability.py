"""Claim MF-11: what the learned function reveals about its neurons."""

import functools

import numpy as np

from ...theory import meanfield as theory
from ..harness import Claim, Design, Mutant, Provenance, kinds
from .common import (
    claiming,
    computed,
    instead,
    number,
)

INTEGER = "an integer"
DEFECTIVE = ((4, 3, 5), (4, 4, 9), (4, 5, 14), (3, 5, 7))


def rank_cases() -> list[tuple[int, int, int]]:
    """(degree, dim, atoms): small cases, the four exceptions, two near them."""
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
)
