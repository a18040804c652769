"""A claim as data: what is stated, how it is observed, what must be caught."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from xarray import DataArray, Dataset

from .errors import BadClaim
from .kinds import Kind

TAGS = ("paper", "classical", "derived")
PRESETS = {"quick": 16, "paper": 32, "gpu": 64}


@dataclass(frozen=True)
class Provenance:
    """Where a statement comes from.

    Attributes:
        tag: `paper` (stated there), `classical` (textbook) or `derived` (by us).
        source: Theorem, equation or reference.
    """

    tag: str
    source: str

    def __post_init__(self) -> None:
        if self.tag not in TAGS:
            raise BadClaim(f"`tag` must be one of {TAGS}, got {self.tag!r}.")
        if not self.source.strip():
            raise BadClaim("`source` must say where the statement comes from.")


@dataclass(frozen=True)
class Tolerance:
    """Deviations up to `value` count as agreement, in the units of the claim.

    Attributes:
        value: A number; an array with one number per point; or a *tuple* of two of
            these, (below, above).
        origin: Why this much is allowed, known before the result was seen.
        allow_exact: Accept tolerance zero in a two-sided claim with random rows,
            which can then never come out `consistent`.
    """

    value: Any
    origin: str
    allow_exact: bool = False

    def __post_init__(self) -> None:
        if not self.origin.strip():
            raise BadClaim("`origin` must say where the tolerance comes from.")
        if isinstance(self.value, tuple) and len(self.value) != 2:
            raise BadClaim(
                "`value` as a tuple is the pair (below, above); write one tolerance "
                f"per point as an array, not as a tuple of {len(self.value)}."
            )


@dataclass(frozen=True, kw_only=True)
class Design:
    """A claim at definite sizes.

    Attributes:
        observe: The only code between stored samples and statistics: datasets by name
            to rows with dimensions (seed, point), or (point,) with the numerical error
            in `attrs["error"]` for exact evidence. `of` functions may ask for a third
            dimension `column`, pairs of samples for a dimension `sample` of length 2.
        claimed: The claimed number, one per point (or one for all); for a known law
            its distribution function, elementwise (or one function per point).
        tol: What counts as agreement.
        sweeps: What must be simulated, by name.
        interest: The deviation that must be caught; twice the tolerance by default.
    """

    observe: Callable[[Mapping[str, Dataset]], DataArray]
    claimed: Any
    tol: Tolerance
    sweeps: Mapping[str, Any] = field(default_factory=dict)
    interest: Any = None

    def __post_init__(self) -> None:
        if not is_law(self.claimed):
            numbers = np.asarray(self.claimed, dtype=np.float64)
            object.__setattr__(self, "claimed", numbers)


def is_law(claimed: Any) -> bool:
    """Whether a claim states a distribution function (or one per point)."""
    some = claimed[0] if isinstance(claimed, list | tuple) and claimed else claimed
    return callable(some)


@dataclass(frozen=True)
class Mutant:
    """A change of the design that the same rule must call `violated`.

    Attributes:
        name: What is wrong, in words.
        change: Design to wrong design.
        shift: Deviation from the truth in units of the claim; needed only where
            `claimed` did not move (the harness computes it otherwise).
    """

    name: str
    change: Callable[[Design], Design]
    shift: float | int | None = None


@dataclass(frozen=True)
class Preset:
    """A name of `Claim.sizes` and the number of rows at the first look."""

    name: str
    first_look: int

    @classmethod
    def of(cls, preset: "str | Preset") -> "Preset":
        """The preset itself, or the known one of that name (16 rows if unknown)."""
        if isinstance(preset, Preset):
            return preset
        return cls(preset, PRESETS.get(preset, 16))


@dataclass(frozen=True, kw_only=True)
class Claim:
    r"""A statement of theory that simulation can contradict.

    Attributes:
        id: The specification's id, with a suffix where one line says several things.
        title: A few words.
        statement: The sentence, with LaTeX between dollars.
        provenance: Where it comes from.
        kind: Which region the estimate must lie in, and by what evidence.
        design: Makes the design from the sizes (without `seeds`).
        sizes: Preset to `seeds` (the most it may use) and the arguments of `design`.
            A preset without entry means "not run at this preset".
        mutants: At least one negative control.
        weight: Share of the paper's error level, relative to its other claims.
    """

    id: str
    title: str
    statement: str
    provenance: Provenance
    kind: Kind
    design: Callable[..., Design]
    sizes: Mapping[str, Mapping[str, Any]]
    mutants: tuple[Mutant, ...]
    weight: float | int = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.provenance, Provenance):
            raise BadClaim(f"Claim {self.id} needs a `provenance`.")
        if not self.mutants:
            raise BadClaim(f"Claim {self.id} needs at least one mutant.")
        if self.weight <= 0:
            raise BadClaim(f"Claim {self.id}: `weight` must be positive.")
        names = [mutant.name for mutant in self.mutants]
        if len(set(names)) < len(names):
            raise BadClaim(f"Claim {self.id} has two mutants of the same name.")
