"""One-dimensional minimisation, the only search these formulas need."""

from collections.abc import Callable
from typing import Any

from scipy import optimize


def minimum(
    function: Callable[[float], float], low: float, high: float, accuracy: float
) -> tuple[float, float]:
    """Smallest value of a unimodal function on an interval, and where it is.

    Args:
        function: What is minimised.
        low: Lower end.
        high: Upper end.
        accuracy: Absolute accuracy of the minimiser.

    Returns:
        `(value, argument)`.
    """
    best: Any = optimize.minimize_scalar(
        function, bounds=(low, high), method="bounded", options={"xatol": accuracy}
    )
    return float(best.fun), float(best.x)
