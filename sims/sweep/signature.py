"""What decides the bits: platform, versions and policy; and where numbers come from."""

import contextlib
import datetime
import functools
import hashlib
import importlib.metadata
import json
import os
import platform
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jax

from ...theory.threads import pool_threads

SCHEMA = 2
CPUINFO, CACHE = "/proc/cpuinfo", "/sys/devices/system/cpu/cpu0/cache/index0/size"
HARMLESS_FLAGS = (
    "xla_force_host_platform_device_count",
    "xla_dump",
    "xla_cpu_multi_thread_eigen",
    "xla_backend_optimization_level",  # these two: the policy says
    "xla_cpu_use_fusion_emitters",
)


@contextlib.contextmanager
def numerics(x64: bool, matmul: str) -> Iterator[None]:
    """The settings under which a lane is traced and called."""
    with (
        jax.enable_x64(x64),
        jax.default_matmul_precision(matmul),
        jax.threefry_partitionable(True),
    ):
        yield


@functools.cache
def machine() -> dict[str, Any]:
    """The part of the numerics signature that this process fixes.

    On CPUs it holds the size of the thread pool too: XLA sums large products in as many
    parts as there are threads.
    """
    device, here = jax.devices()[0], processor(_text(CPUINFO), _text(CACHE))
    on_cpu = device.platform == "cpu"
    flags = os.environ.get("XLA_FLAGS", "").split()
    return {
        "platform": device.platform,
        "device": here if on_cpu else device.device_kind,
        "threads": pool_threads() if on_cpu else 0,
        "jaxlib": importlib.metadata.version("jaxlib"),
        "jax": jax.__version__,
        "flags": sorted(
            f for f in flags if not f.lstrip("-").startswith(HARMLESS_FLAGS)
        ),
    }


def processor(cpuinfo: str, cache: str) -> str:
    """What of a processor decides bits: its widest vector instructions and L1 cache.

    XLA and OpenBLAS compile for, or choose kernels by, the former; Eigen, which does
    XLA's large products, sums them in parts that fit the latter.

    Args:
        cpuinfo: Linux's text on the processors.
        cache: Size of the first-level data cache.
    """
    units = (unit for unit in ("avx512f", "avx2", "sve") if f" {unit} " in cpuinfo)
    return " ".join(filter(None, [platform.machine(), next(units, ""), cache]))


def _text(path: str) -> str:
    """A file of the system, empty where there is none."""
    return Path(path).read_text().strip() if Path(path).is_file() else ""


def provenance() -> dict[str, Any]:
    """Where numbers come from: recorded with every block, part of no address."""
    return {
        **_constant_provenance(),
        "x64": bool(jax.config.read("jax_enable_x64")),
        "written": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


@functools.cache
def _constant_provenance() -> dict[str, Any]:
    devices, host = jax.devices(), socket.gethostname().encode()
    names = ("limen", "jax", "jaxlib", "numpy")
    return {
        **{name: importlib.metadata.version(name) for name in names},
        "commit": _git("rev-parse", "HEAD"),
        "dirty": bool(_git("status", "--porcelain", "-uno")),
        "python": platform.python_version(),
        "platform": devices[0].platform,
        "device_kind": devices[0].device_kind,
        "devices": len(devices),
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "prng": "threefry2x32, partitionable",
        "command": " ".join(sys.argv),
        "host": hashlib.blake2b(host, digest_size=4).hexdigest(),
    }


def _git(*question: str) -> str:
    """What git says of the tree limen is installed from; else nothing."""
    command = ["git", "-C", str(Path(__file__).parent), *question]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return run.stdout.strip()


def attributes(entries: Mapping[str, Any]) -> dict[str, Any]:
    """Entries as scalars and texts that netCDF and zarr can carry."""
    plain = {k: int(v) if isinstance(v, bool) else v for k, v in entries.items()}
    return {
        k: v if isinstance(v, str | int | float) else json.dumps(v)
        for k, v in plain.items()
    }
