"""Numbers for reading: few digits, ranges, an em dash for what is absent."""

import math

Number = float | int | None
ABSENT = "–"
MEANINGLESS = 10.0  # a relative resolution beyond: the claimed number is about zero


def short(value: Number, digits: int = 4) -> str:
    """A number with a few significant digits; a dash for None.

    Example:
        >>> short(0.000123456), short(30223.2972), short(None)
        ('1.235e-04', '30223', '–')
    """
    if value is None:
        return ABSENT
    if isinstance(value, int) or (value == int(value) and abs(value) < 1e5):
        return f"{int(value)}"
    if 1e-3 <= abs(value) < 1e5:
        decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        return f"{value:.{decimals}f}"
    return f"{value:.{digits - 1}e}"


def interval(ends: tuple[Number, Number] | list | None) -> str:
    """A closed interval; an absent end is unbounded.

    Example:
        >>> interval([0.25, None])
        '[0.2500, ∞)'
    """
    if ends is None:
        return ABSENT
    low, high = ends
    left = "(−∞" if low is None else f"[{short(low)}"
    right = "∞)" if high is None else f"{short(high)}]"
    return f"{left}, {right}"


def percent(share: Number) -> str:
    """A share in percent; small ones keep two digits."""
    if share is None:
        return ABSENT
    return f"{100 * share:.3g} %"


def sharpness(point: dict) -> str:
    """Resolution relative to the claimed number, absolute where that is zero."""
    relative = point.get("resolution_rel")
    if relative is not None and relative < MEANINGLESS:
        return percent(relative)
    ends = [end for end in point.get("resolution") or () if end is not None]
    return f"± {short(max(ends), 2)}" if ends else ABSENT


def seconds(value: Number) -> str:
    """A duration: seconds, minutes or hours."""
    if value is None:
        return ABSENT
    if value < 100:
        return f"{value:.1f} s"
    return f"{value / 60:.1f} min" if value < 6000 else f"{value / 3600:.1f} h"


def place(at: dict) -> str:
    """The coordinates of a point in one line."""
    items = (
        f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in at.items()
    )
    return ", ".join(items) or "all"
