"""Claims on safe deployment temperatures (RW-17)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from xarray import DataArray, Dataset

from ...sims import reward as sims
from ...sims.sweep import Sweep
from ...theory import reward as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, lanes, rows
from .common import (
    admissible,
    claims,
    exactly,
    given,
    nodes,
    numbers,
    reward_at,
    sweep,
)

GAIN, HARD_GAIN, COLD = 0.3, 0.8, 0.2  # δ, δ of the mutants, their temperature
ERRORS = (0.0, 0.25, 0.5, 1.0)  # κ of the proxy r* + κ sin(1.5z)
FINE = tuple(round(0.4 + 0.025 * k, 3) for k in range(19))  # grid of the lower ends


def sets_of(temperatures: tuple[float, ...], error: float | None) -> theory.Admissible:
    """Admissible sets of cos4 for label weights (None) or a surrogate's error."""
    z, _ = nodes()
    wrong = None if error is None else error * np.sin(1.5 * z)
    return admissible(
        temperatures,
        *(2000, GAIN, 0.9, 0.7, 1e-3, 2.0),
        None if wrong is None else reward_at("cos4", z) + wrong,
        jax.random.key(17),
        link="cos4",
        weights="label" if error is None else "surrogate",
        num_features=8,
    )


def readouts(
    temperatures: tuple[float, ...], errors: tuple[float, ...] = (), **sizes: Any
) -> Sweep:
    """Fitted readouts of cos4, label weights without `errors`, deployed."""
    static = {"link": "cos4", "weights": "surrogate" if errors else "label"}
    static |= {"num_samples": 2000, "num_features": 8, "augment": False} | sizes
    axes = {"temperature": list(temperatures), "noise": [0.7], "ridge": [1e-3]}
    found = sweep(
        sims.readout,
        static,
        axes,
        half_width=2.0,
        proxy_error=0.0,
        deploy_temperature=lambda temperature, **_: temperature,
    )
    if not errors:
        return found
    derive = {k: v for k, v in found.derive.items() if k != "proxy_error"}
    return replace(found, dynamic=axes | {"proxy_error": list(errors)}, derive=derive)


def margins(*, temperatures: tuple[float, ...], errors: tuple[float, ...]) -> Design:
    """RW-17: margins fall with the proxy's error, same draws throughout."""
    found = [np.asarray(sets_of(temperatures, error).margin) for error in errors]
    steps = np.diff(np.array(found), axis=0).ravel()
    return Design(
        observe=lambda _: exactly(steps, 0.0),
        claimed=0.0,
        tol=Tolerance(0.0, "none: an order"),
    )


MARGINS = Claim(
    id="RW-17",
    title="A worse proxy leaves a smaller margin",
    statement=r"$M(\beta_2) = V^* - q_{0.9}(\sigma_\beta\sqrt{\chi^2}) - V_0 - \delta$ "
    r"falls with the error of the proxy $r^* + \kappa\sin(1.5z)$",
    provenance=Provenance("paper", "admissible sets shrink; sets defined in RW-17"),
    kind=kinds.ordering(evidence="exact"),
    design=margins,
    sizes={
        "quick": {"seeds": 1, "temperatures": (0.5,), "errors": ERRORS},
        "paper": {"seeds": 1, "errors": ERRORS}
        | {"temperatures": (0.45, 0.5, 0.55, 0.6)},
    },
    mutants=(
        Mutant(
            "order reversed",
            lambda design: replace(design, observe=lambda d: -design.observe(d)),
            shift=0.2,
        ),
    ),
)


def contained(
    *, temperatures: tuple[float, ...], errors: tuple[float, ...] = ()
) -> Design:
    """RW-17: on the admissible set of the bound the gain is reached."""
    sets = [sets_of(temperatures, error) for error in errors or (None,)]
    inside = np.flatnonzero(np.stack([np.asarray(s.bound) for s in sets], axis=1))

    def observe(data: Mapping[str, Dataset]) -> DataArray:
        return reached(data, GAIN).isel(point=inside)

    return Design(
        sweeps={"deployed": readouts(temperatures, errors)},
        observe=observe,
        claimed=0.9,
        tol=Tolerance(0.03, "quantiles from 600 draws"),
    )


def reached(data: Mapping[str, Dataset], gain: float) -> DataArray:
    """Whether the deployed value exceeds that of the base policy by the gain."""
    z, weights = nodes()
    base = float(weights @ reward_at("cos4", z))
    return lanes((data["deployed"].value >= base + gain).astype(float))


def value_alone(design: Design) -> Design:
    """Cold deployment admitted because V* alone exceeds the larger gain."""
    sweeps = {"deployed": given(temperature=COLD)(design.sweeps["deployed"])}
    return replace(design, sweeps=sweeps, observe=lambda data: reached(data, HARD_GAIN))


