"""For jupyter-scheduler: runs the jobs that ask for it as nbops does, and leaves all others to its default manager.

It lives in a process that jupyter-scheduler starts for each job. In jupyter_server_config.py, or by
`nbops enable --jupyter-scheduler`:

c.Scheduler.execution_manager_class = "nbops.scheduling.execution_manager.NbopsExecutionManager"
"""

import contextlib
import fcntl
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from jupyter_scheduler.environments import CondaEnvironmentManager
from jupyter_scheduler.executors import DefaultExecutionManager
from jupyter_scheduler.models import Status
from jupyter_scheduler.orm import Job
from jupyter_scheduler.utils import get_utc_timestamp

from nbops.digests import digest_bytes
from nbops.errors import NbopsError, NotebookFailed, NotFound, UsageError
from nbops.jobs.declarations import read_declarations
from nbops.jobs.parameters import read_notebook
from nbops.scheduling.jupyter.order import Order, is_asked, read_order, read_values
from nbops.scheduling.local.notices import send_notice, write_notice
from nbops.scheduling.process import OUT_OF_TIME, Ended, find_failure, find_record, follow
from nbops.scheduling.settings import write_typed
from nbops.workspace import find_workspace, runtime_home

_LONGEST_MESSAGE = 1000
_LOOK_AGAIN_S = 1.0


