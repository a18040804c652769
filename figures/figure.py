"""A figure as data: what it shows, what it needs, how it is drawn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from matplotlib.figure import Figure as Canvas
from xarray import Dataset

from ..checks.harness import Verdict
from ..sims.sweep import Sweep


@dataclass(frozen=True)
class Data:
    """What a figure may draw: the rows that were judged, and its own sweeps.

    Attributes:
        claims: Claim id to the datasets that were judged, by the name of their sweep.
        verdicts: Claim id to its verdict.
        sweeps: The figure's own datasets, by the name of their sweep.
        sizes: The arguments with which the figure's sweeps were built.
    """

    claims: Mapping[str, Mapping[str, Dataset]] = field(default_factory=dict)
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    sweeps: Mapping[str, Dataset] = field(default_factory=dict)
    sizes: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, claim_id: str) -> Mapping[str, Dataset]:
        return self.claims[claim_id]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure of a paper.

    Attributes:
        name: File name without suffix, unique within the paper.
        caption: What is seen, with units and parameters; inline LaTeX between dollars.
        claims: Ids of the claims whose judged rows it draws.
        draw: Makes the picture from stored data; evaluates theory curves itself.
        sweeps: The figure's own sweeps at definite sizes, by name; run before `draw`.
        sizes: Preset to the arguments of `sweeps`, with `seeds`. A preset without entry
            means that the figure is not drawn at it; an empty mapping means that it has
            no sweeps of its own and is drawn at every preset that has its claims.
    """

    name: str
    caption: str
    draw: Callable[[Data], Canvas]
    claims: tuple[str, ...] = ()
    sweeps: Callable[..., Mapping[str, Sweep]] | None = None
    sizes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
