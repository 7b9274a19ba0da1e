"""`papermill --engine nbops`: the same record as in JupyterLab, the same cell ids included.

papermill loads this module whenever it is imported: definitions only.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbclient.exceptions import DeadKernelError
from papermill.engines import NBClientEngine
from papermill.log import logger
from papermill.utils import merge_kwargs, remove_args

if TYPE_CHECKING:
    from nbops.jobs.plan import JobPlan

_SHIP_WITHIN_S = 120.0
_SHIP_INTERRUPTED_WITHIN_S = 10.0
_LONGEST_SOCKET = 90


class NbopsEngine(NBClientEngine):  # type: ignore[misc]
    """papermill's engine, with a session around it."""

    @classmethod
    def execute_notebook(
        cls,
        nb: Any,
        kernel_name: str,
        *args: Any,
        nbops_job: "JobPlan | None" = None,
        **kwargs: Any,
    ) -> Any:
        """Give a notebook its parameters, and execute it; see `Engine`."""
        from nbops.jobs.injection import complete, inject
        from nbops.jobs.parameters import as_json, is_python

        if nbops_job and nbops_job.parameters:
            nb.metadata.papermill["parameters"] = as_json(nbops_job.parameters)
            inject(nb, nbops_job.parameters)
        elif is_python(nb):
            complete(nb)
        return super().execute_notebook(nb, kernel_name, *args, nbops_job=nbops_job, **kwargs)

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        log_output: bool = False,
        stdout_file: Any = None,
        stderr_file: Any = None,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Execute a notebook; see `NBClientEngine`."""
        from nbops.capture.secrets.redaction import add_patterns
        from nbops.jobs.cells import settle_cell_ids
        from nbops.jobs.client import TrackedClient
        from nbops.jobs.deaths import count_kills, describe_death
        from nbops.jobs.hiding import hide_secrets
        from nbops.jobs.interrupts import end_group
        from nbops.jobs.parameters import as_json, read_parameters
        from nbops.jobs.plan import JobPlan
        from nbops.recording.words import make_id
        from nbops.tracking.driver import Driver
        from nbops.workspace import find_workspace

        input_path = kwargs.pop("input_path", None)
        job = kwargs.pop("nbops_job", None) or JobPlan(make_id())
        notebook = os.path.abspath(input_path) if isinstance(input_path, str) else None
        settle_cell_ids(nb_man.nb, notebook)
        if job.notebook:
            notebook = nb_man.nb.metadata.papermill["input_path"] = str(job.notebook)
        errand = job.errand
        workspace = errand.workspace if errand else find_workspace(notebook)
        driver = Driver(workspace, job.session_id, is_errand=errand is not None)
        order = {
            "session_id": driver.session_id,
            "notebook": notebook,
            "params": as_json(read_parameters(nb_man.nb)),
            "tags": dict(job.tags),
            "name": Path(notebook).stem if notebook else None,
            "experiment": job.experiment,
            "uri": errand.tracking_uri if errand else None,
        }
        sockets, made = _place_for_sockets(driver.session_id)
        client = TrackedClient(
            nb_man,
            job=job,
            order=order,
            sockets=sockets,
            **merge_kwargs(
                remove_args(["timeout", "startup_timeout"], **kwargs),
                timeout=execution_timeout or kwargs.get("timeout"),
                startup_timeout=start_timeout,
                kernel_name=kernel_name,
                log=logger,
                log_output=log_output,
                stdout_file=stdout_file,
                stderr_file=stderr_file,
            ),
        )
        environment = _kernel_environment(driver, notebook)
        if errand is not None:
            environment["NBOPS_STATE"] = str(errand.state)
        add_patterns(driver.workspace.settings.redact)
        with _removed(made), client.interrupts as interrupts, driver:
            kills = count_kills()
            try:
                client.execute(env=environment)
            except RuntimeError as error:
                # Dead, as was wanted; or it died by itself: nbclient says no more than that.
                if not interrupts.came and not client.has_executed:
                    if type(error) is not DeadKernelError:
                        raise
                    told = describe_death(client.kernel_returncode(), kills, count_kills())
                    raise DeadKernelError(told) from error
            finally:
                interrupts.kernel_is_gone()
                end_group(client.group)
                if client.is_tracked:
                    driver.keep_notebook(hide_secrets(nb_man.nb))
                    within_s = _SHIP_INTERRUPTED_WITHIN_S if interrupts.came else _SHIP_WITHIN_S
                    left = driver.finish(within_s)
                    if left:
                        logger.warning("nbops: %s", left)
            interrupts.raise_if_any()
        return nb_man.nb


def _place_for_sockets(session_id: str) -> tuple[Path, Path | None]:
    """Start of the sockets' names, and the folder that was made for them.

    The operating system takes about a hundred characters.
    """
    from nbops.workspace import runtime_home

    place = runtime_home() / session_id
    if len(str(place)) <= _LONGEST_SOCKET:
        return place, None
    made = Path(tempfile.mkdtemp(prefix="nbops-"))
    return made / "k", made


@contextmanager
def _removed(folder: Path | None) -> Iterator[None]:
    """Take a folder away at the end."""
    try:
        yield
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _kernel_environment(driver: Any, notebook: str | None) -> dict[str, str]:
    from nbops.tracking.store import given_environment

    environment = {**given_environment(), "NBOPS_WORKSPACE": str(driver.workspace.root)}
    if notebook:
        environment["NBOPS_NOTEBOOK"] = notebook
    return environment
