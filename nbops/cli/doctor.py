"""`nbops doctor`: is everything there, and if not, what to do."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import click

from nbops import __version__
from nbops.errors import NbopsError, RecordDamaged, UsageError
from nbops.index.database import connect
from nbops.journal.erasing import read_tombstones
from nbops.journal.reader import JOURNAL, verify_chain
from nbops.recording.background import is_served
from nbops.recording.destination import choose_destination
from nbops.replay import replay_folder
from nbops.views.text import show_size
from nbops.workspace import Workspace, find_workspace

_LITTLE_ROOM = 100_000_000


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    way_out
        What to do; empty when all is well.
    """

    what: str
    said: str
    way_out: str = ""


@click.command()
@click.option("--records", is_flag=True, help="Verify the chain of every session's record, too.")
def doctor(records: bool) -> None:
    """Check what nbops needs, here and in the kernels, and say what to do.

    Run it in JupyterLab's environment and, where that is another one, in the kernel's.

    Exit codes: 0 all is well, 1 something is to be done.
    """
    workspace = find_workspace()
    is_well = True
    for finding in _look(workspace, records=records):
        sign = click.style("ok", fg="green") if not finding.way_out else click.style("!!", fg="red")
        click.echo(f"{sign}  {finding.what:<12}{finding.said}")
        if finding.way_out:
            is_well = False
            click.echo(f"    {'':<12}→ {finding.way_out}")
    if not is_well:
        raise click.exceptions.Exit(1)


def _look(workspace: Workspace, *, records: bool) -> Iterator[Finding]:
    versions = ", ".join(f"{name} {_version(name)}" for name in ("ipython", "ipykernel", "mlflow"))
    yield Finding(
        "nbops", f"{__version__} in {sys.prefix} (Python {sys.version.split()[0]}; {versions})"
    )
    yield from _look_at_lab()
    yield from _look_at_kernels()
    yield from _look_at_store(workspace)
    yield from _look_at_places(workspace)
    yield _look_at_background(workspace)
    for problem in workspace.settings.problems:
        yield Finding("settings", problem, "Mend that line.")
    if records:
        yield from _look_at_records(workspace)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "missing"


def _look_at_lab() -> Iterator[Finding]:
    if importlib.util.find_spec("jupyterlab") is None:
        yield Finding(
            "JupyterLab",
            "not in this environment, which can be right for a kernel's",
            "Install nbops where JupyterLab runs, too: pip install nbops",
        )
        return
    from jupyter_core.paths import jupyter_path

    places = [Path(p) / "labextensions" / "@nbops" / "labextension" for p in jupyter_path()]
    found = next((place for place in places if (place / "package.json").exists()), None)
    if found is None:
        yield Finding("panel", "its files are missing", "pip install --force-reinstall nbops")
    else:
        version = json.loads((found / "package.json").read_text("utf-8"))["version"]
        yield Finding("panel", f"{version} in {found} (JupyterLab {_version('jupyterlab')})")
    yield _look_at_server()


def _look_at_server() -> Finding:
    from jupyter_core.paths import jupyter_config_path
    from jupyter_server.extension.config import ExtensionConfigManager

    enabled = any(
        ExtensionConfigManager(read_config_path=[folder])
        .get_jpserver_extensions()
        .get("nbops", False)
        for folder in jupyter_config_path()
    )
    if enabled:
        return Finding("server", "the panel's routes are enabled")
    return Finding("server", "the panel's routes are off", "jupyter server extension enable nbops")


_THIS_PYTHON = {"python", "python3", f"python3.{sys.version_info[1]}"}


def _look_at_kernels() -> Iterator[Finding]:
    from jupyter_client.kernelspec import KernelSpecManager

    for name, about in KernelSpecManager().get_all_specs().items():
        spec = about["spec"]
        if spec.get("language", "").lower() != "python" or not spec.get("argv"):
            continue
        python = spec["argv"][0]
        if python in _THIS_PYTHON:  # as jupyter_client understands it
            python = sys.executable
        version = _nbops_in(python)
        if version == __version__:
            yield Finding("kernel", f"{name}: nbops {version}")
        elif version:
            yield Finding(
                "kernel", f"{name}: nbops {version}, here {__version__}: they work together"
            )
        else:
            way_out = f"{python} -m pip install nbops, or %pip install nbops in a notebook"
            yield Finding("kernel", f"{name} ({python}) has no nbops", way_out)


