"""`nbops params NOTEBOOK`: what can be set with `nbops run -p`."""

from pathlib import Path
from typing import Any

import click

from nbops.cli.parameters import read_pairs
from nbops.errors import UsageError
from nbops.records import FORMAT, to_json
from nbops.writing import putting

_MARK = 'Begin that cell with `# %% tags=["parameters"]`.'


@click.command()
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option(
    "-p", "pairs", metavar="NAME=VALUE", multiple=True, help="Tell whether it would take this."
)
@click.option("--accept", is_flag=True, help="Write the proposed parameters cell into NOTEBOOK.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def params(notebook: Path, pairs: tuple[str, ...], accept: bool, as_json: bool) -> None:
    """List the parameters of NOTEBOOK: what the cell tagged `parameters` assigns.

    Type, range and help are told by plain code:

    \b
        depth = 4                           # how deep a tree may grow
        rate: float = 1
        model: Literal["forest", "boosted"] = "forest"
        share: Annotated[float, "0..1"] = 0.5
        leaves = 2 ** depth                 # derived, computed anew for another depth

    For a notebook without such a cell, one is proposed.

    Exit codes: 0 done, 2 what was typed cannot be meant.
    """  # noqa: D301 - click wants the character itself
    from nbops.jobs.declarations import read_declarations
    from nbops.jobs.parameters import check_parameters, read_notebook
    from nbops.jobs.proposal import propose

    read = read_notebook(notebook)
    declared = read_declarations(read.cells, notebook.name)
    if declared.problem:
        check_parameters(declared, {})
    proposal = propose(read.cells) if declared.source is None else None
    values = read_pairs(pairs, {})
    if accept:
        _accept(notebook, proposal, has_one=declared.source is not None)
    elif as_json:
        told = {**_document(declared, proposal), "problems": _problems(declared, values)}
        click.echo(to_json(told, indent=2).decode())
    elif values:
        check_parameters(declared, values)
        click.echo(f"{notebook.name} takes {', '.join(values)}.")
    elif declared.source is None:
        _tell_proposal(notebook, read.cells, proposal)
    else:
        _tell(declared)


def _document(declared: Any, proposal: Any) -> dict[str, Any]:
    from nbops.jobs.declarations import COMPUTED
    from nbops.jobs.parameters import as_json

    parameters = [
        {
            "name": parameter.name,
            "type": list(parameter.kind.names),
            "takes": str(parameter.kind),
            "default": None
            if parameter.default is COMPUTED
            else as_json({"": parameter.default})[""],
            "default_source": parameter.default_source,
            "is_required": parameter.default_source is None,
            "choices": list(parameter.kind.choices),
            "minimum": parameter.kind.minimum,
            "maximum": parameter.kind.maximum,
            "uses": list(parameter.uses),
            "help": parameter.help,
        }
        for parameter in declared.parameters
    ]
    proposed = None if proposal is None else {"source": proposal.source, "cell": proposal.cell}
    return {
        "format": FORMAT,
        "notebook": declared.notebook,
        "parameters": parameters,
        "proposal": proposed,
    }


def _problems(declared: Any, values: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Of each value that would be refused, and of each that is needed: why, and the way out."""
    from nbops.jobs.parameters import check_given, find_lacking, need_value

    refused = {p.name: need_value(declared, p) for p in find_lacking(declared, values)}
    for name, value in values.items():
        try:
            check_given(declared, {name: value})
        except UsageError as error:
            refused[name] = error
    return {name: {"message": error.message, "hint": error.hint} for name, error in refused.items()}


def _tell(declared: Any) -> None:
    from nbops.views.text import cut, text_table

    if not declared.parameters:
        click.echo(f"The parameters cell of {declared.notebook} assigns nothing.")
        return
    rows = []
    for parameter in declared.parameters:
        default = parameter.default_source or "(must be given)"
        about = f"from {', '.join(parameter.uses)}" if parameter.uses else ""
        rows.append([
            parameter.name,
            str(parameter.kind),
            cut(default.replace("\n", " "), 40),
            " · ".join(filter(None, [parameter.help, about])),
        ])  # fmt: skip
    click.echo(text_table(["name", "takes", "default", ""], rows))


def _tell_proposal(notebook: Path, cells: list[Any], proposal: Any) -> None:
    from nbops.jobs.scripts import is_script

    if proposal is None:
        click.echo(f"{notebook.name} has no cell tagged `parameters`, and no plain value to set.")
        click.echo("Put such values into one cell, and give it the tag `parameters`.")
        return
    if proposal.cell is not None:
        click.echo(f"{notebook.name} has no cell tagged `parameters`. This one could have the tag:")
    else:
        click.echo(f"{notebook.name} has no cell tagged `parameters`. These lines could be one:")
    click.echo("\n" + "\n".join(f"    {line}" for line in proposal.source.split("\n")) + "\n")
    moved = ", ".join(f"cell {_place(cells, number)}" for number in proposal.moved)
    move = f" They leave {moved}." if moved else ""
    does_it = _MARK if is_script(notebook) else f"nbops params {notebook} --accept does it."
    click.echo(f"{does_it}{move}")


def _place(cells: list[Any], number: int) -> str:
    return f"{number + 1} of {len(cells)}"


def _accept(notebook: Path, proposal: Any, *, has_one: bool) -> None:
    import nbformat

    from nbops.jobs.parameters import read_notebook
    from nbops.jobs.proposal import accept
    from nbops.jobs.scripts import is_script

    if has_one:
        raise UsageError(f"{notebook} has a parameters cell.", "`nbops params` lists it.")
    if proposal is None:
        raise UsageError(f"There is nothing to propose for {notebook}.")
    if is_script(notebook):
        raise UsageError(f"{notebook} is a script, and is left as it is.", _MARK)
    read = read_notebook(notebook)
    accept(read.cells, proposal)
    with putting(notebook, "Make it writable.") as part:
        nbformat.write(nbformat.v4.upgrade(read), part)
    click.echo(f"{notebook} has a parameters cell now: nbops params {notebook}")
