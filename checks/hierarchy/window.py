"""Finite-size smoothing: the universal curve, and the prediction made with it."""

from dataclasses import replace
from typing import Any

import numpy as np
from xarray import DataArray

from ...sims import hierarchy as sims
from ...sims.sweep import Sweep
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from .teachers import Teacher, curve, labels, theory

# Where c(w) is sampled, for the claims and the figure: one program for all.
DISTANCES = np.array([-6, -4, -3, -2, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4, 6.0])
# c(w) of the specification: N = 1000, 24,000 draws, an independent program.
SPECIFIED = {-2.0: 0.1759, 0.0: 0.817, 1.0: 1.983}
NOISY_COUNTS = {64: (198, 297), 128: (396, 594), 256: (793, 1189)}
# At D = 64 claim and figure share one program: its curve has two more counts.
SHARED_COUNTS = (99, *NOISY_COUNTS[64], 396)
TAU = 3.0


def noisy() -> Teacher:
    r"""One feature under label noise τ = 3, scale √11."""
    return Teacher(np.array([1.0]), float(np.sqrt(11.0)), TAU)


def clean() -> Teacher:
    """One feature without noise, scale √2: strongly skewed labels."""
    return Teacher(np.array([1.0]), float(np.sqrt(2.0)))


def spikes(w: np.ndarray, size: int) -> np.ndarray:
    """Spike sizes 1 + w N^(−1/3)."""
    return 1 + np.asarray(w) * size ** (-1 / 3)


def spiked(w: np.ndarray, *, size: int, replicas: int, **static: Any) -> Sweep:
    """Sweep of the tridiagonal sampler at window distances w."""
    return Sweep(
        sim=sims.simulate_spiked_goe,
        static={"size": [size]} | {name: [value] for name, value in static.items()},
        derive={"theta": lambda size, **_: spikes(w, size)},
        replicas=replicas,
    )


def tabulated(*, size: int, replicas: int) -> Sweep:
    """The table of c(w), in one sweep with what HS-8 needs at D = 64."""
    at = _Window(noisy(), np.array(NOISY_COUNTS[64]) / 64, 64)
    return spiked(np.concatenate([DISTANCES, at.w]), size=size, replicas=replicas)


def window_rows(
    overlap: np.ndarray, w: np.ndarray, size: int, exponent: float = 1 / 3
) -> np.ndarray:
    """Rows of c_N(w): the deterministic finite-N part is removed above threshold."""
    theta = spikes(w, size)
    above = (1 - theta**-2.0) - 2 * (theta - 1)
    return size**exponent * (overlap - np.where(w > 0, above, 0.0))


class _Window:
    """Where a curve of one feature stands: limits and windows at every point."""

    def __init__(self, teacher: Teacher, ratios: np.ndarray, dim: int) -> None:
        law, values = labels(teacher)
        parts = [(law, values, teacher.scale, float(r), 0, 1) for r in ratios]
        windows = [theory.spectral_window(*part) for part in parts]
        self.limit = np.array([float(theory.outlier(*part).overlap) for part in parts])
        self.w = np.array([float(v.distance) for v in windows]) * dim ** (1 / 3)
        self.amplitude = np.array([float(v.amplitude) for v in windows])
        self.dim = dim

    def smoothing(self, c: np.ndarray, power: float, unit: bool) -> np.ndarray:
        """K D^(−1/3) [c − 2w₊], or what a mutant makes of it."""
        amplitude = np.ones_like(self.amplitude) if unit else self.amplitude
        return amplitude * self.dim**-power * (c - 2 * np.maximum(self.w, 0))


def judged(counts: tuple[int, ...]) -> slice:
    """Which counts of a curve are judged: all, but of the shared one the middle."""
    return slice(1, 3) if counts == SHARED_COUNTS else slice(None)


