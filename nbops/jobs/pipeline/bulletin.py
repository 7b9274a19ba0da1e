"""How a pipeline goes, written down as it goes: the panel's server is another process."""

import contextlib

from msgspec.structs import replace

from nbops.capture.environment.machine import this_process
from nbops.capture.secrets.redaction import redact
from nbops.digests import digest_bytes
from nbops.jobs.pipeline.definition import Definition
from nbops.jobs.pipeline.running import StepRun
from nbops.records import PipelineState, RunStatus, StepState, StepStatus, now, to_json
from nbops.writing import write_whole

_OPEN: frozenset[StepStatus] = frozenset(("waiting", "running"))


class Bulletin:
    """What the newest run of a pipeline has come to so far. A disk that is full costs nobody the run.

    Parameters
    ----------
    run_id
        Of the pipeline's run.
    """

    def __init__(self, definition: Definition, run_id: str) -> None:
        workspace = definition.workspace
        self._folder = workspace.state / "pipelines"
        self._name = digest_bytes(str(definition.path).encode()).partition(":")[2][:16]
        self._steps = {
            step.name: StepState(
                name=step.name,
                notebook=workspace.name_of(str(step.notebook)),
                after=tuple(step.after),
            )
            for step in definition.steps
        }
        process = this_process()
        self._state = PipelineState(
            id=run_id,
            name=definition.name,
            file=workspace.name_of(str(definition.path)),
            started_at=now(),
            host=process.host,
            boot_id=process.boot_id,
            pid_namespace=process.pid_namespace,
            pid=process.pid,
            pid_started=process.pid_started,
        )
        self._write()

    def tell(self, each: StepRun) -> None:
        """Take note of a step whose state changed; from one thread at a time."""
        known = self._steps[each.step.name]
        is_over = each.state not in _OPEN
        self._steps[each.step.name] = replace(
            known,
            status=each.state,
            reason=redact(each.reason).partition("\n")[0],
            session_id=each.session_id,
            started_at=now() if each.state == "running" else known.started_at,
            ended_at=now() if is_over and known.started_at else None,
        )
        self._write()

    def end(self, status: RunStatus) -> None:
        """Say what became of it."""
        self._write(status)

    def _write(self, status: RunStatus = "running") -> None:
        ended_at = None if status == "running" else now()
        steps = tuple(self._steps.values())
        state = replace(self._state, status=status, ended_at=ended_at, steps=steps)
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self._folder / f"{self._name}.json", to_json(state), is_cache=True)
