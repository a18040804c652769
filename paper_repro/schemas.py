"""JSON schemas of the files that limen writes."""

from typing import Any

from .documents import SCHEMA, UnknownSchemaError

NUMBER = {"type": ["number", "null"]}
TEXT = {"type": "string"}
PAIR = {"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2}
VERDICT = {"enum": ["consistent", "violated", "inconclusive"]}
COUNT = {"type": "integer", "minimum": 0}
FLAG = {"type": "boolean"}


def schema_of(name: str) -> dict[str, Any]:
    """The JSON schema of a file.

    Args:
        name: `verdicts`, for `OUT/<paper>/<preset>/verdicts.json`.

    Raises:
        UnknownSchemaError: If there is none of that name.
    """
    if name != "verdicts":
        raise UnknownSchemaError(f"There is no schema `{name}`; there is verdicts.")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Verdicts of one paper at one preset",
        "description": "null stands for an absent number or an unbounded end.",
        **_object(
            schema={"const": SCHEMA},
            paper=TEXT,
            preset=TEXT,
            run=_run(),
            claims=_list(_claim()),
            figures=_list(_figure()),
        ),
    }


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _run() -> dict[str, Any]:
    return _object(
        limen=TEXT,
        commit={"type": ["string", "null"]},
        jax=TEXT,
        device=TEXT,
        command=TEXT,
        started=TEXT,
        seconds=NUMBER,
        base_seed=COUNT,
        alpha=NUMBER,
        alpha_consistent=NUMBER,
        programs=COUNT,
        compile_s=NUMBER,
        run_s=NUMBER,
    )


def _claim() -> dict[str, Any]:
    return _object(
        id=TEXT,
        title=TEXT,
        statement=TEXT,
        provenance=_object(
            tag={"enum": ["paper", "classical", "derived"]}, source=TEXT
        ),
        kind=TEXT,
        evidence=TEXT,
        hash=TEXT,
        sizes={"type": "object"},
        weight=NUMBER,
        alpha=NUMBER,
        verdict=VERDICT,
        reason=TEXT,
        flags=_list(TEXT),
        seeds=COUNT,
        looks=_list(_object(seeds=COUNT, verdict=VERDICT, e_value=NUMBER)),
        p_anytime=NUMBER,
        seconds=NUMBER,
        tolerance_origin=TEXT,
        rows=TEXT,
        sweeps={
            "type": "object",
            "additionalProperties": _object(simulator=TEXT, group=TEXT),
        },
        points=_list(_point()),
        mutants=_list(_mutant()),
    )


def _point() -> dict[str, Any]:
    return _object(
        at={"type": "object"},
        claimed=NUMBER,
        tol=PAIR,
        region=PAIR,
        estimate=NUMBER,
        se=NUMBER,
        interval=PAIR,
        interval_consistent=PAIR,
        bias=NUMBER,
        resolution=PAIR,
        resolution_rel=NUMBER,
        tightness=NUMBER,
        verdict=VERDICT,
        reason=TEXT,
    )


def _mutant() -> dict[str, Any]:
    return _object(
        name=TEXT,
        changes={"enum": ["theory", "simulator", "analysis", "noise"]},
        shift=NUMBER,
        verdict=VERDICT,
        killed=FLAG,
        underpowered=FLAG,
        seeds=COUNT,
        points=_list(_point()),
    )


def _figure() -> dict[str, Any]:
    return _object(name=TEXT, caption=TEXT, claims=_list(TEXT), files=_list(TEXT))
