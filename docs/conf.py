"""Sphinx: built offline, mathematics as MathML, papers and API from the code."""

import re
import sys
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import generate  # noqa: E402  (lies beside this file)

project = "limen"
author = "The limen founders"
copyright = "2026, the limen founders"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_execution_in_temp = True
nb_merge_streams = True
html_theme = "furo"
html_math_renderer = "mathml"
html_title = "limen"
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_use_ivar = True
exclude_patterns = ["_build"]
suppress_warnings = ["mystnb.unknown_mime_type", "ref.python"]

MARKUP = re.compile(r"(:\w+:`[^`]*`|`+[^`]*`+|\*+\w[^*]*\w\*+|\*\w\*)")
STRAY = re.compile(r"(?<!\\)[|*]")
MATH = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)


def mathml(display):
    """A visitor that writes a formula as MathML."""

    def visit(self, node):
        self.body.append(convert(node.astext(), display=display))
        raise nodes.SkipNode

    return visit, None


def formulas(app, what, name, item, options, lines):
    """Dollars, bars and stars of our docstrings as reStructuredText."""
    text = MATH.sub(_role, "\n".join(lines))
    parts = MARKUP.split(text)
    parts[::2] = [STRAY.sub(r"\\\g<0>", part) for part in parts[::2]]
    lines[:] = "".join(parts).splitlines()


def _role(match):
    display, inline = match.groups()
    if display:
        return f"\n\n.. math:: {' '.join(display.split())}\n\n"
    return f":math:`{' '.join(inline.split())}`"


def setup(app):
    """Generate pages, then register the formula writers."""
    generate.papers(HERE / "papers")
    generate.api(HERE / "api")
    app.add_html_math_renderer(
        "mathml",
        inline_renderers=mathml("inline"),
        block_renderers=mathml("block"),
    )
    app.connect("autodoc-process-docstring", formulas)
