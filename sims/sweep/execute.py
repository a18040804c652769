"""Execution: compile ahead, call tile after tile, write what is finished."""

import collections
import contextlib
import os
import time
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from ...theory.threads import usable_cores
from . import audit
from .cache import compile_cache
from .control import Control
from .errors import SpecificationError
from .jobs import Arguments, Job
from .keep import Store
from .plan import Arrays, Group, Plan
from .program import Program, build, side_by_side

FLUSH_SECONDS = 5.0
QUEUED_BLOCKS = 4
POLL_SECONDS = 0.2
COMPILERS = min(4, os.cpu_count() or 1)
_programs: dict[Any, Future[Program]] = {}


@dataclass
class Report:
    """What a run did.

    Attributes:
        programs: Programs compiled by this run.
        cached: How many of them came from the persistent cache.
        compile_seconds: Time of tracing, lowering and compiling (summed over threads).
        run_seconds: Time of calling, fetching and writing.
        lanes: Lanes computed.
        blocks: Blocks written.
        peak_bytes: Memory of the largest program, from the compiler's analysis.
        flops: Floating-point operations, from the compiler's cost model.
        bitwise: "no" once an audit found unequal bits.
    """

    programs: int = 0
    cached: int = 0
    compile_seconds: float = 0.0
    run_seconds: float = 0.0
    lanes: int = 0
    blocks: int = 0
    peak_bytes: int = 0
    flops: float = 0.0
    bitwise: str = "yes"

    def __add__(self, other: "Report") -> "Report":
        rules = {"bitwise": min, "peak_bytes": max}
        pairs = {k: (v, getattr(other, k)) for k, v in vars(self).items()}
        return Report(
            **{k: rules.get(k, lambda p: p[0] + p[1])(p) for k, p in pairs.items()}
        )

    def compiled(self, program: Program) -> None:
        """Count a program."""
        self.programs += 1
        self.cached += program.cached
        self.compile_seconds += program.seconds
        self.peak_bytes = max(self.peak_bytes, program.call_bytes)


def execute(todo: Sequence[Job], store: Store, control: Control) -> Report:
    """Compute jobs on local devices and store them.

    Raises:
        KeyboardInterrupt: After SIGINT; what was finished is stored. Likewise
            `SystemExit` after SIGTERM and `Stopped` after the deadline.
    """
    report, devices, known = Report(), control.local_devices(), set(_programs)
    with (
        ThreadPoolExecutor(COMPILERS) as compilers,
        ThreadPoolExecutor(1) as writer,
        control.signals(),
        contextlib.closing(_free(todo, store, control)) as free,
    ):
        try:
            keys = {j.address: _begin(j.group, devices, compilers) for j in todo}
            for job in free:
                program = _await(_programs[keys[job.address]], job, control)
                _Run(job, program, store, writer, control, report).all()
        except BaseException:
            compilers.shutdown(wait=False, cancel_futures=True)
            for key in [k for k, f in _programs.items() if f.cancelled()]:
                del _programs[key]
            raise
    for key in dict.fromkeys(keys.values()):
        if key not in known:
            report.compiled(_programs[key].result())
    return report


def compiled(plan: Plan, control: Control) -> dict[str, Program]:
    """The programs of a plan by group; this process keeps them for the run."""
    devices = control.local_devices()
    with compile_cache(), ThreadPoolExecutor(COMPILERS) as pool:
        keys = {a: _begin(group, devices, pool) for a, group in plan.groups.items()}
    return {address: _programs[key].result() for address, key in keys.items()}


def _begin(group: Group, devices: tuple[Any, ...], pool: ThreadPoolExecutor) -> Any:
    """Name of a group's program, which this process has or now starts to compile."""
    key = (group.recipe.key, group.tile, devices)
    known = _programs.get(key)
    if known is None or (known.done() and known.exception() is not None):
        _programs[key] = pool.submit(build, group.recipe, group.tile, devices)
    return key


def _free(
    todo: Sequence[Job], store: Store, control: Control
) -> Generator[Job, None, None]:
    """What is left of every job, under its lock; those locked elsewhere come again."""
    queue, refused = collections.deque(todo), 0
    while queue and (control.wait or refused < len(queue)):
        job = queue.popleft()
        with store.claimed(job.address) as held:
            rest = job.remaining(store)
            if held and rest.quanta:
                yield rest
        if held or not rest.quanta:
            refused = 0
            continue
        queue.append(job)
        refused += 1
        if control.stops():
            control.leave()
        if control.wait and refused >= len(queue):
            time.sleep(POLL_SECONDS)


