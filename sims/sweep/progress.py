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
    total = 0.0
    for address, group in plan.groups.items():
        lanes, need, done = plan.lanes(address), list(plan.need(address)), 0.0
        if store is not None and need:
            done = 1 - len(store.missing(group, need)) / len(need)
        seconds = lanes * (1 - done) * group.traced.operations / OPERATIONS_PER_SECOND
        total, calls = total + seconds, plan.calls(address)
        size, count = plan.lane_bytes(address), group.traced.operations
        lines.append(
            f"{str(group)[-50:]:<50} {len(plan.cells[address]):>6} {lanes:>9} "
            f"{done:>5.0%} {group.tile:>5} {calls:>6} {size:>9} {count:>9.1e} "
            f"{seconds:>7.1f}"
        )
    lanes, rows = sum(map(plan.lanes, plan.groups)), plan.stored_bytes
    work = max(map(plan.work_bytes, plan.groups), default=0)
    lines.append(
        f"{len(plan.groups)} programs ({len(plan.programs)} compiled; 1-4 s each, less "
        f"when cached), {lanes:,} lanes, {rows:,} bytes of rows, about {total:.1f} s. "
        f"At work {work / 2**20:,.0f} MiB at most. Bytes and operations of a lane are "
        "estimates from above; the bytes of a compiled program are the compiler's."
    )
    return "\n".join(lines)


class Progress:
    """Shows a run on stderr: bars on a terminal, else a line every 30 seconds."""

    def __init__(self, plan: Plan, shown: bool):
        self.total = {a: plan.lanes(a) for a in plan.groups} if shown else {}
        self.operations = {a: g.traced.operations for a, g in plan.groups.items()}
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
            text = f"{str(group)[:50]} {event} (ETA {self.eta():.0f} s)"
            if address not in self.tasks:
                self.tasks[address] = self.bars.add_task("", total=self.total[address])
            done = self.done[address]
            self.bars.update(self.tasks[address], completed=done, description=text)
        elif now - self.line > LINE_SECONDS:
            self.line = now
            done, total = sum(self.done.values()), sum(self.total.values())
            sys.stderr.write(
                f"limen: {group}: {done:,} of {total:,} lanes, compiled "
                f"{self.compiling:.0f} s, about {self.eta():.0f} s left\n"
            )

    def eta(self) -> float:
        """Seconds left: groups not yet measured are predicted by their operations."""
        measured = {a: self.spent[a] / n for a, n in self.done.items() if n}
        rates = [s / max(self.operations[a], 1) for a, s in measured.items()]
        usual = sum(rates) / len(rates) if rates else 1 / OPERATIONS_PER_SECOND
        return sum(
            (n - self.done[a]) * measured.get(a, usual * self.operations[a])
            for a, n in self.total.items()
        )
