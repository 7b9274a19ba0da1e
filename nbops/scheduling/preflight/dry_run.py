"""Kind `dry-run`: the job run once in a clean copy of what would travel, by a kernel of its own, in a throwaway record.

What the notebook itself sends elsewhere, it sends: only what nbops and MLflow record is kept apart.
"""

import contextlib
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nbops.capture.data.contents import path_of
from nbops.capture.secrets.redaction import redact
from nbops.jobs.parameters import read_notebook
from nbops.jobs.scripts import is_script
from nbops.records import first_line
from nbops.replay.replay import replay_folder
from nbops.scheduling.command import import_path, output_of
from nbops.scheduling.preflight.findings import Finding, say_job
from nbops.scheduling.process import OUT_OF_TIME, Ended, find_failure, follow
from nbops.scheduling.settings import write_typed
from nbops.workspace import FOLDER, Workspace

if TYPE_CHECKING:
    from nbops.scheduling.job import Job, JobStep
    from nbops.scheduling.target import Target

LIMIT_S = 600.0
_ELSEWHERE = re.compile(
    r"set_(?:tracking|registry)_uri\s*\(|MLFLOW_TRACKING_URI['\"]?\]?\s*=(?!=)|%(?:set_)?env\s+MLFLOW_TRACKING_URI"
)
_ACCESS = {
    "AWS_SHARED_CREDENTIALS_FILE": ".aws/credentials",
    "AWS_CONFIG_FILE": ".aws/config",
    "AZURE_CONFIG_DIR": ".azure",
    "CLOUDSDK_CONFIG": ".config/gcloud",
    "NETRC": ".netrc",
}
"""Where libraries look for credentials, by the variable that says it: a target has its own, a trial takes the person's."""

_OURS = ("MLFLOW_", "NBOPS_", "JPY_")
_HINTS = {
    "FileNotFoundError": "It is not among the files that travel: keep it in the project, or read it from a server.",
    "ModuleNotFoundError": "Install it and run the notebook once, or put the module into the project.",
    "ImportError": "Install it and run the notebook once, or put the module into the project.",
    "NameError": "Have a cell above it make that name.",
    "StdinNotImplementedError": "A job has nobody to ask: make it a parameter.",
}
_HINT = "Restart the kernel and run all cells: it should fail here, too."


def try_job(
    job: "Job",
    target: "Target | None",
    *,
    limit_s: float = LIMIT_S,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Finding]:
    """Run each step of a job in a clean copy; what goes wrong is found.

    Parameters
    ----------
    limit_s
        How long all steps may take together.
    tell
        Is told which cell begins, a line each.
    """
    if place := _records_elsewhere(job):
        message = (
            f"No dry run was made: {place} sets where MLflow records, and a trial would land there."
        )
        hint = "Take that out, the job is told by MLFLOW_TRACKING_URI; or leave it so, and --no-dry-run."
        return [say_job("warning", "dry-run", message, hint)]
    with tempfile.TemporaryDirectory(prefix="nbops-dry-run-") as folder:
        trial = _Trial(job, target, Path(folder).resolve(), time.monotonic() + limit_s, tell)
        try:
            trial.prepare()
            return list(trial.run())
        finally:
            trial.forget()


def _records_elsewhere(job: "Job") -> str | None:
    """The notebook that says itself where MLflow records."""
    for step in job.steps:
        for cell in read_notebook(step.notebook).cells:
            if cell.cell_type == "code" and _ELSEWHERE.search(cell.source):
                return step.notebook.name
    return None


