"""Parameters of a notebook as options of a command that takes one."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nbops.errors import NbopsError, NotFound, UsageError

if TYPE_CHECKING:
    from nbops.jobs.declarations import Parameter

PREFIX = "notebook_parameter_"
"""Before the names of such options, so that a parameter called `output` is not the command's own."""


class NotebookCommand(click.Command):
    """A command whose options are its own and those that its NOTEBOOK declares."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["nbops.notebook"] = next((word for word in args if word.endswith(".ipynb")), None)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        own = super().get_params(ctx)
        taken = {text for parameter in own for text in parameter.opts}
        return [*own, *(_option(p) for p in _declared(ctx) if f"--{_dashed(p.name)}" not in taken)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        lines: dict[str, list[tuple[str, str]]] = {"Options": [], "Parameters of the notebook": []}
        for option in self.get_params(ctx):
            line = option.get_help_record(ctx)
            is_own = not (option.name or "").startswith(PREFIX)
            if line is not None and isinstance(option, click.Option):
                lines["Options" if is_own else "Parameters of the notebook"].append(line)
        for title, found in lines.items():
            if found:
                with formatter.section(title):
                    formatter.write_dl(found)


def read_pairs(pairs: Sequence[str], options: Mapping[str, Any]) -> dict[str, Any]:
    """Values that were typed, as `-p name=value`, `-p step.name=value` or options of the notebook's own.

    Raises
    ------
    UsageError
        A pair is none.
    """
    from nbops.jobs.parameters import Typed

    values = {
        name.removeprefix(PREFIX): Typed(text)
        for name, text in options.items()
        if name.startswith(PREFIX) and text is not None
    }
    for pair in pairs:
        name, sign, text = pair.partition("=")
        if not sign or not name:
            raise UsageError(f"-p takes name=value, not {pair!r}.")
        values[name] = Typed(text)
    return values


def read_file(path: Path) -> dict[str, Any]:
    """Parameters that a YAML or JSON file holds.

    Raises
    ------
    NotFound, UsageError
        There is no such file; or it holds something else.
    """
    import yaml

    try:
        values = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        raise NotFound(f"There is no file {str(path)!r}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        where = f" in line {place.line + 1}" if place else ""
        raise UsageError(f"{path} is no YAML{where}.", "One line a parameter: depth: 8") from error
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise UsageError(f"{path} holds no parameters.", "One line a parameter: depth: 8")
    return values


def _declared(ctx: click.Context) -> "tuple[Parameter, ...]":
    from nbops.jobs.parameters import declarations_of

    name = ctx.meta.get("nbops.notebook")
    if name is None:
        return ()
    if "nbops.declared" not in ctx.meta:
        try:
            ctx.meta["nbops.declared"] = declarations_of(Path(name)).parameters
        except NbopsError:  # the command itself says what is wrong with the file
            ctx.meta["nbops.declared"] = ()
    found: tuple[Parameter, ...] = ctx.meta["nbops.declared"]
    return found


def _option(parameter: "Parameter") -> click.Option:
    spellings = dict.fromkeys([f"--{_dashed(parameter.name)}", f"--{parameter.name}"])
    default = parameter.default_source
    shown = "must be given" if default is None else f"default: {default}"
    about = f"{parameter.help}  [{shown}]".strip()
    return click.Option(
        [f"{PREFIX}{parameter.name}", *spellings],
        metavar=_metavar(str(parameter.kind)),
        help=about,
    )


def _metavar(takes: str) -> str:
    return "VALUE" if takes == "anything" else takes


def _dashed(name: str) -> str:
    return name.replace("_", "-")
