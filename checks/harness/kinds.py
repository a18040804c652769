"""Which region an estimate must lie in, and how rows become an estimate."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .errors import BadClaim

SIDES = {
    "identity": "two",
    "value": "two",
    "limit": "two",
    "exponent": "two",
    "threshold": "two",
    "upper_bound": "upper",
    "ordering": "upper",
    "law": "upper",
    "lower_bound": "lower",
}
EVIDENCE = ("exact", "mean", "frequency", "table", "law")
OMEGA = (0.5, 1.0)


@dataclass(frozen=True)
class Kind:
    """A kind of claim and the evidence by which it is judged.

    Attributes:
        name: One of the nine kinds.
        evidence: exact, mean, frequency, table or law.
        of: Function of the column means (mean) or of the whole table (table).
        estimator: Which estimator turns rows into an interval.
        options: Its parameters.
    """

    name: str
    evidence: str
    of: Callable[..., Any] | None = None
    estimator: str = "mean"
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.name not in SIDES:
            raise BadClaim(f"`name` must be one of {tuple(SIDES)}, got {self.name!r}.")
        if self.evidence not in EVIDENCE:
            raise BadClaim(
                f"`evidence` must be one of {EVIDENCE}, got {self.evidence!r}."
            )
        if self.evidence == "table" and self.of is None:
            raise BadClaim("evidence 'table' needs `of`, a function of the table.")

    @property
    def side(self) -> str:
        """`two`, `upper` (the estimate must not exceed) or `lower`."""
        return self.options.get("side", SIDES[self.name])


def identity() -> Kind:
    """Exact equality of two computations, within a stated numerical error."""
    return Kind("identity", "exact", estimator="exact")


def value(of: Callable[..., Any] | None = None, evidence: str = "mean") -> Kind:
    """The estimand equals the claimed number.

    Args:
        of: Evidence mean: smooth function of the column means, called with arrays
            whose last axis is `column` and returning the other axes. Evidence table:
            any function of the whole table (seed first) returning one number per point.
        evidence: exact, mean, frequency or table.
    """
    return Kind("value", evidence, of, estimator=evidence)


def upper_bound(of: Callable[..., Any] | None = None, evidence: str = "mean") -> Kind:
    """The estimand does not exceed the claimed number.

    Evidence mean bets on nonnegative rows (exact) and uses the t-mixture otherwise;
    evidence exact demands it of every row; evidence frequency bounds a probability.
    """
    return Kind("upper_bound", evidence, of, estimator=evidence)


def lower_bound(
    of: Callable[..., Any] | None = None,
    evidence: str = "mean",
    upper: float | int | None = None,
) -> Kind:
    """The estimand is at least the claimed number, at every point (algorithm).

    Args:
        of: As in `value`.
        evidence: exact, mean, frequency or table.
        upper: A known upper limit of the rows, which makes the test exact.
    """
    return Kind("lower_bound", evidence, of, evidence, {"upper": upper})


def tail_bound(level: Any) -> Kind:
    """P(row > level) is at most the claimed probability; rows are numbers."""
    return Kind("upper_bound", "frequency", None, "tail", {"level": level})


def quantile_bound(q: float) -> Kind:
    """The `q`-quantile of the rows is at most the claimed number."""
    return Kind("upper_bound", "frequency", None, "quantile", {"q": q})


def ordering(of: Callable[..., Any] | None = None, evidence: str = "mean") -> Kind:
    """E[A − B] does not exceed the claimed number (zero, usually).

    Rows are the differences, or carry a dimension `sample` of length two (A, then B),
    in which case the gain of common random numbers is reported too.
    """
    return Kind("ordering", evidence, of, estimator=evidence)


def limit(
    size: str,
    omega: tuple[float | int, ...] = OMEGA,
    by: tuple[str, ...] | None = None,
) -> Kind:
    r"""The limit of the mean as the size grows, from $y_N = y_\infty + a N^{-\omega}$.

    Args:
        size: The point coordinate that grows.
        omega: Admissible correction exponents, from theory.
        by: Coordinates that tell the claim's points apart; by default all others some
            value of which occurs at two sizes.
    """
    return Kind("limit", "mean", None, "limit", _omega(size, omega, by))


def exponent(
    size: str,
    omega: tuple[float | int, ...] = OMEGA,
    by: tuple[str, ...] | None = None,
    *,
    typical: bool = False,
    evidence: str = "mean",
) -> Kind:
    r"""The exponent $\gamma$ of $y_N \sim A N^{-\gamma}$, corrections $N^{-\omega}$.

    Args:
        size: The point coordinate that grows.
        omega: Admissible correction exponents.
        by: As in `limit`.
        typical: Use the mean of log y (a typical value) instead of the log of the mean.
        evidence: mean, or exact for the slope of a computed curve.
    """
    options = _omega(size, omega, by) | {"typical": typical}
    return Kind("exponent", evidence, None, "exponent", options)


def threshold(
    ratio: str,
    size: str | None = None,
    omega: tuple[float | int, ...] = OMEGA,
    by: tuple[str, ...] | None = None,
    *,
    width: bool = False,
    side: str = "two",
    level: float = 0.5,
) -> Kind:
    """Where the probability of success crosses `level` as `ratio` grows.

    Args:
        ratio: The point coordinate along which the probability changes.
        size: The coordinate that grows; None: every finite size is a point of its own.
        omega: Admissible correction exponents of the extrapolation in `size`.
        by: As in `limit`.
        width: Judge the exponent 1/nu with which the slope grows with the size instead.
        side: `two`; `lower` or `upper` for a one-sided statement (1/nu > 0).
        level: The probability that is crossed.
    """
    if width and size is None:
        raise BadClaim("a width exponent needs `size`.")
    options = {"ratio": ratio, "width": width, "level": level, "side": side}
    return Kind(
        "threshold", "frequency", None, "threshold", options | _omega(size, omega, by)
    )


def law(
    cdf: Callable[..., Any] | None = None, left: Callable[..., Any] | None = None
) -> Kind:
    """Rows follow a known law, or two samples (dimension `sample`) follow the same.

    The known law may stand here, or (so that mutants can change it) in the design's
    `claimed`. Atoms are allowed: F is also evaluated just below every row.

    Args:
        cdf: The distribution function, elementwise; None for two samples.
        left: F(x−), for rows rounded to a grid: they are then spread at random
            between F(x−) and F(x) and held against the uniform law.
    """
    return Kind("law", "law", None, "law", {"cdf": cdf, "left": left})


def _omega(
    size: str | None, omega: tuple[float | int, ...], by: tuple[str, ...] | None
) -> dict[str, Any]:
    if not omega or min(omega) <= 0:
        raise BadClaim(f"`omega` must be a non-empty set of positive numbers: {omega}.")
    return {"size": size, "omega": tuple(omega), "by": by}