@dataclass(frozen=True)
class _Trial:
    job: "Job"
    target: "Target | None"
    folder: Path
    ends_at: float
    tell: Callable[[str], None]

    @property
    def is_remote(self) -> bool:
        return self.target is not None and self.target.is_remote

    @property
    def copy(self) -> Path:
        return self.folder / "project"

    @property
    def record(self) -> Workspace:
        root = self.folder / "record"
        return Workspace(root, root / FOLDER)

    def prepare(self) -> None:
        """Lay out what travels, and a record that nobody will miss."""
        import nbformat

        for name, content in self.job.bundle.files.items():
            file = self.copy / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        for step in self.job.steps:
            if is_script(step.notebook):
                nbformat.write(read_notebook(step.notebook), self._place(step))
        if not self.is_remote:  # it runs on this machine, where what is too large to travel is, too
            self._link_inputs()
        (self.folder / "home").mkdir()
        (self.folder / "executed").mkdir()
        self.record.root.mkdir()
        store = (self.folder / "store").as_uri()
        settings = f'[tool.nbops]\nstore = "{store}"\nkeep_data = 0\nautostart = false\n'
        (self.record.root / "pyproject.toml").write_text(settings)

    def _link_inputs(self) -> None:
        root = self.job.workspace.root
        for left in self.job.bundle.left_out:
            source, place = root / left.path, self.copy / left.path
            if source.exists() and place.is_relative_to(self.copy):
                place.parent.mkdir(parents=True, exist_ok=True)
                with contextlib.suppress(FileExistsError):
                    place.symlink_to(source)

    def run(self) -> Iterator[Finding]:
        """Each step in its turn; after one that fails there is no sense in going on."""
        for step in self.job.steps:
            if step.when is not None:
                message = f"The dry run left {step.name} out: whether it runs depends on a metric."
                yield say_job(
                    "warning", "dry-run", message, f"Try it: nbops run {step.notebook.name}"
                )
                continue
            ended = self._run_step(step)
            if ended.code:
                yield self._say_failure(step, ended)
                break
        if self.is_remote:
            yield from self._find_reads()

    def _run_step(self, step: "JobStep") -> Ended:
        left_s = max(self.ends_at - time.monotonic(), 1.0)
        words = [sys.executable, "-P", "-m", "nbops", "run", str(self._place(step))]
        for name, value in step.params.items():
            words += ["-p", f"{name}={write_typed(step.declared[name], value)}"]
        words += ["-o", str(self._output(step)), "--timeout", f"{left_s:.1f}", "--log"]
        return follow(
            words,
            folder=self._place(step).parent,
            environment=self._environment(),
            tell=lambda line: self.tell(f"{step.name} {line}"),
        )

    def _place(self, step: "JobStep") -> Path:
        """Its notebook in the copy; of a percent script one that is made of it."""
        return (self.copy / self.job.place_of(step.notebook)).with_suffix(".ipynb")

    def _output(self, step: "JobStep") -> Path:
        return self.folder / "executed" / output_of(step)

    def _environment(self) -> dict[str, str]:
        """What a job would have: none of our session, and of a remote one no home folder of ours."""
        from jupyter_core.paths import jupyter_path

        environment = {name: v for name, v in os.environ.items() if not name.startswith(_OURS)}
        environment["NBOPS_WORKSPACE"] = str(self.record.root)
        environment["MLFLOW_TRACKING_URI"] = self.record.embedded_uri
        environment["MLFLOW_DISABLE_TELEMETRY"] = "true"
        environment["MPLBACKEND"] = "agg"
        if self.is_remote:
            environment.pop("PYTHONPATH", None)
            environment["JUPYTER_PATH"] = os.pathsep.join(jupyter_path())
            environment["HOME"] = str(self.folder / "home")
            for name, place in _access_files().items():
                environment.setdefault(name, str(place))
        if path := import_path(self.job, str(self.copy)):
            environment["PYTHONPATH"] = path
        return environment

    def _say_failure(self, step: "JobStep", ended: Ended) -> Finding:
        failure = find_failure(self._output(step))
        cell = failure.cell if failure else None
        if ended.code == OUT_OF_TIME:
            message = f"The dry run of {step.name} did not end within its limit."
            hint = "Give it more time with --dry-run-limit SECONDS, or leave it out: --no-dry-run."
            return self._say("warning", step, cell, message, hint)
        error = failure.name if failure else ""
        told = failure.error if failure else ended.said.removeprefix("nbops: ")
        is_lacking = not self.is_remote and error == "FileNotFoundError"
        message = f"In a clean copy it fails: {self._shorten(told or f'exit code {ended.code}')}"
        hint = _HINTS.get(error, _HINT)
        return self._say("warning" if is_lacking else "error", step, cell, message, hint)

    def _say(
        self,
        level: Literal["error", "warning"],
        step: "JobStep",
        cell: Any,
        message: str,
        hint: str,
    ) -> Finding:
        return Finding(
            level=level,
            kind="dry-run",
            message=message if message.endswith(".") else f"{message}.",
            hint=hint,
            notebook=step.notebook.name,
            cell_id=cell.get("id") if cell is not None else None,
            cell=redact(first_line(cell.source)) if cell is not None else None,
        )

    def _shorten(self, text: str) -> str:
        """An error as a sentence has it: in one line, without secrets and where the copy lay."""
        text = text.replace(f"{self.copy}{os.sep}", "").replace(f"{self.folder}{os.sep}", "")
        return " ".join(redact(text).split())[:300]

    def _find_reads(self) -> Iterator[Finding]:
        """Files outside of the copy that were read, and which the target does not have."""
        told = set[str]()
        for folder in sorted(self.record.sessions.iterdir()):
            document = replay_folder(folder).document(None)
            for run in document.cell_runs:
                for ref in run.reads:
                    path = path_of(ref.uri) if ref.uri.startswith("file:") and ref.is_read else ""
                    if not path or path in told or not self._is_outside(Path(path)):
                        continue
                    told.add(path)
                    yield Finding(
                        level="error",
                        kind="data",
                        message=f"In the dry run it read {redact(path)}, which is no file that travels.",
                        hint="Keep it in the project, or read it from where both reach it, such as a bucket.",
                        notebook=Path(document.session.notebook or "").name or None,
                        cell_id=run.cell_id,
                        cell=first_line(run.source),
                    )

    def _is_outside(self, path: Path) -> bool:
        """Whether a file is data that only this machine has; git's own, which MLflow looks for, is none."""
        others = (self.folder, *_access_files().values())
        return ".git" not in path.parts and not any(path.is_relative_to(one) for one in others)

    def forget(self) -> None:
        """Remove what was kept outside of the folder: the index's cache."""
        shutil.rmtree(self.record.index.parent, ignore_errors=True)


def _access_files() -> dict[str, Path]:
    found = {name: Path.home() / place for name, place in _ACCESS.items()}
    return {name: path for name, path in found.items() if path.exists()}
