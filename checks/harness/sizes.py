"""Points that belong together: the sizes or ratios along which a model is fitted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import BadClaim

At = Mapping[str, Any]


@dataclass(frozen=True)
class Group:
    """Points of one fit: where they stand in the rows, and what they share."""

    at: At
    points: np.ndarray
    sizes: np.ndarray


def groups(
    at: Sequence[At], size: str, by: tuple[str, ...] | None = None
) -> list[Group]:
    """Points that differ in the coordinate `size` only, in order of appearance.

    Args:
        at: Coordinates of all points.
        size: The coordinate along which is fitted.
        by: Coordinates that tell groups apart; by default all others some value of
            which occurs at two sizes.

    Raises:
        BadClaim: A coordinate is missing, or the sizes do not increase.
    """
    missing = {size, *(by or ())} - set(at[0])
    if missing:
        raise BadClaim(f"points have no coordinate {sorted(missing)}: {dict(at[0])}.")
    apart = tells_apart(at, size) if by is None else by
    members: dict[tuple, list[int]] = {}
    for k, here in enumerate(at):
        members.setdefault(tuple(here[name] for name in apart), []).append(k)
    found = [
        Group(
            dict(zip(apart, key, strict=True)),
            np.array(points),
            np.array([float(at[k][size]) for k in points]),
        )
        for key, points in members.items()
    ]
    for group in found:
        if not (np.diff(group.sizes) > 0).all():
            raise BadClaim(f"`{size}` must increase: {group.sizes.tolist()}.")
    return found


def require_span(size: str, sizes: np.ndarray, least: int, factor: float) -> None:
    """Raise if there are too few sizes, or over too narrow a range."""
    if len(sizes) < least or sizes[-1] < factor * sizes[0]:
        raise BadClaim(
            f"`{size}` needs at least {least} sizes over a factor {factor:g}, got "
            f"{sizes.tolist()}."
        )


def tells_apart(at: Sequence[At], size: str) -> tuple[str, ...]:
    """Coordinates some value of which occurs at two sizes; the others go along."""
    return tuple(name for name in at[0] if name != size and _free(at, size, name))


def _free(at: Sequence[At], size: str, name: str) -> bool:
    pairs = {(here[name], here[size]) for here in at}
    return len(pairs) > len({value for value, _ in pairs})
