"""SHA-256 of released files, asked of package indexes once by name and version.

The Simple API (PEP 503, PEP 691) is what every index speaks. All files of a release count, so that the
lock installs on other machines, too.
"""

import base64
import json
import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from nbops.capture.data.contents import path_of
from nbops.capture.secrets.redaction import redact
from nbops.digests import digest_bytes
from nbops.workspace import cache_home
from nbops.writing import write_whole

_TIMEOUT_S = 15.0
_AT_ONCE = 8
_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.2"


@dataclass
class Looked:
    """What a look-up brought.

    Parameters
    ----------
    hashes
        By package name: `sha256:...` of each file of the release.
    unknown
        Packages whose release none of the indexes has.
    unreachable
        Packages that could not be asked for.
    reason
        Why not.
    """

    hashes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    unreachable: list[str] = field(default_factory=list)
    reason: str = ""


class Hashes:
    """Looks hashes up, and keeps them under the cache home.

    Parameters
    ----------
    indexes
        URLs (`https:`, `file:`), asked in this order; the first that has a release tells.
    """

    def __init__(self, indexes: tuple[str, ...]) -> None:
        self._indexes = indexes
        self._failure = ""
        self._is_offline = False
        self._lock = threading.Lock()

    def look_up(
        self, packages: Mapping[str, str], progress: Callable[[], object] = lambda: None
    ) -> Looked:
        """Find the hashes of releases, given as versions by name.

        Parameters
        ----------
        progress
            Called once for each package.
        """
        looked = Looked()

        def look(item: tuple[str, str]) -> None:
            name, version = item
            found = self._find(name, version)
            with self._lock:
                if found:
                    looked.hashes[name] = found
                else:
                    (looked.unreachable if found is None else looked.unknown).append(name)
                progress()

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(look, packages.items()))
        looked.unknown.sort()
        looked.unreachable.sort()
        looked.reason = self._failure
        return looked

    def _find(self, name: str, version: str) -> tuple[str, ...] | None:
        """Hashes of a release; empty when no index has it, None when one could not be asked."""
        for index in self._indexes:
            kept = _cache_file(index, name, version)
            try:
                return tuple(kept.read_text("ascii").split())
            except OSError:
                pass
            if self._is_offline:  # whoever is offline should not wait for each of 200 packages
                return None
            try:
                files = read_files(index, name)
            except (OSError, ValueError) as error:
                self._is_offline |= not isinstance(error, HTTPError)
                reason = getattr(error, "reason", None) or error
                self._failure = f"{redact(index)} did not answer: {reason}"
                return None
            found = tuple(sorted(_hashes_of(files, name, version)))
            if found:
                _keep(kept, found)
                return found
        return ()


def read_files(index: str, name: str) -> dict[str, str]:
    """Files of a project, by file name, with the SHA-256 where the index tells it.

    Raises
    ------
    OSError
        The index does not answer. That it has no such project is an answer.
    """
    project = f"{index}/{canonicalize_name(name)}/"
    if index.startswith("file:"):
        page = Path(path_of(project)) / "index.html"
        return _read_html(page.read_text("utf-8")) if page.exists() else {}
    request = _request(project)
    try:
        with urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - http(s), checked there
            kind, body = answer.headers.get_content_type(), answer.read().decode("utf-8")
    except HTTPError as error:
        if error.code in (404, 410):
            return {}
        raise
    if not kind.endswith("json"):
        return _read_html(body)
    files = json.loads(body)["files"]
    return {file["filename"]: file["hashes"].get("sha256", "") for file in files}


def _request(url: str) -> Request:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise URLError(f"{parts.scheme!r} is no scheme of an index")
    headers = {"Accept": _ACCEPT, "User-Agent": "nbops"}
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
        parts = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    return Request(urlunsplit(parts), headers=headers)  # noqa: S310 - checked above


class _Links(HTMLParser):
    """Targets of a page's links."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.targets += [value for name, value in attrs if tag == "a" and name == "href" and value]


def _read_html(page: str) -> dict[str, str]:
    links = _Links()
    links.feed(page)
    files = {}
    for target in links.targets:
        parts = urlsplit(target)
        digest = re.search(r"sha256=([0-9a-f]{64})", parts.fragment)
        files[unquote(parts.path.rpartition("/")[2])] = digest[1] if digest else ""
    return files


def _hashes_of(files: Mapping[str, str], name: str, version: str) -> set[str]:
    try:
        wanted = canonicalize_name(name), Version(version)
    except InvalidVersion:
        return set()
    return {
        f"sha256:{digest}" for file, digest in files.items() if digest and _names(file) == wanted
    }


def _names(file: str) -> tuple[str, Version] | None:
    """Project and version that a file's name says; None of what pip does not install."""
    try:
        if file.endswith(".whl"):
            return parse_wheel_filename(file)[:2]
        return parse_sdist_filename(file)
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None


def _cache_file(index: str, name: str, version: str) -> Path:
    key = digest_bytes(index.encode()).partition(":")[2][:16]
    safe = re.sub(r"[^\w.+!-]", "_", version)
    return cache_home() / "hashes" / key / f"{canonicalize_name(name)}-{safe}"


def _keep(path: Path, hashes: tuple[str, ...]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, "\n".join(hashes).encode("ascii"), is_cache=True)
