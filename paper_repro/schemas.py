"""JSON schemas of the files that limen writes."""

from typing import Any

from ..checks.harness import schema
from .documents import SCHEMA


class UnknownSchemaError(ValueError):
    """There is no schema of that name."""


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
        **schema.record(
            schema={"const": SCHEMA},
            paper=schema.TEXT,
            preset=schema.TEXT,
            run=_RUN,
            claims=schema.listed(schema.CLAIM),
            figures=schema.listed(_FIGURE),
        ),
    }


_RUN = schema.record(
    limen=schema.TEXT,
    commit={"type": ["string", "null"]},
    jax=schema.TEXT,
    device=schema.TEXT,
    command=schema.TEXT,
    started=schema.TEXT,
    seconds=schema.NUMBER,
    base_seed=schema.COUNT,
    alpha=schema.NUMBER,
    alpha_consistent=schema.NUMBER,
    programs=schema.COUNT,
    compile_s=schema.NUMBER,
    run_s=schema.NUMBER,
)
_FIGURE = schema.record(
    name=schema.TEXT,
    caption=schema.TEXT,
    claims=schema.listed(schema.TEXT),
    files=schema.listed(schema.TEXT),
)
