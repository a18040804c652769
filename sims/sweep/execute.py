"""Execution: compile ahead, call tile after tile, write what is finished."""

import collections
import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from .block import Arrays
from .errors import Stopped
from .keep import Store
from .plan import Cell, Group, Plan, Quantum, recipe_key
from .program import Program, build, root_words

IN_FLIGHT = 2
FLUSH_SECONDS = 5.0
JOB_BYTES = 64 * 2**20
QUEUED_BLOCKS = 4
_programs: dict[Any, Future[Program]] = {}


@dataclass(frozen=True)
class Job:
    """Quanta of one group that one process computes: all it needs, and no lambda.

    Attributes:
        group: Their group.
        cells: The cells they belong to, by key.
        quanta: What is to be computed.
    """

    group: Group
    cells: dict[str, Cell]
    quanta: list[Quantum]


@dataclass
class Report:
    """What a run did.

    Attributes:
        programs: Programs compiled by this run.
        cached: How many of them came from the persistent cache.
        compile_seconds: Time spent tracing, lowering and compiling (summed).
        run_seconds: Time spent calling and fetching.
        lanes: Lanes computed.
        blocks: Blocks written.
    """

    programs: int = 0
    cached: int = 0
    compile_seconds: float = 0.0
    run_seconds: float = 0.0
    lanes: int = 0
    blocks: int = 0


@dataclass
class Control:
    """When to stop, and whom to tell.

    Attributes:
        deadline: Time (monotonic) after which no call starts.
        signum: Signal that asked to stop, once it came.
        observe: Called with (group, lanes done) after each call.
    """

    deadline: float = float("inf")
    signum: int = 0
    observe: Any = None

    def stops(self) -> bool:
        """Whether to finish now."""
        return bool(self.signum) or time.monotonic() > self.deadline

    def leave(self) -> None:
        """Raise what ends the run.

        Raises:
            KeyboardInterrupt: After SIGINT.
            SystemExit: After SIGTERM, with status 143.
            Stopped: After the deadline.
        """
        if self.signum == signal.SIGINT:
            raise KeyboardInterrupt
        if self.signum:
            raise SystemExit(128 + self.signum)
        raise Stopped("Time is up; finished blocks are stored, run again to go on.")


def jobs(plan: Plan, store: Store) -> list[Job]:
    """What the store lacks, cut into jobs of at most `JOB_BYTES`.

    Groups come in the order of their predicted run time, the longest first, after one
    short one that gives early feedback.
    """
    lists = []
    for address, group in plan.groups.items():
        store.refresh(group)
        missing = store.missing(group, plan.need(address))
        lists.append(split(group, plan.cells[address], missing))
    ordered = sorted(filter(None, lists), key=_weight)
    ordered = ordered[:1] + ordered[:0:-1]
    return [job for part in ordered for job in part]


