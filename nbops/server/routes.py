"""Which path is answered by whom. Every route authenticates, authorises, asks and answers."""

from typing import Any

from jupyter_server.utils import url_path_join

from nbops.server.asking import TASKS, AskHandler, TaskHandler
from nbops.server.cells import CellRunHandler, LineageHandler, VersionsHandler
from nbops.server.handler import NbopsHandler
from nbops.server.notebook import NotebookHandler, WhyHandler
from nbops.server.pipelines import PipelinesHandler
from nbops.server.runs import CompareHandler, ExecutedHandler, RunHandler, RunsHandler
from nbops.server.schedules import FireTimesHandler
from nbops.server.states import StatesHandler
from nbops.server.tasks import Tasks

_ID = r"([\w.\-]+)"

HANDLERS: tuple[tuple[str, type[NbopsHandler]], ...] = (
    ("notebook", NotebookHandler),
    ("states", StatesHandler),
    ("why", WhyHandler),
    ("runs", RunsHandler),
    ("run/" + _ID, RunHandler),
    ("executed/" + _ID, ExecutedHandler),
    ("compare", CompareHandler),
    ("cell-run/" + _ID, CellRunHandler),
    ("versions", VersionsHandler),
    ("lineage", LineageHandler),
    ("pipelines", PipelinesHandler),
    ("fire-times", FireTimesHandler),
    ("ask", AskHandler),
    ("task/" + _ID, TaskHandler),
)
"""Paths under `/nbops/`."""


def add_routes(web_app: Any) -> None:
    web_app.settings[TASKS] = Tasks()
    base = web_app.settings["base_url"]
    routes = [(url_path_join(base, "nbops", name), handler) for name, handler in HANDLERS]
    web_app.add_handlers(".*$", routes)
