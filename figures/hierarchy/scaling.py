"""The test error: its power law, its universality, the separation from kernels."""

from collections.abc import Mapping
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from ...checks.hierarchy.rivals import kernel_sweep
from ...checks.hierarchy.teachers import (
    actual,
    curve,
    given,
    power_law,
    standard,
    theory,
)
from ...sims.sweep import Sweep
from .. import style
from ..figure import Data, Figure
from .curves import Limits, logarithmic, mean_and_error, table

GAMMAS = (0.25, 0.75, 1.0, 1.5)
FEATURES = 16
MODES = {
    "sphere": {"mode": "sphere"},
    "normalised": {"mode": "gaussian", "normalise": True},
    "raw": {"mode": "gaussian"},
}
UNIVERSAL = (1.0, -0.7, 0.5)
# c = 1, 2, 4 … in n = c·D: every count but the last is a multiple of the first.
ALONG = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


def errors(
    *, dim: int, ratios: tuple[float, ...], dims: tuple[int, ...]
) -> Mapping[str, Sweep]:
    """Error curves for several γ in mode gauss, and for several d on the sphere."""
    sweeps = {
        f"gamma {gamma}": curve(power_law(gamma, FEATURES), size=dim, ratios=ratios)
        for gamma in GAMMAS
    }
    return sweeps | {f"sphere {d}": _sphere(d) for d in dims}


def _sphere(dim: int) -> Sweep:
    """The standard target on the sphere along the curve."""
    return curve(standard(), mode="sphere", size=dim, ratios=ALONG)


def draw_errors(data: Data) -> Canvas:
    """NMSE against n/D for several γ, and for several d."""
    figure, panels = style.canvas(2, 1)
    at = actual(data.sizes["dim"], data.sizes["ratios"])
    fine = np.geomspace(at[0], at[-1], 20)
    for place, gamma in enumerate(GAMMAS):
        _draw_gamma(panels[0, 0], data, gamma, place, at, fine)
    _draw_guides(panels[0, 0], at)
    panels[0, 0].set_ylim(0.008, 1.4)
    panels[0, 0].set_title("mode gauss, $p = 16$")
    _draw_dims(panels[0, 1], data)
    for axes in panels[0]:
        logarithmic(axes, y=True)
        axes.set(xlabel="samples per dimension, $n/D$", ylabel="NMSE")
        axes.legend(loc="lower left")
    return figure


def _draw_gamma(
    axes: Axes, data: Data, gamma: float, place: int, at: np.ndarray, fine: np.ndarray
) -> None:
    teacher = power_law(gamma, FEATURES)
    rows = table(data.sweeps[f"gamma {gamma}"], "nmse_population")
    style.theory(axes, fine, Limits(teacher).errors(fine), rf"$\gamma={gamma}$", place)
    style.points(axes, at, *mean_and_error(rows), "", place)


def _draw_guides(axes: Axes, at: np.ndarray) -> None:
    """The naive staircase and the power law with its constant, γ = 1."""
    fine = np.geomspace(at[0], at[-1], 120)
    size = {"num_features": FEATURES, "feature_dim": 1000}
    stairs = [float(theory.staircase_nmse(1e3 * r, 1.0, **size)) for r in fine]
    style.mutant(axes, fine, stairs, r"naive staircase, $\gamma=1$")
    ends = [at[0], at[-1]]
    law = [float(theory.power_law_nmse(1e3 * r, 1.0, feature_dim=1000)) for r in ends]
    axes.plot(ends, law, ":k", label=r"$\gamma=1$, $p=\infty$: $n^{-1/2}$")


def _draw_dims(axes: Axes, data: Data) -> None:
    fine = np.geomspace(ALONG[0], ALONG[-1], 25)
    label = r"$d\to\infty$"
    style.theory(axes, fine, Limits(standard()).errors(fine), label, 6)
    for place, dim in enumerate(data.sizes["dims"]):
        rows = table(data.sweeps[f"sphere {dim}"], "nmse_population")
        at = actual(dim, ALONG, "sphere")
        style.points(axes, at, *mean_and_error(rows), f"$d = {dim}$", place)
    axes.set_ylim(0.05, 1.4)
    axes.set_title("sphere, $p = 4$")


