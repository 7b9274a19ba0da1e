"""What MLflow holds of the records here, held against them.

Who changes a journal can compute its chain anew, and then it verifies. Not so the heads of the chain that
went to MLflow with each run, which lie out of reach, or would have to be changed there as well.
"""

from collections.abc import Container, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.errors import NbopsError
from nbops.journal.reader import JOURNAL, read_links
from nbops.replay import Replay
from nbops.tracking.context import TAG_ID, TAG_RECORD, TAG_SESSION
from nbops.tracking.errors import mlflow_errors
from nbops.tracking.store import be_quiet, open_store
from nbops.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

_PAGE = 500


class Anchors:
    """Those of a workspace's sessions.

    Parameters
    ----------
    compared
        How many runs were held against their record.
    silent
        Stores that could not be asked, and why.
    """

    def __init__(self, workspace: Workspace) -> None:
        be_quiet()
        self.compared = 0
        self.silent: dict[str, str] = {}
        self._workspace = workspace
        self._clients: dict[str, MlflowClient] = {}

    def find_unfit(self, folder: Path, replay: Replay) -> str | None:
        """The first run of a session whose anchor its journal does not have; None when all fit."""
        runs = [
            run for uri, where in _places(replay).items() for run in self._ask(uri, where, replay)
        ]
        links = read_links(folder / JOURNAL)  # after MLflow's: a record that grows has them all
        self.compared += len(runs)
        unfit = [run for run in runs if not _fits(run, links)]
        # A session's own run is the first to begin, and the last to be told what came of it.
        unfit.sort(key=lambda run: (run.data.tags.get(TAG_ID) == replay.id, run.info.start_time))
        return f"{unfit[0].info.run_name} ({unfit[0].info.run_id})" if unfit else None

    def _ask(self, uri: str, experiments: list[str], replay: Replay) -> Iterator[Any]:
        if uri in self.silent:
            return
        try:
            client = self._client(uri)
            token = None
            while token != "":
                with mlflow_errors():
                    page = client.search_runs(
                        experiments,
                        f"tags.`{TAG_SESSION}` = '{replay.id}'",
                        max_results=_PAGE,
                        page_token=token,
                    )
                yield from (run for run in page if TAG_RECORD in run.data.tags)
                token = page.token or ""
        except NbopsError as error:
            self.silent[uri] = error.message

    def _client(self, uri: str) -> "MlflowClient":
        if uri not in self._clients:
            database = self._workspace.embedded_database
            if uri == self._workspace.embedded_uri and not database.exists():
                raise NbopsError(f"{database} is gone.")
            self._clients[uri] = open_store(self._workspace, uri)
        return self._clients[uri]


def _places(replay: Replay) -> dict[str, list[str]]:
    """Experiments, by tracking URI, in which a session has runs."""
    found = {(uri, experiment) for _, experiment, uri in replay.lookup.created.values()}
    links = (run.link for run in replay.composition().runs.values() if run.link)
    found |= {(link.tracking_uri, link.experiment_id) for link in links}
    places: dict[str, list[str]] = {}
    for uri, experiment in sorted(found):
        places.setdefault(uri, []).append(experiment)
    return places


def _fits(run: Any, links: Container[str]) -> bool:
    return run.data.tags[TAG_RECORD] in links
