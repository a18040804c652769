"""Draws batch by batch until every claim and every mutant is decided."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from xarray import DataArray, Dataset

from .claim import Claim, Preset
from .errors import BadClaim, BadSamples
from .family import holm, shares
from .fingerprint import fingerprint
from .judge import VACUOUS
from .ledger import Ledger, attempt_level
from .mutants import fate, noise_control, sort_of
from .rule import Rule
from .trial import Trial, is_deterministic, requests
from .verdict import INCONCLUSIVE, VIOLATED, MutantVerdict, Verdict

Draw = Callable[[list[tuple[Any, int]]], Sequence[Dataset]]
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
    levels = shares(claims, preset.name, alpha)
    cases = [
        _prepare(claim, preset, levels[claim.id], alpha_consistent, book, base_seed)
        for claim in _chosen(claims, preset.name, only)
    ]
    pool = Pool(draw)
    while batch := next_batch([t for case in cases for t in case.trials if not t.done]):
        pool.fetch(batch)
        for trial in batch:
            pool.serve(trial)
        _report(progress, cases, batch)
    verdicts = [case.verdict(preset.name) for case in cases]
    if only is None:
        verdicts = promoted(verdicts, alpha)
    if book:
        for verdict in verdicts:
            _write(book, verdict, base_seed)
    return verdicts


@dataclass
class Case:
    """A claim with the trials of itself and of its mutants."""

    claim: Claim
    trial: Trial
    mutants: list[Trial]
    sorts: list[str]
    hash: str
    attempt: int
    sizes: Mapping[str, Any]

    @property
    def trials(self) -> list[Trial]:
        """The claim's own trial first."""
        return [self.trial, *self.mutants]

    def verdict(self, preset: str) -> Verdict:
        """Everything that is known once all trials are done."""
        trial, sight = self.trial, self.trial.sight
        points = trial.points()
        flags = sight.estimate.flags if sight else ()
        if any(p.tightness is not None and p.tightness > VACUOUS for p in points):
            flags = (*flags, "vacuous")
        return Verdict(
            claim=self.claim,
            verdict=trial.verdict,
            reason=trial.reason(),
            points=points,
            seeds=trial.seeds,
            looks=trial.looks,
            mutants=self._fates(points),
            preset=preset,
            sizes=self.sizes,
            hash=self.hash,
            alpha=trial.rule.alpha,
            alpha_consistent=trial.rule.alpha_consistent,
            attempt=self.attempt,
            p_anytime=trial.p_anytime(),
            e_value=sight.e_value if sight else None,
            seconds=sum(t.seconds for t in self.trials),
            flags=flags,
            design=trial.design,
            datasets=trial.datasets,
            rows=trial.array,
        )

    def _fates(self, points: list[Any]) -> list[MutantVerdict]:
        fates = [
            fate(mutant, sort, trial, points)
            for mutant, sort, trial in zip(
                self.claim.mutants, self.sorts, self.mutants, strict=True
            )
        ]
        samples = self.trial.samples
        control = samples and noise_control(self.claim.id, samples)
        return fates + ([control] if control else [])


@dataclass
class Pool:
    """What has been drawn, shared by all trials."""

    draw: Draw
    drawn: dict[int, tuple[int, Dataset]] = field(default_factory=dict)
    observed: dict[tuple, DataArray] = field(default_factory=dict)
    share: float = 0.0

    def fetch(self, batch: Sequence[Trial]) -> None:
        """Ask the engine once for everything that a batch lacks."""
        needed: dict[int, tuple[Any, int]] = {}
        for sweep, n in (r for trial in batch for r in requests(trial)):
            have = self.drawn.get(id(sweep), (0, None))[0]
            asked = needed.get(id(sweep), (sweep, have))[1]
            if n > asked:
                needed[id(sweep)] = (sweep, n)
        start = time.perf_counter()
        if needed:
            datasets = self.draw(list(needed.values()))
            for (key, (_, n)), dataset in zip(needed.items(), datasets, strict=True):
                self.drawn[key] = (n, dataset)
        self.share = (time.perf_counter() - start) / len(batch)

    def serve(self, trial: Trial) -> None:
        """Give a trial exactly the rows of its next look, and let it judge them.

        Rows beyond the look are held back even if they were found in the store, so
        that verdicts do not depend on what the store contained.
        """
        start, n = time.perf_counter(), trial.next_seeds
        sweeps = trial.design.sweeps
        trial.datasets = {
            name: _cut(trial.label, sweep, self.drawn[id(sweep)][1], n)
            for name, sweep in sweeps.items()
        }
        key = (id(trial.design.observe), *(id(s) for s in sweeps.values()), n)
        if key not in self.observed:
            self.observed[key] = trial.design.observe(trial.datasets)
        trial.take(self.observed[key])
        trial.seconds += time.perf_counter() - start + self.share


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


