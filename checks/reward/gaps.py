"""Claims on the optimal policy and on the cost of reward errors (RW-13 to RW-15)."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from xarray import DataArray, Dataset

from ...sims import reward as sims
from ...theory import reward as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds
from .common import exactly, joined, nodes, number, observes, reward_at, sweep

LINKS = ("sin3", "cos4", "tanh", "flip")
STEP = 1e-3
BOUNDS = {  # bound to the gap it bounds
    "objective_lower_bound": "objective",
    "objective_upper_bound": "objective",
    "objective_chi2_upper_bound": "objective",
    "objective_coverage_upper_bound": "objective",
    "value_upper_bound": "value",
    "value_chi2_upper_bound": "value",
    "value_pinsker_upper_bound": "value",
}


def derivative(function: Callable[[float], float], at: float) -> float:
    """Central difference of fourth order."""
    near, far = (
        (function(at + k * STEP) - function(at - k * STEP)) / (2 * k * STEP)
        for k in (1, 2)
    )
    return (4 * near - far) / 3


def gibbs_identities() -> Design:
    """RW-13: V, dV/dβ and J from differences of theory numbers."""
    found, claimed = [], []
    for link in ("sin3", "tanh", "cos4"):
        for beta in (0.5, 1.0):
            best = theory.gibbs(beta, link=link)

            def log_partition(inverse: float, link: str = link) -> float:
                return inverse * number(theory.gibbs(1 / inverse, link=link).objective)

            def value(b: float, link: str = link) -> float:
                return number(theory.gibbs(b, link=link).value)

            found += [number(best.value), derivative(value, beta)]
            found += [number(best.objective)]
            claimed += [derivative(log_partition, 1 / beta)]
            claimed += [-number(best.variance) / beta**2]
            claimed += [number(best.value) - beta * number(best.kl)]
    return Design(
        observe=lambda _: exactly(found, 2e-9),
        claimed=np.array(claimed),
        tol=Tolerance(1e-7, "finite differences"),
    )


def plus_kl(design: Design) -> Design:
    """J = V + βKL."""
    claimed = np.array(design.claimed)
    found = design.observe({}).values
    claimed[2::3] = 2 * found[0::3] - claimed[2::3]
    return replace(design, claimed=claimed)


def one_power_less(design: Design) -> Design:
    """dV/dβ = -Var/β."""
    claimed = np.array(design.claimed)
    claimed[1::3] *= np.tile([0.5, 1.0], 3)
    return replace(design, claimed=claimed)


GIBBS = Claim(
    id="RW-13",
    title="Identities of the optimal policy",
    statement=r"$V^* = \partial_{1/\beta}\log Z$, "
    r"$dV^*/d\beta = -\mathrm{Var}/\beta^2$, $J^* = V^* - \beta\,\mathrm{KL}$",
    provenance=Provenance("classical", "Gibbs variational principle"),
    kind=kinds.identity(),
    design=gibbs_identities,
    sizes={"quick": {"seeds": 1}, "paper": {"seeds": 1}, "gpu": {"seeds": 1}},
    mutants=(
        Mutant("divergence added", plus_kl),
        Mutant("one power of the temperature less", one_power_less),
    ),
)


ESS_ROWS = {  # link, temperature, noise, samples
    "sin3": ("sin3", 1.0, 0.5, 8_000),
    "tanh": ("tanh", 0.5, 0.3, 20_000),
}


def shares(*, names: tuple[str, ...]) -> Design:
    """RW-14: effective share of label weights."""
    sweeps, claimed = {}, []
    for name in names:
        link, temperature, noise, count = ESS_ROWS[name]
        static = {"link": link, "num_samples": count}
        axes = {"temperature": [temperature], "noise": [noise]}
        sweeps[name] = sweep(sims.weight_ess, static, axes)
        claimed.append(number(theory.label_ess(temperature, noise, link=link)))
    return Design(
        sweeps=sweeps,
        observe=lambda data: joined(*(data[name].ess for name in names)),
        claimed=np.array(claimed),
        tol=Tolerance(0.02 * np.array(claimed), "heavy tail of the weights"),
    )


def noise_factor(power: float) -> Callable[[Design], Design]:
    """The mutation of the exponent of the noise: exp(-power τ²/β²) left out."""

    def change(design: Design) -> Design:
        rows = [ESS_ROWS[name] for name in design.sweeps]
        ratio = np.array([(row[2] / row[1]) ** 2 for row in rows])
        return replace(design, claimed=design.claimed * np.exp(power * ratio))

    return change


SHARE = Claim(
    id="RW-14",
    title="Effective sample size of label weights",
    statement=r"$\mathrm{ESS}/n \to (Z_\beta^2/Z_{\beta/2})\,e^{-\tau^2/\beta^2}$",
    provenance=Provenance("derived", "RW-14"),
    kind=kinds.value(),
    design=shares,
    sizes={
        "quick": {"seeds": 256, "names": ("sin3",)},
        "paper": {"seeds": 1024, "names": ("sin3", "tanh")},
    },
    mutants=(
        Mutant("noise forgotten", noise_factor(1.0)),
        Mutant("half the exponent of the noise", noise_factor(0.5)),
    ),
)


def random_errors(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Errors of the reward on the nodes, and temperatures: fixed draws."""
    rng = np.random.default_rng(15)
    z, _ = nodes()
    size = 10 ** rng.uniform(-1.5, 0, (count, 3, 1))
    frequency, phase = (
        rng.uniform(*ends, (count, 3, 1)) for ends in ((0.3, 3), (0, 6.3))
    )
    errors = np.sum(size * np.sin(frequency * z + phase), axis=1)
    return errors, np.exp(rng.uniform(np.log(0.15), np.log(2), count))