def smoothed(
    *,
    dim: int,
    counts: tuple[int, ...],
    chunk: int,
    size: int,
    replicas: int,
    tol: Any,
    origin: str,
    noise: bool = True,
    relative: bool = False,
    power: float = 1 / 3,
    unit: bool = False,
    smooth: bool = True,
) -> Design:
    """HS-8: mean overlap less its smoothing, against the limit of HS-3.

    The window function is sampled in a second sweep at the very distances that are
    needed; its error is part of the rows.
    """
    teacher = noisy() if noise else clean()
    ratios = np.array(counts)[judged(counts)] / dim
    at = _Window(teacher, ratios, dim)
    asked = np.concatenate([DISTANCES, at.w])
    sweep = curve(teacher, size=dim, ratios=np.array(counts) / dim, chunk=chunk)

    def observe(data: Any) -> DataArray:
        q = rows(data["spectrum"].overlap.isel(count=judged(counts)))
        overlap = rows(data["window"].overlap).values[:, len(DISTANCES) :]
        c = window_rows(overlap, at.w, size)
        n = min(len(q), len(c))
        excess = at.smoothing(c[:n], power, unit) if smooth else 0.0
        coords = {"ratio": ("point", ratios)}
        return DataArray(q.values[:n] - excess, dims=("seed", "point"), coords=coords)

    expected = at.limit + at.smoothing(
        np.asarray(theory.window_function(at.w, _reference_table())), 1 / 3, False
    )
    tolerance = np.asarray(tol) * (expected if relative else np.ones_like(expected))
    return Design(
        sweeps={
            "spectrum": sweep,
            "window": spiked(asked, size=size, replicas=replicas),
        },
        observe=observe,
        claimed=at.limit,
        tol=Tolerance(tolerance, origin),
    )


def _reference_table() -> np.ndarray:
    """Only for the size of relative tolerances: never part of a prediction."""
    w = np.array([-6.0, -2.0, 0.0, 1.0, 6.0])
    return np.stack([w, [1 / 36, *SPECIFIED.values(), 12.0]], axis=1)


def rebuilt(**change: Any) -> Any:
    """The same design observed with another smoothing."""

    def mutate(design: Design) -> Design:
        return replace(design, observe=_mutated(design, **change))

    return mutate


def _mutated(design: Design, **change: Any) -> Any:
    """`observe` with the smoothing of a mutant, from the same datasets."""
    static = design.sweeps["spectrum"].static
    counts, dim = static["sample_counts"][0], static["size"][0]
    size = design.sweeps["window"].static["size"][0]
    noise = float(design.sweeps["spectrum"].derive["noise"]()) > 0
    other = smoothed(
        dim=dim,
        counts=counts,
        chunk=static["chunk"][0],
        size=size,
        replicas=1,
        tol=1.0,
        origin="of a mutant",
        noise=noise,
        **change,
    )
    return other.observe


def universal(*, size: int, replicas: int) -> Design:
    """HS-8b: c_N(w) at w = −2, 0, 1 against the specification's table."""
    w = np.array(list(SPECIFIED))
    columns = np.searchsorted(DISTANCES, w)

    def observe(data: Any) -> DataArray:
        overlap = rows(data["window"].overlap).values[:, columns]
        c = window_rows(overlap, w, size)
        return DataArray(c, dims=("seed", "point"), coords={"w": ("point", w)})

    return Design(
        sweeps={"window": tabulated(size=size, replicas=replicas)},
        observe=observe,
        claimed=np.array(list(SPECIFIED.values())),
        tol=Tolerance(
            np.array([0.03, 0.06, 0.08]), "5 % and two standard errors of the table"
        ),
    )


def twice_the_distance(design: Design) -> Design:
    """c(2w) in place of c(w): spikes at 1 + 2wN^(−1/3); 3.876 at w = 1."""
    return replace(design, claimed=np.array([0.058, 0.817, 3.876]))


def fourth_root(design: Design) -> Design:
    """N^(1/4) scaling: claims N^(1/12) c."""
    size = design.sweeps["window"].static["size"][0]
    return replace(design, claimed=design.claimed * size ** (1 / 12))


def window_exponent(*, dims: tuple[int, ...], replicas: int) -> Design:
    """HS-8c: overlap at the threshold falls like N^(−1/3); only the corner is drawn."""
    at = np.zeros(1)
    sweeps = {
        f"N={N}": spiked(at, size=N, replicas=replicas, rows=corner(N)) for N in dims
    }

    def observe(data: Any) -> DataArray:
        columns = [rows(data[name].overlap).values[:, 0] for name in sweeps]
        n = min(map(len, columns))
        table = np.stack([column[:n] for column in columns], axis=1)
        coords = {"size": ("point", list(dims))}
        return DataArray(table, dims=("seed", "point"), coords=coords)

    return Design(
        sweeps=sweeps,
        observe=observe,
        claimed=1 / 3,
        tol=Tolerance(0.03, "O(N^(-1/3)) correction"),
    )