CONTAINED = Claim(
    id="RW-17.safe",
    title="The admissible set of the bound is safe",
    statement=r"$P(V(\hat\pi) \ge V_0 + \delta) \ge 0.9$ for all $\beta_2$ in the set "
    r"of the bound (cos4, label weights, $\delta = 0.3$)",
    provenance=Provenance("paper", "admissible sets; defined and derived in RW-17"),
    kind=kinds.lower_bound(evidence="frequency"),
    design=contained,
    sizes={
        "quick": {"seeds": 512, "temperatures": (0.5, 0.7, 1.0)},
        "paper": {"seeds": 1024, "temperatures": (0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 2.0)},
    },
    mutants=(Mutant("bound term dropped: V* alone", value_alone, shift=-0.2),),
)


def first_order(design: Design) -> Design:
    """Cold deployment of few samples admitted by the first-order set A_1."""
    few = {"num_samples": 300, "num_features": 10}
    cold = given(noise=1.0)(readouts((COLD,), (0.0,), **few))
    return replace(
        design,
        sweeps={"deployed": cold},
        observe=lambda data: reached(data, HARD_GAIN),
    )


SURROGATE = Claim(
    id="RW-17.safe.surrogate",
    title="The admissible set of the bound is safe for surrogates too",
    statement=r"$P(V(\hat\pi) \ge V_0 + \delta) \ge 0.9$ for all $\beta_2$ in the set "
    r"of the bound of the proxy $r^* + \kappa\sin(1.5z)$, $\kappa = 0, …, 1$",
    provenance=Provenance("paper", "admissible sets; defined and derived in RW-17"),
    kind=kinds.lower_bound(evidence="frequency"),
    design=contained,
    sizes={
        "paper": {"seeds": 1024, "errors": ERRORS}
        | {"temperatures": (0.4, 0.5, 0.55, 0.6, 0.7, 0.8, 1.0, 2.0)},
    },
    mutants=(Mutant("first-order set instead of the bound's", first_order, -0.1),),
)


def lower_end(shortfall: np.ndarray) -> np.ndarray:
    """Where the margin crosses zero as the temperature grows, along the last axis.

    The first temperature of the grid if all are safe, the last one if it is not.
    """
    grid = np.array(FINE)
    ends = []
    for row in np.asarray(shortfall).reshape(-1, len(grid)):
        unsafe = np.flatnonzero(row > 0)
        last = int(unsafe[-1]) if unsafe.size else 0
        if not unsafe.size or last == len(grid) - 1:
            ends.append(grid[last])
            continue
        share = row[last] / (row[last] - row[last + 1])
        ends.append(grid[last] + share * (grid[last + 1] - grid[last]))
    return np.array(ends)


def ends_of(table: np.ndarray) -> np.ndarray:
    """Lower ends from rows of shortfalls (seed, point, temperature)."""
    return lower_end(np.quantile(table, 0.9, axis=0, method="higher"))


def moving() -> Design:
    """RW-17: lower end of the bound's set, from fitted readouts and from their law."""
    z, weights = nodes()
    reward = reward_at("cos4", z)
    best = numbers_of(FINE)
    goal = float(weights @ reward) + GAIN

    def observe(data: Mapping[str, Dataset]) -> DataArray:
        parts = []
        for name in ("label", "surrogate"):
            chi2 = rows(data[name].chi2).values
            parts.append(chi2.reshape(len(chi2), len(FINE), -1).swapaxes(1, 2))
        count = min(map(len, parts))
        root = np.sqrt(np.concatenate([part[:count] for part in parts], axis=1))
        shortfall = goal - (best[0] - np.sqrt(best[1]) * root)
        return DataArray(shortfall, dims=("seed", "point", "column"))

    laws = [-np.asarray(sets_of(FINE, error).margin) for error in (None, *ERRORS)]
    return Design(
        sweeps={"label": readouts(FINE), "surrogate": readouts(FINE, ERRORS)},
        observe=observe,
        claimed=lower_end(np.array(laws)),
        tol=Tolerance(0.05, "one step of the grid of the specification"),
    )


def numbers_of(temperatures: tuple[float, ...]) -> np.ndarray:
    """V* and the variance of the reward under the optimal policies of cos4."""
    found = [theory.gibbs(b, link="cos4") for b in temperatures]
    return np.array([numbers([best.value, best.variance]) for best in found]).T


MOVING = Claim(
    id="RW-17.end",
    title="The lower end of the safe temperatures moves with the proxy's error",
    statement=r"$\min\{\beta_2 : V^* - q_{0.9}(\sigma_\beta\sqrt{\chi^2}) \ge V_0 + "
    r"\delta\}$ of fitted readouts (label weights; surrogates, $\kappa = 0, …, 1$) is "
    "that of their normal law",
    provenance=Provenance("derived", "RW-17; the paper says that the sets shrink"),
    kind=kinds.value(of=ends_of, evidence="table"),
    design=moving,
    sizes={"paper": {"seeds": 1024}},
    mutants=(
        Mutant("error of the proxy ignored", claims(lambda c: np.full(5, c[1]))),
        Mutant("order of the proxies reversed", claims(lambda c: c[::-1])),
    ),
)

CLAIMS = (MARGINS, CONTAINED, SURROGATE, MOVING)
