"""LaTeX between dollars to MathML, so that the page needs no script to show it."""

import html
import re

from latex2mathml.converter import convert
from markupsafe import Markup

_SEGMENT = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)


def prose(text: str) -> Markup:
    """A sentence with `$inline$` and `$$display$$` LaTeX as HTML with MathML.

    Args:
        text: Plain text; everything outside dollars is escaped, `code` between
            backquotes is set as code.

    Returns:
        Markup that is safe to insert.
    """
    parts, end = [], 0
    for match in _SEGMENT.finditer(text):
        parts.append(_plain(text[end : match.start()]))
        display, inline = match.groups()
        mode = "block" if display else "inline"
        parts.append(convert(display or inline, display=mode))
        end = match.end()
    parts.append(_plain(text[end:]))
    return Markup("".join(parts))


def _plain(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
