"""Draws batch by batch until every claim and every mutant is decided."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Protocol

from .case import Case, prepare, promoted
from .claim import Claim, Preset
from .errors import BadClaim
from .family import shares
from .ledger import Ledger
from .pool import Draw, Pool
from .trial import Trial
from .verdict import Verdict

Progress = Callable[[str, int, str, int, int], None]


def run_claims(
    claims: Sequence[Claim],
    preset: str | Preset,
    draw: Draw,
    *,
    alpha: float,
    alpha_consistent: float = 0.01,
    base_seed: int = 0,
    progress: Progress | None = None,
    only: Collection[str] | None = None,
    ledger: Ledger | str | Path | None = None,
) -> list[Verdict]:
    """Judge the claims of one paper.

    Args:
        claims: *All* claims of the paper: their weights share `alpha`, so that a
            verdict does not depend on what else was asked for.
        preset: Key of `Claim.sizes`; a `Preset` also fixes the first look.
        draw: The seam to the engine: (sweep, seeds) pairs to datasets with seeds
            0 … at least n−1 of each.
        alpha: Level of the paper (0.01/8 for a paper of a suite of eight).
        alpha_consistent: Level of `consistent`, per claim.
        base_seed: The base seed that `draw` uses; only written into the ledger.
        progress: Called with (claim id, seeds, verdict so far, done, total).
        only: Ids to be judged; None judges all, and lets Holm's procedure promote
            further claims to `violated` at the end.
        ledger: Where attempts are written down, an object or the path of its file.

    Returns:
        Verdicts in the order of `claims`; claims without sizes at this preset are left
        out.

    Raises:
        BadClaim: A claim that cannot be judged as it is written.
        BadSamples: Rows that must not be judged.
    """
    preset = Preset.of(preset)
    book = ledger if isinstance(ledger, Ledger | None) else Ledger(ledger)
    cases = prepared(
        claims,
        preset,
        alpha=alpha,
        alpha_consistent=alpha_consistent,
        only=only,
        attempt=lambda _, mark: book.attempt(mark, base_seed) if book else 1,
    )
    whole = alpha if only is None else None
    if book is None:
        return judged(cases, Pool(draw), preset.name, whole, progress)
    for case in cases:
        book.open(case.claim.id, case.hash, base_seed, preset.name, case.attempt)
    verdicts = judged(cases, Pool(draw), preset.name, whole, progress)
    for verdict in verdicts:
        entry = (verdict.claim_id, verdict.hash, base_seed, preset.name)
        book.close(*entry, verdict.attempt, verdict.verdict)
    return verdicts


def prepared(
    claims: Sequence[Claim],
    preset: Preset,
    *,
    alpha: float,
    alpha_consistent: float,
    only: Collection[str] | None,
    attempt: Callable[[str, str], int],
) -> list[Case]:
    """Build the designs of the chosen claims and refuse what cannot be judged.

    Args:
        claims: All claims of the paper.
        preset: Sizes and first look.
        alpha: Level of the paper.
        alpha_consistent: Level of `consistent`, per claim.
        only: Ids to be judged; None for all.
        attempt: Claim id and hash to the number of this attempt.
    """
    levels = shares(claims, preset.name, alpha)
    unknown = set(only or ()) - set(levels)
    if unknown:
        raise BadClaim(f"Unknown claims: {sorted(unknown)}.")
    return [
        prepare(claim, preset, levels[claim.id], alpha_consistent, attempt)
        for claim in claims
        if preset.name in claim.sizes and (only is None or claim.id in only)
    ]


def judged(
    cases: Sequence[Case],
    source: "Source",
    preset: str,
    alpha: float | None,
    progress: Progress | None = None,
) -> list[Verdict]:
    """Look, batch by batch, until all trials are done; then Holm for a whole paper.

    Args:
        cases: Claims with their trials.
        source: Where rows come from.
        preset: Its name.
        alpha: Level of the paper if all its claims are here, else None.
        progress: As in `run_claims`.
    """
    while batch := next_batch([t for case in cases for t in case.trials if not t.done]):
        source.fetch(batch)
        for trial in batch:
            source.serve(trial)
        _report(progress, cases, batch)
    verdicts = [case.verdict(preset) for case in cases]
    return verdicts if alpha is None else promoted(verdicts, alpha)


class Source(Protocol):
    """Where rows come from: the engine, or an archive."""

    def fetch(self, batch: Sequence[Trial]) -> None:
        """Make ready what a batch needs."""

    def serve(self, trial: Trial) -> None:
        """Let a trial judge the rows of its next look."""


def next_batch(open_trials: Sequence[Trial]) -> list[Trial]:
    """Who gets the next rows: those with the fewest predicted rows to a decision.

    Everybody's first look comes first, in one batch, so that the engine can compile
    ahead; then whoever needs at most twice as many rows as the one who needs fewest.
    """
    fresh = [trial for trial in open_trials if not trial.looks]
    if fresh or not open_trials:
        return fresh
    predicted = [trial.predicted() for trial in open_trials]
    reach = 2 * min(predicted)
    return [t for t, p in zip(open_trials, predicted, strict=True) if p <= reach]


def _report(
    progress: Progress | None, cases: Sequence[Case], batch: Sequence[Trial]
) -> None:
    """Tell how far every claim of the batch has come."""
    if progress is None:
        return
    done = sum(all(trial.done for trial in case.trials) for case in cases)
    for case in cases:
        if any(trial in batch for trial in case.trials):
            trial = case.trial
            progress(case.claim.id, trial.seeds, trial.verdict, done, len(cases))
