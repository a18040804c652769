"""Axes, cells and what is wrong with them, before anything compiles."""

import inspect
import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .canonical import plain
from .errors import SpecificationError
from .simulator import Simulator

RESERVED = ("seed", "replica", "valid", "key")


@dataclass(frozen=True)
class Axis:
    """One dimension of the grid: one name, or several that advance together."""

    names: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]


def axes(sim: Simulator, grid: Mapping[Any, Collection[Any]], part: str) -> list[Axis]:
    """The axes of `static` or `dynamic`, in canonical form.

    Raises:
        SpecificationError: If an axis is empty, of mixed types, repeats a value or
            holds what cannot name a cell.
    """
    made = []
    for names, values in grid.items():
        names = (names,) if isinstance(names, str) else tuple(names)
        rows = [v if len(names) > 1 else (v,) for v in _values(names, values)]
        columns = [
            _column(sim, name, column, part)
            for name, column in zip(names, zip(*rows, strict=True), strict=True)
        ]
        axis = Axis(names, tuple(zip(*columns, strict=True)))
        if len(set(axis.values)) < len(axis.values):
            raise SpecificationError(f"Axis {_name(names)} repeats a value.")
        made.append(axis)
    return made


def product(axes: Sequence[Axis]) -> Iterator[tuple[tuple[int, ...], dict[str, Any]]]:
    """All combinations: position along each axis, and values by name."""
    for index in itertools.product(*(range(len(axis.values)) for axis in axes)):
        yield (
            index,
            {
                name: value
                for axis, i in zip(axes, index, strict=True)
                for name, value in zip(axis.names, axis.values[i], strict=True)
            },
        )


def named(function: Callable[..., Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `function` that `values` can give, by name."""
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return dict(values)
    return {p.name: values[p.name] for p in parameters if p.name in values}


def report(what: str, offenders: Sequence[str]) -> None:
    """Raise one error that lists all offending cells.

    Raises:
        SpecificationError: If there is any.
    """
    if offenders:
        lines = "\n  ".join(offenders)
        raise SpecificationError(f"{what} ({len(offenders)}):\n  {lines}")


def describe(values: Mapping[str, Any]) -> str:
    """A cell in one line."""
    return ", ".join(f"{name}={value!r}" for name, value in values.items())


def parse_axis(text: str, sim: Simulator | None = None) -> tuple[str, list[Any]]:
    """Read an axis from the command line.

    Args:
        text: `name=1,2,5` (values) or `name=low:high:count` with suffix `lin` (default)
            or `log`, such as `horizon=1e5:1e8:7log`.
        sim: Its annotations decide whether numbers are rounded to integers.

    Returns:
        Name and values.

    Raises:
        SpecificationError: If the text has another form.
    """
    name, _, grid = text.partition("=")
    kind = sim.kinds.get(name.strip()) if sim else None
    if not name.strip() or not grid.strip():
        raise SpecificationError(f"Axis `{text}` is not of the form name=grid.")
    try:
        values = _range(grid, kind) if grid.count(":") == 2 else _listed(grid)
    except ValueError as error:
        raise SpecificationError(f"Axis `{text}`: {error}.") from error
    if kind == "int":
        values = [int(v) if isinstance(v, float) and v == int(v) else v for v in values]
    return name.strip(), values


def _range(grid: str, kind: str | None) -> list[Any]:
    low, high, count = grid.split(":")
    logarithmic, number = count.endswith("log"), count.removesuffix("log")
    spaced = np.geomspace if logarithmic else np.linspace
    points = spaced(float(low), float(high), int(number.removesuffix("lin")))
    if kind == "int":
        return [round(float(point)) for point in points]
    return [float(point) for point in points]


def _listed(grid: str) -> list[Any]:
    values = [_scalar(part.strip()) for part in grid.split(",")]
    numbers = all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in values
    )
    mixed = numbers and any(isinstance(v, float) for v in values)
    return [float(v) for v in values] if mixed else values


def _scalar(text: str) -> Any:
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _values(names: tuple[str, ...], values: Any) -> list[Any]:
    if isinstance(values, str | bytes) or not np.iterable(values):
        raise SpecificationError(f"Axis {_name(names)} must be a list of values.")
    listed = list(values)
    if not listed:
        raise SpecificationError(f"Axis {_name(names)} is empty.")
    return listed


def _column(sim: Simulator, name: str, values: Sequence[Any], part: str) -> list[Any]:
    """One named column of an axis: plain values of one type."""
    if name in RESERVED or name in sim.outputs:
        raise SpecificationError(
            f"Axis `{name}` is named like an output or a dimension."
        )
    try:
        column = [plain(value) for value in values]
    except ValueError as error:
        raise SpecificationError(f"Axis `{name}`: {error}.") from error
    kind = sim.kinds.get(name)
    if kind == "float" or {type(v) for v in column} == {int, float}:
        column = [float(v) if type(v) is int else v for v in column]
    if len({type(v) for v in column}) > 1:
        raise SpecificationError(f"Axis `{name}` mixes types: {column}.")
    if kind is not None and type(column[0]).__name__ != kind:
        raise SpecificationError(
            f"Axis `{name}` must be {kind}, but has {column[0]!r}."
        )
    if name in sim.dynamic and not isinstance(column[0], bool | int | float):
        raise SpecificationError(f"Dynamic axis `{name}` must hold numbers.")
    if part == "static" and name in sim.static and _is_size(sim, name, column):
        raise SpecificationError(f"Static axis `{name}` must be positive: {column}.")
    return column


def _is_size(sim: Simulator, name: str, column: Sequence[Any]) -> bool:
    """Whether a static integer is not positive, and no `check` answers for it."""
    answers = sim.check is not None and named(sim.check, {name: 0})
    return type(column[0]) is int and min(column) <= 0 and not answers


def _name(names: tuple[str, ...]) -> str:
    return "`" + "`, `".join(names) + "`"