class NbopsExecutionManager(DefaultExecutionManager):  # type: ignore[misc]
    """Runs a job of jupyter-scheduler: typed values, the environment that was chosen, limits, and a record."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Made in the server's process, the only one that knows which environments it offers.
        self._python = self._find_python() if self._is_ours else None
        self._db_session = None  # of that process; this goes to another one

    @property
    def _is_ours(self) -> bool:
        job = self.model
        return is_asked(job.tags, job.parameters, job.runtime_environment_parameters)

    def _find_python(self) -> str | None:
        """Interpreter of the environment that was chosen; None when the server knows none of this name."""
        from jupyter_server.serverapp import ServerApp

        environments = CondaEnvironmentManager()
        if ServerApp.initialized():
            settings = ServerApp.instance().web_app.settings
            environments = settings.get("environments_manager", environments)
        for environment in environments.list_environments():
            if environment.name == self.model.runtime_environment_name:
                path = Path((environment.metadata or {}).get("path") or sys.executable)
                return str(path / "bin" / "python" if path.is_dir() else path)
        return None

    def before_start(self) -> None:
        """Say that it runs; jobs of ours whose process died without a word are said to have failed."""
        super().before_start()
        if self._is_ours:
            with self.db_session() as session:
                for job in session.query(Job).filter(Job.status == Status.IN_PROGRESS):
                    if job.pid and not psutil.pid_exists(job.pid) and _asks(job):
                        job.status = Status.FAILED
                        job.status_message = "Its process died: the machine, or somebody, ended it."
                        job.end_time = get_utc_timestamp()
                session.commit()

    def execute(self) -> None:
        """Run the notebook; what the default manager would run, it runs."""
        if not self._is_ours:
            super().execute()
            return
        job = self.model
        order = read_order(job.runtime_environment_parameters)
        if self._python is None:
            raise UsageError(
                f"The server offers no environment {job.runtime_environment_name!r}.",
                "GET /scheduler/runtime_environments lists those that it does.",
            )
        notebook = self._find_notebook(order)
        with (
            self._turn(notebook, order),
            tempfile.TemporaryDirectory(prefix="nbops-job-") as folder,
        ):
            executed = Path(folder) / "executed.ipynb"
            words = self._command(notebook, order, executed)
            try:
                ended = follow(
                    words,
                    folder=notebook.parent,
                    environment=self._environment(order),
                    tell=self._tell,
                )
            finally:
                if executed.is_file() and executed.stat().st_size:
                    self.add_side_effects_files(os.path.dirname(self.staging_paths["input"]))
                    self.create_output_files(job, read_notebook(executed))
            self._judge(ended, executed, order)

    def _find_notebook(self, order: Order) -> Path:
        if order.notebook is None:
            return Path(self.staging_paths["input"])
        path = self._below_root(order.notebook)
        if not path.is_file():
            raise NotFound(
                f"There is no notebook {order.notebook!r} any more.", "Create the job anew."
            )
        return path

    def _below_root(self, place: str) -> Path:
        return Path(os.path.expanduser(self.root_dir)).resolve() / place

    def _command(self, notebook: Path, order: Order, executed: Path) -> list[str]:
        read = read_notebook(notebook)
        declared = read_declarations(read.cells, notebook.name)
        words = [str(self._python), "-P", "-m", "nbops", "run", str(notebook)]
        for name, value in read_values(declared, self.model.parameters).items():
            words += ["-p", f"{name}={write_typed(declared[name], value)}"]
        words += ["-o", str(executed), "--log"]
        if order.timeout_s is not None:
            words += ["--timeout", f"{order.timeout_s:g}"]
        if order.retries:
            words += ["--retries", str(order.retries)]
        if order.lock is not None:
            words += ["--expect-env", str(self._below_root(order.lock))]
        return words

    def _environment(self, order: Order) -> dict[str, str]:
        """The server's variables, but for those of its own kernels."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("JPY_")}
        if (
            order.notebook is None
        ):  # a copy in the staging area; its record belongs where the server works
            environment.setdefault("NBOPS_WORKSPACE", str(find_workspace(self.root_dir).root))
        if order.import_path:
            folders = [str(self._below_root(place)) for place in order.import_path.split(":")]
            environment["PYTHONPATH"] = os.pathsep.join(folders)
        return environment

    @contextlib.contextmanager
    def _turn(self, notebook: Path, order: Order) -> Iterator[None]:
        """Wait until there are fewer jobs of the same notebook than may be."""
        if order.max_parallel is None:
            yield
            return
        key = digest_bytes(os.fsencode(notebook)).partition(":")[2][:16]
        places = [runtime_home() / f"job-{key}-{n}.lock" for n in range(order.max_parallel)]
        with contextlib.ExitStack() as stack:
            files = [stack.enter_context(place.open("w")) for place in places]
            while not any(map(_take, files)):
                self._tell("It waits for another run of this notebook to end.")
                time.sleep(_LOOK_AGAIN_S)
            yield

    def _tell(self, line: str) -> None:
        """Show in the list of jobs which cell runs; that this fails is no reason to stop."""
        with contextlib.suppress(Exception):
            self._update(status_message=line[:_LONGEST_MESSAGE])

    def _judge(self, ended: Ended, executed: Path, order: Order) -> None:
        said = ended.said.removeprefix("nbops: ")
        if ended.code == 0:
            self._update(status_message=said[:_LONGEST_MESSAGE])
            return
        if ended.code == OUT_OF_TIME:
            raise NotebookFailed(f"It did not end within {order.timeout_s:g} s.")
        if "No module named nbops" in said:
            raise NotebookFailed(
                f"The environment {self.model.runtime_environment_name!r} has no nbops.",
                f"Install it there: {self._python} -m pip install nbops",
            )
        failure = find_failure(executed)
        if failure is not None:
            recorded = find_record(said)
            hint = f"See nbops show {recorded}." if recorded else ""
            raise NotebookFailed(f"[{failure.execution_count}] {failure.error}", hint)
        raise NotebookFailed(said or f"nbops run ended with exit code {ended.code}.")

    def on_failure(self, e: Exception) -> None:
        """Say why, and when; of other jobs what the default manager says."""
        if not self._is_ours:
            super().on_failure(e)
            return
        text = str(e) if isinstance(e, NbopsError) else f"{type(e).__name__}: {e}"
        self._update(
            status=Status.FAILED,
            status_message=text[:_LONGEST_MESSAGE],
            end_time=get_utc_timestamp(),
        )
        print(f"nbops: job {self.job_id} failed: {text}", file=sys.stderr)  # noqa: T201 - the server's log
        self._notify()

    def on_complete(self) -> None:
        super().on_complete()
        if self._is_ours:
            self._notify()

    def _notify(self) -> None:
        """Tell a failure that follows on none, and that it is over, as jobs of cron do."""
        with self.db_session() as session:
            of_job = session.query(Job).filter(Job.job_id == self.job_id)
            ended = of_job.one()
            others = session.query(Job).filter(
                Job.job_definition_id == ended.job_definition_id,
                Job.job_id != ended.job_id,
                Job.status.in_((Status.COMPLETED, Status.FAILED)),
            )
            before = others.order_by(Job.start_time.desc()).first()
            had_failed = before is not None and before.status == Status.FAILED
            has_failed = ended.status == Status.FAILED
            if ended.job_definition_id is None or has_failed == had_failed:
                return
            with contextlib.suppress(NbopsError):  # an order that cannot be read has no notebook
                order = read_order(ended.runtime_environment_parameters)
                source = self._below_root(order.notebook or ended.input_filename)
                settings = find_workspace(source).settings.notify
                notice = write_notice(
                    ended.name,
                    str(source),
                    "failed" if has_failed else "finished",
                    ended.status_message or "",
                    started_at=_moment(ended.start_time),
                    ended_at=_moment(ended.end_time),
                )
                for problem in send_notice(settings, notice, {}) if settings else ():
                    print(f"nbops: {problem}", file=sys.stderr)  # noqa: T201 - the server's log

    def _update(self, **values: Any) -> None:
        with self.db_session() as session:
            session.query(Job).filter(Job.job_id == self.job_id).update(values)
            session.commit()


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _asks(job: Any) -> bool:
    return is_asked(job.tags, job.parameters, job.runtime_environment_parameters)


def _take(file: Any) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
