"""A paper as data: its reference, its claims, its figures."""

from dataclasses import dataclass

from ..checks.harness import Claim
from ..figures.figure import Figure


@dataclass(frozen=True, kw_only=True)
class Paper:
    """The claims and figures of one publication.

    Attributes:
        id: The system's name, the same on every floor.
        title: Title of the publication.
        bibkey: Its key in `references.bib`.
        summary: The question it answers, in a sentence or two.
        claims: Everything that is checked.
        figures: Everything that is drawn, the headline figure first.
        notes: What the reader must know to judge the results.
        seconds: About what preset quick takes; the longest papers start first.
    """

    id: str
    title: str
    bibkey: str
    summary: str
    claims: tuple[Claim, ...]
    figures: tuple[Figure, ...]
    notes: str = ""
    seconds: float = 60.0
