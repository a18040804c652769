"""Theory against its own bounds and limits (HS-4, HS-5, HS-6, HS-7a, HS-12)."""

from dataclasses import replace
from typing import Any

import numpy as np

from ...theory.hierarchy import LabelLaw
from ..harness import Claim, Design, Mutant, Provenance, kinds
from .exact import always, exactly, observing
from .teachers import power_law, standard, theory

TANH = (0.3, 0.7, 1.0, 2.0, 5.0)


def bounded_below(**_: Any) -> Design:
    """HS-4: δ_k(T) · E η_k² for ten preprocessings and the best one, P0."""
    teacher = standard()
    law = theory.label_law(teacher.weights)
    ratios = []
    for k, side in enumerate((1, -1, 1, -1)):
        bound = float(theory.recovery_threshold_lower_bound(law, k))
        for kind in ("tanh", "clip"):
            for c in TANH:
                F = theory.preprocess(law.grid, c, preprocessing=kind)
                found = theory.recovery_threshold(law, F, c, k, side)
                ratios.append(float(found) / bound)
        ratios.append(_attained(law, k, k) / bound)
    return exactly(ratios, 1.0, 2e-4, "the density is masked below 1e-8", 1e-6)


def attained(**_: Any) -> Design:
    """HS-4.attained: δ_k(T*_k) · E η_k² = 1, P0."""
    law = theory.label_law(standard().weights)
    found = [_attained(law, k, k) / _bound(law, k) for k in range(4)]
    return exactly(found, 1.0, 2e-4, "the density is masked below 1e-8", 1e-6)


def of_another_feature(design: Design) -> Design:
    """T* of the next feature of the same sign."""
    law = theory.label_law(standard().weights)
    found = [_attained(law, k, (k + 2) % 4) / _bound(law, k) for k in range(4)]
    return observing(design, np.minimum(found, 1e3))


def _bound(law: LabelLaw, k: int) -> float:
    return float(theory.recovery_threshold_lower_bound(law, k))


def _attained(law: LabelLaw, k: int, best_for: int) -> float:
    """Threshold of feature k under the best preprocessing of a feature."""
    best = theory.optimal_preprocessing(law, best_for)
    return float(theory.recovery_threshold(law, best, 0.99, k, 1))


def weak_feature(**_: Any) -> Design:
    """HS-5: exact threshold of the last of 128 features against the semicircle."""
    teacher = power_law(0.4, 128)
    law = theory.label_law(teacher.weights, features=(127,))
    values = theory.preprocess(law.grid, teacher.scale)
    exact = float(theory.recovery_threshold(law, values, teacher.scale, 0, -1))
    short = np.asarray(theory.semicircle_threshold(law, values))
    return exactly(
        [exact], short, 0.02 * short, "next order, skewness · δ^(-1/2)", 1e-6
    )


def growth(*, dims: tuple[int, int]) -> Design:
    """HS-6: slopes of log n_k in log k and in log d (ε = 1/2)."""
    found, claimed = [], []
    for gamma in (0.2, 0.75, 1.0, 1.5):
        n = theory.power_law_threshold(gamma, num_features=64, dim=40)
        log_n, log_k = np.log(np.asarray(n)), np.log(np.arange(1, 65.0))
        found.append(np.polyfit(log_k, log_n, 1)[0])
        claimed.append(2 * gamma)
        ends = [_ends(gamma, dim) for dim in dims]
        found.extend((ends[1] - ends[0]) / np.log(dims[1] / dims[0]))
        index = np.array([1.0, dims[1] ** 0.5])
        alpha = theory.threshold_exponent(gamma, 0.5, index, float(dims[1]))
        claimed.extend(np.asarray(alpha))
    claimed = np.array(claimed)
    return exactly(found, claimed, 0.01 * claimed, "S converges slowly in d", 1e-9)


def _ends(gamma: float, dim: int) -> np.ndarray:
    """Log n_1 and log n_p for p = √d."""
    n = theory.power_law_threshold(gamma, num_features=round(dim**0.5), dim=dim)
    return np.log(np.asarray(n)[[0, -1]])


def single_slope(design: Design) -> Design:
    """Slope γ in place of 2γ in log k."""
    claimed = design.claimed.copy()
    claimed[::3] /= 2
    return replace(design, claimed=claimed)


def scaling_law(*, features: int) -> Design:
    """HS-7a: the sum over features against its closed form with constant."""
    found, closed = [], []
    for gamma in (0.75, 1.0, 1.5):
        for ratio in (1e3, 1e4):
            found.append(_whole_sum(gamma, ratio, features))
            law = theory.power_law_nmse(ratio * 100, gamma, feature_dim=100)
            closed.append(float(law))
    closed = np.array(closed)
    return exactly(found, closed, 0.04 * closed, "next order in 1/m(n)", 1e-9)


def _whole_sum(gamma: float, ratio: float, features: int) -> float:
    """Σ b²(1 − q²)/S with the overlaps of HS-5."""
    weights = np.arange(1, features + 1.0) ** -gamma
    threshold = np.sum(weights**2) / (2 * weights**2)
    overlap = np.maximum(1 - threshold / ratio, 0)
    return float(theory.population_nmse(weights, overlap))


def staircase(design: Design) -> Design:
    """The naive count of what is not yet recovered."""
    size = {"num_features": 200_000, "feature_dim": 100}
    wrong = [
        float(theory.staircase_nmse(ratio * 100, gamma, **size))
        for gamma in (0.75, 1.0, 1.5)
        for ratio in (1e3, 1e4)
    ]
    return replace(design, claimed=np.array(wrong))


