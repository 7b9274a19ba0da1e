"""Where results of steps lie: beside the project, and in the store that a team shares.

<workspace>/.nbops/steps/<key>/<session>.json   the results of what runs the same cells
<workspace>/.nbops/steps/last/<step>            the session that was a step's last run
<shared store>/steps/<key>/<session>.json       everybody's

A key is the digest of the cells, so that a result is found by whoever has the same notebook; what it
depended on beside them is told in it.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from msgspec import ValidationError

from nbops.digests import digest_bytes
from nbops.errors import StoreUnreachable
from nbops.jobs.pipeline.results import StepResult
from nbops.records import from_json, to_json
from nbops.store.shared import SharedStore
from nbops.workspace import Workspace
from nbops.writing import write_whole

_FORMAT = 1


class Shelf:
    """Results of steps, by key."""

    def __init__(self, workspace: Workspace) -> None:
        url = workspace.settings.store
        self.problem: str | None = None
        self._root = workspace.state / "steps"
        self._shared = SharedStore(url) if url else None

    def find(self, key: str) -> Iterator[StepResult]:
        """Results with this key, this workspace's own first, of these the newest first."""
        own = self._read(key)
        yield from own
        known = {result.session_id for result in own}
        for name in self._shared_names(key):
            if name.removesuffix(".json") not in known and (result := self._fetch(key, name)):
                yield result

    def put(self, key: str, result: StepResult) -> None:
        """Keep a result, and bring it to the shared store."""
        path = self._place(key) / f"{result.session_id}.json"
        if not path.exists():
            _write(path, to_json(result))
        sent = path.with_suffix(".shared")
        if self._shared is not None and not sent.exists():
            with self._watched():
                self._shared.put_at(path, f"steps/{_plain(key)}/{path.name}")
                sent.touch(mode=0o600)

    def last(self, pipeline: str, step: str) -> StepResult | None:
        """Result of a step's last run here; None when there is none."""
        try:
            key, session = self._last(pipeline, step).read_text("utf-8").split()
        except (OSError, ValueError):
            return None
        return next((r for r in self._read(key) if r.session_id == session), None)

    def note_last(self, pipeline: str, step: str, key: str, result: StepResult) -> None:
        _write(self._last(pipeline, step), f"{key} {result.session_id}\n".encode())

    def _read(self, key: str) -> list[StepResult]:
        found = [_decode(path) for path in self._place(key).glob("*.json")]
        known = [result for result in found if result is not None]
        return sorted(known, key=lambda result: result.at, reverse=True)

    def _place(self, key: str) -> Path:
        return self._root / _plain(key)

    def _last(self, pipeline: str, step: str) -> Path:
        return self._root / "last" / _plain(digest_bytes(f"{pipeline}\n{step}".encode()))[:32]

    def _shared_names(self, key: str) -> list[str]:
        if self._shared is None:
            return []
        with self._watched():
            return self._shared.names_in(f"steps/{_plain(key)}", ".json")
        return []

    def _fetch(self, key: str, name: str) -> StepResult | None:
        path = self._place(key) / Path(name).name
        if self._shared is None:
            return None
        with self._watched():
            if self._shared.fetch_at(f"steps/{_plain(key)}/{name}", path):
                path.with_suffix(".shared").touch(mode=0o600)
        return _decode(path)

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        """A shared store that is away is not asked again; what was not shared is next time."""
        try:
            yield
        except StoreUnreachable as error:
            self.problem, self._shared = str(error), None


def _plain(key: str) -> str:
    return key.partition(":")[2]


def _decode(path: Path) -> StepResult | None:
    try:
        result = from_json(path.read_bytes(), StepResult)
    except (OSError, ValidationError, ValueError):
        return None
    return result if result.format <= _FORMAT else None


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, data)
