"""`verdicts.json` and the rows beside it: written atomically, merged, described."""

import csv
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax

from ..checks.harness import Verdict, save_rows, to_json

SCHEMA = "limen-verdicts-1"
Document = dict[str, Any]


class OutputError(OSError):
    """The results cannot be written (exit status 5)."""


def make_folder(folder: Path) -> None:
    """Make a folder of results.

    Raises:
        OutputError: If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"Cannot write to `{folder}`: {error.strerror}.") from error


def write(
    folder: Path,
    paper: str,
    preset: str,
    run: Mapping[str, Any],
    verdicts: Sequence[Verdict],
    figures: Sequence[Mapping[str, Any]],
) -> Document:
    """Write rows and `verdicts.json`; keep what an earlier, equal run has decided.

    A run of a few claims replaces these and keeps the others, provided that version,
    commit, device and base seed are the same; otherwise the old document goes.

    Args:
        folder: Where the document lies.
        paper: Id of the paper.
        preset: Name of the preset.
        run: Facts about this run.
        verdicts: What was judged.
        figures: What was drawn.

    Returns:
        The document.
    """
    claims = [to_json(verdict) for verdict in verdicts]
    for verdict, entry in zip(verdicts, claims, strict=True):
        save_rows(verdict, folder / entry["rows"])
        save_points(folder, entry)
    old = _compatible(folder / "verdicts.json", run)
    document = {
        "schema": SCHEMA,
        "paper": paper,
        "preset": preset,
        "run": dict(run),
        "claims": _merged(old.get("claims", []), claims, "id"),
        "figures": _merged(old.get("figures", []), list(figures), "name"),
    }
    draft = folder / "verdicts.json.tmp"
    draft.write_text(json.dumps(document, indent=1, allow_nan=False), encoding="utf-8")
    os.replace(draft, folder / "verdicts.json")
    return document


def save_points(folder: Path, claim: Mapping[str, Any]) -> None:
    """Write a claim's points to `points/ID.csv`, a row each."""
    rows = [_flat(point) for point in claim["points"]]
    columns = dict.fromkeys(key for row in rows for key in row)
    path = folder / "points" / f"{claim['id']}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)  # ids may hold a slash
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def _flat(point: Mapping[str, Any]) -> dict[str, Any]:
    """Coordinates and results of a point side by side; ends of intervals apart."""
    flat = dict(point["at"])
    for key, value in point.items():
        if isinstance(value, list):
            flat |= {f"{key}_lo": value[0], f"{key}_hi": value[1]}
        elif key != "at":
            flat[key] = value
    return flat


def narrowed(document: Document, claims: set[str] | None) -> Document:
    """The document with the named claims only (None: all)."""
    if claims is None:
        return document
    return document | {"claims": [c for c in document["claims"] if c["id"] in claims]}


def run_facts(**given: Any) -> dict[str, Any]:
    """What must be known about a run, together with what the caller knows."""
    devices = jax.local_devices()
    return {
        "limen": version("limen"),
        "commit": _commit(),
        "jax": version("jax"),
        "device": f"{len(devices)} × {devices[0].device_kind}",
        "alpha_consistent": 0.01,
        **given,
    }


def _merged(
    old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]], key: str
) -> list[Mapping[str, Any]]:
    fresh = {item[key]: item for item in new}
    kept = [fresh.pop(item[key], item) for item in old]
    return [*kept, *fresh.values()]


def _compatible(path: Path, run: Mapping[str, Any]) -> Document:
    """The document that is there, if it may share a page with this run."""
    if not path.is_file():
        return {}
    document = json.loads(path.read_text(encoding="utf-8"))
    same = ("limen", "commit", "jax", "device", "base_seed")
    known = document.get("schema") == SCHEMA and run["commit"] is not None
    if known and all(document["run"].get(name) == run[name] for name in same):
        return document
    return {}


def _commit() -> str | None:
    """The checkout's commit, with a mark if it was edited; None outside a checkout."""
    here = Path(__file__).resolve().parents[1]
    if not (here / ".git").exists():
        return None
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None
