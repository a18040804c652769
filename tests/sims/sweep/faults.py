"""Kills a small run at every point where it touches the store, and resumes it.

Computes once, then forks two children per fault point: one that dies and one that
resumes. A child of a process with threads must not compute, so there the program is the
record of its own outputs; everything else, from planning to fsync, is the engine's.
Prints one JSON line per point.
"""

import faulthandler
import hashlib
import json
import os
import signal
import sys
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
from limen.sims.sweep import Store, Sweep, block, execute, locks, resolve, store
from limen.sims.sweep.program import Program

POINTS = ("open", "write", "fsync", "replace", "close", "unlink")


class Counted(types.ModuleType):
    """The module `os`, which dies at one of its calls."""

    def __init__(self, die_at):
        super().__init__("os")
        self.calls, self.die_at = 0, die_at

    def __getattr__(self, name):
        real = getattr(os, name)
        if name not in POINTS:
            return real

        def call(*args, **kwargs):
            self.calls += 1
            if self.calls == self.die_at:
                if name == "write":
                    real(args[0], args[1][: len(args[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return call


def addresses(keys):
    """The key of every lane of a call."""
    return map(tuple, keys.tolist())


def record(sweep):
    """Outputs of every lane by its address, from a run in memory."""
    table, build = {}, execute.build

    def recording(recipe, tile, devices):
        program = build(recipe, tile, devices)

        def call(*arguments):
            outputs = {n: np.asarray(o) for n, o in program.call(*arguments).items()}
            for i, address in enumerate(addresses(arguments[0])):
                table[address] = {name: out[i] for name, out in outputs.items()}
            return outputs

        return replace(program, call=call)

    execute.build = recording
    sweep.run(32, progress=False)
    return table


def replay(table):
    """A program that looks its outputs up."""

    def call(keys, *_):
        rows = [table[address] for address in addresses(keys)]
        return {name: np.stack([row[name] for row in rows]) for name in rows[0]}

    execute._programs.clear()
    execute.build = lambda recipe, tile, devices: Program(call, tile, 0.0, 0, 0, 0.0)


def run(sweep, table, root, report, die_at):
    """The run, in a child: every call is a block of its own."""
    counted = Counted(die_at)
    block.os = locks.os = counted
    execute.FLUSH_SECONDS = locks.GRACE_SECONDS = 0.0
    replay(table)
    rows = sweep.run(32, store=Store(root), progress=False)
    bits = b"".join(rows[name].values.tobytes() for name in sorted(rows.data_vars))
    said = {"hash": hashlib.blake2b(bits).hexdigest(), "lanes": rows.attrs["lanes"]}
    Path(report).write_text(json.dumps(said | {"calls": counted.calls}))


def forked(*arguments):
    """Run a child; returns its exit status."""
    child = os.fork()
    if not child:
        faulthandler.dump_traceback_later(30, exit=True)
        try:
            run(*arguments)
        except BaseException as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def sound_blocks(root):
    """Name and bytes of every finished block."""
    if not (root / "store.json").exists():
        return {}
    assert store.verify(root).corrupt == []
    return {path.name: path.read_bytes() for path in store.blocks(root)}


def say(line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main(file, folder):
    """Straight run, then fault after fault."""
    folder = Path(folder)
    report = folder / "report.json"
    sweep = Sweep(sim=resolve(f"{file}:coin"), dynamic={"bias": [0.2, 0.7]})
    table = record(sweep)
    assert forked(sweep, table, folder / "straight", report, 0) == 0
    straight = json.loads(report.read_text())
    say(straight)
    for point in range(1, straight["calls"] + 1):
        root = folder / f"run-{point}"
        status = forked(sweep, table, root, report, point)
        before = sound_blocks(root)
        assert forked(sweep, table, root, report, 0) == 0
        resumed, after = json.loads(report.read_text()), sound_blocks(root)
        lost = [name for name in before if after.get(name) != before[name]]
        line = {"point": point, "status": status, "before": len(before), "lost": lost}
        say(line | resumed)


if __name__ == "__main__":
    main(*sys.argv[1:])
