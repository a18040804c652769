"""Two stores side by side: a regression report for a new version or machine."""

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .block import Block
from .canonical import canonical, restore
from .grid import describe
from .store import by_group, opened

ROUNDING = {"float32": 1e-4, "float64": 1e-9}
LEVEL = 0.01


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

    Args:
        one: A store.
        other: Another, of another version or platform, say.

    Returns:
        One entry per simulator, cell and output that both hold.

    Raises:
        StoreError: If one of them is no store.
    """
    left, right = (dict(_cells(root)) for root in (one, other))
    common = sorted(left.keys() & right.keys())
    pairs = [
        (key, name, left[key][name], right[key][name])
        for key in common
        for name in sorted(left[key].keys() & right[key].keys())
    ]
    return [_compare(*pair, level=LEVEL / len(pairs)) for pair in pairs]


def _cells(root: str | os.PathLike[str]) -> Iterator[tuple[Any, dict[str, dict]]]:
    """(simulator, cell) to output to seed quantum to rows."""
    found: dict[Any, dict[str, dict]] = {}
    for block in itertools.chain(*by_group(opened(root)).values()):
        for j, (key, index) in enumerate(block.quanta):
            rows = found.setdefault(_identity(block, key), {})
            for name, array in block.outputs.items():
                rows.setdefault(name, {})[index] = array[j]
    yield from found.items()


def _identity(block: Block, key: str) -> tuple[str, str]:
    """What two stores must share for their rows to be comparable."""
    header = block.header
    same = ("static", "base_seed", "stream", "replicas", "quantum")
    here = {k: header[k] for k in same} | {"reduce": header["recipe"]["reduce"]}
    cell = {**header["cells"][key]["values"], "…": here}
    return header["simulator"], canonical(cell)


def _compare(
    key: tuple[str, str], name: str, one: dict, other: dict, *, level: float
) -> Difference:
    common = sorted(one.keys() & other.keys())
    a, b = (np.concatenate([rows[i] for i in common]) for rows in (one, other))
    bits = a.shape == b.shape and a.tobytes() == b.tobytes()
    x, y = a.astype(np.float64), b.astype(np.float64)
    scale = np.nanmax(np.abs(x), initial=1e-300)
    largest = 0.0 if bits else float(np.nanmax(np.abs(x - y), initial=0.0) / scale)
    p_value = 1.0 if bits else _paired(x, y)
    verdict = "draws" if p_value >= level else "different"
    if largest <= ROUNDING.get(a.dtype.name, 0.0) and np.array_equal(
        np.isnan(x), np.isnan(y)
    ):
        verdict = "rounding"
    return Difference(
        key[0],
        _readable(key[1]),
        name,
        len(a),
        "bits" if bits else verdict,
        largest,
        p_value,
    )


def _readable(cell: str) -> str:
    values = restore(cell)
    static = values.pop("…")["static"]
    return describe({**static, **values})


def _paired(x: np.ndarray, y: np.ndarray) -> float:
    """Two-sided p-value of the paired t test on lane means; 0 where no lane varies."""
    from scipy import stats

    gap = (x - y).reshape(len(x), -1).mean(axis=1)
    gap = gap[np.isfinite(gap)]
    if len(gap) < 2 or gap.std() == 0:
        return 1.0 if not gap.any() else 0.0
    tested: Any = stats.ttest_1samp(gap, 0.0)
    return float(tested.pvalue)
