"""`%track`: each sub-command reads its line, makes one call, returns a value that shows itself."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class

from nbops.capture.code.marks import split_assignments, split_words
from nbops.capture.data.audit import unwatched
from nbops.errors import NbopsError, UsageError
from nbops.ipython.commands import COMMANDS, HELP
from nbops.ipython.extension import Extension
from nbops.ipython.hooks import evaluate, say
from nbops.ipython.options import read_options, shell_words
from nbops.recording.current import current
from nbops.recording.keeping import keep_file, see_data, value_named
from nbops.recording.recorder import Plan
from nbops.store import open_store
from nbops.views.status import StatusView
from nbops.workspace import find_workspace

if TYPE_CHECKING:  # what looks is imported when someone looks: starting must stay light
    from nbops.index.queries import Index
    from nbops.views.compare import CompareView
    from nbops.views.record import RecordView
    from nbops.views.runs import RunsView
    from nbops.views.why import WhyView

_HASHED_BYTES = 20_000_000
"""What `%track status` hashes of a file, to see whether it changed, while a person waits."""


@magics_class
class TrackMagics(Magics):  # type: ignore[misc]
    """Holds `%track`; registered by `Extension.install`."""

    def __init__(self, shell: Any, extension: Extension) -> None:
        super().__init__(shell)
        self.extension = extension

    @line_cell_magic  # type: ignore[untyped-decorator]
    def track(self, line: str, cell: str | None = None) -> Any:
        if cell is not None:  # only through run_cell_magic; a cell's own mark is read by the hooks
            self.shell.run_cell(cell)
            return None
        word, _, rest = line.strip().partition(" ")
        try:
            return self._command(word, rest.strip())(rest.strip())
        except NbopsError as error:
            say(str(error))
            return None

    track.__doc__ = HELP

    def _command(self, word: str, rest: str) -> Callable[[str], Any]:
        if not word:
            return self._help
        command = getattr(self, f"_{word}", None) if word in COMMANDS else None
        if command is not None:
            return command  # type: ignore[no-any-return]
        import difflib

        near = difflib.get_close_matches(word, COMMANDS, 1, 0.5)
        hint = f"Did you mean %track {near[0]}?" if near else "%track? lists them."
        if "=" in rest or not near:
            hint = (
                f"To mark this cell as a run, write %%track {word} {rest}".rstrip()
                + " on its first line."
            )
        raise UsageError(f"%track has no command {word!r}.", hint)

    def _help(self, _line: str) -> None:
        print(HELP)  # noqa: T201

    def _start(self, line: str) -> None:
        found = read_options(shell_words(line), ("--name", "--tag", "--uri"), most=1)
        plan = Plan(
            experiment=found.one(0),
            name=found.last("--name"),
            tags=found.pairs("--tag"),
            uri=found.last("--uri"),
        )
        recorder, is_new, before = self.extension.start(plan)
        print(StatusView.started(recorder, is_new=is_new, before=before))  # noqa: T201

    def _stop(self, _line: str) -> None:
        recorder = self.extension.stop()
        if recorder is None:
            raise UsageError("Nothing is tracked in this kernel.")
        if recorder.lost:
            say(
                f"{recorder.lost} facts of it are lost, they could not be written: {recorder.problem}."
            )
        print(f"Stopped. Session {recorder.name} ({recorder.id}): %track show {recorder.id}")  # noqa: T201

    def _pause(self, _line: str) -> None:
        self.extension.recorder().pause()
        print("Paused: cells are not recorded until %track resume.")  # noqa: T201

    def _resume(self, _line: str) -> None:
        self.extension.recorder().resume()
        print("Tracking again.")  # noqa: T201

    def _status(self, _line: str) -> StatusView:
        index = self._index(is_patient=False)
        return StatusView(
            current(), index.sessions(), index.unshipped(), index.state(), self._checks(index)
        )

    def _metric(self, line: str) -> None:
        recorder = self.extension.logging_recorder()
        values, names, step = self._values("metric", line, ("--step",))
        for name in names:
            values[name] = value_named(name, self.shell.user_ns)
        for name, value in values.items():
            recorder.log_metric(name, value, step)

    def _param(self, line: str) -> None:
        recorder = self.extension.logging_recorder()
        values, names, _ = self._values("param", line)
        for name in names:
            values[name] = value_named(name, self.shell.user_ns)
        for name, value in values.items():
            recorder.log_param(name, value)

    def _note(self, line: str) -> None:
        if not line:
            raise UsageError("%track note needs a text.", 'Write %track note "looks overfitted".')
        self.extension.logging_recorder().note(line.strip("\"'"))

    def _data(self, line: str) -> None:
        recorder = self.extension.logging_recorder()
        subject, name = self._subject("data", line)
        is_variable = subject in self.shell.user_ns
        value = self.shell.user_ns[subject] if is_variable else subject.strip("\"'")
        recorder.log_data(see_data(recorder, value, name or (subject if is_variable else None)))

    def _file(self, line: str) -> None:
        recorder = self.extension.logging_recorder()
        subject, name = self._subject("file", line)
        if missing := keep_file(recorder, subject.strip("\"'"), name):
            say(missing)

    def _model(self, line: str) -> None:
        from nbops.tracking.flavors import save_model

        recorder = self.extension.logging_recorder()
        subject, name = self._subject("model", line)
        model = value_named(subject, self.shell.user_ns)
        if missing := recorder.keep_model(*save_model(model, name or subject, recorder.folder)):
            say(missing)

    def _ls(self, line: str) -> "RunsView":
        from nbops.views.runs import RunsView

        found = read_options(
            shell_words(line), ("--where", "--sort", "--limit", "--experiment"), most=0
        )
        sort = found.last("--sort")
        runs = self._index().runs(
            experiment=found.last("--experiment"),
            where=found.last("--where"),
            sort=sort,
            limit=found.number("--limit") or 20,
        )
        return RunsView(runs, sort.lstrip("-").partition(".")[2] if sort else None)

    def _show(self, line: str) -> "RecordView":
        from nbops.views.record import RecordView

        index = self._index()
        found = index.resolve(line.strip() or "last")
        store = open_store(index.workspace)
        return RecordView(index.document(found), is_session=found.is_session, store=store)

    def _why(self, line: str) -> "WhyView":
        from nbops.index.why import explain
        from nbops.views.why import WhyView

        words = shell_words(line)
        if len(words) > 2:
            raise UsageError("%track why compares two runs.", "Write %track why A B.")
        recorder = current()
        cell = recorder.open_cell if recorder else None
        return WhyView(explain(self._index(), words, cell.cell_id if cell else None))

    def _compare(self, line: str) -> "CompareView":
        from nbops.index.compared import compare_runs
        from nbops.views.compare import CompareView

        index, recorder = self._index(), current()
        cell = recorder.open_cell if recorder else None
        table = compare_runs(index, shell_words(line), cell_id=cell.cell_id if cell else None)
        return CompareView(table, open_store(index.workspace))

    # ---- inside -------------------------------------------------------------------------------------

    def _index(self, *, is_patient: bool = True) -> "Index":
        """Index of this notebook's workspace, up to date with what the kernel has written."""
        from nbops.index.queries import Index

        recorder = current()
        workspace = recorder.workspace if recorder else find_workspace(self.extension.notebook())
        index = Index(workspace)
        if not index.wait(30.0 if is_patient else 1.0) and is_patient:
            say("not everything is read yet; `nbops doctor` tells why.")
        return index

    def _checks(self, index: "Index") -> list[str]:
        """What is wrong with this notebook's results, shortly; nothing where it cannot be read."""
        from nbops.index.check import check_path
        from nbops.views.checks import ChecksView

        recorder, path = current(), self.extension.notebook()
        if recorder is None or path is None or not path.endswith(".ipynb"):
            return []
        try:
            with unwatched():
                done = check_path(index, Path(path), session=recorder.id, max_bytes=_HASHED_BYTES)
        except NbopsError:  # not saved yet
            return []
        return ChecksView(done.checked, done.session, done.findings).short()

    def _values(
        self, command: str, line: str, options: tuple[str, ...] = ()
    ) -> tuple[dict[str, Any], list[str], int | None]:
        """Evaluate `key=EXPRESSION` pairs; returns them with the bare names, and `--step`."""
        found = read_options(split_words(line), options, most=None)
        expressions, names = split_assignments(" ".join(found.words))
        if not expressions and not names:
            raise UsageError(
                f"%track {command} needs a name.", f"Write %track {command} name=VALUE."
            )
        values = {
            name: evaluate(self.shell, f"%track {command}", name, expression)
            for name, expression in expressions.items()
        }
        step = found.number("--step") if "--step" in options else None
        return values, names, step

    def _subject(self, command: str, line: str) -> tuple[str, str | None]:
        """Read `THING [as NAME]`."""
        subject, _, name = line.partition(" as ")
        if not subject.strip():
            raise UsageError(f"%track {command} needs something to record.", "%track? shows how.")
        return subject.strip(), name.strip().strip("\"'") or None
