"""A hash of what is claimed, written down before anything is drawn."""

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from .claim import Claim, Design


def fingerprint(claim: Claim, design: Design) -> str:
    """Hash of rule, claimed numbers, tolerance and sweeps (16 hexadecimal digits)."""
    parts = (
        claim.id,
        claim.kind,
        design.claimed,
        design.tol.value,
        design.observe,
        design.sweeps,
    )
    return hashlib.sha256(canonical(parts).encode()).hexdigest()[:16]


def canonical(value: Any) -> str:
    """A text that is equal for equal designs in every session.

    Numbers are written to twelve digits (theory moves in the last ones between
    machines), functions by their name and code, dataclasses by their fields.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return f"{type(value).__qualname__}{canonical(fields)}"
    if isinstance(value, Mapping):
        items = sorted((canonical(k), canonical(v)) for k, v in value.items())
        return "{" + ",".join(f"{k}:{v}" for k, v in items) + "}"
    if callable(value):
        return _function(value)
    if isinstance(value, str | bytes | bool | int | slice | None):
        return repr(value)
    if isinstance(value, list | tuple | set | frozenset):
        return "(" + ",".join(canonical(entry) for entry in value) + ")"
    array = np.asarray(value)
    if array.dtype.kind in "fiub":
        numbers = ",".join(f"{number:.12g}" for number in array.astype(float).ravel())
        return f"{array.shape}[{numbers}]"
    return repr(value)


def _function(function: Any) -> str:
    """Module, name and compiled code of a function (nested code included)."""
    code = getattr(function, "__code__", None)
    name = getattr(function, "__qualname__", type(function).__qualname__)
    label = f"{getattr(function, '__module__', '')}.{name}"
    if code is None:
        return label
    return f"{label}#{hashlib.sha256(_code(code)).hexdigest()[:8]}"


def _code(code: Any) -> bytes:
    constants = [
        _code(c) if hasattr(c, "co_code") else repr(c).encode() for c in code.co_consts
    ]
    return code.co_code + b"|".join(constants) + repr(code.co_names).encode()