def _await(future: Future[Program], job: Job, control: Control) -> Program:
    """Wait for a compilation, but not past a request to stop; check that it fits."""
    control.observe("compiling", job.group, 0.0)
    while not future.done():
        if control.stops():
            control.leave()
        wait([future], POLL_SECONDS)
    program = future.result()
    budget, need = control.budget.bytes(), program.temp_bytes + 2 * program.io_bytes
    if need > budget:
        raise SpecificationError(
            f"{job.group} needs {need:,} B at tile {job.group.tile}, the budget is "
            f"{budget:,} B: declare a smaller tile."
        )
    control.observe("running", job.group, program.seconds)
    return program


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
        self.rows = {
            name: np.empty((job.lanes, *s.shape), s.dtype)
            for name, s in job.group.shapes.items()
        }
        self.flight: collections.deque[tuple[int, Future[tuple[Arrays, bool]]]]
        self.flight = collections.deque()
        self.blocks: list[Future[str]] = []
        self.done = self.written = 0
        self.flushed = time.monotonic()

    def all(self) -> None:
        """Make every call; when told to stop, store what is finished and leave."""
        started, control = time.perf_counter(), self.control
        budget = control.budget.bytes() // control.beside
        cores = usable_cores() // (len(control.local_devices()) * control.beside)
        size, library = self.program.call_bytes, self.program.library
        at_once = side_by_side(size, budget, cores, library=library)
        callers = ThreadPoolExecutor(at_once)
        try:
            self._calls(callers, at_once + 1)
        except jax.errors.JaxRuntimeError as error:
            self._again(callers, error)
        finally:
            callers.shutdown(wait=False, cancel_futures=True)
        for block in self.blocks:
            block.result()
        self._flush(last=True)
        self.report.run_seconds += time.perf_counter() - started
        self.report.lanes += self.done
        self.report.flops += self.done * self.program.flops
        if self.done < self.job.lanes:
            self.control.leave()

    def _calls(self, callers: ThreadPoolExecutor, most: int) -> None:
        """Call after call, at most so many in flight, from where the rows end."""
        for start, arguments in self.job.calls(self.done, self.program.lanes):
            if self.control.stops():
                break
            self.flight.append((start, callers.submit(self._call, start, arguments)))
            if len(self.flight) >= most:
                self._fetch()
        while self.flight and not self.control.impatient():
            self._fetch()

    def _call(self, start: int, arguments: Arguments) -> tuple[Arrays, bool]:
        """Rows of one call, and whether a repetition, where due, has their bits."""
        number, strict = start // self.program.lanes, self.control.strict
        with self.job.group.recipe.context():
            called = self.program.call(*arguments)
            rows = {name: np.asarray(out) for name, out in called.items()}
            due = audit.is_due(number, strict)
            return rows, not due or audit.repeats(self.program, arguments, rows)

    def _again(self, callers: ThreadPoolExecutor, error: RuntimeError) -> None:
        """Out of memory: the same program with one call in flight; else give up."""
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise error
        wait([called for _, called in self.flight])
        self.flight.clear()
        try:
            self._calls(callers, 1)
        except jax.errors.JaxRuntimeError as again:
            raise MemoryError(
                f"{self.job.group}: out of memory at tile {self.job.group.tile} "
                f"({self.program.call_bytes:,} B per call). "
                f"Declare `tile={max(1, self.program.lanes // 2)}` or less."
            ) from again

    def _fetch(self) -> None:
        """Wait for the oldest call and take its rows."""
        start, called = self.flight.popleft()
        while not called.done():
            if self.control.impatient():
                return
            wait([called], POLL_SECONDS)
        rows, equal = called.result()
        stop = min(start + self.program.lanes, self.job.lanes)
        for name, out in rows.items():
            self.rows[name][start:stop] = out[: stop - start]
        self.done = stop
        self.report.bitwise = min(self.report.bitwise, "yes" if equal else "no")
        audit.judge(self.job, equal, self.control.strict)
        self.control.observe("lanes", self.job.group, float(stop - start))
        self._flush()

    def _flush(self, last: bool = False) -> None:
        """Hand finished quanta to the writer, once in a while; write the last here."""
        group, job = self.job.group, self.job
        ready = self.done // group.width
        late = time.monotonic() - self.flushed > FLUSH_SECONDS
        if ready == self.written or not (late or last):
            return
        quanta = job.quanta[self.written : ready]
        part = slice(self.written * group.width, ready * group.width)
        arrays = {
            name: rows[part].reshape(len(quanta), group.width, *rows.shape[1:])
            for name, rows in self.rows.items()
        }
        cells = [job.cells[key] for key in dict.fromkeys(key for key, _ in quanta)]
        block = (group, cells, quanta, arrays, self.program.facts())
        if last:
            self.store.put(*block)
        else:
            self.blocks.append(self.writer.submit(self.store.put, *block))
        if len(self.blocks) > QUEUED_BLOCKS:
            self.blocks[-QUEUED_BLOCKS - 1].result()
        self.report.blocks += 1
        self.written, self.flushed = ready, time.monotonic()
        self.control.observe("written", group, float(len(quanta)))
