"""Verdicts as JSON and back: no Infinity, no NaN, everything that the report needs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .claim import Claim
from .verdict import Evidence, Look, MutantVerdict, Verdict

INF = float("inf")


def to_json(verdict: Verdict) -> dict[str, Any]:
    """One entry of `claims` in verdicts.json (design.md §4); unbounded ends are null.

    The rows lie beside it as `rows/<id>.npz` (see `archive.save_rows`).
    """
    claim, design = verdict.claim, verdict.design
    return {
        "id": claim.id,
        "title": claim.title,
        "statement": claim.statement,
        "provenance": {
            "tag": claim.provenance.tag,
            "source": claim.provenance.source,
        },
        "kind": claim.kind.name,
        "evidence": claim.kind.evidence,
        "hash": verdict.hash,
        "sizes": plain(verdict.sizes),
        "weight": claim.weight,
        "alpha": number(verdict.alpha),
        "attempt": verdict.attempt,
        "verdict": verdict.verdict,
        "reason": verdict.reason,
        "flags": list(verdict.flags),
        "seeds": verdict.seeds,
        "looks": [_look(look) for look in verdict.looks],
        "p_anytime": number(verdict.p_anytime),
        "e_value": number(verdict.e_value),
        "seconds": verdict.seconds,
        "tolerance_origin": design.tol.origin if design else "",
        "rows": f"rows/{claim.id}.npz",
        "sweeps": _sweeps(verdict),
        "points": [point_to_json(point) for point in verdict.points],
        "mutants": [_mutant(mutant) for mutant in verdict.mutants],
    }


def from_json(entry: Mapping[str, Any], claim: Claim) -> Verdict:
    """The verdict of a claim as it was recorded, without its datasets and rows."""
    return Verdict(
        claim=claim,
        verdict=entry["verdict"],
        reason=entry["reason"],
        points=[point_from_json(point) for point in entry["points"]],
        seeds=entry["seeds"],
        looks=[Look(**look) for look in entry["looks"]],
        mutants=[_mutant_from_json(mutant) for mutant in entry["mutants"]],
        sizes=entry["sizes"],
        hash=entry["hash"],
        alpha=_finite(entry["alpha"], float("nan")),
        attempt=entry["attempt"],
        p_anytime=entry["p_anytime"],
        e_value=entry["e_value"],
        seconds=entry["seconds"],
        flags=tuple(entry["flags"]),
    )


def point_to_json(point: Evidence) -> dict[str, Any]:
    """One entry of `points`."""
    return {
        "at": plain(point.at),
        "claimed": number(point.claimed),
        "tol": _pair(point.tol),
        "region": _pair(point.region),
        "estimate": number(point.estimate),
        "se": number(point.se),
        "interval": _pair(point.interval),
        "interval_consistent": _pair(point.interval_consistent),
        "bias": number(point.bias),
        "e_value": number(point.e_value),
        "p_anytime": number(point.p_anytime),
        "gof": number(point.gof),
        "resolution": _pair(point.resolution),
        "resolution_rel": number(point.resolution_rel),
        "tightness": number(point.tightness),
        "verdict": point.verdict,
        "reason": point.reason,
        "diagnostics": plain(point.diagnostics),
    }


def point_from_json(entry: Mapping[str, Any]) -> Evidence:
    """The evidence that an entry of `points` records."""
    region, interval = _ends(entry["region"]), _ends(entry["interval"])
    lenient = _ends(entry["interval_consistent"])
    resolution = entry["resolution"]
    return Evidence(
        at=entry["at"],
        claimed=_finite(entry["claimed"], float("nan")),
        tol=(_finite(entry["tol"][0], INF), _finite(entry["tol"][1], INF)),
        region=region,
        estimate=_finite(entry["estimate"], float("nan")),
        se=_finite(entry["se"], float("nan")),
        lo=interval[0],
        hi=interval[1],
        lo_consistent=lenient[0],
        hi_consistent=lenient[1],
        bias=_finite(entry["bias"], float("nan")),
        e_value=entry["e_value"],
        p_anytime=entry["p_anytime"],
        gof=entry["gof"],
        resolution=(_finite(resolution[0], INF), _finite(resolution[1], INF)),
        tightness=entry["tightness"],
        verdict=entry["verdict"],
        reason=entry["reason"],
        diagnostics=entry["diagnostics"],
    )


def number(value: Any) -> float | None:
    """A JSON number; null for what is absent, unbounded or undefined."""
    if value is None or not np.isfinite(value):
        return None
    return float(value)


def plain(value: Any) -> Any:
    """Containers, arrays and NumPy scalars as JSON knows them; else name or text."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(entry) for entry in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return number(value)
    return getattr(value, "__qualname__", str(value))


def _look(look: Look) -> dict[str, Any]:
    e_value = number(look.e_value)
    return {"seeds": look.seeds, "verdict": look.verdict, "e_value": e_value}


def _mutant(mutant: MutantVerdict) -> dict[str, Any]:
    return {
        "name": mutant.name,
        "changes": mutant.sort,
        "shift": number(mutant.shift),
        "ratio": number(mutant.ratio),
        "verdict": mutant.verdict,
        "reason": mutant.reason,
        "killed": mutant.killed,
        "underpowered": mutant.underpowered,
        "seeds": mutant.seeds,
        "looks": [_look(look) for look in mutant.looks],
        "points": [point_to_json(point) for point in mutant.points],
    }


def _mutant_from_json(entry: Mapping[str, Any]) -> MutantVerdict:
    status = "underpowered" if entry["underpowered"] else "survived"
    return MutantVerdict(
        name=entry["name"],
        sort=entry["changes"],
        shift=entry["shift"],
        ratio=entry["ratio"],
        verdict=entry["verdict"],
        status="killed" if entry["killed"] else status,
        reason=entry["reason"],
        seeds=entry["seeds"],
        looks=[Look(**look) for look in entry["looks"]],
        points=[point_from_json(point) for point in entry["points"]],
    )


def _sweeps(verdict: Verdict) -> dict[str, dict[str, Any]]:
    """Simulator and store group of every sweep, as far as the engine tells."""
    sweeps = verdict.design.sweeps if verdict.design else {}
    return {
        name: {
            "simulator": str(getattr(getattr(sweep, "sim", sweep), "name", sweep)),
            "group": plain(_attrs(verdict, name).get("group")),
        }
        for name, sweep in sweeps.items()
    }


def _attrs(verdict: Verdict, name: str) -> Mapping[str, Any]:
    return verdict.datasets[name].attrs if name in verdict.datasets else {}


def _pair(ends: tuple[float, float]) -> list[float | None]:
    return [number(ends[0]), number(ends[1])]


def _ends(pair: Sequence[float | None]) -> tuple[float, float]:
    return _finite(pair[0], -INF), _finite(pair[1], INF)


def _finite(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
