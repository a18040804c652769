"""Reductions on the device: what is kept of many lanes instead of their rows.

The lanes of one quantum (16 seeds with their replicas) are reduced inside the program;
the results of the quanta are stored like rows and merged when a dataset is made.
"""

from dataclasses import astuple, dataclass
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np


@dataclass(frozen=True)
class Moments:
    """Number, mean and (unbiased) variance of every output in every cell.

    Attributes:
        dim: Name of the new first dimension of every output.
    """

    dim: ClassVar[str] = "moment"

    @property
    def labels(self) -> list[Any]:
        """Coordinates of the new dimension."""
        return ["count", "mean", "variance"]

    def on_device(self, values: Any, ok: Any) -> Any:
        """Number, mean and sum of squared deviations: (lane, …) to (3, …)."""
        count = ok.sum(0, dtype=values.dtype)
        mean = jnp.where(ok, values, 0).sum(0) / jnp.maximum(count, 1)
        squares = jnp.where(ok, (values - mean[None]) ** 2, 0).sum(0)
        return jnp.stack([count, mean, squares])

    def merged(self, parts: np.ndarray) -> np.ndarray:
        """Results of all quanta (quantum, 3, …) as one, by the exact decomposition."""
        counts, means, squares = np.moveaxis(parts.astype(np.float64), 1, 0)
        count = counts.sum(0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = (counts * means).sum(0) / count
            between = np.where(counts > 0, counts * (means - mean) ** 2, 0).sum(0)
            variance = (squares.sum(0) + between) / (count - 1)
        return np.stack([count, mean, np.where(count > 1, variance, np.nan)])


@dataclass(frozen=True)
class Histogram:
    """Numbers of lanes per bin; what lies outside is counted in the outer bins.

    Attributes:
        low: Left end of the first bin.
        high: Right end of the last bin.
        bins: Number of bins, all of one width.
        dim: Name of the new first dimension of every output.
    """

    low: float
    high: float
    bins: int
    dim: ClassVar[str] = "bin"

    @property
    def labels(self) -> list[Any]:
        """Left ends of the bins."""
        return list(np.linspace(self.low, self.high, self.bins, endpoint=False))

    def on_device(self, values: Any, ok: Any) -> Any:
        """Numbers per bin: (lane, …) to (bins, …)."""
        width = (self.high - self.low) / self.bins
        place = jnp.clip(jnp.floor((values - self.low) / width), 0, self.bins - 1)
        bins = jnp.arange(self.bins).reshape(-1, *(1,) * values.ndim)
        ok = ok & ~jnp.isnan(values)
        hit = (place[None].astype(jnp.int32) == bins) & ok[None]
        return hit.sum(1, dtype=values.dtype)

    def merged(self, parts: np.ndarray) -> np.ndarray:
        """Numbers per bin of all quanta: (quantum, bins, …) to (bins, …)."""
        return parts.astype(np.float64).sum(0)


KINDS = {kind.__name__: kind for kind in (Moments, Histogram)}
Reduction = Moments | Histogram


def described(reduction: Reduction | None) -> Any:
    """A reduction as plain data, for addresses and headers."""
    return reduction and [type(reduction).__name__, *astuple(reduction)]


def restored(description: Any) -> Reduction | None:
    """The reduction that was described."""
    return KINDS[description[0]](*description[1:]) if description else None


def reduced(reduction: Reduction, rows: dict[str, Any], dtype: Any) -> dict[str, Any]:
    """The outputs of many lanes, reduced; lanes whose `status` is not 0 do not count.

    Args:
        reduction: How.
        rows: Output name to (lane, …).
        dtype: Floating dtype of the result.
    """
    first = next(iter(rows.values()))
    good = rows["status"] == 0 if "status" in rows else jnp.ones(len(first), bool)
    made = {}
    for name, values in rows.items():
        if name != "status":
            ok = good.reshape(-1, *(1,) * (values.ndim - 1))
            ok = jnp.broadcast_to(ok, values.shape)
            made[name] = reduction.on_device(values.astype(dtype), ok)
    return made
