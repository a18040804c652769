"""Toy systems with known truth, so that every verdict can be foretold."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import xarray as xr
from limen.checks.harness import (
    Claim,
    Design,
    Mutant,
    Provenance,
    Tolerance,
    kinds,
    rows,
)


@dataclass(frozen=True)
class Toy:
    """A sweep without an engine: a law of rows at some points."""

    law: str = "exponential"
    scale: float = 1.0
    seed: int = 5
    points: tuple = (1, 2, 3)
    replicas: int = 4

    def sample(self, n):
        """Rows that depend on the seed only, whatever n."""
        shape = (len(self.points), self.replicas)
        streams = [np.random.default_rng([self.seed, k]) for k in range(n)]
        draws = [getattr(rng, self.law)(size=shape) for rng in streams]
        return self.scale * np.stack(draws)


@dataclass
class Engine:
    """A draw that counts what it is asked for, and finds more than that."""

    asked: list
    surplus: int = 7

    def __call__(self, requests):
        self.asked.append([n for _, n in requests])
        return [self.dataset(toy, n + self.surplus) for toy, n in requests]

    def dataset(self, toy, n):
        dims = ("seed", "gap", "replica")
        coords = {"gap": list(toy.points)}
        return xr.Dataset({"y": (dims, toy.sample(n))}, coords=coords)


@pytest.fixture
def engine():
    return Engine([])


def toy_design(toy, claimed, tol, observe):
    return Design(
        observe=observe or (lambda data: rows(data["toy"].y)),
        claimed=claimed,
        tol=Tolerance(tol, "the smallest difference of interest"),
        sweeps={"toy": toy},
    )


def scaled(factor):
    return Mutant(f"claim × {factor}", lambda d: replace(d, claimed=factor * d.claimed))


ONE_MUTANT = (scaled(1.5),)


@pytest.fixture
def claim():
    """Makes a claim about a toy; by default the mean of exponentials is one."""

    def make(
        name="C-1",
        kind=None,
        *,
        toy=None,
        claimed=1.0,
        tol=0.2,
        seeds=1024,
        mutants=ONE_MUTANT,
        observe=None,
        weight=1.0,
        design=None,
        sizes=None,
    ):
        toy = toy or Toy()
        build = design or (lambda: toy_design(toy, claimed, tol, observe))
        return Claim(
            id=name,
            title=name,
            statement="$E X = 1$",
            provenance=Provenance("classical", "by hand"),
            kind=kind or kinds.value(),
            design=build,
            sizes=sizes or {"quick": {"seeds": seeds}},
            mutants=mutants,
            weight=weight,
        )

    return make


@pytest.fixture
def toys():
    """The parts that claims are made of."""
    return {"Toy": Toy, "scaled": scaled, "Engine": Engine}
