"""Asks servers which version of a URL was there when a cell read it; nothing is downloaded."""

import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from nbops.capture.data.contents import Stat
from nbops.capture.libraries.remote import find_version
from nbops.capture.secrets.redaction import redact
from nbops.journal.facts import Digested

_PATIENCE_S = 10.0
_DATES_ARE_S = 1.0
"""`Last-Modified` counts whole seconds."""

_CLOCKS_S = 60.0
"""How far a server's clock may be from ours where it does not say what time it has."""

_CHANGED = "changed since it was read, or just before"
_NO_DATE = "the server does not tell since when its version is there"


class Answer(NamedTuple):
    """What a server tells of a URL now."""

    details: dict[str, Any]
    changed_at: datetime | None
    server_time: datetime | None


def find_remote(uri: str, stat: Stat) -> Digested:
    """The version of a URL, which counts when it was there before the cell read it."""
    try:
        answer = _ask_http(uri) if uri.startswith(("http:", "https:")) else _ask_fsspec(uri)
    except ImportError as error:
        reason = f"nothing can ask for its version: {error}"
        return Digested(uri=uri, stat=stat, missing=reason)
    except Exception as error:  # noqa: BLE001 - each file system has errors of its own
        reason = redact(f"{type(error).__name__} {error}".partition("\n")[0].rstrip())
        reason = f"its version could not be asked for: {reason:.150}"
        return Digested(uri=uri, stat=stat, missing=reason)
    digest, missing = find_version(uri, answer.details)
    if digest is not None:
        missing = _doubt(answer, read_at=stat[2] / 1e9)
    if missing is not None:
        return Digested(uri=uri, stat=stat, missing=missing)
    return Digested(uri=uri, stat=stat, digest=digest, size_bytes=answer.details.get("size"))


def _doubt(answer: Answer, read_at: float) -> str | None:
    """Why the version of now may not be the one that was read; None when it is."""
    if answer.changed_at is None:
        return _NO_DATE
    slack = _DATES_ARE_S
    if answer.server_time is not None:
        passed = time.time() - read_at
        read_at = answer.server_time.timestamp() - passed  # by the server's clock
    else:
        slack += _CLOCKS_S
    return None if answer.changed_at.timestamp() + slack <= read_at else _CHANGED


def _ask_http(uri: str) -> Answer:
    headers = {"Accept-Encoding": "identity"}
    request = urllib.request.Request(uri, method="HEAD", headers=headers)  # noqa: S310 - http
    with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:  # noqa: S310
        told = answer.headers
    size = told.get("Content-Length", "")
    details = {"ETag": told.get("ETag"), "size": int(size) if size.isdigit() else None}
    return Answer(details, _date(told.get("Last-Modified")), _date(told.get("Date")))


def _date(text: str | None) -> datetime | None:
    return parsedate_to_datetime(text) if text else None


def _ask_fsspec(uri: str) -> Answer:
    import fsspec

    filesystem, path = fsspec.core.url_to_fs(uri, skip_instance_cache=True)
    details = dict(filesystem.info(path))
    changed_at = (
        details.get("LastModified") or details.get("last_modified") or details.get("updated")
    )
    if isinstance(changed_at, str):
        changed_at = datetime.fromisoformat(changed_at)
    if isinstance(changed_at, datetime) and changed_at.tzinfo is None:
        changed_at = changed_at.replace(tzinfo=UTC)
    return Answer(details, changed_at, None)
