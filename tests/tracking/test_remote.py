"""The version of a URL is asked for in the background, and believed only if it was there before."""

import time
from collections.abc import Iterator

import fsspec
import pytest
from kernels import Kernel
from places import WebServer, object_store, web_server
from processes import PATIENCE_S, wait_until

from nbops.digests import digest_version
from nbops.index.queries import Index
from nbops.tracking.remote import find_remote


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


def looked_at(seconds: float = 0.0) -> tuple[int, int, int]:
    return 0, 0, time.time_ns() + int(seconds * 1e9)


def test_a_version_of_long_ago_is_what_was_read(web: WebServer):
    found = find_remote(f"{web.url}/a", looked_at())
    assert (found.digest, found.missing) == (digest_version(f"{web.url}/a", "etag", "v1"), None)
    assert found.size_bytes == len(web.content)
    assert web.asked == ["HEAD /a"]


@pytest.mark.parametrize(
    ("changed_at", "missing"),
    [
        (4_000_000_000.0, "changed since it was read, or just before"),
        (None, "the server does not tell since when its version is there"),
    ],
)
def test_a_version_that_may_be_newer_is_not_believed(
    web: WebServer, changed_at: float | None, missing: str
):
    web.changed_at = changed_at
    found = find_remote(f"{web.url}/a", looked_at(-100))
    assert (found.digest, found.missing) == (None, missing)


def test_an_object_is_asked_for_through_fsspec():
    with object_store():
        files = fsspec.filesystem("s3", skip_instance_cache=True)
        files.mkdir("bucket")
        files.pipe_file("bucket/a", b"x")
        etag = files.info("bucket/a")["ETag"].strip('"')
        assert find_remote("s3://bucket/a", looked_at()).digest is None  # a minute for its clock
        found = find_remote("s3://bucket/a", looked_at(100))
        assert found.digest == digest_version("s3://bucket/a", "etag", etag)
        gone = find_remote("s3://bucket/b", looked_at())
        assert gone.missing.startswith("its version could not be asked for: FileNotFoundError")


def test_a_system_without_its_library_is_said_to_lack_it():
    found = find_remote("gs://bucket/a", looked_at())
    assert found.missing.startswith("nothing can ask for its version: ")
    assert "gcsfs" in found.missing


def test_a_url_that_rust_reads_gets_its_version_later(kernel: Kernel, web: WebServer, index: Index):
    url = f"{web.url}/a.csv"
    assert kernel.run(f"import polars as pl\npl.scan_csv({url!r}).collect()").error == ""

    def read() -> object:
        assert index.wait(PATIENCE_S)
        document = index.document(index.resolve(index.sessions()[0].id))
        reads = document.cell_runs[-1].reads
        return reads[0] if reads and (reads[0].digest or reads[0].missing) else None

    wait_until(read)
    assert (read().uri, read().kind) == (url, "url")
    assert (read().digest, read().missing) == (digest_version(url, "etag", "v1"), None)
