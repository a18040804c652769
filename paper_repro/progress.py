"""Shows how far a run has come: bars on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.progress import TimeElapsedColumn as Elapsed


@dataclass(frozen=True)
class Event:
    """One step of a paper's run.

    Attributes:
        paper: The paper's id.
        what: The claim or figure that moved.
        state: Its verdict so far, `drawing`, or `done`.
        seeds: Rows seen so far.
        done: Claims and figures of the paper that are finished.
        total: All of them.
    """

    paper: str
    what: str
    state: str
    seeds: int
    done: int
    total: int


Display = Callable[[Event], None]


@contextmanager
def shown(papers: list[str]) -> Iterator[Display]:
    """A display for these papers: bars if stderr is a terminal, else plain lines."""
    if sys.stderr.isatty():
        with _bars(papers) as display:
            yield display
    else:
        yield Lines()


@dataclass
class Lines:
    """One line per finished claim or figure, with the time since the start."""

    started: float = field(default_factory=time.monotonic)
    last: dict[str, int] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        """Print a line when something was finished."""
        if event.done == self.last.get(event.paper, 0):
            return
        self.last[event.paper] = event.done
        seconds = time.monotonic() - self.started
        seeds = f", {event.seeds} seeds" if event.seeds else ""
        sys.stderr.write(
            f"{seconds:6.1f} s  {event.paper:<13} {event.done:>3}/{event.total:<3} "
            f"{event.what}: {event.state}{seeds}\n"
        )
        sys.stderr.flush()


@contextmanager
def _bars(papers: list[str]) -> Iterator[Display]:
    columns = (
        TextColumn("{task.description:<14}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        Elapsed(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[what]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        overall = progress.add_task("all", total=None, what="")
        tasks = {p: progress.add_task(p, total=None, what="") for p in papers}
        state: dict[str, Event] = {}

        def display(event: Event) -> None:
            state[event.paper] = event
            text = f"{event.what}: {event.state}"
            progress.update(
                tasks[event.paper], completed=event.done, total=event.total, what=text
            )
            known = state.values()
            progress.update(
                overall,
                completed=sum(e.done for e in known),
                total=sum(e.total for e in known)
                if len(known) == len(papers)
                else None,
            )

        yield display
