"""Two stores side by side: a regression report for a new version or machine."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .audit import RTOL, deviation
from .canonical import canonical
from .grid import describe
from .store import sound_blocks

LEVEL = 0.01
SAME = ("base_seed", "stream", "replicas", "quantum")


@dataclass(frozen=True)
class Difference:
    """One output of one simulator in one cell, in two stores.

    Attributes:
        simulator: Its name.
        cell: Static and axis values.
        output: Name of the output.
        seeds: Seeds that both stores hold.
        verdict: `bits` (equal), `rounding`, `draws` (other numbers, same distribution
            as far as a paired test at 1 %, shared by all comparisons, can tell) or
            `different`.
        largest: Largest deviation relative to the output's scale.
        p_value: Of the paired test; 1 where there is nothing to test.
    """

    simulator: str
    cell: str
    output: str
    seeds: int
    verdict: str
    largest: float
    p_value: float


def diff(
    one: str | os.PathLike[str], other: str | os.PathLike[str]
) -> list[Difference]:
    """Compare what two stores hold of the same cells and seeds, whatever made it.

    Cells are the same if their simulator, static values, axis values, derived and
    shared inputs and streams are; source, versions and machine may differ.

    Args:
        one: A store.
        other: Another, of another version or platform, say.

    Returns:
        One entry per simulator, cell and output that both hold.

    Raises:
        StoreError: If one of them is no store.
    """
    left, right = _cells(one), _cells(other)
    common = sorted(left.keys() & right.keys())
    level = LEVEL / max(len(common), 1)
    return [
        _compare(key, left[key], right[key], level)
        for key in common
        if left[key].keys() & right[key].keys()
    ]


def _cells(root: str | os.PathLike[str]) -> dict[tuple[str, ...], dict]:
    """(simulator, cell, output, identity) to number of a quantum to its rows."""
    found: dict[tuple[str, ...], dict] = {}
    for block in sound_blocks(root):
        header, recipe = block.header, block.header["recipe"]
        same = [header[name] for name in SAME] + [recipe["static"], recipe["reduce"]]
        for j, (key, index) in enumerate(block.quanta):
            cell = describe({**recipe["static"], **header["cells"][key]["values"]})
            for name, array in block.outputs.items():
                place = (header["simulator"], cell, name, canonical([key, *same]))
                found.setdefault(place, {})[index] = array[j]
    return found


def _compare(
    key: tuple[str, ...],
    one: Mapping[int, np.ndarray],
    other: Mapping[int, np.ndarray],
    level: float,
) -> Difference:
    common = sorted(one.keys() & other.keys())
    a, b = (np.concatenate([rows[i] for i in common]) for rows in (one, other))
    largest, p_value, verdict = 0.0, 1.0, "bits"
    if a.shape != b.shape or a.tobytes() != b.tobytes():
        largest, p_value = deviation(a, b), _paired(a, b)
        verdict = "draws" if p_value >= level else "different"
        if largest <= RTOL.get(a.dtype.name, 0.0):
            verdict = "rounding"
    simulator, cell, output, _ = key
    return Difference(simulator, cell, output, len(a), verdict, largest, p_value)


def _paired(a: np.ndarray, b: np.ndarray) -> float:
    """Two-sided p-value of the paired t test on lane means; 0 where no lane varies."""
    from scipy import stats

    gap = (a.astype(np.float64) - b).reshape(len(a), -1).mean(axis=1)
    gap = gap[np.isfinite(gap)]
    if len(gap) < 2 or gap.std() == 0:
        return 1.0 if not gap.any() else 0.0
    tested: Any = stats.ttest_1samp(gap, 0.0)
    return float(tested.pvalue)
