"""Level spending for statistics without a martingale: look k may use a/(k(k+1))."""

from typing import TypeVar

Number = TypeVar("Number")


def spent(alpha: Number, look: int) -> Number:
    """Level of look `look` = 1, 2, …; the sum over all looks is `alpha`."""
    return alpha / (look * (look + 1))  # pyright: ignore[reportOperatorIssue] (float or array)


def unspent(p: Number, look: int) -> Number:
    """p-value of one look turned into one that is valid over all looks."""
    return p * (look * (look + 1))  # pyright: ignore[reportOperatorIssue] (float or array)


def schedule(first: int, budget: int) -> list[int]:
    """Numbers of rows at the looks: doubling from `first` up to the budget."""
    sizes = [min(first, budget)]
    while sizes[-1] < budget:
        sizes.append(min(2 * sizes[-1], budget))
    return sizes