def separation(
    *, dim: int, counts: tuple[int, ...], ridges: tuple[float, ...], num_test: int
) -> Mapping[str, Sweep]:
    """The hierarchical learner and kernel ridge on the same target."""
    kernels = {}
    for n in counts:
        common = {"dim": dim, "num_samples": n, "num_test": num_test}
        sweep = kernel_sweep(ridge=ridges[0], **common)
        kernels[f"kernel {n}"] = _at_ridges(sweep, ridges)
    return kernels | {"hierarchical": _sphere(dim)}


def _at_ridges(sweep: Sweep, ridges: tuple[float, ...]) -> Sweep:
    return replace(sweep, dynamic={"ridge": list(ridges)})


def draw_separation(data: Data) -> Canvas:
    """NMSE against n/d² for both learners, the kernel's curve and the floor."""
    dim, counts, ridges = (data.sizes[k] for k in ("dim", "counts", "ridges"))
    figure, panels = style.canvas(width=4.8)
    axes = panels[0, 0]
    rows = table(data.sweeps["hierarchical"], "nmse_population")
    at = actual(dim, ALONG, "sphere") * (dim * (dim + 1) / 2 - 1) / dim**2
    fine = np.geomspace(ALONG[0], ALONG[-1], 25)
    limit = Limits(standard()).errors(fine)
    label = r"hierarchical, $d\to\infty$"
    style.theory(axes, fine * at[0] / ALONG[0], limit, label, 0)
    style.points(axes, at, *mean_and_error(rows), "hierarchical", 0)
    share = float(np.mean([_share(data, n) for n in counts]))
    n = np.geomspace(counts[0], 40 * counts[-1], 60)
    best = _kernel_curves(dim, n, _ridge_grid(), share).min(axis=0)
    curves = _kernel_curves(dim, n, np.array(ridges), share)
    for place, ridge in enumerate(ridges):
        style.theory(axes, n / dim**2, curves[place], "", place + 1)
        means, spreads = np.array(
            [_kernel_rows(data, count, place) for count in counts]
        ).T
        x = np.array(counts) / dim**2
        label = rf"kernel, $\lambda = {ridge:g}$"
        style.points(axes, x, means, spreads, label, place + 1, "s")
    axes.plot(n / dim**2, best, "-k", lw=1.6, label=r"kernel, best $\lambda$")
    style.bound(axes, [at[0], n[-1] / dim**2], [1 - share] * 2, "floor, degree 3", 6)
    axes.axvline(dim**2 / 24, color=style.MUTANT, lw=0.7)
    axes.annotate("$n = d^4/24$ ", (dim**2 / 24, 0.05), ha="right", fontsize=7)
    logarithmic(axes)
    axes.set(xlabel="$n/d^2$", ylabel="NMSE", ylim=(0, 1.6))
    axes.legend(loc="upper right")
    return figure


def _share(data: Data, count: int) -> float:
    """Mean share of the energy in degree two."""
    part = data.sweeps[f"kernel {count}"]
    return float((part.degree2_energy / part.label_variance).mean())


def _kernel_rows(data: Data, count: int, place: int) -> tuple[float, float]:
    part = data.sweeps[f"kernel {count}"].isel(ridge=[place])
    mean, error = mean_and_error(
        table(part.assign(r=part.mse / part.label_variance), "r")
    )
    return float(mean), float(error)


def _ridge_grid() -> np.ndarray:
    return np.geomspace(1e-3, 1e2, 11)


def _kernel_curves(
    dim: int, n: np.ndarray, ridges: np.ndarray, share: float
) -> np.ndarray:
    """Deterministic equivalent over the variance: (ridges, sizes)."""
    spectrum = theory.kernel_eigenvalues(jnp.exp, dim=dim)
    energies = np.zeros(9)
    energies[[2, 4]] = share, 1 - share
    along = jax.vmap(theory.kernel_mse, (0, None, None, None, None))
    each = jax.jit(jax.vmap(along, (None, 0, None, None, None)))
    with jax.enable_x64(True):
        return np.asarray(each(n, ridges, *spectrum, energies))


