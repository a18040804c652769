"""The ledger: every attempt at a claim, so that re-rolling cannot launder a failure."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Ledger:
    """Attempts in a file of JSON lines, appended to and never rewritten.

    A claim (by its hash) that came out `violated` and is run again from a fresh base
    seed gets the level alpha/(k(k+1)) at its k-th attempt.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def entries(self) -> Iterator[dict[str, Any]]:
        """All readable lines; a last line torn by a crash is passed over."""
        if not self.path.exists():
            return
        for line in self.path.read_text().splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue

    def attempt(self, fingerprint: str, base_seed: int) -> int:
        """Number of this attempt: 1, or one more than the base seeds that failed."""
        mine = [e for e in self.entries() if e.get("hash") == fingerprint]
        known = [e["attempt"] for e in mine if e["base_seed"] == base_seed]
        if known:
            return int(known[0])
        failed = {e["base_seed"] for e in mine if e.get("verdict") == "violated"}
        return 1 + len(failed)

    def open(
        self, claim: str, fingerprint: str, base_seed: int, preset: str, attempt: int
    ) -> None:
        """Write down what is about to be tried, before anything is drawn."""
        self._append(claim, fingerprint, base_seed, preset, attempt, None)

    def close(
        self,
        claim: str,
        fingerprint: str,
        base_seed: int,
        preset: str,
        attempt: int,
        verdict: str,
    ) -> None:
        """Write down what came out."""
        self._append(claim, fingerprint, base_seed, preset, attempt, verdict)

    def _append(
        self,
        claim: str,
        fingerprint: str,
        base_seed: int,
        preset: str,
        attempt: int,
        verdict: str | None,
    ) -> None:
        entry = {
            "claim": claim,
            "hash": fingerprint,
            "base_seed": base_seed,
            "preset": preset,
            "attempt": attempt,
            "verdict": verdict,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps(entry) + "\n")


def attempt_level(alpha: float, attempt: int) -> float:
    """Level alpha at the first attempt, alpha/(k(k+1)) at the k-th after failures."""
    return alpha if attempt == 1 else alpha / (attempt * (attempt + 1))