def terms_of(errors: np.ndarray, temperatures: np.ndarray, link: str) -> dict:
    """All gap terms of many errors of one link."""
    z, weights = nodes()
    reward = reward_at(link, z)
    found = theory.gap_terms(reward, reward + errors, temperatures, weights)
    return {k: np.asarray(v) for k, v in found._asdict().items()}


@functools.cache
def all_terms(count: int) -> dict[str, np.ndarray]:
    """Gap terms of random errors of all links, one after the other."""
    errors, temperatures = random_errors(count)
    parts = [terms_of(errors, temperatures, link) for link in LINKS]
    return {k: np.concatenate([part[k] for part in parts]) for k in parts[0]} | {
        "temperature": np.tile(temperatures, len(LINKS))
    }


def slack(terms: Mapping[str, np.ndarray]) -> DataArray:
    """Worst violation of every bound: positive means violated."""
    worst = []
    for bound, name in BOUNDS.items():
        gap = np.abs(terms[f"{name}_gap"])
        over = gap - terms[bound]
        worst.append(np.max(-over if bound.endswith("lower_bound") else over))
    return exactly(np.array(worst), 0.0, bound=list(BOUNDS))


def identities(*, count: int) -> Design:
    """RW-15: gaps against their integrals, for random errors."""
    terms = all_terms(count)

    def off(name: str) -> float:
        difference = terms[f"{name}_gap"] - terms[f"{name}_integral"]
        return float(np.max(np.abs(difference) / (1 + np.abs(terms[f"{name}_gap"]))))

    return Design(
        observe=lambda _: exactly([off("value"), off("objective")], 0.0),
        claimed=np.zeros(2),
        tol=Tolerance(1e-7, "quadrature along the path"),
    )


def without_time(_: object) -> DataArray:
    """The integral of the variance without its weight t."""
    terms = all_terms(100)
    wrong = terms["objective_gap"] - 2 * terms["objective_integral"]
    return exactly([np.max(np.abs(wrong)), 0.0], 0.0)


IDENTITIES = Claim(
    id="RW-15",
    title="Gaps are integrals along the path of policies",
    statement=r"$J^* - J(\hat\pi) = "
    r"\frac1\beta\int_0^1 t\,\mathrm{Var}_{\pi_t}(\Delta)\,dt$, "
    r"$V^* - V(\hat\pi) = "
    r"-\frac1\beta\int_0^1\mathrm{Cov}_{\pi_t}(r^*, \Delta)\,dt$",
    provenance=Provenance("derived", "RW-15"),
    kind=kinds.identity(),
    design=identities,
    sizes={
        preset: {"seeds": 1, "count": count}
        for preset, count in (("quick", 100), ("paper", 1000), ("gpu", 1000))
    },
    mutants=(Mutant("the weight t left out", observes(without_time), shift=0.1),),
)


