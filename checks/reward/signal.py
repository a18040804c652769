"""Claims on the tilted signal: what exponential label weights show (RW-1 to RW-5)."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy import special
from xarray import DataArray, Dataset

from ...sims import reward as sims
from ...sims.sweep import Sweep
from ...theory import reward as theory
from ..harness import Claim, Design, Mutant, Provenance, Tolerance, kinds, rows
from ..mutants import reward as wrong
from .common import claims, exactly, number, numbers, observes, runs, sweep

GENERIC = (0.5, 1.0, 3.0)
EXPONENTS = (
    ("relu", "exp", 1),
    ("tanh", "exp", 1),
    ("sin", "exp", 1),
    ("sin3", "plain", 3),
    ("sin3", "exp", 1),
    ("cos4", "plain", 4),
    ("cos4", "exp", 2),
    ("gen4", "plain", 4),
    ("gen4", "exp", 4),
    ("gen4", "exp_y", 4),
)


def coef(link: str, k: int, temperature: float, **options: float | str) -> float:
    """One tilted Hermite coefficient, from the theory."""
    made = {"transform": "exp", "noise": 0.0} | options
    return number(theory.hermite_coefs(temperature, link=link, order=k, **made)[k])


def sine_series(temperature: float) -> float:
    """First coefficient of the sine link by Jacobi and Anger's expansion."""
    n = np.arange(1, 40, 2)
    terms = special.iv(n, 1 / temperature) * n * np.exp(-(n**2) / 2)
    return float(2 * np.sum((-1.0) ** ((n - 1) / 2) * terms))


def square_coef(temperature: float) -> float:
    """Second coefficient of the quadratic link."""
    a = 1 / (np.sqrt(2) * temperature)
    return np.exp(-a) / np.sqrt(1 - 2 * a) * np.sqrt(2) * a / (1 - 2 * a)


def closed_forms() -> Design:
    """RW-1 and RW-2: quadrature against closed forms, with and without noise."""
    noisy = [("linear", k, b, 0.3) for k in (1, 2, 3) for b in (1.0, 2.0)]
    quiet = [("he2", 2, b, 0.0) for b in (1.6, 2.0, 3.0)]
    quiet += [("sin", 1, b, 0.0) for b in (0.5, 1.0, 2.0)]
    cells = noisy + quiet
    found = [coef(link, k, b, noise=tau) for link, k, b, tau in cells]
    linear = [
        b**-k * np.exp((1 + tau**2) / (2 * b**2)) / np.sqrt(special.factorial(k))
        for _, k, b, tau in noisy
    ]
    closed = linear + [square_coef(b) for _, _, b, _ in quiet[:3]]
    closed = np.array(closed + [sine_series(b) for _, _, b, _ in quiet[3:]])
    seen = exactly(found, 1e-11 * np.abs(closed), order=[cell[1] for cell in cells])
    return Design(
        observe=lambda _: seen,
        claimed=closed,
        tol=Tolerance(1e-9 * np.abs(closed), "quadrature, relative"),
    )


def without_noise(design: Design) -> Design:
    """The noise factor forgotten in the six noisy points."""
    factor = np.exp(-(0.3**2) / (2 * np.tile([1.0, 2.0], 3) ** 2))
    claimed = design.claimed * np.concatenate([factor, np.ones(6)])
    return replace(design, claimed=claimed)


def without_root(design: Design) -> Design:
    """He_k taken for h_k."""
    orders = [1, 1, 2, 2, 3, 3, 2, 2, 2, 1, 1, 1]
    return replace(design, claimed=design.claimed * np.sqrt(special.factorial(orders)))


CLOSED = Claim(
    id="RW-1",
    title="Tilted Hermite signal in closed form",
    statement=r"$c_k(\beta) = \mathbb{E}[(t_1(\sigma^*(z)) - c_0) h_k(z)]$, with "
    r"$t_1(r) = e^{r/\beta + \tau^2/2\beta^2}$",
    provenance=Provenance("derived", "the tilt of a normal is a shift; RW-1 and RW-2"),
    kind=kinds.identity(),
    design=closed_forms,
    sizes={"quick": {"seeds": 1}, "paper": {"seeds": 1}, "gpu": {"seeds": 1}},
    mutants=(
        Mutant("noise factor forgotten", without_noise),
        Mutant("Hermite polynomials not normalised", without_root),
    ),
)


