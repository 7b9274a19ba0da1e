"""What lies elsewhere is recorded by the version that its server told with it."""

import importlib
import io
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import fsspec
import pandas as pd
import polars as pl
import pytest
from places import WebServer, object_store, web_server
from watching import seen

from nbops.capture.data.watch import DataWatch
from nbops.capture.libraries.remote import address_of, find_version
from nbops.digests import digest_version
from nbops.tracking.remote import find_remote


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


def test_what_pandas_downloads_has_the_etag_that_came_with_it(watch: DataWatch, web: WebServer):
    url = f"{web.url}/a.csv"
    pd.read_csv(url)
    (read,) = seen(watch).reads
    assert (read.kind, read.uri, read.shape, read.size_bytes) == ("url", url, (2, 2), 12)
    assert (read.digest, read.missing) == (digest_version(url, "etag", "v1"), None)
    assert web.asked == ["GET /a.csv"]
    web.etag = '"v2"'
    pd.read_csv(url)
    (again,) = seen(watch).reads
    assert again.digest == digest_version(url, "etag", "v2")


def test_what_goes_round_python_is_left_to_be_asked_for(watch: DataWatch, web: WebServer):
    pl.read_csv(f"{web.url}/a.csv")
    (read,) = seen(watch).reads
    assert (read.kind, read.shape, read.digest, read.missing) == ("url", (2, 2), None, None)
    assert read.stat[:2] == (0, 0)


@pytest.mark.parametrize(
    ("etag", "missing"),
    [
        ('W/"v1"', "the server tells only a weak ETag, which other content may have, too"),
        (None, "the server tells no version of it"),
    ],
)
def test_a_server_that_names_no_version_is_said_to(
    watch: DataWatch, web: WebServer, etag: str | None, missing: str
):
    web.etag = etag
    urllib.request.urlopen(f"{web.url}/a").close()
    (read,) = seen(watch).reads
    assert (read.digest, read.missing) == (None, missing)


def test_what_is_sent_is_no_data(watch: DataWatch, web: WebServer):
    request = urllib.request.Request(f"{web.url}/api", data=b"{}", method="GET")
    urllib.request.urlopen(request).close()
    assert seen(watch).reads == []


def test_versions_that_changed_within_a_cell_are_two(watch: DataWatch, web: WebServer):
    for etag in ('"v1"', '"v2"'):
        web.etag = etag
        urllib.request.urlopen(f"{web.url}/a").close()
    digests = [read.digest for read in seen(watch).reads]
    assert digests == [digest_version(f"{web.url}/a", "etag", etag) for etag in ("v1", "v2")]


def test_ranges_that_fsspec_reads_are_left_to_be_asked_for(watch: DataWatch, web: WebServer):
    with fsspec.open(f"{web.url}/a.csv", "r") as file:
        assert file.readline() == "a,b\n"
    fsspec.filesystem("http").cat(f"{web.url}/b.csv")
    reads = seen(watch).reads
    assert [(one.uri, one.digest, one.missing) for one in reads] == [
        (f"{web.url}/a.csv", None, None),
        (f"{web.url}/b.csv", None, None),
    ]
    assert all(one.stat[:2] == (0, 0) for one in reads)


def test_objects_are_read_by_their_etag_and_written_ones_have_none(watch: DataWatch):
    with object_store():
        files = fsspec.filesystem("s3", skip_instance_cache=True)
        files.mkdir("bucket")
        pd.DataFrame({"a": [1, 2]}).to_csv("s3://bucket/a.csv", index=False)
        (written,) = [one for one in seen(watch).writes if one.uri.endswith(".csv")]
        assert (written.uri, written.missing) == (
            "s3://bucket/a.csv",
            "which version its writing made is not known",
        )
        files.invalidate_cache()
        frame = pd.read_csv("s3://bucket/a.csv")
        etag = files.info("bucket/a.csv")["ETag"].strip('"')
        (read,) = seen(watch).reads
        assert (read.uri, read.kind, read.shape) == ("s3://bucket/a.csv", "url", frame.shape)
        assert read.digest == digest_version("s3://bucket/a.csv", "etag", etag)
        with fsspec.open("simplecache::s3://bucket/a.csv") as file:
            file.read()
        assert {one.uri for one in seen(watch).reads if one.kind == "url"} == {"s3://bucket/a.csv"}


class Cloud(fsspec.AbstractFileSystem):
    """As gcsfs and adlfs are: files by URL, with versions that the server names."""

    cachable = False

    def _open(self, path: str, _mode: str = "rb", **_options: Any) -> io.BytesIO:
        return io.BytesIO(b"a\n1\n2\n")

    def info(self, path: str, **_options: Any) -> dict[str, Any]:
        about = {"generation": "17", "version_id": None, "etag": "e1"}
        return {"name": path, "size": 6, "type": "file", "updated": "2020-01-01T00:00:00Z", **about}


@pytest.mark.parametrize("protocol", ["gs", "abfs"])
def test_other_clouds_go_the_same_road(watch: DataWatch, monkeypatch, protocol: str):
    cloud = type("Cloud", (Cloud,), {"protocol": protocol})
    registry = importlib.import_module("fsspec.registry")
    monkeypatch.setitem(registry._registry, protocol, cloud)
    url = f"{protocol}://bucket/a.csv"
    frame = pd.read_csv(url)
    (read,) = seen(watch).reads
    assert (read.uri, read.kind, read.digest, read.shape) == (url, "url", None, frame.shape)
    watch.begin_cell()
    with fsspec.open(url) as file:
        file.read()
    assert [one.uri for one in seen(watch).reads] == [url]
    later = time.time_ns() + 10**9
    found = find_remote(url, (0, 0, later))  # asked by the background
    assert found.digest == digest_version(url, "version", "17")


def test_files_of_this_machine_are_no_urls(watch: DataWatch):
    with fsspec.open("a.txt", "w") as file:
        file.write("x")
    with fsspec.open("memory://a.txt", "w") as file:
        file.write("x")
    assert [(one.name, one.kind) for one in seen(watch).writes] == [("a.txt", "file")]


def test_no_credential_stays_in_an_address():
    signed = "https://me:hunter2@h/a.csv?X-Amz-Credential=abc&X-Amz-Signature=0a1b2c3d4e&v=2"
    assert "hunter2" not in address_of(signed)
    assert address_of(signed).endswith("@h/a.csv?v=2")
    assert address_of("https://h/a?sv=1&sig=abcdefgh12345678&b=1") == "https://h/a?b=1"
    assert address_of("https://h/a?se=1") == "https://h/a?se=1"  # signed by nothing


def test_an_id_of_a_version_goes_before_an_etag():
    told = {"VersionId": "v7", "ETag": '"abc"'}
    assert find_version("s3://b/k", told) == (digest_version("s3://b/k", "version", "v7"), None)
    told["VersionId"] = "null"  # a bucket without versions
    assert find_version("s3://b/k", told) == (digest_version("s3://b/k", "etag", "abc"), None)
    assert find_version("gs://b/k", {"generation": 12})[0] == digest_version(
        "gs://b/k", "version", "12"
    )
