"""When a run stops, and how: signals, deadlines, memory, whom to tell."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .errors import Stopped
from .memory import MemoryBudget

PATIENCE_SECONDS = 30.0


@dataclass
class Control:
    """What a run obeys.

    Attributes:
        deadline: Time (monotonic) after which no call starts.
        strict: Audit every group, refuse what is not finite.
        wait: Wait for jobs that another process has locked.
        budget: Memory that one program may take.
        observe: Called with what happened ("compiled", "lanes", …), to whom, how much.
        signum: Signal that asked to stop, once it came.
    """

    deadline: float = float("inf")
    strict: bool = False
    wait: bool = True
    budget: MemoryBudget = field(default_factory=MemoryBudget)
    observe: Callable[[str, Any, float], None] = lambda *_: None
    signum: int = 0
    asked: float = float("inf")

    def stops(self) -> bool:
        """Whether no further call should start."""
        return bool(self.signum) or time.monotonic() > self.deadline

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
        before = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}
        for signum in before:
            signal.signal(signum, self._asked)
        try:
            yield
        finally:
            for signum, handler in before.items():
                signal.signal(signum, handler or signal.SIG_DFL)

    def _asked(self, signum: int, _: Any) -> None:
        if self.signum == signum == signal.SIGINT:
            raise KeyboardInterrupt
        self.signum, self.asked = signum, time.monotonic()
