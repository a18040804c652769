"""What a plan and a run look like."""

import sys
import time
from typing import Any

from .keep import Store
from .plan import Group, Plan

LINE_SECONDS = 30.0
OPERATIONS_PER_SECOND = 1e9


def table(plan: Plan, store: Store | None = None) -> str:
    """A plan as text: one line per group, then the sums.

    Args:
        plan: The plan.
        store: Say also how many quanta it holds already.
    """
    heads = f"{'cells':>6} {'lanes':>9} {'done':>5} {'tile':>5} {'calls':>6}"
    lines = [f"{'group':<50} {heads} {'B/lane':>9} {'flop/lane':>9} {'run s':>7}"]
    for address, group in plan.groups.items():
        lanes, done = plan.lanes(address), 0.0
        calls = 1 if group.tile == "all" else -(-lanes // int(group.tile))
        if store is not None and lanes:
            store.refresh(group)
            need = list(plan.need(address))
            done = 1 - len(store.missing(group, need)) / len(need)
        lines.append(
            f"{str(group)[-50:]:<50} {len(plan.cells[address]):>6} {lanes:>9} "
            f"{done:>5.0%} {group.tile:>5} {calls:>6} {group.lane_bytes:>9} "
            f"{group.operations:>9.1e} {_seconds(group, lanes * (1 - done)):>7.1f}"
        )
    lanes = sum(map(plan.lanes, plan.groups))
    seconds = sum(_seconds(g, plan.lanes(a)) for a, g in plan.groups.items())
    lines.append(
        f"{len(plan.groups)} programs to compile (1-4 s each, less when cached), "
        f"{lanes:,} lanes, {plan.stored_bytes:,} bytes of rows, about {seconds:.1f} s "
        "of running; bytes and operations are upper estimates."
    )
    return "\n".join(lines)


class Progress:
    """Shows a run on stderr: bars on a terminal, else a line every 30 seconds."""

    def __init__(self, plan: Plan, shown: bool):
        self.total = {a: plan.lanes(a) for a in plan.groups} if shown else {}
        self.names = {a: str(g) for a, g in plan.groups.items()}
        self.operations = {a: g.operations for a, g in plan.groups.items()}
        self.done = dict.fromkeys(self.total, 0)
        self.spent = dict.fromkeys(self.total, 0.0)
        self.last = self.line = time.monotonic()
        self.compiling = 0.0
        self.bars: Any = None
        self.tasks: dict[str, Any] = {}

    def __enter__(self) -> "Progress":
        if self.total and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress as Bars

            self.bars = Bars(console=Console(stderr=True), transient=True)
            self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.bars is not None:
            self.bars.stop()

    def __call__(self, event: str, group: Group, amount: float) -> None:
        """Take note of what happened."""
        address, now = group.address, time.monotonic()
        if address not in self.total:
            return
        if event == "running":
            self.compiling += amount
        if event == "lanes":
            self.done[address] += int(amount)
            self.spent[address] += now - self.last
        self.last = now
        if self.bars is not None:
            self._bar(address, event)
        elif now - self.line > LINE_SECONDS:
            self.line = now
            sys.stderr.write(self.sentence(address) + "\n")

    def eta(self) -> float:
        """Seconds left: groups not yet measured are predicted by their operations."""
        rates = [
            self.spent[a] / (self.done[a] * max(self.operations[a], 1))
            for a in self.total
            if self.done[a]
        ]
        usual = sum(rates) / len(rates) if rates else 1 / OPERATIONS_PER_SECOND
        return sum(
            (n - self.done[a])
            * (
                self.spent[a] / self.done[a]
                if self.done[a]
                else usual * self.operations[a]
            )
            for a, n in self.total.items()
        )

    def sentence(self, address: str) -> str:
        """The state of the run in one line."""
        done, total = sum(self.done.values()), sum(self.total.values())
        return (
            f"limen: {self.names[address]}: {done:,} of {total:,} lanes, "
            f"compiled {self.compiling:.0f} s, about {self.eta():.0f} s left"
        )

    def _bar(self, address: str, event: str) -> None:
        if address not in self.tasks:
            self.tasks[address] = self.bars.add_task("", total=self.total[address])
        text = f"{self.names[address][:50]} {event} (ETA {self.eta():.0f} s)"
        self.bars.update(
            self.tasks[address], completed=self.done[address], description=text
        )


def _seconds(group: Group, lanes: float) -> float:
    return lanes * group.operations / OPERATIONS_PER_SECOND
