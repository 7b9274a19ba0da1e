"""Which path is answered by whom. Every route authenticates, authorises, asks the index and answers."""

from typing import Any

from jupyter_server.utils import url_path_join

from nbops.server.cells import CellRunHandler, LineageHandler, VersionsHandler
from nbops.server.handler import NbopsHandler
from nbops.server.notebook import NotebookHandler, WhyHandler
from nbops.server.pipelines import PipelinesHandler
from nbops.server.runs import CompareHandler, RunHandler, RunsHandler
from nbops.server.states import StatesHandler

_ID = r"([\w.\-]+)"

HANDLERS: tuple[tuple[str, type[NbopsHandler]], ...] = (
    ("notebook", NotebookHandler),
    ("states", StatesHandler),
    ("why", WhyHandler),
    ("runs", RunsHandler),
    ("run/" + _ID, RunHandler),
    ("compare", CompareHandler),
    ("cell-run/" + _ID, CellRunHandler),
    ("versions", VersionsHandler),
    ("lineage", LineageHandler),
    ("pipelines", PipelinesHandler),
)
"""Paths under `/nbops/`."""


def add_routes(web_app: Any) -> None:
    base = web_app.settings["base_url"]
    routes = [(url_path_join(base, "nbops", name), handler) for name, handler in HANDLERS]
    web_app.add_handlers(".*$", routes)