def corner(size: int) -> int:
    """Rows of the corner that holds the top eigenvector: 12 N^(1/3), or all."""
    return min(size, int(np.ceil(12 * size ** (1 / 3))))


def exponent(value: float) -> Any:
    """Another exponent."""
    return lambda design: replace(design, claimed=value)


UNSMOOTHED = Mutant("no smoothing", rebuilt(smooth=False), 0.1)
CLAIMS = (
    Claim(
        id="HS-8",
        title="Finite-size smoothing of a threshold",
        statement=r"$\mathbb{E} q = q^{\mathrm{HS-3}} + K D^{-1/3}[c(w) - 2w_+]$",
        provenance=Provenance("derived", "edge density matched to the GOE"),
        kind=kinds.value(),
        design=smoothed,
        sizes={
            "quick": {
                "seeds": 1024,
                "dim": 64,
                "counts": SHARED_COUNTS,
                "chunk": 99,
                "size": 250,
                "replicas": 4,
                "tol": 0.025,
                "origin": "next order, D^(-2/3)",
            },
            "paper": {
                "seeds": 2048,
                "dim": 128,
                "counts": NOISY_COUNTS[128],
                "chunk": 198,
                "size": 1000,
                "replicas": 4,
                "tol": 0.015,
                "origin": "next order, D^(-2/3)",
            },
        },
        mutants=(
            UNSMOOTHED,
            Mutant("amplitude D^(-1/2)", rebuilt(power=0.5), 0.08),
            Mutant("K = 1", rebuilt(unit=True), 0.048),
        ),
    ),
    Claim(
        id="HS-8a",
        title="Smoothing with skewed labels",
        statement=r"the same without label noise at $\delta/\delta_c - 1 = -.3, 0, "
        r".3, .8$",
        provenance=Provenance("derived", "edge density matched to the GOE"),
        kind=kinds.value(),
        design=smoothed,
        sizes={
            "paper": {
                "seeds": 1024,
                "dim": 300,
                "counts": (126, 180, 234, 324),
                "chunk": 18,
                "size": 1000,
                "replicas": 4,
                "tol": 0.15,
                "relative": True,
                "origin": "skewed labels converge slowly",
                "noise": False,
            },
        },
        mutants=(UNSMOOTHED,),
    ),
    Claim(
        id="HS-8b",
        title="The universal window function",
        statement=r"$c_N(w) = N^{1/3}\{\mathbb{E}\langle v, e_1\rangle^2 - \dots\}$ at "
        r"$w = -2, 0, 1$",
        provenance=Provenance("derived", "tridiagonal form; table of another program"),
        kind=kinds.value(),
        design=universal,
        sizes={
            "quick": {"seeds": 1024, "size": 250, "replicas": 4},
            "paper": {"seeds": 4096, "size": 1000, "replicas": 4},
            "gpu": {"seeds": 4096, "size": 4000, "replicas": 4},
        },
        mutants=(
            Mutant("twice the distance", twice_the_distance),
            Mutant("N^(-1/4) in place of N^(-1/3)", fourth_root),
        ),
    ),
    Claim(
        id="HS-8c",
        title="Exponent of the window",
        statement=r"$\mathbb{E}\langle v, e_1\rangle^2 \sim N^{-1/3}$ at $\theta = 1$",
        provenance=Provenance("classical", "Baik–Ben Arous–Péché window"),
        kind=kinds.exponent("size", omega=(1 / 3,)),
        design=window_exponent,
        sizes={
            "paper": {
                "seeds": 2048,
                "dims": tuple(4**k for k in range(3, 10)),
                "replicas": 16,
            },
            "gpu": {
                "seeds": 1024,
                "dims": tuple(4**k for k in range(3, 11)),
                "replicas": 4,
            },
        },
        mutants=(
            Mutant("exponent 1/4", exponent(0.25)),
            Mutant("exponent 1/2", exponent(0.5)),
        ),
    ),
)
