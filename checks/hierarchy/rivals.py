"""Kernels on the same target: their curve, the floor, the separation."""

from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from xarray import DataArray, Dataset

from ...sims import hierarchy as sims
from ...sims.sweep import Policy, Sweep
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from .teachers import derived, standard, theory, with_static

DEGREES = 8


def kernel_sweep(
    *, dim: int, num_samples: int, ridge: float, num_test: int, **static: Any
) -> Sweep:
    """Kernel ridge on the standard target."""
    sizes = {"dim": dim, "num_samples": num_samples, "num_test": num_test} | static
    return Sweep(
        sim=sims.simulate_kernel_ridge,
        static={name: [value] for name, value in sizes.items()},
        dynamic={"ridge": [ridge]},
        derive={"weights": lambda **_: standard().weights},
    )


class Equivalent:
    """The deterministic equivalent of kernel ridge for f = exp.

    Attributes:
        shares: Remaining share of the energy in degree 2 and in degree 4.
    """

    def __init__(
        self, dim: int, num_samples: int, ridge: float, *, divide: bool = True
    ) -> None:
        spectrum = theory.kernel_eigenvalues(jnp.exp, dim=dim, max_degree=DEGREES)
        unit = np.eye(DEGREES + 1)
        size = (float(num_samples), ridge, *spectrum)
        shares = [float(theory.kernel_mse(*size, unit[degree])) for degree in (2, 4)]
        self.shares = np.array(shares)
        if not divide:
            self.shares *= 1 - self._degrees(dim, num_samples, ridge)

    def _degrees(self, dim: int, num_samples: int, ridge: float) -> float:
        """1/n Σ N (ξ/(ξ+κ))², from the error of a target in no degree at all."""
        spectrum = theory.kernel_eigenvalues(jnp.exp, dim=dim, max_degree=DEGREES)
        nothing = np.zeros(DEGREES + 1)
        inflated = theory.kernel_mse(float(num_samples), ridge, *spectrum, nothing, 1.0)
        return 1 - 1 / float(inflated)

    def error(self, data: Dataset) -> np.ndarray:
        """Predicted error over the variance, seed by seed."""
        part = rows(data.degree2_energy / data.label_variance).values[:, 0]
        return self.shares[0] * part + self.shares[1] * (1 - part)


def kernel_curve(
    *,
    dim: int,
    counts: tuple[int, ...],
    ridge: float,
    num_test: int,
    divide: bool = True,
) -> Design:
    """HS-10a: simulated error less the deterministic equivalent, per seed."""
    common = {"dim": dim, "ridge": ridge, "num_test": num_test}
    sweeps = {f"n={n}": kernel_sweep(num_samples=n, **common) for n in counts}
    curves = {n: Equivalent(dim, n, ridge, divide=divide) for n in counts}

    def observe(data: Any) -> DataArray:
        parts = []
        for n in counts:
            part = data[f"n={n}"]
            error = rows(part.mse / part.label_variance).values[:, 0]
            parts.append(error - curves[n].error(part))
        seeds = min(map(len, parts))
        table = np.stack([part[:seeds] for part in parts], axis=1)
        coords = {"num_samples": ("point", list(counts))}
        return DataArray(table, dims=("seed", "point"), coords=coords)

    typical = np.array([np.array([0.19, 0.81]) @ curves[n].shares for n in counts])
    origin = "finite d: degree-four features are not Gaussian"
    tol = Tolerance(0.1 * typical, origin)
    return Design(sweeps=sweeps, observe=observe, claimed=0.0, tol=tol)


def undivided(design: Design) -> Design:
    """The curve without the factor 1/(1 − …)."""
    static = next(iter(design.sweeps.values())).static
    counts = tuple(sweep.static["num_samples"][0] for sweep in design.sweeps.values())
    ridge = next(iter(design.sweeps.values())).dynamic["ridge"][0]
    other = kernel_curve(
        dim=static["dim"][0],
        counts=counts,
        ridge=ridge,
        num_test=static["num_test"][0],
        divide=False,
    )
    return replace(design, observe=other.observe)


def split_sweep(*, dim: int, num_samples: int, num_test: int, **static: Any) -> Sweep:
    """The hierarchical learner on the standard target, sphere."""
    sizes = {"mode": "sphere", "dim": dim, "num_samples": num_samples}
    sizes |= {"num_test": num_test} | static
    dynamic = derived(standard())
    return Sweep(
        sim=sims.simulate_split_readout,
        static={name: [value] for name, value in sizes.items()},
        derive={name: dynamic[name] for name in ("weights", "scale")},
    )


