"""JSON schema of verdicts.json, as far as the harness writes it."""

from typing import Any

TEXT, COUNT = {"type": "string"}, {"type": "integer", "minimum": 0}
NUMBER, FLAG = {"type": "number"}, {"type": "boolean"}
MAYBE = {"type": ["number", "null"]}
PAIR = {"type": "array", "items": MAYBE, "minItems": 2, "maxItems": 2}
VERDICT = {"enum": ["consistent", "violated", "inconclusive"]}
ANYTHING = {"type": "object"}


def record(**properties: Any) -> dict[str, Any]:
    """Schema of an object that has exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def listed(items: Any) -> dict[str, Any]:
    """Schema of an array."""
    return {"type": "array", "items": items}


POINT = record(
    at=ANYTHING,
    claimed=MAYBE,
    tol=PAIR,
    region=PAIR,
    estimate=MAYBE,
    se=MAYBE,
    interval=PAIR,
    interval_consistent=PAIR,
    bias=MAYBE,
    e_value=MAYBE,
    p_anytime=MAYBE,
    gof=MAYBE,
    resolution=PAIR,
    resolution_rel=MAYBE,
    tightness=MAYBE,
    verdict=VERDICT,
    reason=TEXT,
    diagnostics=ANYTHING,
)
LOOK = record(seeds=COUNT, verdict=VERDICT, e_value=MAYBE)
MUTANT = record(
    name=TEXT,
    changes={"enum": ["theory", "simulator", "analysis", "noise"]},
    shift=MAYBE,
    ratio=MAYBE,
    verdict=VERDICT,
    reason=TEXT,
    killed=FLAG,
    underpowered=FLAG,
    seeds=COUNT,
    looks=listed(LOOK),
    points=listed(POINT),
)
CLAIM = record(
    id=TEXT,
    title=TEXT,
    statement=TEXT,
    provenance=record(tag={"enum": ["paper", "classical", "derived"]}, source=TEXT),
    kind=TEXT,
    evidence=TEXT,
    hash=TEXT,
    sizes=ANYTHING,
    weight=NUMBER,
    alpha=MAYBE,
    attempt=COUNT,
    verdict=VERDICT,
    reason=TEXT,
    flags=listed(TEXT),
    seeds=COUNT,
    looks=listed(LOOK),
    p_anytime=MAYBE,
    e_value=MAYBE,
    seconds=NUMBER,
    tolerance_origin=TEXT,
    rows=TEXT,
    sweeps={
        "type": "object",
        "additionalProperties": record(simulator=TEXT, group={}),
    },
    points=listed(POINT),
    mutants=listed(MUTANT),
)
