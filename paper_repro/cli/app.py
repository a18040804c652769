"""The application: global options, one-sentence errors, exit status."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

VIOLATED, BAD_INPUT, NOT_DECIDED, TOOTHLESS, STORE = 1, 2, 3, 4, 5
INTERRUPTED, TERMINATED = 130, 143

app = typer.Typer(
    name="limen",
    help="Hold the theory of machine learning against simulation.",
    epilog="Start with: limen list, then limen reproduce bandits --preset quick",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.callback()
def options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks instead of one sentence.")
    ] = False,
) -> None:
    """Hold the theory of machine learning against simulation."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave with its exit status (table in the README)."""
    sys.exit(status(sys.argv[1:] if arguments is None else list(arguments)))


def status(arguments: Sequence[str]) -> int:
    """Run the command and return its exit status.

    Args:
        arguments: What stands after `limen`.

    Returns:
        0 all well, 1 violated, 2 bad input, 3 undecided under `--strict`, 4 a mutant
        survived, 5 the store cannot be written or read, 130 and 143 interrupted.
    """
    try:
        return app(args=list(arguments), standalone_mode=False) or 0
    except KeyboardInterrupt:
        typer.echo("limen: interrupted; finished blocks are stored.", err=True)
        return INTERRUPTED
    except Exception as error:
        code = exit_code(error)
        if code is None or "--debug" in arguments:
            raise
        show = getattr(error, "show", lambda: typer.echo(f"limen: {error}", err=True))
        show()
        return code


def exit_code(error: Exception) -> int | None:
    """The status an expected error stands for; None if it is a defect of limen."""
    own = getattr(error, "exit_code", None)
    if own is not None:
        return own
    if isinstance(error, OSError):
        return STORE
    return BAD_INPUT if isinstance(error, ValueError) else None
