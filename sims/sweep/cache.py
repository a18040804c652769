"""The persistent cache of compiled programs, for the time of a run."""

import contextlib
import functools
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
from jax.experimental.compilation_cache import compilation_cache

FOLDER = "jax_compilation_cache_dir"
THRESHOLDS = {
    "jax_persistent_cache_min_compile_time_secs": 0.0,
    "jax_persistent_cache_min_entry_size_bytes": -1,
}
_one_run = threading.RLock()
_counter = threading.local()


@functools.cache
def _listen() -> None:
    """Count cache hits from now on; jax reports them in the compiling thread."""

    def count(event: str, **_: object) -> None:
        if event.endswith("cache_hits"):
            _counter.hits = getattr(_counter, "hits", 0) + 1

    jax.monitoring.register_event_listener(count)


def hits() -> int:
    """Programs that this thread has found in the persistent cache so far."""
    _listen()
    return getattr(_counter, "hits", 0)


def cache_folder() -> Path:
    """Where compiled programs are kept unless JAX_COMPILATION_CACHE_DIR says so.

    One folder for each size of XLA's pool: loops are compiled for so many threads,
    which jax's own key leaves out.
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "limen" / "jax" / os.environ.get("NPROC", "")


@contextlib.contextmanager
def compile_cache() -> Iterator[None]:
    """Keep compiled programs on disk; jax's settings are restored afterwards.

    A folder that the user chose (`JAX_COMPILATION_CACHE_DIR`) is respected, as is any
    threshold set in the environment. Runs in several threads take turns.
    """
    changes: dict[str, Any] = {
        k: v for k, v in THRESHOLDS.items() if k.upper() not in os.environ
    }
    with _one_run:
        if getattr(jax.config, FOLDER) is None:
            changes[FOLDER] = str(cache_folder())
        before = {name: getattr(jax.config, name) for name in changes}
        _set(changes)
        try:
            yield
        finally:
            _set(before)


def _set(values: Mapping[str, Any]) -> None:
    """Change settings; jax looks at the folder again only after a reset."""
    for name, value in values.items():
        jax.config.update(name, value)
    if FOLDER in values:
        compilation_cache.reset_cache()
