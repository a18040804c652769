r"""Limits and exponents: what remains when the size grows.

Both fit a declared correction $N^{-\omega}$ for every admissible $\omega$, drop the
models that the data reject, and take the hull of what is left, widened by a
systematic budget $\beta$: how much the answer moves when the smallest size is left out.
$\omega$ is never fitted, and the window is never chosen by its fit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .errors import BadSamples
from .exact import Entries
from .kinds import Kind
from .leastsquares import Fit, correction, fit
from .means import few_values, resample_counts
from .samples import Samples, first
from .sizes import Group, groups, require_span
from .studentised import Studentised

LIMIT_GATE, EXPONENT_GATE = 0.01, 0.1
LIMIT_SPAN, EXPONENT_SPAN = (5, 16.0), (6, 32.0)
RESAMPLES, LEVERAGE = 1000, 0.15


@dataclass(frozen=True)
class Curve:
    """One number per size with its influence values: what is extrapolated.

    Attributes:
        group: The points it is made of.
        y: Value at every size.
        influence: Influence of every row on every value, (n, size), mean zero.
        resampled: Values at bootstrap resamples of the rows, (resample, size).
        blocked: Why it must stay undecided at this look; empty if it need not.
    """

    group: Group
    y: np.ndarray
    influence: np.ndarray
    resampled: np.ndarray | None = None
    blocked: str = ""

    @property
    def variance(self) -> np.ndarray:
        """Variance of every value."""
        return self.influence.var(0, ddof=1) / len(self.influence)


@dataclass(frozen=True)
class Answer:
    """Estimates of one curve, one entry per admissible correction."""

    estimate: np.ndarray
    se: np.ndarray
    bias: np.ndarray
    gof: np.ndarray
    kept: np.ndarray
    skew: float
    blocked: str
    leverage: bool


def limit(samples: Samples, kind: Kind) -> Studentised:
    r"""The limit $y_\infty$ of $y_N = y_\infty + aN^{-\omega}$ for every group."""
    size, by = kind.options["size"], kind.options["by"]
    curves = [mean_curve(samples, g) for g in groups(samples.at, size, by)]
    return extrapolate(curves, kind)


def extrapolate(curves: Sequence[Curve], kind: Kind) -> Studentised:
    """The limits of curves, by the hull over corrections."""
    for curve in curves:
        require_span(kind.options["size"], curve.group.sizes, *LIMIT_SPAN)
    answers = [
        solve(curve, kind.options["omega"], _limit_model, 0, LIMIT_GATE)
        for curve in curves
    ]
    return gathered(curves, answers)


def exponent(samples: Samples, kind: Kind) -> Studentised | Entries:
    r"""The exponent $\gamma$ of $y_N \sim AN^{-\gamma}$ for every group."""
    options = kind.options
    found = groups(samples.at, options["size"], options["by"])
    if kind.evidence == "exact":
        return exact_exponent(samples, found, options["omega"])
    counts = resample_counts(samples.n, RESAMPLES)
    curves = [log_curve(samples, g, counts, options["typical"]) for g in found]
    for curve in curves:
        require_span(options["size"], curve.group.sizes, *EXPONENT_SPAN)
    answers = [
        solve(curve, options["omega"], _power_model, 1, EXPONENT_GATE)
        for curve in curves
    ]
    return gathered(curves, answers)


def mean_curve(samples: Samples, group: Group) -> Curve:
    """Means of the rows at every size."""
    values = samples.values[:, group.points]
    center = values.mean(0)
    return Curve(group, center, values - center, blocked=_blocked(values))


def log_curve(
    samples: Samples, group: Group, counts: np.ndarray, typical: bool
) -> Curve:
    r"""Log of the mean at every size, with the bias $s^2/(2n\bar y^2)$ taken out.

    With `typical` the mean of the log instead: a statement about a typical value.
    """
    values, n = samples.values[:, group.points], samples.n
    if typical:
        bad, at = values <= 0, [samples.at[k] for k in group.points]
        if bad.any():
            raise BadSamples(f"{first(values, bad, at)} has no logarithm.")
        values = np.log(values)
        center = values.mean(0)
        moved = counts @ values / n
        return Curve(group, center, values - center, moved, _blocked(values))
    center = values.mean(0)
    _positive(center, group)
    relative = (values - center) / center
    bias = relative.var(0, ddof=1) / (2 * n)
    moved = np.log(np.maximum(counts @ values / n / center, 1e-12)) + np.log(center)
    return Curve(group, np.log(center) + bias, relative, moved + bias, _blocked(values))


def solve(
    curve: Curve,
    omegas: Sequence[float],
    model: Callable[[np.ndarray, float], np.ndarray],
    wanted: int,
    gate: float,
) -> Answer:
    """Fit every admissible correction, with and without the smallest size."""
    weights = 1.0 / np.maximum(curve.variance, 1e-300)
    parts = [_one(curve, weights, model, omega, wanted) for omega in omegas]
    estimate, se, move, gof, leverage = (
        np.array(part) for part in zip(*parts, strict=True)
    )
    bias = move if wanted == 0 else np.minimum(move, 2 * se)
    psi = _influence(
        curve, fit(model(curve.group.sizes, omegas[0]), curve.y, weights), wanted
    )
    discrete = "discrete" if few_values(psi[:, None]).any() else ""
    return Answer(
        estimate=estimate,
        se=se,
        bias=bias,
        gof=gof,
        kept=gof > gate,
        skew=_skew(psi),
        blocked=curve.blocked or discrete,
        leverage=bool(leverage.any()),
    )


def gathered(curves: Sequence[Curve], answers: Sequence[Answer]) -> Studentised:
    """Answers of all groups as the points of a claim."""
    stack = {
        name: np.stack([getattr(a, name) for a in answers], axis=1)
        for name in ("estimate", "se", "bias", "gof", "kept")
    }
    best = np.where(stack["kept"], stack["gof"], -1.0).argmax(0)
    picked = {
        name: np.take_along_axis(stack[name], best[None], 0)[0]
        for name in ("estimate", "se", "bias", "gof")
    }
    return Studentised(
        at=tuple(curve.group.at for curve in curves),
        n=len(curves[0].influence),
        **picked,
        skew=np.array([a.skew for a in answers]),
        reasons=np.array([a.blocked for a in answers], dtype=object),
        flags=("leverage",) if any(a.leverage for a in answers) else (),
        diagnostics=tuple(_shown(c) for c in curves),
        fits=(stack["estimate"], stack["se"], stack["bias"]),
        kept=stack["kept"],
    )


def exact_exponent(
    samples: Samples, found: Sequence[Group], omegas: Sequence[float]
) -> Entries:
    """Exponents of computed curves: no noise, only the systematic budget."""
    ends = []
    for group in found:
        y = samples.values[0, group.points]
        _positive(y, group)
        ends.append([_exact_ends(group.sizes, np.log(y), omega) for omega in omegas])
    ends = np.array(ends)  # (group, omega, [estimate, budget])
    center, budget = ends[..., 0], ends[..., 1]
    zeros = np.zeros(len(found))
    return Entries(
        at=tuple(group.at for group in found),
        n=1,
        estimate=center.mean(1),
        se=zeros * np.nan,
        skew=zeros * np.nan,
        bias=budget.max(1),
        reasons=np.array([""] * len(found), dtype=object),
        smallest=(center - budget).min(1),
        largest=(center + budget).max(1),
        error=np.array([samples.error[g.points].max() for g in found]),
    )


def _exact_ends(sizes: np.ndarray, y: np.ndarray, omega: float) -> tuple[float, float]:
    """Exponent with all sizes, and how far it moves without the smallest."""
    model = _power_model(sizes, omega)
    whole = fit(model, y, np.ones_like(y)).coefficients[1]
    part = fit(model[1:], y[1:], np.ones_like(y[1:])).coefficients[1]
    return float(whole), float(abs(whole - part))


def _one(
    curve: Curve,
    weights: np.ndarray,
    model: Callable[[np.ndarray, float], np.ndarray],
    omega: float,
    wanted: int,
) -> tuple[float, float, float, float, bool]:
    """Estimate, standard error, budget, fit and leverage for one correction."""
    regressors = model(curve.group.sizes, omega)
    whole = fit(regressors, curve.y, weights)
    part = fit(regressors[1:], curve.y[1:], weights[1:])
    psi = _influence(curve, whole, wanted)
    se, leverage = psi.std(ddof=1) / np.sqrt(len(psi)), False
    if curve.resampled is not None:
        cluster = (curve.resampled @ whole.map[wanted]).std(ddof=1)
        leverage = bool(abs(cluster - se) > LEVERAGE * se)
        se = max(se, cluster) if leverage else se
    estimate = whole.coefficients[wanted]
    return estimate, se, abs(estimate - part.coefficients[wanted]), whole.gof, leverage


def _influence(curve: Curve, fitted: Fit, wanted: int) -> np.ndarray:
    """Influence of every row on the wanted coefficient, the whole row at once."""
    return curve.influence @ fitted.map[wanted]


def _limit_model(sizes: np.ndarray, omega: float) -> np.ndarray:
    return np.stack([np.ones_like(sizes), correction(sizes, omega)], axis=1)


def _power_model(sizes: np.ndarray, omega: float) -> np.ndarray:
    logs = -np.log(sizes / sizes[0])
    return np.stack([np.ones_like(sizes), logs, correction(sizes, omega)], axis=1)


def _blocked(values: np.ndarray) -> str:
    """Discrete if a size shows a single value only."""
    return "discrete" if (np.ptp(values, axis=0) == 0).any() else ""


def _positive(y: np.ndarray, group: Group) -> None:
    if not (y > 0).all():
        k = int(np.argmin(y > 0))
        raise BadSamples(
            f"mean {y[k]:g} at size {group.sizes[k]:g} of {dict(group.at)} has no "
            "logarithm; an exponent needs positive values."
        )


def _skew(psi: np.ndarray) -> float:
    scale = psi.std()
    return float(((psi - psi.mean()) ** 3).mean() / scale**3) if scale > 0 else 0.0


def _shown(curve: Curve) -> dict[str, list[float]]:
    """What a figure needs: sizes, values and their standard errors."""
    return {
        "sizes": curve.group.sizes.tolist(),
        "values": curve.y.tolist(),
        "standard_errors": np.sqrt(curve.variance).tolist(),
    }
