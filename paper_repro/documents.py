"""`verdicts.json` and the rows beside it: written atomically, merged, described."""

import json
import math
import os
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np
from xarray import DataArray

from ..checks.harness import Evidence, MutantVerdict, Verdict

SCHEMA = "limen-verdicts-1"
Document = dict[str, Any]


class OutputError(OSError):
    """The results cannot be written (exit status 5)."""


class UnknownSchemaError(ValueError):
    """There is no schema of that name."""


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
    for verdict in verdicts:
        _write_rows(folder / _rows_name(verdict), verdict)
    claims = [claim_entry(verdict) for verdict in verdicts]
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


def claim_entry(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON holds it: numbers, null for what is unbounded or absent."""
    claim = verdict.claim
    return {
        "id": claim.id,
        "title": claim.title,
        "statement": claim.statement,
        "provenance": {"tag": claim.provenance.tag, "source": claim.provenance.source},
        "kind": claim.kind.name,
        "evidence": claim.kind.evidence,
        "hash": verdict.hash,
        "sizes": _plain(verdict.sizes),
        "weight": claim.weight,
        "alpha": _number(verdict.alpha),
        "verdict": verdict.verdict,
        "reason": verdict.reason,
        "flags": list(verdict.flags),
        "seeds": verdict.seeds,
        "looks": [
            {"seeds": k.seeds, "verdict": k.verdict, "e_value": _number(k.e_value)}
            for k in verdict.looks
        ],
        "p_anytime": _number(verdict.p_anytime),
        "seconds": round(verdict.seconds, 3),
        "tolerance_origin": verdict.design.tol.origin if verdict.design else "",
        "rows": _rows_name(verdict),
        "sweeps": _sweeps(verdict),
        "points": [_point(point) for point in verdict.points],
        "mutants": [_mutant(mutant) for mutant in verdict.mutants],
    }


def _point(point: Evidence) -> dict[str, Any]:
    return {
        "at": _plain(point.at),
        "claimed": _number(point.claimed),
        "tol": _pair(point.tol),
        "region": _pair(point.region),
        "estimate": _number(point.estimate),
        "se": _number(point.se),
        "interval": _pair(point.interval),
        "interval_consistent": _pair(point.interval_consistent),
        "bias": _number(point.bias),
        "resolution": _pair(point.resolution),
        "resolution_rel": _number(point.resolution_rel),
        "tightness": _number(point.tightness),
        "verdict": point.verdict,
        "reason": point.reason,
    }


def _mutant(mutant: MutantVerdict) -> dict[str, Any]:
    return {
        "name": mutant.name,
        "changes": mutant.sort,
        "shift": _number(mutant.shift),
        "verdict": mutant.verdict,
        "killed": mutant.killed,
        "underpowered": mutant.underpowered,
        "seeds": mutant.seeds,
        "points": [_point(point) for point in mutant.points],
    }


def _sweeps(verdict: Verdict) -> dict[str, dict[str, str]]:
    return {
        name: {
            "simulator": str(data.attrs.get("simulator", "")),
            "group": str(data.attrs.get("groups", data.attrs.get("group", ""))),
        }
        for name, data in verdict.datasets.items()
    }


def _rows_name(verdict: Verdict) -> str:
    return f"rows/{verdict.claim_id}.npz"


def _write_rows(path: Path, verdict: Verdict) -> None:
    """Rows with the coordinates of their points: enough to judge again offline."""
    table = DataArray([]) if verdict.rows is None else verdict.rows
    coordinates = {
        f"at_{name}": np.asarray(values.values)
        for name, values in table.coords.items()
        if values.dims == ("point",)
    }
    draft = path.with_suffix(".tmp.npz")
    np.savez_compressed(
        draft,
        allow_pickle=False,
        rows=table.values,
        dims=np.array([str(name) for name in table.dims]),
        **coordinates,
    )
    os.replace(draft, path)


def _number(value: Any) -> float | int | None:
    """A JSON number; None for what is absent, not a number or unbounded."""
    if value is None or not math.isfinite(value):
        return None
    return value if isinstance(value, int) else float(value)


def _pair(ends: Sequence[Any]) -> list[float | int | None]:
    low, high = ends
    return [_number(low), _number(high)]


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(dict(values), default=_scalar, allow_nan=False))


def _scalar(value: Any) -> Any:
    """NumPy scalars and arrays as Python values, anything else as text."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


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
