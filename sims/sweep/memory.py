"""How much memory a run may take."""

import os
from dataclasses import dataclass
from typing import Any

import jax


@dataclass(frozen=True)
class MemoryBudget:
    """The share of a device's memory that one program may use.

    Attributes:
        fraction: Share of the memory that is there.
        total: Bytes instead of what is there.
    """

    fraction: float = 0.6
    total: int | None = None

    def bytes(self, device: Any = None) -> int:
        """The budget in bytes on a device (default: the first)."""
        return int(self.fraction * (self.total or _there(device)))


def _there(device: Any) -> int:
    device = device or jax.devices()[0]
    stats = device.memory_stats() or {}
    if "bytes_limit" in stats:
        return int(stats["bytes_limit"])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
