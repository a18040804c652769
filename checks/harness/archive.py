"""Rows on disk, and judging them again offline: the same rows, the same verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from xarray import DataArray

from .claim import Claim, Preset
from .errors import BadClaim, BadSamples
from .runner import judged, prepared
from .trial import Trial
from .verdict import Verdict

Rows = dict[str, tuple[DataArray, int]]


def save_rows(verdict: Verdict, path: str | Path) -> None:
    """Write the judged rows of a claim and its mutants as npz.

    Rows of theory mutants are those of the claim unless they used more seeds.

    Args:
        verdict: A verdict that carries its rows.
        path: The file `rows/<id>.npz`.
    """
    parts = {"": (verdict.rows, verdict.seeds)}
    for mutant in verdict.mutants:
        same = mutant.sort == "theory" and mutant.seeds <= verdict.seeds
        if not same and mutant.rows is not None:
            parts[mutant.name] = (mutant.rows, mutant.seeds)
    kept = [(name, a, n) for name, (a, n) in parts.items() if a is not None]
    names = np.array([name for name, _, _ in kept], dtype=str)
    arrays: dict[str, np.ndarray] = {"names": names}
    for k, (_, array, seeds) in enumerate(kept):
        arrays |= {f"{k}/{key}": v for key, v in _pack(array, seeds).items()}
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, allow_pickle=False, **arrays)


def load_rows(path: str | Path) -> Rows:
    """Rows by name (the claim's own under the empty name), with their seeds."""
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    found: Rows = {}
    for k, name in enumerate(arrays["names"]):
        head = f"{k}/"
        part = {
            key[len(head) :]: v for key, v in arrays.items() if key.startswith(head)
        }
        found[str(name)] = _unpack(part)
    return found


def rejudge(
    claims: Sequence[Claim],
    entries: Sequence[Mapping[str, Any]],
    rows: Mapping[str, Rows],
    *,
    preset: str,
    alpha: float,
    alpha_consistent: float = 0.01,
) -> list[Verdict]:
    """Judge stored rows again; equals the online verdicts.

    Args:
        claims: All claims of the paper.
        entries: The entries of `claims` in verdicts.json that are judged again.
        rows: `load_rows` of every entry, by claim id.
        preset: Preset of the run.
        alpha: Level of the paper in the run.
        alpha_consistent: Level of `consistent` in the run.

    Raises:
        BadClaim: A claim says something else than when it was run (other hash).
    """
    by_id = {entry["id"]: entry for entry in entries}
    first = max(
        (e["looks"][0]["seeds"] for e in entries if e["evidence"] != "exact"), default=1
    )
    cases = prepared(
        claims,
        Preset(preset, first),
        alpha=alpha,
        alpha_consistent=alpha_consistent,
        only=by_id,
        attempt=lambda claim, _: by_id[claim]["attempt"],
    )
    for case in cases:
        if case.hash != by_id[case.claim.id]["hash"]:
            raise BadClaim(f"{case.claim.id} has changed since it was run.")
    whole = all(c.id in by_id for c in claims if preset in c.sizes)
    return judged(cases, Archive(rows), preset, alpha if whole else None)


@dataclass
class Archive:
    """Serves stored rows instead of drawing."""

    rows: Mapping[str, Rows]

    def fetch(self, batch: Sequence[Trial]) -> None:
        """Nothing is drawn."""

    def serve(self, trial: Trial) -> None:
        """Let a trial judge the rows of its next look."""
        stored = self.rows[trial.rule.claim]
        array, seeds = stored.get(trial.name, stored[""])
        if "seed" in array.dims:
            wanted = array.sizes["seed"] * trial.next_seeds // max(seeds, 1)
            if wanted > array.sizes["seed"]:
                raise BadSamples(f"{trial.label}: the archive has only {seeds} seeds.")
            array = array.isel(seed=slice(wanted))
        trial.take(array)


def _pack(array: DataArray, seeds: int) -> dict[str, np.ndarray]:
    parts = {
        "values": array.values,
        "dims": np.array([str(d) for d in array.dims]),
        "seeds": np.array(seeds),
        "error": np.asarray(array.attrs.get("error", 0.0), dtype=np.float64),
    }
    along = {k: c.values for k, c in array.coords.items() if c.dims == ("point",)}
    for name, values in along.items():
        text = values.dtype.kind not in "biuf"
        parts[f"at/{name}"] = values.astype(str) if text else values
    return parts


def _unpack(parts: Mapping[str, np.ndarray]) -> tuple[DataArray, int]:
    coords = {
        key[3:]: ("point", value) for key, value in parts.items() if key[:3] == "at/"
    }
    dims = [str(d) for d in parts["dims"]]
    array = DataArray(
        parts["values"], dims=dims, coords=coords, attrs={"error": parts["error"]}
    )
    return array, int(parts["seeds"])
