"""Run one notebook, headless and tracked."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nbops.errors import NotebookFailed, NotFound, UsageError
from nbops.index.database import file_sizes
from nbops.jobs.declarations import read_declarations
from nbops.jobs.interrupts import Interrupted, TimedOut
from nbops.jobs.parameters import check_parameters, is_python, read_notebook
from nbops.jobs.plan import JobPlan, RunOptions, id_of_try, tags_of_job
from nbops.jobs.scripts import is_script
from nbops.recording.words import make_id
from nbops.workspace import Workspace, find_workspace


@dataclass(frozen=True)
class JobResult:
    """A notebook that was run.

    Parameters
    ----------
    session_id
        Session that recorded it; of the last try, when there were several.
    output
        The notebook as executed, with its outputs.
    error
        What the cell that stopped it raised, or what its kernel died of; None when neither.
    interrupted
        The signal, or the limit, that stopped it, and where.
    """

    workspace: Workspace
    session_id: str
    output: Path
    error: str | None
    interrupted: Interrupted | None = None

    @property
    def has_failed(self) -> bool:
        return self.error is not None or self.interrupted is not None


class JobInterrupted(NotebookFailed):
    """Ctrl-C, SIGTERM or a time limit ended a notebook that was run headless."""

    def __init__(self, message: str, hint: str, exit_code: int) -> None:
        super().__init__(message, hint)
        self.exit_code = exit_code


def run_notebook(
    notebook: Path,
    parameters: Mapping[str, Any] | None = None,
    options: RunOptions | None = None,
) -> JobResult:
    """Run a notebook, from its own folder as JupyterLab does unless the options say otherwise.

    Parameters
    ----------
    parameters
        Checked against what the notebook declares, before any kernel starts.

    Raises
    ------
    NotFound
        There is no such notebook, folder or run.
    UsageError
        The file is no notebook, a parameter is unknown or unfit, its kernel is not installed, the output
        cannot be written, the environment is another one, or to resume would not be sound.
    """
    from nbops.jobs.expected import check_environment
    from nbops.jobs.resume import plan_resume

    options = options or RunOptions()
    path = notebook.resolve()
    read = options.content or read_notebook(path)
    values = dict(parameters or {})
    if is_python(read):
        values = check_parameters(read_declarations(read.cells, path.name), values)
    if options.workdir is not None and not options.workdir.is_dir():
        raise NotFound(f"There is no folder {str(options.workdir)!r} to work in.")
    workspace = options.errand.workspace if options.errand else find_workspace(path)
    if options.expect_env is not None:
        check_environment(workspace, options.expect_env, read.metadata)
    job = JobPlan(
        options.session_id or make_id(),
        values,
        {**tags_of_job(), **options.tags},
        options.timeout_s,
        options.cell_timeout_s,
        listener=options.listener,
        experiment=options.experiment,
        workdir=options.workdir.resolve() if options.workdir else None,
        is_warm=options.is_warm,
        errand=options.errand,
    )
    if options.resume is not None:
        job = plan_resume(workspace, path, read, job, options.resume)
    workspace.prepare()
    if options.content or is_script(path):
        job = replace(job, notebook=path)
    first = job.session_id
    result = _run_once(path, read, job, options, workspace)
    for attempt in range(1, options.retries + 1):
        is_worth_it = result.error or isinstance(result.interrupted, TimedOut)
        if not is_worth_it:
            break
        tags = {**job.tags, "nbops.retry": f"{attempt} of {options.retries}",
                "nbops.retry_of": result.session_id}  # fmt: skip
        job = replace(job, session_id=id_of_try(first, attempt), tags=tags)
        result = _run_once(path, read, job, options, workspace)
    return result


def _run_once(
    path: Path, read: Any, job: JobPlan, options: RunOptions, workspace: Workspace
) -> JobResult:
    output = options.output
    if output is None:
        executed = workspace.state / "executed"
        try:
            executed.mkdir(mode=0o700, exist_ok=True)
        except OSError as reason:
            raise workspace.unwritable(reason) from reason
        output = executed / f"{path.stem}-{job.session_id}.ipynb"
        mode = 0o600
    else:
        mode = 0o666
    is_new = _make(output, mode)
    error, interrupted = None, None
    folder = job.workdir or path.parent
    try:
        source = path
        if job.notebook is not None:
            source = output.resolve()  # papermill reads files, and of those notebooks only
            source.write_text(json.dumps(read), "utf-8")
        error = _execute(source, output.resolve(), job, folder, dict(read.metadata))
    except Interrupted as stopped:
        interrupted = stopped
    except UsageError:
        if is_new:
            output.unlink(missing_ok=True)
        raise
    return JobResult(workspace, job.session_id, output, error, interrupted)


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
    path: Path, output: Path, job: JobPlan, folder: Path, metadata: dict[str, Any]
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
            parameters=None if is_ours else dict(job.parameters),
            engine_name="nbops",
            nbops_job=job if is_ours else replace(job, parameters={}),
            kernel_name=spec.get("name") or "python3",
            language=language,
            cwd=str(folder),
            progress_bar=False,
        )
    except PapermillExecutionError as error:
        return f"[{error.exec_count}] {error.ename}: {error.evalue}".removesuffix(": ")
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
    is_recorded = file_sizes(result.workspace.sessions / result.session_id)[0] > 0
    if stopped:
        recorded = f"recorded as {result.session_id}" if is_recorded else "nothing was recorded"
        hint = f"See nbops show {result.session_id}." if is_recorded else ""
        raise JobInterrupted(f"{stopped}; {recorded}.", hint, stopped.exit_code)
    if result.error:
        hint = f"See {result.output}" + f", or nbops show {result.session_id}" * is_recorded
        raise NotebookFailed(f"The notebook failed: {result.error}", f"{hint}.")


def run_apart(notebook: Path, parameters: Mapping[str, Any], **options: Any) -> str:
    """Run a notebook in a process of its own; returns the id of its session.

    Raises
    ------
    NbopsError
        As `run_notebook` does, and when the notebook failed.
    """
    from nbops.jobs.worker import JobProcess

    worker = JobProcess()
    try:
        result = worker.run(notebook, parameters, RunOptions(**options), make_id())
    except KeyboardInterrupt:
        worker.interrupt()
        raise
    finally:
        worker.close()
    raise_if_failed(result)
    return result.session_id
