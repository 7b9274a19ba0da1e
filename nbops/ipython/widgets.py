"""The panel and comparisons as widgets: what they ask, the kernel answers, where no server knows of nbops."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import msgspec
import traitlets

from nbops.capture.data.audit import unwatched
from nbops.errors import NbopsError, NotFound, UsageError
from nbops.index.cells import describe_cell_run, list_versions, trace_data
from nbops.index.notebook import describe_notebook
from nbops.index.pipelines import describe_pipelines
from nbops.index.queries import Index
from nbops.index.questions import (
    Edit,
    ask_comparison,
    ask_page,
    ask_why,
    make_edit,
    read_count,
)
from nbops.records import to_json

_STATIC = Path(__file__).parents[1] / "static"


class RecordWidget(anywidget.AnyWidget):
    """A view on records, drawn by the components of the panel.

    Parameters
    ----------
    index
        Where what is asked is looked up.
    notebook
        Absolute path of the notebook that it is shown in.
    kernel_id
        Of the kernel that it is shown in.
    table
        A comparison as JSON; None for the panel.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    notebook = traitlets.Dict().tag(sync=True)
    table = traitlets.Unicode(None, allow_none=True).tag(sync=True)

    def __init__(
        self, index: Index, notebook: str | None, kernel_id: str | None, table: str | None = None
    ) -> None:
        path = index.workspace.name_of(notebook) if notebook else ""
        name = os.path.basename(path)
        with unwatched():
            super().__init__(
                _esm=(_STATIC / "widget.js").read_text("utf-8"),
                _css=(_STATIC / "widget.css").read_text("utf-8"),
                notebook={"id": path, "path": path, "name": name, "kernelId": kernel_id},
                table=table,
            )
        self._index, self._path = index, path
        self.on_msg(self._answer)

    def _answer(self, _: Any, asked: Mapping[str, Any], __: Any) -> None:
        told: dict[str, Any] = {"number": asked.get("number")}
        try:
            with unwatched():
                value = answer(self._index, self._path, asked)
            told["json"] = to_json(value).decode()
        except NbopsError as error:
            told["error"] = {"message": error.message, "hint": error.hint}
        self.send(told)


def answer(index: Index, notebook: str, asked: Mapping[str, Any]) -> Any:
    """Answer what the panel asks, as the server's routes do.

    Raises
    ------
    NbopsError
        It cannot be answered.
    """
    name, _, key = str(asked.get("name")).partition("/")
    if name not in _ANSWERS:
        raise NotFound(f"A widget cannot be asked for {name!r}.")
    said = _Said(asked.get("query") or {}, notebook, key, asked.get("body"))
    return _ANSWERS[name](index, said)


class _Said:
    """What a message says, by name.

    Parameters
    ----------
    key
        What it is about, where its name alone does not say.
    body
        What shall change.
    """

    def __init__(self, query: Mapping[str, Any], notebook: str, key: str, body: Any) -> None:
        self._query = query
        self.notebook, self.key, self.body = notebook, key, body

    def word(self, name: str) -> str | None:
        return str(self._query.get(name) or "") or None

    def words(self, name: str) -> tuple[str, ...]:
        return tuple(filter(None, [self.word(name)]))

    def number(self, name: str, default: int) -> int:
        return read_count(name, self.word(name) or str(default))


def _tell_notebook(index: Index, said: _Said) -> Any:
    since, session = said.number("since", 0), said.word("session")
    return describe_notebook(index, said.notebook, said.word("kernel"), since, session)


def _edit(index: Index, said: _Said) -> Any:
    try:
        edit = msgspec.convert(said.body, Edit)
    except msgspec.ValidationError as error:
        raise UsageError(f"The edit cannot be read: {error}.") from error
    return make_edit(index, said.key, edit)


_ANSWERS: dict[str, Callable[[Index, _Said], Any]] = {
    "notebook": _tell_notebook,
    "runs": ask_page,
    "why": ask_why,
    "compare": ask_comparison,
    "cell-run": lambda index, said: describe_cell_run(index, said.key),
    "versions": lambda index, said: list_versions(index, said.word("cell_id") or ""),
    "lineage": lambda index, said: trace_data(index, said.word("digest") or ""),
    "pipelines": lambda index, said: describe_pipelines(index, said.word("since"), None),
    "run": _edit,
}
"""By the name that the server's routes have."""
