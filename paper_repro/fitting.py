"""`limen fit`: a user's own data through a system's estimator."""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from ..figures import hawkes as hawkes_figures
from ..figures.export import save
from ..figures.style import applied
from ..sims import hawkes
from . import documents

Fit = Callable[..., tuple[Any, Canvas]]  # (file, until, **options)


class UnknownSystemError(ValueError):
    """No estimator for data from outside."""


def fit_file(
    system: str, file: Path, out: Path, until: float | None, **options: Any
) -> tuple[str, list[Path]]:
    """Read a file, fit, and write JSON and figure.

    Args:
        system: The system whose estimator to use; hawkes has one.
        file: The data.
        out: Folder for what is written.
        until: End of the observation; the last event if None.
        options: Handed to the estimator.

    Returns:
        A summary in words and the files written.

    Raises:
        UnknownSystemError: If the system takes no data from outside.
        ValueError: If the data cannot be used.
    """
    if system not in FITS:
        raise UnknownSystemError(
            f"`{system}` has no estimator for your data; {', '.join(FITS)} has."
        )
    with applied():
        found, canvas = FITS[system](file, until, **options)
    documents.make_folder(out)
    target = out / f"{system}-{file.stem}.json"
    values = {field.name: _plain(getattr(found, field.name)) for field in fields(found)}
    target.write_text(json.dumps(values, indent=1), encoding="utf-8")
    return str(found), [target, *save(canvas, target.with_suffix(""))]


def _hawkes(
    file: Path, until: float | None, **options: Any
) -> tuple[hawkes.HawkesFit, Canvas]:
    """Events with columns time and node."""
    if not file.is_file():
        raise ValueError(f"There is no file `{file}`.")
    times, nodes = hawkes.read_events(file)
    end = float(np.nextafter(times.max(), np.inf)) if until is None else until
    found = hawkes.fit(times, nodes, end, **options)
    return found, hawkes_figures.network(found)


def _plain(value: Any) -> Any:
    """Arrays as lists, NaN as null: JSON knows neither."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        filled = value.astype(object)
        filled[np.isnan(value)] = None
        return filled.tolist()
    return value.tolist() if hasattr(value, "tolist") else value


FITS: dict[str, Fit] = {"hawkes": _hawkes}
