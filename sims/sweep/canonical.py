"""One text, one digest, for one meaning: names of cells, groups and blocks."""

import hashlib
import json
from typing import Any

import numpy as np


def canonical(value: Any) -> str:
    """JSON text of plain data that is the same in every process and on every machine.

    Floats are written as hexadecimal, keys are sorted; an int, a bool, a float and a
    text never coincide.
    """
    return json.dumps(_encode(value), sort_keys=True, separators=(",", ":"))


def restore(text: str | bytes) -> Any:
    """The data that a canonical text stands for; lists come back as tuples."""
    return _decode(json.loads(text))


def digest(value: Any, size: int = 16) -> str:
    """Hexadecimal blake2b of the canonical text, `size` bytes long."""
    return hashlib.blake2b(canonical(value).encode(), digest_size=size).hexdigest()


def words(value: Any) -> tuple[int, int]:
    """The two halves of a 64-bit digest: names a random stream."""
    number = int(digest(value, 8), 16)
    return number >> 32, number & 0xFFFFFFFF


def array_digest(array: np.ndarray) -> str:
    """Digest of dtype, shape and bits."""
    array = np.ascontiguousarray(array)
    state = hashlib.blake2b(digest_size=16)
    state.update(f"{array.dtype.str}{array.shape}".encode())
    state.update(array.tobytes())
    return state.hexdigest()


def plain(value: Any) -> Any:
    """The Python scalar (or tuple of them) that a value stands for.

    Raises:
        ValueError: If it is NaN, an array, or an object.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if isinstance(value, float):
        if value != value:
            raise ValueError("NaN cannot name a cell")
        return value + 0.0
    if value is None or isinstance(value, bool | int | str):
        return value
    raise ValueError(
        f"{type(value).__name__} is no scalar (arrays enter by `derive` or `shared`)"
    )


def _encode(value: Any) -> Any:
    if isinstance(value, float):
        return "f:" + value.hex()
    if isinstance(value, str):
        return "s:" + value
    if isinstance(value, dict):
        return {str(key): _encode(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_encode(item) for item in value]
    if value is None or isinstance(value, bool | int):
        return value
    raise TypeError(f"{type(value).__name__} has no canonical text.")


def _decode(value: Any) -> Any:
    if isinstance(value, str):
        return float.fromhex(value[2:]) if value.startswith("f:") else value[2:]
    if isinstance(value, dict):
        return {key: _decode(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_decode(item) for item in value)
    return value