def sampled() -> Design:
    """RW-1 by Monte Carlo: means of T h_k over blocks of ten thousand samples."""
    static = {"link": "sin3", "transform": "exp", "num_samples": 10_000, "order": 4}
    blocks = sweep(sims.signal, static, {"temperature": [1.0], "noise": [0.3]})
    exact = theory.hermite_coefs(1.0, 0.3, link="sin3", transform="exp", order=4)
    return Design(
        sweeps={"blocks": blocks},
        observe=lambda data: rows(data["blocks"].coefs.isel(degree=slice(1, None))),
        claimed=np.asarray(exact)[1:],
        tol=Tolerance(0.03, "resolution wanted"),
    )


SAMPLED = Claim(
    id="RW-1.mc",
    title="Tilted Hermite signal by sampling",
    statement=r"$\mathbb{E}[e^{y/\beta} h_k(z)] = c_k(\beta)$, $k = 1, …, 4$",
    provenance=Provenance("derived", "RW-1"),
    kind=kinds.value(),
    design=sampled,
    sizes={"paper": {"seeds": 4096}},
    mutants=(
        Mutant(
            "noise added to the transform instead of the label",
            runs(blocks=lambda before: replace(before, sim=wrong.noisy_transform)),
            shift=0.04,
        ),
        Mutant("coefficients of the noiseless tilt", claims(lambda c: c * 0.9)),
    ),
)


def growth(*, temperatures: tuple[float, ...], bounds: tuple[float, ...]) -> Design:
    """RW-3: slope of the log effective sample size between n = 1e3 and 1e5."""

    def weights(num_samples: int) -> dict:
        static = {"link": "he2", "num_samples": num_samples}
        axes = {"temperature": list(temperatures), "noise": [0.0]}
        return {"sim": sims.weight_ess, "static": static, "dynamic": axes}

    few, many = (sweep(**weights(n)) for n in (1_000, 100_000))

    def observe(data: Mapping[str, Dataset]) -> DataArray:
        first, last = (rows(np.log(data[name].ess)) for name in ("few", "many"))
        count = min(first.sizes["seed"], last.sizes["seed"])
        first, last = (part.isel(seed=slice(count)) for part in (first, last))
        # The share falls by the slope minus one: ESS is the share times n.
        return 1 + (last - first.values) / np.log(100)

    return Design(
        sweeps={"few": few, "many": many},
        observe=observe,
        claimed=np.array(bounds),
        tol=Tolerance(0.05, "logarithmic factors"),
    )


def at_temperature(temperature: float) -> dict:
    """The mutation of both sweeps to one other temperature."""

    def change(before: Sweep) -> Sweep:
        return replace(before, dynamic={"temperature": [temperature], "noise": [0.0]})

    return {"few": change, "many": change}


HEAVY = Claim(
    id="RW-3",
    title="Below its threshold the tilt starves",
    statement=r"for $\sigma^* = h_2$ the log-slope of the geometric-mean ESS is at "
    r"most $0.35$ at $\beta = 1.2 < \sqrt2$ and $0.85$ at $\beta = 2 < 2\sqrt2$",
    provenance=Provenance("derived", "weights of tail index β/2q; RW-3"),
    kind=kinds.upper_bound(),
    design=growth,
    sizes={
        "quick": {"seeds": 64, "temperatures": (1.2, 2.0), "bounds": (0.35, 0.85)},
        "paper": {"seeds": 400, "temperatures": (1.2, 2.0), "bounds": (0.35, 0.85)},
    },
    mutants=(
        Mutant(
            "signal and variance thresholds exchanged: starved at β = 2 too",
            claims(np.array([0.35, 0.35])),
        ),
    ),
)
LIGHT = Claim(
    id="RW-3.light",
    title="Above twice its threshold the tilt keeps its samples",
    statement=r"for $\sigma^* = h_2$ the log-slope of the geometric-mean ESS is at "
    r"least $0.97$ at $\beta = 4 > 2\sqrt2$",
    provenance=Provenance("derived", "weights of tail index β/2q; RW-3"),
    kind=kinds.lower_bound(),
    design=growth,
    sizes={
        "quick": {"seeds": 64, "temperatures": (4.0,), "bounds": (0.97,)},
        "paper": {"seeds": 400, "temperatures": (4.0,), "bounds": (0.97,)},
    },
    mutants=(
        Mutant(
            "threshold 2q taken for the variance: slope 1 claimed at β = 2",
            runs(**at_temperature(2.0)),
            shift=-0.28,
        ),
    ),
)


def vanishing() -> Design:
    """RW-4: coefficients below the exponent, and the blind second moment of gen4."""
    cells = [
        (link, transform, j, b)
        for link, transform, k in EXPONENTS
        for j in range(1, k)
        for b in GENERIC
    ]
    found = [coef(link, j, b, transform=t) for link, t, j, b in cells]
    blind = number(theory.generative_powers(0.2, link="gen4", order=2)[2])
    return Design(
        observe=lambda _: exactly([*found, blind], 0.0),
        claimed=np.zeros(len(found) + 1),
        tol=Tolerance(1e-10, "quadrature"),
    )


