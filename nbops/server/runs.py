"""All runs: a page of them, a comparison of some, notes and tags of one."""

import contextlib
from typing import Any

import msgspec
from jupyter_server.auth.decorator import authorized
from tornado import web  # type: ignore[attr-defined]

from nbops.capture.machine import user_name
from nbops.comparison import MOST_RUNS
from nbops.errors import NotFound, UsageError
from nbops.index.compared import compare_runs
from nbops.index.pages import PageQuestion, list_page
from nbops.recording.background import request_look, summon
from nbops.recording.editing import edit_run
from nbops.replay import replay_folder
from nbops.server.handler import NbopsHandler


class RunsHandler(NbopsHandler):
    """`GET /nbops/runs?path=...`: one page of runs, by default one's own.

    `experiment`, `where`, `text`, `sort`, `column` (several), `page`, `limit`, `since`; `user=NAME` or `user=*`
    for everybody's; `everywhere=0` leaves out what was found in MLflow; `look=1` has MLflow asked for new ones.
    """

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        await self.answer(self._page)

    def _page(self) -> Any:
        index = self.index()
        if self.word("look") == "1":
            request_look(index.workspace)
        user = self.word("user") or user_name()
        asked = PageQuestion(
            experiment=self.word("experiment"),
            where=self.word("where"),
            text=self.word("text"),
            sort=self.word("sort"),
            user=None if user == "*" else user,
            everywhere=self.word("everywhere") != "0",
            columns=self.words("column") or None,
            page=self.number("page", 1),
            limit=self.number("limit", 100),
            since=self.number("since", 0),
        )
        return list_page(index, asked)


class CompareHandler(NbopsHandler):
    """`GET /nbops/compare?path=&ids=A,B[,...][&all=1]`: what differs between 2 to 50 runs; A is the baseline."""

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        words = [word for word in (self.word("ids") or "").split(",") if word]
        with_same = self.word("all") == "1"
        await self.answer(lambda: self._compare(words, with_same=with_same))

    def _compare(self, words: list[str], *, with_same: bool) -> Any:
        if len(words) < 2:
            raise UsageError("A comparison needs two runs.", f"Give 2 to {MOST_RUNS} ids.")
        return compare_runs(self.index(), words, with_same=with_same)


class Edit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `POST /nbops/run/<id>` takes."""

    tags: dict[str, str | None] = {}  # null takes a tag away
    notes: list[str] | None = None  # all of them from now on


class RunHandler(NbopsHandler):
    """`POST /nbops/run/<id>?path=` with `{"tags", "notes"}`: edit a run; answers with the run as it is then."""

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def post(self, run_id: str) -> None:
        await self.answer(lambda: self._edit(run_id))

    def _edit(self, run_id: str) -> Any:
        edit: Edit = self.sent(Edit)
        index = self.index()
        run = index.run(run_id)
        if not run.session_id:
            raise NotFound(f"{run.name} was not recorded by nbops.", "Edit it in MLflow.")
        edit_run(index.workspace, run.session_id, run_id, tags=edit.tags, notes=edit.notes)
        with contextlib.suppress(OSError):  # what is written is carried on by the next one
            summon(index.workspace)
        return replay_folder(index.workspace.sessions / run.session_id).run(run_id, full=False)