def bounds(*, count: int) -> Design:
    """RW-15: all bounds on random errors."""
    terms = all_terms(count)
    return Design(
        observe=lambda _: slack(terms),
        claimed=0.0,
        tol=Tolerance(1e-10, "rounding"),
    )


def half_curvature(_: object) -> DataArray:
    """The curvature factor of the upper bound replaced by one half."""
    terms = all_terms(100)
    half = terms["error_variance"] / (2 * terms["temperature"])
    return slack(terms | {"objective_upper_bound": half})


def first_order_chi2(_: object) -> DataArray:
    """The chi-square divergence replaced by its first order."""
    terms = all_terms(100)
    first = terms["error_variance"] / terms["temperature"]
    return slack(terms | {"objective_chi2_upper_bound": first})


BOUND = Claim(
    id="RW-15.bounds",
    title="Bounds on the gaps hold for every error",
    statement=r"$(\varepsilon^2/\beta)\kappa(-c) \le J^* - J(\hat\pi) \le "
    r"(\varepsilon^2/\beta)\kappa(c)$, $|V\text{-gap}| \le \sigma_\beta\sqrt{\chi^2}$, "
    r"and the Pinsker and coverage bounds",
    provenance=Provenance("derived", "RW-15"),
    kind=kinds.upper_bound(evidence="exact"),
    design=bounds,
    sizes={
        preset: {"seeds": 1, "count": count}
        for preset, count in (("quick", 100), ("paper", 1000), ("gpu", 1000))
    },
    mutants=(
        Mutant("curvature one half", observes(half_curvature), shift=0.01),
        Mutant("chi-square to first order", observes(first_order_chi2), shift=0.01),
    ),
)


def fitted(*, num_samples: int, temperature: float) -> Design:
    """RW-15: the same bounds on fitted readouts."""
    static = {"link": "sin3", "weights": "label", "num_samples": num_samples}
    static |= {"num_features": 3, "augment": True}
    axes = {"temperature": [temperature], "noise": [0.5], "ridge": [0.0]}
    fits = sweep(
        sims.readout,
        static,
        axes,
        half_width=1.0,
        proxy_error=0.0,
        deploy_temperature=lambda temperature, **_: temperature,
    )
    z, _ = nodes()
    reward = reward_at("sin3", z)
    columns = np.asarray(theory.tanh_features(z, 1.0, num_features=3))
    columns = np.concatenate([columns, reward[:, None]], axis=1)

    def observe(data: Mapping[str, Dataset]) -> DataArray:
        coef = data["fits"].coef.values.reshape(-1, columns.shape[1])
        errors = coef @ columns.T - reward
        terms = terms_of(errors, np.full(len(errors), temperature), "sin3")
        over = {
            bound: np.abs(terms[f"{name}_gap"]) - terms[bound]
            for bound, name in BOUNDS.items()
        }
        over["objective_lower_bound"] *= -1
        return DataArray(np.stack(list(over.values()), 1), dims=("seed", "point"))

    return Design(
        sweeps={"fits": fits},
        observe=observe,
        claimed=0.0,
        tol=Tolerance(1e-10, "rounding"),
    )


def tightened(design: Design) -> Design:
    """All bounds claimed with a slack that they do not have."""
    return replace(design, claimed=-0.5)


FITTED = Claim(
    id="RW-15.fits",
    title="Bounds on the gaps hold for fitted readouts",
    statement=r"the bounds of RW-15 on every fitted readout",
    provenance=Provenance("derived", "RW-15"),
    kind=kinds.upper_bound(evidence="exact"),
    design=fitted,
    sizes={
        "quick": {"seeds": 256, "num_samples": 2000, "temperature": 1.0},
        "paper": {"seeds": 2048, "num_samples": 2000, "temperature": 1.0},
    },
    mutants=(Mutant("a slack that is not there", tightened),),
)

CLAIMS = (GIBBS, SHARE, IDENTITIES, BOUND, FITTED)