def separation(*, dim: int, num_samples: int, num_test: int, ridge: float) -> Design:
    """HS-10b: the hierarchical learner is below .6, the kernel above its floor."""
    size = {"dim": dim, "num_samples": num_samples, "num_test": num_test}
    shared = {"crn": True, "crn_group": "HS-10b", "policy": Policy(dtype="float32")}
    sweeps = {
        "split": replace(split_sweep(**size), **shared),
        "kernel": replace(kernel_sweep(ridge=ridge, **size), **shared),
    }

    def observe(data: Any) -> DataArray:
        split, kernel = data["split"], data["kernel"]
        n = min(split.sizes["seed"], kernel.sizes["seed"])

        def over_variance(of: Dataset, values: DataArray) -> np.ndarray:
            return rows(values / of.label_variance).values[:n, 0]

        error = over_variance(split, split.mse)
        rival = over_variance(kernel, kernel.mse)
        missed = 1 - kernel.degree2_energy / kernel.label_variance
        floor = over_variance(kernel, missed * kernel.test_variance)
        table = np.stack([error - 0.6, floor - rival - 0.05, error - rival], axis=1)
        return DataArray(table, dims=("seed", "point"))

    tol = Tolerance(0.0, "the margins are in the statement")
    return Design(sweeps=sweeps, observe=observe, claimed=0.0, tol=tol)


def shuffled_labels(design: Design) -> Design:
    """The hierarchical learner trained on permuted labels."""
    wrong = with_static(design.sweeps["split"], shuffle=True)
    return replace(design, sweeps={**design.sweeps, "split": wrong})


def degree_floor(*, dim: int, num_samples: int, num_test: int, ridge: float) -> Design:
    """HS-10c: a kernel, monomials and a linear second layer against the floor."""
    size = {"dim": dim, "num_samples": num_samples, "num_test": num_test}
    kernel = kernel_sweep(ridge=ridge, kernel="cubic", **size)
    sweeps = {
        "kernel": kernel,
        "monomials": replace(
            kernel,
            sim=sims.simulate_monomials,
            static={name: [value] for name, value in size.items()},
            dynamic={},
        ),
        "split": split_sweep(readout="linear", **size),
    }

    def observe(data: Any) -> DataArray:
        parts = []
        for name in sweeps:
            part = data[name]
            missed = 1 - part.degree2_energy / part.label_variance
            parts.append(rows(part.mse / part.label_variance - missed).values[:, 0])
        n = min(map(len, parts))
        table = np.stack([part[:n] for part in parts], axis=1)
        coords = {"learner": ("point", list(sweeps))}
        return DataArray(table, dims=("seed", "point"), coords=coords)

    tol = Tolerance(0.02, "noise of the test points")
    return Design(sweeps=sweeps, observe=observe, claimed=0.0, tol=tol)


def degree_four(design: Design) -> Design:
    """The second layer on the squares of the learned features."""
    wrong = with_static(design.sweeps["split"], readout="square")
    return replace(design, sweeps={**design.sweeps, "split": wrong})


CLAIMS = (
    Claim(
        id="HS-10a",
        title="Deterministic equivalent of the kernel",
        statement=r"test error of kernel ridge at $d = 16$, $\lambda = .01$",
        provenance=Provenance("classical", "deterministic equivalents of kernel ridge"),
        kind=kinds.value(),
        design=kernel_curve,
        sizes={
            "quick": {
                "seeds": 256,
                "dim": 16,
                "counts": (100, 400),
                "ridge": 0.01,
                "num_test": 1000,
            },
            "paper": {
                "seeds": 256,
                "dim": 16,
                "counts": (100, 200, 400, 800, 1600, 3200),
                "ridge": 0.01,
                "num_test": 2000,
            },
        },
        mutants=(Mutant("without the divisor", undivided, 0.4),),
    ),
    Claim(
        id="HS-10b",
        title="Separation from kernels",
        statement=r"at $d = 24$, $n = 4800$: hierarchical error below .6, kernel above "
        r"$1 - F_2/\mathrm{Var}\,s$ less .05, and the former below the latter",
        provenance=Provenance("paper", "separation; constants derived"),
        kind=kinds.ordering(),
        design=separation,
        sizes={
            "paper": {
                "seeds": 32,
                "dim": 24,
                "num_samples": 4800,
                "num_test": 4000,
                "ridge": 1.0,
            },
        },
        mutants=(Mutant("shuffled labels", shuffled_labels, 0.4),),
    ),
    Claim(
        id="HS-10c",
        title="Floor of every predictor of degree three",
        statement=r"$\mathrm{mse}/\mathrm{Var}\,s \ge 1 - F_2/\mathrm{Var}\,s$ for the "
        r"kernel $(1+t)^3$, least squares on all monomials of degree $\le 2$, and a "
        r"second layer linear in the learned features",
        provenance=Provenance("derived", "the target has degrees 2 and 4 only"),
        kind=kinds.lower_bound(),
        design=degree_floor,
        sizes={
            "paper": {
                "seeds": 64,
                "dim": 16,
                "num_samples": 2400,
                "num_test": 4000,
                "ridge": 1.0,
            },
        },
        mutants=(Mutant("second layer of degree four", degree_four, 0.2),),
    ),
)
