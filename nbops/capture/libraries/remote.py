"""Content that lies elsewhere: where, and which version of it the server said that it gave.

A server names a version with an ETag or an id of its own. Nothing is downloaded again to be hashed.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from nbops.capture.data.contents import Stat
from nbops.capture.secrets.redaction import redact
from nbops.digests import digest_version
from nbops.journal.facts import Seen
from nbops.records import SeenBy

_LOCAL = frozenset(
    "file local memory data zip tar libarchive dir reference cached blockcache filecache simplecache".split()  # noqa: SIM905
)
"""Protocols of fsspec that are no place of their own: what they read is seen where it lies."""

_SIGNS = re.compile(
    r"(x-amz|x-goog|signature).*|s(ig|e|p|v|r|t|pr|kt|ke|ks|kv|koid|ktid)|expires|policy|key-pair-id"
)
"""Parameters by which a URL lets in whoever has it; they are new each time it is made."""

_VERSIONS = ("VersionId", "version_id", "versionId", "generation")
_HEADERS = ("ETag", "Content-Length", "Content-Encoding")
_READS = {"_cat": 0, "_cat_file": 0, "_cat_ranges": 0, "_get": 0, "_get_file": 0}
_WRITES = {"_pipe": 0, "_pipe_file": 0, "_put": 1, "_put_file": 1}
"""Coroutines of fsspec, and which of their arguments holds the path."""

_NO_VERSION = "the server tells no version of it"
_ONLY_WEAK = "the server tells only a weak ETag, which other content may have, too"
_NOT_ASKED = "which version its writing made is not known"
_IS_LOCKED = "only the notebook has the secret to ask for its version"


def is_remote(path: str) -> bool:
    """Whether a path is a URL.

    >>> is_remote("s3://bucket/a.csv"), is_remote("/data/a.csv")
    (True, False)
    """
    return "://" in path


def address_of(url: str) -> str:
    """Where a URL leads to, without what lets in whoever has it.

    >>> address_of("simplecache::https://example.com/a.csv?X-Amz-Signature=0a1b&v=2")
    'https://example.com/a.csv?v=2'
    """
    parts = urlsplit(url.rpartition("::")[2])
    query = parts.query
    if query:
        pairs = parse_qsl(query, keep_blank_values=True)
        if any(name.lower() == "sig" or "signature" in name.lower() for name, _ in pairs):
            query = urlencode([pair for pair in pairs if not _SIGNS.fullmatch(pair[0].lower())])
    return redact(urlunsplit((*parts[:3], query, "")))


def urls_of_request(request: Any) -> tuple[str, ...]:
    """URL that a call of `urlopen` gets; none when it sends something."""
    url = getattr(request, "full_url", request)
    is_sent = getattr(request, "data", None) is not None
    if is_sent or not isinstance(url, str) or not url.startswith(("http:", "https:", "ftp:")):
        return ()
    return (url,)


def urls_of_visit(filesystem: Any, path: Any) -> tuple[str, ...]:
    """URLs of paths on a file system of fsspec; none when that is this machine's."""
    protocol = getattr(filesystem, "protocol", "file")
    names = (protocol,) if isinstance(protocol, str) else tuple(protocol)
    if _LOCAL.intersection(names):
        return ()
    paths = path if isinstance(path, list | tuple) else [path]
    return tuple(filesystem.unstrip_protocol(one) for one in paths if isinstance(one, str))


def urls_of_coroutine(function: Any, args: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """URLs that a coroutine of a file system of fsspec reads, and those that it writes."""
    name = getattr(function, "__name__", "")
    position = _READS.get(name, _WRITES.get(name))
    if position is None or not isinstance(args, tuple) or len(args) <= position:
        return (), ()
    urls = urls_of_visit(getattr(function, "__self__", None), args[position])
    return (urls, ()) if name in _READS else ((), urls)


def details_of(result: Any) -> Mapping[str, Any] | None:
    """What the server told of this very content; None where that is not known.

    What fsspec tells of a file may come from a listing of long ago, unless the server is asked for that
    version and no other.
    """
    headers = getattr(getattr(result, "r", result), "headers", None)  # of a stream, or a response
    if headers is not None and hasattr(headers, "items"):
        return {name: headers.get(name) for name in _HEADERS if headers.get(name)}
    file = getattr(result, "buffer", result)  # of a file of text
    asked_for = getattr(file, "read_kw", None)
    if not isinstance(asked_for, Mapping) or not asked_for.get("IfMatch"):
        return None
    details = file.details
    return details if details.get("ETag") == asked_for["IfMatch"] else None


def seen_remote(
    url: str, by: SeenBy, looked_at: Stat, details: Mapping[str, Any] | None = None
) -> Seen:
    """Content of a URL.

    Parameters
    ----------
    looked_at
        When it was read; the background asks which version was there then.
    details
        What came with the content itself: headers of HTTP, or what fsspec tells of a file.
    """
    uri = address_of(url)
    digest, missing = find_version(uri, details) if details else (None, None)
    if digest is None and missing is None and uri != url.rpartition("::")[2].partition("#")[0]:
        missing = _IS_LOCKED
    return Seen(
        uri=uri,
        name=uri,
        kind="url",
        digest=digest,
        stat=None if digest or missing else looked_at,
        size_bytes=_size_in(details or {}),
        seen_by=by,
        missing=missing,
    )


def seen_version(url: str, version: str, by: SeenBy) -> Seen:
    """A table elsewhere that names its version by itself."""
    uri = address_of(url)
    digest = digest_version(uri, "version", version)
    return Seen(uri=uri, name=uri, kind="url", digest=digest, seen_by=by, version=version)


def written_remote(url: str, by: SeenBy) -> Seen:
    """Content that a URL is given; which version that makes, no server is asked."""
    uri = address_of(url)
    return Seen(uri=uri, name=uri, kind="url", seen_by=by, missing=_NOT_ASKED)


def find_version(uri: str, details: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Digest of the version that a server told, or the reason why there is none."""
    version = next((str(details[key]) for key in _VERSIONS if details.get(key)), "null")
    if version != "null":  # S3 says so where a bucket keeps no versions
        return digest_version(uri, "version", version), None
    etag = str(details.get("ETag") or details.get("etag") or "")
    if etag.startswith("W/"):
        return None, _ONLY_WEAK
    if not etag:
        return None, _NO_VERSION
    return digest_version(uri, "etag", etag.strip('"')), None


def _size_in(details: Mapping[str, Any]) -> int | None:
    if details.get("Content-Encoding") not in (None, "", "identity"):
        return None
    found = details.get("size", details.get("Content-Length"))
    return int(found) if found is not None and str(found).isdigit() else None
