"""The seam to the engine: what has been drawn, shared by all trials."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from xarray import DataArray, Dataset

from .errors import BadSamples
from .trial import Trial, is_deterministic, requests

Draw = Callable[[list[tuple[Any, int]]], Sequence[Dataset]]


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
