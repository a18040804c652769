"""Jobs: quanta of one group that one process computes, without any lambda."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .canonical import digest
from .grid import named
from .keep import Store
from .plan import Cell, Group, Plan, Quantum
from .program import root_words

JOB_BYTES = 64 * 2**20


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
        store.refresh(self.group)
        missing = store.missing(self.group, self.quanta)
        return Job(self.group, self.cells, missing, self.address)


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
        store.refresh(group)
        cut = split(group, plan.cells[address], list(plan.need(address)), parts)
        lacking = [(job, store.missing(group, job.quanta)) for job in cut]
        lists.append(
            [Job(group, j.cells, quanta, j.address) for j, quanta in lacking if quanta]
        )
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
    per_call = 1 if group.tile == "all" else max(1, int(group.tile) // group.width)
    even = -(-len(need) // parts)
    step = min(most, -(-even // per_call) * per_call)
    for start in range(0, len(need), step):
        part = list(need[start : start + step])
        here = {key: cells[key] for key, _ in part}
        yield Job(group, here, part, digest([group.address, part]))


class Arguments:
    """Arguments of a program's calls, looked up by lane number of a job."""

    def __init__(self, job: Job):
        group, cells = job.group, list(job.cells.values())
        position = {key: i for i, key in enumerate(job.cells)}
        self.group = group
        self.inputs = {
            n: np.stack([c.inputs[n] for c in cells]) for n in group.recipe.inputs
        }
        self.words = np.array([c.words for c in cells], np.uint32).reshape(-1, 2)
        self.cell = np.array([position[key] for key, _ in job.quanta])
        self.first = np.array([i * group.width for _, i in job.quanta], np.uint32)
        self.root = np.array(root_words(group.base_seed), np.uint32)
        self.stream = np.uint32(group.stream)

    def of(self, lanes: np.ndarray) -> tuple[Any, ...]:
        """Root, stream, words of the cells, lanes, dynamic and shared inputs."""
        quantum, offset = np.divmod(lanes, self.group.width)
        cell = self.cell[quantum]
        hi, lo = self.words[cell, 0], self.words[cell, 1]
        lane = self.first[quantum] + offset.astype(np.uint32)
        inputs = {name: table[cell] for name, table in self.inputs.items()}
        return self.root, self.stream, hi, lo, lane, inputs, self.group.shared


def _weight(part: list[Job]) -> float:
    return float(sum(job.lanes for job in part) * part[0].group.operations)


def _cost(group: Group, cell: Cell) -> float:
    cost = group.sim.cost
    known = {**group.sim.defaults, **group.recipe.static, **cell.inputs, **cell.values}
    return 0.0 if cost is None else float(cost(**named(cost, known)))
