"""Designs without samples: computed numbers against claimed ones."""

from dataclasses import replace
from typing import Any

import numpy as np
from xarray import DataArray

from ..harness import Design, Tolerance


def always(**arguments: Any) -> dict[str, dict[str, Any]]:
    """The same sizes at every preset: exact claims cost nothing."""
    return dict.fromkeys(("quick", "paper", "gpu"), arguments)


def exactly(values: Any, claimed: Any, tol: Any, origin: str, error: float) -> Design:
    """A design without samples: computed numbers against claimed ones."""
    array = DataArray(np.asarray(values), dims=("point",), attrs={"error": error})
    return Design(
        observe=lambda _: array, claimed=np.asarray(claimed), tol=Tolerance(tol, origin)
    )


def observing(design: Design, values: Any) -> Design:
    """The same design with other computed numbers."""
    array = design.observe({}).copy(data=np.asarray(values))
    return replace(design, observe=lambda _: array)
