"""The seam to the engine: what is asked for, what is cut, what is deterministic."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from limen.checks.harness import (
    Design,
    Mutant,
    Tolerance,
    kinds,
    rows,
    run_claims,
    schema,
    to_json,
)

ALPHA = 0.01 / 8


@dataclass(frozen=True)
class Curve:
    """A sweep of a deterministic simulator."""

    factor: float = 1.0

    @property
    def sim(self):
        return SimpleNamespace(deterministic=True, name="toy.curve")


def test_deterministic_sweeps_are_asked_once_and_broadcast(claim, toys):
    engine = toys["Engine"]([])
    asked = []

    def draw(requests):
        asked.append([(type(s).__name__, n) for s, n in requests])
        return [
            engine.dataset(s, n)
            if isinstance(s, toys["Toy"])
            else xr.Dataset(
                {"y": (("gap", "seed"), np.full((3, 1), s.factor))},
                coords={"gap": [1, 2, 3]},
            )
            for s, n in requests
        ]

    def design():
        return Design(
            observe=lambda data: rows(data["toy"].y) - rows(data["curve"].y).values,
            claimed=0.0,
            tol=Tolerance(0.3, "x"),
            sweeps={"toy": toys["Toy"](), "curve": Curve()},
        )

    wrong = Mutant(
        "curve × 2",
        lambda d: replace(d, sweeps=d.sweeps | {"curve": Curve(factor=2.0)}),
    )
    made = claim(design=design, mutants=(wrong,))
    (verdict,) = run_claims([made], "quick", draw, alpha=ALPHA)
    assert verdict.verdict == "consistent"
    assert verdict.mutants[0].killed
    assert asked[0] == [("Toy", 16), ("Curve", 1), ("Curve", 1)]
    assert all(name == "Toy" for name, _ in asked[1][:1])
    assert sum(name == "Curve" for batch in asked for name, _ in batch) == 2
    assert to_json(verdict)["sweeps"]["curve"]["simulator"] == "toy.curve"


def test_datasets_without_seeds_and_cells_that_do_not_exist(claim):
    valid = xr.DataArray([True, False, True], dims="gap")

    def draw(requests):
        y = xr.DataArray([1.0, np.nan, 3.0], dims="gap", coords={"gap": [1, 2, 3]})
        return [xr.Dataset({"y": y, "valid": valid}) for _ in requests]

    def design():
        return Design(
            observe=lambda data: rows(data["toy"].y),
            claimed=[1.0, 3.0],
            tol=Tolerance(0.0, "integers"),
            sweeps={"toy": Curve()},
        )

    made = claim(kind=kinds.identity(), design=design, sizes={"quick": {}})
    (verdict,) = run_claims([made], "quick", draw, alpha=ALPHA)
    assert verdict.verdict == "consistent"
    assert [p.at["gap"] for p in verdict.points] == [1, 3]
    assert verdict.mutants[0].killed
    assert verdict.mutants[0].ratio == np.inf


def test_records_follow_the_schema(claim, engine):
    jsonschema = pytest.importorskip("jsonschema")
    paper = [claim(), claim("C-2", kinds.upper_bound(), claimed=2.0)]
    for verdict in run_claims(paper, "quick", engine, alpha=ALPHA):
        jsonschema.validate(to_json(verdict), schema.CLAIM)


def test_schema_lists_every_key_of_a_record(claim, engine):
    (verdict,) = run_claims([claim()], "quick", engine, alpha=ALPHA)
    entry = to_json(verdict)
    assert set(entry) == set(schema.CLAIM["properties"])
    assert set(entry["points"][0]) == set(schema.POINT["properties"])
    assert set(entry["mutants"][0]) == set(schema.MUTANT["properties"])
    assert set(entry["looks"][0]) == set(schema.LOOK["properties"])


def test_plain_values():
    from limen.checks.harness.record import plain

    found = plain({"a": np.float64(np.inf), "b": (1, np.int64(2)), 3: "x", "d": object})
    assert found["a"] is None
    assert found["b"] == [1, 2]
    assert found["3"] == "x"
    assert found["d"] == "object"
