"""`limen fit`: a user's own data through a system's estimator."""

import json
from pathlib import Path

from . import documents


class UnknownSystemError(ValueError):
    """No estimator for data from outside."""


def fit_file(system: str, file: Path, out: Path, until: float | None) -> list[Path]:
    """Read a file, fit, and write JSON and figure.

    Args:
        system: The system whose estimator to use; hawkes has one.
        file: The data.
        out: Folder for what is written.
        until: End of the observation; the last event if None.

    Returns:
        The files written.

    Raises:
        UnknownSystemError: If the system takes no data from outside.
    """
    if system not in FITS:
        raise UnknownSystemError(
            f"`{system}` has no estimator for your data; {', '.join(FITS)} has."
        )
    estimate, canvas = FITS[system](file, until)
    documents.make_folder(out)
    target = out / f"{system}-{file.stem}.json"
    target.write_text(json.dumps(estimate, indent=1), encoding="utf-8")
    from ..figures.export import save

    return [target, *save(canvas, target.with_suffix(""))]