def split(group: Group, cells: dict[str, Cell], quanta: Sequence[Quantum]) -> list[Job]:
    """Cut missing quanta into jobs."""
    if group.sim.cost is not None:
        quanta = sorted(quanta, key=lambda q: _cost(group, cells[q[0]]))
    step = max(1, JOB_BYTES // max(1, group.width * group.stored_bytes))
    parts = [list(quanta[i : i + step]) for i in range(0, len(quanta), step)]
    return [Job(group, {key: cells[key] for key, _ in part}, part) for part in parts]


def execute(
    todo: Sequence[Job], store: Store, devices: Sequence[Any], control: Control
) -> Report:
    """Compute jobs on local devices and store them.

    Raises:
        KeyboardInterrupt: After SIGINT; what was finished is stored. Likewise
            `SystemExit` after SIGTERM and `Stopped` after the deadline.
    """
    report = Report()
    if not todo:
        return report
    known = set(_programs)
    with (
        ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as compilers,
        ThreadPoolExecutor(1) as writer,
        _signals(control),
    ):
        futures = {id(job): program_for(job, tuple(devices), compilers) for job in todo}
        try:
            for job in todo:
                program = _await(futures[id(job)], control)
                _Run(job, program, store, writer, control, report).all()
        except BaseException:
            compilers.shutdown(wait=False, cancel_futures=True)
            for key in [k for k, f in _programs.items() if f.cancelled()]:
                del _programs[key]
            raise
    _count(report, known)
    return report


def program_for(
    job: Job, devices: tuple[Any, ...], pool: ThreadPoolExecutor
) -> Future[Program]:
    """The compiled program of a job: from this process, or started in the pool."""
    group = job.group
    tile = group.tile
    if tile == "all":
        tile = -(-len(job.quanta) * group.width // len(devices))
    key = (recipe_key(group.recipe), tile, devices)
    known = _programs.get(key)
    if known is None or (known.done() and known.exception() is not None):
        _programs[key] = pool.submit(build, group.recipe, int(tile), devices)
    return _programs[key]


class _Run:
    """One job on its way: calls in flight, rows that came back, blocks written."""

    def __init__(
        self,
        job: Job,
        program: Program,
        store: Store,
        writer: ThreadPoolExecutor,
        control: Control,
        report: Report,
    ):
        self.job, self.program, self.store = job, program, store
        self.writer, self.control, self.report = writer, control, report
        self.total = len(job.quanta) * job.group.width
        self.rows: Arrays = {
            name: np.empty((self.total, *s.shape), s.dtype)
            for name, s in job.group.shapes.items()
        }
        self.flight: collections.deque[tuple[int, Any]] = collections.deque()
        self.blocks: list[Future[str]] = []
        self.done = self.written = 0
        self.flushed = time.monotonic()

    def all(self) -> None:
        """Make every call; when told to stop, store what is finished and leave."""
        started = time.perf_counter()
        tables = _Tables(self.job)
        with self.job.group.recipe.context():
            for start in range(0, self.total, self.program.lanes):
                if self.control.stops():
                    break
                lanes = np.arange(start, start + self.program.lanes)
                called = self.program.call(
                    *tables.arguments(np.minimum(lanes, self.total - 1))
                )
                self.flight.append((start, called))
                if len(self.flight) >= IN_FLIGHT:
                    self._fetch()
            while self.flight:
                self._fetch()
        self._flush(force=True)
        for block in self.blocks:
            block.result()
        self.report.run_seconds += time.perf_counter() - started
        self.report.lanes += self.done
        if self.done < self.total:
            self.control.leave()

    def _fetch(self) -> None:
        """Wait for the oldest call and take its rows."""
        start, called = self.flight.popleft()
        stop = min(start + self.program.lanes, self.total)
        for name, out in called.items():
            self.rows[name][start:stop] = np.asarray(out)[: stop - start]
        self.done = stop
        if self.control.observe is not None:
            self.control.observe(self.job.group, stop - start)
        self._flush()

    def _flush(self, force: bool = False) -> None:
        """Hand finished quanta to the writer, once in a while."""
        group, job = self.job.group, self.job
        ready = self.done // group.width
        late = time.monotonic() - self.flushed > FLUSH_SECONDS
        if ready == self.written or not (late or force):
            return
        quanta = job.quanta[self.written : ready]
        part = slice(self.written * group.width, ready * group.width)
        arrays = {
            name: rows[part].reshape(len(quanta), group.width, *rows.shape[1:])
            for name, rows in self.rows.items()
        }
        cells = [job.cells[key] for key in dict.fromkeys(key for key, _ in quanta)]
        facts = {"compile_seconds": self.program.seconds, "flops": self.program.flops}
        put = self.store.put
        self.blocks.append(self.writer.submit(put, group, cells, quanta, arrays, facts))
        if len(self.blocks) > QUEUED_BLOCKS:
            self.blocks[-QUEUED_BLOCKS - 1].result()
        self.report.blocks += 1
        self.written, self.flushed = ready, time.monotonic()


class _Tables:
    """Arguments of a call, looked up by lane number."""

    def __init__(self, job: Job):
        group = job.group
        self.group = group
        position = {key: i for i, key in enumerate(job.cells)}
        cells = list(job.cells.values())
        self.inputs = {
            name: np.stack([c.inputs[name] for c in cells])
            for name in group.recipe.inputs
        }
        self.words = np.array([c.words for c in cells], np.uint32).reshape(-1, 2)
        self.cell = np.array([position[key] for key, _ in job.quanta])
        self.first = np.array([i * group.width for _, i in job.quanta], np.uint32)
        self.root = np.array(root_words(group.base_seed), np.uint32)
        self.stream = np.uint32(group.stream)

    def arguments(self, lanes: np.ndarray) -> tuple[Any, ...]:
        """Arguments of a program for the given lane numbers of the job."""
        quantum, offset = np.divmod(lanes, self.group.width)
        cell = self.cell[quantum]
        hi, lo = self.words[cell, 0], self.words[cell, 1]
        lane = self.first[quantum] + offset.astype(np.uint32)
        inputs = {name: table[cell] for name, table in self.inputs.items()}
        return self.root, self.stream, hi, lo, lane, inputs, self.group.shared


@contextlib.contextmanager
def _signals(control: Control) -> Iterator[None]:
    """Turn SIGINT and SIGTERM into a clean stop; the second one acts at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}

    def stop(signum: int, _: Any) -> None:
        if control.signum:
            signal.signal(signum, before[signal.Signals(signum)] or signal.SIG_DFL)
            raise KeyboardInterrupt
        control.signum = signum

    for signum in before:
        signal.signal(signum, stop)
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler or signal.SIG_DFL)


def _await(future: Future[Program], control: Control) -> Program:
    """Wait for a compilation, but not past a request to stop."""
    while not future.done():
        if control.stops():
            control.leave()
        with contextlib.suppress(TimeoutError):
            future.result(timeout=0.2)
    return future.result()


def _count(report: Report, known: set[Any]) -> None:
    for key, future in _programs.items():
        if key not in known and future.done() and future.exception() is None:
            program = future.result()
            report.programs += 1
            report.cached += program.cached
            report.compile_seconds += program.seconds


def _weight(part: list[Job]) -> float:
    group = part[0].group
    lanes = sum(len(job.quanta) for job in part) * group.width
    return float(lanes * group.lane_bytes)


def _cost(group: Group, cell: Cell) -> float:
    from .grid import named

    known = {**group.sim.defaults, **group.recipe.static, **cell.inputs, **cell.values}
    assert group.sim.cost is not None
    return float(group.sim.cost(**named(group.sim.cost, known)))


def local_devices(chosen: Sequence[int] | None = None) -> tuple[Any, ...]:
    """The devices of this process, or some of them by number."""
    devices = jax.local_devices()
    return tuple(devices if chosen is None else [devices[i] for i in chosen])
