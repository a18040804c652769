"""Which estimator turns rows into an estimate, by the word in `Kind.estimator`."""

from collections.abc import Callable, Mapping

from . import crossing, exact, growth, laws, means, proportions, tables
from .claim import is_law
from .errors import BadClaim, BadSamples
from .estimate import Estimate
from .rule import Rule
from .samples import Samples


def measure(samples: Samples, rule: Rule) -> Estimate:
    """Turn rows into an estimate by the kind's estimator.

    Raises:
        BadSamples: Rows that the estimator must refuse; names the claim.
        BadClaim: Points or numbers that do not fit the kind; names the claim.
    """
    try:
        return ESTIMATORS[rule.kind.estimator](samples, rule)
    except (BadSamples, BadClaim) as error:
        message = str(error).removeprefix(f"{rule.claim}: ")
        raise type(error)(f"{rule.claim}: {message}") from error


def _exact(samples: Samples, rule: Rule) -> Estimate:
    return exact.entries(samples, rule.region(len(samples.at)).claimed)


def _mean(samples: Samples, rule: Rule) -> Estimate:
    """Bets need the upper end of a one-sided region; everything else does not."""
    kind = rule.kind
    if kind.name == "upper_bound" and kind.of is None:
        return means.mean(samples, None, rule.region(len(samples.at)).hi)
    if kind.options.get("upper") is not None and kind.of is None:
        bound = rule.region(len(samples.at)).lo
        return means.capped(samples, kind.options["upper"], bound)
    return means.mean(samples, kind.of, None)


def _quantile(samples: Samples, rule: Rule) -> Estimate:
    limit = rule.region(len(samples.at)).hi
    return proportions.quantile(samples, limit, rule.kind.options["q"])


def _law(samples: Samples, rule: Rule) -> Estimate:
    """The claimed law stands in the claim (where mutants can change it) or the kind."""
    options = rule.kind.options
    law = rule.claimed if is_law(rule.claimed) else options["cdf"]
    return laws.law(samples, law, options["left"])


def _table(samples: Samples, rule: Rule) -> Estimate:
    return tables.table(samples, rule.kind.of)  # pyright: ignore[reportArgumentType] (a table kind has `of`)


ESTIMATORS: Mapping[str, Callable[[Samples, Rule], Estimate]] = {
    "exact": _exact,
    "mean": _mean,
    "frequency": lambda samples, rule: proportions.proportion(samples),
    "tail": lambda samples, rule: proportions.tail(samples, rule.kind.options["level"]),
    "quantile": _quantile,
    "table": _table,
    "law": _law,
    "limit": lambda samples, rule: growth.limit(samples, rule.kind),
    "exponent": lambda samples, rule: growth.exponent(samples, rule.kind),
    "threshold": lambda samples, rule: crossing.threshold(samples, rule.kind),
}
