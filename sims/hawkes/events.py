"""Events of a user: reading them from a file, and refusing what cannot be used."""

import importlib
import warnings
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike


def read_events(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Times and nodes of the events in a file.

    Args:
        path: A table with columns (arrays) `time` and `node`: `.csv` with a header,
            `.npz`, or `.parquet` (needs the extra `parquet`).

    Returns:
        `(times, nodes)` in the order of the file; nodes are integers.

    Raises:
        ValueError: If the suffix is unknown, the file is damaged or empty, a column is
            missing, an entry is no number (nodes: no integer), or parquet is asked for
            without its package.
        FileNotFoundError: If there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No file `{path}`.")
    readers = {".csv": _csv, ".npz": _npz, ".parquet": _parquet}
    if path.suffix not in readers:
        raise ValueError(
            f"`{path.name}` must be one of {', '.join(readers)}, not {path.suffix!r}."
        )
    times, nodes = readers[path.suffix](path)
    return np.asarray(times, dtype=np.float64), _integers(nodes)


def check_events(
    times: ArrayLike,
    nodes: ArrayLike,
    T: float,
    *,
    num_nodes: int | None,
    start: float,
    allow_silent: bool,
) -> tuple[np.ndarray, np.ndarray, int]:
    """Events as arrays and the number of nodes, if they can be used.

    Args:
        times: Sorted times.
        nodes: Node of each event.
        T: End of the observation.
        num_nodes: d, or None for one more than the largest node.
        start: Beginning of the observation.
        allow_silent: Whether a node may have no event.

    Returns:
        `(times, nodes, d)`.

    Raises:
        ValueError: Naming the first offending event or the silent nodes.
    """
    times_, raw = np.asarray(times, dtype=np.float64), np.asarray(nodes)
    if times_.ndim != 1 or times_.shape != raw.shape:
        raise ValueError(
            "`times` and `nodes` must be one-dimensional and of one length, not "
            f"{times_.shape} and {raw.shape}."
        )
    if not len(times_):
        raise ValueError("`times` has no events.")
    nodes_ = _integers(raw)
    _check_times(times_, float(T), float(start))
    d = int(nodes_.max()) + 1 if num_nodes is None else int(num_nodes)
    outside = np.flatnonzero((nodes_ < 0) | (nodes_ >= max(d, 2)))
    if outside.size:
        at = outside[0]
        last = max(d, 2) - 1
        raise ValueError(f"`nodes` must lie in 0…{last}. Event {at} has {nodes_[at]}.")
    if d < 2:
        raise ValueError(f"`num_nodes` must be at least 2. Got {d}.")
    silent = np.flatnonzero(np.bincount(nodes_, minlength=d) == 0)
    if silent.size and not allow_silent:
        raise ValueError(
            f"Nodes {silent.tolist()} have no events; `allow_silent=True` gives them "
            "empty rows and columns."
        )
    return times_, nodes_, d


def _check_times(times: np.ndarray, T: float, start: float) -> None:
    if not (np.isfinite(T) and np.isfinite(start) and start < T):
        raise ValueError(f"`T` must exceed `start`. Got {T} and {start}.")
    unusable = np.flatnonzero(~np.isfinite(times))
    if unusable.size:
        at = unusable[0]
        raise ValueError(f"`times` must be finite. Event {at} has {times[at]}.")
    falling = np.flatnonzero(np.diff(times) < 0)
    if falling.size:
        at = falling[0] + 1
        raise ValueError(
            f"`times` must be sorted. Event {at} at {times[at]} comes after "
            f"{times[at - 1]}."
        )
    if times[0] < start:
        raise ValueError(
            f"`times` must not precede `start` {start}. Event 0 is at {times[0]}."
        )
    if times[-1] > T:
        raise ValueError(
            f"`T` {T} is before the last event, number {len(times) - 1} at {times[-1]}."
        )


def _integers(nodes: np.ndarray) -> np.ndarray:
    """Nodes as integers, if they are."""
    nodes = np.asarray(nodes)
    if nodes.dtype.kind in "iu":
        return nodes.astype(np.int64)
    if nodes.dtype.kind == "f":
        broken = np.flatnonzero(~(np.isfinite(nodes) & (nodes == np.round(nodes))))
        if not broken.size:
            return nodes.astype(np.int64)
        at = broken[0]
        raise ValueError(f"`nodes` must be integers. Event {at} has {nodes[at]}.")
    raise ValueError(f"`nodes` must be integers, not of type {nodes.dtype}.")


def _csv(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with path.open(encoding="utf-8") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of an empty table: refused below
        header = [name.strip().strip('"') for name in file.readline().split(",")]
        columns = _columns(path, header)
        try:
            table = np.loadtxt(file, delimiter=",", usecols=columns, ndmin=2)
        except ValueError as error:
            raise ValueError(f"`{path.name}` below its header: {error}") from error
    if not table.size:
        raise ValueError(f"`{path.name}` has no events.")
    return table[:, 0], table[:, 1]


def _npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    if not zipfile.is_zipfile(path):
        raise ValueError(f"`{path.name}` is no npz archive, or a damaged one.")
    with np.load(path) as arrays:
        _columns(path, list(arrays))
        return arrays["time"], arrays["node"]


def _parquet(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise ValueError(
            f"Reading `{path.name}` needs pyarrow (`pip install 'limen[parquet]'`, or "
            "`pip install pyarrow`); csv and npz need nothing."
        ) from error
    try:
        table = parquet.read_table(path)
    except (ValueError, OSError) as error:
        raise ValueError(f"`{path.name}` is no parquet file: {error}") from error
    _columns(path, table.column_names)
    return table["time"].to_numpy(), table["node"].to_numpy()


def _columns(path: Path, names: list[str]) -> list[int]:
    missing = [name for name in ("time", "node") if name not in names]
    if missing:
        raise ValueError(f"`{path.name}` lacks {missing}; it has {names}.")
    return [names.index("time"), names.index("node")]
