"""When a run stops, and how: signals, deadlines, memory, whom to tell."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax

from .errors import SpecificationError, Stopped

PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class MemoryBudget:
    """The share of a device's memory that one program may use.

    Attributes:
        fraction: Share of the memory that is there.
        total: Bytes instead of what is there.
    """

    fraction: float = 0.6
    total: int | None = None

    def bytes(self) -> int:
        """The budget in bytes on the first device."""
        stats = jax.devices()[0].memory_stats() or {}
        there = self.total or stats.get("bytes_limit")
        pages = there or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return int(self.fraction * pages)


@dataclass
class Control:
    """What a run obeys.

    Attributes:
        max_seconds: Time after which no call starts.
        strict: Audit every group, refuse what is not finite.
        budget: Memory that one program may take.
        devices: Numbers of the local devices to use; None takes all.
        beside: Processes that share this machine, this one included.
        wait: Wait for jobs that another process has locked.
        observe: Called with what happened ("compiling", "lanes", …), to whom, how much.
        signum: Signal that asked to stop, once it came.
    """

    max_seconds: float | None = None
    strict: bool = False
    budget: MemoryBudget = field(default_factory=MemoryBudget)
    devices: Sequence[int] | None = None
    beside: int = 1
    wait: bool = True
    observe: Callable[[str, Any, float], None] = lambda *_: None
    signum: int = 0
    asked: float = float("inf")
    started: float = field(default_factory=lambda: time.monotonic())

    def local_devices(self) -> tuple[Any, ...]:
        """The devices of this process that may be used.

        Raises:
            SpecificationError: If one of them is not there.
        """
        here = jax.local_devices()
        chosen = range(len(here)) if self.devices is None else self.devices
        if not chosen or not set(chosen) <= set(range(len(here))):
            raise SpecificationError(
                f"`devices` must be among 0 … {len(here) - 1}, but is {list(chosen)}."
            )
        return tuple(here[i] for i in chosen)

    def stops(self) -> bool:
        """Whether no further call should start."""
        limit = float("inf") if self.max_seconds is None else self.max_seconds
        return bool(self.signum) or time.monotonic() - self.started > limit

    def impatient(self) -> bool:
        """Whether even the call in flight should not be waited for."""
        return bool(self.signum) and time.monotonic() - self.asked > PATIENCE_SECONDS

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

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Turn SIGINT and SIGTERM into a clean stop; a second SIGINT acts at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        asked = {
            s: signal.signal(s, self._asked) for s in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for signum, handler in asked.items():
                signal.signal(signum, handler or signal.SIG_DFL)

    def _asked(self, signum: int, _: Any) -> None:
        if self.signum == signum == signal.SIGINT:
            raise KeyboardInterrupt
        self.signum, self.asked = signum, time.monotonic()
