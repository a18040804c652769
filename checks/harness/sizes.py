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
        by: Coordinates that tell groups apart; by default all others that are not
            functions of `size`.

    Raises:
        BadClaim: A coordinate is missing, or the sizes do not increase.
    """
    missing = {size, *(by or ())} - set(at[0])
    if missing:
        raise BadClaim(f"points have no coordinate {sorted(missing)}: {dict(at[0])}.")
    apart = _apart(at, size) if by is None else by
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


def _apart(at: Sequence[At], size: str) -> tuple[str, ...]:
    """Coordinates that vary at fixed size, or are constant throughout."""
    return tuple(name for name in at[0] if name != size and _free(at, size, name))


def _free(at: Sequence[At], size: str, name: str) -> bool:
    values = {(here[size], here[name]) for here in at}
    constant = len({here[name] for here in at}) == 1
    return constant or len(values) > len({here[size] for here in at})
