"""Claims on power-law exponents of convergence: theory against its own limits."""

import numpy as np
from xarray import DataArray

from ...theory import memorisation as theory
from ..harness import Claim, Design, Provenance, Tolerance, kinds
from .cells import scales

DERIVED = Provenance("derived", "asymptotics of the mean generator")


def local_slopes(values: np.ndarray, factor: float) -> np.ndarray:
    """Slopes in log-log between neighbouring values at arguments `factor` apart."""
    return np.diff(np.log(values)) / np.log(factor)


def extrapolated(slopes: np.ndarray, factor: float, omega: float) -> float:
    """The limit of slopes whose correction falls by `factor`^-omega per step."""
    return float(slopes[-1] + (slopes[-1] - slopes[-2]) / (factor**omega - 1))


def many_samples(*, exponents, dims, num_samples):
    """C15: exponent of 1 - q in very many dimensions, from three numbers of samples."""

    def slope(exponent, dim):
        atoms = theory.power_law_atoms(exponent, dim)
        errors = [1 - float(theory.convergence(*atoms, n)) for n in num_samples]
        # next to n^-(a-1) stands 1/n, and the other way round
        return extrapolated(
            -local_slopes(np.array(errors), 4.0), 4.0, abs(exponent - 2)
        )

    return _exact(
        exponents,
        [slope(*pair) for pair in zip(exponents, dims, strict=True)],
        [float(theory.convergence_error_exponent(a)) for a in exponents],
    )


def few_samples(*, exponents, powers):
    """C15: exponent of q at small load, from three loads 4^-power."""

    def slope(exponent):
        atoms = theory.power_law_continuum(exponent)
        values = [float(theory.convergence(*atoms, 4.0**-p)) for p in powers]
        omega = abs(1 - (1 - exponent) / exponent)
        return extrapolated(-local_slopes(np.array(values), 4.0), 4.0, omega)

    return _exact(
        exponents,
        [slope(exponent) for exponent in exponents],
        [float(theory.small_load_exponent(a)) for a in exponents],
    )


def _exact(exponents, slopes, claimed):
    """A design without draws."""
    found = DataArray(
        slopes,
        dims="point",
        coords={"exponent": ("point", list(exponents))},
        attrs={"error": 1e-6},
    )
    return Design(
        observe=lambda data: found,
        claimed=np.array(claimed),
        tol=Tolerance(0.003, "quadrature, atoms and the next correction"),
    )


CLAIMS = (
    Claim(
        id="MEM-15.many",
        title="Exponent of the convergence error for steep power laws",
        statement=r"$1 - q \sim n^{-\min(a - 1, 1)}$ for $\sigma_i = i^{-a}$, $a > 1$",
        provenance=DERIVED,
        kind=kinds.identity(),
        design=many_samples,
        sizes={
            preset: {
                "seeds": 1,
                "exponents": (1.25, 1.5, 1.75, 2.5),
                "dims": (1e14, 1e14, 1e14, 1e9),
                "num_samples": (16384.0, 65536.0, 262144.0),
            }
            for preset in ("quick", "paper")
        },
        mutants=(
            scales("exponent a/2", lambda claimed: (claimed + 1) / 2),
            scales("a + 0.1", lambda claimed: claimed + 0.1),
        ),
    ),
    Claim(
        id="MEM-15.few",
        title="Exponent of convergence at small load for flat power laws",
        statement=r"$q \sim \gamma^{\min(1, (1-a)/a)}$ for $a < 1$",
        provenance=DERIVED,
        kind=kinds.identity(),
        design=few_samples,
        sizes={
            preset: {
                "seeds": 1,
                "exponents": (0.4, 0.6, 0.75, 0.9),
                "powers": (10, 11, 12),
            }
            for preset in ("quick", "paper")
        },
        mutants=(
            scales("a + 0.1 at 0.75", lambda claimed: np.minimum(1, 0.6 * claimed)),
        ),
    ),
)
