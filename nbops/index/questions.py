"""What the panel asks and tells in many words, whoever carries them: a request, or a widget's comm."""

import contextlib
from typing import Protocol

import msgspec

from nbops.capture.environment.machine import user_name
from nbops.comparison import MOST_RUNS, Comparison, RunTable
from nbops.errors import NotFound, UsageError
from nbops.index.compared import compare_runs
from nbops.index.pages import PageQuestion, RunsPage, UnchangedRuns, list_page
from nbops.index.queries import Index
from nbops.index.why import explain
from nbops.recording.background import request_look, summon
from nbops.recording.editing import edit_run
from nbops.records import Run
from nbops.replay import replay_folder


class Words(Protocol):
    """What a question says, by name."""

    def word(self, name: str) -> str | None:
        """None when it is missing or empty."""

    def words(self, name: str) -> tuple[str, ...]:
        """Of what may be said several times."""

    def number(self, name: str, default: int) -> int:
        """Of what counts something."""


class Edit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shall change of a run."""

    tags: dict[str, str | None] = {}  # null takes a tag away
    notes: list[str] | None = None  # all of them from now on


def ask_page(index: Index, said: Words) -> RunsPage | UnchangedRuns:
    """One page of runs; by default of the runs of who asks."""
    if said.word("look") == "1":
        request_look(index.workspace)
    user = said.word("user") or user_name()
    asked = PageQuestion(
        experiment=said.word("experiment"),
        where=said.word("where"),
        text=said.word("text"),
        sort=said.word("sort"),
        user=None if user == "*" else user,
        everywhere=said.word("everywhere") != "0",
        columns=said.words("column") or None,
        page=said.number("page", 1),
        limit=said.number("limit", 100),
        since=said.number("since", 0),
    )
    return list_page(index, asked)


def ask_comparison(index: Index, said: Words) -> RunTable:
    """What differs between the runs `ids`, with commas between; with `all=1` also what does not.

    Raises
    ------
    UsageError
        It is only one.
    """
    ids = [word for word in (said.word("ids") or "").split(",") if word]
    if len(ids) < 2:
        raise UsageError("A comparison needs two runs.", f"Give 2 to {MOST_RUNS} ids.")
    return compare_runs(index, ids, with_same=said.word("all") == "1")


def ask_why(index: Index, said: Words) -> Comparison:
    """What differs between runs `a` and `b`, and what can be concluded; A is the run before B."""
    return explain(index, [word for word in (said.word("a"), said.word("b")) if word])


def read_count(name: str, text: str) -> int:
    """A number of something, as a question says it.

    Raises
    ------
    UsageError
        It is none.
    """
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        what = "is no version" if name == "since" else "is no whole number"
        raise UsageError(f"{name}={text!r} {what}.")
    return int(text)


def make_edit(index: Index, run_id: str, edit: Edit) -> Run | None:
    """Change a run; returns it as it is then.

    Raises
    ------
    NotFound
        No session of this workspace recorded it.
    """
    run = index.run(run_id)
    if not run.session_id:
        raise NotFound(f"{run.name} was not recorded by nbops.", "Edit it in MLflow.")
    edit_run(index.workspace, run.session_id, run_id, tags=edit.tags, notes=edit.notes)
    with contextlib.suppress(OSError):  # what is written is carried on by the next one
        summon(index.workspace)
    return replay_folder(index.workspace.sessions / run.session_id).run(run_id, full=False)
