"""One run or one session, with its cell runs and what each read and wrote."""

from nbops.comparison.compare import show
from nbops.records import CellRun, Document, FileRef, Run, count_reads, first_line, last_value
from nbops.store import Store
from nbops.views.coverage import say_coverage
from nbops.views.outputs import first_line_shown
from nbops.views.text import (
    cut,
    escape,
    html_table,
    page,
    show_data,
    show_duration,
    show_listing,
    show_scalar,
    show_size,
    show_time,
    text_table,
)


class RecordView:
    """What was recorded of a run, or of a session.

    Parameters
    ----------
    document
        Of one run, or of a session.
    store
        Where a first line of what each cell showed is read.
    """

    def __init__(
        self, document: Document, *, is_session: bool = False, store: Store | None = None
    ) -> None:
        self.document = document
        self._store = store
        self.is_session = is_session

    def __str__(self) -> str:
        parts = [self._title, text_table(("", ""), self._facts, indent="  ")]
        cells = text_table(("cell", "", "took", "status", "data"), self._cells, indent="  ")
        return "\n".join(part for part in (*parts, "", cells) if part is not None)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        facts = html_table(("", ""), self._facts).replace(
            "<thead><tr><th></th><th></th></tr></thead>", ""
        )
        cells = html_table(("cell", "", "took", "status", "data"), self._cells)
        return page(f"<b>{escape(self._title)}</b>{facts}{cells}")

    @property
    def _run(self) -> Run | None:
        return None if self.is_session or not self.document.runs else self.document.runs[0]

    @property
    def _title(self) -> str:
        session = self.document.session
        run = self._run
        if run is None:
            return f"session {session.name} ({session.id}) · {session.status}"
        return f"{run.name} ({run.id}) · {run.status} · session {session.name}"

    @property
    def _facts(self) -> list[list[str]]:
        session, run = self.document.session, self._run
        rows = [["experiment", session.experiment]]
        if session.notebook:
            rows.append(["notebook", session.notebook])
        rows.append(["started", show_time(run.started_at if run else session.started_at)])
        if run:
            rows += [["params", _pairs({k: show_scalar(v) for k, v in run.params.items()})]]
            rows += [["metrics", _pairs({k: show(last_value(v)) for k, v in run.metrics.items()})]]
            rows += [["tags", _pairs(run.tags)], ["notes", " · ".join(run.notes)]]
            rows += [
                ["models", ", ".join(f"{m.name} ({m.missing or m.flavor})" for m in run.models)]
            ]
            rows += [["files", ", ".join(map(_file, run.files))]]
            rows.append(["MLflow run", run.mlflow_run_id or "not there yet"])
        else:
            rows.append(["runs", ", ".join(f"{r.name} ({r.id[:8]})" for r in self.document.runs)])
            rows.append(["notes", " · ".join(session.notes)])
            rows.append(["problems", " · ".join(session.problems)])
        cells = self.document.cell_runs
        by_run = count_reads((cell.reads, cell.unexplained_bytes) for cell in cells)
        counts = by_run if run else session.coverage
        rows.append(["data", say_coverage(counts, session.net_problem)])
        rows.append(["environment", self._environment])
        rows.append(["git", self._git])
        return [row for row in rows if row[1]]

    @property
    def _environment(self) -> str:
        environments = list(self.document.environments.values())
        if not environments:
            return "not listed yet"
        last = environments[-1]
        return f"{last.implementation} {last.python}, {len(last.packages)} packages"

    @property
    def _git(self) -> str:
        source = self.document.session.source
        if not source.git_commit:
            return ""
        dirty = ", uncommitted changes" if source.is_dirty else ""
        return f"{source.git_commit[:7]} on {source.git_branch or 'no branch'}{dirty}"

    @property
    def _cells(self) -> list[list[str]]:
        rows = []
        for cell in self.document.cell_runs:
            data = [f"↓ {show_data(ref)}" for ref in cell.reads]
            data += [f"↓ {show_listing(listing)}" for listing in cell.listings]
            data += [f"↑ {show_data(ref)}" for ref in cell.writes]
            data += [f"runs {cut(process.command, 60)}" for process in cell.processes]
            data += [f"imports {module.path}" for module in cell.modules]
            line = first_line_shown(cell, self._store) if self._store else ""
            data += [f"» {cut(line, 60)}"] if line else []
            for number, item in enumerate(data or [""]):
                rows.append([*_about(cell), item] if number == 0 else ["", "", "", "", item])
        return rows


def _about(cell: CellRun) -> list[str]:
    count = " " if cell.execution_count is None else str(cell.execution_count)
    status = cell.status.replace("_", " ")
    if cell.error:
        status = cut(f"{cell.error.name}: {cell.error.message}".removesuffix(": "), 40)
    title = f"({cell.skipped})" if cell.skipped else first_line(cell.source)
    return [f"[{count}]", cut(title, 44), show_duration(cell.duration_s), status]


def _file(file: FileRef) -> str:
    return (
        f"{file.name} ({file.missing})"
        if file.missing
        else f"{file.name} {show_size(file.size_bytes)}"
    )


def _pairs(values: dict[str, str]) -> str:
    return ", ".join(f"{name} {cut(value, 40)}" for name, value in values.items())
