"""The command `limen`. Imports only typer at the top: `limen --help` must be quick."""

from . import papers as papers
from . import sweeps as sweeps
from . import tools as tools
from .app import app as app
from .app import main as main
