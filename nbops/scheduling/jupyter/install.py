"""`nbops schedule --on jupyter-scheduler`: a job of the server that runs here, which runs the notebook where it lies."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nbops.scheduling.jupyter.defined import jobs_of
from nbops.scheduling.jupyter.definition import write_definition
from nbops.scheduling.jupyter.server import JupyterServer, find_server
from nbops.scheduling.local.install import name_is_taken
from nbops.writing import write_whole

if TYPE_CHECKING:
    from nbops.scheduling.job import Job


@dataclass(frozen=True)
class Installed:
    """A job definition that was created."""

    server: JupyterServer
    definition_id: str


def install_job(job: "Job") -> Installed:
    """Create a job's definition in the running server, in place of nbops' own of the same name.

    Raises
    ------
    NbopsError
        No server runs here that shows the notebook, it has no jupyter-scheduler, that cannot say the job, or
        another notebook's job has its name.
    """
    source = job.steps[0].notebook.resolve()
    server = find_server(source)
    lock = job.workspace.state / "locks" / f"{job.name}.txt"
    definition = write_definition(
        job,
        notebook=source.relative_to(server.root).as_posix(),
        project=str(job.workspace.root),
        lock=str(lock),
    )
    before = [each for each in jobs_of(server) if each.name == job.name]
    for each in before:
        if each.source.resolve() != source:
            raise name_is_taken(each.name, each.source)
    _write(lock, job.lock)
    made = server.create_definition(definition)
    for each in before:
        each.remove()
    return Installed(server, made)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, text.encode())
