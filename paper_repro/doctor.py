"""What is worth knowing, and worth mending, before trusting a run on this machine."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import jaxlib
import numpy as np

from ..sims.sweep.cache import compile_cache
from ..theory import threads

_config: Any = jax.config
PACKAGES = ("limen", "jax", "jaxlib", "numpy", "scipy", "xarray", "equinox")
LARGE_CACHE = 4096  # MiB


@dataclass(frozen=True)
class Finding:
    """One fact about this machine, whether it is well, and what to do if not."""

    subject: str
    fact: str
    ok: bool = True
    advice: str = ""


def examine() -> list[Finding]:
    """Every finding, in the order in which they should be read."""
    return [
        Finding("python", sys.version.split()[0]),
        *(Finding(name, version(name)) for name in PACKAGES),
        *_devices(),
        _pool(),
        _global_precision(),
        _double_precision(),
        _products(),
        _promotion(),
        _flags(),
        _cache(),
    ]


def _devices() -> Iterator[Finding]:
    for device in jax.local_devices():
        yield Finding("device", f"{device.platform} {device.id}: {device.device_kind}")


def _pool() -> Finding:
    """Counts the threads of the pool, where the system tells."""
    jnp.ones(1).block_until_ready()
    count = threads.pool_threads()
    return Finding(
        "thread pool",
        f"{count} threads",
        count >= min(threads.MINIMUM_POOL, int(os.environ["NPROC"])),
        "JAX computed before limen was imported: import limen first, or set NPROC=8; "
        "batched linear algebra may hang.",
    )


def _global_precision() -> Finding:
    wide = bool(_config.jax_enable_x64)
    return Finding(
        "global x64",
        "on" if wide else "off",
        not wide,
        ""
        if not wide
        else "Leave it off: simulators state their dtype, theory enters "
        "double precision itself; on, other random numbers may be drawn.",
    )


def _double_precision() -> Finding:
    with jax.enable_x64(True):
        third = np.asarray(jnp.asarray(1.0, jnp.float64) / 3)
    ok = float(third) == 1 / 3
    return Finding(
        "float64",
        "exact" if ok else f"1/3 = {third!r}",
        ok,
        ""
        if ok
        else "This device has no double precision: run theory on the CPU "
        "(JAX_PLATFORMS=cpu).",
    )


def _products() -> Finding:
    """Size of the rounding error of a float32 matrix product at highest precision."""
    a = np.random.default_rng(0).standard_normal((256, 256)).astype(np.float32)
    ours = jnp.matmul(a, a, precision=jax.lax.Precision.HIGHEST)
    error = float(np.abs(np.asarray(ours) - a.astype(np.float64) @ a).max())
    ok = error < 1e-3
    return Finding(
        "float32 products",
        f"largest error {error:.1e} of entries of size 16",
        ok,
        ""
        if ok
        else "The device rounds products (TF32 or bfloat16): exponents and "
        "thresholds will be off; set jax_default_matmul_precision to highest.",
    )


def _promotion() -> Finding:
    mode = _config.jax_numpy_rank_promotion
    hint = " (JAX_NUMPY_RANK_PROMOTION=raise finds mistakes of shape in your simulator)"
    return Finding("rank promotion", mode + (hint if mode == "allow" else ""))


def _flags() -> Finding:
    flags = os.environ.get("XLA_FLAGS", "")
    gpu = any(device.platform == "gpu" for device in jax.local_devices())
    ok = not gpu or "--xla_gpu_deterministic_ops=true" in flags
    return Finding(
        "XLA_FLAGS",
        flags or "none",
        ok,
        ""
        if ok
        else "Set XLA_FLAGS=--xla_gpu_deterministic_ops=true for runs that "
        "must be equal bit by bit.",
    )


def _cache() -> Finding:
    """The cache of compiled programs; those of another jaxlib are never used again."""
    with compile_cache():
        folder = Path(_config.jax_compilation_cache_dir)
    files = [file.stat() for file in folder.rglob("*") if file.is_file()]
    installed = Path(jaxlib.__file__).stat().st_ctime
    stale = sum(max(file.st_atime, file.st_mtime) < installed for file in files)
    used = sum(file.st_size for file in files) / 2**20
    ok = not stale and used < LARGE_CACHE
    return Finding(
        "compile cache",
        f"{folder}: {len(files)} files, {used:.0f} MiB"
        + (f", {stale} from before this jaxlib was installed" if stale else ""),
        ok,
        "" if ok else "Delete the folder; it is made again.",
    )