def promoted(verdicts: Sequence[Verdict], alpha: float) -> list[Verdict]:
    """Holm's procedure over the whole paper may add further `violated` claims.

    Repeated attempts keep their own level and take no part.
    """
    tested = [v for v in verdicts if v.p_anytime is not None and v.attempt == 1]
    weights = [v.claim.weight for v in tested]
    everybody = sum(v.claim.weight for v in verdicts if v.p_anytime is not None)
    if not tested:
        return list(verdicts)
    p = [0.0 if v.verdict == VIOLATED else v.p_anytime or 0.0 for v in tested]
    level = alpha * sum(weights) / everybody
    rejected = holm(p, weights, level)
    found = {v.claim_id for v, r in zip(tested, rejected, strict=True) if r}
    return [
        replace(v, verdict=VIOLATED, reason="", flags=(*v.flags, "holm"))
        if v.claim_id in found and v.verdict == INCONCLUSIVE and not _barred(v)
        else v
        for v in verdicts
    ]


def _barred(verdict: Verdict) -> bool:
    """Whether a guard (discrete, heavy tails, rejected model) forbids a decision."""
    return verdict.reason not in ("budget", "too-few-seeds")


def _prepare(
    claim: Claim,
    preset: Preset,
    alpha: float,
    consistent: float,
    ledger: Ledger | None,
    base_seed: int,
) -> Case:
    """Build the designs, refuse bad ones, and write the hash down before drawing."""
    sizes = dict(claim.sizes[preset.name])
    budget = int(sizes.get("seeds", 1))
    design = claim.design(**{k: v for k, v in sizes.items() if k != "seeds"})
    mark = fingerprint(claim, design)
    attempt = ledger.attempt(mark, base_seed) if ledger else 1
    alpha = attempt_level(alpha, attempt)

    def trial(wrong: Any, name: str) -> Trial:
        label = f"{claim.id} [{name}]" if name else claim.id
        rule = Rule.of(label, claim.kind, wrong, alpha, consistent, budget)
        return Trial(replace(rule, claim=claim.id), wrong, preset.first_look, name)

    changed = [mutant.change(design) for mutant in claim.mutants]
    sorts = [
        sort_of(claim.id, mutant, design, wrong)
        for mutant, wrong in zip(claim.mutants, changed, strict=True)
    ]
    mutants = [trial(w, m.name) for m, w in zip(claim.mutants, changed, strict=True)]
    if ledger:
        ledger.open(claim.id, mark, base_seed, preset.name, attempt)
    return Case(claim, trial(design, ""), mutants, sorts, mark, attempt, sizes)


def _chosen(
    claims: Sequence[Claim], preset: str, only: Collection[str] | None
) -> list[Claim]:
    unknown = set(only or ()) - {claim.id for claim in claims}
    if unknown:
        raise BadClaim(f"Unknown claims: {sorted(unknown)}.")
    asked = [claim for claim in claims if only is None or claim.id in only]
    return [claim for claim in asked if preset in claim.sizes]


def _cut(claim: str, sweep: Any, dataset: Dataset, n: int) -> Dataset:
    """Exactly the first `n` seeds; deterministic results lose the dimension."""
    if "valid" in dataset:
        dataset = dataset.set_coords("valid")
    if "seed" not in dataset.dims:
        return dataset
    if is_deterministic(sweep):
        return dataset.isel(seed=0, drop=True)
    if dataset.sizes["seed"] < n:
        raise BadSamples(f"{claim}: asked for {n} seeds, got {dataset.sizes['seed']}.")
    return dataset.isel(seed=slice(n))


def _report(progress: Progress | None, cases: list[Case], batch: list[Trial]) -> None:
    """Tell how far every claim of the batch has come."""
    if progress is None:
        return
    done = sum(all(trial.done for trial in case.trials) for case in cases)
    for case in cases:
        if any(trial in batch for trial in case.trials):
            trial = case.trial
            progress(case.claim.id, trial.seeds, trial.verdict, done, len(cases))


def _write(ledger: Ledger, verdict: Verdict, base_seed: int) -> None:
    ledger.close(
        verdict.claim_id,
        verdict.hash,
        base_seed,
        verdict.preset,
        verdict.attempt,
        verdict.verdict,
    )
