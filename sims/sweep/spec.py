"""What a sweep is: a simulator on a grid of cells, at any number of seeds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .simulator import Simulator


@dataclass(frozen=True)
class Policy:
    """How lanes are computed; every entry is part of the numerics signature.

    Attributes:
        dtype: Floating dtype; None takes the simulator's.
        x64: Whether to trace under x64; None follows the dtype.
        matmul: Default precision of matrix products.
        tile: Lanes computed together; None takes the simulator's or the planner's,
            `"all"` one vmap over the whole request (not bitwise reproducible).
    """

    dtype: str | None = None
    x64: bool | None = None
    matmul: str = "highest"
    tile: int | str | None = None


@dataclass(frozen=True)
class Out:
    """Which part of an output is kept.

    Attributes:
        keep: Slice or indices along the first dimension; None keeps all.
        drop: Leave the output out altogether.
    """

    keep: slice | tuple[int, ...] | None = None
    drop: bool = False


def zip_(**axes: Sequence[Any]) -> dict[tuple[str, ...], list[tuple[Any, ...]]]:
    """Axes that advance together: one dimension, named like the first of them.

    Args:
        axes: Values by name, all of one length.

    Returns:
        A mapping for `static` or `dynamic`, alone or merged with further axes.

    Raises:
        ValueError: If the lengths differ.
    """
    return {tuple(axes): list(zip(*axes.values(), strict=True))}


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A simulator on a grid; it carries no number of seeds.

    Attributes:
        sim: The simulator.
        static: Axes of static parameters, by name, or `zip_(…)`.
        dynamic: Axes of dynamic parameters, by name, or `zip_(…)`.
        derive: Dynamic inputs as host functions of a cell's axis values.
        shared: Inputs common to all cells of a program: functions of static values.
        where: Which cells exist.
        outputs: Parts of outputs to keep.
        reduce: Reduction of a cell's lanes to a few numbers.
        replicas: Lanes per seed.
        crn: Common random numbers: the same keys in every cell.
        crn_group: Name of a stream shared by several simulators.
        policy: How lanes are computed.
    """

    sim: Simulator
    static: Mapping[Any, Sequence[Any]] = field(default_factory=dict)
    dynamic: Mapping[Any, Sequence[Any]] = field(default_factory=dict)
    derive: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    shared: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    where: Callable[..., bool] | None = None
    outputs: Mapping[str, Out] = field(default_factory=dict)
    reduce: Any = None
    replicas: int = 1
    crn: bool = False
    crn_group: str | None = None
    policy: Policy = Policy()
