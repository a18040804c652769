"""A claim with the trials of itself and of its mutants, up to its verdict."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .claim import Claim, Design, Preset
from .family import calibrated, e_bh, holm
from .fingerprint import fingerprint
from .judge import VACUOUS
from .ledger import attempt_level
from .mutants import fate, noise_control, sort_of
from .rule import Rule
from .trial import Trial
from .verdict import INCONCLUSIVE, VIOLATED, Evidence, MutantVerdict, Verdict


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
        seen = sight.estimate if sight else None
        flags = (*seen.flags, *seen.notes(sight.strict)) if sight and seen else ()
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

    def _fates(self, points: list[Evidence]) -> list[MutantVerdict]:
        fates = [
            fate(mutant, sort, trial, points)
            for mutant, sort, trial in zip(
                self.claim.mutants, self.sorts, self.mutants, strict=True
            )
        ]
        samples = self.trial.samples
        control = samples and noise_control(self.claim.id, samples)
        return fates + ([control] if control else [])


def prepare(
    claim: Claim,
    preset: Preset,
    alpha: float,
    consistent: float,
    attempt: Callable[[str, str], int],
) -> Case:
    """Build a claim's design and those of its mutants, with their rules."""
    sizes = dict(claim.sizes[preset.name])
    budget = int(sizes.get("seeds", 1))
    design = claim.design(**{k: v for k, v in sizes.items() if k != "seeds"})
    mark = fingerprint(claim, design)
    number = attempt(claim.id, mark)
    alpha = attempt_level(alpha, number)

    def trial(wrong: Design, name: str) -> Trial:
        label = f"{claim.id} [{name}]" if name else claim.id
        rule = Rule.of(label, claim.kind, wrong, alpha, consistent, budget)
        return Trial(replace(rule, claim=claim.id), wrong, preset.first_look, name)

    changed = [(mutant, mutant.change(design)) for mutant in claim.mutants]
    sorts = [sort_of(claim.id, mutant, design, wrong) for mutant, wrong in changed]
    mutants = [trial(wrong, mutant.name) for mutant, wrong in changed]
    return Case(claim, trial(design, ""), mutants, sorts, mark, number, sizes)


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


def discoveries(verdicts: Sequence[Verdict]) -> list[str]:
    """The exploratory list: claims found by e-BH at a false-discovery rate of 5 %.

    p-values of laws, which have no e-value, are calibrated to one. Shown in a report,
    never used for the exit status.
    """
    e = {
        v.claim_id: v.e_value if v.e_value is not None else calibrated(v.p_anytime)
        for v in verdicts
        if v.p_anytime is not None
    }
    return [name for name, found in zip(e, e_bh([*e.values()]), strict=True) if found]


def _barred(verdict: Verdict) -> bool:
    """Whether a guard (discrete, heavy tails, rejected model) forbids a decision."""
    return verdict.reason not in ("budget", "too-few-seeds")
