"""A session as a kernel would write it, told in one line a cell."""

from pathlib import Path
from typing import Any

from nbops.capture.code.marks import read_mark
from nbops.capture.code.names import find_names
from nbops.digests import digest_names
from nbops.journal import facts
from nbops.journal.reader import FINDINGS, JOURNAL
from nbops.journal.writer import Findings, Journal
from nbops.records import Document, Listing, ModelRef, Run
from nbops.replay import Replay


class Told:
    """Facts of one session; cells take one second each.

    Parameters
    ----------
    facts
        Written so far, in order.
    """

    def __init__(self, session: str = "s", **started: Any) -> None:
        self.facts: list[Any] = []
        self.findings: list[Any] = []
        self.session = session
        self.clock = 1000.0
        self.count = 0
        self._say(
            facts.SessionStarted(
                **{
                    "format": 1,
                    "session": session,
                    "kind": "interactive",
                    "name": "brave-lake",
                    "experiment": "churn",
                    "notebook": "churn.ipynb",
                    "kernel_id": "k1",
                    "user": "ada",
                    "host": "h",
                    "boot_id": "b",
                    "pid_namespace": "p",
                    "pid": 1,
                    "pid_started": 1.0,
                    "at": self.clock,
                    "nbops": "0.1.0",
                    "executable": "python",
                    "sys_path": [],
                    "environment_stamp": "e0",
                    "python": "3.11.7",
                    "implementation": "CPython",
                    "platform": "Linux",
                    "cwd": "/w",
                    "workspace": "/w",
                    "tracking_uri": "sqlite:////w/mlflow.db",
                    **started,
                }
            )
        )

    def _say(self, fact: Any) -> None:
        self.facts.append(fact)

    def cell(
        self,
        source: str,
        *more: Any,
        cell_id: str | None = None,
        status: str = "ok",
        result: Any = None,
        params: dict[str, Any] | None = None,
        reads: list[facts.Seen] | None = None,
        writes: list[facts.Seen] | None = None,
        modules: list[facts.SeenModule] | None = None,
        listings: list[Listing] | None = None,
        stamp: str = "e0",
        ends: bool = True,
        variables: dict[str, Any] | None = None,
        **ended: Any,
    ) -> str:
        """Tell of one cell run; `more` are facts within it. Returns its id.

        Parameters
        ----------
        variables
            What the expressions on its mark read.
        """
        key = f"{self.session}.{self.count}"
        self.count += 1
        words = read_mark(source)
        mark = None
        if words:
            values = {name: eval(text, variables) for name, text in words.values.items()}
            mark = facts.Mark(name=words.name, params=values, names=words.names)
        self._say(
            facts.CellStarted(
                cell_run=key,
                seq=self.count - 1,
                cell_id=cell_id,
                execution_count=self.count,
                source=source,
                at=self.clock,
                environment_stamp=stamp,
                mark=mark,
            )
        )
        self.findings.append(find_names(key, source))
        for fact in more:
            import msgspec

            self._say(msgspec.structs.replace(fact, cell_run=key))
        if reads or writes or modules or listings:
            self._say(
                facts.DataSeen(
                    cell_run=key,
                    reads=reads or [],
                    writes=writes or [],
                    modules=modules or [],
                    listings=listings or [],
                )
            )
        self.clock += 1
        if ends:
            self._say(
                facts.CellEnded(
                    cell_run=key,
                    status=status,
                    at=self.clock,
                    duration_s=1.0,
                    cpu_s=0.5,
                    result=result,
                    params=params or {},
                    **ended,
                )
            )
        return key

    def end(self, status: str = "finished") -> None:
        self._say(facts.SessionEnded(at=self.clock, reason="stop", status=status))

    def write(self, folder: Path) -> None:
        """Write it where a session's files lie, as a kernel and the background process would."""
        journal = Journal(folder / JOURNAL)
        for fact in self.facts:
            journal.append(fact)
        journal.close()
        findings = Findings(folder / FINDINGS)
        for finding in self.findings:
            findings.append(finding)
        findings.close()

    def replay(self) -> Replay:
        replay = Replay()
        replay.feed_all(self.findings)
        replay.feed_all(self.facts)
        return replay

    def runs(self) -> list[Run]:
        return list(self.replay().runs())

    def document(self, name: str) -> Document:
        """Document of the last run with this name."""
        replay = self.replay()
        run = [run for run in replay.runs() if run.name == name][-1]
        return replay.document(run.id)


def metric(name: str, value: float = 0.5, **more: Any) -> facts.Metric:
    return facts.Metric(**{"cell_run": "", "name": name, "value": value, "at": 1.0, **more})


def param(name: str, value: Any) -> facts.Param:
    return facts.Param(cell_run="", name=name, value=value)


def model(name: str = "model") -> facts.ModelSaved:
    return facts.ModelSaved(
        cell_run="", model=ModelRef(name=name, flavor="sklearn"), folder=f"models/{name}"
    )


def figure(name: str = "roc.png") -> facts.FileKept:
    return facts.FileKept(cell_run="", name=name, digest="file1:aa", size_bytes=3, mime="image/png")


def mlflow_run_started() -> facts.MlflowRunStarted:
    return facts.MlflowRunStarted(cell_run="", at=1.0)


def linked(cell_run: str, mlflow_run_id: str, **more: Any) -> facts.Linked:
    return facts.Linked(
        **{
            "cell_run": cell_run,
            "mlflow_run_id": mlflow_run_id,
            "experiment_id": "0",
            "tracking_uri": "sqlite:////w/mlflow.db",
            "name": f"run-{mlflow_run_id}",
            "status": "FINISHED",
            "started_at": 1000.0,
            **more,
        }
    )


def listed(name: str, names: str, pattern: str = "*.csv") -> Listing:
    """Names, apart by spaces, that were seen in a folder."""
    return Listing(
        uri=f"file:///w/{name}",
        name=f"{name}/",
        patterns=(pattern,),
        digest=digest_names(names.split()),
        name_count=len(names.split()),
    )


def seen(name: str, digest: str | None = "file1:" + "a" * 64, **more: Any) -> facts.Seen:
    return facts.Seen(
        **{
            "uri": f"file:///w/{name}",
            "name": name,
            "digest": digest,
            "seen_by": "audit",
            "size_bytes": 10,
            **more,
        }
    )
