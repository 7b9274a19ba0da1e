"""`nbops enable` and `nbops disable`: kernels that track by themselves."""

import re
import tomllib
from pathlib import Path

import click

from nbops.errors import UsageError
from nbops.workspace import config_home, find_workspace
from nbops.writing import putting

_WAY_OUT = "Make it writable."

_SCRIPT = '''"""Made by `nbops enable`; `nbops disable --user` takes it away."""

try:
    import nbops as _nbops

    _nbops._autostart(get_ipython())
except ImportError:  # this kernel's environment has no nbops
    pass
else:
    del _nbops
'''
_WHERE = (
    click.option("--workspace", "where", flag_value="workspace", default="workspace",
                 help="Notebooks of this project (the default)."),
    click.option("--user", "where", flag_value="user", help="All notebooks of yours."),
    click.option("--jupyter-scheduler", "where", flag_value="jupyter-scheduler",
                 help="Jobs of JupyterLab's scheduler that ask for nbops, instead."),
)  # fmt: skip


@click.command()
@_WHERE[0]
@_WHERE[1]
@_WHERE[2]
def enable(where: str) -> None:
    """Have every kernel that starts from now on track by itself.

    With --jupyter-scheduler, have that scheduler ask nbops to run the jobs that are tagged `nbops`; all others
    run as before.
    """
    if where == "jupyter-scheduler":
        from nbops.scheduling.jupyter.setting import use_manager

        path = use_manager()
        click.echo(f"jupyter-scheduler runs jobs that ask for it by nbops, as {path} says.")
        click.echo("Start the Jupyter server anew. `nbops disable --jupyter-scheduler` undoes it.")
        return
    path = _settings_file(where)
    is_new = not path.exists()
    _write_setting(path, ("tool", "nbops") if where == "workspace" else (), on=True)
    script = _startup_file()
    with putting(script, _WAY_OUT) as part:
        script.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(_SCRIPT, "utf-8")
    made = " (new: this folder is a project now)" if is_new and where == "workspace" else ""
    click.echo(f"autostart = true in {path}{made}")
    click.echo("Kernels started from now on track by themselves. `nbops disable` undoes it.")


@click.command()
@_WHERE[0]
@_WHERE[1]
@_WHERE[2]
def disable(where: str) -> None:
    """Undo `enable`: kernels that start from now on do not track by themselves."""
    if where == "jupyter-scheduler":
        from nbops.scheduling.jupyter.setting import leave_manager

        click.echo(
            f"jupyter-scheduler runs all jobs itself from its next start on, as {leave_manager()} says."
        )
        return
    path = _settings_file(where)
    if path.exists():
        _write_setting(path, ("tool", "nbops") if where == "workspace" else (), on=False)
    if where == "user":
        _startup_file().unlink(missing_ok=True)
    click.echo(f"autostart is off in {path}")


def _settings_file(where: str) -> Path:
    if where == "user":
        return config_home() / "config.toml"
    return find_workspace().root / "pyproject.toml"


def _startup_file() -> Path:
    from IPython.paths import get_ipython_dir

    return Path(get_ipython_dir()) / "profile_default" / "startup" / "50-nbops.py"


def _write_setting(path: Path, table: tuple[str, ...], *, on: bool) -> None:
    """Set `autostart` in a TOML file, leaving everything else as it is."""
    text = path.read_text("utf-8") if path.exists() else ""
    value = f"autostart = {str(on).lower()}"
    header = f"[{'.'.join(table)}]" if table else ""
    line = re.compile(r"^[ \t]*autostart[ \t]*=.*$", re.MULTILINE)
    start = text.find(f"{header}\n") if header else 0
    if header and start < 0:
        if not on:
            return
        changed = f"{text.rstrip()}\n\n{header}\n{value}\n".lstrip()
    else:
        body = start + len(header) + (1 if header else 0)
        following = re.compile(r"^\[", re.MULTILINE).search(text, body)
        end = following.start() if following else len(text)
        part = text[body:end]
        part = line.sub(value, part) if line.search(part) else f"{value}\n{part}"
        changed = text[:body] + part + text[end:]
    try:
        tomllib.loads(changed)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} cannot be changed: {error}.", f"Add {value} by hand.") from error
    with putting(path, _WAY_OUT) as place:
        path.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(changed, "utf-8")