def sine_alone(_: object) -> DataArray:
    """First coefficient of sin3 without its second harmonic."""
    return exactly(coef("sin", 1, 1.0, transform="plain"), 0.0)


VANISH = Claim(
    id="RW-4",
    title="What a label transform cannot see",
    statement=r"$c_j(\beta) = 0$ below the exponent ($k = 3$, $4$ for plain sin3 and "
    r"cos4, $k_T = 1$, $2$ after tilting, 4 for gen4 under every transform)",
    provenance=Provenance("derived", "RW-4; exponents: Damian et al. 2024"),
    kind=kinds.identity(),
    design=vanishing,
    sizes={"quick": {"seeds": 1}, "paper": {"seeds": 1}, "gpu": {"seeds": 1}},
    mutants=(
        Mutant("second exponent claimed for gen4", claims(lambda c: c + 1e-3)),
        Mutant(
            "sin3 without its second harmonic",
            lambda design: replace(design, observe=sine_alone, claimed=np.zeros(1)),
            shift=0.6,
        ),
    ),
)


def visible(*, table: tuple[tuple[str, str, int], ...] = EXPONENTS) -> Design:
    """RW-4: the coefficient at the exponent is there."""
    found = [
        abs(coef(link, k, b, transform=t)) for link, t, k in table for b in GENERIC
    ]
    return Design(
        observe=lambda _: exactly(found),
        claimed=1e-3,
        tol=Tolerance(0.0, "none needed: the bound is not attained"),
    )


def second_of_gen4(_: object) -> DataArray:
    """What gen4 shows at second order."""
    return exactly([abs(coef("gen4", 2, b)) for b in GENERIC for _ in EXPONENTS])


VISIBLE = Claim(
    id="RW-4.seen",
    title="What a label transform sees",
    statement=r"$|c_k(\beta)| \ge 10^{-3}$ at the exponent of the table, at generic "
    r"temperatures",
    provenance=Provenance("derived", "RW-4"),
    kind=kinds.lower_bound(evidence="exact"),
    design=visible,
    sizes={"quick": {"seeds": 1}, "paper": {"seeds": 1}, "gpu": {"seeds": 1}},
    mutants=(Mutant("exponent 2 for gen4", observes(second_of_gen4), shift=-1e-3),),
)


def slopes() -> Design:
    """RW-5: local exponents in the temperature between β and 2β."""

    def slope(function, temperature: float) -> float:
        ends = numbers([function(temperature), function(2 * temperature)])
        return float(np.diff(np.log(np.abs(ends)))[0] / np.log(2))

    def ratio(transform: str, center: float | str):
        return lambda b: theory.signal_to_noise(
            b, 0.2, link="sin3", transform=transform, center=center
        )

    found = [
        slope(lambda b: coef("sin3", 1, b), 20.0),
        slope(lambda b: coef("sin3", 1, b, transform="exp_y"), 20.0),
        slope(lambda b: coef("cos4", 2, b), 400.0),
        slope(ratio("exp", "mean"), 20.0),
        slope(ratio("exp_y", "mean"), 20.0),
        slope(ratio("exp", 0.0), 20.0),
    ]
    return Design(
        observe=lambda _: exactly(found, 1e-6),
        claimed=np.array([-3.0, -2.0, -2.0, -4.0, -4.0, -6.0]),
        tol=Tolerance(0.03, "next order in 1/β"),
    )


SLOPES = Claim(
    id="RW-5",
    title="Tilting fades as a power of the temperature",
    statement=r"sin3: $c_1 \sim \beta^{-3}$ (exp), $\beta^{-2}$ (exp_y); cos4: "
    r"$c_2 \sim \beta^{-2}$; $\rho \sim \beta^{-4}$ centred, $\beta^{-6}$ uncentred",
    provenance=Provenance("derived", "expansion in 1/β; RW-5"),
    kind=kinds.identity(),
    design=slopes,
    sizes={"quick": {"seeds": 1}, "paper": {"seeds": 1}, "gpu": {"seeds": 1}},
    mutants=(
        Mutant(
            "signal-to-noise as β^-2",
            claims(np.array([-3.0, -2.0, -2.0, -2.0, -2.0, -2.0])),
        ),
        Mutant(
            "uncentred signal-to-noise as β^-4",
            claims(np.array([-3.0, -2.0, -2.0, -4.0, -4.0, -4.0])),
        ),
    ),
)

CLAIMS = (CLOSED, SAMPLED, HEAVY, LIGHT, VANISH, VISIBLE, SLOPES)
