"""The command line: `nbops ls`, `show`, `why`, `run`, `ui`, and what keeps it going.

Exit codes: 0 done; 1 it failed (a cell raised, a store is away, a check found something); 2 what was typed
cannot be meant. An error is one line on stderr; `--debug` shows where it came from.
"""

import sys

import click

from nbops.cli.app import app
from nbops.errors import NbopsError
from nbops.jobs.garbage import collect_rarely, keep_loaded
from nbops.jobs.grammars import defer_grammars


def main() -> None:
    """Entry point of the `nbops` command."""
    defer_grammars()
    collect_rarely()
    debug = "--debug" in sys.argv
    try:
        code = app.main(prog_name="nbops", standalone_mode=False)
    except click.exceptions.Abort:
        code = 130
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = 2
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f" See {context.command_path} --help." if context else ""
        click.echo(f"nbops: {error.format_message()}{hint}", err=True)
        code = 2
    except NbopsError as error:
        if debug:
            raise
        click.echo(f"nbops: {error}", err=True)
        code = error.exit_code
    except BrokenPipeError:  # `nbops ls | head`
        sys.stderr.close()
        code = 0
    except OSError as error:  # a file that is in the way, or may not be read
        if debug:
            raise
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"nbops: {where}{error.strerror or error}. nbops --debug shows where.", err=True)
        code = 1
    keep_loaded()
    sys.exit(code if isinstance(code, int) else 0)
