"""BibTeX entries of the papers that limen checks."""

import re
from importlib.resources import files


def entry(key: str) -> str:
    """The BibTeX entry with this key.

    Args:
        key: A key of `references.bib`.

    Raises:
        KeyError: If there is no such entry.
    """
    return _entries()[key]


def _entries() -> dict[str, str]:
    text = (
        files("limen.paper_repro")
        .joinpath("references.bib")
        .read_text(encoding="utf-8")
    )
    entries = re.split(r"^(?=@)", text, flags=re.MULTILINE)
    return {
        match[1]: part.strip()
        for part in entries
        if (match := re.match(r"@\w+\{([^,\s]+),", part))
    }
