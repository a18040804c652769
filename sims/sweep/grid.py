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

BAD: Any = object()


@dataclass(frozen=True)
class Axis:
    """One dimension of the grid: one name, or several that advance together."""

    names: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]


def axes(
    sim: Simulator,
    grid: Mapping[Any, Collection[Any]],
    part: str,
    problems: list[str],
) -> list[Axis]:
    """The axes of `static` or `dynamic`, in canonical form.

    Args:
        sim: The simulator.
        grid: Values by name, or rows by a tuple of names.
        part: Which of the two.
        problems: Is told of every value that cannot name a cell; it is left out.
    """
    made = []
    for names, values in grid.items():
        names = (names,) if isinstance(names, str) else tuple(names)
        label: str = names[0]
        if isinstance(values, str | bytes) or not np.iterable(values):
            problems.append(f"axis `{label}` must be a list of values")
            values = ()
        elif not len(list(values)):
            problems.append(f"axis `{label}` is empty")
        rows = [v if len(names) > 1 else (v,) for v in values]
        columns: list[list[Any]] = [
            _column(sim, name, column, part, problems)
            for name, column in zip(names, zip(*rows, strict=True), strict=False)
        ]
        sound = [r for r in zip(*columns, strict=True) if not any(v is BAD for v in r)]
        if len(set(sound)) < len(sound):
            problems.append(f"axis `{label}` repeats a value")
        made.append(Axis(names, tuple(dict.fromkeys(sound))))
    return made


def product(axes: Sequence[Axis]) -> Iterator[tuple[tuple[int, ...], dict[str, Any]]]:
    """All combinations: position along each axis, and values by name."""
    for index in itertools.product(*(range(len(axis.values)) for axis in axes)):
        cell: dict[str, Any] = {}
        for axis, i in zip(axes, index, strict=True):
            cell.update(zip(axis.names, axis.values[i], strict=True))
        yield index, cell


def named(function: Callable[..., Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `function` that `values` can give, by name."""
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return dict(values)
    return {p.name: values[p.name] for p in parameters if p.name in values}


def report(what: str, offenders: Sequence[str]) -> None:
    """Raise one error that lists all offenders.

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
    name, _, grid = (part.strip() for part in text.partition("="))
    whole = sim is not None and sim.kinds.get(name) == "int"
    if not name or not grid:
        raise SpecificationError(f"Axis `{text}` is not of the form name=grid.")
    if grid.count(":") != 2:
        return name, _listed(grid, whole)
    low, high, count = grid.split(":")
    spaced = np.geomspace if count.endswith("log") else np.linspace
    try:
        number = int(count.removesuffix("log").removesuffix("lin"))
        points = [float(point) for point in spaced(float(low), float(high), number)]
    except ValueError as error:
        raise SpecificationError(f"Axis `{text}`: {error}.") from error
    return name, [round(point) for point in points] if whole else points


def _listed(grid: str, whole: bool) -> list[Any]:
    values = [_scalar(part.strip()) for part in grid.split(",")]
    kinds = {type(value) for value in values}
    if kinds == {int, float}:
        values = [float(value) for value in values]
    if whole:
        return [int(v) if isinstance(v, float) and v == int(v) else v for v in values]
    return values


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


def _column(
    sim: Simulator, name: str, values: Sequence[Any], part: str, problems: list[str]
) -> list[Any]:
    """One named column of an axis: plain values of one type, or `BAD`."""
    kind, column = sim.kinds.get(name), []
    for value in values:
        try:
            column.append(plain(value))
        except ValueError as error:
            problems.append(f"axis `{name}`: {error}")
            column.append(BAD)
    types = {type(value) for value in column if value is not BAD}
    if kind == "float" or types == {int, float}:
        column = [float(v) if type(v) is int else v for v in column]
    elif kind is None and len(types) > 1:
        problems.append(f"axis `{name}` mixes types: {list(values)}")
        return [BAD] * len(column)
    sizes = part == "static" and name in sim.static and not _answers(sim, name)
    for i, value in enumerate(column):
        wrong = (
            None if value is BAD else _wrong(value, kind, name in sim.dynamic, sizes)
        )
        if wrong:
            problems.append(f"axis `{name}` must {wrong}, but has {value!r}")
            column[i] = BAD
    return column


def _wrong(value: Any, kind: str | None, dynamic: bool, size: bool) -> str | None:
    if kind is not None and type(value).__name__ != kind:
        return f"be {kind}"
    if dynamic and not isinstance(value, bool | int | float):
        return "hold numbers"
    return "be positive" if size and type(value) is int and value <= 0 else None


def _answers(sim: Simulator, name: str) -> bool:
    """Whether the simulator's own `check` decides which sizes are allowed."""
    return sim.check is not None and bool(named(sim.check, {name: 0}))