def other_exponent(design: Design) -> Design:
    """Exponent 1/(2γ) in place of 1 − 1/(2γ), pinned at the first ratio."""
    gammas = np.repeat([0.75, 1.0, 1.5], 2)
    first = np.repeat(design.claimed[::2], 2)
    fall = np.tile([1.0, 10.0], 3) ** (-1 / (2 * gammas))
    return replace(design, claimed=first * fall)


def fisher(**_: Any) -> Design:
    """HS-12: (1/E η_k²) · 4 b_k² I = 1 for the two weakest features."""
    found = []
    for gamma, p in ((0.25, 64), (1.0, 64), (0.4, 128)):
        law = theory.label_law(power_law(gamma, p).weights, features=(p - 2, p - 1))
        weak = [float(theory.weak_threshold(law, row)) for row in range(2)]
        found += [_bound(law, row) / weak[row] for row in range(2)]
    return exactly(found, 1.0, 0.04, "next order in b_k", 1e-4)


def raw_labels_are_best(design: Design) -> Design:
    """I replaced by 1/Var s: raw labels cannot be beaten."""
    found = design.observe({}).values.copy()
    for row, (gamma, p) in enumerate(((0.25, 64), (1.0, 64), (0.4, 128))):
        found[2 * row : 2 * row + 2] /= _gain(gamma, p)
    return observing(design, found)


def gain(**_: Any) -> Design:
    """HS-12.gain: Var s · I ≥ 1."""
    cases = ((0.25, 64), (1.0, 64), (0.4, 128), (1.0, 8))
    found = [_gain(gamma, p) for gamma, p in cases]
    return exactly(found, 1.0, 1e-4, "masked density, 1e-4", 1e-4)


def _gain(gamma: float, num_features: int) -> float:
    law = theory.label_law(power_law(gamma, num_features).weights, features=(0,))
    return float(theory.fisher_information(law)) * float(law.variance)


def _scaled(factor: float) -> Any:
    return lambda design: replace(design, claimed=factor * design.claimed)


CLAIMS = (
    Claim(
        id="HS-4",
        title="No preprocessing beats the lower bound",
        statement=r"$\delta_k(T)\,\mathbb{E}\eta_k^2 \ge 1$ for every $T$",
        provenance=Provenance("derived", "Cauchy–Schwarz at the threshold of HS-3"),
        kind=kinds.lower_bound(evidence="exact"),
        design=bounded_below,
        sizes=always(),
        mutants=(Mutant("bound 20 % higher", _scaled(1.2)),),
    ),
    Claim(
        id="HS-4.attained",
        title="The best preprocessing attains the bound",
        statement=r"$\delta_k(T^*_k)\,\mathbb{E}\eta_k^2 = 1$ for $T^*_k = 1 - p/p_k$",
        provenance=Provenance("derived", "equality in Cauchy–Schwarz"),
        kind=kinds.identity(),
        design=attained,
        sizes=always(),
        mutants=(Mutant("best for another feature", of_another_feature, 0.05),),
    ),
    Claim(
        id="HS-5",
        title="Semicircle threshold of a weak feature",
        statement=r"$n_k/D \to \mathbb{E}[F^2]/\theta_k^2$",
        provenance=Provenance("derived", "HS-3 at large $\\lambda$"),
        kind=kinds.identity(),
        design=weak_feature,
        sizes=always(),
        mutants=(
            Mutant(
                "S replaced by 1",
                lambda design: _scaled(1 / np.sum(power_law(0.4, 128).weights ** 2))(
                    design
                ),
            ),
        ),
    ),
    Claim(
        id="HS-6",
        title="Threshold exponents",
        statement=r"$\alpha_k = 2 + (1-2\gamma)_+\varepsilon + 2\gamma\log k/\log d$",
        provenance=Provenance("paper", "exponents of the authors' plotting code"),
        kind=kinds.identity(),
        design=growth,
        sizes=always(dims=(10**3, 10**6)),
        mutants=(Mutant("slope γ instead of 2γ", single_slope),),
    ),
    Claim(
        id="HS-7a",
        title="Scaling law of the error with its constant",
        statement=r"$\mathrm{NMSE} \to \frac{8\gamma^2}{4\gamma^2-1}\zeta(2\gamma)^{-1}"
        r"(2n/(D\zeta(2\gamma)))^{-(1-1/2\gamma)}$",
        provenance=Provenance("derived", "constant; the exponent is the paper's"),
        kind=kinds.identity(),
        design=scaling_law,
        sizes=always(features=200_000),
        mutants=(
            Mutant("naive staircase", staircase),
            Mutant("exponent 1/(2γ)", other_exponent),
        ),
    ),
    Claim(
        id="HS-12",
        title="Fisher-information law for weak features",
        statement=r"$\mathbb{E}\eta_k^2 \to 4 b_k^2 I$, the Fisher information of $s$",
        provenance=Provenance("derived", "expansion of $\\eta_k$ in $b_k$"),
        kind=kinds.identity(),
        design=fisher,
        sizes=always(),
        mutants=(Mutant("raw labels are best", raw_labels_are_best, 0.4),),
    ),
    Claim(
        id="HS-12.gain",
        title="Preprocessing never loses",
        statement=r"$\mathrm{Var}(s)\, I \ge 1$",
        provenance=Provenance("classical", "Cramér–Rao"),
        kind=kinds.lower_bound(evidence="exact"),
        design=gain,
        sizes=always(),
        mutants=(Mutant("bound 10 % higher", _scaled(1.1)),),
    ),
)
