"""Run one notebook, headless and tracked."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbops.errors import NotebookFailed, UsageError
from nbops.index.database import file_sizes
from nbops.jobs.declarations import read_declarations
from nbops.jobs.interrupts import Interrupted
from nbops.jobs.parameters import check_parameters, is_python, read_notebook
from nbops.recording.words import make_id
from nbops.workspace import Workspace, find_workspace


@dataclass(frozen=True)
class JobResult:
    """A notebook that was run.

    Parameters
    ----------
    session_id
        Session that recorded it.
    output
        The notebook as executed, with its outputs.
    error
        What the cell that stopped it raised; None when none did.
    interrupted
        The signal that stopped it, and where.
    """

    workspace: Workspace
    session_id: str
    output: Path
    error: str | None
    interrupted: Interrupted | None = None


class JobInterrupted(NotebookFailed):
    """Ctrl-C or SIGTERM ended a notebook that was run headless."""

    def __init__(self, message: str, hint: str, number: int) -> None:
        super().__init__(message, hint)
        self.exit_code = 128 + number  # what shells say of a process that a signal ended


def run_notebook(
    notebook: Path,
    parameters: Mapping[str, Any] | None = None,
    output: Path | None = None,
    *,
    show_progress: bool = False,
) -> JobResult:
    """Run a notebook from its own folder, as JupyterLab does.

    Parameters
    ----------
    parameters
        Checked against what the notebook declares, before any kernel starts.
    output
        Where to write the executed notebook; with the session's record when None.

    Raises
    ------
    NotFound
        There is no such notebook.
    UsageError
        The file is no notebook, a parameter is unknown or unfit, its kernel is not installed, or the output cannot be written.
    """
    path = notebook.resolve()
    read = read_notebook(path)
    values = dict(parameters or {})
    if is_python(read):
        values = check_parameters(read_declarations(read.cells, path.name), values)
    metadata = dict(read.metadata)
    workspace = find_workspace(path)
    session_id = make_id()
    workspace.prepare()
    if output is None:
        executed = workspace.state / "executed"
        executed.mkdir(mode=0o700, exist_ok=True)
        output = executed / f"{path.stem}-{session_id}.ipynb"
        mode = 0o600
    else:
        mode = 0o666
    is_new = _make(output, mode)
    error, interrupted = None, None
    try:
        error = _execute(path, output.resolve(), values, session_id, metadata, show_progress)
    except Interrupted as stopped:
        interrupted = stopped
    except UsageError:
        if is_new:
            output.unlink(missing_ok=True)
        raise
    return JobResult(workspace, session_id, output, error, interrupted)


def _make(output: Path, mode: int) -> bool:
    """See to it that the output can be written; returns whether its file is new.

    Raises
    ------
    UsageError
        It cannot.
    """
    is_new = not output.exists()
    try:
        os.close(os.open(output, os.O_WRONLY | os.O_CREAT, mode))
    except OSError as error:
        raise UsageError(
            f"{str(output)!r} cannot be written: {error.strerror}.", "Give another place with -o."
        ) from error
    return is_new


def _execute(
    path: Path,
    output: Path,
    parameters: dict[str, Any],
    session_id: str,
    metadata: dict[str, Any],
    show_progress: bool,
) -> str | None:
    import papermill
    from jupyter_client.kernelspec import NoSuchKernel
    from papermill.engines import papermill_engines
    from papermill.exceptions import PapermillExecutionError

    from nbops.jobs.engine import NbopsEngine

    papermill_engines.register("nbops", NbopsEngine)
    spec = metadata.get("kernelspec", {})
    language = metadata.get("language_info", {}).get("name") or spec.get("language") or "python"
    is_ours = language == "python"  # in other languages papermill writes the values
    try:
        papermill.execute_notebook(
            str(path).replace("{", "{{").replace("}", "}}"),  # papermill formats paths
            str(output).replace("{", "{{").replace("}", "}}"),
            parameters=None if is_ours else parameters,
            engine_name="nbops",
            nbops_parameters=parameters if is_ours else None,
            nbops_session=session_id,
            kernel_name=spec.get("name") or "python3",
            language=language,
            cwd=str(path.parent),
            progress_bar=show_progress,
        )
    except PapermillExecutionError as error:
        return f"[{error.exec_count}] {error.ename}: {error.evalue}"
    except NoSuchKernel as error:
        raise UsageError(
            f"The kernel {error.name!r} that {path.name} wants is not installed.",
            "`jupyter kernelspec list` shows which are.",
        ) from error
    except RuntimeError as error:  # nbclient's DeadKernelError is one
        return str(error)
    return None


def raise_if_failed(result: JobResult) -> None:
    """Raise NotebookFailed for a notebook that did not run to its end."""
    stopped = result.interrupted
    if stopped:
        is_recorded = file_sizes(result.workspace.sessions / result.session_id)[0] > 0
        recorded = f"recorded as {result.session_id}" if is_recorded else "nothing was recorded"
        hint = f"See nbops show {result.session_id}." if is_recorded else ""
        raise JobInterrupted(f"{stopped}; {recorded}.", hint, stopped.number)
    if result.error:
        raise NotebookFailed(f"The notebook failed: {result.error}", f"See {result.output}.")
