"""Places elsewhere, on this machine: a web server that names versions, and an object store."""

import re
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from moto.server import ThreadedMotoServer


class WebServer:
    """Serves one file under every path, and remembers how it was asked."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.content = b"a,b\n1,2\n3,4\n"
        self.etag: str | None = '"v1"'
        self.changed_at: float | None = 1_000_000_000.0
        self.asked: list[str] = []


@contextmanager
def web_server() -> Iterator[WebServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self.wfile.write(self._answer())

        def _answer(self) -> bytes:
            place.asked.append(f"{self.command} {self.path}")
            content, size = place.content, len(place.content)
            asked_for = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
            if asked_for:
                first = int(asked_for[1]) if asked_for[1] else max(size - int(asked_for[2]), 0)
                last = int(asked_for[2]) if asked_for[1] and asked_for[2] else size - 1
                content = content[first : last + 1]
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {first}-{min(last, size - 1)}/{size}")
            else:
                self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            if place.etag:
                self.send_header("ETag", place.etag)
            if place.changed_at:
                self.send_header("Last-Modified", formatdate(place.changed_at, usegmt=True))
            self.end_headers()
            return content

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        place = WebServer(server.server_port)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield place
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def object_store() -> Iterator[str]:
    """URL of a server that speaks S3, named in the environment where S3's clients look."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    url = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    try:
        urllib.request.urlopen(f"{url}/moto-api/reset", data=b"").close()  # what others left
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", url)
            patch.setenv("AWS_ACCESS_KEY_ID", "nobody")
            patch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
            patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
            patch.setenv("AWS_ALLOW_HTTP", "true")
            yield url
    finally:
        server.stop()
