"""The persistent cache of compiled programs, for the time of a run."""

import contextlib
import functools
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import jax
from jax.experimental.compilation_cache import compilation_cache

_lock = threading.RLock()
_users = 0
_counter = threading.local()
_SETTINGS = {
    "jax_persistent_cache_min_compile_time_secs": 0.0,
    "jax_persistent_cache_min_entry_size_bytes": -1,
}


def hits() -> int:
    """Programs that this thread has found in the persistent cache so far."""
    _listen()
    return getattr(_counter, "hits", 0)


@functools.cache
def _listen() -> None:
    """Count cache hits from now on; jax reports them in the compiling thread."""

    def count(event: str, **_: object) -> None:
        if event.endswith("cache_hits"):
            _counter.hits = getattr(_counter, "hits", 0) + 1

    jax.monitoring.register_event_listener(count)


def cache_folder() -> Path:
    """Where compiled programs are kept unless JAX_COMPILATION_CACHE_DIR says so."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "limen" / "jax"


@contextlib.contextmanager
def compile_cache() -> Iterator[None]:
    """Keep compiled programs on disk; jax's settings are restored afterwards.

    A folder that the user chose (`JAX_COMPILATION_CACHE_DIR`) is respected, as is any
    threshold set in the environment.
    """
    global _users
    with _lock:
        _users += 1
        before = _enter() if _users == 1 else {}
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            _leave(before)


def _enter() -> dict[str, object]:
    changes: dict[str, object] = {
        k: v for k, v in _SETTINGS.items() if k.upper() not in os.environ
    }
    if _read("jax_compilation_cache_dir") is None:
        changes["jax_compilation_cache_dir"] = str(cache_folder())
    before = {name: _read(name) for name in changes}
    _set(changes)
    return before


def _leave(before: dict[str, object]) -> None:
    if before:
        _set(before)


def _read(name: str) -> object:
    return getattr(jax.config, name)


def _set(values: dict[str, object]) -> None:
    """Change settings; jax looks at the folder again only after a reset."""
    moved = "jax_compilation_cache_dir" in values
    for name, value in values.items():
        jax.config.update(name, value)
    if moved:
        compilation_cache.reset_cache()