def universality(*, dims: tuple[int, ...], ratio: float) -> Mapping[str, Sweep]:
    """Three input modes and the normalised learner."""
    return {
        f"{name} {dim}": curve(given(UNIVERSAL), size=dim, ratios=(ratio,), **mode)
        for name, mode in MODES.items()
        for dim in dims
    }


def draw_universality(data: Data) -> Canvas:
    """Gap to mode gauss against d."""
    dims, ratio = np.array(data.sizes["dims"]), data.sizes["ratio"]
    limit = Limits(given(UNIVERSAL)).overlaps(np.array([ratio]))[0]
    figure, panels = style.canvas(2, 1, sharey=True)
    names = {
        "raw": "Gaussian",
        "normalised": "Gaussian, normalised",
        "sphere": "sphere",
    }
    for axes, k in zip(panels[0], (0, 1), strict=True):
        for place, (name, label) in enumerate(names.items()):
            rows = [table(data.sweeps[f"{name} {d}"], "overlap")[:, 0, k] for d in dims]
            gap = limit[k] - np.array([r.mean() for r in rows])
            error = np.array([r.std(ddof=1) / np.sqrt(len(r)) for r in rows])
            style.points(axes, dims, gap, error, label, place, "os^"[place])
        guide = 0.5 * limit[k] * dims[0] / dims
        style.mutant(axes, dims, guide, r"slope $-1$")
        logarithmic(axes, y=True)
        axes.set_xticks(dims, [str(d) for d in dims])
        axes.minorticks_off()
        axes.set(xlabel="input dimension $d$", xlim=(0.85 * dims[0], 1.18 * dims[-1]))
        axes.set_title(f"feature {k + 1}")
    panels[0, 0].set_ylabel(r"gap $q_k^{\mathrm{gauss}} - q_k$")
    panels[0, 0].set_ylim(0.02, 1.5)
    panels[0, 0].legend(loc="upper right", ncols=2)
    return figure


FIGURES = (
    Figure(
        name="scaling-law",
        caption="Test error of the population readout. Left: several decay exponents; "
        "lines: HS-7 with the overlaps of HS-3; dotted: the power law with its "
        r"constant at $\gamma = 1$, $p = \infty$ (the simulated target has"
        " sixteen features, hence leaves it); grey: the naive staircase. Right: the "
        "standard target on the sphere at several input dimensions, collapsed "
        "on $n/D$.",
        sweeps=errors,
        sizes={
            "quick": {
                "seeds": 16,
                "dim": 128,
                "ratios": (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0),
                "dims": (16,),
            },
            "paper": {
                "seeds": 32,
                "dim": 256,
                "ratios": (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0),
                "dims": (16, 24, 32),
            },
        },
        draw=draw_errors,
    ),
    Figure(
        name="separation",
        caption="Hierarchical learner against kernel ridge regression, the same target "
        "on the sphere ($d = 16$, $p = 4$). Lines: HS-7 and the deterministic "
        "equivalent of the kernel (HS-10), with the best ridge at each size; "
        r"dash-dotted: the floor $1 - F_2/\mathrm{Var}\,s$ of every predictor of"
        " degree three.",
        sweeps=separation,
        sizes={
            "quick": {
                "seeds": 16,
                "dim": 16,
                "counts": (100, 400),
                "ridges": (0.01, 1.0),
                "num_test": 1000,
            },
            "paper": {
                "seeds": 32,
                "dim": 16,
                "counts": (100, 200, 400, 800, 1600, 3200),
                "ridges": (0.01, 0.1, 1.0),
                "num_test": 2000,
            },
        },
        draw=draw_separation,
    ),
    Figure(
        name="universality",
        caption="Gap of the overlap to the Gaussian-equivalent model at $n/D = 12$, $b "
        "= (1, -.7, .5)$: raw Gaussian inputs, the learner that rescales its "
        "inputs to length √d, inputs on the sphere. Trends in $d$ are checked "
        "(HS-11), not constants. Drawn from preset paper on, as HS-11 is.",
        sweeps=universality,
        sizes={
            "paper": {"seeds": 64, "dims": (16, 24, 32), "ratio": 12.0},
        },
        draw=draw_universality,
    ),
)
