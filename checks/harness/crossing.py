r"""Thresholds: where the probability of success crosses a level.

Per size a logistic curve $\operatorname{logit} p = b_0 + b_1 x$ is fitted to the shares
of success along the ratio x. Influence values of whole seeds (the sandwich) carry the
uncertainty, so that one seed may produce all ratios. The crossings are points of their
own, or are extrapolated in the size as any other limit; the slopes grow like
$d^{1/\nu}$.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from . import binomial
from .errors import BadSamples
from .growth import Answer, Curve, extrapolate, gathered
from .kinds import Kind
from .leastsquares import fit
from .samples import Samples, first
from .sizes import Group, groups, tells_apart
from .studentised import Studentised

NEWTON_STEPS, CONVERGED = 30, 1e-10
BRACKET_LEVEL = 0.01


@dataclass(frozen=True)
class Logistic:
    """A fitted logistic curve with the influence of every row on what it says.

    Attributes:
        group: The points it is made of.
        crossing: Where it crosses the level.
        slope: Its slope b_1.
        crossing_influence: Influence of every row on the crossing.
        slope_influence: Influence of every row on the slope.
        blocked: Why it says nothing yet (`discrete`: fewer than two ratios with both
            successes and failures); empty if it does.
    """

    group: Group
    crossing: float
    slope: float
    crossing_influence: np.ndarray
    slope_influence: np.ndarray
    blocked: str


def threshold(samples: Samples, kind: Kind) -> Studentised:
    """Crossings at every size, their limit, or the exponent of the slopes.

    Raises:
        BadSamples: A row is not a share of successes.
    """
    values, options = samples.values, kind.options
    bad = (values < 0) | (values > 1)
    if bad.any():
        raise BadSamples(
            "rows of a threshold must be shares of success in [0, 1], got "
            f"{first(values, bad, samples.at)}."
        )
    found = groups(samples.at, options["ratio"], _apart(samples, options))
    curves = [logistic(values[:, g.points], g, options["level"]) for g in found]
    if options["size"] is None:
        brackets = [_bracket(values[:, g.points], g, options["level"]) for g in found]
        return _each(curves, brackets)
    along = _along(curves, options["size"], options["by"], options["width"])
    if options["width"]:
        return gathered(along, [_growth(curve) for curve in along])
    return extrapolate(along, kind)


def _apart(samples: Samples, options: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Coordinates of the single curves: the size, and what tells groups apart."""
    size, by = options["size"], options["by"]
    if by is None:
        by = tells_apart(samples.at, options["ratio"])
    return tuple(by) if size is None or size in by else (*by, size)


def logistic(values: np.ndarray, group: Group, level: float = 0.5) -> Logistic:
    """Fit one curve by Newton's method on the shares of success."""
    n, shares = len(values), values.mean(0)
    center, scale = group.sizes.mean(), group.sizes.std()
    x = np.stack([np.ones_like(shares), (group.sizes - center) / scale], axis=1)
    mixed = int(((shares > 0) & (shares < 1)).sum())
    if mixed < 2:
        nothing = np.zeros(n)
        return Logistic(group, center, 1.0, nothing, nothing, "discrete")
    b, information = _newton(x, shares)
    scores = (values - special.expit(x @ b)) @ x
    psi = np.linalg.solve(information, scores.T).T
    target = special.logit(level) - b[0]
    crossing = target / b[1]
    moved = -(psi[:, 0] + crossing * psi[:, 1]) / b[1]
    return Logistic(
        group,
        float(center + scale * crossing),
        float(b[1] / scale),
        scale * moved,
        psi[:, 1] / scale,
        "",
    )


def _newton(x: np.ndarray, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and information per row; steps are damped until the fit improves."""
    b = np.zeros(2)
    for _ in range(NEWTON_STEPS):
        p = special.expit(x @ b)
        information = (x * (p * (1 - p))[:, None]).T @ x + 1e-12 * np.eye(2)
        step = np.linalg.solve(information, x.T @ (shares - p))
        largest = np.abs(step).max()
        b = b + step / max(1.0, largest / 2.0)
        if largest < CONVERGED:
            break
    p = special.expit(x @ b)
    return b, (x * (p * (1 - p))[:, None]).T @ x + 1e-12 * np.eye(2)


def _bracket(values: np.ndarray, group: Group, level: float) -> tuple[float, float]:
    """Between the last ratio surely below and the first surely above the level.

    Monotone curves are the only assumption; shares that are not counts are rounded
    towards the level.
    """
    n = len(values)
    successes = values.sum(0)
    toward = np.where(successes > n * level, np.floor(successes), np.ceil(successes))
    lo, hi = binomial.limits(toward, n, BRACKET_LEVEL / len(toward))
    below, above = group.sizes[hi < level], group.sizes[lo > level]
    return (
        float(below.max()) if len(below) else -np.inf,
        float(above.min()) if len(above) else np.inf,
    )


def _each(
    curves: Sequence[Logistic], brackets: Sequence[tuple[float, float]]
) -> Studentised:
    """Every crossing as a point of its own."""
    psi = np.stack([curve.crossing_influence for curve in curves], axis=1)
    n = len(psi)
    blocked = np.array([curve.blocked for curve in curves], dtype=object)
    se = np.where(blocked == "", psi.std(0, ddof=1) / np.sqrt(n), np.inf)
    return Studentised(
        at=tuple(curve.group.at for curve in curves),
        n=n,
        estimate=np.array([curve.crossing for curve in curves]),
        se=se,
        skew=np.full(len(curves), np.nan),
        bias=np.zeros(len(curves)),
        reasons=blocked,
        diagnostics=tuple(
            {"slope": curve.slope, "bracket": list(bracket)}
            for curve, bracket in zip(curves, brackets, strict=True)
        ),
    )


def _along(
    curves: Sequence[Logistic], size: str, by: tuple[str, ...] | None, width: bool
) -> list[Curve]:
    """Crossings (or logarithms of slopes) as curves in the size."""
    found = groups([curve.group.at for curve in curves], size, by)
    return [_joined([curves[k] for k in g.points], g, width) for g in found]


def _joined(parts: Sequence[Logistic], group: Group, width: bool) -> Curve:
    blocked = next((part.blocked for part in parts if part.blocked), "")
    if width:
        slopes = np.array([part.slope for part in parts])
        blocked = blocked or ("" if (slopes > 0).all() else "model-rejected")
        slopes = np.maximum(slopes, 1e-12)
        psi = np.stack([part.slope_influence for part in parts], axis=1) / slopes
        return Curve(group, np.log(slopes), psi, blocked=blocked)
    psi = np.stack([part.crossing_influence for part in parts], axis=1)
    return Curve(group, np.array([p.crossing for p in parts]), psi, blocked=blocked)


def _growth(curve: Curve) -> Answer:
    """The exponent of the slopes: a weighted line in the logarithms."""
    sizes = curve.group.sizes
    model = np.stack([np.ones_like(sizes), np.log(sizes / sizes[0])], axis=1)
    fitted = fit(model, curve.y, 1.0 / np.maximum(curve.variance, 1e-300))
    psi = curve.influence @ fitted.map[1]
    return Answer(
        estimate=fitted.coefficients[1:],
        se=np.array([psi.std(ddof=1) / np.sqrt(len(psi))]),
        bias=np.zeros(1),
        gof=np.array([fitted.gof]),
        kept=np.ones(1, dtype=bool),
        skew=float("nan"),
        blocked=curve.blocked,
        leverage=False,
    )