def _nbops_in(python: str) -> str | None:
    try:
        answer = subprocess.run(
            [python, "-c", "import nbops; print(nbops.__version__)"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            cwd="/",
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def _look_at_store(workspace: Workspace) -> Iterator[Finding]:
    try:
        destination = choose_destination(workspace, uri=None, experiment=None, notebook=None)
    except NbopsError as error:
        yield Finding("store", str(error), "Set another tracking URI.")
        return
    from nbops.tracking.store import probe_store

    yield Finding("workspace", f"{workspace.root} (records in {workspace.state})")
    problem = probe_store(workspace, destination.uri)
    said = f"{destination.uri} ({destination.why})"
    if problem:
        yield Finding("store", f"{said}: {problem}", "Bring it up, then: nbops sync")
    else:
        yield Finding("store", said)


def _look_at_places(workspace: Workspace) -> Iterator[Finding]:
    """Whether there is room where things lie, and whether they can be written."""
    there = next(p for p in (workspace.state, *workspace.state.parents) if p.exists())
    free = shutil.disk_usage(there).free
    if free < _LITTLE_ROOM:
        yield Finding("disk", f"{show_size(free)} left for {workspace.state}", "Make room there.")
    if not os.access(there, os.W_OK):
        way_out = "Make it writable, or set XDG_STATE_HOME to a folder that is."
        yield Finding("records", f"nothing can be written under {workspace.state}", way_out)
    elif workspace.state.parent != workspace.root:
        said = f"{workspace.root} cannot be written: records lie in {workspace.state}"
        yield Finding("workspace", said)
    try:
        connect(workspace.index, to_write=True).close()
    except UsageError as error:
        yield Finding("index", error.message, error.hint)


def _look_at_background(workspace: Workspace) -> Finding:
    log = workspace.state / "background.log"
    seen_in = f" (log: {log})" if log.exists() else ""
    try:
        is_running = is_served(workspace)
    except NbopsError as error:
        return Finding("background", error.message, error.hint)
    if is_running:
        return Finding("background", f"running{seen_in}")
    return Finding("background", f"not running: a session starts it when it needs it{seen_in}")


def _look_at_records(workspace: Workspace) -> Iterator[Finding]:
    """Whether records are as they were written, and as MLflow was told that they are."""
    from nbops.tracking.anchors import Anchors

    anchors = Anchors(workspace)
    stones = list(read_tombstones(workspace.forgotten))
    count = 0
    for journal in sorted(workspace.sessions.glob(f"*/{JOURNAL}")):
        count += 1
        own = [stone for stone in stones if stone.session == journal.parent.name]
        try:
            verify_chain(journal, {link for stone in own for link in stone.erased})
        except RecordDamaged as error:
            yield Finding("records", error.message, error.hint)
        replay = replay_folder(journal.parent)
        if unfit := anchors.find_unfit(journal.parent, replay):
            said = f"{journal} is not what MLflow was told with run {unfit}."
            way_out = "It was changed since" + (
                ", or forgetting was not told there yet: nbops sync" if own else "."
            )
            yield Finding("anchors", said, way_out)
        for problem in replay.session().problems if replay.is_ready else ():
            yield Finding("records", f"{journal.parent.name}: {problem}")
    for stone in stones:
        if stone.done_at is None:
            yield Finding("forgetting", f"{stone.id} is half done", f"nbops forget {stone.id}")
    erased = sum(stone.lines for stone in stones)
    said = f"; {erased} lines were erased on request" if erased else ""
    yield Finding("records", f"{count} sessions looked at{said}")
    for uri, why in anchors.silent.items():
        yield Finding("anchors", f"{uri} could not be asked: {why}", "Bring it up, and ask again.")
    if anchors.compared:
        yield Finding(
            "anchors", f"{anchors.compared} runs in MLflow were held against their record"
        )
