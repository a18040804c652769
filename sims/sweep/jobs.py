"""Jobs: quanta of one group that one process computes, without any lambda."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .canonical import digest
from .grid import named
from .keep import Store
from .plan import Arrays, Cell, Group, Plan, Quantum

JOB_BYTES = 64 * 2**20
SLAB = 2**14
Arguments = tuple[np.ndarray, Arrays, Arrays]


@dataclass(frozen=True)
class Job:
    """What one process is to compute; it pickles.

    Attributes:
        group: The group of the quanta.
        cells: The cells they belong to, by key.
        quanta: What is missing.
        address: Names the job, whatever is missing of it: for its lock.
    """

    group: Group
    cells: dict[str, Cell]
    quanta: list[Quantum]
    address: str

    @property
    def lanes(self) -> int:
        """Number of lanes."""
        return len(self.quanta) * self.group.width

    def remaining(self, store: Store) -> "Job":
        """The same job without what has been stored in the meantime."""
        return replace(self, quanta=store.missing(self.group, self.quanta))

    def calls(self, start: int, lanes: int) -> Iterator[tuple[int, Arguments]]:
        """Number of the first lane, and arguments, of call after call of `lanes` lanes.

        Keys are made for many calls at once. What the last call has too much repeats
        the last lane.
        """
        slab = lanes * max(1, SLAB // (lanes * self.group.recipe.batch))
        for first in range(start, self.lanes, slab):
            stop = min(first + slab, -(-self.lanes // lanes) * lanes)
            keys, inputs = self._arguments(np.arange(first, stop))
            for at in range(0, stop - first, lanes):
                part = slice(at, at + lanes)
                mine = {name: table[part] for name, table in inputs.items()}
                yield first + at, (keys[part], mine, self.group.shared)

    def _arguments(self, lanes: np.ndarray) -> tuple[np.ndarray, Arrays]:
        """Key data and dynamic inputs of lanes, by their number in the job."""
        group, cells = self.group, list(self.cells.values())
        place = {key: i for i, key in enumerate(self.cells)}
        number, offset = np.divmod(np.minimum(lanes, self.lanes - 1), group.width)
        cell = np.array([place[key] for key, _ in self.quanta])[number]
        first = np.array([index * group.width for _, index in self.quanta])[number]
        keys = np.array([c.stream for c in cells], np.uint32)[cell]
        tables = {n: np.stack([c.inputs[n] for c in cells]) for n in cells[0].inputs}
        inputs = {name: table[cell] for name, table in tables.items()}
        return group.recipe.lane_keys(keys, first + offset), inputs


def jobs(plan: Plan, store: Store, parts: int = 1) -> list[Job]:
    """What the store lacks, cut into jobs of at most `JOB_BYTES`.

    Groups come in the order of their predicted run time, the longest first, after one
    short one that gives early feedback.

    Args:
        plan: What is needed.
        store: What is there; it is read and verified.
        parts: Jobs per group, at least, where there are calls enough.
    """
    lists = []
    for address, group in plan.groups.items():
        need = list(plan.need(address))
        lacking = set(store.missing(group, need))
        cut = [
            replace(job, quanta=[q for q in job.quanta if q in lacking])
            for job in split(group, plan.cells[address], need, parts)
        ]
        lists.append([job for job in cut if job.quanta])
    ordered = sorted(filter(None, lists), key=_weight)
    ordered = ordered[:1] + ordered[:0:-1]
    return [job for part in ordered for job in part]


def split(
    group: Group, cells: dict[str, Cell], need: Sequence[Quantum], parts: int = 1
) -> Iterator[Job]:
    """Cut quanta into jobs, at the same places whatever is stored already."""
    if group.sim.cost is not None:
        need = sorted(need, key=lambda q: _cost(group, cells[q[0]]))
    most = max(1, JOB_BYTES // max(1, group.width * group.stored_bytes))
    per_call = max(1, group.tile // group.width)
    even = -(-len(need) // parts)
    step = min(most, -(-even // per_call) * per_call)
    for start in range(0, len(need), step):
        part = list(need[start : start + step])
        here = {key: cells[key] for key, _ in part}
        yield Job(group, here, part, digest([group.address, part]))


def _weight(part: list[Job]) -> float:
    return sum(job.lanes for job in part) * part[0].group.traced.operations


def _cost(group: Group, cell: Cell) -> float:
    cost = group.sim.cost
    known = {**group.sim.defaults, **group.recipe.static, **cell.inputs, **cell.values}
    return 0.0 if cost is None else float(cost(**named(cost, known)))
